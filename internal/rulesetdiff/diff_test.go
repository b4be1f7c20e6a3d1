package rulesetdiff

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/veil-proxy/veil/fhir"
	"github.com/veil-proxy/veil/general"
	"github.com/veil-proxy/veil/internal/rules"
	"github.com/veil-proxy/veil/internal/veiltest"
	"github.com/veil-proxy/veil/safeharbor"
)

var update = flag.Bool("update", false, "write golden files anew")

func compile(t *testing.T, name string) *fhir.Automaton {
	t.Helper()
	l, err := rules.New(nil, general.Methods(), safeharbor.Methods(), fhir.Methods())
	if err != nil {
		t.Fatal(err)
	}
	a, err := l.Public(name)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func text(t *testing.T, d *Diff) string {
	t.Helper()
	var b bytes.Buffer
	if err := d.WriteText(&b, false); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestDiffOfShipped holds what is said of the shipped rulesets.
func TestDiffOfShipped(t *testing.T) {
	for _, name := range []string{"research", "limited-dataset", "gdpr-anonymised", "safe-harbor+us-core"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := text(t, New(compile(t, "safe-harbor"), compile(t, name)))
			golden := filepath.Join("testdata", name+".golden")
			veiltest.Golden(t, golden, got, *update)
		})
	}
}

// TestDiff compares rulesets that differ in one thing each.
func TestDiff(t *testing.T) {
	dir := t.TempDir()
	write := func(name, rest string) *fhir.Automaton {
		file := filepath.Join(dir, name+".yaml")
		if err := os.WriteFile(file, []byte("veil: 1\nname: "+name+"\nextends: safe-harbor\n"+rest), 0o600); err != nil {
			t.Fatal(err)
		}
		return compile(t, file)
	}
	base := write("base", "tables: {rules: [{id: ids, match: {table: patients, column: id}, method: seal, domain: Patient}]}\n")
	for _, tc := range []struct {
		name, b  string
		part     func(*Diff) []Change
		what     string
		from, to string
	}{
		{"an element", "fhir: {rules: [{id: gender, match: Patient.gender, method: remove}]}",
			func(d *Diff) []Change { return d.Elements }, "Patient.gender (code)", "kept if it is in the bound value set, else removed", "removed"},
		{"an argument", "fhir: {rules: [{id: zip3, match: Address.postalCode, method: zip3, census: \"2020\"}]}",
			func(d *Diff) []Change { return d.Elements }, "Address.postalCode (string)", "", ""},
		{"a withheld type", "fhir: {rules: [{id: no-groups, match: Group, method: withhold}]}",
			func(d *Diff) []Change { return d.Elements }, "Group", "not withheld", "the whole resource is withheld"},
		{"a code system", "fhir: {codeSystems: [{system: \"http://loinc.org\", form: loinc, display: remove}]}",
			func(d *Diff) []Change { return d.Settings }, "code system http://loinc.org", "form loinc, display verify", "form loinc, display remove"},
		{"the reference date", "referenceDate: 2027-12-31",
			func(d *Diff) []Change { return d.Settings }, "reference date", "2026-12-31", "2027-12-31"},
		{"a column", "tables: {rules: [{id: ids, match: {table: patients, column: id}, method: remove}]}",
			func(d *Diff) []Change { return d.Columns }, "*.patients.id", "seal (domain: Patient)", "remove"},
		{"the default", "tables: {default: keep, rules: [{id: ids, match: {table: patients, column: id}, method: seal, domain: Patient}]}",
			func(d *Diff) []Change { return d.Columns }, "columns without a rule", "do not exist", "pass"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			d := New(base, write("other", tc.b))
			var found *Change
			for i, c := range tc.part(d) {
				if c.What == tc.what {
					found = &tc.part(d)[i]
				}
			}
			if found == nil {
				t.Fatalf("no change of %q in\n%s", tc.what, text(t, d))
			}
			if tc.from != "" && (found.A.Text != tc.from || found.B.Text != tc.to) {
				t.Errorf("%q → %q, want %q → %q", found.A.Text, found.B.Text, tc.from, tc.to)
			}
		})
	}
	if d := New(base, base); !d.Empty() || text(t, d) != "base and base treat everything in the same way\n" {
		t.Errorf("a ruleset differs from itself:\n%s", text(t, d))
	}
}
