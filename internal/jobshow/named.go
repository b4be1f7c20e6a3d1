package jobshow

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/veil-proxy/veil/file"
	"github.com/veil-proxy/veil/table"
)

// Named warns of columns that rules name but inputs do not have, or makes them errors.
type Named struct {
	// Strict makes them errors: of the job, before anything is written, or of standard
	// input, which can be read only once.
	Strict bool

	job   *file.Job
	rules *table.Rules
	seen  *table.Named
}

// NewNamed looks at the inputs of a job when it opens them.
func NewNamed(job *file.Job, rules *table.Rules, strict bool) *Named {
	n := &Named{job: job, rules: rules, seen: table.NewNamed(rules), Strict: strict}
	job.Opened = n.opened
	return n
}

// Check opens all inputs of a strict job, and returns what is wrong.
func (n *Named) Check(ctx context.Context) error {
	if !n.Strict {
		return nil
	}
	probe := *n.job
	probe.Opened, probe.Report = nil, nil // the job itself reports what cannot be read
	probe.Inputs = slices.DeleteFunc(slices.Clone(n.job.Inputs), func(in string) bool { return in == "-" })
	if len(probe.Inputs) == 0 {
		return nil
	}
	seen := table.NewNamed(n.rules)
	var absent []string
	_, err := probe.Inspect(ctx, func(name string, _ file.Info, doc file.Document) {
		for _, what := range addTables(seen, doc) {
			absent = append(absent, name+": "+what)
		}
	})
	if err != nil {
		return err
	}
	if len(probe.Inputs) == len(n.job.Inputs) {
		absent = append(absent, seen.Rest()...)
	}
	if len(absent) > 0 {
		return errors.New(strings.Join(absent, "\n"))
	}
	return nil
}

// addTables adds the tables of a file that are known once it is open. It returns what is
// wrong with rules that name them.
func addTables(to *table.Named, doc file.Document) (absent []string) {
	tables, _, err := Tables(doc)
	if err != nil {
		return nil // the job reports it
	}
	for _, t := range tables {
		s := table.Source{Name: t.Name}
		for _, c := range t.Columns {
			s.Columns = append(s.Columns, c.Column)
		}
		absent = append(absent, to.Add(&s)...)
	}
	return absent
}

// opened is file.Job.Opened.
func (n *Named) opened(name string, doc file.Document) error {
	absent := addTables(n.seen, doc)
	if n.Strict && len(n.job.Inputs) == 1 {
		absent = append(absent, n.seen.Rest()...)
	}
	if n.Strict && len(absent) > 0 {
		return errors.New(absent[0])
	}
	for _, what := range absent {
		n.job.Report(file.Problem{File: name, What: "warning: " + what})
	}
	return nil
}

// Rest warns of columns that no input had.
func (n *Named) Rest() {
	for _, what := range n.seen.Rest() {
		n.job.Report(file.Problem{What: "warning: " + what})
	}
}
