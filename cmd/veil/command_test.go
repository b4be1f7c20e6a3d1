package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/veil-proxy/veil/fhir/fhirxml"
	"github.com/veil-proxy/veil/fhir/schema"
	"github.com/veil-proxy/veil/internal/fhirtest"
)

// result is what a run of the command left.
type result struct {
	code           int
	stdout, stderr string
}

// veil runs the command as a user would type it.
func veil(t testing.TB, stdin string, args ...string) result {
	t.Helper()
	var out, errs bytes.Buffer
	code := run(args, strings.NewReader(stdin), &out, &errs)
	return result{code, out.String(), errs.String()}
}

// testApp is what the commands share.
func testApp(t testing.TB) *app {
	t.Helper()
	a, err := newApp()
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// newKey writes a key to a temporary folder.
func newKey(t testing.TB) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "project.key")
	if r := veil(t, "", "keys", "new", path); r.code != 0 {
		t.Fatal(r.stderr)
	}
	return path
}

func write(t testing.TB, path, text string) string {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// files are those of a folder, by name.
func files(t *testing.T, dir string) map[string]string {
	t.Helper()
	all, err := readFiles(dir)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func readFiles(dir string) (map[string]string, error) {
	all := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		text, err := os.ReadFile(path)
		name, _ := filepath.Rel(dir, path)
		all[name] = string(text)
		return err
	})
	return all, err
}

func folder(t *testing.T, path string) {
	t.Helper()
	if err := os.MkdirAll(path, 0o755); err != nil {
		t.Fatal(err)
	}
}

const twoPatients = `{"resourceType":"Patient","id":"1","active":true,"name":[{"family":"SECRET"}],"birthDate":"1980-03-05"}
{"resourceType":"Patient","id":"2","active":false,"name":[{"family":"SECRET"}]}
`

const patientXML = `<Patient xmlns="http://hl7.org/fhir"><id value="1"/><active value="true"/><name><family value="SECRET"/></name><birthDate value="1980-03-05"/></Patient>`

// TestEveryCommandHasHelp: with a description and an example.
func TestEveryCommandHasHelp(t *testing.T) {
	var walk func(c *cobra.Command, path []string)
	walk = func(c *cobra.Command, path []string) {
		if c.Short == "" || !c.HasSubCommands() && c.Example == "" {
			t.Errorf("%s: no description or example", c.CommandPath())
		}
		r := veil(t, "", append(path, "--help")...)
		if r.code != 0 || !strings.Contains(r.stdout, "Usage:") {
			t.Errorf("%s --help: exit %d", c.CommandPath(), r.code)
		}
		for _, line := range strings.Split(r.stdout, "\n") {
			if n := utf8.RuneCountInString(line); n > columns {
				t.Errorf("%s --help: a line has %d columns, more than a terminal:\n%s", c.CommandPath(), n, line)
			}
		}
		for _, sub := range c.Commands() {
			if sub.Name() != "help" && sub.Name() != "completion" {
				walk(sub, append(path[:len(path):len(path)], sub.Name()))
			}
		}
	}
	walk(newRoot(testApp(t)), nil)
}

// records returns NDJSON of synthetic patients.
func records(t testing.TB, patients int) (*fhirtest.Population, string) {
	t.Helper()
	p := fhirtest.Generate(7, patients)
	var b bytes.Buffer
	if err := p.WriteNDJSON(&b); err != nil {
		t.Fatal(err)
	}
	return p, b.String()
}

// TestOrderAndBytesDoNotDependOnWorkers, and no planted value is left.
func TestOrderAndBytesDoNotDependOnWorkers(t *testing.T) {
	key := newKey(t)
	p, in := records(t, 30)
	one := veil(t, in, "mask", "--key-file", key, "--workers", "1")
	many := veil(t, in, "mask", "--key-file", key, "--workers", "8")
	if one.code != 0 || one.stdout != many.stdout || strings.Count(one.stdout, "\n") < 1000 {
		t.Fatalf("exit %d and %d, %d and %d bytes: %s", one.code, many.code, len(one.stdout), len(many.stdout), one.stderr)
	}
	for _, found := range p.Find([]byte(one.stdout)) {
		// An instant of 1939 is floored to 1939-01-01, which has January in it.
		if !strings.HasSuffix(found.Value, "-01-01") && !(len(found.Value) == 7 && strings.HasSuffix(found.Value, "-01")) {
			t.Errorf("shows a planted %s of %s: %q", found.Kind, found.Path, found.Value)
		}
	}
}

// TestMaskXMLToFolder: standard input has no name, but a form; the masked XML
// says what the masked JSON says.
func TestMaskXMLToFolder(t *testing.T) {
	key, out := newKey(t), t.TempDir()
	if r := veil(t, patientXML, "mask", "--key-file", key, "--out", out); r.code != 0 {
		t.Fatal(r.stderr)
	}
	masked, err := os.ReadFile(filepath.Join(out, "stdin.xml"))
	if err != nil {
		t.Fatal(err)
	}
	got, err := fhirxml.AppendJSON(schema.R4(), nil, masked)
	if err != nil {
		t.Fatal(err)
	}
	line, _, _ := strings.Cut(twoPatients, "\n")
	want := veil(t, line, "mask", "--key-file", key)
	var g, w any
	if err := errors.Join(json.Unmarshal(got, &g), json.Unmarshal([]byte(want.stdout), &w)); err != nil || !reflect.DeepEqual(g, w) {
		t.Errorf("got  %s\nwant %s, %v", got, want.stdout, err)
	}
}

// failingReader breaks after some bytes.
type failingReader struct{ r io.Reader }

func (f failingReader) Read(b []byte) (int, error) {
	n, err := f.r.Read(b)
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

// TestBrokenInputLeavesNoOutput: neither the file nor a temporary one.
func TestBrokenInputLeavesNoOutput(t *testing.T) {
	key, out := newKey(t), t.TempDir()
	var stdout, stderr bytes.Buffer
	code := run([]string{"mask", "--key-file", key, "--out", out}, failingReader{strings.NewReader(twoPatients)}, &stdout, &stderr)
	if code != 1 {
		t.Errorf("exit %d: %s", code, stderr.String())
	}
	if entries, _ := os.ReadDir(out); len(entries) > 0 {
		t.Errorf("left behind: %v", entries)
	}
}

func TestExport(t *testing.T) {
	r := veil(t, "", "demo", "--patients", "3", "--export", "100000")
	if r.code != 0 || len(r.stdout) < 100000 || len(r.stdout) > 200000 {
		t.Errorf("exit %d, %d bytes", r.code, len(r.stdout))
	}
	line, _, _ := strings.Cut(r.stdout, "\n")
	if !json.Valid([]byte(line)) {
		t.Error("the first line is not JSON")
	}
}

// TestVersionFormats: veil version prints as JSON what it prints as text.
func TestVersionFormats(t *testing.T) {
	t.Parallel()
	var v shownVersion
	if r := veil(t, "", "version", "--json"); json.Unmarshal([]byte(r.stdout), &v) != nil || len(v.FHIR) == 0 {
		t.Fatalf("%s%s", r.stdout, r.stderr)
	}
	if text, want := veil(t, "", "version").stdout, fmt.Sprintf("veil %s, FHIR %s, %s %s\n", v.Version, v.FHIR[0], v.Go, v.Platform); text != want {
		t.Errorf("version is %q as text, %q as JSON", text, want)
	}
}
