package main

import (
	"bytes"
	"encoding/base64"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/parquet-go/parquet-go"

	"github.com/veil-proxy/veil/fhir/fhirxml"
	"github.com/veil-proxy/veil/fhir/schema"
	"github.com/veil-proxy/veil/internal/planttest"
)

const plantedRules = `
veil: 1
name: planted
extends: safe-harbor-text
tables:
  rules:
    - {id: ids, match: {column: id}, method: pseudonym}
    - id: notes
      match: {column: note}
      method: scrub
      known: {given: given, family: family, ids: mrn, phones: phone, emails: email, streets: street, cities: city, birthDates: birth}
`

// plantedRow is a row of what is known of a person, and a note.
type plantedRow struct {
	ID     string `parquet:"id"`
	Given  string `parquet:"given"`
	Family string `parquet:"family"`
	MRN    string `parquet:"mrn"`
	Phone  string `parquet:"phone"`
	Email  string `parquet:"email"`
	Street string `parquet:"street"`
	City   string `parquet:"city"`
	Birth  string `parquet:"birth"`
	Note   string `parquet:"note"`
}

// plantedBundle has a person, a note, and the note as an attachment.
func plantedBundle(t *testing.T, p *planttest.Person, note string) []byte {
	t.Helper()
	quote := func(s string) string {
		b, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	return fmt.Appendf(nil, `{"resourceType":"Bundle","type":"collection","entry":[{"resource":{"resourceType":"Patient","id":"%s","name":[{"family":%s,"given":[%s]}],`+
		`"identifier":[{"value":%s}],"telecom":[{"system":"phone","value":%s},{"system":"email","value":%s}],"address":[{"line":[%s],"city":%s}],"birthDate":%s}},`+
		`{"resource":{"resourceType":"Observation","id":"o%s","status":"final","code":{"text":"x"},"subject":{"reference":"Patient/%s"},"note":[{"text":%s}]}},`+
		`{"resource":{"resourceType":"DocumentReference","id":"d%s","status":"current","subject":{"reference":"Patient/%s"},"content":[{"attachment":{"contentType":"text/plain","size":%d,"hash":"2jmj7l5rSw0yVb/vlWAYkK/YBwk=","data":%s}}]}}]}`,
		p.ID, quote(p.Family), quote(p.Given), quote(p.MRN), quote(p.Phone), quote(p.Email), quote(p.Street), quote(p.City), quote(p.Birth),
		p.ID, p.ID, quote(note), p.ID, p.ID, len(note), quote(base64.StdEncoding.EncodeToString([]byte(note))))
}

// TestNothingPlantedIsLeft: of known values that stand in notes, exactly and in other ways,
// nothing is left in FHIR as JSON and XML, with attachments, in CSV, in Parquet and in files
// of plain text.
// VEIL_PLANTED=100000 plants so many values.
func TestNothingPlantedIsLeft(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(20, 26))
	n := planttest.Count(t, 4)
	var people []planttest.Person
	var rows []plantedRow
	dir := t.TempDir()
	in, out := filepath.Join(dir, "in"), filepath.Join(dir, "out")
	if err := os.MkdirAll(in, 0o700); err != nil {
		t.Fatal(err)
	}
	var ndjson, table bytes.Buffer
	lines := csv.NewWriter(&table)
	_ = lines.Write([]string{"id", "given", "family", "mrn", "phone", "email", "street", "city", "birth", "note"})
	for i := range n {
		p := planttest.New(r, i)
		note := p.Note(r)
		people = append(people, p)
		rows = append(rows, plantedRow{p.ID, p.Given, p.Family, p.MRN, p.Phone, p.Email, p.Street, p.City, p.Birth, note})
		_ = lines.Write([]string{p.ID, p.Given, p.Family, p.MRN, p.Phone, p.Email, p.Street, p.City, p.Birth, note})
		bundle := plantedBundle(t, &p, note)
		ndjson.Write(append(bundle, '\n'))
		if i%50 == 0 { // one person a file, since what one Bundle has is known for all of it
			x, err := fhirxml.AppendXML(schema.R4(), nil, bundle)
			if err != nil {
				t.Fatal(err)
			}
			write(t, filepath.Join(in, fmt.Sprintf("bundle%d.xml", i)), string(x))
		}
	}
	lines.Flush()
	letters := filepath.Join(dir, "letters")
	known := map[string][]string{}
	for i := range people[:min(n, 200)] { // all of them are known for each file
		p := &people[i]
		known["names"] = append(known["names"], p.Given+" "+p.Family)
		known["ids"] = append(known["ids"], p.MRN)
		known["phones"] = append(known["phones"], p.Phone)
		known["emails"] = append(known["emails"], p.Email)
		known["addresses"] = append(known["addresses"], p.Street, p.City)
		known["dates"] = append(known["dates"], p.Birth)
	}
	if err := os.MkdirAll(letters, 0o700); err != nil {
		t.Fatal(err)
	}
	for i := range people[:min(n, 200)] {
		write(t, filepath.Join(letters, fmt.Sprintf("letter%d.txt", i)), rows[i].Note)
	}
	var parquetFile bytes.Buffer
	if err := parquet.Write(&parquetFile, rows); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(in, "bundles.ndjson"), ndjson.String())
	write(t, filepath.Join(in, "visits.csv"), table.String())
	write(t, filepath.Join(in, "stays.parquet"), parquetFile.String())
	ruleset := write(t, filepath.Join(dir, "planted.yaml"), plantedRules)
	if res := veil(t, "", "mask", "--key-file", newKey(t), "--ruleset", ruleset, "--out", out, in); res.code != 0 {
		t.Fatal(res.stderr)
	}
	masked := files(t, out)

	values, err := json.Marshal(known)
	if err != nil {
		t.Fatal(err)
	}
	if res := veil(t, "", "mask", "--key-file", newKey(t), "--ruleset", ruleset, "--known", write(t, filepath.Join(dir, "known.json"), string(values)), "--out", filepath.Join(dir, "texts"), letters); res.code != 0 {
		t.Fatal(res.stderr)
	}
	texts := files(t, filepath.Join(dir, "texts"))

	left := 0
	check := func(where string, p *planttest.Person, text string) {
		t.Helper()
		if found := p.Left(text); len(found) > 0 || !strings.Contains(text, "Stable.") {
			if left++; left < 10 {
				t.Errorf("%s: %q is left: %.2000s", where, found, text)
			}
		}
	}
	for i, line := range strings.Split(strings.TrimSuffix(masked["bundles.ndjson"], "\n"), "\n") {
		check("JSON", &people[i], decoded(t, line))
	}
	for i := range people[:min(n, 200)] {
		check("text", &people[i], texts[fmt.Sprintf("letter%d.txt", i)])
	}
	for i := 0; i < n; i += 50 {
		check("XML", &people[i], decoded(t, masked[fmt.Sprintf("bundle%d.xml", i)]))
	}
	records, err := csv.NewReader(strings.NewReader(masked["visits.csv"])).ReadAll()
	if err != nil || len(records) != n+1 {
		t.Fatalf("%d rows, %v", len(records), err)
	}
	for i, record := range records[1:] {
		check("CSV", &people[i], strings.Join(record, "\n"))
	}
	type shown struct {
		ID   string `parquet:"id"`
		Note string `parquet:"note"`
	}
	text := []byte(masked["stays.parquet"])
	back, err := parquet.Read[shown](bytes.NewReader(text), int64(len(text)))
	if err != nil || len(back) != n {
		t.Fatalf("%d rows, %v", len(back), err)
	}
	for i := range back {
		check("Parquet", &people[i], back[i].ID+"\n"+back[i].Note)
	}
	t.Logf("%d known values planted, in notes of %d people in JSON, its attachments, CSV and Parquet, in plain text of up to 200, and of every fiftieth in XML", n*planttest.ValuesEach*4, n)
}

// decoded is a masked Bundle with its attachments beside. They have neither a size nor a
// hash, which would be those of the original.
func decoded(t *testing.T, bundle string) string {
	t.Helper()
	for _, what := range []string{"size", "hash"} {
		if strings.Contains(bundle, `"`+what+`"`) || strings.Contains(bundle, "<"+what) {
			t.Errorf("the %s of an attachment is left: %s", what, bundle)
		}
	}
	attached := regexp.MustCompile(`"data":"([^"]*)"|<data value="([^"]*)"`).FindStringSubmatch(bundle)
	if attached == nil {
		t.Errorf("no attachment: %s", bundle)
		return bundle
	}
	plain, err := base64.StdEncoding.DecodeString(attached[1] + attached[2])
	if err != nil || !strings.Contains(string(plain), "Stable.") {
		t.Errorf("%v: %q", err, plain)
	}
	return strings.NewReplacer(`\n`, "\n", "&#10;", "\n", "&#xA;", "\n").Replace(bundle) + "\n" + string(plain)
}
