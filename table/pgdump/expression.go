package pgdump

import (
	"strings"

	"github.com/veil-proxy/veil/postgres/script"
)

// Expressions in a dump can contain anything: the constants of a default, a check or a
// view may be values of rows. An expression passes only if it consists of columns and of
// the words, operators and functions listed here. The only constants allowed are NULL,
// true, false, 0 and 1, and strings of punctuation, such as separators.

var words = set("and", "or", "not", "is", "null", "true", "false", "case", "when", "then", "else", "end", "between", "symmetric",
	"distinct", "from", "in", "coalesce", "nullif", "greatest", "least", "current_timestamp", "current_date", "localtimestamp")

var functions = set("now", "gen_random_uuid", "uuid_generate_v4", "clock_timestamp", "statement_timestamp", "transaction_timestamp",
	"lower", "upper", "length", "char_length", "octet_length", "btrim", "abs", "round", "ceil", "floor", "trunc", "concat", "isempty",
	"cardinality", "jsonb_typeof", "date", "count", "sum", "avg", "min", "max", "bool_and", "bool_or", "array_agg", "row_number", "rank", "dense_rank")

var signs = set("(", ")", ",", "=", "<>", "!=", "<", ">", "<=", ">=", "+", "-", "*", "/", "%", "||", "&&", "@>", "<@")

func set(list ...string) map[string]bool {
	out := map[string]bool{}
	for _, s := range list {
		out[s] = true
	}
	return out
}

// harmless reports whether an expression passes. column tells which columns it may name.
func harmless(tokens []script.Token, column func(name string) bool) bool {
	return passes(tokens, column, false)
}

// passes is harmless, but also allows any number if numbers is set.
func passes(tokens []script.Token, column func(name string) bool, numbers bool) bool {
	for i := 0; i < len(tokens); i++ {
		t := tokens[i]
		calls := i+1 < len(tokens) && tokens[i+1].Is("(")
		switch {
		case t.Is("::"):
			n := castEnd(tokens, i+1)
			if n == 0 {
				return false
			}
			i = n - 1
		case t.Kind == script.Number:
			if !numbers && t.Text != "0" && t.Text != "1" {
				return false
			}
		case t.Kind == script.Text:
			if strings.Trim(t.Text, " .,;:/_-()") != "" {
				return false
			}
		case t.Kind == script.Sign:
			if !signs[t.Text] {
				return false
			}
		case t.Kind == script.Word && t.Text == "pg_catalog" && i+2 < len(tokens) && tokens[i+1].Is("."):
			i++ // the name after it is checked as it is
		case t.Kind == script.Word && (words[t.Text] || calls && functions[t.Text]):
		case t.IsName() && !calls && column(t.Text):
		default:
			return false
		}
	}
	return len(tokens) > 0
}

// castEnd returns the end of the built-in type after "::", or 0.
func castEnd(tokens []script.Token, i int) int {
	for end := min(len(tokens), i+6); end > i; end-- {
		t, ok := readType(tokens[i:end])
		if _, known := builtin[t.base.Name]; ok && known && t.base.Schema == "" && t.sql == t.plain {
			return end
		}
	}
	return 0
}

// nextval returns the sequence that a default takes its values from.
func nextval(tokens []script.Token) (o script.Object, ok bool) {
	p := &script.Parser{Tokens: tokens}
	if p.Take("pg_catalog") {
		p.Take(".")
	}
	if !p.Take("nextval", "(") {
		return o, false
	}
	o, ok = regclass(p)
	return o, ok && p.Take(")") && p.Done()
}

// regclass reads the name of a relation in a string constant, with or without a cast.
func regclass(p *script.Parser) (o script.Object, ok bool) {
	t := p.Peek(0)
	if t.Kind != script.Text {
		return o, false
	}
	inner, err := script.Tokens([]byte(t.Text+";"), true)
	if err != nil {
		return o, false
	}
	q := &script.Parser{Tokens: inner}
	if o, ok = q.Object(); !ok || !q.Done() {
		return o, false
	}
	p.At++
	if p.Take("::") {
		ok = p.Take("regclass") || p.Take("pg_catalog", ".", "regclass")
	}
	return o, ok
}
