package analysis

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	pg "github.com/pganalyze/pg_query_go/v6"
	"github.com/wasilibs/go-pgquery/parser"
	"google.golang.org/protobuf/proto"
)

// Statement is one of the statements of a query string.
type Statement struct {
	SQL string
	// Offset is its position in the string, in characters, which must be added to the
	// Position of a Refusal and of an upstream error.
	Offset int
}

// maxStatement bounds the text of a query string, maxDepth the nesting of expressions and
// sub-selects, maxPlanSQL the rewritten text.
const (
	maxStatement = 1 << 20
	maxDepth     = 200
	maxPlanSQL   = 8 << 20
)

// Split splits a query string at its semicolons by PostgreSQL's own grammar. An empty
// string, or one with only comments, has no statements.
func Split(text string) ([]Statement, *Refusal) {
	if !strings.Contains(text, ";") {
		return []Statement{{SQL: text}}, nil
	}
	tree, refusal := parse(text)
	if refusal != nil {
		return nil, refusal
	}
	var out []Statement
	for _, s := range tree.Stmts {
		from, to := int(s.StmtLocation), len(text)
		if s.StmtLen > 0 {
			to = from + int(s.StmtLen)
		}
		if from < 0 || to > len(text) || from > to {
			return nil, &Refusal{Code: codeSyntax, Message: "the statements cannot be separated", Reason: "syntax"}
		}
		out = append(out, Statement{SQL: text[from:to], Offset: utf8.RuneCountInString(text[:from])})
	}
	return out, nil
}

// Parse parses a text by PostgreSQL's grammar, for readers of definitions.
func Parse(text string) (*pg.ParseResult, *Refusal) { return parse(text) }

func parse(text string) (*pg.ParseResult, *Refusal) {
	p, refusal := parseOnce(text)
	if refusal != nil {
		return nil, refusal
	}
	return p.tree()
}

// parsed is a text that was parsed with PostgreSQL's grammar. An analysis rewrites the
// tree that it is given, and if it starts over it needs the original tree.
type parsed struct {
	text    string
	encoded []byte
}

// parseOnce parses a text with PostgreSQL's grammar. The parser's message may quote the
// statement, which the client wrote itself; even so, it is not repeated.
func parseOnce(text string) (p *parsed, refusal *Refusal) {
	defer func() {
		if recover() != nil {
			p, refusal = nil, &Refusal{Code: codeLimit, Message: "the statement cannot be parsed", Reason: "internal"}
		}
	}()
	switch {
	case len(text) > maxStatement:
		return nil, &Refusal{Code: codeLimit, Message: fmt.Sprintf("the statement has more than %d bytes", maxStatement), Reason: "limit"}
	case !utf8.ValidString(text) || strings.ContainsRune(text, 0):
		return nil, &Refusal{Code: "22021", Message: "the statement is not valid UTF-8", Reason: "syntax"}
	case tooDeep(text):
		return nil, &Refusal{Code: codeLimit, Message: "the statement nests too deep", Reason: "limit"}
	}
	encoded, err := withParser(parser.ParseToProtobuf, text)
	if err != nil {
		return nil, &Refusal{Code: codeSyntax, Message: "syntax error", Position: errorPosition(err), Reason: "syntax"}
	}
	return &parsed{text, encoded}, nil
}

// tree returns the tree of the text, a new copy each time.
func (p *parsed) tree() (*pg.ParseResult, *Refusal) {
	tree := &pg.ParseResult{}
	if err := proto.Unmarshal(p.encoded, tree); err != nil {
		return nil, &Refusal{Code: codeLimit, Message: "the statement cannot be parsed", Reason: "internal"}
	}
	return tree, nil
}

// maxNesting bounds nested brackets, so that the parser's stack does not overflow.
const maxNesting = 300

func nesting(text string) int {
	depth, most := 0, 0
	for i := range len(text) {
		switch text[i] {
		case '(', '[':
			depth++
			most = max(most, depth)
		case ')', ']':
			depth--
		}
	}
	return most
}

// errorPosition returns where the parser found the error, in characters from 1.
func errorPosition(err error) int {
	var e *parser.Error
	if errors.As(err, &e) && e.Cursorpos > 0 {
		return e.Cursorpos
	}
	return 0
}
