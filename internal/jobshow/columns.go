package jobshow

import (
	"cmp"
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
func Columns(out io.Writer, job *file.Job) (failed uint64, err error) {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "FILE\tCOLUMN\tTREATMENT\tRULE\tMETHOD\tNOTE")
	var unread uint64
	counts, err := job.Inspect(func(name string, format file.Info, doc file.Document) {
		switch rows := doc.(type) {
		case interface{ Columns() *table.Plan }:
			columns(w, name, "", rows.Columns().Columns)
		case interface {
			Tables() ([]pgdump.Table, error)
		}:
			tables, err := rows.Tables()
			if err != nil {
				unread++
				job.Report(file.Problem{File: name, What: err.Error()})
			}
			for _, t := range tables {
				if t.Why != "" {
					fmt.Fprintf(w, "%s\t%s\t%s\t\t\t%s\n", name, t.Name, table.Hidden, t.Why)
				}
				columns(w, name, t.Name.String()+".", t.Columns)
			}
		case interface {
			Shapes() ([]document.Shape, error)
		}:
			shapes, err := rows.Shapes()
			if err != nil {
				unread++
				job.Report(file.Problem{File: name, What: err.Error()})
			}
			for _, s := range shapes {
				fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", name, s.Path, s.Treatment, cmp.Or(s.Rule, "(default)"), s.Method, s.Note)
			}
		default:
			fmt.Fprintf(w, "%s\t\t\t\t\t%s: see veil ruleset explain\n", name, format.Name)
		}
	})
	if err != nil {
		return counts.Failed + unread, err
	}
	return counts.Failed + unread, w.Flush()
}

// columns prints the columns of a table, whose names begin with a prefix.
func columns(w io.Writer, file, prefix string, columns []table.Treated) {
	for _, c := range columns {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", file, prefix+c.Name, c.Treatment, cmp.Or(c.Action.Rule, "(default)"), c.Action.Method, c.Note)
	}
}
