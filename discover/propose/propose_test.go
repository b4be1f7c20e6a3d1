package propose_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/veil-proxy/veil/discover"
	"github.com/veil-proxy/veil/discover/drift"
	"github.com/veil-proxy/veil/discover/propose"
	"github.com/veil-proxy/veil/discover/values"
	"github.com/veil-proxy/veil/discover/words"
	"github.com/veil-proxy/veil/fhir"
	"github.com/veil-proxy/veil/general"
	"github.com/veil-proxy/veil/internal/rules"
	"github.com/veil-proxy/veil/mask/ruleset"
	"github.com/veil-proxy/veil/safeharbor"
	"github.com/veil-proxy/veil/table"
)

// column is a column of a type with sampled values.
func column(name, typ string, value func(int) string) discover.Column {
	s := values.NewSample()
	for i := range 60 {
		s.Add(value(i))
	}
	return discover.Column{Name: name, Type: typ, Profile: s.Profile()}
}

func number(from int) func(int) string { return func(i int) string { return fmt.Sprint(from + 17*i) } }
func day(from, step int) func(int) string {
	return func(i int) string { return fmt.Sprintf("%04d-%02d-%02d", from+i*step%85, i%12+1, i%28+1) }
}
func one(list ...string) func(int) string { return func(i int) string { return list[i%len(list)] } }

const oddName = "odd \"na*me\n[x]\\ #?"

// tables are two tables that join, one of odd names, and one that could not be read.
func tables() []discover.Table {
	id := column("id", "integer", number(100000))
	id.Key = true
	visit := column("id", "integer", number(500000))
	visit.Key = true
	patient := column("patient_id", "integer", number(100000))
	patient.References = &discover.Reference{Schema: "c", Table: "patients", Column: "id"}
	return []discover.Table{
		{Schema: "c", Name: "patients", Kind: discover.Plain, Columns: []discover.Column{
			id, column("last_name", "text", one("Miller", "Jones", "Brown", "Garcia", "Nguyen", "Walker", "Young", "Hall", "Adams", "Baker", "Carter", "Evans", "Foster", "Gray", "Hughes", "Kelly")),
			column("birth_date", "date", day(1930, 7)), column("died", "date", day(2015, 0)), column("sex", "character(1)", one("M", "F")),
		}},
		{Schema: "c", Name: "visits", Kind: discover.Plain, Columns: []discover.Column{
			visit, patient, column("start_date", "date", day(2015, 0)), column("xyz", "text", func(i int) string { return fmt.Sprintf("%c!!%c+%c", 'a'+i%26, 'f'+i/7, 'q'-i%9) }),
		}},
		{Schema: "c", Name: oddName, Kind: discover.Plain, Columns: []discover.Column{column(oddName, "text", func(i int) string { return fmt.Sprintf("u%d@example.org", i) })}},
		{Schema: "c", Name: "locked", Kind: discover.Plain, Unread: "no privilege", Columns: []discover.Column{{Name: "status_code", Type: "text"}}},
		{Schema: "c", Name: "v", Kind: discover.View, Columns: []discover.Column{column("sex", "text", one("M", "F"))}},
	}
}

func compile(t *testing.T, text string) *ruleset.Policy {
	t.Helper()
	lib, err := rules.New(map[string][]byte{"proposed": []byte(text)}, general.Methods(), safeharbor.Methods(), fhir.Methods(), table.Methods())
	if err != nil {
		t.Fatal(err)
	}
	a, err := lib.Public("proposed")
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return a.Policy
}

