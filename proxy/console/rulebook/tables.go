package rulebook

import (
	"net/http"
	"strings"

	"github.com/veil-proxy/veil/fhir"
	"github.com/veil-proxy/veil/internal/ruletree"
	"github.com/veil-proxy/veil/postgres/analysis"
	"github.com/veil-proxy/veil/proxy/console"
)

// mostColumns bounds the columns of a page; the filter finds the others.
const mostColumns = 1000

// columnRow is a column of the upstream, or a relation without columns to show.
type columnRow struct {
	analysis.ColumnTreatment
	First      bool // of its relation
	Word       ruletree.Word
	Why, Line  string
	Paragraphs []ruletree.Paragraph
}

// tableRule is a rule of the tables section.
type tableRule struct {
	ID, Method, Match, Why, Line string
	Paragraphs                   []ruletree.Paragraph
}

type tablesShown struct {
	Query    string
	Rows     []columnRow
	TooMany  bool
	Counts   map[ruletree.Word]int
	Problem  string
	Default  string
	Rules    []tableRule
	Findings []analysis.Finding
}

// tables shows the tables of the PostgreSQL upstream under a ruleset.
func (b *book) tables(w http.ResponseWriter, r *console.Request) error {
	k, err := b.open(r.FormValue("r"))
	if err != nil {
		return err
	}
	data := tablesShown{Query: strings.TrimSpace(r.FormValue("q")), Counts: map[ruletree.Word]int{}}
	if k.Ruleset.Tables != nil {
		data.Default = k.Ruleset.Tables.Default
		data.rules(k)
	}
	switch s := b.state(); {
	case k.Ruleset.Tables == nil:
		data.Problem = "The ruleset has no rules for tables: the PostgreSQL listener shows no relations under it."
	case s.Catalog == nil:
		data.Problem = "No PostgreSQL upstream is configured, so there are no tables to apply the rules to."
	default:
		catalog, err := s.Catalog(r.Context())
		if err != nil {
			data.Problem = "The schema of the PostgreSQL upstream cannot be read at the moment."
			break
		}
		policy, err := policyOf(k)
		if err != nil {
			data.Problem = err.Error()
			break
		}
		data.columns(k, policy.Treatments(catalog))
		data.Findings = policy.Findings(catalog)
	}
	return tablesPage.show(w, r, http.StatusOK, "Tables", "/tables", k, data)
}

// policyOf returns the view of the PostgreSQL listener, or without one, a view of all
// relations.
func policyOf(k *loaded) (*analysis.Policy, error) {
	if k.View != nil && k.View.SQL != nil {
		return k.View.SQL, nil
	}
	return analysis.NewPolicy(k.Automaton.Policy, analysis.Options{Document: fhir.NewDocuments(k.Automaton)})
}

func (d *tablesShown) columns(k *loaded, all []analysis.ColumnTreatment) {
	query := strings.ToLower(d.Query)
	before := ""
	for _, c := range all {
		name := c.Schema + "." + c.Relation
		word, rule := ruletree.OfColumn(k.Automaton.Policy, c.Treatment, c.Rule)
		if c.Column != "" {
			d.Counts[word]++
		}
		if query != "" && !strings.Contains(strings.ToLower(name+"."+c.Column), query) && strings.ToLower(c.Rule) != query {
			continue
		}
		if len(d.Rows) == mostColumns {
			d.TooMany = true
			continue
		}
		row := columnRow{ColumnTreatment: c, First: name != before, Word: word}
		if rule != nil {
			row.Why, row.Line, row.Paragraphs = rule.Why, lineAddress(k, rule.At.String()), ruletree.Paragraphs(rule.Category)
		}
		before = name
		d.Rows = append(d.Rows, row)
	}
}

func (d *tablesShown) rules(k *loaded) {
	for i := range k.Ruleset.Tables.Rules {
		r := &k.Ruleset.Tables.Rules[i]
		one := tableRule{ID: r.ID, Method: r.Method, Why: r.Why, Line: lineAddress(k, r.At.String()), Paragraphs: ruletree.Paragraphs(r.Category)}
		var matches []string
		for _, m := range r.Match {
			matches = append(matches, m.String())
		}
		one.Match = strings.Join(matches, ", ")
		d.Rules = append(d.Rules, one)
	}
}
