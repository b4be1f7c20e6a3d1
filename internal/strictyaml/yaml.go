package strictyaml

import (
	"errors"
	"fmt"
	"sort"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"

	"github.com/veil-proxy/veil/internal/suggest"
)

// Position is a place in a file that a person wrote.
type Position struct {
	File         string
	Line, Column int
}

func (p Position) String() string { return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Column) }

// Problem is one thing that is wrong with a written file.
type Problem struct {
	Position
	Message string
}

func (p Problem) Error() string { return p.String() + ": " + p.Message }

// Problems lists everything that is wrong with a file, in the order of the lines. It is
// an error if it is not empty.
type Problems []Problem

func (ps Problems) Error() string {
	lines := make([]string, len(ps))
	for i, p := range ps {
		lines[i] = p.Error()
	}
	return strings.Join(lines, "\n")
}

// Add notes a problem at a position.
func (ps *Problems) Add(at Position, format string, args ...any) {
	*ps = append(*ps, Problem{at, fmt.Sprintf(format, args...)})
}

// Err returns the problems sorted by place, or nil when there are none.
func (ps Problems) Err() error {
	if len(ps) == 0 {
		return nil
	}
	sort.SliceStable(ps, func(i, j int) bool {
		a, b := ps[i], ps[j]
		if a.File != b.File {
			return a.File < b.File
		}
		if a.Line != b.Line {
			return a.Line < b.Line
		}
		return a.Column < b.Column
	})
	return ps
}

// Node is a value or a key in a YAML document.
type Node struct{ yaml ast.Node }

// IsZero reports whether there is no node, as Parse returns for a document that it
// could not read.
func (n Node) IsZero() bool { return n.yaml == nil }

// IsNull reports whether n is nothing, as after "keys:" at the end of a line.
func (n Node) IsNull() bool {
	_, ok := n.yaml.(*ast.NullNode)
	return ok
}

// IsList reports whether n is a list.
func (n Node) IsList() bool {
	_, ok := n.yaml.(*ast.SequenceNode)
	return ok
}

// IsMapping reports whether n is a mapping.
func (n Node) IsMapping() bool {
	switch n.yaml.(type) {
	case *ast.MappingNode, *ast.MappingValueNode:
		return true
	}
	return false
}

// IsString reports whether n is a string on one line and not a number or a boolean.
func (n Node) IsString() bool {
	_, ok := n.yaml.(*ast.StringNode)
	return ok
}

// Items returns the items of a list. A node that is not a list counts as a list of
// itself.
func (n Node) Items() []Node {
	s, ok := n.yaml.(*ast.SequenceNode)
	if !ok {
		return []Node{n}
	}
	items := make([]Node, len(s.Values))
	for i, v := range s.Values {
		items[i] = Node{v}
	}
	return items
}

// Tree reads a YAML document strictly: a key that the reader does not know is a problem,
// reported with its position and the nearest known key.
type Tree struct {
	File     string
	Problems *Problems
	// Foreign maps keys from files of other tools to what to write instead.
	Foreign map[string]string
}

// plain rephrases the parser's messages for common mistakes.
func plain(message string) string {
	switch {
	case strings.Contains(message, "found character '\t'"):
		return "tabs cannot be used for indentation: use spaces"
	case strings.Contains(message, "could not find flow mapping end token"):
		return "the mapping is not closed: expected }"
	case strings.Contains(message, "sequence end token"):
		return "the list is not closed: expected ]"
	}
	return message
}

// Parse parses src and returns its one top-level mapping. Syntax errors,
// several documents, anchors and aliases are problems.
func Parse(file string, src []byte, problems *Problems) (Tree, Node) {
	t := Tree{File: file, Problems: problems}
	f, err := parser.ParseBytes(src, 0)
	if err != nil {
		at, msg := Position{file, 1, 1}, "not YAML"
		var ye yaml.Error
		if errors.As(err, &ye) {
			msg = plain(ye.GetMessage())
			if tok := ye.GetToken(); tok != nil {
				at.Line, at.Column = tok.Position.Line, tok.Position.Column
			}
		}
		problems.Add(at, "%s", msg)
		return t, Node{}
	}
	if len(f.Docs) != 1 || f.Docs[0].Body == nil {
		problems.Add(Position{file, 1, 1}, "expected one YAML document")
		return t, Node{}
	}
	return t, Node{f.Docs[0].Body}
}

