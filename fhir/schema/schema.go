// Package schema holds the element tables of FHIR releases: types, elements, value
// sets and search parameters, which package fhir/gen generates from HL7's
// definitions. It knows nothing of masking.
package schema

import (
	"fmt"
	"slices"
	"sort"
	"strconv"
	"strings"
	"sync"

	"github.com/veil-proxy/veil/fhir/fhirjson"
	"github.com/veil-proxy/veil/fhir/terminology"
)

// Schema is the element tables of one FHIR release: every resource type, data
// type and backbone element with its elements. It is immutable.
type Schema struct {
	// Name is the name of the version, such as "R4".
	Name string
	// Version is the FHIR version, such as "4.0.1".
	Version string
	// Compartments are the resource types that have a compartment.
	Compartments []string
	types        []*Type
	byName       map[string]*Type
	params       map[string]map[string]*SearchParam // by base type and name
	shapes       func() map[*Type]*Shape            // made when XML is first met
	ways         func() map[string]PatientPaths
}

// TypeKind is the kind of a type.
type TypeKind uint8

// The kinds of types.
const (
	ResourceKind TypeKind = iota
	ComplexKind
	BackboneKind
	PrimitiveKind
)

// Type is a FHIR type: "Patient", "HumanName", "Patient.contact", "date".
type Type struct {
	Name string
	Kind TypeKind
	// base is the type it specialises, or empty.
	base     string
	Abstract bool
	// Elements includes the inherited ones.
	Elements []Element
	// oneOf and Needs are the invariants that masking can break.
	oneOf []OneOf
	Needs []Need
	// ReadAsText is the required element that people read as text, or empty.
	ReadAsText string
}

// Element is an element of a type.
type Element struct {
	// Name is without the "[x]" of a choice.
	Name   string
	Choice bool
	Types  []ElementType
	// Max is -1 if there is no limit.
	Min, Max int
	Binding  Binding
	// Modifier elements change the meaning of the element that contains them.
	Modifier, Summary bool
}

// ElementType is one type that an element may have.
type ElementType struct {
	// Code is "BackboneElement" for an element with elements of its own.
	Code string
	// Type is the type itself; for a content reference, the referenced one.
	Type *Type
	// targets are the resource types a reference may point at; none means any.
	targets []string
}

// Binding is the value set an element's codes come from.
type Binding struct {
	// Strength is required, extensible, preferred or example.
	Strength string
	// ValueSet is nil if its codes cannot be listed and have no form.
	ValueSet *ValueSet
}

// ValueSet is a list of codes, or a form that codes have.
type ValueSet struct {
	URL string
	// Systems are the code systems that its codes come from.
	Systems []string
	listed  []string         // the codes, several in a text
	codes   func() *codeList // the same, made when they are first asked for
	form    func([]byte) bool
}

// codeList is a list of codes, in order, and a table that finds them.
type codeList struct {
	codes []string
	table fhirjson.KeyTable
}

func (v *ValueSet) codeList() *codeList {
	l := &codeList{}
	for _, line := range v.listed {
		l.codes = append(l.codes, strings.Fields(line)...)
	}
	slices.Sort(l.codes)
	l.codes = slices.Compact(l.codes)
	l.table = fhirjson.NewKeyTable(l.codes)
	return l
}

// Contains reports whether a code is in the value set.
func (v *ValueSet) Contains(code []byte) bool {
	if v.form != nil {
		return v.form(code)
	}
	return v.codes().table.Find(code) >= 0
}

// JSONName returns the name of the element's JSON member for one of its types, such as
// "valueQuantity" for a choice (FHIR R4, formats.html#choice).
func (e *Element) JSONName(t ElementType) string {
	if !e.Choice {
		return e.Name
	}
	return e.Name + strings.ToUpper(t.Code[:1]) + t.Code[1:]
}

// Type returns a type by its name, or nil.
func (s *Schema) Type(name string) *Type { return s.byName[name] }

// Types returns all types in order of their names.
func (s *Schema) Types() []*Type { return s.types }

// Members returns the number of members that objects of all types may have.
func (s *Schema) Members() int {
	n := 0
	for _, t := range s.types {
		for i := range t.Elements {
			n += len(t.Elements[i].Types)
		}
	}
	return n
}

// kinds are the words for kinds of types.
var kinds = map[string]TypeKind{"resource": ResourceKind, "complex": ComplexKind, "backbone": BackboneKind, "primitive": PrimitiveKind}

// schemaReader reads the format that fhir/gen writes.
type schemaReader struct {
	*Schema
	sets    []*ValueSet
	current *Type
}

