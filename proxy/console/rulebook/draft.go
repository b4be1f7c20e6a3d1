package rulebook

import (
	"bytes"
	"errors"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/veil-proxy/veil/fhir"
	"github.com/veil-proxy/veil/internal/rules"
	"github.com/veil-proxy/veil/internal/rulesetdiff"
	"github.com/veil-proxy/veil/internal/strictyaml"
	"github.com/veil-proxy/veil/proxy/console"
)

const (
	// mostDraft is the largest draft, and the largest file of its tests, in bytes.
	mostDraft = 1 << 20
	draftForm = 3*2*mostDraft + 64<<10 // encoded in a form
	// around is how many lines are shown around one with a message.
	around = 2
	// mostMessages and longestLine bound what is shown of a bad draft.
	mostMessages = 200
	longestLine  = 400
)

type draftShown struct {
	Text, Tests string
	Checked     bool
	OK          *verdictOfCheck
	// Lines are those with messages and some around them.
	Lines []draftLine
	// Others are messages about other files, or without a line.
	Others  []string
	Left    int
	Results *testsShown
	Against []choice
	Diff    *compareShown
}

// verdictOfCheck describes a draft without mistakes.
type verdictOfCheck struct {
	Name, SHA256 string
	Rules        int
}

// draftLine is a line of a draft.
type draftLine struct {
	Number   int
	Text     string
	Messages []message
	Gap      bool // lines are left out before it
}

type message struct {
	Column int
	Text   string
}

// newDraft shows the form with the text of a ruleset, or with one that extends it.
func (b *book) newDraft(w http.ResponseWriter, r *console.Request) error {
	data := draftShown{Text: "veil: 1\nname: my-site\nextends: safe-harbor\n", Against: b.choices("")}
	if id := r.FormValue("r"); id != "" {
		k, err := b.open(id)
		if err != nil {
			return err
		}
		var first []byte
		if _, err := b.state().Library.LoadFiles(k.Setting, func(_ string, src []byte) {
			if first == nil {
				first = bytes.Clone(src)
			}
		}); err == nil && first != nil && utf8.Valid(first) {
			data.Text = string(first)
		}
		data.Against = b.choices(id)
	}
	return draftPage.show(w, r, http.StatusOK, "Draft of a ruleset", "", nil, data)
}

// checkDraft checks a draft, and if requested, runs its tests and compares it.
func (b *book) checkDraft(w http.ResponseWriter, r *console.Request) error {
	data := draftShown{Text: lines(r.PostFormValue("text")), Tests: lines(r.PostFormValue("tests")), Checked: true, Against: b.choices(r.PostFormValue("against"))}
	if problem := tooLarge(data.Text, data.Tests); problem != nil {
		return problem
	}
	a, err := b.state().Library.Draft([]byte(data.Text), b.inForceFiles())
	status := http.StatusOK
	if err != nil {
		data.blame(err)
		status = http.StatusUnprocessableEntity
	} else {
		rs := a.Policy.Ruleset
		data.OK = &verdictOfCheck{rs.Name, rs.SHA256(), len(rs.FHIR.Rules)}
		if err := data.further(b, a, r.PostFormValue("against")); err != nil {
			return err
		}
	}
	return draftPage.show(w, r, status, "Draft of a ruleset", "", nil, data)
}

// further runs the tests and the comparison.
func (d *draftShown) further(b *book, a *fhir.Automaton, against string) error {
	if strings.TrimSpace(d.Tests) != "" {
		d.Results = runTests(a, "draft.test.yaml", []byte(d.Tests))
	}
	if against == "" {
		return nil
	}
	other, err := b.open(against)
	if err != nil {
		return err
	}
	d.Diff = &compareShown{}
	d.Diff.fill(rulesetdiff.New(other.Automaton, a))
	return nil
}

// downloadDraft sends a draft back as a file, without checking it.
func (b *book) downloadDraft(w http.ResponseWriter, r *console.Request) error {
	text := lines(r.PostFormValue("text"))
	if problem := tooLarge(text, ""); problem != nil {
		return problem
	}
	return attach(w, "draft.yaml", "application/yaml", []byte(text))
}

// lines normalizes the line ends that browsers send.
func lines(s string) string { return strings.ReplaceAll(s, "\r\n", "\n") }

func tooLarge(texts ...string) error {
	for _, t := range texts {
		switch {
		case len(t) > mostDraft:
			return &console.Problem{Status: http.StatusRequestEntityTooLarge, Reason: "size", Text: "A draft has at most 1 MiB."}
		case !utf8.ValidString(t):
			return &console.Problem{Status: http.StatusBadRequest, Reason: "encoding", Text: "The text is not valid UTF-8."}
		}
	}
	return nil
}

// inForceFiles returns the files of the rulesets in force.
func (b *book) inForceFiles() []string {
	var out []string
	s := b.state()
	for i := range s.Views {
		_, _ = s.Library.LoadFiles(s.Views[i].Ruleset, func(file string, _ []byte) { out = append(out, file) }) // what cannot be read cannot be extended
	}
	return out
}

// blame assigns the checker's messages to their lines.
func (d *draftShown) blame(err error) {
	var problems strictyaml.Problems
	if !errors.As(err, &problems) {
		d.Others = strings.Split(err.Error(), "\n")
		d.bound()
		return
	}
	text := strings.Split(d.Text, "\n")
	at := map[int][]message{}
	for i, p := range problems {
		switch {
		case i >= mostMessages:
			d.Left++
		case p.File != rules.DraftFile || p.Line < 1 || p.Line > len(text):
			d.Others = append(d.Others, p.Error())
		default:
			at[p.Line] = append(at[p.Line], message{p.Column, p.Message})
		}
	}
	last := 0
	for n := 1; n <= len(text); n++ {
		near := false
		for k := n - around; k <= n+around && !near; k++ {
			near = len(at[k]) > 0
		}
		if !near {
			continue
		}
		d.Lines = append(d.Lines, draftLine{Number: n, Text: shorten(text[n-1]), Messages: at[n], Gap: last != 0 && last != n-1})
		last = n
	}
	d.bound()
}

// bound limits the messages to what people would read.
func (d *draftShown) bound() {
	if len(d.Others) > mostMessages {
		d.Left += len(d.Others) - mostMessages
		d.Others = d.Others[:mostMessages]
	}
	for i := range d.Others {
		d.Others[i] = shorten(d.Others[i])
	}
	for i := range d.Lines {
		for k := range d.Lines[i].Messages {
			d.Lines[i].Messages[k].Text = shorten(d.Lines[i].Messages[k].Text)
		}
	}
}

// shorten cuts a line that is too long to be shown.
func shorten(line string) string {
	if len(line) <= longestLine {
		return line
	}
	return strings.ToValidUTF8(line[:longestLine], "") + " …"
}
