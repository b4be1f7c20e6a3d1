package deployment

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/valyala/fasthttp"

	"github.com/veil-proxy/veil/general"
	"github.com/veil-proxy/veil/internal/tablecheck"
	"github.com/veil-proxy/veil/postgres/analysis"
	"github.com/veil-proxy/veil/selftest"
)

const (
	// sampled is how many rows of a table, or patients, are examined for canaries.
	sampled = 300
	// mostOfColumn and mostCanaries bound how many are taken.
	mostOfColumn = 20
	mostCanaries = 500
	// leastCanary is the minimum length of a canary that no person has chosen.
	leastCanary = 6
)

// Canaries returns originals that Veil itself can read at its upstreams: from columns
// that rules mask, and from elements that identify people. They are used and then
// discarded. The problem says why a source has none.
func (d *Deployment) Canaries(ctx context.Context) (c *selftest.Canaries, problems []string) {
	c = &selftest.Canaries{}
	if d.prepared == nil {
		return c, []string{"the configuration is not valid"}
	}
	if d.config.Postgres.Upstream != "" {
		if err := d.sampleTables(ctx, c); err != nil {
			problems = append(problems, "the tables of the upstream cannot be sampled")
		}
	}
	if d.config.FHIR.Upstream != "" {
		if err := d.samplePatients(ctx, c); err != nil {
			problems = append(problems, "the patients of the upstream cannot be sampled")
		}
	}
	return c, problems
}

// sampleTables takes rare values of masked columns.
func (d *Deployment) sampleTables(ctx context.Context, c *selftest.Canaries) error {
	report, err := tablecheck.Run(ctx, d.prepared, "")
	if err != nil {
		return err
	}
	conn, err := d.upstream(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(ctx) }() // it was only read
	if err := conn.Exec(ctx, fmt.Sprintf("SET default_transaction_read_only = on; SET statement_timeout = %d", d.Limits.Timeout.Milliseconds())).Close(); err != nil {
		return err
	}
	shown := map[string]bool{} // in the clear elsewhere
	read := func(col *tablecheck.Column) []string {
		name := quote([]byte(col.Column))
		return values(ctx, conn, fmt.Sprintf("SELECT %s::text FROM (SELECT %s FROM %s.%s LIMIT %d) AS t WHERE %[1]s IS NOT NULL", name, name, quote([]byte(col.Schema)), quote([]byte(col.Relation)), sampled))
	}
	var masked []tablecheck.Column
	for _, v := range report.Views {
		for _, col := range v.Columns {
			switch {
			case col.Column == "" || col.Rule == "":
			case col.Treatment == analysis.Clear.String():
				for _, value := range read(&col) {
					shown[value] = true
				}
			case col.Treatment != analysis.Hidden.String() && col.Method != "date" && !slices.Contains(masked, col):
				masked = append(masked, col)
			}
		}
	}
	for _, col := range masked {
		for _, value := range rare(read(&col)) {
			if !shown[value] && len(c.Postgres) < mostCanaries {
				c.Postgres = append(c.Postgres, selftest.Canary{Schema: col.Schema, Table: col.Relation, Column: col.Column, Value: value, Absent: selftest.Absent(value)})
			}
		}
	}
	return nil
}

// rare returns values that occur once, and that masked data does not contain by chance.
func rare(all []string) (some []string) {
	count := map[string]int{}
	for _, v := range all {
		count[v]++
	}
	for _, v := range all {
		if count[v] == 1 && distinctive(v) {
			if some = append(some, v); len(some) == mostOfColumn {
				break
			}
		}
	}
	return some
}

// distinctive reports whether a value cannot occur in masked data by chance: it is long
// enough, and not a surrogate, a first of January, a document or an amount.
func distinctive(v string) bool {
	if len(v) < leastCanary || len(v) > 100 || strings.ContainsAny(v, "{}[]<>\n") || general.IsSurrogate(v) {
		return false
	}
	if _, err := time.Parse(time.DateOnly, v); err == nil {
		return !strings.HasSuffix(v, "-01-01")
	}
	digits := 0
	for _, r := range v {
		if unicode.IsDigit(r) {
			digits++
		}
	}
	return digits == 0 && strings.ContainsFunc(v, unicode.IsLetter) || digits >= leastCanary || digits > 0 && strings.ContainsFunc(v, unicode.IsLetter)
}

// person has the canaries of a patient.
type person struct {
	ID         string
	Name       []struct{ Family string }
	Identifier []struct{ Value string }
	Telecom    []struct{ Value string }
	Address    []struct{ Line []string }
	BirthDate  string
}

// samplePatients takes identifying values of patients.
func (d *Deployment) samplePatients(ctx context.Context, c *selftest.Canaries) error {
	req, resp := fasthttp.AcquireRequest(), fasthttp.AcquireResponse()
	defer fasthttp.ReleaseRequest(req)
	defer fasthttp.ReleaseResponse(resp)
	req.SetRequestURI(strings.TrimSuffix(d.config.FHIR.Upstream, "/") + "/Patient?_count=50")
	req.Header.Set("Accept", "application/fhir+json")
	if d.prepared.Credentials != nil {
		if err := d.prepared.Credentials.Authorize(ctx, req); err != nil {
			return err
		}
	}
	client := fasthttp.Client{TLSConfig: d.prepared.UpstreamTLS, DisablePathNormalizing: true}
	if err := client.DoTimeout(req, resp, 4*d.Limits.Timeout); err != nil {
		return err
	}
	var bundle struct{ Entry []struct{ Resource person } }
	if err := json.Unmarshal(resp.Body(), &bundle); err != nil {
		return fmt.Errorf("a search for patients: status %d", resp.StatusCode())
	}
	n := map[string]int{}
	add := func(element, value string, surely bool) {
		if n[element] < mostOfColumn && (surely && len(value) >= selftest.MinCanary || distinctive(value)) {
			n[element]++
			c.FHIR = append(c.FHIR, selftest.Canary{Type: "Patient", Element: element, Parameter: selftest.ParameterOf(element), Value: value, Absent: selftest.Absent(value)})
		}
	}
	for _, e := range bundle.Entry {
		p := &e.Resource
		add("id", p.ID, true)
		for _, name := range p.Name {
			add("name.family", name.Family, false)
		}
		for _, x := range p.Identifier {
			add("identifier.value", x.Value, false)
		}
		for _, x := range p.Telecom {
			add("telecom.value", x.Value, false)
		}
		for _, x := range p.Address {
			if len(x.Line) > 0 {
				add("address.line", x.Line[0], false)
			}
		}
		if len(p.BirthDate) == len(time.DateOnly) {
			add("birthDate", p.BirthDate, false)
		}
	}
	return nil
}
