package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const csvRules = `veil: 1
name: rows
extends: safe-harbor
tables:
  files: [{file: "pat-*.csv", table: patients}]
  rules:
    - {id: ids, category: R, match: [{table: patients, column: id}, {column: patient_id}], method: seal, domain: Patient}
    - {id: births, category: C, match: {column: born}, method: birthYear}
    - {id: facts, match: [{column: sex}, {column: code}], method: keep}
`

// TestMaskCSV: a directory of delimited text is checked, then masked, with the pseudonyms
// that FHIR resources get under the same ruleset and key.
func TestMaskCSV(t *testing.T) {
	t.Parallel()
	key, dir := newKey(t), t.TempDir()
	in, out, log := filepath.Join(dir, "in"), filepath.Join(dir, "out"), filepath.Join(dir, "log")
	if err := os.Mkdir(in, 0o755); err != nil {
		t.Fatal(err)
	}
	rules := write(t, filepath.Join(dir, "rows.yaml"), csvRules)
	write(t, filepath.Join(in, "pat-1.csv"), "id,name,born,sex\np1,PLANTED,1980-02-03,f\n")
	write(t, filepath.Join(in, "encounters.tsv"), "patient_id\tcode\tnote\np1\tAMB\tPLANTED\n")
	write(t, filepath.Join(in, "p.ndjson"), `{"resourceType":"Patient","id":"p1"}`+"\n")

	r := veil(t, "", "mask", "--check", "--ruleset", rules, "--key-file", key, in)
	for _, want := range []string{"pat-1.csv id masked ids seal", "encounters.tsv patient_id masked ids seal", "name hidden (default) no rule covers it", "p.ndjson FHIR NDJSON: see veil ruleset explain"} {
		if r.code != 0 || !strings.Contains(strings.Join(strings.Fields(r.stdout), " "), want) {
			t.Errorf("no %q in exit %d\n%s%s", want, r.code, r.stdout, r.stderr)
		}
	}
	if r := veil(t, "", "mask", "--ruleset", rules, "--key-file", key, "--out", out, "--audit-dir", log, in); r.code != 0 || r.stderr != "" {
		t.Fatalf("%+v", r)
	}
	read := func(name string) string {
		text, err := os.ReadFile(filepath.Join(out, name))
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	patient := strings.Split(strings.Split(read("pat-1.csv"), "\n")[1], ",")
	encounter := strings.Split(strings.Split(read("encounters.tsv"), "\n")[1], "\t")
	if len(patient) != 3 || patient[1] != "1980" || patient[2] != "f" || len(encounter) != 2 || encounter[0] != patient[0] || encounter[1] != "AMB" {
		t.Errorf("%q %q", patient, encounter)
	}
	if !strings.Contains(read("p.ndjson"), `"id":"`+patient[0]+`"`) {
		t.Errorf("the FHIR resource has another pseudonym: %s", read("p.ndjson"))
	}
	if r := veil(t, "", "runs", "show", log); !strings.Contains(r.stdout, "patients.born") || strings.Contains(r.stdout, "PLANTED") {
		t.Errorf("%+v", r)
	}
	for _, tc := range []struct{ args, want string }{
		{"--quote \"\"\"", "--quote must be one ASCII character"},
		{"--delimiter ab", "--delimiter must be one ASCII character"},
		{"--header --no-header", "exclude each other"},
		{"--encoding ebcdic", "--encoding: unknown encoding \"ebcdic\": use utf-8"},
		{"--format xls", "--format must be csv"},
		{"--escape x", "--escape needs --quote"},
	} {
		args := append([]string{"mask", "--ruleset", rules, "--key-file", key, filepath.Join(in, "pat-1.csv")}, strings.Fields(tc.args)...)
		if r := veil(t, "", args...); r.code != 2 || !strings.Contains(r.stderr, tc.want) {
			t.Errorf("%s: %+v", tc.args, r)
		}
	}
}
