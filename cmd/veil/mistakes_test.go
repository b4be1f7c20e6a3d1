package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// files are those of a folder, by name.
func files(t *testing.T, dir string) map[string]string {
	t.Helper()
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
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// TestMistakesOfOperators: what an operator can get wrong, as the tables of attacks
// have what an attacker can try. Each mistake ends with one line that says what,
// where and what to do, with a status that is not 0, and no file that was there
// before is changed.
func TestMistakesOfOperators(t *testing.T) {
	t.Parallel()
	const in = `{"resourceType":"Patient","id":"1","name":[{"family":"SECRET"}]}` + "\n"
	bom, crlf := "\xef\xbb\xbf", strings.NewReplacer("\n", "\r\n")
	for _, tc := range []struct {
		name string
		// make adds to a folder that has k (a key), in.ndjson, a/p.ndjson and
		// b/p.ndjson.
		make  func(t *testing.T, at func(string) string)
		stdin string
		args  string // with @ for the folder
		code  int
		want  string // of standard error, a line of it; @ again
	}{
		{name: "rejects into the key", args: "mask --key-file @/k --rejects @/k @/in.ndjson", code: 2, want: "veil: --rejects: would overwrite the key @/k"},
		{name: "rejects into the key by another name", make: func(t *testing.T, at func(string) string) { link(t, at("k"), at("r")) },
			args: "mask --key-file @/k --rejects @/r @/in.ndjson", code: 2, want: "veil: --rejects: would overwrite the key @/k"},
		{name: "rejects into the key by a symbolic link", make: func(t *testing.T, at func(string) string) { symlink(t, at("k"), at("r")) },
			args: "mask --key-file @/k --rejects @/r @/in.ndjson", code: 2, want: "veil: --rejects: would overwrite the key @/k"},
		{name: "rejects into the input", args: "mask --key-file @/k --rejects @/in.ndjson @/in.ndjson", code: 2, want: "veil: --rejects: would overwrite the input @/in.ndjson"},
		{name: "rejects into the ruleset", make: func(t *testing.T, at func(string) string) {
			write(t, at("site.yaml"), "veil: 1\nname: site\nextends: safe-harbor\n")
		}, args: "mask --key-file @/k --ruleset @/site.yaml --rejects @/site.yaml @/in.ndjson", code: 2, want: "veil: --rejects: would overwrite the ruleset @/site.yaml"},
		{name: "rejects into a file of an earlier run", make: func(t *testing.T, at func(string) string) { write(t, at("old"), "old") },
			args: "mask --key-file @/k --rejects @/old @/in.ndjson", code: 1, want: "veil: --rejects: @/old already exists and will not be overwritten: use another path, or remove the file"},
		{name: "rejects into a link to nowhere", make: func(t *testing.T, at func(string) string) { symlink(t, at("none"), at("r")) },
			args: "mask --key-file @/k --rejects @/r @/in.ndjson", code: 1, want: "veil: --rejects: @/r already exists and will not be overwritten: use another path, or remove the file"},
		{name: "rejects into an output", args: "mask --key-file @/k --out @/o --rejects @/o/in.ndjson @/in.ndjson", code: 2, want: "veil: --rejects: is the output of @/in.ndjson too: use another path"},
		{name: "rejects into a folder that is not there", args: "mask --key-file @/k --rejects @/none/r @/in.ndjson", code: 1, want: "no such file or directory"},
		{name: "rejects into the audit log", args: "mask --key-file @/k --audit-dir @/log --rejects @/log/veil-00000000000000000001.jsonl @/in.ndjson", code: 2, want: "veil: --rejects: the directory of the audit log must contain nothing else: use another directory"},
		{name: "output into the audit log", args: "mask --key-file @/k --audit-dir @/log --out @/log @/in.ndjson", code: 2, want: "veil: --out: the directory of the audit log must contain nothing else: use another directory"},
		{name: "two inputs of one name", args: "mask --key-file @/k --out @/o @/a/p.ndjson @/b/p.ndjson", code: 2, want: "veil: @/a/p.ndjson and @/b/p.ndjson would both be written to @/o/p.ndjson: mask them in two runs with different output directories"},
		{name: "two inputs whose names differ in case", make: func(t *testing.T, at func(string) string) { write(t, at("b/P.ndjson"), in) },
			args: "mask --key-file @/k --out @/o @/a/p.ndjson @/b/P.ndjson", code: 2, want: "veil: @/a/p.ndjson and @/b/P.ndjson would both be written to @/o/P.ndjson: mask them in two runs with different output directories"},
		{name: "standard input and a file of its name", make: func(t *testing.T, at func(string) string) { write(t, at("stdin.xml"), in) }, stdin: in,
			args: "mask --key-file @/k --out @/o - @/stdin.xml", code: 2, want: "veil: standard input and @/stdin.xml would both be written to @/o/stdin.xml: mask them in two runs with different output directories"},
		{name: "one input twice", args: "mask --key-file @/k --out @/o @/in.ndjson @/in.ndjson", code: 2, want: "veil: @/in.ndjson and @/in.ndjson are the same file: list it once"},
		{name: "one input by two names", make: func(t *testing.T, at func(string) string) { link(t, at("in.ndjson"), at("also.ndjson")) },
			args: "mask --key-file @/k --out @/o @/in.ndjson @/also.ndjson", code: 2, want: "veil: @/in.ndjson and @/also.ndjson are the same file: list it once"},
		{name: "output over the input", args: "mask --key-file @/k --out @ @/in.ndjson", code: 2, want: "veil: --out: would overwrite the input @/in.ndjson"},
		{name: "output over an input that comes later", make: func(t *testing.T, at func(string) string) {
			write(t, at("a/in.ndjson"), in)
			link(t, at("in.ndjson"), at("o.ndjson"))
		},
			args: "mask --key-file @/k --out @ @/a/in.ndjson @/o.ndjson", code: 2, want: "veil: --out: would overwrite the input @/o.ndjson"},
		{name: "output over one of an earlier run", make: func(t *testing.T, at func(string) string) { folder(t, at("o")); write(t, at("o/in.ndjson"), "old") },
			args: "mask --key-file @/k --out @/o @/in.ndjson", code: 1, want: "veil: --out: @/o/in.ndjson already exists and will not be overwritten: use another path, or remove the file"},
		{name: "output into a file", args: "mask --key-file @/k --out @/k @/in.ndjson", code: 2, want: "veil: --out: @/k is a file: expected a directory"},
		{name: "a folder without an output folder", args: "mask --key-file @/k @/a", code: 2, want: "veil: --out: @/a is a directory, whose files need an output directory"},
		{name: "an input that is not there, after one that is", args: "mask --key-file @/k --out @/o @/in.ndjson @/none", code: 1, want: "no such file"},
		{name: "a file that is no FHIR", make: func(t *testing.T, at func(string) string) { write(t, at("x.json"), "{\n \"name\": \"SECRET\"\n}\n") },
			args: "mask --key-file @/k @/x.json", code: 1, want: "veil: @/x.json:1:1: expected a FHIR 4.0.1 resource: resourceType is missing or is not a type of that version"},
		{name: "a line of another standard", stdin: `{"resourceType":"Foo","id":"SECRET"}` + "\n", args: "mask --key-file @/k", code: 1,
			want: "veil: standard input:1:1: expected a FHIR 4.0.1 resource: resourceType is missing or is not a type of that version"},
		{name: "XML of another standard", stdin: `<ClinicalDocument xmlns="urn:hl7-org:v3"><id value="SECRET"/></ClinicalDocument>`, args: "mask --key-file @/k", code: 1, want: "veil: standard input: the file is a C-CDA document, which Veil does not mask: convert it to FHIR first"},
		{name: "XML of no standard", stdin: `<notes><id value="SECRET"/></notes>`, args: "mask --key-file @/k", code: 1, want: "veil: standard input:1:1: "},
		{name: "a text that is no JSON", stdin: "name,SECRET\n", args: "mask --key-file @/k", code: 1, want: "veil: standard input:1:1: expected a JSON object, a FHIR resource"},
		{name: "an empty file", make: func(t *testing.T, at func(string) string) { write(t, at("e"), "\n \n") }, args: "mask --key-file @/k @/e", code: 1, want: "veil: @/e: the file contains no FHIR resource"},
		{name: "a file that is not compressed", make: func(t *testing.T, at func(string) string) { write(t, at("p.gz"), in) }, args: "mask --key-file @/k @/p.gz", code: 1, want: "veil: @/p.gz: not a gzip file"},
		{name: "a ruleset as the key", args: "mask --key-file @/in.ndjson @/in.ndjson", code: 1, want: "veil: @/in.ndjson: not a key: expected \"veil-key-1:\" and base 64 (make one with: veil keys new FILE)"},
		{name: "a key that others can read", make: func(t *testing.T, at func(string) string) { chmod(t, at("k"), 0o644) }, args: "keys show @/k", code: 1,
			want: "veil: @/k: others can read the file (chmod 600; 640 where root owns it): its mode is 0644"},
		{name: "a folder as the key", args: "keys show @/a", code: 1, want: "veil: @/a: this is a folder, not a file"},
		{name: "a key over a key", args: "keys new @/k", code: 1, want: "veil: @/k already exists and will not be overwritten: without the old key no pseudonym opens again"},
		{name: "a key into no folder", args: "keys new @/none/k", code: 1, want: "no such file or directory"},
		{name: "a key that signs over a file", args: "keys sign @/k", code: 1, want: "veil: @/k already exists and will not be overwritten"},
		{name: "a key that verifies over a file", make: func(t *testing.T, at func(string) string) { write(t, at("s.pub"), "x") }, args: "keys sign @/s", code: 1, want: "veil: @/s.pub already exists and will not be overwritten"},
		{name: "verify an empty folder", make: func(t *testing.T, at func(string) string) { folder(t, at("e")) }, args: "audit verify @/e", code: 1,
			want: "veil: @/e: there is no audit log in this folder: no file is named veil-<20 digits>.jsonl"},
		{name: "verify a folder of other files", make: func(t *testing.T, at func(string) string) { write(t, at("a/veil-x.jsonl"), in) }, args: "audit verify @/a", code: 1,
			want: "veil: @/a: there is no audit log in this folder: no file is named veil-<20 digits>.jsonl"},
		{name: "show a folder of other files", args: "audit show @/a", code: 1, want: "there is no audit log in this folder: no file is named veil-<20 digits>.jsonl (run: veil audit verify @/a)"},
		{name: "verify with the wrong file", args: "audit verify @/a --verifier-key @/k", code: 2, want: "veil: --verifier-key: expected a verifier key or a file with one, as veil keys sign writes to FILE.pub"},
		{name: "a log into a folder of other files", make: func(t *testing.T, at func(string) string) { write(t, at("a/veil-x.jsonl"), in) },
			args: "mask --key-file @/k --audit-dir @/a @/none", code: 1, want: "no such file"},
		{name: "rule tests of nothing", make: func(t *testing.T, at func(string) string) { write(t, at("t.yaml"), "veil: 1\nruleset: safe-harbor\n") }, args: "ruleset test @/t.yaml", code: 1,
			want: "veil: @/t.yaml contains no tests"},
		{name: "records of a time that is none", args: "audit show @/a --since yesterday", code: 2, want: `veil: --since: invalid time "yesterday": expected a date such as 2026-11-29, a time such as 2026-11-29T08:00:00Z, or an age such as 24h`},
		{name: "records of a listener that is none", args: "audit show @/a --listener sql", code: 2, want: `veil: invalid --listener "sql": expected fhir, postgres or file`},
		{name: "records with an outcome that is none", args: "audit show @/a --outcome ok", code: 2, want: `veil: invalid --outcome "ok": expected complete, refused, failed or started`},
		{name: "a form that is none", args: "audit verify @/a --format yaml", code: 2, want: `veil: invalid --format "yaml": expected text or json`},
		{name: "too few arguments", args: "audit show", code: 2, want: "veil: usage: veil audit show DIR [flags] (see veil audit show --help)"},
		{name: "too many arguments", args: "version 1", code: 2, want: "veil: usage: veil version [flags] (see veil version --help)"},
		{name: "a ruleset in UTF-16", make: func(t *testing.T, at func(string) string) { write(t, at("u.yaml"), "\xff\xfev\x00") }, args: "ruleset check @/u.yaml", code: 1,
			want: "veil: @/u.yaml: the file is UTF-16: save it as UTF-8"},

		// What editors on Windows write is no mistake.
		{name: "a ruleset with a byte order mark", make: func(t *testing.T, at func(string) string) {
			write(t, at("w.yaml"), bom+crlf.Replace("veil: 1\nname: site\nextends: safe-harbor\n"))
		}, args: "ruleset check @/w.yaml"},
		{name: "a key with a byte order mark", make: func(t *testing.T, at func(string) string) {
			text, _ := os.ReadFile(at("k"))
			write(t, at("w"), bom+crlf.Replace(string(text)))
		}, args: "keys show @/w"},
		{name: "rule tests with a byte order mark", make: func(t *testing.T, at func(string) string) {
			write(t, at("w.yaml"), bom+crlf.Replace("veil: 1\nruleset: safe-harbor\ntests:\n  - name: n\n    input: '{\"resourceType\":\"Patient\",\"active\":true}'\n    output: '{\"resourceType\":\"Patient\",\"active\":true}'\n"))
		}, args: "ruleset test @/w.yaml"},
		{name: "a configuration with a byte order mark", make: func(t *testing.T, at func(string) string) {
			write(t, at("w.yaml"), bom+crlf.Replace("veil: 1\nfhir: {upstream: http://127.0.0.1:1/fhir}\n"))
		}, args: "serve --config @/w.yaml --print-config"},
		{name: "an input with a byte order mark", stdin: bom + crlf.Replace(in), args: "mask --key-file @/k"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			at := func(name string) string { return filepath.Join(dir, name) }
			if r := veil(t, "", "keys", "new", at("k")); r.code != 0 {
				t.Fatal(r.stderr)
			}
			folder(t, at("a"))
			folder(t, at("b"))
			for _, name := range []string{"in.ndjson", "a/p.ndjson", "b/p.ndjson"} {
				write(t, at(name), in)
			}
			if tc.make != nil {
				tc.make(t, at)
			}
			before := files(t, dir)
			r := veil(t, tc.stdin, strings.Fields(strings.ReplaceAll(tc.args, "@", dir))...)
			after := files(t, dir)
			for name, text := range before {
				if after[name] != text {
					t.Errorf("%s was changed: %q", name, after[name])
				}
				delete(after, name)
			}
			if tc.code == 2 && len(after) > 0 {
				t.Errorf("left behind: %q", after)
			}
			want := strings.ReplaceAll(tc.want, "@", dir)
			if r.code != tc.code || !strings.Contains(r.stderr, want) {
				t.Errorf("exit %d, want %d\n%s\nwant %s", r.code, tc.code, r.stderr, want)
			}
			if tc.code != 0 && strings.Count(r.stderr, "\n") != 1 {
				t.Errorf("not one line:\n%s", r.stderr)
			}
			if strings.Contains(r.stderr+r.stdout, "SECRET") {
				t.Errorf("shows a value: %s%s", r.stdout, r.stderr)
			}
		})
	}
}

