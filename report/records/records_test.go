package records_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/parquet-go/parquet-go"

	"github.com/veil-proxy/veil/report/records"
	"github.com/veil-proxy/veil/table/csv"
)

// rows are the rows of a set as texts.
func rows(t *testing.T, path string) (list []string, err error) {
	t.Helper()
	set, err := records.Open(t.Context(), path, records.Options{CSV: csv.Config{Header: csv.HeaderPresent}})
	if err != nil {
		return nil, err
	}
	defer set.Close()
	err = set.Each(t.Context(), func(table *records.Table, r records.Row) error {
		text := table.Name + ":"
		for i, c := range r.Columns {
			text += fmt.Sprintf(" %s=%s", table.Columns[c], r.Values[i])
		}
		list = append(list, text)
		return nil
	})
	return list, err
}

// TestParquetIsReadLikeCSV: values are the texts that a CSV file has.
func TestParquetIsReadLikeCSV(t *testing.T) {
	t.Parallel()
	type row struct {
		ID     int64    `parquet:"id"`
		Born   int32    `parquet:"born,date"`
		Weight *float64 `parquet:"weight,optional"`
		Name   string   `parquet:"name"`
		Alive  bool     `parquet:"alive"`
	}
	dir := t.TempDir()
	weight := 61.5
	path := filepath.Join(dir, "people.parquet")
	if err := parquet.WriteFile(path, []row{{9007199254740993, -25568, &weight, "Łukasz", true}, {2, 0, nil, "", false}}); err != nil {
		t.Fatal(err)
	}
	got, err := rows(t, path)
	if err != nil {
		t.Fatal(err)
	}
	want := "people: id=9007199254740993 born=1899-12-31 weight=61.5 name=Łukasz alive=true\npeople: id=2 born=1970-01-01 name= alive=false"
	if strings.Join(got, "\n") != want {
		t.Errorf("%q", got)
	}
}

// TestFHIRIsFlattened: a column for each element, a row for each resource, of Bundles too.
func TestFHIRIsFlattened(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "x.ndjson")
	text := `{"resourceType":"Patient","id":"1","meta":{"security":[{"code":"REDACTED"}],"versionId":"3"},"name":[{"given":["A","B"]}],"Secret name":"x"}
{"resourceType":"Bundle","entry":[{"resource":{"resourceType":"Observation","id":"o","subject":{"reference":"Patient/1/_history/2"},"valueQuantity":{"value":1.50}}}]}
`
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := rows(t, path)
	if err != nil {
		t.Fatal(err)
	}
	want := "Patient: id=Patient/1 (not an element)=x meta.versionId=3 name.given=A name.given=B\nObservation: id=Observation/o subject.reference=Patient/1 valueQuantity.value=1.50"
	if strings.Join(got, "\n") != want {
		t.Errorf("%s", strings.Join(got, "\n"))
	}
}

// TestBadFiles: one error each, with the name of the file and without a value.
func TestBadFiles(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ text, want string }{
		"a.csv":     {"", "the file is empty"},
		"b.csv":     {"x,y,x\n1,2,3\n", `two columns are called "x"`},
		"c.csv":     {"id,n\n1,2\nzzquux,3,4\n", "line 3: the row has 3 cells"},
		"d.parquet": {"PAR1zzquux", "the file is damaged or encrypted"},
		"e.arrow":   {"ARROW1\x00\x00zzquux", "the file is damaged or cut off"},
		"f.ndjson":  {`{"resourceType":"Patient","id":"zzquux"}` + "\n" + `{"resourceType":"Pat`, "resource 2: not valid JSON"},
		"g.ndjson":  {`{"id":"zzquux"}`, "resource 1: it has no resourceType"},
		"h.txt":     {"zzquux", "unknown format"},
	} {
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, []byte(c.text), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := rows(t, path)
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), name) || strings.Contains(err.Error(), "zzquux") {
			t.Errorf("%s: %v, expected %q", name, err, c.want)
		}
	}
}
