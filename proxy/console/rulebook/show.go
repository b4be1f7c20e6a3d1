package rulebook

import (
	"bytes"
	"errors"
	"io/fs"
	"net/http"
	"strings"

	"github.com/veil-proxy/veil/fhir"
	"github.com/veil-proxy/veil/internal/ruletest"
	"github.com/veil-proxy/veil/internal/ruletree"
	"github.com/veil-proxy/veil/proxy/console"
	"github.com/veil-proxy/veil/textfile"
)

// covered is a category of Safe Harbor with its rules.
type covered struct {
	ruletree.Paragraph
	Rules, TableRules []ruleAt
	Paths             int
}

// ruleAt is a rule with the address of its text.
type ruleAt struct{ ID, Address string }

type overview struct {
	Categories []covered
	Total      int
	Passing    int
	PassingAt  string // address of the list
	Tests      *testsShown
	Extends    string
}

// testsShown is the result of a ruleset's tests.
type testsShown struct {
	File, Problem string
	Report        *ruletest.Report
}

// show shows what a ruleset covers.
func (b *book) show(w http.ResponseWriter, r *console.Request) error {
	k, err := b.open(r.FormValue("r"))
	if err != nil {
		return err
	}
	return showPage.show(w, r, http.StatusOK, "Overview", "/show", k, overviewOf(k))
}

func overviewOf(k *loaded) *overview {
	c := k.Automaton.Coverage()
	o := &overview{Total: c.Total, Passing: len(c.Passing), PassingAt: address("/passing", k.ID)}
	at := map[string]string{}
	for i := range k.Ruleset.FHIR.Rules {
		rule := &k.Ruleset.FHIR.Rules[i]
		at[rule.ID] = lineAddress(k, rule.At.String())
	}
	for _, cat := range c.Categories {
		p := ruletree.Paragraphs(cat.Letter)
		one := covered{Paragraph: p[0], Paths: cat.Paths}
		for _, id := range cat.Rules {
			one.Rules = append(one.Rules, ruleAt{id, at[id]})
		}
		if k.Ruleset.Tables != nil {
			for i := range k.Ruleset.Tables.Rules {
				if rule := &k.Ruleset.Tables.Rules[i]; strings.Contains(rule.Category, cat.Letter) {
					one.TableRules = append(one.TableRules, ruleAt{rule.ID, lineAddress(k, rule.At.String())})
				}
			}
		}
		o.Categories = append(o.Categories, one)
	}
	return o
}

// lineAddress returns the address of the line of a rule, whose position is given as
// file:line:column.
func lineAddress(k *loaded, at string) string {
	parts := strings.Split(at, ":")
	if len(parts) < 3 {
		return ""
	}
	line := parts[len(parts)-2]
	return address("/text", k.ID, "file", strings.Join(parts[:len(parts)-2], ":")) + "#L" + line
}

// source is a file of a ruleset.
type source struct {
	Name    string
	Lines   []sourceLine
	Current bool
	Address string
}

// sourceLine is a line of a file with its number.
type sourceLine struct {
	N    int
	Text string
}

func linesOf(text string) (out []sourceLine) {
	for i, l := range strings.Split(strings.TrimSuffix(text, "\n"), "\n") {
		out = append(out, sourceLine{i + 1, l})
	}
	return out
}

