package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	apache "github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/parquet-go/parquet-go"
)

// planted is in every value of the files of TestNoMarkerInAnyFormat.
const planted = "QZPLANTEDXQ"

const markerRules = `
veil: 1
name: markers
extends: safe-harbor
tables:
  rules:
    - {id: ids, match: {column: id}, method: pseudonym}
    - {id: gone, match: {column: gone}, method: remove}
    - {id: name, match: {column: name}, method: surrogate, kind: family, entity: id}
    - {id: born, match: {column: born}, method: birthYear}
    - {id: kept, match: {column: kept}, method: keep}
documents:
  rules:
    - {id: doc-ids, match: ["rows:$.id", "rows:/rows/row/id"], method: pseudonym}
    - {id: doc-kept, match: ["rows:$.kept", "rows:/rows/row/kept"], method: keep}
`

// markerRow is a row in which all but one value has the marker.
type markerRow struct {
	ID     string `parquet:"id"`
	Gone   string `parquet:"gone,dict"`
	Name   string `parquet:"name"`
	Born   string `parquet:"born,dict"`
	Kept   string `parquet:"kept"`
	Hidden string `parquet:"hidden"`
}

func markerRows() (rows []markerRow) {
	for i := range 50 {
		m := fmt.Sprint(planted, i)
		rows = append(rows, markerRow{"a" + m, "b" + m, "c" + m, "d" + m, fmt.Sprint("fact", i), "e" + m})
	}
	return rows
}

// markerFiles are the rows in every format, by the name of the file.
func markerFiles(t *testing.T) map[string][]byte {
	t.Helper()
	var comma, tab, dump, lines, xml, fhir bytes.Buffer
	fmt.Fprint(&comma, "id,gone,name,born,kept,hidden\n")
	fmt.Fprint(&tab, "id\tgone\tname\tborn\tkept\thidden\n")
	fmt.Fprint(&dump, "--\n-- PostgreSQL database dump\n--\n\nCREATE TABLE public.rows (\n    id text,\n    gone text,\n    name text,\n    born text,\n    kept text,\n    hidden text\n);\n\nCOPY public.rows (id, gone, name, born, kept, hidden) FROM stdin;\n")
	fmt.Fprint(&xml, "<rows>\n")
	var list []apache.Field
	for _, name := range []string{"id", "gone", "name", "born", "kept", "hidden"} {
		list = append(list, apache.Field{Name: name, Type: apache.BinaryTypes.String, Nullable: true})
	}
	schema := apache.NewSchema(list, nil)
	b := array.NewRecordBuilder(memory.DefaultAllocator, schema)
	for _, r := range markerRows() {
		cells := []string{r.ID, r.Gone, r.Name, r.Born, r.Kept, r.Hidden}
		fmt.Fprintf(&comma, "\"%s\"\n", strings.Join(cells, "\",\""))
		fmt.Fprintln(&tab, strings.Join(cells, "\t"))
		fmt.Fprintln(&dump, strings.Join(cells, "\t"))
		fmt.Fprintf(&lines, `{"id":%q,"gone":%q,"name":{"family":%q},"born":[%q],"kept":%q,%q:1}`+"\n", r.ID, r.Gone, r.Name, r.Born, r.Kept, r.Hidden)
		fmt.Fprintf(&xml, "<row born=%q><id>%s</id><gone>%s</gone><name>%s</name><kept>%s</kept><!-- %s --></row>\n", r.Born, r.ID, r.Gone, r.Name, r.Kept, r.Hidden)
		fmt.Fprintf(&fhir, `{"resourceType":"Patient","id":%q,"name":[{"family":%q}],"identifier":[{"value":%q}],"active":true}`+"\n", r.ID, r.Name, r.Hidden)
		for i, cell := range cells {
			b.Field(i).(*array.StringBuilder).Append(cell)
		}
	}
	fmt.Fprint(&dump, "\\.\n\n\n--\n-- PostgreSQL database dump complete\n--\n\n")
	fmt.Fprint(&xml, "</rows>\n")
	var columns, stream bytes.Buffer
	record := b.NewRecordBatch()
	w := ipc.NewWriter(&stream, ipc.WithSchema(schema))
	if err := w.Write(record); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := parquet.Write(&columns, markerRows(), parquet.KeyValueMetadata("note", planted), parquet.BloomFilters(parquet.SplitBlockFilter(10, "id"))); err != nil {
		t.Fatal(err)
	}
	return map[string][]byte{
		"rows.csv": comma.Bytes(), "rows.tsv": tab.Bytes(), "rows.sql": dump.Bytes(), "rows.ndjson": lines.Bytes(), "rows.xml": xml.Bytes(),
		"patients.ndjson": fhir.Bytes(), "rows.parquet": columns.Bytes(), "rows.arrows": stream.Bytes(),
	}
}

