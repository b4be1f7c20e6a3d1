package index

import (
	"slices"
	"strings"

	"github.com/veil-proxy/veil/audit"
)

// Kind is the kind of a value. Databases contain the numbers.
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

// value is a value by which records are found.
type value struct {
	kind Kind
	text string
}

// numbered assigns numbers from 1, in the order of first use.
type numbered[T comparable] struct {
	ids  map[T]uint32
	list []T // of number 1, 2, …
}

func newNumbered[T comparable]() numbered[T] { return numbered[T]{ids: map[T]uint32{}} }

// number returns the number of a thing, and assigns one if it has none.
func (n *numbered[T]) number(of T) uint32 {
	id := n.ids[of]
	if id == 0 {
		n.list = append(n.list, of)
		id = uint32(len(n.list)) //nolint:gosec // there are far fewer
		n.ids[of] = id
	}
	return id
}

// dictionary numbers values.
type dictionary struct {
	numbered[value]
	// paths, operations and categories map a text to the ids of the values it stands for.
	paths, operations, categories map[string][]uint32
	// applications have the ids of the values that an application stands for, by its number.
	applications [][]uint32
	// last are the fields of the previous record, and their ids.
	last [len(fieldKinds)]struct {
		text string
		ids  []uint32
	}
}

// fieldKinds are the kinds of the fields of a record.
var fieldKinds = [...]Kind{Consumer, Listener, Outcome, Reason, Project, Ruleset, Operation}

func newDictionary() *dictionary {
	return &dictionary{numbered: newNumbered[value](), paths: map[string][]uint32{}, operations: map[string][]uint32{}, categories: map[string][]uint32{}}
}

func (d *dictionary) id(kind Kind, text string) uint32 {
	return d.number(value{kind, text})
}

// eachField calls a function for the ids of each field of a record.
func (d *dictionary) eachField(l *audit.Line, do func(ids []uint32)) {
	for i, text := range [len(fieldKinds)]string{l.Consumer, l.Door, l.Result, l.Reason, l.Project, l.Ruleset, l.Operation} {
		last := &d.last[i]
		if text != last.text {
			last.text, last.ids = text, d.idsOf(fieldKinds[i], text)
		}
		do(last.ids)
	}
}

// idsOf returns the ids of a field's text: none if it is empty.
func (d *dictionary) idsOf(kind Kind, text string) []uint32 {
	switch {
	case kind == Operation:
		return d.all(d.operations, Operation, text, firstWords)
	case text == "":
		return nil
	}
	return []uint32{d.id(kind, text)}
}

// know fills in applications for an application.
func (d *dictionary) know(a *audit.Application) {
	if a.Number >= len(d.applications) || d.applications[a.Number] == nil {
		d.applications = reaching(d.applications, a.Number)
		d.applications[a.Number] = d.idsOfApplication(a)
	}
}

// idsOfApplication returns the ids of the values that an application stands for.
func (d *dictionary) idsOfApplication(a *audit.Application) []uint32 {
	ids := append([]uint32{d.id(Rule, a.Rule)}, d.all(d.categories, Category, a.Category, letters)...)
	return append(ids, d.all(d.paths, Path, a.Path, upwards)...)
}

// all returns the ids of all values that a text stands for.
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

// firstWords returns an operation and its first words: "read Patient" and "read".
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

// letters returns the letters of a category, since a rule can belong to several.
func letters(category string) (all []string) {
	for _, c := range category {
		if s := string(c); !slices.Contains(all, s) {
			all = append(all, s)
		}
	}
	return all
}

// upwards returns a path and those above it: for Patient.name[0].given also
// Patient.name[0], Patient.name and Patient. Text in parentheses is not split.
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
