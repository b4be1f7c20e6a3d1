package fhir

import (
	"errors"
	"maps"
	"slices"

	"github.com/veil-proxy/veil/fhir/fhirjson"
	"github.com/veil-proxy/veil/fhir/schema"
	"github.com/veil-proxy/veil/internal/strictyaml"
	"github.com/veil-proxy/veil/mask"
	"github.com/veil-proxy/veil/mask/keys"
	"github.com/veil-proxy/veil/mask/ruleset"
)

type compiler struct {
	a        *Automaton
	policy   *ruleset.Policy
	rules    []ruleset.Rule
	patterns [][]*pattern // by rule
	index    patternIndex // the same, by what they match
	elements []*elementRule
	memo     map[nodeKey]*node
	layouts  map[*schema.Type]*layout
	// own and key are scratch space of node: the items it looks for, and their text.
	own      []item
	key      []byte
	used     []bool
	problems strictyaml.Problems
	shared   map[string]*decision // extensions where the context makes no difference
	bounds   map[*elementRule]map[string]*elementRule

	// Rules by what their methods give: see fit.go.
	fitting     map[misfit]bool
	misfits     map[misfit]string
	misfitOrder []misfit
	probing     *keys.Keyring
	importedKey string // of another tool, that makes ids; or nothing
	// Rules on ids and references by what they do; apart has those that do neither.
	keptIdentity, sealedIdentity map[identity][]int
	apart                        map[int]bool
	// conflicts has the pairs of rules neither of which is more specific.
	conflicts map[pair]*conflict
}

// Compile applies a policy to a schema. The error is strictyaml.Problems, such as an
// expression that names an unknown type or element, a method that does not fit, two
// rules of equal rank for one element, or a rule that can match nothing.
func Compile(policy *ruleset.Policy, sch *schema.Schema) (*Automaton, error) {
	c := &compiler{
		a: &Automaton{
			Plan:   policy.NewPlan(),
			Policy: policy,
			schema: sch,
			roots:  map[string]*node{},
			canon:  policy.Ruleset.FHIR.Canonicals,
		},
		policy: policy,
		rules:  policy.Ruleset.FHIR.Rules,
		memo:   map[nodeKey]*node{},
		bounds: map[*elementRule]map[string]*elementRule{},

		layouts: map[*schema.Type]*layout{},

		fitting: map[misfit]bool{}, misfits: map[misfit]string{},
		keptIdentity: map[identity][]int{}, sealedIdentity: map[identity][]int{}, apart: map[int]bool{},
	}
	c.used = make([]bool, len(c.rules))
	if sec := policy.Ruleset.FHIR; sec.Version != "" && sec.Version != sch.Name && !sch.Is(sec.Version) || sec.Version == "" && sch.Name != "R4" {
		c.problems.Add(sec.VersionAt, "fhir: version is not %s, whose tables the ruleset is compiled with", sch.Name)
		return nil, c.problems.Err()
	}
	c.engineActions()
	c.a.unknownResource = decision{op: opRemove, action: c.a.engine.unknownResource, label: mask.LabelRedacted}
	c.a.codes = newCodeSystems(policy.Ruleset.FHIR.CodeSystems, &c.problems)
	c.parse()
	if err := c.problems.Err(); err != nil {
		return nil, err
	}
	c.index = newPatternIndex(sch, c.patterns)
	c.a.Plan.Actions = slices.Grow(c.a.Plan.Actions, sch.Members())
	keys := policy.Keys
	c.a.urnSlot = keys.MACSlot("pseudonym", "urn")
	c.a.identifierSlot = keys.MACSlot("pseudonym", "identifier-key")
	c.a.uuidSlot = keys.PermuteSlot("urn-uuid")
	c.a.containedSlot = keys.MACSlot("pseudonym", "contained-id")
	c.a.systemSlot = keys.MACSlot("pseudonym", "code-system")
	c.a.codeSlot = keys.MACSlot("pseudonym", "code")
	c.a.versionSlot = keys.SealSlot("_history")
	c.importedIDs()
	ways := sch.PatientPaths()
	for _, t := range sch.Types() {
		if t.Kind != schema.ResourceKind || t.Abstract {
			continue
		}
		c.a.types = append(c.a.types, t.Name)
		c.a.sealSlots = append(c.a.sealSlots, c.idSlot(t.Name))
		c.a.leads = append(c.a.leads, ways[t.Name])
		n := c.node(t, nil, t.Name, nil)
		n.index = len(c.a.types) - 1
		n.ofResources = t.Name == "Bundle" || t.Name == "Parameters"
		c.a.roots[t.Name] = n
		n.withheld = c.withheld(t)
		c.a.rootNodes = append(c.a.rootNodes, n)
	}
	c.a.rootKeys = fhirjson.NewKeyTable(c.a.types)
	for _, n := range c.a.nodes {
		for i := range n.fields {
			for d := &n.fields[i].decision; d != nil; d = d.otherwise {
				d.memo = d.op == opDescend && rememberable(d.child.typ) || d.op == opMeta
			}
		}
	}
	c.reportUnused()
	c.reportConflicts()
	c.reportMisfits()
	c.reportIdentities()
	c.checkSearchParameters()
	if err := c.problems.Err(); err != nil {
		return nil, err
	}
	return c.a, nil
}

