// Package auditlog has the console's pages of the audit log: records that match a filter, one
// record in plain words, a verification of the log, and an export.
//
//	p := auditlog.New(auditlog.Config{Dir: "audit", Index: x, …})
//	console.Add(p.Page())
//	defer p.Close()
//
// The pages show the contents of records: names of consumers, rules, elements and
// columns, fixed words and counts. Records contain no data values.
package auditlog

import (
	"embed"

	"github.com/veil-proxy/veil/audit/index"
	"github.com/veil-proxy/veil/proxy/console"
	"github.com/veil-proxy/veil/proxy/console/background"
)

//go:embed templates/*.html
var files embed.FS

var (
	listPage   = console.Parse(files, "templates/list.html")
	recordPage = console.Parse(files, "templates/record.html")
	verifyPage = console.Parse(files, "templates/verify.html")
)

// Config is what the pages need.
type Config struct {
	// Dir is the directory of the log, and Index its index.
	Dir   string
	Index *index.Index
	// VerifierKey verifies the checkpoints of the log; empty for none.
	VerifierKey string
	// Summary says what a masking method does; empty for an unknown method.
	Summary func(method string) string
}

// Pages are the pages.
type Pages struct {
	Config
	verification background.Work[verification]
}

// New returns the pages.
func New(c Config) *Pages { return &Pages{Config: c} }

// Close ends a verification in progress.
func (p *Pages) Close() { p.verification.Close() }

// Page is the page in the navigation, and those below it.
func (p *Pages) Page() console.Page {
	return console.Page{Path: "/audit", Title: "Audit", Group: "Records", Routes: []console.Route{
		{Pattern: "GET /audit", Viewer: true, Serve: p.list},
		{Pattern: "GET /audit/record/{seq}", Viewer: true, Serve: p.record},
		{Pattern: "GET /audit/verify", Viewer: true, Serve: p.showVerification},
		{Pattern: "POST /audit/verify", Viewer: true, Operation: "verify audit log", Serve: p.verify},
		{Pattern: "GET /audit/export", Viewer: true, Operation: "export audit log", Streams: true, Serve: p.export},
	}}
}
