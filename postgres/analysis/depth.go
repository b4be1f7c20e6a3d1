package analysis

import (
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"
	pgquery "github.com/wasilibs/go-pgquery"
)

// The parser writes its tree by recursion on a stack of a fixed size. One that
// overflows leaves the parser's instance broken, and the instance is used again, so it
// must never happen: how deep the tree can be is bounded by the tokens before it is
// parsed. The scanner itself does not recurse.

const (
	// maxChain bounds the depth of what is parsed, in operators. (Five thousand overflow the
	// stack. Statements of drivers can have a thousand comparisons within one CASE, which
	// count as if they were nested.)
	maxChain = 3000
	// heavy is the number of operators that a level of queries, joins or CASE counts as.
	heavy = 3
	// shortText is the longest text, in bytes, that cannot be too deep: a level takes at
	// least two bytes.
	shortText = 4 << 10
)

// tooDeep reports whether a text might be deeper than the parser's stack holds.
func tooDeep(text string) bool {
	if len(text) <= shortText {
		return nesting(text) > maxNesting
	}
	scan, err := withParser(pgquery.Scan, text)
	if err != nil {
		return false // the parser fails at the same place, without a tree
	}
	levels := []level{{}}
	for _, token := range scan.Tokens {
		if token.Start < 0 || int(token.End) > len(text) || token.Start >= token.End {
			return true
		}
		at := &levels[len(levels)-1]
		switch word := text[token.Start:token.End]; linkOf(token, word) {
		case opens:
			if levels = append(levels, level{}); len(levels) > maxNesting {
				return true
			}
		case closes:
			if len(levels) > 1 {
				inner := at.depth() + 1
				levels = levels[:len(levels)-1]
				at = &levels[len(levels)-1]
				at.inner = max(at.inner, inner)
			}
		case parts:
			at.part()
		case links:
			at.links++
		case chains:
			at.part()
			at.chain += heavy
		case cases:
			at.links += heavy
		}
	}
	depth := 0
	for i := range levels {
		depth += levels[i].depth() + 1
	}
	return depth > maxChain
}

// level is what stands within a pair of brackets: parts, each of which has links one
// above the other over what is in brackets in it, and operators between queries or
// tables, which stand above all of it.
type level struct{ links, inner, deepest, chain int }

func (l *level) part() {
	l.deepest = max(l.deepest, l.links+l.inner)
	l.links, l.inner = 0, 0
}

func (l *level) depth() int { return l.chain + max(l.deepest, l.links+l.inner) }

type link uint8

const (
	nothing link = iota
	opens
	closes
	parts
	links
	chains
	cases
)

// linkOf returns the effect of a token on the depth of the tree.
func linkOf(token *pg.ScanToken, word string) link {
	switch word[0] {
	case '(', '[':
		return opens
	case ')', ']':
		return closes
	case ',', ';':
		return parts
	case '\'', '"', '$':
		return nothing // constants, quoted names, parameters
	}
	switch token.Token {
	case pg.Token_SQL_COMMENT, pg.Token_C_COMMENT, pg.Token_SCONST, pg.Token_USCONST, pg.Token_BCONST, pg.Token_XCONST, pg.Token_UIDENT,
		pg.Token_ICONST, pg.Token_FCONST:
		return nothing
	}
	if strings.ContainsAny(word[:1], "+-*/<>=~!@#%^&|`?:.") {
		return links
	}
	switch strings.ToLower(word) {
	case "and", "or":
		// Flat, however many follow one another.
		return parts
	case "union", "intersect", "except", "join":
		return chains
	case "case":
		return cases
	case "not", "is", "isnull", "notnull", "in", "like", "ilike", "similar", "between", "collate", "at", "operator", "overlaps", "escape":
		return links
	}
	return nothing
}