// parse reads every match and resolves its names.
func (c *compiler) parse() {
	c.patterns = make([][]*pattern, len(c.rules))
	c.elements = make([]*elementRule, len(c.rules))
	for i, r := range c.rules {
		m, _ := c.method(i)
		c.elements[i], _ = m.(*elementRule)
		for j, expr := range r.Match {
			at := r.MatchAt[j]
			p, err := parseMatch(expr)
			if err == nil {
				err = c.resolve(p)
			}
			if err != nil {
				if me := (*matchError)(nil); errors.As(err, &me) {
					at.Column += me.offset
				}
				c.problems.Add(at, "rule %q: match: %v", r.ID, err)
				continue
			}
			c.patterns[i] = append(c.patterns[i], p)
		}
	}
}

// nodeKey tells nodes apart.
type nodeKey struct {
	typ   *schema.Type
	mode  *elementRule
	items string
}

// node returns the node of a type under items, and creates it if needed. mode is the FHIR
// method that keeps the object as a whole, if any.
func (c *compiler) node(t *schema.Type, items []item, path string, mode *elementRule) *node {
	c.own = appendJoined(c.own[:0], items, c.index.startsAt(t))
	c.key = appendKey(c.key[:0], c.own)
	if n, ok := c.memo[nodeKey{t, mode, string(c.key)}]; ok {
		return n
	}
	own := slices.Clone(c.own)
	// A data type without a rule for its context is named by itself, so that one action
	// covers every place where it appears.
	if t.Kind == schema.ComplexKind && !c.inContext(items) {
		path = t.Name
	}
	n := &node{id: len(c.a.nodes), typ: t, path: path, coded: mode, address: t.Name == "Address"}
	c.memo[nodeKey{t, mode, string(c.key)}] = n
	c.a.nodes = append(c.a.nodes, n)
	c.fill(n, own)
	return n
}

// inContext reports whether a partly matched pattern distinguishes this place from other
// places of the same type. Patterns for everything below do not.
func (c *compiler) inContext(items []item) bool {
	for _, it := range items {
		if st := c.index.next(it); st != nil && (st.kind == stepElement || st.kind == stepExtension) {
			return true
		}
	}
	return false
}

// fill makes the fields of a node.
func (c *compiler) fill(n *node, items []item) {
	l := c.layout(n.typ)
	n.fields, n.tokens, n.keys, n.slots, n.marks = l.ownFields(), l.tokens, l.keys, l.slots, l.marks
	n.required, n.needed, n.needs = l.required, l.needed, l.needs
	if len(n.fields) > maxFields {
		c.problems.Add(strictyaml.Position{}, "type %s has more than %d members", n.typ.Name, maxFields)
		return
	}
	at := 0
	next := func() *field {
		f := &n.fields[at]
		f.path = n.path + l.paths[at]
		at++
		return f
	}
	for i := range n.typ.Elements {
		e := &n.typ.Elements[i]
		for _, et := range e.Types {
			f := next()
			kids := c.children(e, et, items)
			f.decision = c.decide(n, e, et, f.path, items, kids)
			f.standIn = e.Min > 0 && f.name == stringOf(e) && f.decision.op == opRemove
			if !hasSibling(et, f.name) {
				continue
			}
			s := next()
			s.decision = decision{op: opDescend, kind: schema.JSONObject, action: f.decision.action}
			if f.decision.op == opRemove && !f.standIn || f.array {
				s.decision = decision{op: opRemove, action: f.decision.action, label: mask.LabelRedacted}
			} else {
				s.decision.child = c.node(c.a.schema.Type("Element"), kids, f.path, nil)
			}
		}
	}
	if n.typ.Kind == schema.ResourceKind {
		next().decision = decision{op: opKeep, kind: schema.JSONString, action: c.a.engine.typeName}
	}
	if n.typ.Name == "Extension" || c.hasExtensions(n) {
		c.extensions(n, items)
	}
	c.markTested(n)
	if n.coded != nil {
		n.decided, n.plain = codedAsOf(n.typ), plainCodingOf(n)
	}
	n.reference = plainReferenceOf(n)
	n.valueField = -1
	if n.coded != nil && n.typ.Element("comparator") != nil {
		n.valueField = n.keys.Find([]byte("value"))
	}
	n.quantity, n.concept = plainQuantityOf(n), plainConceptOf(n)
}

