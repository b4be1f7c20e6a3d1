package analysis

import (
	"fmt"
	"path"
	"strings"
	"sync"

	"github.com/veil-proxy/veil/mask"
	"github.com/veil-proxy/veil/mask/forms"
	"github.com/veil-proxy/veil/mask/ruleset"
	"github.com/veil-proxy/veil/postgres/catalog"
	"github.com/veil-proxy/veil/table"
)

// Options are the parts of a consumer's policy that are not in the ruleset.
type Options struct {
	// Relations limits the consumer to the relations whose schema.table one of these globs
	// matches. Empty means all that the ruleset covers.
	Relations []string
	// Functions are functions of the database, as schema.name, that the operator
	// vouches for: they may be called with values that are not keyed.
	Functions []string
	// Explain permits EXPLAIN without ANALYZE. It shows the nodes of the plan without
	// conditions, and only the order of magnitude of estimates.
	Explain bool
	// MinCount is the minimum number of different people in a group, counted by sealed ids
	// of the domain Person. It also restricts the consumer to groups; 0 means no minimum.
	MinCount int
	Person   string
	// Document is the method "fhir": it masks a JSON, JSONB or XML value that is a FHIR
	// resource. Without it, such columns are removed.
	Document mask.Method
	// Documents returns the method "json" for documents with a name, or nil. Without it,
	// such columns are removed.
	Documents func(name string) mask.Method
}

// document is the method of a rule that masks whole documents; nil for none.
func (o *Options) document(f forms.Document) mask.Method {
	switch {
	case f.Name == "":
		return o.Document
	case o.Documents == nil:
		return nil
	}
	return o.Documents(f.Name)
}

// Policy is a ruleset's tables section, ready to run for one consumer. It is immutable
// except for its caches, and safe for concurrent use.
type Policy struct {
	rules     *table.Rules
	masks     *ruleset.Policy // the ruleset of rules
	options   Options
	functions map[string]bool
	// hashKeys has the names of the keys that SQL hashes with.
	hashKeys map[forms.Keyed]hashKey

	mu   sync.Mutex
	over *overlay
	keys sync.Pool
}

// NewPolicy combines a ruleset's policy with the options. The error says which option
// is wrong. Without a tables section in the ruleset, no relation exists.
func NewPolicy(p *ruleset.Policy, o Options) (*Policy, error) {
	for _, g := range o.Relations {
		if _, err := path.Match(g, ""); err != nil {
			return nil, fmt.Errorf("relations: %q is not a glob of *, ?, [a-z]", g)
		}
	}
	rules := table.NewRules(p)
	out := &Policy{rules: rules, masks: rules.Policy(), options: o, functions: map[string]bool{}}
	for _, f := range o.Functions {
		if schema, name, ok := strings.Cut(f, "."); !ok || schema == "" || name == "" || catalog.IsSystem(schema) {
			return nil, fmt.Errorf("functions: %q is not the schema.name of a function of the database", f)
		}
		out.functions[f] = true
	}
	out.nameHashKeys()
	out.keys.New = func() any { return p.Keys.NewPseudonymizer() }
	return out, nil
}

// permits reports whether the consumer may see a relation at all.
func (p *Policy) permits(r *catalog.Relation) bool {
	if len(p.options.Relations) == 0 {
		return true
	}
	for _, g := range p.options.Relations {
		if ok, err := path.Match(g, r.Schema+"."+r.Name); ok && err == nil {
			return true
		}
	}
	return false
}

// overlay returns the policy over a catalog. The last one is remembered.
func (p *Policy) overlay(c *catalog.Catalog) *overlay {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.over == nil || p.over.catalog != c {
		p.over = newOverlay(p, c)
	}
	return p.over
}

// ColumnTreatment is the treatment of a column, or of a relation without one.
type ColumnTreatment struct {
	Schema, Relation, Column string
	Treatment                Treatment
	// Rule and Method are empty if the default applies.
	Rule, Method string
	// Note says why a column or relation is hidden.
	Note string
}

// Treatments lists every relation and column of a catalog with its treatment, in order.
// A relation that does not exist for the consumer, and a view that is expanded through
// its definition, has one line without a column.
func (p *Policy) Treatments(c *catalog.Catalog) []ColumnTreatment {
	o := p.overlay(c)
	var out []ColumnTreatment
	for _, r := range c.Relations() {
		if catalog.IsSystem(r.Schema) {
			continue
		}
		s := o.shapes[r.OID]
		if s.unlisted && s.refused == "" {
			out = append(out, ColumnTreatment{Schema: r.Schema, Relation: r.Name, Note: "not in the consumer's relations"})
			continue
		}
		if s.expand {
			out = append(out, ColumnTreatment{Schema: r.Schema, Relation: r.Name, Treatment: Clear, Note: "view: the treatments of what it reads"})
			continue
		}
		if s.refused != "" {
			out = append(out, ColumnTreatment{Schema: r.Schema, Relation: r.Name, Note: s.refused})
			continue
		}
		for _, col := range s.columns {
			t := ColumnTreatment{Schema: r.Schema, Relation: r.Name, Column: col.Name, Treatment: col.treatment, Note: col.why}
			if col.action != nil {
				t.Rule, t.Method = col.action.Rule, col.action.Method
			}
			out = append(out, t)
		}
	}
	return out
}

// nameOf returns the names by which rules know a relation. A materialised view contains
// other relations' values.
func nameOf(r *catalog.Relation) table.Name {
	return table.Name{Schema: r.Schema, Table: r.Name, Derived: r.Kind == 'm'}
}

// chain returns the rules of a relation's column.
func (p *Policy) chain(r *catalog.Relation, column string) table.Chain {
	return p.rules.Chain(nameOf(r), column)
}

// hasColumn returns a function that reports whether a relation has a column.
func hasColumn(r *catalog.Relation) func(string) bool {
	return func(name string) bool { return r.Column(name) != nil }
}
