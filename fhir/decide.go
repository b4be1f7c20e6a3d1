package fhir

import (
	"fmt"
	"slices"
	"sort"

	"github.com/veil-proxy/veil/fhir/schema"
	"github.com/veil-proxy/veil/mask"
	"github.com/veil-proxy/veil/mask/forms"
)

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
	found := c.matches(e, et, items)
	if len(found) == 0 {
		return c.fallback(n, et, path, kids)
	}
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
	if last := &chain[len(chain)-1]; last.when != nil || last.whenSelf != nil {
		chain = append(chain, c.fallback(n, et, path, kids))
	}
	return linked(chain)
}

// fallback decides where no rule does: objects are walked, scalars removed. Codes below
// other codes are judged like those.
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

// apply turns a rule into a decision for an element of a type.
func (c *compiler) apply(t *schema.Type, r int, e *schema.Element, et schema.ElementType, path string, kids []item) decision {
	rule := c.rules[r]
	method, def := c.method(r)
	d := decision{kind: schema.JSONKindOf(et), label: def.Label, method: method, perPerson: def.PerPerson, perEntity: def.ByEntity(rule.Args), perKnown: def.PerKnown,
		atLeast: def.AtLeast, instant: et.Code == "instant", search: def.Search}
	c.a.scrubs = c.a.scrubs || def.PerKnown
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
			d.child = c.node(et.Type, kids, path, c.mode(t, er, e))
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

// mode returns the rule by which the members of an object are decided together, or nil.
// Where R4 allows no comparator, there is a rule of its own: the lower bound of a range
// means "or more" without one, any other quantity cannot.
func (c *compiler) mode(t *schema.Type, er *elementRule, e *schema.Element) *elementRule {
	bound := "high"
	switch {
	case !er.coded:
		return nil
	case e.Name == "low":
		bound = "low"
	case e.Name != "high" && !t.IsSimpleQuantity(e.Name):
		return er
	}
	if c.bounds[er] == nil {
		low, high := *er, *er
		low.bound, high.bound = "low", "high"
		c.bounds[er] = map[string]*elementRule{"low": &low, "high": &high}
	}
	return c.bounds[er][bound]
}

// codedDecision decides a member of a Coding or Quantity that passes as a
// whole. A rule of its own that removes the member is stronger.
func (c *compiler) codedDecision(n *node, e *schema.Element, et schema.ElementType, path string, items, kids []item, part codedPart) decision {
	base := decision{op: opCoded, kind: schema.JSONKindOf(et), part: part, form: formOf(e, et)}
	action := mask.Action{Rule: "fhir.codeSystems", Path: path, Method: "coding", Label: mask.LabelNone}
	var chain []decision
	var last *candidate // the one of the chain's end
	for _, cand := range c.matches(e, et, items) {
		if cand.rank[0] < rankDataType || last != nil && last.step.outer == nil && last.step.inner == nil {
			break
		}
		if last != nil {
			c.distinct(*last, cand, path)
		}
		c.used[cand.rule] = true
		d, ok := c.codedPart(n, cand, base, e, et, path, kids)
		if !ok {
			continue
		}
		if d.op == opCoded {
			a := action
			a.Rule, a.Category, a.Method, a.Label = c.rules[cand.rule].ID, c.rules[cand.rule].Category, c.rules[cand.rule].Method, d.label
			d.action = c.action(a)
		}
		d.when, d.whenSelf = cand.step.outer, cand.step.inner
		chain, last = append(chain, d), &cand
	}
	if last == nil || last.step.outer != nil || last.step.inner != nil {
		base.action = c.action(action)
		chain = append(chain, base)
	}
	return linked(chain)
}

// linked is a chain of decisions; the first one whose conditions hold applies.
func linked(chain []decision) decision {
	for i := len(chain) - 2; i >= 0; i-- {
		next := chain[i+1]
		chain[i].otherwise = &next
	}
	return chain[0]
}

// codedPart returns what a rule does to a member of a Coding or Quantity that passes as a
// whole, if it may do that.
func (c *compiler) codedPart(n *node, cand candidate, d decision, e *schema.Element, et schema.ElementType, path string, kids []item) (decision, bool) {
	r := c.apply(n.typ, cand.rule, e, et, path, kids)
	switch {
	case r.op == opRemove:
		return r, true
	case r.op == opMethod && d.part == partValue:
		part, kind := d.part, d.kind
		d = r
		d.units, _ = r.method.(mask.UnitReader)
		d.op, d.part, d.kind = opCoded, part, kind
		return d, true
	case r.op == opKeep && d.part == partValue:
		return d, true
	}
	c.problems.Add(c.rules[cand.rule].At, "rule %q: %s is decided by the method that lets the whole %s pass: only remove is allowed here", c.rules[cand.rule].ID, path, n.typ.Name)
	return d, false
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

// method returns the method of a rule and its definition.
func (c *compiler) method(rule int) (mask.Method, mask.Definition) {
	m, def := c.policy.Method(rule)
	return c.ofVersion(m), def
}

// ofVersion replaces a method that depends on the version of FHIR with the version's own.
func (c *compiler) ofVersion(m mask.Method) mask.Method {
	if _, ok := m.(typeNames); ok {
		return resourceTypes(c.a.schema)
	}
	return m
}
