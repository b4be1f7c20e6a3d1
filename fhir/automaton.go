package fhir

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"sort"

	"github.com/veil-proxy/veil/fhir/fhirjson"
	"github.com/veil-proxy/veil/fhir/schema"
	"github.com/veil-proxy/veil/internal/strictyaml"
	"github.com/veil-proxy/veil/internal/suggest"
	"github.com/veil-proxy/veil/mask"
	"github.com/veil-proxy/veil/mask/forms"
	"github.com/veil-proxy/veil/mask/keys"
	"github.com/veil-proxy/veil/mask/ruleset"
)

// op is what the walker does with a value.
type op uint8

const (
	opRemove     op = iota // take it out
	opKeep                 // let the scalar pass
	opMethod               // hand the scalar to a method
	opDescend              // walk the object under a node
	opResource             // walk the resource under the node of its type
	opExtension            // walk an extension under the node of its url
	opMeta                 // walk a resource's own meta, where its labels go
	opWithhold             // take the whole resource out
	opID                   // seal a resource id, or rename a contained one
	opVersion              // seal a version id
	opReference            // translate a reference
	opCode                 // let a code pass that its value set has
	opCanonical            // let an allow-listed canonical pass
	opCoded                // a member of a Coding or Quantity: decided for the whole object
	opIdentifier           // replace an Identifier by its key
	opLink                 // hand a Bundle link to the site
)

// decision is what is done at one place, or at one place under a condition. What
// the walk reads for every value comes first.
type decision struct {
	op        op
	kind      schema.JSONKind
	label     mask.Label
	part      codedPart   // opCoded; of opCanonical, partNamedSystem or none
	memo      bool        // small and repeated: worth remembering
	perPerson bool        // the method needs to know the life of whom the value is about
	perEntity bool        // the method needs to know who that is
	atLeast   bool        // what the method gives is a bound: "or more"
	instant   bool        // the element is an instant
	search    mask.Search // of the method
	units     mask.UnitReader
	action    int
	child     *node
	otherwise *decision
	rule      *elementRule // settings of the FHIR methods
	method    mask.Method
	values    *schema.ValueSet // opCode
	// form checks that a value has the form of the element's type.
	form func(text []byte) bool
	// when is the condition on the object that holds the element (outer) or
	// on the element itself.
	when, whenSelf *condition
}

// field is a member that an object of a node may have. What the walk reads for
// every member comes first.
type field struct {
	token []byte // the name in quotes and a colon
	array bool
	// slot is the field's element among the node's slots, mark its number among
	// the dates; both are shared with its sibling, and -1 if it has none.
	slot, mark int8
	sibling    bool // "_name", the id and extensions of a primitive
	// takesHolder: when the value goes, the object that holds it goes too.
	takesHolder bool
	// tested: the conditions of this node's fields begin with it.
	tested bool
	// security marks Meta.security, where labels are written.
	security bool
	// weak: an object that keeps nothing else says nothing (Extension.url, the name
	// of a parameter).
	weak     bool
	decision decision
	// standIn: what Veil itself writes for a value that went stays.
	standIn bool
	// orTrueName is the boolean that keeps the fact where the value goes:
	// deceased has one beside its dates.
	orTrueName string

	name    string
	element string // the element's name: "value" for "valueQuantity"
	code    string // its FHIR type
	path    string
	values  *schema.ValueSet // what the element is bound to
}

// node is an object type in the context of the rules that are under way.
type node struct {
	id       int
	typ      *schema.Type
	path     string
	keys     fhirjson.KeyTable
	fields   []field
	slots    []slot // elements that something may stand in for
	required uint64 // slots of which FHIR requires a member, as bits
	needed   uint64 // slots of which it requires one beside another element
	needs    []neededSlot
	marks    []mark90 // dates
	// extensions maps the urls that a rule knows here to their decisions.
	extensions map[string]*decision
	coded      *elementRule // set on nodes of Coding and Quantity that pass
	address    bool         // its members need the country beside them
	withheld   *decision    // a rule takes the resource type out
	index      int          // number of the resource type
	valueField int          // the field "value" of a quantity that passes, or -1
}

// actions of the engine itself, for what no rule of the ruleset decides.
type engineActions struct {
	unknownElement, unknownResource, unknownExtension, unknownModifier, wrongShape, wrongForm, unknownSystem, absent, label, extension, typeName, content, foreign int
}