// TestRuleset: the proposal compiles, whatever the names are, and says for each column
// what its class asks for.
func TestRuleset(t *testing.T) {
	t.Parallel()
	all := tables()
	findings := discover.Judge(all, words.Default())
	text := propose.Ruleset("proposed", all, findings)
	policy := compile(t, text)
	find := func(tableName, column string) string {
		for _, r := range policy.Ruleset.Tables.Rules {
			for _, m := range r.Match {
				if m.Table == tableName && m.Column == column {
					return fmt.Sprint(r.Method, r.Args, r.Entity, r.Birth, r.Death)
				}
			}
		}
		return "no rule"
	}
	for _, c := range []struct{ table, column, want string }{
		{"patients", "id", "seal"},
		{"visits", "patient_id", "Patient"},
		{"patients", "last_name", "[id]"},
		{"patients", "birth_date", "[died]"},
		{"patients", "died", "deathYear"},
		{"patients", "sex", "keep"},
		{"visits", "start_date", "year"},
		{"visits", "xyz", "hide"},
		{"locked", "status_code", "hide"},
		{"v", "sex", "no rule"},
	} {
		if got := find(c.table, c.column); !strings.Contains(got, c.want) {
			t.Errorf("%s.%s: %s, want %s\n%s", c.table, c.column, got, c.want, text)
		}
	}
	if !strings.Contains(text, "# unsure: perhaps") || !strings.Contains(text, "could not be read") {
		t.Errorf("what is hidden has no comment:\n%s", text)
	}
	if again := propose.Ruleset("proposed", all, findings); again != text {
		t.Error("the same findings give different rulesets")
	}
	// The ruleset covers everything that it was made of, odd names too.
	if d := drift.Compare(policy, all, findings); d.Any() {
		t.Errorf("drift: %+v", d)
	}
}

// TestDatesBesidePersons: a date passes in a table that is about nobody, but not beside a
// column that identifies a person or may do so, whatever the table seems to be about.
func TestDatesBesidePersons(t *testing.T) {
	t.Parallel()
	moment := func(i int) string { return fmt.Sprintf("2022-%02d-%02d 10:%02d:00+00", i%12+1, i%28+1, i%60) }
	plain := []discover.Column{column("loinc", "text", one("8867-4", "2345-7", "30525-0")), column("unit", "text", one("/min", "mg/dL")), column("status", "text", one("final", "amended")), column("at", "timestamp with time zone", moment)}
	for name, c := range map[string]struct {
		beside *discover.Column
		want   string
	}{
		"nobody":          {nil, "keep"},
		"key of a person": {ptr(column("pt_id", "bigint", number(100000))), "year"},
		"record number":   {ptr(column("mrn", "text", func(i int) string { return fmt.Sprintf("M%07d", 1000+i*37) })), "year"},
		"name":            {ptr(column("last_name", "text", one("Miller", "Jones", "Brown", "Garcia", "Nguyen", "Walker"))), "year"},
		"perhaps a name":  {ptr(column("family", "text", func(i int) string { return fmt.Sprintf("ZZTOPfam%d", i) })), "year"},
		"who wrote it":    {ptr(column("created_by", "integer", one("1", "2"))), ""},
	} {
		columns := slices.Clone(plain)
		if c.beside != nil {
			columns = append(columns, *c.beside)
		}
		all := []discover.Table{{Schema: "c", Name: "codes", Kind: discover.Plain, Columns: columns}}
		text := propose.Ruleset("proposed", all, discover.Judge(all, words.Default()))
		method := ""
		for _, r := range compile(t, text).Ruleset.Tables.Rules {
			for _, m := range r.Match {
				if m.Column == "at" {
					method = r.Method
				}
			}
		}
		if method != c.want && c.want != "" {
			t.Errorf("%s: %s, want %s\n%s", name, method, c.want, text)
		}
	}
}

func ptr(c discover.Column) *discover.Column { return &c }

// TestDrift: new columns, columns that now have something else, and what is gone are
// named.
func TestDrift(t *testing.T) {
	t.Parallel()
	all := tables()
	findings := discover.Judge(all, words.Default())
	policy := compile(t, propose.Ruleset("proposed", all, findings))
	changed := tables()
	changed[0].Columns[4] = column("sex", "text", func(i int) string { return fmt.Sprintf("u%d@example.org", i) })
	changed[1].Columns[2].Name = "began"
	d := drift.Compare(policy, changed, discover.Judge(changed, words.Default()))
	if len(d.Uncovered) != 1 || d.Uncovered[0].Column != "began" || len(d.Changed) != 1 || d.Changed[0].Column != "sex" || len(d.Unused) != 1 || !strings.Contains(d.Unused[0].Match, "start_date") {
		t.Errorf("%+v", d)
	}
	var out strings.Builder
	if err := d.WriteText(&out); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"UNCOVERED c.visits.began: no rule", `CHANGED c.patients.sex: rule "demographic": the rule lets it pass; it looks like e-mail addresses`, `UNUSED rule "event-date"`} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, out.String())
		}
	}
}

// TestEmpty: a database without tables has a ruleset, too.
func TestEmpty(t *testing.T) {
	t.Parallel()
	compile(t, propose.Ruleset("proposed", nil, nil))
}
