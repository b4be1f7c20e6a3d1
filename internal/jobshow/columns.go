package jobshow

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/veil-proxy/veil/document"
	"github.com/veil-proxy/veil/file"
	"github.com/veil-proxy/veil/table"
	"github.com/veil-proxy/veil/table/pgdump"
)

// Columns prints what a job would do with the columns of its inputs. It returns how
// many inputs could not be read.
func Columns(ctx context.Context, out io.Writer, job *file.Job) (failed uint64, err error) {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "FILE\tCOLUMN\tTREATMENT\tRULE\tMETHOD\tNOTE")
	var unread uint64
	counts, err := job.Inspect(ctx, func(name string, format file.Info, doc file.Document) {
		line := func(column string, treatment any, rule, method, note string) {
			fmt.Fprintf(w, "%s\t%s\t%v\t%s\t%s\t%s\n", name, column, treatment, cmp.Or(rule, "(default)"), method, note)
		}
		failed := func(err error) {
			if err != nil {
				unread++
				job.Report(file.Problem{File: name, What: err.Error()})
			}
		}
		if d, ok := doc.(interface {
			Shapes() ([]document.Shape, error)
		}); ok {
			shapes, err := d.Shapes()
			failed(err)
			for _, s := range shapes {
				line(s.Path, s.Treatment, s.Rule, s.Method, s.Note)
			}
			return
		}
		tables, ok, err := Tables(doc)
		failed(err)
		if !ok {
			fmt.Fprintf(w, "%s\t\t\t\t\t%s: see veil ruleset explain\n", name, format.Name)
			return
		}
		for _, t := range tables {
			if t.Why != "" {
				fmt.Fprintf(w, "%s\t%s\t%s\t\t\t%s\n", name, t.Name, table.Hidden, t.Why)
			}
			for _, c := range t.Columns {
				column := c.Name
				if len(tables) > 1 {
					column = t.Name.String() + "." + column
				}
				line(column, c.Treatment, c.Action.Rule, c.Action.Method, c.Note)
			}
		}
	})
	if err != nil {
		return counts.Failed + unread, err
	}
	return counts.Failed + unread, w.Flush()
}

// Tables returns the tables in a file, with the treatment of their columns. ok is false
// for a file of another kind.
func Tables(doc file.Document) (tables []pgdump.Table, ok bool, err error) {
	switch d := doc.(type) {
	case interface{ Columns() *table.Plan }:
		p := d.Columns()
		return []pgdump.Table{{Name: p.Source.Name, Columns: p.Columns}}, true, nil
	case interface {
		Tables() ([]pgdump.Table, error)
	}:
		tables, err = d.Tables()
		return tables, true, err
	}
	return nil, false, nil
}