// text shows the files of a ruleset with the numbers of lines.
func (b *book) text(w http.ResponseWriter, r *console.Request) error {
	k, err := b.open(r.FormValue("r"))
	if err != nil {
		return err
	}
	var data struct {
		Files   []source
		Shown   *source
		Changed string
	}
	// The name of a file is only compared with the names of the ruleset's files.
	wanted := r.FormValue("file")
	rs, err := b.state().Library.LoadFiles(k.Setting, func(file string, src []byte) {
		s := source{Name: file, Lines: linesOf(string(src)), Current: file == wanted, Address: address("/text", k.ID, "file", file)}
		data.Files = append(data.Files, s)
	})
	switch {
	case err != nil:
		data.Changed = "The files of the ruleset can no longer be read. The rules that were read at the last start or reload are in force."
	case k.View != nil && rs.SHA256() != k.SHA256():
		data.Changed = "The files have changed since they were loaded: reload Veil to put this text in force. The other pages show what is in force."
	}
	for i := range data.Files {
		if data.Files[i].Current {
			data.Shown = &data.Files[i]
		}
	}
	if data.Shown == nil && len(data.Files) > 0 {
		data.Files[0].Current = true
		data.Shown = &data.Files[0]
	}
	return textPage.show(w, r, http.StatusOK, "Text", "/text", k, data)
}

// download sends the text of a ruleset, or its canonical form with all that it extends.
func (b *book) download(w http.ResponseWriter, r *console.Request) error {
	k, err := b.open(r.FormValue("r"))
	if err != nil {
		return err
	}
	if r.FormValue("form") == "canonical" {
		return attach(w, k.Ruleset.Name+".json", "application/json", k.Ruleset.Canonical(true))
	}
	var first []byte
	_, err = b.state().Library.LoadFiles(k.Setting, func(_ string, src []byte) {
		if first == nil {
			first = bytes.Clone(src)
		}
	})
	if err != nil || first == nil {
		return &console.Problem{Status: http.StatusConflict, Reason: "ruleset file", Text: "The file of the ruleset cannot be read. Its canonical form can be downloaded."}
	}
	return attach(w, k.Ruleset.Name+".yaml", "application/yaml", first)
}

// attach responds with a file to save.
func attach(w http.ResponseWriter, name, typ string, text []byte) error {
	w.Header().Set("Content-Type", typ)
	w.Header().Set("Content-Disposition", `attachment; filename="`+fileName(name)+`"`)
	_, _ = w.Write(text) // the browser has disconnected
	return nil
}

// fileName reduces a name to letters, digits, dots, hyphens and underscores.
func fileName(name string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune(".-_", r) {
			return r
		}
		return '-'
	}, name)
}

// test runs the tests of a ruleset: the shipped ones, or those in the file beside it.
func (b *book) test(w http.ResponseWriter, r *console.Request) error {
	k, err := b.open(r.FormValue("r"))
	if err != nil {
		return err
	}
	o := overviewOf(k)
	o.Tests = b.runTests(k)
	return showPage.show(w, r, http.StatusOK, "Overview", "/show", k, o)
}

func (b *book) runTests(k *loaded) *testsShown {
	if strings.ContainsAny(k.Setting, `./\`) {
		name := strings.TrimSuffix(k.Setting, ".yaml") + ".test.yaml"
		src, err := textfile.Read(name)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return &testsShown{File: name, Problem: "There is no file " + name + " with tests."}
		case err != nil:
			return &testsShown{File: name, Problem: "The file " + name + " cannot be read."}
		}
		return runTests(k.Automaton, name, src)
	}
	shipped, err := ruletest.Read(nil)
	if err != nil {
		return &testsShown{Problem: err.Error()}
	}
	for _, f := range shipped {
		if f.Ruleset == k.Setting || strings.HasSuffix(f.Ruleset, "+"+k.Setting) {
			a, err := b.state().Library.Public(f.Ruleset)
			if err != nil {
				return &testsShown{File: f.Name, Problem: err.Error()}
			}
			return &testsShown{File: f.Name, Report: f.Run(a)}
		}
	}
	return &testsShown{Problem: "No tests are shipped for this ruleset. Write some, and run them with a draft."}
}

// runTests runs tests with a compiled ruleset.
func runTests(a *fhir.Automaton, name string, src []byte) *testsShown {
	f, err := ruletest.Parse(name, src)
	if err != nil {
		return &testsShown{File: name, Problem: err.Error()}
	}
	return &testsShown{File: name, Report: f.Run(a)}
}
