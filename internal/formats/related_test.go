package formats_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/parquet-go/parquet-go"

	"github.com/veil-proxy/veil/file"
	"github.com/veil-proxy/veil/internal/formats"
	"github.com/veil-proxy/veil/internal/masktest"
)

// relating scrubs notes of what a row of patients has.
const relating = `
veil: 1
name: test
referenceDate: 2025-06-30
tables:
  rules:
    - {id: ids, match: {column: id}, method: hide}
    - {id: names, match: [{column: family}, {column: given}, {column: phone}], method: remove}
    - {id: row, match: {column: nr}, method: keep}
    - id: note
      match: {column: note}
      method: scrub
      known: {names: author, related: {table: patients, on: {patient: id}, family: family, given: given, phones: phone}}
`

const (
	numbered = "101"
	lettered = "pat-b"
	uuid     = "0f8fad5b-d9cb-469f-a165-70867728950e"
)

// somebody is a patient whose names no list has, and that stand in notes in lower case:
// without the row they stay.
type somebody struct {
	ID     string `parquet:"id"`
	Family string `parquet:"family"`
	Given  string `parquet:"given"`
	Phone  string `parquet:"phone"`
}

var patients = []somebody{
	{numbered, "zorvexquill", "plimbertine", "77-4421-9"},
	{lettered, "brondwexel", "quorrabine", "77-4422-8"},
	{uuid, "drexolamber", "vintoquessa", "77-4423-7"},
	{uuid, "secondnamely", "vintoquessa", "77-4424-6"}, // another row of this key
}

// noteOf is a note that names everybody of a key.
func noteOf(key string) string {
	out := "Seen today and heard by glanterwood; "
	for _, p := range patients {
		if strings.EqualFold(p.ID, key) {
			out += fmt.Sprintf("then %s %s spoke about %s of it; ", p.Given, p.Family, p.Phone)
		}
	}
	return out + "all of it is stable. The Patient sleeps well."
}

type noteRow struct {
	NR      string  `parquet:"nr"`
	Patient *string `parquet:"patient,optional"`
	Author  string  `parquet:"author"`
	Note    string  `parquet:"note"`
}

// notes have a row of each kind of key, one of a key that is not there, and one without.
func notes() (out []noteRow) {
	for i, key := range []string{numbered, lettered, strings.ToUpper(uuid), "pat-unknown"} {
		out = append(out, noteRow{fmt.Sprint("r", i), &key, "glanterwood", noteOf(key)})
	}
	return append(out, noteRow{"r4", nil, "glanterwood", noteOf("none")})
}

// job masks files in one job. It returns the outputs and what was reported.
func job(t *testing.T, rules string, inputs map[string][]byte) (out map[string][]byte, reports string) {
	t.Helper()
	dir := t.TempDir()
	var paths []string
	for name, text := range inputs {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		paths = append(paths, path)
	}
	compiled, err := masktest.Compile(t, rules)
	if err != nil {
		t.Fatal(err)
	}
	list, err := new(formats.Options).Formats(formats.Rules{Compiled: compiled})
	if err != nil {
		t.Fatal(err)
	}
	j := &file.Job{
		Inputs: paths, Out: filepath.Join(dir, "out"), Formats: list, Plan: compiled.Plan, Keys: compiled.Policy.Keys, Workers: 3,
		Report: func(p file.Problem) { reports += strings.ReplaceAll(p.Error(), dir+"/", "") + "\n" },
	}
	if _, err := j.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	out = map[string][]byte{}
	for name := range inputs {
		if text, err := os.ReadFile(filepath.Join(dir, "out", name)); err == nil {
			out[name] = text
		}
	}
	return out, reports
}

// csvOf writes rows as CSV; nothing in them needs quotes.
func csvOf(header string, rows ...[]string) []byte {
	out := header + "\n"
	for _, r := range rows {
		out += strings.Join(r, ",") + "\n"
	}
	return []byte(out)
}

func patientCells() (out [][]string) {
	for _, p := range patients {
		out = append(out, []string{p.ID, p.Family, p.Given, p.Phone})
	}
	return out
}

func noteCells() (out [][]string) {
	for _, n := range notes() {
		key := ""
		if n.Patient != nil {
			key = *n.Patient
		}
		out = append(out, []string{n.NR, key, n.Author, n.Note})
	}
	return out
}

const (
	patientHeader = "id,family,given,phone"
	noteHeader    = "nr,patient,author,note"
)