// Automaton is a policy laid over the schema: one node for each object type
// in each context that rules can tell apart. It is immutable.
type Automaton struct {
	*mask.Plan
	Policy *ruleset.Policy
	schema *schema.Schema
	roots  map[string]*node
	// rootKeys finds the number of a resource type, rootNodes has its node.
	rootKeys  fhirjson.KeyTable
	rootNodes []*node
	types     []string // resource types by node.index
	nodes     []*node
	codes     *codeSystems
	canon     []string
	engine    engineActions

	urnSlot, identifierSlot, uuidSlot, containedSlot, systemSlot, codeSlot keys.Slot
	versionSlot                                                            keys.Slot
	sealSlots                                                              []keys.Slot // by type index
	unknownResource                                                        decision
	containedID                                                            decision              // names contained ids in a walker's memory
	leads                                                                  []schema.PatientPaths // by type index: how a resource leads to its patient
}

// item is a pattern that has matched up to a step.
type item struct {
	rule, pattern, step int
}

type compiler struct {
	a        *Automaton
	policy   *ruleset.Policy
	rules    []ruleset.Rule
	patterns [][]*pattern // by rule
	elements []*elementRule
	memo     map[string]*node
	used     []bool
	problems strictyaml.Problems
	shared   map[string]*decision // extensions where no context tells them apart
	bounds   map[*elementRule]map[string]*elementRule

	// Rules by what their methods give: see fit.go.
	fitting     map[misfit]bool
	misfits     map[misfit]string
	misfitOrder []misfit
	probing     *keys.Keyring
	// Rules on ids and references by what they do; apart are those that do neither.
	keptIdentity, sealedIdentity map[identity][]int
	apart                        map[int]bool
	// conflicts are the pairs of rules of which none is the more specific.
	conflicts map[pair]*conflict
}

