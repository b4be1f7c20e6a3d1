// Package ruletree shows what a compiled ruleset does as a tree of FHIR elements, and in
// a word for each element and each column of a table: its verdict, and why.
//
//	node, err := ruletree.Open(automaton, "Patient", []string{"name"}, 2)
//	for _, child := range node.Children { … child.Verdicts[0].Word … }
//
// It reads the compiled rules, the same ones that mask. It sees no values.
package ruletree

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/veil-proxy/veil/fhir"
	"github.com/veil-proxy/veil/internal/suggest"
	"github.com/veil-proxy/veil/mask"
)

// Node is a resource type, an element in one of its types, or an extension.
type Node struct {
	// Name is what people call it: value[x] of a choice.
	Name, Type string
	// Path is the FHIRPath to it, from the resource.
	Path string
	// Steps lead to it from the resource: see Open.
	Steps []string
	// Verdicts are the decisions, the most specific first. There are several if rules have
	// conditions.
	Verdicts []Verdict
	Children []*Node
	// Below says that it has elements; they are in Children if they were requested.
	Below bool
}

// Verdict says how a value is treated, always or under a condition.
type Verdict struct {
	Word Word
	fhir.Explanation
	// Steps lead to the elements below, where they depend on the condition; else empty.
	Steps []string
}

// MostSteps bounds the depth of the tree, since FHIR types can contain themselves.
const MostSteps = 12

// extensionStep begins a step to an extension, before its URL.
const extensionStep = "extension:"

// Open returns the node that steps lead to from a resource type, with a number of
// levels of children. A step is the name of a JSON member, followed by ~1 for what is
// below its second treatment, or extension:URL.
func Open(a *fhir.Automaton, typ string, steps []string, levels int) (*Node, error) {
	o, known := a.Resource(typ)
	if !known {
		return nil, fmt.Errorf("unknown resource type%s", suggest.DidYouMean(typ, a.ResourceTypes()))
	}
	if len(steps) > MostSteps {
		return nil, errors.New("the path is too long")
	}
	t := tree{a, map[string]mask.Form{}}
	for i := range a.Policy.Ruleset.FHIR.Rules {
		r := &a.Policy.Ruleset.FHIR.Rules[i]
		t.forms[r.ID] = r.Form
	}
	root := &Node{Name: typ, Type: typ, Path: typ, Below: true}
	if e, withheld := o.Withheld(); withheld {
		root.Below = false
		root.Verdicts = []Verdict{{Word: Withhold, Explanation: e}}
		if len(steps) > 0 {
			return nil, fmt.Errorf("%s is withheld as a whole", typ)
		}
		return root, nil
	}
	n, at := root, &place{Object: o}
	for _, step := range steps {
		if at == nil {
			return nil, errors.New("there is no element on this path")
		}
		if n, at = t.follow(n, at, step); n == nil {
			return nil, errors.New("there is no element on this path")
		}
	}
	if at != nil {
		t.fill(n, at, levels)
	}
	return n, nil
}

type tree struct {
	a     *fhir.Automaton
	forms map[string]mask.Form // by rule
}

// place is an object, or the extensions of one.
type place struct {
	fhir.Object
	extensions bool
}

// follow goes one step from a place, to a node and what is below it, or nil.
func (t *tree) follow(parent *Node, at *place, step string) (*Node, *place) {
	if at.extensions {
		for _, x := range at.Extensions() {
			if step == extensionStep+x.URL {
				return t.extension(parent, x)
			}
		}
		return nil, nil
	}
	name, number, numbered := strings.Cut(step, "~")
	which := 0
	if numbered {
		var err error
		if which, err = strconv.Atoi(number); err != nil || which < 1 {
			return nil, nil
		}
	}
	for e := range at.Elements() {
		if e.Member() != name {
			continue
		}
		n, below := t.element(parent, at.Object, e)
		if !numbered {
			return n, firstOf(below)
		}
		if which >= len(below) {
			return nil, nil
		}
		n.Steps = append(n.Steps[:len(n.Steps)-1:len(n.Steps)-1], step)
		n.Verdicts = n.Verdicts[which : which+1]
		return n, below[which]
	}
	return nil, nil
}

// firstOf returns the first place that is not nil, or nil.
func firstOf(places []*place) *place {
	for _, p := range places {
		if p != nil {
			return p
		}
	}
	return nil
}

// element makes the node of an element of an object, and what is below its treatments.
func (t *tree) element(parent *Node, holder fhir.Object, e fhir.Element) (n *Node, below []*place) {
	n = &Node{Name: e.Name(), Type: e.Type(), Path: parent.Path + "." + e.Name(), Steps: stepsTo(parent, e.Member())}
	if e.Member() != e.Name() {
		n.Name += "[x]"
		n.Path += ".ofType(" + e.Type() + ")"
	}
	for tr, more := e.Treatment(), true; more; tr, more = tr.Otherwise() {
		x := e.Explain(tr)
		v := Verdict{Word: ofTreatment(tr, t.forms[x.Rule]), Explanation: x}
		var p *place
		if child, ok := tr.Object(); ok {
			p = &place{Object: child}
		} else if tr.Effect() == fhir.WalksExtension && len(holder.Extensions()) > 0 {
			p = &place{holder, true}
		}
		if p != nil && firstOf(below) != nil {
			v.Steps = stepsTo(parent, e.Member()+"~"+strconv.Itoa(len(below)))
		}
		n.Verdicts, below = append(n.Verdicts, v), append(below, p)
	}
	n.Below = firstOf(below) != nil
	return n, below
}

// stepsTo are the steps to a child of a node.
func stepsTo(parent *Node, step string) []string {
	return append(parent.Steps[:len(parent.Steps):len(parent.Steps)], step)
}

// extension makes the node of an extension, and what is below it.
func (t *tree) extension(parent *Node, x fhir.Extension) (*Node, *place) {
	e := x.Explain()
	n := &Node{Name: x.URL, Type: "Extension", Path: parent.Path + "('" + x.URL + "')", Steps: stepsTo(parent, extensionStep+x.URL)}
	n.Verdicts = []Verdict{{Word: ofTreatment(x.Treatment(), t.forms[e.Rule]), Explanation: e}}
	o, ok := x.Treatment().Object()
	if !ok {
		return n, nil
	}
	n.Below = true
	return n, &place{Object: o}
}

// fill adds the children of a node, and their children. Extensions, of which there are
// many, are added only if just this node was requested.
func (t *tree) fill(n *Node, at *place, levels int) {
	if levels <= 0 {
		return
	}
	if at.extensions {
		for _, x := range at.Extensions() {
			child, _ := t.extension(n, x)
			n.Children = append(n.Children, child)
		}
		return
	}
	for e := range at.Elements() {
		if e.Member() == "resourceType" {
			continue
		}
		child, below := t.element(n, at.Object, e)
		n.Children = append(n.Children, child)
		if first := firstOf(below); first != nil && !first.extensions {
			t.fill(child, first, levels-1)
		}
	}
}
