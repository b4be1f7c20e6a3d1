package ruleset

import (
	"github.com/veil-proxy/veil/internal/strictyaml"
	"github.com/veil-proxy/veil/mask"
	"github.com/veil-proxy/veil/mask/keys"
)

// Policy is a ruleset ready to run: its methods created, its keys derived. It is
// immutable and shared by every exchange.
type Policy struct {
	Ruleset *Ruleset
	Keys    *keys.Keyring
	defs    mask.Methods
	methods []mask.Method
	tables  []mask.Method
	// documents are the methods of document rules, names those for names of members; nil for
	// a rule without one.
	documents, names []mask.Method
	text             mask.Method
}

// NewPolicy creates the method of every rule. The error is strictyaml.Problems, each at
// its rule.
func NewPolicy(rs *Ruleset, defs mask.Methods, keys *keys.Keyring) (*Policy, error) {
	p := &Policy{Ruleset: rs, Keys: keys, defs: defs}
	env := mask.Env{Keys: keys, ReferenceDate: rs.ReferenceDate}
	var problems strictyaml.Problems
	if rs.Overlay {
		problems.Add(strictyaml.Position{File: rs.File(), Line: 1, Column: 1},
			"ruleset %q is an overlay, which works only on a base: use %q, or a ruleset with \"extends: [safe-harbor, %s]\"", rs.Name, "safe-harbor+"+rs.Name, rs.Name)
		return nil, problems.Err()
	}
	newMethod := func(id, method string, args mask.Args, at strictyaml.Position) mask.Method {
		def, ok := defs[method]
		if !ok {
			problems.Add(at, "unknown method %q", method)
			return nil
		}
		m, err := def.New(env, args)
		if err != nil {
			problems.Add(at, "rule %q: method %q: %v", id, method, err)
		}
		return m
	}
	var fields []fieldRule
	for i := range rs.FHIR.Rules {
		r := &rs.FHIR.Rules[i]
		p.methods = append(p.methods, newMethod(r.ID, r.Method, r.Args, r.At))
		fields = append(fields, fieldRule{r.ID, r.Method, r.Args, r.At})
	}
	checkLikes(&problems, defs, fields)
	if rs.Tables != nil {
		fields = fields[:0]
		for i := range rs.Tables.Rules {
			r := &rs.Tables.Rules[i]
			p.tables = append(p.tables, newMethod(r.ID, r.Method, r.Args, r.At))
			fields = append(fields, fieldRule{r.ID, r.Method, r.Args, r.At})
		}
		checkLikes(&problems, defs, fields)
	}
	if rs.Documents != nil {
		for i := range rs.Documents.Rules {
			r := &rs.Documents.Rules[i]
			var value, name mask.Method
			if r.Method != "" {
				value = newMethod(r.ID, r.Method, r.Args, r.At)
			}
			if r.Keys != nil {
				name = newMethod(r.ID, r.Keys.Method, r.Keys.Args, r.At)
			}
			p.documents, p.names = append(p.documents, value), append(p.names, name)
		}
	}
	if rs.Text != nil {
		p.text = newMethod("text", rs.Text.Method, rs.Text.Args, rs.Text.At)
	}
	return p, problems.Err()
}

// Method returns the method of FHIR rule i and its definition.
func (p *Policy) Method(i int) (mask.Method, mask.Definition) {
	return p.methods[i], p.defs[p.Ruleset.FHIR.Rules[i].Method]
}

// TableMethod returns the method of tables rule i and its definition.
func (p *Policy) TableMethod(i int) (mask.Method, mask.Definition) {
	return p.tables[i], p.defs[p.Ruleset.Tables.Rules[i].Method]
}

// DocumentMethod returns the method of documents rule i and its definition. A rule that
// is only about names has none.
func (p *Policy) DocumentMethod(i int) (mask.Method, mask.Definition) {
	return p.documents[i], p.defs[p.Ruleset.Documents.Rules[i].Method]
}

// DocumentNameMethod returns the method that documents rule i has for names of members,
// or nil.
func (p *Policy) DocumentNameMethod(i int) mask.Method { return p.names[i] }

// NewPlan returns an empty plan of the policy, to be applied to a shape.
func (p *Policy) NewPlan() *mask.Plan {
	return &mask.Plan{Ruleset: p.Ruleset.Name, RulesetSHA256: p.Ruleset.SHA256(), Keys: p.Keys}
}
