package csv_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"

	"github.com/veil-proxy/veil/file"
	"github.com/veil-proxy/veil/internal/masktest"
	"github.com/veil-proxy/veil/mask"
	"github.com/veil-proxy/veil/table"
	"github.com/veil-proxy/veil/table/csv"
)

const clinic = `
veil: 1
name: test
referenceDate: 2025-06-30
tables:
  files:
    - {file: "pat-*.csv", table: clinic.patients}
  rules:
    - {id: ids, match: {column: id}, method: seal, domain: Patient}
    - {id: name, match: {column: name}, method: pseudonym}
    - {id: born, match: {column: born}, method: birthYear}
    - {id: zip, match: {column: zip}, method: zip3}
    - {id: gone, match: {column: notes}, method: remove}
    - {id: facts, match: [{column: sex}, {column: "free*"}], method: keep}
`

// rules returns the rules of the tests, and the pseudonym of a patient.
func rules(t testing.TB) (r *table.Rules, seal func(id string) string) {
	t.Helper()
	r = parseRules(t, clinic)
	ring := r.Policy().Keys
	return r, func(id string) string {
		out, _ := ring.NewPseudonymizer().AppendSealed(nil, ring.SealSlot("Patient"), []byte(id))
		return string(out)
	}
}

// parseRules returns the rules of a ruleset, with the key of the tests.
func parseRules(t testing.TB, text string) *table.Rules {
	t.Helper()
	return masktest.Rules(t, text)
}

// run masks a text as a file of a name. It returns the output and what was reported.
func run(t testing.TB, name, text string, workers int, c csv.Config) (out, reports string, counts file.Counts) {
	t.Helper()
	dir := t.TempDir()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	c.Rules, _ = rules(t)
	if c.Table == nil {
		c.Table = c.Rules.OfFile
	}
	f, err := csv.New(c)
	if err != nil {
		t.Fatal(err)
	}
	var stdout bytes.Buffer
	policy := c.Rules.Policy()
	job := &file.Job{
		Inputs: []string{path}, Stdout: &stdout, Workers: workers, Formats: []file.Format{f}, Plan: policy.NewPlan(), Keys: policy.Keys,
		Report: func(p file.Problem) { reports += strings.ReplaceAll(p.Error(), dir+"/", "") + "\n" },
	}
	counts, err = job.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return stdout.String(), reports, counts
}