// markTested marks the field that all conditions of a node begin with, if there is one.
func (c *compiler) markTested(n *node) {
	name := ""
	for i := range n.fields {
		for d := &n.fields[i].decision; d != nil; d = d.otherwise {
			if d.when == nil {
				continue
			}
			same := true
			d.when.each(func(c *condition) {
				if c.up > 0 {
					return // of another object
				}
				same = same && (name == "" || name == c.path[0])
				name = c.path[0]
			})
			if !same {
				return
			}
		}
	}
	if name == "" {
		return
	}
	for i := range n.fields {
		n.fields[i].tested = n.fields[i].name == name
	}
}

func (c *compiler) hasExtensions(n *node) bool {
	return n.typ.Element("extension") != nil || n.typ.Element("modifierExtension") != nil
}

// children returns the items that continue inside an element.
func (c *compiler) children(e *schema.Element, et schema.ElementType, items []item) []item {
	var kids []item
	for _, it := range items {
		st := c.index.next(it)
		if st == nil {
			continue // the pattern is a bare type name
		}
		switch st.kind {
		case stepByType, stepByName:
			kids = append(kids, it)
		case stepElement:
			if st.name == e.Name && (st.ofType == "" || st.ofType == et.Code) && !c.index.last(it) {
				kids = append(kids, item{it.pattern, it.step + 1})
			}
		}
	}
	return kids
}

// extensions makes the decisions for the extension urls that have rules here. Where no
// rule of the context applies, all nodes share one map.
func (c *compiler) extensions(n *node, items []item) {
	type known struct {
		kids  []item
		final []candidate
		here  bool
	}
	urls := map[string]*known{}
	add := func(it item, st *step, here int) {
		k := urls[st.name]
		if k == nil {
			k = &known{}
			urls[st.name] = k
		}
		k.here = k.here || here > 0
		if c.index.last(it) {
			pat := &c.index.all[it.pattern]
			k.final = append(k.final, candidate{pat.rule, [5]int{here, len(pat.steps), 0, 0, 0}, st})
		} else {
			k.kids = append(k.kids, item{it.pattern, it.step + 1})
		}
	}
	var scoped []item
	here := false
	for _, it := range items {
		st := c.index.next(it)
		if st == nil {
			continue
		}
		switch st.kind {
		case stepExtension:
			add(it, st, 1)
			here = true
		case stepByType, stepByName:
			scoped = append(scoped, it)
			here = true
		}
	}
	if !here && c.shared != nil {
		n.extensions = c.shared
		return
	}
	for _, it := range c.index.extensions {
		add(it, c.index.next(it), 0)
	}
	n.extensions = map[string]*decision{}
	if !here {
		c.shared = n.extensions // before its nodes are made: extensions nest
	}
	for _, url := range slices.Sorted(maps.Keys(urls)) {
		k := urls[url]
		path := "extension('" + url + "')"
		if k.here {
			path = n.path + "." + path
		}
		d := c.extensionDecision(url, path, k.final)
		if d.op == opDescend {
			d.child = c.node(c.a.schema.Type("Extension"), append(slices.Clone(k.kids), scoped...), path, nil)
			d.memo = rememberable(d.child.typ)
		}
		n.extensions[url] = &d
	}
}

// withheld finds the rule that removes a whole resource type: a match that is only its
// name.
func (c *compiler) withheld(t *schema.Type) *decision {
	for _, p := range c.index.anchored[t.Name] {
		if len(c.index.all[p].steps) > 0 {
			continue
		}
		r := c.index.all[p].rule
		c.used[r] = true
		d := c.apply(t, r, &schema.Element{Name: t.Name}, schema.ElementType{Code: t.Name, Type: t}, t.Name, nil)
		if d.op != opRemove && d.op != opWithhold && d.op != opDescend {
			c.problems.Add(c.rules[r].At, "rule %q: a resource type takes remove or descend", c.rules[r].ID)
		}
		if d.op == opDescend {
			return nil
		}
		return &d
	}
	return nil
}

// rememberable types are small and repeat.
func rememberable(t *schema.Type) bool {
	switch t.Name {
	case "Coding", "CodeableConcept", "Reference", "Meta", "Identifier", "Extension":
		return true
	}
	return false
}

// SchemaOf returns the tables of the version of FHIR that a ruleset names. The error is
// strictyaml.Problems.
func SchemaOf(rs *ruleset.Ruleset) (*schema.Schema, error) {
	s, err := schema.Named(rs.FHIR.Version)
	if err != nil {
		var problems strictyaml.Problems
		problems.Add(rs.FHIR.VersionAt, "fhir: %v", err)
		return nil, problems.Err()
	}
	return s, nil
}