// Compile lays a policy over a schema. The error is mask.Problems: an
// expression that names an unknown type or element, a method that does not
// fit, two rules of equal rank for one element, a rule that can match nothing.
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
		memo:   map[string]*node{},
		bounds: map[*elementRule]map[string]*elementRule{},

		fitting: map[misfit]bool{}, misfits: map[misfit]string{},
		keptIdentity: map[identity][]int{}, sealedIdentity: map[identity][]int{}, apart: map[int]bool{},
	}
	c.used = make([]bool, len(c.rules))
	c.engineActions()
	c.a.unknownResource = decision{op: opRemove, action: c.a.engine.unknownResource, label: mask.LabelRedacted}
	c.a.codes = newCodeSystems(policy.Ruleset.FHIR.CodeSystems, &c.problems)
	c.parse()
	if err := c.problems.Err(); err != nil {
		return nil, err
	}
	keys := policy.Keys
	c.a.urnSlot = keys.MACSlot("pseudonym", "urn")
	c.a.identifierSlot = keys.MACSlot("pseudonym", "identifier-key")
	c.a.uuidSlot = keys.PermuteSlot("urn-uuid")
	c.a.containedSlot = keys.MACSlot("pseudonym", "contained-id")
	c.a.systemSlot = keys.MACSlot("pseudonym", "code-system")
	c.a.codeSlot = keys.MACSlot("pseudonym", "code")
	c.a.versionSlot = keys.SealSlot("_history")
	ways := sch.PatientPaths()
	for _, t := range sch.Types() {
		if t.Kind != schema.ResourceKind || t.Abstract {
			continue
		}
		c.a.types = append(c.a.types, t.Name)
		c.a.sealSlots = append(c.a.sealSlots, keys.SealSlot(t.Name))
		c.a.leads = append(c.a.leads, ways[t.Name])
		n := c.node(t, nil, t.Name, nil)
		n.index = len(c.a.types) - 1
		c.a.roots[t.Name] = n
		n.withheld = c.withheld(t)
		c.a.rootNodes = append(c.a.rootNodes, n)
	}
	c.a.rootKeys = fhirjson.NewKeyTable(c.a.types)
	for _, n := range c.a.nodes {
		n.eachDecision(func(d *decision) {
			d.memo = d.op == opDescend && rememberable(d.child.typ) || d.op == opMeta
		})
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

// checkSearchParameters resolves the names in the ruleset's own search
// parameters.
func (c *compiler) checkSearchParameters() {
	seen := map[string]bool{}
	for _, p := range c.policy.Ruleset.FHIR.SearchParameters {
		for _, base := range p.Base {
			if key := base + "." + p.Name; seen[key] {
				c.problems.Add(p.At, "search parameter %q of %s appears twice", p.Name, base)
			} else {
				seen[key] = true
			}
		}
		for _, base := range append(slices.Clone(p.Base), p.Targets...) {
			if c.a.roots[base] == nil {
				c.problems.Add(p.At, "search parameter %q: unknown resource type %q%s", p.Name, base, suggest.DidYouMean(base, c.a.types))
			}
		}
		for _, base := range p.Base {
			paths := schema.SearchPaths(p.Expression, base)
			if len(paths) == 0 || slices.Contains(paths, "") {
				c.problems.Add(p.At, "search parameter %q: the expression must be paths that begin at %s, joined by \" | \"", p.Name, base)
				continue
			}
			for _, path := range paths {
				m, err := parseMatch(path)
				if err == nil {
					err = c.resolve(m)
				}
				if err != nil {
					c.problems.Add(p.At, "search parameter %q: expression: %v", p.Name, err)
				}
			}
		}
	}
}

func (c *compiler) engineActions() {
	add := func(rule, path, method string, label mask.Label) int {
		n, err := c.a.Plan.Add(mask.Action{Rule: rule, Path: path, Method: method, Label: label})
		if err != nil {
			c.problems.Add(strictyaml.Position{}, "%v", err)
		}
		return n
	}
	c.a.engine = engineActions{
		unknownElement:   add("fhir.unknown", UnknownElement, "remove", mask.LabelRedacted),
		unknownResource:  add("fhir.unknown", UnknownResource, "remove", mask.LabelRedacted),
		unknownExtension: add("fhir.unknown", "(unknown extension)", "remove", mask.LabelRedacted),
		unknownModifier:  add("fhir.unknown", "(unknown modifierExtension)", "withhold", mask.LabelRedacted),
		wrongShape:       add("fhir.unknown", "(wrong JSON type)", "remove", mask.LabelRedacted),
		wrongForm:        add("fhir.unknown", "(not of the form of its type)", "remove", mask.LabelRedacted),
		unknownSystem:    add("fhir.codeSystems", "(unknown code system)", "pseudonym", mask.LabelPseudonymized),
		absent:           add("fhir.required", "(required element)", "data-absent-reason", mask.LabelNone),
		label:            add("fhir.label", "Resource.meta.security", "label", mask.LabelNone),
		extension:        add("fhir.extension", "Extension.url", "keep", mask.LabelNone),
		typeName:         add("fhir.resourceType", "Resource.resourceType", "keep", mask.LabelNone),
		foreign:          add("fhir.references", UnknownBase, "remove", mask.LabelRedacted),
		content:          add("fhir.contentTypes", "(content of a Binary)", "keep", mask.LabelNone),
	}
}

// parse reads every match and resolves its names.
func (c *compiler) parse() {
	c.patterns = make([][]*pattern, len(c.rules))
	c.elements = make([]*elementRule, len(c.rules))
	for i, r := range c.rules {
		m, _ := c.policy.Method(i)
		c.elements[i], _ = m.(*elementRule)
		for j, expr := range r.Match {
			at := r.MatchAt[j]
			p, err := parseMatch(expr)
			if err == nil {
				err = c.resolve(p)
			}
			if err != nil {
				if me, ok := err.(*matchError); ok {
					at.Column += me.offset
				}
				c.problems.Add(at, "rule %q: match: %v", r.ID, err)
				continue
			}
			c.patterns[i] = append(c.patterns[i], p)
		}
	}
}

// resolve checks the type and element names of a pattern.
func (c *compiler) resolve(p *pattern) error {
	if p.anchor != "" {
		t := c.a.schema.Type(p.anchor)
		if t == nil {
			return fmt.Errorf("unknown type %q%s", p.anchor, suggest.DidYouMean(p.anchor, c.typeNames()))
		}
		return c.resolveSteps([]*schema.Type{t}, p.steps)
	}
	st := p.steps[0]
	if st.kind == stepByType && c.a.schema.Type(st.name) == nil {
		return fmt.Errorf("unknown type %q%s", st.name, suggest.DidYouMean(st.name, c.typeNames()))
	}
	if st.kind == stepExtension {
		return c.resolveSteps([]*schema.Type{c.a.schema.Type("Extension")}, p.steps[1:])
	}
	if len(p.steps) > 1 {
		return fmt.Errorf("nothing may follow nodesByType() and nodesByName(): anchor a path at the type's name")
	}
	if st.kind == stepByName && !c.hasElement(st.name) {
		return fmt.Errorf("no type has an element %q%s", st.name, suggest.DidYouMean(st.name, c.elementNames()))
	}
	return nil
}

func (c *compiler) hasElement(name string) bool {
	for _, t := range c.a.schema.Types() {
		if t.Element(name) != nil {
			return true
		}
	}
	return false
}

func (c *compiler) resolveSteps(types []*schema.Type, steps []step) error {
	for i, st := range steps {
		switch st.kind {
		case stepExtension:
			types = []*schema.Type{c.a.schema.Type("Extension")}
			continue
		case stepByType:
			if c.a.schema.Type(st.name) == nil {
				return fmt.Errorf("unknown type %q%s", st.name, suggest.DidYouMean(st.name, c.typeNames()))
			}
			if i != len(steps)-1 {
				return fmt.Errorf("nothing may follow nodesByType()")
			}
			return nil
		case stepByName:
			if i != len(steps)-1 {
				return fmt.Errorf("nothing may follow nodesByName()")
			}
			if !c.hasElement(st.name) {
				return fmt.Errorf("no type has an element %q%s", st.name, suggest.DidYouMean(st.name, c.elementNames()))
			}
			return nil
		}
		var next []*schema.Type
		var names []string
		found, typed := false, false
		for _, t := range types {
			for _, e := range t.Elements {
				names = append(names, e.Name)
				if e.Name != st.name {
					continue
				}
				found = true
				for _, et := range e.Types {
					if st.ofType != "" && et.Code != st.ofType {
						continue
					}
					typed = true
					next = append(next, et.Type)
				}
			}
		}
		if !found {
			if base, variant, ok := c.choiceVariant(types, st.name); ok {
				return fmt.Errorf("%q is a choice: write %s.ofType(%s)", st.name, base, variant)
			}
			return fmt.Errorf("%s has no element %q%s", types[0].Name, st.name, suggest.DidYouMean(st.name, names))
		}
		if !typed {
			return fmt.Errorf("%s is never a %q", st.name, st.ofType)
		}
		if err := errors.Join(c.checkCondition(types, st.outer), c.checkCondition(next, st.inner)); err != nil {
			return err
		}
		types = next
	}
	return nil
}

// choiceVariant finds the choice element that a JSON name such as
// valueQuantity spells.
func (c *compiler) choiceVariant(types []*schema.Type, name string) (base, variant string, ok bool) {
	for _, t := range types {
		for i := range t.Elements {
			e := &t.Elements[i]
			if !e.Choice {
				continue
			}
			for _, et := range e.Types {
				if e.JSONName(et) == name {
					return e.Name, et.Code, true
				}
			}
		}
	}
	return "", "", false
}

func (c *compiler) typeNames() []string {
	var names []string
	for _, t := range c.a.schema.Types() {
		names = append(names, t.Name)
	}
	return names
}

// candidate is a rule that matches a place, with its rank.
type candidate struct {
	rule int
	rank [5]int
	step *step
}

// Ranks of the kinds of match, most specific last.
const (
	rankByType = iota + 1
	rankScopedByType
	rankByName
	rankScopedByName
	rankDataType
	rankResource
)

// node returns the node of a type under items, and makes it when it is new.
// mode is the FHIR method that lets the object pass as a whole, if any.
func (c *compiler) node(t *schema.Type, items []item, path string, mode *elementRule) *node {
	own := slices.Clone(items)
	chain := c.a.schema.Lineage(t)
	for r, ps := range c.patterns {
		for p, pat := range ps {
			if pat.anchor != "" && slices.Contains(chain, pat.anchor) {
				own = append(own, item{r, p, 0})
			}
			if k := pat.stepsTo(t.Name); k > 0 {
				own = append(own, item{r, p, k})
			}
		}
	}
	sort.Slice(own, func(i, j int) bool {
		a, b := own[i], own[j]
		if a.rule != b.rule {
			return a.rule < b.rule
		}
		if a.pattern != b.pattern {
			return a.pattern < b.pattern
		}
		return a.step < b.step
	})
	own = slices.Compact(own)
	key := fmt.Sprintf("%s|%v|%p", t.Name, own, mode)
	if n, ok := c.memo[key]; ok {
		return n
	}
	// A data type met without a rule of its context under way is named by
	// itself, so that one action stands for all places it appears at.
	if t.Kind == schema.ComplexKind && !c.inContext(items) {
		path = t.Name
	}
	n := &node{id: len(c.a.nodes), typ: t, path: path, coded: mode, address: t.Name == "Address"}
	c.memo[key] = n
	c.a.nodes = append(c.a.nodes, n)
	c.fill(n, own)
	return n
}

// inContext reports whether a pattern is under way that tells this place from
// other places of the same type. Patterns for everything below do not.
func (c *compiler) inContext(items []item) bool {
	for _, it := range items {
		if steps := c.patterns[it.rule][it.pattern].steps; it.step < len(steps) {
			if k := steps[it.step].kind; k == stepElement || k == stepExtension {
				return true
			}
		}
	}
	return false
}

// fill makes the fields of a node.
func (c *compiler) fill(n *node, items []item) {
	var names []string
	for i := range n.typ.Elements {
		e := &n.typ.Elements[i]
		for _, et := range e.Types {
			f := field{name: e.JSONName(et), element: e.Name, code: et.Code, array: e.Max != 1, values: e.Binding.ValueSet, path: n.path + "." + e.Name}
			if e.Choice {
				f.path += ".ofType(" + et.Code + ")"
			}
			kids := c.children(e, et, items)
			f.decision = c.decide(n, e, et, f.path, items, kids)
			f.slot = c.slotOf(n, e, et)
			f.security = n.typ.Name == "Meta" && e.Name == "security"
			f.weak = n.typ.Name == "Extension" && e.Name == "url" || n.typ.Name == "Parameters.parameter" && e.Name == "name"
			f.mark = n.markOf(e, &f)
			f.takesHolder = n.typ.Name == "Bundle.entry" && e.Name == "resource" || n.typ.Name == "Bundle.link" && e.Name == "url"
			if e.Name == "deceased" && et.Code != "boolean" {
				f.orTrueName = booleanOf(e)
			}
			f.standIn = e.Min > 0 && f.name == stringOf(e) && f.decision.op == opRemove
			names = append(names, f.name)
			n.fields = append(n.fields, f)
			if et.Type != nil && et.Type.Kind == schema.PrimitiveKind && f.name != "resourceType" {
				s := field{name: "_" + f.name, array: f.array, slot: f.slot, mark: f.mark, sibling: true, path: f.path}
				s.decision = decision{op: opDescend, kind: schema.JSONObject, action: f.decision.action}
				if f.decision.op == opRemove && !f.standIn || f.array {
					s.decision = decision{op: opRemove, action: f.decision.action, label: mask.LabelRedacted}
				} else {
					s.decision.child = c.node(c.a.schema.Type("Element"), kids, f.path, nil)
				}
				names = append(names, s.name)
				n.fields = append(n.fields, s)
			}
		}
	}
	if n.typ.Kind == schema.ResourceKind {
		f := field{name: "resourceType", slot: -1, mark: -1, path: n.path + ".resourceType"}
		f.decision = decision{op: opKeep, kind: schema.JSONString, action: c.a.engine.typeName}
		names = append(names, f.name)
		n.fields = append(n.fields, f)
	}
	if len(n.fields) > maxFields {
		c.problems.Add(strictyaml.Position{}, "type %s has more than %d members", n.typ.Name, maxFields)
		return
	}
	if n.typ.Name == "Extension" || c.hasExtensions(n) {
		c.extensions(n, items)
	}
	n.keys = fhirjson.NewKeyTable(names)
	n.fillNeeds()
	c.markTested(n)
	n.valueField = -1
	if n.coded != nil && n.typ.Element("comparator") != nil {
		n.valueField = n.keys.Find([]byte("value"))
	}
	for i := range n.fields {
		n.fields[i].token = []byte(`"` + n.fields[i].name + `":`)
	}
}

// markTested marks the field that the conditions of a node begin with, if it
// is one and the same.
func (c *compiler) markTested(n *node) {
	name := ""
	for i := range n.fields {
		for d := &n.fields[i].decision; d != nil; d = d.otherwise {
			if d.when == nil {
				continue
			}
			if name != "" && name != d.when.path[0] {
				return
			}
			name = d.when.path[0]
		}
	}
	for i := range n.fields {
		n.fields[i].tested = name != "" && n.fields[i].name == name
	}
}

func (c *compiler) hasExtensions(n *node) bool {
	return n.typ.Element("extension") != nil || n.typ.Element("modifierExtension") != nil
}

// children returns the items that go on inside an element.
func (c *compiler) children(e *schema.Element, et schema.ElementType, items []item) []item {
	var kids []item
	for _, it := range items {
		steps := c.patterns[it.rule][it.pattern].steps
		if it.step >= len(steps) {
			continue // the pattern is a bare type name
		}
		st := &steps[it.step]
		switch st.kind {
		case stepByType, stepByName:
			kids = append(kids, it)
		case stepElement:
			if st.name == e.Name && (st.ofType == "" || st.ofType == et.Code) && it.step+1 < len(steps) {
				kids = append(kids, item{it.rule, it.pattern, it.step + 1})
			}
		}
	}
	return kids
}

// matches returns the rules that decide an element here, most specific first.
func (c *compiler) matches(n *node, e *schema.Element, et schema.ElementType, items []item) []candidate {
	var found []candidate
	consider := func(it item, st *step, class int) {
		steps := c.patterns[it.rule][it.pattern].steps
		pat := c.patterns[it.rule][it.pattern]
		depth := 0
		if pat.anchor != "" {
			depth = len(c.a.schema.Lineage(c.a.schema.Type(pat.anchor)))
		}
		narrow, conds := 0, 0
		if st.ofType != "" {
			narrow = 1
		}
		if st.outer != nil {
			conds++
		}
		if st.inner != nil {
			conds++
		}
		// A condition outranks the length of a path only among paths of one
		// class: it is the last word.
		found = append(found, candidate{it.rule, [5]int{class, len(steps), depth, narrow, conds}, st})
	}
	for _, it := range items {
		pat := c.patterns[it.rule][it.pattern]
		if it.step >= len(pat.steps) {
			continue
		}
		st := &pat.steps[it.step]
		class := rankDataType
		if t := c.a.schema.Type(pat.anchor); t != nil && t.Kind == schema.ResourceKind && !t.Abstract {
			class = rankResource
		}
		switch {
		case st.kind == stepByType && st.name == et.Code:
			consider(it, st, rankScopedByType)
		case st.kind == stepByName && st.name == e.Name:
			consider(it, st, rankScopedByName)
		case st.kind == stepElement && it.step == len(pat.steps)-1 && st.name == e.Name && (st.ofType == "" || st.ofType == et.Code):
			consider(it, st, class)
		}
	}
	for r, ps := range c.patterns {
		for p, pat := range ps {
			if pat.anchor != "" {
				continue
			}
			switch st := &pat.steps[0]; {
			case st.kind == stepByType && st.name == et.Code:
				consider(item{r, p, 0}, st, rankByType)
			case st.kind == stepByName && st.name == e.Name:
				consider(item{r, p, 0}, st, rankByName)
			}
		}
	}
	sort.SliceStable(found, func(i, j int) bool { return slices.Compare(found[i].rank[:], found[j].rank[:]) > 0 })
	return found
}

// decide makes the decision for one type of one element.
func (c *compiler) decide(n *node, e *schema.Element, et schema.ElementType, path string, items, kids []item) decision {
	if et.Code == "Resource" || et.Type != nil && et.Type.Kind == schema.ResourceKind {
		return decision{op: opResource, kind: schema.JSONObject, action: c.a.engine.unknownResource}
	}
	if e.Name == "extension" || e.Name == "modifierExtension" {
		d := decision{op: opExtension, kind: schema.JSONObject, action: c.a.engine.unknownExtension}
		if e.Name == "modifierExtension" {
			d.action = c.a.engine.unknownModifier
		}
		return d
	}
	if n.typ.Name == "Extension" && e.Name == "url" {
		return decision{op: opKeep, kind: schema.JSONString, action: c.a.engine.extension}
	}
	if n.coded != nil {
		if part, ok := codedPartOf(n.typ, e.Name); ok {
			return c.codedDecision(n, e, et, path, items, kids, part)
		}
	}
	found := c.matches(n, e, et, items)
	var chain []decision
	for i, cand := range found {
		if i > 0 {
			c.distinct(found[i-1], cand, path)
		}
		if n := len(chain); n > 0 && chain[n-1].when == nil && chain[n-1].whenSelf == nil {
			break
		}
		c.used[cand.rule] = true
		d := c.apply(n.typ, cand.rule, e, et, path, kids)
		d.when, d.whenSelf = cand.step.outer, cand.step.inner
		chain = append(chain, d)
	}
	if k := len(chain); k == 0 || chain[k-1].when != nil || chain[k-1].whenSelf != nil {
		chain = append(chain, c.fallback(n, et, path, kids))
	}
	for i := len(chain) - 2; i >= 0; i-- {
		next := chain[i+1]
		chain[i].otherwise = &next
	}
	return chain[0]
}

// distinct makes sure that of two rules it is known which one decides.
func (c *compiler) distinct(a, b candidate, path string) {
	if a.rank != b.rank || a.rule == b.rule ||
		a.step.outer != nil && b.step.outer != nil && a.step.outer.disjoint(b.step.outer) ||
		a.step.inner != nil && b.step.inner != nil && a.step.inner.disjoint(b.step.inner) {
		return
	}
	c.collide(a.rule, b.rule, path)
}

// fallback decides where no rule does: objects are walked, scalars go. Codes below
// others are judged like those.
func (c *compiler) fallback(n *node, et schema.ElementType, path string, kids []item) decision {
	if et.Type == nil || et.Type.Kind == schema.PrimitiveKind {
		return decision{op: opRemove, kind: schema.JSONKindOf(et), action: c.action(mask.Action{
			Rule: "fhir.unknown", Path: path, Method: "remove", Label: mask.LabelRedacted}), label: mask.LabelRedacted}
	}
	var mode *elementRule
	if isCodeList(et.Type) {
		mode = n.coded
	}
	d := decision{op: opDescend, kind: schema.JSONObject, child: c.node(et.Type, kids, path, mode)}
	if n.typ.Kind == schema.ResourceKind && et.Code == "Meta" {
		d.op = opMeta
	}
	return d
}

func (c *compiler) action(a mask.Action) int {
	n, err := c.a.Plan.Add(a)
	if err != nil {
		c.problems.Add(strictyaml.Position{}, "%v", err)
	}
	return n
}

// apply makes the decision of a rule for an element of a type.
func (c *compiler) apply(t *schema.Type, r int, e *schema.Element, et schema.ElementType, path string, kids []item) decision {
	rule := c.rules[r]
	method, def := c.policy.Method(r)
	d := decision{kind: schema.JSONKindOf(et), label: def.Label, method: method, perPerson: def.PerPerson, perEntity: def.PerEntity,
		atLeast: def.AtLeast, instant: et.Code == "instant", search: def.Search}
	d.action = c.action(mask.Action{Rule: rule.ID, Category: rule.Category, Path: path, Method: rule.Method, Label: def.Label})
	primitive := et.Type == nil || et.Type.Kind == schema.PrimitiveKind
	bad := func(format string, args ...any) decision {
		c.problems.Add(rule.At, "rule %q: %s", rule.ID, fmt.Sprintf(format, args...))
		return decision{op: opRemove, action: d.action}
	}
	if er := c.elements[r]; er != nil {
		d.method, d.rule = nil, er
		op, err := er.fit(e, et)
		if err != nil {
			return bad("method %q: %v (at %s)", rule.Method, err, path)
		}
		d.op = op
		switch op {
		case opDescend:
			d.child = c.node(et.Type, kids, path, c.mode(er, e))
		case opCode:
			d.values = e.Binding.ValueSet
		case opMethod:
			d.method = er.inner
		case opCanonical:
			if t.Name == "CodeSystem" && (e.Name == "url" || e.Name == "supplements") {
				d.part = partNamedSystem
			}
		}
		c.keepsTogether(r, identityOf(t, e.Name), &d, path)
		return d
	}
	_, removes := rule.Form.(forms.Remove)
	_, keeps := rule.Form.(forms.Keep)
	switch {
	case removes:
		d.op, d.method = opRemove, nil
	case def.Kind != mask.ValueMethod:
		return bad("method %q acts on %s in a way that is not known here", rule.Method, def.Kind)
	case !primitive:
		return bad("method %q acts on single values and %s is a %s: match its elements, or use remove or descend", rule.Method, path, et.Code)
	case keeps:
		d.op, d.method, d.form = opKeep, nil, formOf(e, et)
	default:
		d.op, d.form = opMethod, formOf(e, et)
		c.fits(r, e, et, path)
	}
	c.keepsTogether(r, identityOf(t, e.Name), &d, path)
	return d
}

// mode returns the rule by which the members of an object are decided together, or
// nil. The bounds of a range have one of their own, since they can have no
// comparator (SimpleQuantity, sqy-1).
func (c *compiler) mode(er *elementRule, e *schema.Element) *elementRule {
	switch {
	case !er.coded:
		return nil
	case e.Name != "low" && e.Name != "high":
		return er
	case c.bounds[er] == nil:
		low, high := *er, *er
		low.bound, high.bound = "low", "high"
		c.bounds[er] = map[string]*elementRule{"low": &low, "high": &high}
	}
	return c.bounds[er][e.Name]
}

// codedDecision decides a member of a Coding or Quantity that passes as a
// whole. A rule of its own that removes the member is stronger.
func (c *compiler) codedDecision(n *node, e *schema.Element, et schema.ElementType, path string, items, kids []item, part codedPart) decision {
	d := decision{op: opCoded, kind: schema.JSONKindOf(et), part: part, form: formOf(e, et)}
	method, label := "coding", mask.LabelNone
	rule, category := "fhir.codeSystems", ""
	for _, cand := range c.matches(n, e, et, items) {
		if cand.rank[0] < rankDataType {
			break
		}
		c.used[cand.rule] = true
		r := c.apply(n.typ, cand.rule, e, et, path, kids)
		if r.op == opRemove {
			return r
		}
		if r.op == opMethod && part == partValue {
			part, kind := d.part, d.kind
			d = r
			d.units, _ = r.method.(mask.UnitReader)
			d.op, d.part, d.kind = opCoded, part, kind
			rule, category, method, label = c.rules[cand.rule].ID, c.rules[cand.rule].Category, c.rules[cand.rule].Method, r.label
			break
		}
		c.problems.Add(c.rules[cand.rule].At, "rule %q: %s is decided by the method that lets the whole %s pass: only remove may stand here", c.rules[cand.rule].ID, path, n.typ.Name)
	}
	d.action = c.action(mask.Action{Rule: rule, Category: category, Path: path, Method: method, Label: label})
	return d
}

// extensions makes the decisions for the extension urls that rules know here.
// Where no rule of the context is under way all nodes share one map.
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
		steps := c.patterns[it.rule][it.pattern].steps
		if it.step == len(steps)-1 {
			k.final = append(k.final, candidate{it.rule, [5]int{here, len(steps), 0, 0, 0}, st})
		} else {
			k.kids = append(k.kids, item{it.rule, it.pattern, it.step + 1})
		}
	}
	var scoped []item
	here := false
	for _, it := range items {
		steps := c.patterns[it.rule][it.pattern].steps
		if it.step >= len(steps) {
			continue
		}
		switch st := &steps[it.step]; st.kind {
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
	for r, ps := range c.patterns {
		for p, pat := range ps {
			if pat.anchor == "" && pat.steps[0].kind == stepExtension {
				add(item{r, p, 0}, &pat.steps[0], 0)
			}
		}
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
		}
		n.extensions[url] = &d
	}
}

