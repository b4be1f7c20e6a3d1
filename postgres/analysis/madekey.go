package analysis

import (
	"fmt"
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/veil-proxy/veil/postgres/catalog"
	"github.com/veil-proxy/veil/postgres/rows"
)

// Texts that stand for what they are made of. PostgreSQL does not have a made text, but it
// has the record of its parts. If two texts are equal exactly where their records are, they
// can be grouped, counted, joined and tested for NULL by the record. So it is where a text
// can be read back in one way only: of 'P' || id, but not of id || ward || room.

// piece describes a part for parsing a made text back.
type piece uint8

const (
	// inexact parts can be equal in the text although they differ in the record.
	inexact piece = iota
	// fixed parts are the same in every row.
	fixed
	// open parts can end anywhere.
	open
	// random parts can be found in any text: they are long and random.
	random
)

// trait is what is known about a part.
type trait struct {
	piece piece
	class string
	// given is NULL if the part is; nil for a literal.
	given *pg.Node
}

// traitOf returns what is known about a value that becomes a part in the form of the text
// given.
func traitOf(v value, given *pg.Node) trait {
	t := trait{piece: open, given: given}
	switch s := v.keying; {
	case s == nil:
		if c, ok := constantOf(v.node); ok {
			t.piece = fixed
			if c.param == 0 && !c.null {
				t.given = nil
			}
		}
	case !s.comparable || s.Entity != "" || len(s.Names()) > 0:
		t.piece, t.given = inexact, v.node
	default:
		t.class, t.given = s.Class, v.node
		if s.domain != "" {
			t.piece = random
		}
	}
	return t
}

// backward is a text as it is parsed back: its pieces in order.
type backward struct {
	pieces []trait
	// loose: a part that is NULL is left out.
	loose bool
}

// read adds the result of a step. It reports false if the text cannot be parsed back.
func (r *backward) read(c *composition, s *rows.Step) bool {
	switch s.Function {
	case "":
		t := c.traits[s.Part]
		r.pieces = append(r.pieces, t)
		return t.piece != inexact
	case "text":
		r.pieces = append(r.pieces, trait{piece: fixed})
		return true
	case "||", "concat":
		r.loose = r.loose || s.Function == "concat"
		for _, o := range s.Of {
			if !r.read(c, o) {
				return false
			}
		}
		return true
	case "coalesce":
		// One part, or something fixed.
		at := len(r.pieces)
		for _, o := range s.Of {
			if !r.read(c, o) {
				return false
			}
		}
		for _, t := range r.pieces[at+1:] {
			if t.piece != fixed {
				return false
			}
		}
		r.pieces = r.pieces[:at+1]
		return s.Of[0].Function == ""
	case "md5":
		own := backward{}
		if !own.read(c, s.Of[0]) || !own.unique() {
			return false
		}
		r.pieces = append(r.pieces, trait{piece: random, class: "md5"})
		return true
	}
	return false
}

// unique reports whether the pieces can be distinguished in the text.
func (r *backward) unique() bool {
	opened, all := 0, 0
	classes := map[string]bool{}
	for _, t := range r.pieces {
		switch t.piece {
		case open:
			opened, all = opened+1, all+1
		case random:
			if opened = 0; r.loose && classes[t.class] {
				return false // either may be left out
			}
			classes[t.class] = true
		}
		if opened > 1 || r.loose && all > 1 {
			return false
		}
	}
	return true
}

// exact reports whether two texts are equal exactly if the records of their parts are.
func (c *composition) exact() bool {
	r := backward{}
	return len(c.traits) == len(c.Parts) && !c.blind && r.read(c, c.Step) && r.unique()
}

// class names the composition of the text: texts of one class are compared by their
// records.
func (c *composition) class(s *rows.Step) string {
	if s.Function == "" {
		return fmt.Sprintf("%d %q", s.Part, c.traits[s.Part].class)
	}
	of := make([]string, len(s.Of))
	for i, o := range s.Of {
		of[i] = c.class(o)
	}
	return fmt.Sprintf("%s %q (%s)", s.Function, s.Text, strings.Join(of, ", "))
}

// tested makes a made text NULL if its value is, provided that this is known and cheap to
// test.
func (c *composition) tested(s *keying, n *pg.Node) *pg.Node {
	if len(c.traits) != len(c.Parts) || s.shown != catalog.OIDText && s.shown != catalog.OIDVarchar || hasSelect(n) {
		return n
	}
	test := c.null(c.Step)
	if test == nil {
		return n
	}
	s.nulls = true
	if c.exact() {
		s.comparable, s.hashed, s.Class = true, true, "a text of "+c.class(c.Step)
	}
	if isFalse(test) {
		return n
	}
	return when(not(test), n)
}

// hasSelect reports whether an expression has a sub-select, which would run twice.
func hasSelect(n *pg.Node) bool {
	found := false
	walk(n.ProtoReflect(), func(m any) {
		if _, ok := m.(*pg.SelectStmt); ok {
			found = true
		}
	})
	return found
}