// At returns the position of a node.
func (t Tree) At(n Node) Position {
	p := Position{t.File, 1, 1}
	at := n.yaml
	if m, ok := at.(*ast.MappingNode); ok && len(m.Values) > 0 {
		at = m.Values[0].Key
	}
	if tok := at.GetToken(); tok != nil {
		p.Line, p.Column = tok.Position.Line, tok.Position.Column
	}
	return p
}

// Bad notes a problem at a node.
func (t Tree) Bad(n Node, format string, args ...any) {
	t.Problems.Add(t.At(n), format, args...)
}

// Field handles the value of one key.
type Field func(value Node)

// Mapping calls the field of each key. other, if not nil, takes the keys that
// fields does not have; without it they are problems.
func (t Tree) Mapping(n Node, fields map[string]Field, other func(key string, keyNode, value Node)) bool {
	m, ok := n.yaml.(*ast.MappingNode)
	if !ok {
		if v, single := n.yaml.(*ast.MappingValueNode); single {
			m = &ast.MappingNode{Values: []*ast.MappingValueNode{v}}
		} else {
			t.Bad(n, "expected a mapping (key: value)")
			return false
		}
	}
	seen := map[string]bool{}
	for _, v := range m.Values {
		k, ok := v.Key.(*ast.StringNode)
		if !ok {
			t.Bad(Node{v.Key}, "expected a plain key")
			continue
		}
		if seen[k.Value] {
			t.Bad(Node{v.Key}, "key %q appears twice", k.Value)
			continue
		}
		seen[k.Value] = true
		if f, ok := fields[k.Value]; ok {
			f(Node{v.Value})
			continue
		}
		if other != nil {
			other(k.Value, Node{v.Key}, Node{v.Value})
			continue
		}
		known := make([]string, 0, len(fields))
		for name := range fields {
			known = append(known, name)
		}
		sort.Strings(known)
		t.UnknownKey(Node{v.Key}, k.Value, known)
	}
	return true
}

// UnknownKey notes a key that is not one of those known.
func (t Tree) UnknownKey(at Node, key string, known []string) {
	hint := Elsewhere(t.Foreign, key)
	if hint == "" {
		hint = suggest.DidYouMean(key, known)
	}
	t.Bad(at, "unknown key %q%s", key, hint)
}

// Sequence calls f for each item.
func (t Tree) Sequence(n Node, f func(item Node)) {
	if !n.IsList() {
		t.Bad(n, "expected a list (- item)")
		return
	}
	for _, v := range n.Items() {
		f(v)
	}
}

// Text returns a scalar as it is written. A number where a word is expected keeps its
// spelling.
func (t Tree) Text(n Node) (string, bool) {
	switch n := n.yaml.(type) {
	case *ast.StringNode:
		return n.Value, true
	case *ast.LiteralNode:
		return n.Value.Value, true
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode:
		return n.GetToken().Value, true
	}
	t.Bad(n, "expected a string")
	return "", false
}

// Texts returns a list of scalars; a single scalar counts as a list of one.
func (t Tree) Texts(n Node) []Located {
	var out []Located
	for _, item := range n.Items() {
		if s, ok := t.Text(item); ok {
			out = append(out, Located{s, t.At(item)})
		}
	}
	return out
}

// Located is a text with its position.
type Located struct {
	Text string
	At   Position
}

// Word returns a scalar that must be one of words.
func (t Tree) Word(n Node, words ...string) string {
	s, ok := t.Text(n)
	if !ok {
		return ""
	}
	for _, w := range words {
		if s == w {
			return s
		}
	}
	if len(words) == 1 {
		t.Bad(n, "unknown value %q: expected %s", s, words[0])
	} else {
		t.Bad(n, "unknown value %q: expected one of %s%s", s, strings.Join(words, ", "), suggest.DidYouMean(s, words))
	}
	return ""
}

// Elsewhere returns the end of a message that says what another tool's name is called
// here.
func Elsewhere(names map[string]string, name string) string {
	folded := strings.ToLower(name)
	hint, ok := names[folded]
	if !ok {
		hint, ok = names[strings.NewReplacer("_", "", "-", "", " ", "").Replace(folded)]
	}
	if !ok {
		return ""
	}
	return ": here, " + strings.TrimPrefix(hint, "here, ")
}
