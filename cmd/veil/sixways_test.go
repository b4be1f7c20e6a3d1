package main

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/parquet-go/parquet-go"

	"github.com/veil-proxy/veil/internal/demo"
	"github.com/veil-proxy/veil/internal/fhirtest"
	"github.com/veil-proxy/veil/internal/veiltest"
)

// TestSixWays: a thousand patients have the same pseudonyms as FHIR NDJSON, CSV, Parquet
// and a dump, each masked as a file, and through both proxies; the record number of a row
// is the same wherever there are rows.
func TestSixWays(t *testing.T) {
	t.Parallel()
	programs, err := demo.Programs()
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	const count = 1000
	b := start(t, "demo", "--patients", fmt.Sprint(count), "--listen", "127.0.0.1:0", "--source-listen", "127.0.0.1:0", "--postgres-listen", "127.0.0.1:0")
	defer b.stop(t)
	b.until(t, "Ctrl-C")
	printed := b.out.String()
	key := regexp.MustCompile(`--key-file (\S+) --project demo .* (\S+) && head`).FindStringSubmatch(printed)
	databases := regexp.MustCompile(`psql '([^']*)'`).FindAllStringSubmatch(printed, -1)
	views := regexp.MustCompile(`curl -s '(\S+)/Patient/`).FindAllStringSubmatch(printed, -1)
	if key == nil || len(databases) != 4 || len(views) != 2 {
		t.Fatalf("the demo printed\n%s", printed)
	}

	dir := t.TempDir()
	in, out := filepath.Join(dir, "in"), filepath.Join(dir, "out")
	if err := os.CopyFS(in, os.DirFS(key[2])); err != nil {
		t.Fatal(err)
	}
	var ndjson strings.Builder
	for _, r := range fhirtest.Generate(1, count).Resources() {
		if r.Type == "Patient" {
			ndjson.Write(r.JSON)
			ndjson.WriteByte('\n')
		}
	}
	write(t, filepath.Join(in, "patients.ndjson"), ndjson.String())
	dump, err := veiltest.Command(t, veiltest.Works, filepath.Join(programs, "pg_dump"), "--table=patients", databases[0][1]).Output()
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(in, "patients.sql"), string(dump))
	if r := veil(t, "", "mask", "--key-file", key[1], "--project", "demo", "--ruleset", demo.RulesetName, "--out", out, in); r.code != 0 {
		t.Fatal(r.stderr)
	}
	text := func(name string) string {
		text, err := os.ReadFile(filepath.Join(out, name))
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}

	// Each way gives record numbers by pseudonym; FHIR removes them.
	ways := map[string]map[string]string{}
	add := func(way, id, mrn string) {
		if ways[way] == nil {
			ways[way] = map[string]string{}
		}
		ways[way][id] = mrn
	}
	for line := range strings.Lines(text("patients.ndjson")) {
		add("NDJSON", resourceID(t, []byte(line)), "")
	}
	rows, err := csv.NewReader(strings.NewReader(text("patients.csv"))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows[1:] {
		add("CSV", row[0], row[1])
	}
	type patient struct {
		ID  string  `parquet:"id"`
		MRN *string `parquet:"mrn"`
	}
	patients, err := parquet.ReadFile[patient](filepath.Join(out, "patients.parquet"))
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range patients {
		add("Parquet", p.ID, *p.MRN)
	}
	_, copied, _ := strings.Cut(text("patients.sql"), "\nCOPY \"public\".\"patients\" ")
	copied, _, _ = strings.Cut(copied, "\n\\.\n")
	for i, line := range strings.Split(copied, "\n") {
		if cells := strings.Split(line, "\t"); i > 0 {
			add("pg_dump", cells[0], cells[1])
		}
	}
	conn, err := pgx.Connect(t.Context(), databases[1][1])
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	result, err := conn.Query(t.Context(), "SELECT id, mrn FROM patients")
	if err != nil {
		t.Fatal(err)
	}
	for result.Next() {
		var id, mrn string
		if err := result.Scan(&id, &mrn); err != nil {
			t.Fatal(err)
		}
		add("PostgreSQL proxy", id, mrn)
	}
	if err := result.Err(); err != nil {
		t.Fatal(err)
	}
	for url := views[1][1] + "/Patient?_count=200"; url != ""; {
		_, body, _ := get(t, url)
		var page struct {
			Entry []struct{ Resource json.RawMessage }
			Link  []struct{ Relation, URL string }
		}
		if err := json.Unmarshal([]byte(body), &page); err != nil {
			t.Fatalf("%v: %.300s", err, body)
		}
		for _, e := range page.Entry {
			add("FHIR proxy", resourceID(t, e.Resource), "")
		}
		url = ""
		for _, l := range page.Link {
			if l.Relation == "next" {
				url = l.URL
			}
		}
	}

	if len(ways) != 6 {
		t.Errorf("%d ways", len(ways))
	}
	joined := 0
	for id, mrn := range ways["CSV"] {
		everywhere := true
		for way, seen := range ways {
			other, there := seen[id]
			everywhere = everywhere && there
			if other != mrn && other != "" {
				t.Errorf("%s: a record number differs from that of CSV", way)
			}
		}
		if everywhere {
			joined++
		}
	}
	for _, way := range []string{"NDJSON", "CSV", "Parquet", "pg_dump", "PostgreSQL proxy", "FHIR proxy"} {
		if len(ways[way]) != count {
			t.Errorf("%s has %d patients", way, len(ways[way]))
		}
	}
	if joined != count {
		t.Errorf("%d of %d patients join", joined, count)
	}
}

// resourceID is the id of a resource.
func resourceID(t *testing.T, resource []byte) string {
	t.Helper()
	var r struct{ ID string }
	if err := json.Unmarshal(resource, &r); err != nil || r.ID == "" {
		t.Fatalf("%v: %.200s", err, resource)
	}
	return r.ID
}
