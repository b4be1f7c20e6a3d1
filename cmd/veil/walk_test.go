package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/veil-proxy/veil/internal/hapitest"
	"github.com/veil-proxy/veil/internal/pgtest"
	"github.com/veil-proxy/veil/internal/veiltest"
)

// TestRealWalk: the commands of docs/walk.md, in one shell, over a real FHIR server and
// PostgreSQL. What consumers see and what is left of the job has no original.
func TestRealWalk(t *testing.T) {
	page, err := os.ReadFile("../../docs/walk.md")
	if err != nil {
		t.Fatal(err)
	}
	bin := t.TempDir()
	if out, err := veiltest.Command(t, veiltest.Works, "go", "build", "-o", filepath.Join(bin, "veil"), ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	people := hapitest.Start(t)
	people.Load(t, 3, 1)
	database := pgtest.Start(t).SharedDatabase(t, "walk")
	var rows strings.Builder
	for i := range 400 {
		fmt.Fprintf(&rows, "INSERT INTO patients VALUES (%d, 'MRN%07d', 'Plantedname%d', 'Anna', date '1930-01-01' + %d, 'F');", i, 1000000+i, i, i*40)
	}
	database.Exec(t, `CREATE TABLE patients (patient_id int PRIMARY KEY, mrn text, family_name text, given_name text, birth_date date, sex char(1));`+rows.String())

	script := "set -euo pipefail\ntrap 'kill %1 2>/dev/null; wait' EXIT\n"
	for _, block := range regexp.MustCompile("(?s)```sh\n(.*?)```").FindAllStringSubmatch(string(page), -1) {
		script += block[1]
	}
	for _, port := range []string{"8443", "6432", "9090"} {
		_, free, _ := strings.Cut(veiltest.FreeAddress(t), ":")
		script = strings.ReplaceAll(script, port, free)
	}
	dir := t.TempDir()
	cmd := veiltest.Command(t, veiltest.Works, "bash", "-c", strings.ReplaceAll(script, "dbname=clinic", "dbname="+database.Name))
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "PATH="+bin+":"+os.Getenv("PATH"), "FHIR="+people.URL, "ADMIN="+database.DSN(pgtest.Owner))
	out, err := cmd.CombinedOutput()
	if err != nil {
		log, _ := os.ReadFile(filepath.Join(dir, "site", "veil.log"))
		t.Fatalf("%v\n%s\n%s", err, out, log)
	}
	masked, err := os.ReadFile(filepath.Join(dir, "site", "out", "first", "patients.sql"))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"resourceType":"Bundle"`, "(3 rows)"} {
		if !strings.Contains(strings.ReplaceAll(string(out), `": "`, `":"`), want) {
			t.Errorf("no %s in\n%s", want, out)
		}
	}
	if strings.Count(string(masked), "\n") < 400 || strings.Contains(string(masked)+string(out), "Plantedname") {
		t.Errorf("an original, or nothing masked:\n%.500s", masked)
	}
}