func TestFiles(t *testing.T) {
	t.Parallel()
	_, seal := rules(t)
	p7 := seal("7")
	for _, tc := range []struct {
		name, file, text string
		c                csv.Config
		want, reports    string
	}{
		{name: "quotes stay as they were", text: "id,\"sex\",born\n\"7\",\"f\",1980-02-03\n7,m,\n", want: "id,\"sex\",born\n\"" + p7 + "\",\"f\",1980\n" + p7 + ",m,\n"},
		{name: "hidden columns go", text: "ssn,sex,id\n123-45-6789,f,7\n", want: "sex,id\nf," + p7 + "\n"},
		{name: "NULL and the empty text", text: "id,sex\n,\n\"\",\"\"\n", want: "id,sex\n,\n,\"\"\n"},
		{name: "a NULL of another spelling", text: "id,born,sex\nNA,NA,NA\n7,1920-01-01,x\n", c: csv.Config{Nulls: []string{"NA", ""}}, want: "id,born,sex\nNA,NA,NA\n" + p7 + ",NA,x\n"},
		{name: "removed", text: "id,notes\n7,secret\n", want: "id,notes\n" + p7 + ",\n"},
		{name: "Windows", text: "\ufeffid;sex\r\n7;f\r\n", want: "\ufeffid;sex\r\n" + p7 + ";f\r\n"},
		{name: "Latin-1 comes as UTF-8", text: "id,sex\n7,w\xe4nnlich\n", want: "id,sex\n" + p7 + ",wännlich\n"},
		{name: "tabs", file: "patients.tsv", text: "id\tsex\n7\tf\n", want: "id\tsex\n" + p7 + "\tf\n"},
		{name: "line ends in cells", text: "id,free\n7,\"a\nb\"\n7,\"c\"\n", want: "id,free\n" + p7 + ",\"a\nb\"\n" + p7 + ",\"c\"\n"},
		{name: "names in upper case", file: "PATIENTS.CSV", text: "ID,Sex,BORN\n7,f,1980-02-03\n", want: "ID,Sex,BORN\n" + p7 + ",f,1980\n"},
		{name: "names that differ in case alone", text: "id,ID,sex\n7,8,f\n", c: csv.Config{Header: csv.HeaderPresent}, want: "id,sex\n" + p7 + ",f\n"},
		{name: "no header", text: "7,f\n", c: csv.Config{Header: csv.HeaderAbsent, Table: func(string) table.Name { return table.Name{Table: "none"} }},
			reports: "patients.csv: no rule covers a column of table none: see veil mask --check\n"},
		{name: "rows of other widths", text: "id,sex\n7,f\n7\n7,f,x\n", want: "id,sex\n" + p7 + ",f\n",
			reports: "patients.csv:3:1: the row has 1 cells, but the table has 2 columns\npatients.csv:4:1: the row has 3 cells, but the table has 2 columns\n"},
		{name: "quotes gone wrong", text: "id,sex\n7,f\n7,5\"\n7,\"f\" x\n\"7\",\"f\n", want: "id,sex\n" + p7 + ",f\n",
			reports: "patients.csv:3:4: bare quote in a cell without quotes\npatients.csv:4:6: unexpected data after the closing quote\npatients.csv:5:5: quoted cell without a closing quote\n"},
		{name: "mixed encodings", text: "id,sex\n7,f\n7,\xff\n", c: csv.Config{Encoding: "utf-8"}, want: "id,sex\n" + p7 + ",f\n",
			reports: "patients.csv:3:1: not valid UTF-8: use --encoding, such as windows-1252\n"},
		{name: "no rule", text: "a,b\n1,2\n", reports: "patients.csv: no rule names a column of table patients, so the first line may be data: use --header if it has the names of columns, --no-header if not, or --table for rules of another table\n"},
		{name: "a column twice", text: "id,id\n1,2\n", c: csv.Config{Header: csv.HeaderPresent}, reports: "patients.csv: table patients has two columns \"id\"\n"},
		{name: "a spreadsheet's delimiter", text: "sep=;\r\nid;sex\r\n7;f\r\n", reports: "patients.csv: the first line names the delimiter (sep=), as spreadsheets write it, and is no row: remove it\n"},
		{name: "a delimiter with a header", text: "SEP=,\nid,sex\n7,f\n", c: csv.Config{Header: csv.HeaderPresent}, reports: "patients.csv: the first line names the delimiter (sep=), as spreadsheets write it, and is no row: remove it\n"},
		{name: "a comment", text: "# from the ward\nid,sex\n7,f\n", reports: "patients.csv: the first line begins with #: if it is a comment, remove the comments above the names of columns\n"},
		{name: "a comment of cells", text: "# Smith,1980\nid,sex\n7,f\n", reports: "patients.csv: the first line begins with #: if it is a comment, remove the comments above the names of columns\n"},
		{name: "a header that begins with #", text: "#n,id,sex\n1,7,f\n", c: csv.Config{Header: csv.HeaderPresent}, want: "id,sex\n" + p7 + ",f\n"},
		{name: "a name twice", text: "id,sex,Id\n7,f,8\n", reports: "patients.csv: columns 1 and 3 have the same text in the first line: rename one, or use --no-header if the line is data\n"},
		{name: "empty", text: "", reports: "patients.csv: the file is empty\n"},
		{name: "a header alone", text: "id,sex\n", want: "id,sex\n"},
		{name: "a header alone, without a line end", text: "\ufeffid;free;sex", want: "\ufeffid;free;sex"},
		{name: "a line alone that may be data", text: "Smith,f\n", reports: "patients.csv: no rule names a column of table patients, so the first line may be data: use --header if it has the names of columns, --no-header if not, or --table for rules of another table\n"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			name := tc.file
			if name == "" {
				name = "patients.csv"
			}
			out, reports, _ := run(t, name, tc.text, 2, tc.c)
			if out != tc.want {
				t.Errorf("got %q, want %q", out, tc.want)
			}
			if reports != tc.reports {
				t.Errorf("reported %q, want %q", reports, tc.reports)
			}
		})
	}
}