func folder(t *testing.T, path string) {
	t.Helper()
	if err := os.MkdirAll(path, 0o755); err != nil {
		t.Fatal(err)
	}
}

func link(t *testing.T, from, to string) {
	t.Helper()
	if err := os.Link(from, to); err != nil {
		t.Fatal(err)
	}
}

func symlink(t *testing.T, from, to string) {
	t.Helper()
	if err := os.Symlink(from, to); err != nil {
		t.Fatal(err)
	}
}

func chmod(t *testing.T, path string, mode os.FileMode) {
	t.Helper()
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
}

// TestFormats: what commands print as JSON is JSON, and has no text beside it.
func TestFormats(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	log, key := filepath.Join(dir, "log"), newKey(t)
	if r := veil(t, twoPatients, "mask", "--key-file", key, "--audit-dir", log); r.code != 0 {
		t.Fatal(r.stderr)
	}
	for _, args := range [][]string{
		{"ruleset", "list"}, {"ruleset", "check", "safe-harbor", "demo"}, {"audit", "verify", log}, {"audit", "show", log, "--operation", "mask"}, {"runs", "list", log}, {"runs", "show", log},
		{"version"}, {"keys", "show", key, "--project", "trial-17"},
	} {
		r := veil(t, "", append(args, "--format", "json")...)
		if r.code != 0 || !json.Valid([]byte(r.stdout)) || len(r.stdout) < 10 {
			t.Errorf("%v: exit %d: %s%s", args, r.code, r.stdout, r.stderr)
		}
	}
}

// noSpace is a standard output that nothing can be written to.
type noSpace struct{}

func (noSpace) Write([]byte) (int, error) { return 0, errors.New("no space left on device") }

// TestOutputFails: a command whose output is lost fails, and says so once.
func TestOutputFails(t *testing.T) {
	t.Parallel()
	key := newKey(t)
	for _, args := range [][]string{
		{"version"}, {"version", "--json"}, {"keys", "show", key}, {"keys", "api", "alice"}, {"ruleset", "list"}, {"ruleset", "show", "safe-harbor"}, {"ruleset", "explain", "Patient.name"}, {"mask", "--key-file", key}, {"--help"},
	} {
		var errs bytes.Buffer
		code := run(args, strings.NewReader(twoPatients), noSpace{}, &errs)
		if code != exitFailed || strings.Count(errs.String(), "no space left on device") != 1 {
			t.Errorf("%v: exit %d: %s", args, code, &errs)
		}
	}
}