// extensionDecision decides an extension: by the rule that matches it, or, if
// rules only match inside it, by walking it.
func (c *compiler) extensionDecision(url, path string, final []candidate) decision {
	if len(final) == 0 {
		return decision{op: opDescend, kind: schema.JSONObject, action: c.action(mask.Action{Rule: "fhir.extension", Path: path, Method: "descend"})}
	}
	sort.SliceStable(final, func(i, j int) bool { return slices.Compare(final[i].rank[:], final[j].rank[:]) > 0 })
	first := final[0].rule
	if len(final) > 1 && final[0].rank == final[1].rank && first != final[1].rule {
		c.collide(first, final[1].rule, "extension('"+url+"')")
	}
	c.used[first] = true
	method, def := c.policy.Method(first)
	d := decision{kind: schema.JSONObject, label: def.Label}
	d.action = c.action(mask.Action{Rule: c.rules[first].ID, Category: c.rules[first].Category, Path: path, Method: def.Name, Label: def.Label})
	er, _ := method.(*elementRule)
	_, removes := c.rules[first].Form.(forms.Remove)
	switch {
	case removes:
		d.op = opRemove
	case er != nil && (er.op == opDescend && !er.coded || er.op == opWithhold):
		d.op = er.op
	default:
		c.problems.Add(c.rules[first].At, "rule %q: an extension takes remove, descend or withhold; match extension('%s').value for its value", c.rules[first].ID, url)
	}
	return d
}

// withheld finds the rule that takes a whole resource type out: a match that
// is nothing but its name.
func (c *compiler) withheld(t *schema.Type) *decision {
	for r, ps := range c.patterns {
		for _, pat := range ps {
			if pat.anchor == t.Name && len(pat.steps) == 0 {
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
		}
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

// eachDecision calls f for every decision of the node's members and
// extensions.
func (n *node) eachDecision(f func(*decision)) {
	for i := range n.fields {
		for d := &n.fields[i].decision; d != nil; d = d.otherwise {
			f(d)
		}
	}
	for _, url := range slices.Sorted(maps.Keys(n.extensions)) {
		f(n.extensions[url])
	}
}
