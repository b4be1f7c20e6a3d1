package sqltest

import (
	"bytes"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/veil-proxy/veil/internal/masktest"
	"github.com/veil-proxy/veil/internal/pgtest"
)

// hospitalRulesets are the dates' rules of the rulesets that the hospital is read under.
var hospitalRulesets = map[string]string{
	"safe-harbor": `
    - {id: births, match: [{column: birth_datetime}, {column: "Geb.-Datum"}], method: birthYear}
    - {id: dates, match: [{column: "*_date"}, {column: "*_datetime"}, {column: dod}, {column: "*time"}, {column: billed_on}, {column: von}, {column: bis}, {column: at}, {column: "angelegt am"}], method: year}
    - {id: concepts, match: [{table: concept, column: "valid_*"}], method: keep}
    - {id: visits, match: [{table: Patient, column: Termine}], method: year}
`,
	"research": `
    - {id: persons-dates, match: [{schema: cdm, column: "*_date"}, {schema: cdm, column: "*_datetime"}, {column: billed_on}], method: date, mode: shift, entity: person_id}
    - {id: subjects-dates, match: [{column: dod}, {schema: icu, column: "*time"}], method: date, mode: shift, entity: subject_id}
    - {id: patients-dates, match: [{column: von}, {column: bis}, {column: at}, {column: "angelegt am"}, {column: "Geb.-Datum"}, {column: Termine}], method: date, mode: shift, entity: PatNr}
    - {id: concepts, match: [{table: concept, column: "valid_*"}], method: keep}
`,
	"limited-dataset": `
    - {id: subjects-dates, match: [{column: dod}, {schema: icu, column: "*time"}], method: date, mode: shift, weekday: true, window: 364, entity: subject_id}
    - {id: months, match: [{column: billed_on}, {table: death, column: death_date}], method: date, mode: month}
    - {id: charges, match: [{column: total_charge}], method: noise, within: "5.0", entity: person_id}
`,
}

// TestHospital runs what analysts and their tools send over a hospital's warehouse, under
// three rulesets.
func TestHospital(t *testing.T) {
	t.Parallel()
	compareUnder(t, "hospital", []string{"cdm", "icu", "Klinik Süd"}, hospitalRulesets)
}

// compareUnder runs a corpus under several rulesets, whose dates' rules are given. A copy is
// made of what Veil gives of each table: a statement over it must give the rows that it gives
// over Veil.
func compareUnder(t *testing.T, corpusName string, schemas []string, rulesets map[string]string) {
	pg := pgtest.Start(t)
	db := pg.CreateDatabase(t, corpusName)
	schema := string(pgtest.ReadTestdata(t, "sql", corpusName+".sql"))
	db.Exec(t, schema)
	common := string(pgtest.ReadTestdata(t, "sql", corpusName+".yaml"))
	for name, dates := range rulesets {
		t.Run(name, func(t *testing.T) {
			d := openListener(t, db.DSN(pgtest.Owner), masktest.Policy(t, "veil: 1\nname: "+corpusName+"\nextends: "+name+"\n"+common+dates), nil)
			h := &hospital{through: connect(t, d.dsn()), schemas: schemas, everyMode: name == "research"}
			defer h.through.close()
			masked := h.mask(t, pg, db, schema, corpusName+"_"+strings.ReplaceAll(name, "-", "_"))
			h.direct = connect(t, masked.DSN(pgtest.Owner))
			defer h.direct.close()
			h.sources, h.copied = sourcesOf(t, h.through), sourcesOf(t, h.direct)
			for i, e := range corpus(t, corpusName) {
				t.Run(e.Name, func(t *testing.T) { h.check(t, e, i) })
			}
		})
	}
}

// hospital is a warehouse through Veil, and its masked copy.
type hospital struct {
	through, direct *session
	schemas         []string
	everyMode       bool
	sources, copied sources
}