func parquetOf[T any](t *testing.T, rows []T) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := parquet.Write(&b, rows); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// arrowOf writes rows as a stream of Arrow; an empty cell is NULL.
func arrowOf(t *testing.T, header string, rows [][]string) []byte {
	t.Helper()
	var fields []arrow.Field
	for name := range strings.SplitSeq(header, ",") {
		fields = append(fields, arrow.Field{Name: name, Type: arrow.BinaryTypes.String, Nullable: true})
	}
	b := array.NewRecordBuilder(memory.DefaultAllocator, arrow.NewSchema(fields, nil))
	for _, r := range rows {
		for i, v := range r {
			if column := b.Field(i).(*array.StringBuilder); v == "" {
				column.AppendNull()
			} else {
				column.Append(v)
			}
		}
	}
	var out bytes.Buffer
	w := ipc.NewWriter(&out, ipc.WithSchema(b.Schema()))
	if err := w.Write(b.NewRecordBatch()); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// created makes a table as a dump does, and copied its rows.
func created(table, header string) string {
	var columns []string
	for name := range strings.SplitSeq(header, ",") {
		columns = append(columns, "    "+name+" text")
	}
	return "CREATE TABLE public." + table + " (\n" + strings.Join(columns, ",\n") + "\n);\n\n"
}

func copied(table, header string, rows [][]string) string {
	out := "COPY public." + table + " (" + strings.ReplaceAll(header, ",", ", ") + ") FROM stdin;\n"
	for _, r := range rows {
		for i, v := range r {
			if v == "" {
				r[i] = `\N`
			}
		}
		out += strings.Join(r, "\t") + "\n"
	}
	return out + "\\.\n\n"
}

// checkNotes holds that nothing of the related rows is left, that notes with one were
// scrubbed, and that those without are gone and were reported once.
func checkNotes(t *testing.T, masked []byte, reports string) {
	t.Helper()
	text := string(masked)
	for _, p := range patients {
		for _, v := range []string{p.Family, p.Given, p.Phone} {
			if strings.Contains(strings.ToLower(text), v) {
				t.Errorf("%q is left: %s", v, text)
			}
		}
	}
	if strings.Contains(text, "glanterwood") {
		t.Error("what the row itself has is left")
	}
	if n := strings.Count(text, "stable."); n != 3 {
		t.Errorf("%d notes are there, not 3: %q", n, text)
	}
	if !strings.Contains(text, "r4") {
		t.Error("the rows without a note are missing")
	}
	if !strings.Contains(reports, "2 texts were removed that need related rows of table ") || strings.Count(reports, "\n") != 1 {
		t.Errorf("reported: %s", reports)
	}
}

// TestRelatedRows: what a related row has leaves texts of files of any format, whichever
// format the related table has, and whichever file comes first.
func TestRelatedRows(t *testing.T) {
	t.Parallel()
	const begin = "--\n-- PostgreSQL database dump\n--\n\nSET client_encoding = 'UTF8';\nSET standard_conforming_strings = on;\n\n"
	const end = "--\n-- PostgreSQL database dump complete\n--\n"
	notesTable, patientsTable := created("notes", noteHeader), created("patients", patientHeader)
	notesRows, patientsRows := copied("notes", noteHeader, noteCells()), copied("patients", patientHeader, patientCells())
	for name, dump := range map[string]string{
		"dump":                     notesTable + patientsTable + notesRows + patientsRows,
		"dump of tables in turn":   notesTable + notesRows + patientsTable + patientsRows,
		"dump without definitions": notesRows + patientsRows,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			out, reports := job(t, relating, map[string][]byte{"clinic.sql": []byte(begin + dump + end)})
			checkNotes(t, out["clinic.sql"], reports)
		})
	}
	people := map[string][]byte{
		"patients.csv":     csvOf(patientHeader, patientCells()...),
		"patients.parquet": parquetOf(t, patients),
		"patients.arrow":   arrowOf(t, patientHeader, patientCells()),
	}
	texts := map[string][]byte{
		"notes.csv":     csvOf(noteHeader, noteCells()...),
		"notes.parquet": parquetOf(t, notes()),
		"notes.arrow":   arrowOf(t, noteHeader, noteCells()),
	}
	for from, patients := range people {
		for to, notes := range texts {
			t.Run(from+" "+to, func(t *testing.T) {
				t.Parallel()
				out, reports := job(t, relating, map[string][]byte{from: patients, to: notes})
				masked := out[to]
				if strings.HasSuffix(to, "parquet") {
					rows, err := parquet.Read[noteRead](bytes.NewReader(masked), int64(len(masked)))
					if err != nil {
						t.Fatal(err)
					}
					masked = nil
					for _, r := range rows {
						masked = append(masked, r.NR+" "+r.Note+"\n"...)
					}
				}
				checkNotes(t, masked, reports)
			})
		}
	}
}

