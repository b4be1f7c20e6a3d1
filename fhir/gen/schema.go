package main

import (
	"bytes"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"sort"
	"strings"
)

type structure struct {
	Type, Kind, BaseDefinition, Derivation, FHIRVersion string
	Abstract                                            bool
	Snapshot                                            struct{ Element []element }
}

type element struct {
	Path, ContentReference string
	Min                    int
	Max                    string
	IsModifier, IsSummary  bool
	Type                   []struct {
		Code          string
		TargetProfile []string
		Extension     []struct{ URL, ValueURL string }
	}
	Binding *struct{ Strength, ValueSet string }
}

// schema writes the element tables:
//
//	fhir <version>
//	compartments <type> …
//	V <number> <url> [form=<form>] [sys=<system>,…]      a value set …
//	 <code> <code> …                                     … and its codes, on lines that begin with a space
//	T <name> <kind> <base> [abstract]                    a type …
//	.<name>[*] <min> <max> <types> [flags]               … and its elements; * marks a choice
//
// Types are joined by "|"; the targets of a reference stand in parentheses; a
// content reference is "#" and the type it repeats. Flags: m modifier, s
// summary, b=<strength>:<value set number>.
func (d *definitions) schema() []byte {
	var types bytes.Buffer
	sets := &setTable{d: d, numbers: map[string]int{}}
	// A package may carry types of a later release beside those of its own.
	version := ""
	if p := d.structures["Patient"]; p != nil {
		version = p.FHIRVersion
	}
	for _, name := range sortedKeys(d.structures) {
		if s := d.structures[name]; s.FHIRVersion == version {
			d.writeType(&types, sets, s)
		}
	}
	var out bytes.Buffer
	fmt.Fprintf(&out, "fhir %s\ncompartments %s\n", version, strings.Join(slices.Sorted(maps.Keys(d.compartments)), " "))
	out.Write(sets.out.Bytes())
	out.Write(types.Bytes())
	return out.Bytes()
}

func (d *definitions) writeType(out *bytes.Buffer, sets *setTable, s *structure) {
	// The snapshot is flat: gather the elements of the type and of each of its
	// backbone elements.
	groups := map[string][]*element{}
	var order []string
	for i := range s.Snapshot.Element {
		e := &s.Snapshot.Element[i]
		dot := strings.LastIndexByte(e.Path, '.')
		if dot < 0 {
			continue
		}
		parent := e.Path[:dot]
		if groups[parent] == nil {
			order = append(order, parent)
		}
		groups[parent] = append(groups[parent], e)
	}
	if len(order) == 0 {
		order = []string{s.Type}
	}
	sort.Strings(order)
	for _, name := range order {
		kind, base := kindWord(s.Kind), lastPart(s.BaseDefinition)
		if name != s.Type {
			kind, base = "backbone", "BackboneElement"
			if !slices.ContainsFunc(groups[name], func(e *element) bool { return strings.HasSuffix(e.Path, ".modifierExtension") }) {
				base = "Element"
			}
		}
		if base == "" {
			base = "-"
		}
		fmt.Fprintf(out, "T %s %s %s", name, kind, base)
		if s.Abstract && name == s.Type {
			out.WriteString(" abstract")
		}
		out.WriteByte('\n')
		if kind == "primitive" {
			continue
		}
		for _, e := range groups[name] {
			writeElement(out, sets, e, groups[e.Path] != nil)
		}
	}
}

func kindWord(kind string) string {
	switch kind {
	case "resource":
		return "resource"
	case "primitive-type":
		return "primitive"
	}
	return "complex"
}