// Parse reads the tables of a FHIR version, in the format that fhir/gen writes.
func Parse(name, text, search string) (*Schema, error) {
	r := &schemaReader{Schema: &Schema{Name: name, byName: map[string]*Type{}}}
	n := 0
	for line := range strings.SplitSeq(text, "\n") {
		if n++; line == "" {
			continue
		}
		if err := r.line(line); err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
	}
	sort.Slice(r.types, func(i, j int) bool { return r.types[i].Name < r.types[j].Name })
	if err := r.link(); err != nil {
		return nil, err
	}
	if err := r.invariants(invariantsText); err != nil {
		return nil, err
	}
	r.shapes = sync.OnceValue(func() map[*Type]*Shape { return newShapes(r.Schema) })
	r.ways = sync.OnceValue(r.findPatientPaths)
	var err error
	r.params, err = parseSearch(search)
	return r.Schema, err
}

func (r *schemaReader) line(line string) error {
	if line[0] == ' ' {
		set := r.sets[len(r.sets)-1]
		set.listed = append(set.listed, line)
		return nil
	}
	fields := strings.Fields(line)
	switch line[0] {
	case 'f':
		r.Version = fields[1]
	case 'c':
		r.Compartments = fields[1:]
	case 'V':
		return r.valueSet(fields)
	case 'T':
		t := &Type{Name: fields[1], Kind: kinds[fields[2]], base: fields[3], Abstract: len(fields) > 4}
		if t.base == "-" {
			t.base = ""
		}
		r.types = append(r.types, t)
		r.byName[t.Name] = t
		r.current = t
	case '.':
		return r.element(fields)
	default:
		return fmt.Errorf("unknown line")
	}
	return nil
}

func (r *schemaReader) valueSet(fields []string) error {
	v := &ValueSet{URL: fields[2]}
	v.codes = sync.OnceValue(v.codeList)
	for _, f := range fields[3:] {
		if form, ok := strings.CutPrefix(f, "form="); ok {
			if v.form = terminology.Form(form); v.form == nil {
				return fmt.Errorf("unknown form %q", form)
			}
		}
		if systems, ok := strings.CutPrefix(f, "sys="); ok {
			v.Systems = strings.Split(systems, ",")
		}
	}
	r.sets = append(r.sets, v)
	return nil
}

func (r *schemaReader) element(fields []string) error {
	e := Element{Name: fields[0][1:], Max: -1}
	e.Name, e.Choice = strings.CutSuffix(e.Name, "*")
	var err error
	if e.Min, err = strconv.Atoi(fields[1]); err != nil {
		return err
	}
	if fields[2] != "*" {
		if e.Max, err = strconv.Atoi(fields[2]); err != nil {
			return err
		}
	}
	for _, t := range strings.Split(fields[3], "|") {
		code, targets, ok := strings.Cut(t, "(")
		et := ElementType{Code: code}
		if ok {
			et.targets = strings.Split(strings.TrimSuffix(targets, ")"), ",")
		}
		e.Types = append(e.Types, et)
	}
	for _, f := range fields[4:] {
		switch {
		case f == "m":
			e.Modifier = true
		case f == "s":
			e.Summary = true
		default:
			strength, number, _ := strings.Cut(strings.TrimPrefix(f, "b="), ":")
			n, err := strconv.Atoi(number)
			if err != nil || n >= len(r.sets) {
				return fmt.Errorf("unknown value set %q", number)
			}
			e.Binding = Binding{Strength: strength, ValueSet: r.sets[n]}
		}
	}
	r.current.Elements = append(r.current.Elements, e)
	return nil
}

// link resolves the names of types.
func (r *schemaReader) link() error {
	for _, t := range r.types {
		for i := range t.Elements {
			for j := range t.Elements[i].Types {
				et := &t.Elements[i].Types[j]
				name, repeats := strings.CutPrefix(et.Code, "#")
				if repeats {
					et.Code = "BackboneElement"
				}
				if et.Type = r.byName[name]; et.Type == nil {
					return fmt.Errorf("%s.%s: unknown type %q", t.Name, t.Elements[i].Name, name)
				}
			}
		}
	}
	return nil
}

// JSONKind is the kind of JSON value of a type.
type JSONKind uint8

// The kinds of JSON values.
const (
	JSONString JSONKind = iota
	JSONNumber
	JSONBool
	JSONObject
)

// JSONKindOf returns how a type is written in JSON.
func JSONKindOf(et ElementType) JSONKind {
	switch et.Code {
	case "boolean":
		return JSONBool
	case "decimal", "integer", "positiveInt", "unsignedInt": // an integer64 is a string
		return JSONNumber
	}
	if et.Type != nil && et.Type.Kind != PrimitiveKind {
		return JSONObject
	}
	return JSONString
}

// Element returns an element by its name, or nil.
func (t *Type) Element(name string) *Element {
	for i := range t.Elements {
		if t.Elements[i].Name == name {
			return &t.Elements[i]
		}
	}
	return nil
}

// Lineage returns a type and its base types, nearest first.
func (s *Schema) Lineage(t *Type) []string {
	var names []string
	for t != nil {
		names = append(names, t.Name)
		t = s.Type(t.base)
	}
	return names
}

// Codes returns the codes of a value set that is a list, sorted.
func (v *ValueSet) Codes() []string { return slices.Clone(v.codes().codes) }
