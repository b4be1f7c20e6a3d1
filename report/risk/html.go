package risk

import (
	_ "embed"
	"html/template"
	"io"
	"sync"
)

//go:embed page.html
var pageText string

var page = sync.OnceValue(func() *template.Template {
	return template.Must(template.New("risk").Funcs(template.FuncMap{
		"share":  share,
		"label":  Size.label,
		"advice": (*Advice).text,
		"values": printable,
		"width": func(n, of uint64) float64 {
			return 100 * float64(n) / float64(max(of, 1))
		},
	}).Parse(pageText))
})

// WriteHTML writes the report as one page that needs nothing else.
func (r *Report) WriteHTML(w io.Writer) error { return page().Execute(w, r) }
