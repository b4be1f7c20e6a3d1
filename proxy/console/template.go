package console

import (
	"embed"
	"html/template"
	"io/fs"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/veil-proxy/veil/proxy/console/assets"
)

//go:embed templates/*.html
var files embed.FS

// frame is the data of the layout. It is the dot of a page's templates: .Data is what the
// page was rendered with, and a form contains {{template "csrf" $}}.
type frame struct {
	Title    string
	Operator string // empty before the login
	MayAct   bool   // the operator is not a viewer
	Replica  string // empty if there is one process only
	CSRF     string
	Notice   string
	Groups   []group
	Data     any
}

// group is a heading of the navigation with its entries.
type group struct {
	Title   string
	Entries []entry
}

// entry is a page in the navigation.
type entry struct {
	Path, Title string
	Current     bool
}

// functions are those of all templates.
var functions = template.FuncMap{
	"asset": assets.Address,
	"at":    func(path string) string { return Path + path },
	"count": count[uint64],
	"time":  func(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05") },
	"once":  random,
	"iso":   func(t time.Time) string { return t.UTC().Format(time.RFC3339) },
}

// count writes a number with a separator of thousands.
func count[N ~int | ~uint64 | ~int64](n N) string {
	digits := strconv.FormatUint(uint64(n), 10)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

var layout = sync.OnceValue(func() *template.Template {
	return template.Must(template.New("").Funcs(functions).ParseFS(files, "templates/layout.html"))
})

var (
	loginTemplate = Parse(files, "templates/login.html")
	loggedOutPage = Parse(files, "templates/loggedout.html")
	problemPage   = Parse(files, "templates/problem.html")
)

// Templates are the templates of a page. They are parsed when the page is first shown,
// because most processes show none.
type Templates func() *template.Template

// Parse returns the templates of a page, to which it adds those of the frame. Like
// template.Must, they panic if a template is invalid.
//
// A page defines "content", and, if it has files of its own in package assets, "head":
//
//	{{define "head"}}<link rel="stylesheet" href="{{asset "audit.css"}}">{{end}}
func Parse(fsys fs.FS, patterns ...string) Templates {
	return sync.OnceValue(func() *template.Template {
		return template.Must(template.Must(layout().Clone()).ParseFS(fsys, patterns...))
	})
}

// navigation returns the entries of the pages that the operator may see, and marks the
// current one.
func (c *Console) navigation(address string, mayAct bool) []group {
	var groups []group
	for _, p := range c.pages {
		if !mayAct && !p.forViewers() {
			continue
		}
		i := slices.IndexFunc(groups, func(g group) bool { return g.Title == p.Group })
		if i < 0 {
			groups = append(groups, group{Title: p.Group})
			i = len(groups) - 1
		}
		at := Path + p.Path
		current := address == at || p.Path != "/" && strings.HasPrefix(address, at+"/")
		groups[i].Entries = append(groups[i].Entries, entry{Path: at, Title: p.Title, Current: current})
	}
	return groups
}