func writeElement(out *bytes.Buffer, sets *setTable, e *element, backbone bool) {
	name := e.Path[strings.LastIndexByte(e.Path, '.')+1:]
	name, choice := strings.CutSuffix(name, "[x]")
	if choice {
		name += "*"
	}
	var types []string
	switch {
	case backbone:
		types = []string{"#" + e.Path}
	case e.ContentReference != "":
		types = []string{"#" + e.ContentReference[strings.IndexByte(e.ContentReference, '#')+1:]}
	default:
		for _, t := range e.Type {
			code := t.Code
			for _, x := range t.Extension {
				if strings.HasSuffix(x.URL, "structuredefinition-fhir-type") {
					code = x.ValueURL
				}
			}
			code = lastPart(code)
			if code == "System.String" || strings.HasSuffix(code, "System.String") {
				code = "string"
			}
			var targets []string
			for _, p := range t.TargetProfile {
				targets = append(targets, lastPart(p))
			}
			if len(targets) > 0 {
				code += "(" + strings.Join(targets, ",") + ")"
			}
			types = append(types, code)
		}
	}
	maxText := e.Max
	if maxText != "*" && maxText != "0" && maxText != "1" {
		maxText = "*"
	}
	fmt.Fprintf(out, ".%s %d %s %s", name, e.Min, maxText, strings.Join(types, "|"))
	if e.IsModifier {
		out.WriteString(" m")
	}
	if e.IsSummary {
		out.WriteString(" s")
	}
	if e.Binding != nil && e.Binding.ValueSet != "" {
		if n := sets.number(e.Binding.ValueSet, e.Binding.Strength, len(e.Type) == 1 && e.Type[0].Code == "code"); n >= 0 {
			fmt.Fprintf(out, " b=%s:%d", e.Binding.Strength, n)
		}
	}
	out.WriteByte('\n')
}

func lastPart(url string) string { return url[strings.LastIndexByte(url, '/')+1:] }

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}

type searchParam struct {
	Name, Code, Type, Expression, Status, URL string
	Base, Target                              []string
	Component                                 []struct{ Definition, Expression string }
}

// isFHIR reports whether a parameter is one of FHIR itself, and no example or one of
// an extension.
func (p *searchParam) isFHIR() bool {
	name, ok := strings.CutPrefix(p.URL, "http://hl7.org/fhir/SearchParameter/")
	return ok && len(p.Base) > 0 && !strings.Contains(name, "-extensions-") && !strings.Contains(p.Expression, ".extension(") &&
		strings.HasSuffix(name, "-"+strings.TrimPrefix(p.Code, "_"))
}

var resolved = regexp.MustCompile(`resolve\(\) is ([A-Za-z]+)`)

// targets returns the types that a reference parameter may refer to: those that its
// expression is restricted to, if it is.
func (p *searchParam) targets() []string {
	var only []string
	for _, m := range resolved.FindAllStringSubmatch(p.Expression, -1) {
		if slices.Contains(p.Target, m[1]) && !slices.Contains(only, m[1]) {
			only = append(only, m[1])
		}
	}
	if len(only) > 0 {
		return only
	}
	return p.Target
}

// search writes the search parameters, one a line, tab-separated: base types,
// code, type, targets, expression, and, for a composite, its components, each
// its type and expression joined by "=". Lists of names are joined by ",",
// components by " $ ".
func (d *definitions) search() []byte {
	types := map[string]string{}
	for _, p := range d.params {
		types[p.URL] = p.Type
	}
	var lines []string
	for _, p := range d.params {
		if !p.isFHIR() {
			continue
		}
		var components []string
		for _, c := range p.Component {
			components = append(components, types[c.Definition]+"="+strings.Join(strings.Fields(c.Expression), " "))
		}
		columns := []string{strings.Join(p.Base, ","), p.Code, p.Type, strings.Join(p.targets(), ","), strings.Join(strings.Fields(p.Expression), " ")}
		if len(components) > 0 {
			columns = append(columns, strings.Join(components, " $ "))
		}
		lines = append(lines, strings.Join(columns, "\t")+"\n")
	}
	sort.Strings(lines)
	return []byte(strings.Join(slices.Compact(lines), ""))
}