// TestRelatedKeysOfTypes: integers and UUIDs of one file are those of the texts of another.
func TestRelatedKeysOfTypes(t *testing.T) {
	t.Parallel()
	type numberedRow struct {
		ID     int64  `parquet:"id"`
		Family string `parquet:"family"`
		Given  string `parquet:"given"`
		Phone  string `parquet:"phone"`
	}
	type uuidRow struct {
		ID     [16]byte `parquet:"id,uuid"`
		Family string   `parquet:"family"`
		Given  string   `parquet:"given"`
		Phone  string   `parquet:"phone"`
	}
	p, u := patients[0], patients[2]
	id := [16]byte{0x0f, 0x8f, 0xad, 0x5b, 0xd9, 0xcb, 0x46, 0x9f, 0xa1, 0x65, 0x70, 0x86, 0x77, 0x28, 0x95, 0x0e}
	for name, c := range map[string]struct {
		key    string
		people []byte
	}{
		"integer": {numbered, parquetOf(t, []numberedRow{{101, p.Family, p.Given, p.Phone}})},
		"uuid":    {strings.ToUpper(uuid), parquetOf(t, []uuidRow{{id, u.Family, u.Given, u.Phone}, {id, patients[3].Family, u.Given, patients[3].Phone}})},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			notes := csvOf(noteHeader, []string{"r0", c.key, "glanterwood", noteOf(c.key)})
			out, reports := job(t, relating, map[string][]byte{"notes.csv": notes, "patients.parquet": c.people})
			masked := string(out["notes.csv"])
			for _, p := range patients {
				if strings.Contains(masked, p.Family) || strings.Contains(masked, p.Given) || !strings.Contains(masked, "stable") {
					t.Errorf("masked: %s", masked)
				}
			}
			if reports != "" {
				t.Error(reports)
			}
		})
	}
}

type noteRead struct {
	NR   string `parquet:"nr"`
	Note string `parquet:"note,optional"`
}

// packedHalf is the beginning of a table that is packed.
var packedHalf = func() []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = w.Write(csvOf(patientHeader, patientCells()...))
	_ = w.Close()
	return b.Bytes()[:30]
}()

// TestRelatedRowsMissing: without the table, or one of its columns, texts are removed, and
// the job says why.
func TestRelatedRowsMissing(t *testing.T) {
	t.Parallel()
	texts := csvOf(noteHeader, noteCells()...)
	for name, c := range map[string]struct {
		inputs map[string][]byte
		want   string
	}{
		"no table":                     {nil, "5 texts were removed that need related rows of table patients: it is not among the inputs"},
		"no column":                    {map[string][]byte{"patients.csv": csvOf("id,famly,given,phone", patientCells()...)}, "it has no column family"},
		"another":                      {map[string][]byte{"people.csv": csvOf(patientHeader, patientCells()...)}, "it is not among the inputs"},
		"no key":                       {map[string][]byte{"patients.csv": csvOf("nr,family,given,phone", patientCells()...)}, "it has no column id"},
		"a bad row":                    {map[string][]byte{"patients.csv": append(csvOf(patientHeader, patientCells()...), "101,one\n"...)}, "a file or row that may belong to it cannot be read"},
		"a bad file":                   {map[string][]byte{"patients.csv": csvOf(patientHeader, patientCells()...), "patients.parquet": []byte("PAR1 and no more")}, "a file or row that may belong to it cannot be read"},
		"a packed one that is none":    {map[string][]byte{"patients.csv": csvOf(patientHeader, patientCells()...), "patients2.csv.gz": []byte("id,family")}, "a file or row that may belong to it cannot be read"},
		"a packed one that breaks off": {map[string][]byte{"patients.csv": csvOf(patientHeader, patientCells()...), "patients2.csv.gz": packedHalf}, "a file or row that may belong to it cannot be read"},
		"one that is nothing":          {map[string][]byte{"patients.csv": csvOf(patientHeader, patientCells()...), "patients2.csv": {}}, "a file or row that may belong to it cannot be read"},
		"one of no format":             {map[string][]byte{"patients.csv": csvOf(patientHeader, patientCells()...), "patients2.parquet": {0, 1, 2, 3}}, "a file or row that may belong to it cannot be read"},
		"no patient":                   {map[string][]byte{"patients.csv": csvOf(patientHeader, []string{"x", "y", "z", "1"})}, "the rows that they belong to are not in it"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inputs := map[string][]byte{"notes.csv": texts}
			for name, text := range c.inputs {
				inputs[name] = text
			}
			out, reports := job(t, relating, inputs)
			if masked := string(out["notes.csv"]); strings.Contains(masked, "today") || !strings.Contains(masked, "r3,") {
				t.Errorf("masked: %s", masked)
			}
			if strings.Count(reports, c.want) != 1 {
				t.Errorf("reported: %s\nwant: %s", reports, c.want)
			}
			for name := range c.inputs {
				if out[name] == nil && strings.Count(reports, name+":") != 1 {
					t.Errorf("%s has no output, and no one error: %s", name, reports)
				}
			}
		})
	}
}
