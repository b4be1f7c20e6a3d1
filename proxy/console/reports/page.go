// Package reports has the console's page of evidence: it makes a signed report of a period,
// lists earlier reports, and verifies uploaded ones.
//
//	p := reports.New(reports.Config{Log: "audit", Dir: "audit/evidence", …})
//	console.Add(p.Page())
//	defer p.Close()
//
// Reports are those of package report/evidence: they contain names, fixed words and numbers,
// but no data values. An uploaded report is read in memory and not kept.
package reports

import (
	"embed"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"

	"github.com/veil-proxy/veil/mask/keys"
	"github.com/veil-proxy/veil/proxy/console"
	"github.com/veil-proxy/veil/proxy/console/background"
	"github.com/veil-proxy/veil/report/evidence"
	"github.com/veil-proxy/veil/report/signed"
)

//go:embed templates/*.html
var files embed.FS

var page = console.Parse(files, "templates/reports.html")

// Config says what reports are about.
type Config struct {
	Version string
	// Log is the directory of the audit log, Dir that of the reports.
	Log, Dir string
	// SignerFile has the key that signs them; without it, no report can be created.
	SignerFile string
	// InForce returns what a report states about the configuration, or nil if there is no
	// configuration file, and the available rulesets.
	InForce func() (*evidence.Configuration, []evidence.Known, error)
}

// Pages are the pages.
type Pages struct {
	Config
	work background.Work[work]
}

// New returns the pages.
func New(c Config) *Pages { return &Pages{Config: c} }

// Close ends a report in progress.
func (p *Pages) Close() { p.work.Close() }

// uploaded bounds a report that is verified.
const uploaded = 64 << 20

// Page is the page in the navigation.
func (p *Pages) Page() console.Page {
	return console.Page{Path: "/evidence", Title: "Evidence", Group: "Records", Routes: []console.Route{
		{Pattern: "GET /evidence", Viewer: true, Serve: func(w http.ResponseWriter, r *console.Request) error {
			return p.show(w, r, http.StatusOK, &shown{})
		}},
		{Pattern: "POST /evidence", Operation: "make evidence", Serve: p.create},
		{Pattern: "GET /evidence/file/{name}", Viewer: true, Operation: "download evidence", Streams: true, Serve: p.download},
		{Pattern: "POST /evidence/verify", Viewer: true, Operation: "verify evidence", Bytes: uploaded, Serve: p.verify},
	}}
}

// shown is what the page shows.
type shown struct {
	From, To, Problem string
	CanSign           bool
	Work              work
	Running           bool
	Reports           []report
	Verified          *verified
}

// report is a report that was created here.
type report struct {
	Name string
	Made time.Time
	Size int64
}

// verified is the result of verifying an uploaded report.
type verified struct {
	Kind, Key, Fault string
	Changed          []string
}

// named is the form of the names of reports.
var named = regexp.MustCompile(`^evidence-[0-9]{8}T[0-9]{6}Z(-[0-9]+)?\.(html|json)$`)

func (p *Pages) reports() (all []report) {
	entries, err := os.ReadDir(p.Dir)
	if err != nil {
		return nil // no report has been created yet
	}
	for _, e := range entries {
		if info, err := e.Info(); err == nil && named.MatchString(e.Name()) {
			all = append(all, report{e.Name(), info.ModTime(), info.Size()})
		}
	}
	slices.Reverse(all)
	return all
}

func (p *Pages) show(w http.ResponseWriter, r *console.Request, status int, s *shown) error {
	s.CanSign, s.Reports = p.SignerFile != "", p.reports()
	s.Work, s.Running = p.work.State()
	if s.From == "" {
		s.From = time.Now().UTC().AddDate(0, -1, 0).Format(time.DateOnly)
	}
	return r.RenderStatus(w, status, page, "Evidence", s)
}

// download sends a report.
func (p *Pages) download(w http.ResponseWriter, r *console.Request) error {
	name := r.PathValue("name")
	none := &console.Problem{Status: http.StatusNotFound, Text: "There is no such report."}
	if !named.MatchString(name) {
		return none
	}
	f, err := os.Open(filepath.Join(p.Dir, name))
	if err != nil {
		return none
	}
	defer func() { _ = f.Close() }() // only read
	info, err := f.Stat()
	if err != nil {
		return none
	}
	h := w.Header()
	// A report is never displayed in the console's own origin.
	h.Set("Content-Type", "application/octet-stream")
	h.Set("Content-Disposition", `attachment; filename="`+name+`"`)
	h.Set("Content-Length", strconv.FormatInt(info.Size(), 10))
	if _, err := io.Copy(w, f); err != nil {
		panic(http.ErrAbortHandler)
	}
	return nil
}

// verify verifies an uploaded report.
func (p *Pages) verify(w http.ResponseWriter, r *console.Request) error {
	s := &shown{Verified: &verified{}}
	bad := func(text string) error {
		s.Verified.Fault = text
		return p.show(w, r, http.StatusUnprocessableEntity, s)
	}
	text, err := uploadedFile(r.Request)
	if err != nil {
		return bad("Choose a report: the file evidence.html or evidence.json.")
	}
	key := strings.TrimSpace(r.FormValue("key"))
	if key == "" && p.SignerFile != "" {
		if key, err = keys.ReadVerifier(p.SignerFile + ".pub"); err != nil {
			key = ""
		}
	}
	// The input is never used as the name of a file.
	if _, err := note.NewVerifier(key); err != nil {
		return bad("Enter the verifier key of the key that should have signed the report, as veil keys sign printed it.")
	}
	doc, err := signed.Open(text, key)
	var changed *signed.ChangedError
	switch {
	case errors.As(err, &changed):
		s.Verified.Changed = changed.What
	case err != nil:
		s.Verified.Fault = "The file cannot be verified: " + err.Error() + "."
	default:
		s.Verified.Kind, s.Verified.Key = doc.Kind, doc.Key
	}
	return p.show(w, r, http.StatusOK, s)
}

func uploadedFile(r *http.Request) ([]byte, error) {
	f, _, err := r.FormFile("report")
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // only read
	text, err := io.ReadAll(io.LimitReader(f, uploaded))
	if err == nil && len(text) == 0 {
		err = io.ErrUnexpectedEOF
	}
	return text, err
}
