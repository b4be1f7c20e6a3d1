package demo

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/veil-proxy/veil/internal/fhirtest"
)

// schema defines the tables of the demo. They contain the same data as its FHIR server.
const schema = `
CREATE TABLE patients (id text PRIMARY KEY, mrn text, family text, given text, birth_date date, died date, sex text, state text, zip text, resource jsonb);
CREATE TABLE encounters (id text PRIMARY KEY, patient_id text, class text, started_at timestamptz, ended_at timestamptz, reason text);
CREATE TABLE observations (id text PRIMARY KEY, patient_id text, encounter_id text, loinc text, value numeric, unit text, taken_at timestamptz);
CREATE INDEX ON encounters (patient_id);
CREATE INDEX ON observations (patient_id);`

// resource has the parts of a resource that the tables contain.
type resource struct {
	ID         string
	Identifier []struct {
		Type  concept
		Value string
	}
	Name []struct {
		Family string
		Given  []string
	}
	BirthDate        string
	DeceasedDateTime string
	Gender           string
	Address          []struct{ State, PostalCode string }
	Subject          reference
	Encounter        reference
	Class            struct{ Code string }
	Period           struct{ Start, End string }
	ReasonCode       []concept
	Code             concept
	ValueQuantity    struct {
		Value json.Number
		Unit  string
	}
	EffectiveDateTime string
}

type reference struct{ Reference string }

// id returns the id in the reference, if it refers to the given type.
func (r reference) id(typ string) string {
	id, ok := strings.CutPrefix(r.Reference, typ+"/")
	if !ok {
		return ""
	}
	return id
}

type concept struct {
	Coding []struct{ System, Code string }
}

// code is the concept's code of a system.
func (c concept) code(system string) string {
	for _, coding := range c.Coding {
		if coding.System == system {
			return coding.Code
		}
	}
	return ""
}

// load creates the tables and fills them.
func load(ctx context.Context, conn *pgx.Conn, p *fhirtest.Population) error {
	if _, err := conn.Exec(ctx, schema); err != nil {
		return err
	}
	rows := map[string][][]any{}
	for _, r := range p.Resources() {
		row, err := row(r)
		if err != nil {
			return err
		}
		if row != nil {
			rows[r.Type] = append(rows[r.Type], row)
		}
	}
	for _, t := range []struct {
		typ, table string
		columns    []string
	}{
		{"Patient", "patients", []string{"id", "mrn", "family", "given", "birth_date", "died", "sex", "state", "zip", "resource"}},
		{"Encounter", "encounters", []string{"id", "patient_id", "class", "started_at", "ended_at", "reason"}},
		{"Observation", "observations", []string{"id", "patient_id", "encounter_id", "loinc", "value", "unit", "taken_at"}},
	} {
		if err := insertAll(ctx, conn, t.table, t.columns, rows[t.typ]); err != nil {
			return fmt.Errorf("table %s: %w", t.table, err)
		}
	}
	_, err := conn.Exec(ctx, "ANALYZE")
	return err
}

// insertAll inserts rows of texts, which PostgreSQL reads by the columns' types.
func insertAll(ctx context.Context, conn *pgx.Conn, table string, columns []string, rows [][]any) error {
	places := make([]string, len(columns))
	for i := range places {
		places[i] = "$" + strconv.Itoa(i+1)
	}
	sql := fmt.Sprintf("INSERT INTO %s (%s) VALUES (%s)", table, strings.Join(columns, ", "), strings.Join(places, ", "))
	batch := &pgx.Batch{}
	for _, row := range rows {
		batch.Queue(sql, row...)
	}
	return conn.SendBatch(ctx, batch).Close()
}

// row is the row of a resource; nil for one that has no table.
func row(r fhirtest.Resource) ([]any, error) {
	switch r.Type {
	case "Patient", "Encounter", "Observation":
	default:
		return nil, nil
	}
	var x resource
	if err := json.Unmarshal(r.JSON, &x); err != nil {
		return nil, fmt.Errorf("a %s of the demo: %w", r.Type, err)
	}
	switch r.Type {
	case "Patient":
		var mrn, family, given, state, zip string
		for _, i := range x.Identifier {
			if i.Type.code("http://terminology.hl7.org/CodeSystem/v2-0203") == "MR" {
				mrn = i.Value
			}
		}
		if len(x.Name) > 0 {
			family, given = x.Name[0].Family, strings.Join(x.Name[0].Given, " ")
		}
		if len(x.Address) > 0 {
			state, zip = x.Address[0].State, x.Address[0].PostalCode
		}
		return []any{x.ID, null(mrn), null(family), null(given), moment(x.BirthDate), moment(x.DeceasedDateTime), null(x.Gender), null(state), null(zip), string(r.JSON)}, nil
	case "Encounter":
		reason := ""
		if len(x.ReasonCode) > 0 {
			reason = x.ReasonCode[0].code("http://snomed.info/sct")
		}
		return []any{x.ID, null(x.Subject.id("Patient")), null(x.Class.Code), moment(x.Period.Start), moment(x.Period.End), null(reason)}, nil
	}
	return []any{x.ID, null(x.Subject.id("Patient")), null(x.Encounter.id("Encounter")), null(x.Code.code("http://loinc.org")), null(x.ValueQuantity.Value.String()), null(x.ValueQuantity.Unit), moment(x.EffectiveDateTime)}, nil
}

// null is NULL for an empty text.
func null(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// moment returns a FHIR date or time in SQL's form; for a month or a year, its beginning.
func moment(s string) any {
	switch len(s) {
	case len("2006"):
		return s + "-01-01"
	case len("2006-01"):
		return s + "-01"
	}
	return null(s)
}
