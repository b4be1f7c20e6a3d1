// Package trial masks what an operator pastes as each view in force would, and says what
// was applied where and why: a FHIR resource, a row of a table, a SQL statement.
//
//	results := trial.FHIR(ctx, state, text)
//	results[0].Masked, results[0].Applied
//
// Masking chosen values reveals how originals are masked, so only operators may do it.
// Nothing is requested from an upstream: of PostgreSQL, the names and types that the
// listener knows already are used, and a patient who is only known at the upstream is
// unknown. Nothing is stored: no result refers to state that outlives the call, and no
// error contains a value.
package trial

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/veil-proxy/veil/fhir"
	"github.com/veil-proxy/veil/file"
	"github.com/veil-proxy/veil/internal/ruletree"
	"github.com/veil-proxy/veil/internal/stack"
	"github.com/veil-proxy/veil/internal/views"
	"github.com/veil-proxy/veil/mask"
)

// The limits of a trial. Longer texts should be masked as files.
const (
	MostBytes = 1 << 20
	MostTime  = 20 * time.Second
	// MostApplied is how many applications in a result are explained one by one.
	MostApplied = 500
)

// ErrTooLarge says that a text is longer than MostBytes.
var ErrTooLarge = fmt.Errorf("the text is larger than %d bytes: use veil mask for files", MostBytes)

// Result is what a view shows of the text.
type Result struct {
	View *views.View
	// Masked is exactly what a consumer with the view would be sent; nil if nothing.
	Masked []byte
	// Withheld says that a rule withholds the whole resource.
	Withheld bool
	// Problem says why there is no result, with its place in the text.
	Problem *Problem
	Applied []Applied
	// Left is how many applications are not in Applied.
	Left int
	// Counts says how often each rule acted.
	Counts []mask.Applied
}

// Problem is what is wrong with the text. It contains no value of the text.
type Problem struct {
	Line, Column int // from 1; 0 where there is no place
	What         string
}

func (p *Problem) String() string {
	switch {
	case p.Line > 0 && p.Column > 0:
		return fmt.Sprintf("line %d, column %d: %s", p.Line, p.Column, p.What)
	case p.Line > 0:
		return fmt.Sprintf("line %d: %s", p.Line, p.What)
	}
	return p.What
}

// Applied is one application of a rule.
type Applied struct {
	// Resource is masked, as the record has it; empty for rows.
	Resource string
	// Path is where, with indexes: Patient.name[0].given[1], or a column.
	Path string
	// Outcome is the outcome for the value.
	Outcome string
	Reason
}

// Reason explains why a rule does what it does.
type Reason struct {
	Rule, Method, Category string
	// Summary says what the method does, Why is the rule's own note, and At is where the
	// rule is.
	Summary, Why, At string
	Paragraphs       []ruletree.Paragraph
}

// reasons explains the rules of a compiled ruleset.
type reasons map[string]Reason

func reasonsOf(a *fhir.Automaton) reasons {
	out := reasons{}
	for _, act := range a.Actions {
		if _, known := out[act.Rule]; !known {
			out[act.Rule] = Reason{Rule: act.Rule, Method: act.Method, Category: act.Category, Paragraphs: ruletree.Paragraphs(act.Category)}
		}
	}
	policy := a.Policy
	for i := range policy.Ruleset.FHIR.Rules {
		r := &policy.Ruleset.FHIR.Rules[i]
		_, def := policy.Method(i)
		out[r.ID] = Reason{r.ID, r.Method, r.Category, def.Summary, r.Why, r.At.String(), ruletree.Paragraphs(r.Category)}
	}
	return out
}

// tableReasons does the same for the tables section.
func tableReasons(a *fhir.Automaton) reasons {
	out := reasons{}
	policy := a.Policy
	if policy.Ruleset.Tables == nil {
		return out
	}
	for i := range policy.Ruleset.Tables.Rules {
		r := &policy.Ruleset.Tables.Rules[i]
		_, def := policy.TableMethod(i)
		out[r.ID] = Reason{r.ID, r.Method, r.Category, def.Summary, r.Why, r.At.String(), ruletree.Paragraphs(r.Category)}
	}
	return out
}

// of returns the reason for an action. If several rules with conditions may act, it is
// what the action itself says.
func (rs reasons) of(a mask.Action) Reason {
	if r, ok := rs[a.Rule]; ok {
		return r
	}
	return Reason{Rule: a.Rule, Method: a.Method, Category: a.Category, Paragraphs: ruletree.Paragraphs(a.Category)}
}

// each masks for every view by f, until the time is up. An internal error affects the
// result of one view only.
func each(ctx context.Context, s *views.State, f func(v *views.View, r *Result)) []Result {
	out := make([]Result, len(s.Views))
	for i := range s.Views {
		out[i].View = &s.Views[i]
		if ctx.Err() != nil {
			out[i].Problem = &Problem{What: "the time limit was reached: use veil mask for files"}
			continue
		}
		protected(&out[i], func() { f(&s.Views[i], &out[i]) })
	}
	return out
}

func protected(r *Result, f func()) {
	defer func() {
		if recover() != nil { // its text may contain a value
			*r = Result{View: r.View, Problem: &Problem{What: "masking failed: internal error in " + stack.OfPanic()}}
		}
	}()
	f()
}

// open opens a text as a file of a format, after the format's survey, if it makes one.
func open(f file.Format, name string, text []byte) (file.Document, error) {
	source := func() file.Source {
		return file.Source{Reader: bytes.NewReader(text), Name: name, Size: int64(len(text)), At: bytes.NewReader(text)}
	}
	if surveyor, ok := f.(file.Surveyor); ok {
		if survey := surveyor.Survey(); survey != nil {
			doc, err := survey.Open(source())
			if err == nil {
				err = survey.Read(doc)
			}
			if err != nil {
				return nil, err
			}
		}
	}
	return f.Open(source())
}

// throughFormat masks a text as veil mask does a file of a format.
func throughFormat(f file.Format, name string, text []byte, detail bool, r *Result) (file.Document, *mask.Pass) {
	doc, err := open(f, name, text)
	if err != nil {
		r.Problem = &Problem{What: err.Error()}
		return nil, nil
	}
	masker := doc.NewMasker(detail)
	masker.Pass().Begin(mask.Origin{Door: "operator", Operation: "try"})
	var out bytes.Buffer
	merger := doc.NewMerger(&out)
	var done file.Result
	err = doc.Split(func() []byte { return nil }, func(b file.Block) error {
		return merger.Append(masker.AppendMasked(nil, b, &done))
	})
	if err = errors.Join(err, merger.Close()); err != nil {
		r.Problem = &Problem{What: err.Error()}
		return nil, nil
	}
	if len(done.Bad) > 0 {
		bad := done.Bad[0]
		r.Problem = &Problem{bad.Line, bad.Column, bad.What}
		return nil, nil
	}
	r.Withheld = done.Withheld > 0
	r.Masked = out.Bytes()
	r.Counts = masker.Pass().Record("", "").AppendApplied(nil)
	return doc, masker.Pass()
}
