package fhir

import (
	"errors"
	"fmt"
	"slices"

	"github.com/veil-proxy/veil/fhir/schema"
	"github.com/veil-proxy/veil/internal/suggest"
)

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

func (c *compiler) resolveSteps(types []*schema.Type, steps []step) (err error) {
	var levels [][]*schema.Type // of the objects that the steps lead through
	for i, st := range steps {
		levels = append(levels, types)
		switch st.kind {
		case stepExtension:
			types = []*schema.Type{c.a.schema.Type("Extension")}
		case stepByType, stepByName:
			return c.resolveAnywhere(st, i == len(steps)-1)
		default:
			if types, err = c.resolveElement(types, st); err != nil {
				return err
			}
			if err = errors.Join(c.checkCondition(levels, st.outer), c.checkCondition([][]*schema.Type{types}, st.inner)); err != nil {
				return err
			}
		}
	}
	return nil
}

// resolveAnywhere checks a step that matches nodes by type or name, which must be the
// last one.
func (c *compiler) resolveAnywhere(st step, last bool) error {
	switch {
	case st.kind == stepByType && c.a.schema.Type(st.name) == nil:
		return fmt.Errorf("unknown type %q%s", st.name, suggest.DidYouMean(st.name, c.typeNames()))
	case st.kind == stepByType && !last:
		return errors.New("nothing may follow nodesByType()")
	case st.kind == stepByName && !last:
		return errors.New("nothing may follow nodesByName()")
	case st.kind == stepByName && !c.hasElement(st.name):
		return fmt.Errorf("no type has an element %q%s", st.name, suggest.DidYouMean(st.name, c.elementNames()))
	}
	return nil
}

// resolveElement returns the types of the element that a step names in types.
func (c *compiler) resolveElement(types []*schema.Type, st step) (next []*schema.Type, err error) {
	var names []string
	found := false
	for _, t := range types {
		for _, e := range t.Elements {
			names = append(names, e.Name)
			if e.Name != st.name {
				continue
			}
			found = true
			for _, et := range e.Types {
				if st.ofType == "" || et.Code == st.ofType {
					next = append(next, et.Type)
				}
			}
		}
	}
	if !found {
		if base, variant, ok := c.choiceVariant(types, st.name); ok {
			return nil, fmt.Errorf("%q is a choice: write %s.ofType(%s)", st.name, base, variant)
		}
		return nil, fmt.Errorf("%s has no element %q%s", types[0].Name, st.name, suggest.DidYouMean(st.name, names))
	}
	if len(next) == 0 {
		return nil, fmt.Errorf("%s is never a %q", st.name, st.ofType)
	}
	return next, nil
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
