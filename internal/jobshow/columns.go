package jobshow

import (
	"cmp"
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/veil-proxy/veil/file"
	"github.com/veil-proxy/veil/table"
)

// Columns prints what a job would do with the columns of its inputs. It returns how
// many inputs could not be read.
func Columns(out io.Writer, job *file.Job) (failed uint64, err error) {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "FILE\tCOLUMN\tTREATMENT\tRULE\tMETHOD\tNOTE")
	counts, err := job.Inspect(func(name string, format file.Info, doc file.Document) {
		rows, ok := doc.(interface{ Columns() *table.Plan })
		if !ok {
			fmt.Fprintf(w, "%s\t\t\t\t\t%s: see veil ruleset explain\n", name, format.Name)
			return
		}
		for _, col := range rows.Columns().Columns {
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", name, col.Name, col.Treatment, cmp.Or(col.Action.Rule, "(default)"), col.Action.Method, col.Note)
		}
	})
	if err != nil {
		return counts.Failed, err
	}
	return counts.Failed, w.Flush()
}
