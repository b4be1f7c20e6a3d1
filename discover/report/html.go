package report

import (
	_ "embed" // for the page
	"html/template"
	"io"
	"slices"
	"strings"
	"sync"

	"github.com/veil-proxy/veil/discover"
)

//go:embed page.html
var pageText string

var page = sync.OnceValue(func() *template.Template {
	return template.Must(template.New("report").Funcs(template.FuncMap{
		"identifies": identifies,
		"percent":    func(f float64) int { return int(100*f + 0.5) },
		"text":       func(s []string) string { return printable(strings.Join(s, "; ")) },
		"printable":  printable,
	}).Parse(pageText))
})

// WriteHTML writes the report as an HTML page with filters. The page loads nothing from
// elsewhere.
func (r *Report) WriteHTML(w io.Writer, source string) error {
	sensitive, quasi, unsure := r.count()
	var classes []string
	for i := range r.Columns {
		if c := string(r.Columns[i].Class); !slices.Contains(classes, c) {
			classes = append(classes, c)
		}
	}
	slices.Sort(classes)
	columns := make([]*discover.Finding, len(r.Columns))
	for i := range r.Columns {
		columns[i] = &r.Columns[i]
	}
	return page().Execute(w, map[string]any{
		"Source": source, "Columns": columns, "Unread": r.Unread, "Classes": classes,
		"Total": len(r.Columns), "Sensitive": sensitive, "Quasi": quasi, "Unsure": unsure,
	})
}
