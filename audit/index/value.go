package index

import (
	"slices"
	"strings"

	"github.com/veil-proxy/veil/audit"
)

// Kind is what a value is of. The numbers are in databases.
type Kind uint8

// The kinds.
const (
	Consumer Kind = iota + 1
	Listener
	Operation // and each first word of one
	Outcome
	Reason
	Project
	Ruleset
	Rule
	Category // a letter of one
	Path     // and each one above it
)

// value is what records are found by.
type value struct {
	kind Kind
	text string
}

// dictionary numbers values from 1.
type dictionary struct {
	ids  map[value]uint32
	list []value // of id 1, 2, …
	// paths, operations and categories have the ids of what a text stands for.
	paths, operations, categories map[string][]uint32
}

func newDictionary() *dictionary {
	return &dictionary{ids: map[value]uint32{}, paths: map[string][]uint32{}, operations: map[string][]uint32{}, categories: map[string][]uint32{}}
}

func (d *dictionary) id(kind Kind, text string) uint32 {
	v := value{kind, text}
	id := d.ids[v]
	if id == 0 {
		d.list = append(d.list, v)
		id = uint32(len(d.list)) //nolint:gosec // there are far fewer
		d.ids[v] = id
	}
	return id
}

// appendOf appends the ids of a record, some more than once.
func (d *dictionary) appendOf(dst []uint32, l *audit.Line) []uint32 {
	for _, v := range [...]value{{Consumer, l.Consumer}, {Listener, l.Door}, {Outcome, l.Result}, {Reason, l.Reason}, {Project, l.Project}, {Ruleset, l.Ruleset}} {
		if v.text != "" {
			dst = append(dst, d.id(v.kind, v.text))
		}
	}
	dst = append(dst, d.all(d.operations, Operation, l.Operation, firstWords)...)
	for i := range l.Applied {
		a := &l.Applied[i]
		dst = append(dst, d.id(Rule, a.Rule))
		dst = append(dst, d.all(d.categories, Category, a.Category, letters)...)
		dst = append(dst, d.all(d.paths, Path, a.Path, upwards)...)
	}
	return dst
}

// all returns the ids of all that a text stands for.
func (d *dictionary) all(known map[string][]uint32, kind Kind, text string, of func(string) []string) []uint32 {
	ids, ok := known[text]
	if !ok {
		for _, s := range of(text) {
			ids = append(ids, d.id(kind, s))
		}
		known[text] = ids
	}
	return ids
}

// firstWords are an operation and what it begins with: "read Patient" and "read".
func firstWords(operation string) (all []string) {
	for i, c := range operation {
		if c == ' ' && i > 0 {
			all = append(all, operation[:i])
		}
	}
	if operation != "" {
		all = append(all, operation)
	}
	return all
}

// letters are those of a category: a rule can stand for several.
func letters(category string) (all []string) {
	for _, c := range category {
		if s := string(c); !slices.Contains(all, s) {
			all = append(all, s)
		}
	}
	return all
}

// upwards are a path and those above it: of Patient.name[0].given also Patient.name[0],
// Patient.name and Patient. What stands in parentheses is not divided.
func upwards(path string) (all []string) {
	depth := 0
	for i, c := range path {
		if depth == 0 && i > 0 && strings.ContainsRune(".[(", c) {
			all = append(all, path[:i])
		}
		switch c {
		case '(':
			depth++
		case ')':
			depth--
		}
	}
	if path != "" {
		all = append(all, path)
	}
	return all
}
