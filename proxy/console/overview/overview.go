// Package overview is the first page of the console: what passes through Veil.
package overview

import (
	"embed"
	"net/http"

	"github.com/veil-proxy/veil/proxy/console"
)

//go:embed templates/*.html
var files embed.FS

var page = console.MustParse(files, "templates/overview.html")

// Page is the page.
func Page() console.Page {
	return console.Page{Path: "/", Title: "Overview", Routes: []console.Route{
		{Pattern: "GET /{$}", Serve: func(w http.ResponseWriter, r *console.Request) error {
			return r.Render(w, page, "Overview", nil)
		}},
	}}
}