// TestNoMarkerPasses masks random tables with a marker in each cell that no rule keeps,
// in every dialect and encoding, and looks for markers in the output and the reports.
// However many workers there are and wherever blocks end, the bytes are the same.
func TestNoMarkerPasses(t *testing.T) {
	t.Parallel()
	columns := []string{"id", "name", "born", "zip", "notes", "ssn", "sex", "free1"}
	r := rand.New(rand.NewPCG(1, 2))
	for _, d := range []csv.Dialect{
		csv.Standard,
		{Delimiter: ';', Quote: '"', Escape: '"', Newline: "\r\n"},
		{Delimiter: '\t', Quote: '"', Escape: '\\', Newline: "\n"},
		{Delimiter: '|', Quote: '\'', Escape: '\'', Newline: "\r"},
	} {
		var text []byte
		kept := 0
		for i, name := range columns {
			if i > 0 {
				text = append(text, d.Delimiter)
			}
			text, _ = d.AppendCell(text, []byte(name), false)
		}
		text = append(text, d.Newline...)
		for row := range 4000 {
			for i, name := range columns {
				if i > 0 {
					text = append(text, d.Delimiter)
				}
				value := fmt.Sprintf("MARKER%d", row)
				switch {
				case name == "sex" || name == "free1":
					value = strings.Repeat("k", 1+r.IntN(3))
					kept++
				case name == "born":
					value = fmt.Sprintf("1980-02-03MARKER%d", row)
				}
				switch r.IntN(6) {
				case 0:
					value += string(d.Delimiter)
				case 1:
					value += "\n" + string(d.Quote)
				case 2:
					value += "ü"
				}
				text, _ = d.AppendCell(text, []byte(value), r.IntN(2) == 0)
			}
			text = append(text, d.Newline...)
		}
		encoded := map[string]string{"utf-8": string(text)}
		encoded["windows-1252"], _ = charmap.Windows1252.NewEncoder().String(string(text))
		encoded["utf-16"], _ = unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewEncoder().String(string(text))
		for name, in := range encoded {
			one, reports, counts := run(t, "pat-1.csv", in, 1, csv.Config{})
			four, _, _ := run(t, "pat-1.csv", in, 4, csv.Config{})
			if one != four {
				t.Errorf("%q %s: the number of workers changes the output", d.Delimiter, name)
			}
			plain := one
			if name == "utf-16" {
				plain, _ = unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewDecoder().String(one)
			}
			if counts.Masked != 4000 || strings.Contains(plain, "MARKER") || strings.Contains(plain, "1980-") || strings.Contains(reports, "MARKER") {
				t.Errorf("%q %s: %+v, %.200q, %.200q", d.Delimiter, name, counts, plain, reports)
			}
			if n := strings.Count(plain, "k"); n < kept {
				t.Errorf("%q %s: %d of %d kept values", d.Delimiter, name, n, kept)
			}
		}
	}
}

// BenchmarkMask masks a table of ten columns, of which three are keyed, on one core.
func BenchmarkMask(b *testing.B) {
	rules, _ := rules(b)
	f, err := csv.New(csv.Config{Rules: rules, Table: rules.OfFile})
	if err != nil {
		b.Fatal(err)
	}
	var text bytes.Buffer
	text.WriteString("id,name,born,free1,free2,free3,free4,free5,free6,sex\n")
	for i := range 20000 {
		fmt.Fprintf(&text, "%d,Family%d,1980-01-%02d,value one,%d,%d,\"quoted, text\",2024-05-06,12.5,f\n", i, i, i%28+1, i*7, i%13)
	}
	doc, err := f.Open(file.Source{Reader: bytes.NewReader(text.Bytes()), Name: "patients.csv"})
	if err != nil {
		b.Fatal(err)
	}
	m := doc.NewMasker(false)
	var dst []byte
	b.SetBytes(int64(text.Len()))
	b.ReportAllocs()
	for b.Loop() {
		var r file.Result
		m.Pass().Begin(mask.Origin{})
		dst = m.AppendMasked(dst[:0], file.Block{Text: text.Bytes(), Line: 1, Head: doc}, &r)
		if r.Masked != 20000 {
			b.Fatal(r.Masked)
		}
	}
}
