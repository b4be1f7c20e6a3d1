package main

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/parquet-go/parquet-go"
	"github.com/spf13/cobra"

	"github.com/veil-proxy/veil/internal/veiltest"
)

// fence is a block of a page, with its language.
var fence = regexp.MustCompile("(?ms)^```(\\w*)\n(.*?)^```")

// pages are the Markdown files that people read, by their path in the repository.
func pages(t *testing.T) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, pattern := range []string{"*.md", "docs/*.md", "docs/frameworks/*.md", "python/*.md", "deploy/*/*.md"} {
		paths, err := filepath.Glob(filepath.Join("..", "..", pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range paths {
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			name, _ := filepath.Rel(filepath.Join("..", ".."), path)
			if name != "CHANGELOG.md" { // which tells of what was
				all[filepath.ToSlash(name)] = string(text)
			}
		}
	}
	return all
}

// word is a word of a shell, or what separates commands or redirects.
var word = regexp.MustCompile(`\s#.*|\d?[<>]+(?:&\d|\s*)|(?:'[^']*'|"[^"]*"|[^\s'"|&;()<>])+|[|&;()\n]`)

// commands are the words of the commands of a shell's text that run veil.
func commands(text string) (out [][]string) {
	var words []string
	redirected := false
	end := func() {
		for len(words) > 0 && regexp.MustCompile(`^\w+=|^[$!-]$|^run:$`).MatchString(words[0]) {
			words = words[1:] // variables, a prompt, steps of a pipeline
		}
		if len(words) > 1 && strings.TrimPrefix(words[0], "./") == "veil" {
			out = append(out, words[1:])
		}
		words = nil
	}
	for _, w := range word.FindAllString(strings.ReplaceAll(text, "\\\n", " ")+"\n", -1) {
		switch {
		case strings.HasPrefix(strings.TrimSpace(w), "#"):
		case strings.Contains("|&;()\n", w):
			end()
		case regexp.MustCompile(`^\d?[<>]`).MatchString(w):
			redirected = !strings.Contains(w, "&")
		case redirected:
			redirected = false
		default:
			words = append(words, strings.NewReplacer("'", "", `"`, "").Replace(w))
		}
	}
	return out
}

// commandFault says why a command line cannot be one of veil; empty if it can. That of a
// sentence may be a part of one.
func commandFault(t *testing.T, args []string, part bool) string {
	t.Helper()
	c, rest, err := newRoot(testApp(t)).Find(args)
	if err != nil {
		return err.Error()
	}
	if c.HasSubCommands() && len(rest) > 0 {
		return "is not a command"
	}
	if err := c.ParseFlags(rest); err != nil && !(part && strings.HasPrefix(err.Error(), "flag needs an argument")) {
		return err.Error()
	}
	if err := c.ValidateArgs(c.Flags().Args()); err != nil && !part {
		return err.Error()
	}
	return ""
}

// TestDocsNameCommands: each command of veil that a page, or the help of a command, shows is
// one, with flags that it has.
func TestDocsNameCommands(t *testing.T) {
	t.Parallel()
	inline := regexp.MustCompile("`((?:\\./)?veil [a-z][^`]*)`")
	checked := 0
	check := func(where, text string, part bool) {
		t.Helper()
		for _, args := range commands(text) {
			checked++
			if why := commandFault(t, args, part); why != "" {
				t.Errorf("%s: veil %s: %s", where, strings.Join(args, " "), why)
			}
		}
	}
	for name, text := range pages(t) {
		for _, block := range fence.FindAllStringSubmatch(text, -1) {
			check(name, block[2], false)
		}
		for _, span := range inline.FindAllStringSubmatch(fence.ReplaceAllString(text, ""), -1) {
			check(name, strings.NewReplacer("\\|", "_", "…", "", "\n", " ").Replace(span[1]), true)
		}
	}
	for _, c := range withBelow(newRoot(testApp(t))) {
		check(c.CommandPath()+" --help", c.Example, false)
	}
	if checked < 200 {
		t.Errorf("%d commands were checked", checked)
	}
}

// docsRules mask what the files of docsFiles have.
const docsRules = `
veil: 1
name: clinic
extends: safe-harbor
tables:
  rules:
    - {id: ids, match: {column: id}, method: seal, domain: Patient}
    - {id: facts, match: {column: "*"}, method: keep}
documents:
  files: [{file: "claims.json", document: a}, {file: "feed.xml", document: b}, {file: "events.ndjson", document: c}]
  rules:
    - {id: claims, match: ["$..*", "//*", "//@*"], method: keep, keys: keep}
    - {id: letters, match: "letter:/letter/a", method: keep}
`

// docsFiles writes what the pages take for given into a folder: files of every format, a key,
// a ruleset, and a run that is over.
func docsFiles(t *testing.T, dir string) {
	t.Helper()
	schema := arrow.NewSchema([]arrow.Field{{Name: "id", Type: arrow.BinaryTypes.String}, {Name: "sex", Type: arrow.BinaryTypes.String}}, nil)
	b := array.NewRecordBuilder(memory.DefaultAllocator, schema)
	b.Field(0).(*array.StringBuilder).Append("PLANTEDID1")
	b.Field(1).(*array.StringBuilder).Append("F")
	var stream, columns, packed bytes.Buffer
	w := ipc.NewWriter(&stream, ipc.WithSchema(schema))
	if err := w.Write(b.NewRecordBatch()); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	type row struct {
		ID  string `parquet:"id"`
		Sex string `parquet:"sex"`
	}
	if err := parquet.Write(&columns, []row{{"PLANTEDID1", "F"}}); err != nil {
		t.Fatal(err)
	}
	const comma, claims = "id,sex,birth_date,zip,diagnosis\nPLANTEDID1,F,1980,021,E11\nPLANTEDID2,M,1981,021,E11\n", `{"claim": {"total": 12.5}}` + "\n"
	const dump = "--\n-- PostgreSQL database dump\n--\n\nSET statement_timeout = 0;\nCREATE TABLE public.patients (\n    id text,\n    sex text\n);\n\nCOPY public.patients (id, sex) FROM stdin;\nPLANTEDID1\tF\n\\.\n\n\n--\n-- PostgreSQL database dump complete\n--\n\n"
	z := gzip.NewWriter(&packed)
	if _, err := z.Write([]byte(dump)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"project.key": "veil-key-1:dGhlIGtleSBvZiBzY3JpcHRzLCAzMiBieXRlcyBsb24=\n", "clinic.yaml": docsRules, "claims.yaml": docsRules, "site.yaml": docsRules,
		"export/a.ndjson": twoPatients, "patients.ndjson": twoPatients, "extract/visits.csv": comma, "patients.csv": comma, "in.csv": comma,
		"claims.json": claims, "events.ndjson": claims, "feed.xml": "<feed><a>1</a></feed>\n", "letter.xml": "<letter><a>1</a></letter>\n",
		"clinic.sql": dump, "clinic.sql.gz": packed.String(), "patients.parquet": columns.String(), "lake/patients.parquet": columns.String(), "lake/visits.parquet": columns.String(),
		"patients.arrow": stream.String(), "in.arrow": stream.String(), "in": stream.String(),
	} {
		folder(t, filepath.Dir(filepath.Join(dir, name)))
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	// Programs of PostgreSQL, as far as they are used.
	folder(t, filepath.Join(dir, "bin"))
	for name, text := range map[string]string{"pg_dump": "exec cat clinic.sql", "psql": "exec cat >restored.sql"} {
		if err := os.WriteFile(filepath.Join(dir, "bin", name), []byte("#!/bin/sh\n"+text+"\n"), 0o700); err != nil { //nolint:gosec // a program
			t.Fatal(err)
		}
	}
}

// blocks of pages that TestDocsRun runs: a part of each, and what is run before it.
var docsRun = []struct{ page, part, before string }{
	{"docs/files.md", "--check extract/", ""},
	{"docs/files.md", "< letter.xml", "rm lake/patients.parquet\n"},
	{"docs/files.md", "- <in >out", ""},
	{"docs/files.md", "--table clinic.patients", ""},
	{"docs/files.md", "clinic.sql.gz", ""},
	{"docs/files.md", "--check claims.json", ""},
	{"docs/files.md", "veil runs list audit", "veil mask --key-file project.key --ruleset clinic.yaml --out masked --audit-dir audit extract/\n"},
	{"docs/fidelity.md", "veil report risk", "veil mask --key-file project.key --ruleset clinic.yaml --out masked patients.csv\n"},
	{"docs/console.md", "veil keys password ann", "exec <project.key\n"},
}

// docsElsewhere are blocks that are not run here: a part of each, and why.
var docsElsewhere = map[string]string{
	"veil demo\n":                         "TestDemoShowsWhatItPromises runs the demo",
	"--allow-anonymous":                   "a server for ever: TestServe and others start it",
	"./veil demo --export":                "a million records; each line is run with the files of docs/files.md",
	"./veil discover postgres":            "needs a database: TestRealWalk runs the same commands",
	"veil discover postgres":              "needs a database: TestRealWalk runs the same commands",
	"--out s3://":                         "needs object stores: TestRealS3 and TestRealAzure",
	"veil report evidence --config":       "needs a log of these months: script/report-evidence.txtar",
	"veil report verify evidence.html":    "needs the report: script/report-evidence.txtar",
	"veil report fidelity export/":        "needs a database: script/report-fidelity.txtar",
	"veil postgres check":                 "needs a database: script/postgres-check.txtar",
	"veil keys open":                      "a pseudonym of another key: script/keys-open.txtar",
	"veil audit verify /var":              "a folder of the system: script/audit.txtar",
	"veil selftest":                       "needs listeners: script/selftest.txtar",
	"export VEIL=https://":                "needs a server: TestRealPipelines runs such requests",
	"veil keys postgres ann":              "needs a database: TestRealWalk runs the same commands",
	"PGPASSWORD=$(cat upstream.password)": "TestRealWalk runs the page",
	"veil keys new project.key\nveil":     "TestRealWalk runs the page",
	"veil keys api notebook":              "TestRealWalk runs the page",
	"cat > veil.yaml":                     "TestRealWalk runs the page",
	"veil serve --config veil.yaml >":     "TestRealWalk runs the page",
	"veil runs verify record.json out":    "TestRealWalk runs the page",
}

// TestDocsRun: each block of the pages with a command of veil runs as it stands, or there is
// a reason why it does not. No output has an original.
func TestDocsRun(t *testing.T) {
	t.Parallel()
	ran, elsewhere := map[string]bool{}, map[string]bool{}
	for name, text := range pages(t) {
		for _, block := range fence.FindAllStringSubmatch(text, -1) {
			if block[1] != "sh" && block[1] != "" || len(commands(block[2])) == 0 {
				continue
			}
			i := slices.IndexFunc(docsRun, func(r struct{ page, part, before string }) bool {
				return r.page == name && strings.Contains(block[2], r.part)
			})
			if i < 0 {
				known := false
				for part := range docsElsewhere {
					if strings.Contains(block[2], part) {
						known, elsewhere[part] = true, true
					}
				}
				if !known {
					t.Errorf("%s: nothing runs\n%s", name, block[2])
				}
				continue
			}
			ran[fmt.Sprint(docsRun[i])] = true
			t.Run(filepath.Base(name)+docsRun[i].part, func(t *testing.T) {
				t.Parallel()
				runBlock(t, docsRun[i].before+block[2])
			})
		}
	}
	for part := range docsElsewhere {
		if !elsewhere[part] {
			t.Errorf("no block has %q", part)
		}
	}
	if len(ran) != len(docsRun) {
		t.Errorf("%d of %d blocks to run are there", len(ran), len(docsRun))
	}
}

// runBlock runs a block in a folder that has what it takes for given.
func runBlock(t *testing.T, text string) {
	t.Helper()
	dir := t.TempDir()
	docsFiles(t, dir)
	given := files(t, dir)
	c := veiltest.Command(t, veiltest.Works, "bash", "-euo", "pipefail", "-c", text)
	c.Dir = dir
	c.Env = append(os.Environ(), "PATH="+filepath.Join(dir, "bin")+":"+os.Getenv("PATH"))
	out, err := c.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s\n%s", err, text, out)
	}
	if bytes.Contains(out, []byte("PLANTEDID")) {
		t.Errorf("an original was printed:\n%s", out)
	}
	for name, text := range files(t, dir) {
		if _, ok := given[name]; !ok && strings.Contains(text, "PLANTEDID") {
			t.Errorf("%s has an original", name)
		}
	}
}

// withBelow are a command and all below it.
func withBelow(c *cobra.Command) (out []*cobra.Command) {
	out = append(out, c)
	for _, sub := range c.Commands() {
		if sub.Name() != "help" && sub.Name() != "completion" {
			out = append(out, withBelow(sub)...)
		}
	}
	return out
}
