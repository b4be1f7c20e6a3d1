package script

import (
	"strings"

	"github.com/veil-proxy/veil/postgres/catalog"
)

// Object is the name of a database object. pg_dump writes names with their schema.
type Object struct{ Schema, Name string }

// SQL returns the quoted name.
func (o Object) SQL() string {
	if o.Schema == "" {
		return catalog.QuoteIdent(o.Name)
	}
	return catalog.QuoteIdent(o.Schema) + "." + catalog.QuoteIdent(o.Name)
}

// Parser reads the tokens of a statement.
type Parser struct {
	Tokens []Token
	At     int
}

// Peek returns the token n places after the next one, or an empty sign.
func (p *Parser) Peek(n int) Token {
	if p.At+n >= len(p.Tokens) {
		return Token{Kind: Sign}
	}
	return p.Tokens[p.At+n]
}

// Done reports whether no token is left.
func (p *Parser) Done() bool { return p.At >= len(p.Tokens) }

// Take skips the given keywords or signs if all of them come next.
func (p *Parser) Take(list ...string) bool {
	for i, s := range list {
		if !p.Peek(i).Is(s) {
			return false
		}
	}
	p.At += len(list)
	return true
}

// Phrase is Take for words in one string.
func (p *Parser) Phrase(s string) bool { return p.Take(strings.Fields(s)...) }

// Ident takes an identifier.
func (p *Parser) Ident() (string, bool) {
	t := p.Peek(0)
	if !t.IsName() {
		return "", false
	}
	p.At++
	return t.Text, true
}

// Object takes a name with or without a schema.
func (p *Parser) Object() (o Object, ok bool) {
	if o.Name, ok = p.Ident(); !ok {
		return o, false
	}
	if p.Take(".") {
		o.Schema = o.Name
		if o.Name, ok = p.Ident(); !ok {
			return o, false
		}
	}
	return o, true
}

// Group takes the tokens inside the parentheses that come next.
func (p *Parser) Group() ([]Token, bool) {
	if !p.Peek(0).Is("(") {
		return nil, false
	}
	depth := 0
	for i := p.At; i < len(p.Tokens); i++ {
		switch {
		case p.Tokens[i].Is("("):
			depth++
		case p.Tokens[i].Is(")"):
			if depth--; depth == 0 {
				inner := p.Tokens[p.At+1 : i]
				p.At = i + 1
				return inner, true
			}
		}
	}
	return nil, false
}

// Until takes tokens up to one of the keywords, or to the end. Keywords in parentheses
// do not count.
func (p *Parser) Until(keywords ...string) []Token {
	from, depth := p.At, 0
	for ; p.At < len(p.Tokens); p.At++ {
		t := p.Tokens[p.At]
		switch {
		case t.Is("("), t.Is("["):
			depth++
		case t.Is(")"), t.Is("]"):
			depth--
		case depth == 0:
			for _, k := range keywords {
				if t.Is(k) {
					return p.Tokens[from:p.At]
				}
			}
		}
	}
	return p.Tokens[from:]
}

// List splits tokens at commas outside of parentheses.
func List(tokens []Token) (out [][]Token) {
	p := &Parser{Tokens: tokens}
	for !p.Done() {
		out = append(out, p.Until(","))
		p.At++
	}
	return out
}

// Identifiers reads a list of identifiers.
func Identifiers(tokens []Token) (out []string, ok bool) {
	for _, t := range List(tokens) {
		if len(t) != 1 || !t[0].IsName() {
			return nil, false
		}
		out = append(out, t[0].Text)
	}
	return out, len(out) > 0
}

// SQL writes tokens as SQL, without the comments and white space of the original.
func SQL(tokens []Token) string {
	var b strings.Builder
	for i, t := range tokens {
		if i > 0 && !t.Is(",") && !t.Is(")") && !t.Is(".") && !tokens[i-1].Is("(") && !tokens[i-1].Is(".") {
			b.WriteByte(' ')
		}
		switch t.Kind {
		case Name:
			b.WriteString(catalog.QuoteIdent(t.Text))
		case Text:
			b.WriteString(catalog.QuoteLiteral(t.Text))
		default:
			b.WriteString(t.Text)
		}
	}
	return b.String()
}

// QuoteAll writes a list of identifiers.
func QuoteAll(names []string) string {
	var b strings.Builder
	for i, n := range names {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(catalog.QuoteIdent(n))
	}
	return b.String()
}
