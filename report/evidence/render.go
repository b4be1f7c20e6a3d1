package evidence

import (
	"bytes"
	"cmp"
	_ "embed"
	"encoding/json"
	"fmt"
	"html/template"
	"math"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/mod/sumdb/note"

	"github.com/veil-proxy/veil/report/signed"
	"github.com/veil-proxy/veil/safeharbor"
)

//go:embed page.html
var pageText string

//go:embed sections.html
var sectionsText string

// verifier is a program that verifies a report without Veil.
//
//go:embed verify.py
var verifier string

var page = sync.OnceValue(func() *template.Template {
	return template.Must(template.Must(template.New("page").Funcs(template.FuncMap{
		"n":        func(v any) string { return thousands(toUint(v)) },
		"when":     func(t time.Time) string { return t.UTC().Format(time.DateTime) },
		"time":     func(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 UTC") },
		"join":     func(list []string) string { return strings.Join(list, ", ") },
		"short":    func(s string) string { return s[:min(len(s), 12)] },
		"value":    value,
		"part":     func(name string) template.HTML { return template.HTML(signed.Part(name)) }, //nolint:gosec // a constant of the template
		"basis":    basisOf,
		"listener": listener,
		"title":    sectionTitle,
	}).Parse(pageText)).Parse(sectionsText))
})

// listener is the name of a listener for people.
func listener(door string) string {
	names := map[string]string{"fhir": "FHIR", "postgres": "PostgreSQL", "file": "files"}
	return cmp.Or(names[door], door)
}

// basisMark is how a basis is shown: as a word with a CSS class.
type basisMark struct{ Class, Word string }

// basisOf accepts a Basis, or its word in a template.
func basisOf(b any) basisMark {
	switch b := Basis(fmt.Sprint(b)); b {
	case Measured:
		return basisMark{"measured", string(b)}
	case Stated:
		return basisMark{"stated", string(b)}
	}
	return basisMark{"uncovered", string(NotCovered)}
}

func toUint(v any) uint64 {
	switch v := v.(type) {
	case int:
		return uint64(max(v, 0))
	case uint64:
		return v
	}
	return 0
}

// thousands writes a number with commas.
func thousands(n uint64) string {
	s := strconv.FormatUint(n, 10)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// value writes a figure: a whole number as it is, any other to six digits.
func value(f float64) string {
	if f == math.Trunc(f) && math.Abs(f) < 1e15 {
		return strings.Repeat("-", number(f < 0)) + thousands(uint64(math.Abs(f)))
	}
	return strconv.FormatFloat(f, 'g', 6, 64)
}

// view is the data of the page.
type view struct {
	*Evidence
	Key        string
	JSONSHA256 string
	Verifier   string
	Data       template.JS
	Overview   []covered
	Chart      *chart
	Rules      []ruleRow
	Identified []identifierRow
	Frameworks []framework
	BinUnit    string
}

// covered is a section with its basis.
type covered struct {
	ID, Title string
	Basis     Basis
	Without   string // what to do so that it is covered
}

type ruleRow struct {
	Application
	Chart *chart
}

// identifierRow is an identifier with its rules in each ruleset whose coverage is known.
type identifierRow struct {
	Identifier
	Text  string
	Cells []IdentifierRules
}

type framework struct {
	Name       string
	Provisions []Provision
}

// Sign returns the report as two signed files, JSON and an HTML page.
func (e *Evidence) Sign(signer note.Signer) (asJSON, asHTML []byte, err error) {
	if asJSON, err = signed.JSON(Kind, e, signer); err != nil {
		return nil, nil, err
	}
	asHTML, err = e.HTML(asJSON, signer)
	return asJSON, asHTML, err
}

// HTML returns the report as a signed HTML page. asJSON is the signed JSON file of the
// same report, which the page names by its digest.
func (e *Evidence) HTML(asJSON []byte, signer note.Signer) ([]byte, error) {
	data, err := json.Marshal(e)
	if err != nil {
		return nil, err
	}
	v := &view{
		Evidence: e, Key: fmt.Sprintf("%s+%08x", signer.Name(), signer.KeyHash()), JSONSHA256: digest(asJSON),
		Verifier: verifier, Data: template.JS(data), //nolint:gosec // json.Marshal escapes what could end the script
		Overview: e.overview(),
	}
	b := newBins(e.Period)
	v.BinUnit = b.unit()
	v.Chart = b.exchanges(e.Days)
	for _, a := range e.Applications {
		v.Rules = append(v.Rules, ruleRow{a, b.newChart(180, 22, "Applications of "+a.Rule, stacked{"applications", a.Days})})
	}
	for i, c := range safeharbor.Categories() {
		row := identifierRow{Identifier: e.Identifiers[i], Text: c.Text}
		for _, r := range e.Rulesets {
			if r.Coverage != nil {
				row.Cells = append(row.Cells, r.Coverage.Identifiers[i])
			}
		}
		v.Identified = append(v.Identified, row)
	}
	for _, p := range e.Provisions {
		at := slices.IndexFunc(v.Frameworks, func(f framework) bool { return f.Name == p.Framework })
		if at < 0 {
			v.Frameworks, at = append(v.Frameworks, framework{Name: p.Framework}), len(v.Frameworks)
		}
		v.Frameworks[at].Provisions = append(v.Frameworks[at].Provisions, p)
	}
	var out bytes.Buffer
	if err := page().Execute(&out, v); err != nil {
		return nil, err
	}
	return signed.HTML(Kind, out.Bytes(), signer)
}

// exchanges draws the exchanges of each day by outcome.
func (b *bins) exchanges(days []Day) *chart {
	complete, refused, failed := Counts{}, Counts{}, Counts{}
	for _, d := range days {
		complete[d.Day], refused[d.Day], failed[d.Day] = d.Complete, d.Refused, d.Failed+d.Interrupted
	}
	return b.newChart(720, 120, "Exchanges", stacked{"complete", complete}, stacked{"refused", refused}, stacked{"failed", failed})
}

// sections are the sections of the report, and how to cover those that need more than a
// log.
var sections = []covered{
	{ID: "logs", Title: "Audit logs and their chain of hashes"},
	{ID: "checkpoints", Title: "Signed checkpoints of the audit logs", Without: "set audit.signerFile, and pass --checkpoint-key"},
	{ID: "rulesets", Title: "Rulesets that were used"},
	{ID: "coverage", Title: "Coverage of the eighteen identifiers by these rulesets", Without: "pass each ruleset that was used, with --ruleset"},
	{ID: "applications", Title: "Applications of rules"},
	{ID: "requests", Title: "Exchanges"},
	{ID: "delivered", Title: "Resources and rows delivered"},
	{ID: "refusals", Title: "Refusals and failures"},
	{ID: "consumers", Title: "Consumers"},
	{ID: "keys", Title: "Keys and their rotations"},
	{ID: "runs", Title: "Jobs over files"},
	{ID: "openings", Title: "Pseudonyms opened by operators"},
	{ID: "configuration", Title: "Configuration", Without: "pass --config"},
	{ID: "discovery", Title: "Scope of discovery", Without: "pass --discovery"},
	{ID: "drift", Title: "Drift of the source against the ruleset", Without: "pass --drift"},
	{ID: "selftest", Title: "Self-test of the deployment", Without: "pass --selftest"},
	{ID: "fidelity", Title: "Fidelity of masked data", Without: "pass --fidelity"},
	{ID: "risk", Title: "Risk of re-identification", Without: "pass --risk"},
}

func sectionTitle(id string) string {
	at := slices.IndexFunc(sections, func(c covered) bool { return c.ID == id })
	return sections[at].Title // a test ensures that provisions name existing sections
}

// overview lists the sections in their order.
func (e *Evidence) overview() []covered {
	list := slices.Clone(sections)
	for i := range list {
		list[i].Basis = e.basis(list[i].ID)
	}
	return list
}
