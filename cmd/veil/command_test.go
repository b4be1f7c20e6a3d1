package main

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/veil-proxy/veil/fhir/fhirtest"
	"github.com/veil-proxy/veil/fhir/fhirxml"
	"github.com/veil-proxy/veil/fhir/schema"
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

func TestMaskToFolder(t *testing.T) {
	key, dir := newKey(t), t.TempDir()
	plain := write(t, filepath.Join(dir, "a.ndjson"), twoPatients)
	var z bytes.Buffer
	w := gzip.NewWriter(&z)
	if _, err := w.Write([]byte(twoPatients)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	packed := write(t, filepath.Join(dir, "b.ndjson.gz"), z.String())
	out, auditDir := filepath.Join(dir, "out"), filepath.Join(dir, "audit")
	if r := veil(t, "", "mask", "--key-file", key, "--out", out, "--audit-dir", auditDir, plain, packed); r.code != 0 {
		t.Fatal(r.stderr)
	}
	a, err := os.ReadFile(filepath.Join(out, "a.ndjson"))
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(filepath.Join(out, "b.ndjson.gz"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	g, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(g)
	if err != nil || !bytes.Equal(a, b) || bytes.Contains(a, []byte("SECRET")) || bytes.Count(a, []byte("\n")) != 2 {
		t.Errorf("%s\n%s\n%v", a, b, err)
	}
	entries, err := os.ReadDir(out)
	if err != nil || len(entries) != 2 {
		t.Errorf("the folder has %v", entries)
	}
	if r := veil(t, "", "audit", "verify", auditDir); r.code != 0 || !strings.Contains(r.stdout, "4 records") {
		t.Errorf("%s%s", r.stdout, r.stderr)
	}
	r := veil(t, "", "audit", "show", auditDir, "--operation", "mask", "--last", "1")
	if r.code != 0 || !strings.Contains(r.stdout, "2 Patient") || !strings.Contains(r.stdout, "names") || strings.Contains(r.stdout, "SECRET") {
		t.Errorf("%s%s", r.stdout, r.stderr)
	}

	// A changed record is found, and its place named.
	segments, err := filepath.Glob(filepath.Join(auditDir, "*.jsonl"))
	if err != nil || len(segments) != 1 {
		t.Fatal(segments, err)
	}
	text, err := os.ReadFile(segments[0])
	if err != nil {
		t.Fatal(err)
	}
	write(t, segments[0], strings.Replace(string(text), `"operation":"mask"`, `"operation":"mosk"`, 1))
	if r := veil(t, "", "audit", "verify", auditDir); r.code != 1 || !strings.Contains(r.stderr, ".jsonl:3 (seq 3): changed") {
		t.Errorf("%s%s", r.stdout, r.stderr)
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

func TestRejects(t *testing.T) {
	key, dir := newKey(t), t.TempDir()
	rejects := filepath.Join(dir, "rejects.ndjson")
	r := veil(t, "{broken\n"+twoPatients, "mask", "--key-file", key, "--rejects", rejects)
	if r.code != 0 || r.stderr != "" || strings.Count(r.stdout, "\n") != 2 {
		t.Errorf("exit %d: %s%s", r.code, r.stdout, r.stderr)
	}
	info, err := os.Stat(rejects)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatal(info, err)
	}
	if text, _ := os.ReadFile(rejects); string(text) != "{broken\n" {
		t.Errorf("rejects are %q", text)
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

// TestConfigRoundTrip: what --print-config prints is a configuration.
func TestConfigRoundTrip(t *testing.T) {
	dir := t.TempDir()
	first := veil(t, "", "serve", "--print-config", "--fhir-upstream", "http://fhir.example/fhir", "--audit-dir", "a")
	if first.code != 0 {
		t.Fatal(first.stderr)
	}
	file := write(t, filepath.Join(dir, "veil.yaml"), first.stdout)
	second := veil(t, "", "serve", "--config", file, "--print-config")
	if second.code != 0 || second.stdout != first.stdout {
		t.Errorf("%s\n%s", second.stdout, second.stderr)
	}
	bad := write(t, filepath.Join(dir, "bad.yaml"), "veil: 1\nfhir:\n  upstraem: x\n  limits:\n    headerBytes: many\n    readTimeout: 5\nrulset: x\n")
	r := veil(t, "", "serve", "--config", bad)
	for _, want := range []string{`bad.yaml:3:3: unknown key "upstraem" (did you mean "upstream"?)`, "bad.yaml:5:18: fhir.limits.headerBytes: expected a whole number", "bad.yaml:6:18: fhir.limits.readTimeout: expected a duration", `bad.yaml:7:1: unknown key "rulset"`} {
		if !strings.Contains(r.stderr, want) {
			t.Errorf("no %q in\n%s", want, r.stderr)
		}
	}
	if r.code == 0 {
		t.Error("a bad configuration was accepted")
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