// TestNoMarkerInAnyFormat: a value that no rule keeps is in no output, of any format and
// packing, nor in what the output decompresses to; what a rule keeps is there.
func TestNoMarkerInAnyFormat(t *testing.T) {
	t.Parallel()
	key, dir := newKey(t), t.TempDir()
	rules := write(t, filepath.Join(dir, "markers.yaml"), markerRules)
	for ext, pack := range map[string]func(io.Writer) (io.WriteCloser, error){
		"": nil, ".gz": func(w io.Writer) (io.WriteCloser, error) { return gzip.NewWriter(w), nil },
		".zst": func(w io.Writer) (io.WriteCloser, error) { return zstd.NewWriter(w) },
	} {
		in, out := filepath.Join(dir, "in"+ext), filepath.Join(dir, "out"+ext)
		folder(t, in)
		want := map[string][]byte{}
		for name, text := range markerFiles(t) {
			want[name+ext] = text
			if pack != nil {
				var b bytes.Buffer
				w, err := pack(&b)
				if err != nil {
					t.Fatal(err)
				}
				if _, err := w.Write(text); err != nil {
					t.Fatal(err)
				}
				if err := w.Close(); err != nil {
					t.Fatal(err)
				}
				text = b.Bytes()
			}
			if err := os.WriteFile(filepath.Join(in, name+ext), text, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		r := veil(t, "", "mask", "--key-file", key, "--ruleset", rules, "--out", out, "--audit-dir", filepath.Join(dir, "log"+ext), in)
		if r.code != 0 || strings.Contains(r.stderr+r.stdout, planted) {
			t.Errorf("%s: %+v", ext, r)
		}
		for name := range want {
			text, err := os.ReadFile(filepath.Join(out, name))
			if err != nil {
				t.Error(err)
				continue
			}
			plain := unpacked(t, ext, text)
			if strings.HasPrefix(name, "rows.parquet") {
				rows, err := parquet.Read[markerRow](bytes.NewReader(plain), int64(len(plain)))
				if err != nil {
					t.Fatal(err)
				}
				plain = append(plain, fmt.Sprint(rows)...)
			}
			if bytes.Contains(text, []byte(planted)) || bytes.Contains(plain, []byte(planted)) {
				t.Errorf("%s has a marker", name)
			}
			if !bytes.Contains(plain, []byte("fact49")) && !strings.HasPrefix(name, "patients") {
				t.Errorf("%s has not what is kept", name)
			}
		}
		for name, text := range files(t, filepath.Join(dir, "log"+ext)) {
			if strings.Contains(text, planted) {
				t.Errorf("the log has a marker: %s", name)
			}
		}
	}
}

// unpacked decompresses a text.
func unpacked(t *testing.T, ext string, text []byte) []byte {
	t.Helper()
	var r io.Reader = bytes.NewReader(text)
	var err error
	switch ext {
	case ".gz":
		r, err = gzip.NewReader(r)
	case ".zst":
		r, err = zstd.NewReader(r)
	}
	if err == nil {
		text, err = io.ReadAll(r)
	}
	if err != nil {
		t.Fatal(err)
	}
	return text
}
