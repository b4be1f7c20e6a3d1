package json

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/veil-proxy/veil/document"
	"github.com/veil-proxy/veil/file"
	"github.com/veil-proxy/veil/internal/documenttest"
)

// job masks a file of a name with so many workers, and returns its output and what was
// reported. The section must cover document d.
func job(t *testing.T, section, name string, text []byte, workers int) (out, reported string) {
	t.Helper()
	r, err := documenttest.Compile(t, section)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	in := filepath.Join(dir, name)
	if err := os.WriteFile(in, text, 0o600); err != nil {
		t.Fatal(err)
	}
	var problems strings.Builder
	j := &file.Job{
		Inputs: []string{in}, Out: filepath.Join(dir, "out"), Workers: workers,
		Formats: []file.Format{NewFormat(document.Files{Rules: r, Document: "d"})},
		Report:  func(p file.Problem) { fmt.Fprintln(&problems, strings.TrimPrefix(p.Error(), in)) },
	}
	if _, err := j.Run(context.Background()); err != nil {
		t.Fatal(err)
	}
	masked, err := os.ReadFile(filepath.Join(j.Out, name))
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return string(masked), problems.String()
}

const section = "  rules:\n    - {id: a, match: ['d:$.a', 'd:$[*].a'], method: keep}\n"

func TestFiles(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, file, text, want, reported string }{
		{"one", "x.json", "{\n \"a\": 1,\n \"b\": 2\n}\n", "{\n \"a\": 1\n}\n", ""},
		{"lines", "x.ndjson", "{\"a\":1}\r\n\n{\"b\":2}\n{\"a\":3}", "{\"a\":1}\r\n{}\n{\"a\":3}", ""},
		{"lines without a name", "x.json", "{\"a\":1}\n{\"a\":2}\n", "{\"a\":1}\n{\"a\":2}\n", ""},
		{"a bad line", "x.jsonl", "{\"a\":1}\n{\"a\":Smith}\n{\"a\":3}\n", "{\"a\":1}\n{\"a\":3}\n", ":2:6: not a JSON value\n"},
		{"an array", "x.json", "\ufeff [\n {\"a\":1, \"b\":2} ,\n {\"a\":2}\n]\n", "\ufeff [\n {\"a\":1} ,\n {\"a\":2}\n]\n", ""},
		{"elements of nothing", "x.json", `[{"b":1},{"a":[]},"x",[1]]`, `[{},{"a":[]},null,[]]`, ""},
		{"a bad element", "x.json", "[{\"a\":1},\n {\"a\":1 \"b\":2},{\"a\":3}]", "[{\"a\":1},{\"a\":3}]", ":2:9: expected a comma or the end of the object\n"},
		{"a bad first element", "x.json", "[{\"a\":1,\"a\":2}, {\"a\":3}]", "[ {\"a\":3}]", ":1:9: a member is given twice\n"},
		{"lines of arrays", "x.json", "[{\"a\":1}]\n[{\"a\":2}]\n", "[{\"a\":1}]\n[{\"a\":2}]\n", ""},
		{"no records", "x.json", "[ ]\n", "", ": the file contains no records\n"},
		{"nothing", "x.json", " \n", "", ": the file contains no records\n"},
		{"a cut array", "x.json", `[{"a":1},{"a":"Smi`, "", ": line 1: unexpected end of the file inside an array\n"},
		{"a cut array of scalars", "x.json", `[1,"Smi`, "", ": line 1: string is not closed\n"},
		{"a comma too many", "x.json", `[{"a":1},]`, "", ": line 1: not a JSON value\n"},
		{"no comma", "x.json", "[{\"a\":1}\n{\"a\":2}]", "", ": line 2: expected a comma or the end of the array\n"},
		{"data behind", "x.json", "[\n{\"a\":1}]\n{", "", ": line 3: unexpected data after the array\n"},
		{"one that is wrong", "x.json", "{\n\"a\": Smith\n}\n", "", ":2:6: not a JSON value\n"},
		{"UTF-16", "x.json", "\xff\xfe[\x00]\x00", "", ": the file is not UTF-8, which JSON must be: convert it first\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			out, reported := job(t, section, c.file, []byte(c.text), 2)
			if out != c.want || reported != c.reported {
				t.Errorf("got %q, reported %q\nwant %q, %q", out, reported, c.want, c.reported)
			}
		})
	}
}

// TestWorkersDoNotChangeBytes: files of many blocks, whatever their form, come out as the
// walker masks them record by record.
func TestWorkersDoNotChangeBytes(t *testing.T) {
	t.Parallel()
	const some = "  rules:\n    - {id: i, match: ['d:$.id', 'd:$[*].id'], method: seal, domain: Patient}\n    - {id: n, match: ['d:$.n.*', 'd:$[*].n.*'], keys: {method: pseudonym}, method: surrogate, kind: family, entity: ../id}\n"
	var records []string
	for i := range 20000 {
		records = append(records, fmt.Sprintf(`{"n":{"key %d":"Name %d"},"id":"p%d","x":"%s"}`, i, i, i%1000, strings.Repeat("}", i%97)))
	}
	for name, text := range map[string]string{
		"x.json": "[" + strings.Join(records, ",\n") + "]", "x.ndjson": strings.Join(records, "\n") + "\n",
		"huge.json": "[" + strings.Replace(records[0], "}", strings.Repeat(" ", 3*file.BlockBytes)+"}", 1) + ",1, " + records[1] + "]",
	} {
		one, reported := job(t, some, name, []byte(text), 1)
		many, _ := job(t, some, name, []byte(text), 5)
		if one != many || reported != "" {
			t.Errorf("%s: workers change the output (%s)", name, reported)
		}
		if !strings.HasPrefix(name, "x") {
			continue
		}
		for _, x := range []string{"Name ", "key ", "}}}}"} {
			if strings.Contains(one, x) {
				t.Errorf("%s: %q is in the output", name, x)
			}
		}
		if got := bytes.Count([]byte(one), []byte(`"id":`)); got != len(records) {
			t.Errorf("%s: %d of %d records", name, got, len(records))
		}
	}
}