// mask makes the copy.
func (h *hospital) mask(t *testing.T, pg *pgtest.Server, db *pgtest.Database, schema, name string) *pgtest.Database {
	t.Helper()
	out := pg.CreateDatabase(t, name)
	owner := connect(t, db.DSN(pgtest.Owner))
	defer owner.close()
	out.Exec(t, strings.Join(regexp.MustCompile(`(?m)^CREATE (SCHEMA|DOMAIN|TYPE) [^;]*;`).FindAllString(schema, -1), "\n"))
	tables := owner.run(modes[0], "SELECT c.oid::regclass, relkind, coalesce((SELECT inhparent::regclass::text FROM pg_inherits WHERE inhrelid = c.oid), '') FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace WHERE relkind IN ('r', 'p') AND nspname IN ('"+strings.Join(h.schemas, "', '")+"') ORDER BY c.oid", nil)
	seen := map[string][]string{}
	for _, row := range tables.rows {
		table, partitioned, parent := string(row[0]), string(row[1]) == "p", string(row[2])
		seen[table] = columnsSeen(t, h.through, owner, table)
		create := "CREATE TABLE " + table + " (" + strings.Join(seen[table][len(seen[parent]):], ", ") + ")"
		if parent != "" {
			create += " INHERITS (" + parent + ")"
		}
		out.Exec(t, create)
		if !partitioned && bytes.Contains(bytes.ToUpper(copyRows(t, h.through, "ONLY "+table, out, table)), []byte("ZQORIGINAL")) {
			t.Fatalf("%s: an original was received", table)
		}
	}
	for _, view := range regexp.MustCompile(`(?m)^CREATE (MATERIALIZED )?VIEW [^;]*;`).FindAllString(schema, -1) {
		out.Exec(t, view)
	}
	out.Exec(t, "ANALYZE")
	return out
}

// cell is the text of a query over the copy that gives one value.
func (h *hospital) cell(t *testing.T) func(word, argument string) string {
	return func(_, argument string) string {
		a := h.direct.run(modes[0], argument, nil)
		if a.err != nil || len(a.rows) != 1 {
			t.Fatalf("%s: %s", argument, a.said())
		}
		return string(a.rows[0][0])
	}
}

// check runs an entry through Veil and over the copy, in all modes or in one of them in turn.
func (h *hospital) check(t *testing.T, e Entry, turn int) {
	fill := func(texts []string, other bool) []string {
		texts = slices.Clone(texts)
		for i := range texts {
			texts[i] = Fill(texts[i], other, h.cell(t))
		}
		return texts
	}
	steps, params := fill(e.Steps, false), fill(e.Params, false)
	run := func(s *session, m mode, steps, params []string) (a *answer) {
		for _, step := range steps {
			if a = s.run(m, step, params); a.err != nil {
				break
			}
		}
		if len(steps) > 1 {
			s.run(modes[0], "ROLLBACK", nil)
			s.run(modes[0], "DISCARD ALL", nil)
		}
		return a
	}
	sent := slices.DeleteFunc(slices.Clone(modes), func(m mode) bool { return !e.inMode(m) })
	if !h.everyMode {
		turn %= len(sent)
		sent = sent[turn : turn+1]
	}
	for _, m := range sent {
		got := run(h.through, m, steps, params)
		if bytes.Contains(bytes.ToUpper(h.through.received()), []byte("ZQORIGINAL")) {
			t.Fatalf("%s: LEAK: an original was received", m.name)
		}
		if got.err != nil {
			if !e.Expects("refused") {
				t.Errorf("%s: %s", m.name, got.said())
			}
			continue
		}
		if e.Expects("empty") && len(got.rows) == 0 {
			continue
		}
		if e.Expects("same") {
			if d := got.diff(run(h.through, m, fill(e.Steps, true), fill(e.Params, true)), false, nil); d != "" {
				t.Errorf("%s: of another value: %s", m.name, d)
			}
			continue
		}
		want := run(h.direct, m, steps, params)
		if want.err != nil {
			t.Fatalf("over the copy: %s", want.said())
		}
		if e.Expects("shape") {
			if !slices.Equal(got.names, want.names) {
				t.Errorf("%s: got %v, want %v", m.name, got.names, want.names)
			}
			continue
		}
		if !e.Expects("masked") {
			t.Errorf("%s: not refused", m.name)
			continue
		}
		if d := got.diff(want, ordered.MatchString(steps[len(steps)-1]) && !e.Unordered, e.Ignore); d != "" {
			t.Errorf("%s: %s", m.name, d)
		}
		if d := h.sources.diff(got, h.copied, want); d != "" {
			t.Errorf("%s: %s", m.name, d)
		}
	}
}
