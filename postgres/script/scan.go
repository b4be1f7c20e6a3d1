package script

import (
	"bytes"
	"errors"
	"strings"
)

// Kind is the kind of a token.
type Kind uint8

const (
	// Word is an identifier or keyword without quotes, folded to lower case.
	Word Kind = iota
	// Name is an identifier in quotes.
	Name
	// Text is a string constant of any kind.
	Text
	// Bits is a bit string constant.
	Bits
	// Number is an unsigned numeric constant.
	Number
	// Sign is an operator or punctuation.
	Sign
	// Comment is white space or a comment.
	Comment
)

// Token is a token of a statement. The text of identifiers and strings is without quotes
// and escapes.
type Token struct {
	Kind Kind
	Text string
}

// Is reports whether the token is a keyword or a sign. A quoted identifier is neither.
func (t Token) Is(s string) bool { return t.Text == s && (t.Kind == Word || t.Kind == Sign) }

// IsName reports whether the token can be an identifier.
func (t Token) IsName() bool { return t.Kind == Word || t.Kind == Name }

// What is wrong with a text that is not SQL as in dumps.
var (
	errCommand = errors.New("a psql command within a statement, which pg_dump does not write")
	errToken   = errors.New("an unexpected character")
)

// More is returned as the end of a token if the text ends inside it.
const More = -1

// Scan returns the kind of the token at b[i], and its end or More. plain says that
// backslashes have no meaning in strings (standard_conforming_strings).
func Scan(b []byte, i int, plain bool) (kind Kind, end int, err error) {
	c := b[i]
	next := byte(0)
	if i+1 < len(b) {
		next = b[i+1]
	}
	switch {
	case c == ' ' || c == '\n' || c == '\t' || c == '\r' || c == '\f' || c == '\v':
		return Comment, i + 1, nil
	case c == '\'':
		return Text, quoted(b, i+1, '\'', !plain), nil
	case c == ',' || c == '(' || c == ')' || c == ';':
		return Sign, i + 1, nil
	case isDigit(c):
		return Number, numberEnd(b, i), nil
	case c == '"':
		return Name, quoted(b, i+1, '"', false), nil
	case (c == 'E' || c == 'e') && next == '\'':
		return Text, quoted(b, i+2, '\'', true), nil
	case (c == 'N' || c == 'n') && next == '\'':
		return Text, quoted(b, i+2, '\'', !plain), nil
	case strings.IndexByte("BbXx", c) >= 0 && next == '\'':
		return Bits, quoted(b, i+2, '\'', false), nil
	case (c == 'U' || c == 'u') && next == '&' && i+2 < len(b) && (b[i+2] == '\'' || b[i+2] == '"'):
		return Text, 0, errToken // pg_dump writes none
	case c == '$':
		return dollar(b, i)
	case c == '-' && next == '-':
		if n := bytes.IndexByte(b[i:], '\n'); n >= 0 {
			return Comment, i + n + 1, nil
		}
		return Comment, More, nil
	case c == '/' && next == '*':
		return Comment, blockComment(b, i+2), nil
	case isLetter(c):
		i++
		for i < len(b) && (isLetter(b[i]) || isDigit(b[i]) || b[i] == '$') {
			i++
		}
		return Word, whole(b, i), nil
	case c == '.' && isDigit(next):
		return Number, numberEnd(b, i), nil
	case c == ':' && next == ':', c == ':' && next == '=':
		return Sign, i + 2, nil
	case c == '[' || c == ']' || c == '.' || c == ':':
		return Sign, i + 1, nil
	case isOperator(c):
		return Sign, operatorEnd(b, i+1), nil
	case c == '\\':
		return 0, 0, errCommand
	}
	return 0, 0, errToken
}

// whole returns the end of a token that could continue after the text.
func whole(b []byte, end int) int {
	if end == len(b) {
		return More
	}
	return end
}

// quoted returns the end of a quoted text, given the index after its opening quote.
func quoted(b []byte, i int, quote byte, escapes bool) int {
	for {
		n := bytes.IndexByte(b[i:], quote)
		if n < 0 {
			return More
		}
		if escapes {
			if e := bytes.IndexByte(b[i:i+n], '\\'); e >= 0 {
				if i += e + 2; i > len(b) {
					return More
				}
				continue
			}
		}
		if i += n + 1; i == len(b) {
			return More // it may be doubled
		}
		if b[i] != quote {
			return i
		}
		i++
	}
}

// dollar finds the end of a string in dollar quotes.
func dollar(b []byte, i int) (Kind, int, error) {
	end := i + 1
	for end < len(b) && (isLetter(b[end]) || end > i+1 && isDigit(b[end])) {
		end++
	}
	switch {
	case end == len(b):
		return Text, More, nil
	case b[end] != '$':
		return 0, 0, errToken
	}
	tag := b[i : end+1]
	n := bytes.Index(b[end+1:], tag)
	if n < 0 {
		return Text, More, nil
	}
	return Text, end + 1 + n + len(tag), nil
}

func blockComment(b []byte, i int) int {
	for depth := 1; ; {
		n := bytes.IndexAny(b[i:], "*/")
		if n < 0 || i+n+1 >= len(b) {
			return More
		}
		i += n + 1
		switch {
		case b[i-1] == '/' && b[i] == '*':
			depth++
			i++
		case b[i-1] == '*' && b[i] == '/':
			i++
			if depth--; depth == 0 {
				return i
			}
		}
	}
}

func numberEnd(b []byte, i int) int {
	for i < len(b) && (isDigit(b[i]) || b[i] == '.' || b[i] == '_') {
		i++
	}
	if i < len(b) && (b[i] == 'e' || b[i] == 'E') {
		j := i + 1
		if j < len(b) && (b[j] == '+' || b[j] == '-') {
			j++
		}
		if j < len(b) && isDigit(b[j]) {
			i = j
			for i < len(b) && isDigit(b[i]) {
				i++
			}
		}
	}
	return whole(b, i)
}

func operatorEnd(b []byte, i int) int {
	for i < len(b) && isOperator(b[i]) {
		if i+1 < len(b) && (b[i] == '-' && b[i+1] == '-' || b[i] == '/' && b[i+1] == '*') {
			break
		}
		i++
	}
	return whole(b, i)
}

func isLetter(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' || c >= 0x80
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func isOperator(c byte) bool { return strings.IndexByte("+-*/<>=~!@#%^&|`?", c) >= 0 }

// StatementEnd returns the index after the semicolon of the statement at the beginning of
// b, or 0 if b does not contain its end. As in psql, semicolons in parentheses and in
// function bodies do not end it. With an error, it returns the position of the error.
func StatementEnd(b []byte, plain bool) (int, error) {
	depth, begins, words := 0, 0, 0
	creates, routine := false, false
	for i := 0; i < len(b); {
		kind, end, err := Scan(b, i, plain)
		if err != nil {
			return i, err
		}
		if end == More {
			return 0, nil
		}
		switch {
		case kind == Sign && end == i+1:
			switch b[i] {
			case '(':
				depth++
			case ')':
				depth--
			case ';':
				if depth <= 0 && begins == 0 {
					return end, nil
				}
			}
		case kind == Word && words < 4:
			creates = creates || words == 0 && EqualFold(b[i:end], "create")
			routine = routine || creates && (EqualFold(b[i:end], "function") || EqualFold(b[i:end], "procedure"))
			words++
		case kind == Word && routine && depth == 0:
			switch {
			case EqualFold(b[i:end], "begin"), begins > 0 && EqualFold(b[i:end], "case"):
				begins++
			case begins > 0 && EqualFold(b[i:end], "end"):
				begins--
			}
		}
		i = end
	}
	return 0, nil
}

// EqualFold reports whether b equals a lower-case word, ignoring case.
func EqualFold(b []byte, lower string) bool {
	return len(b) == len(lower) && strings.EqualFold(string(b), lower)
}

// Tokens splits a complete statement, without the semicolon at its end.
func Tokens(b []byte, plain bool) ([]Token, error) {
	var out []Token
	for i := 0; i < len(b); {
		kind, end, err := Scan(b, i, plain)
		if err != nil {
			return nil, err
		}
		if end == More {
			return nil, errToken // a statement ends with a semicolon
		}
		s := b[i:end]
		i = end
		switch kind {
		case Comment:
			continue
		case Word:
			out = append(out, Token{Word, strings.ToLower(string(s))})
		case Name:
			out = append(out, Token{Name, strings.ReplaceAll(string(s[1:len(s)-1]), `""`, `"`)})
		case Text:
			out = append(out, Token{Text, string(AppendString(nil, s, plain))})
		case Bits, Number, Sign:
			out = append(out, Token{kind, string(s)})
		}
	}
	if n := len(out); n > 0 && out[n-1].Is(";") {
		out = out[:n-1]
	}
	return out, nil
}

// AppendString appends the value of a string constant.
func AppendString(dst, s []byte, plain bool) []byte {
	escapes := !plain
	switch s[0] {
	case '$':
		n := bytes.IndexByte(s[1:], '$') + 2
		return append(dst, s[n:len(s)-n]...)
	case 'E', 'e':
		escapes, s = true, s[1:]
	case 'N', 'n':
		s = s[1:]
	}
	s = s[1 : len(s)-1]
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c == '\'':
			i++ // doubled
		case c == '\\' && escapes && i+1 < len(s):
			i++
			var n int
			if dst, n = appendEscape(dst, s[i:]); n > 0 {
				i += n - 1
			}
			continue
		}
		dst = append(dst, c)
	}
	return dst
}

// appendEscape appends the meaning of the escape whose text after the backslash s begins
// with, and returns its length.
func appendEscape(dst, s []byte) ([]byte, int) {
	if k := strings.IndexByte("bfnrt", s[0]); k >= 0 {
		return append(dst, "\b\f\n\r\t"[k]), 1
	}
	base, from := 8, 0
	if s[0] == 'x' {
		base, from = 16, 1
	}
	n, v := from, 0
	for n < len(s) && n < 3 {
		d := strings.IndexByte("0123456789abcdef", lower(s[n]))
		if d < 0 || d >= base {
			break
		}
		v = v*base + d
		n++
	}
	if n > from {
		return append(dst, byte(v)), n
	}
	return append(dst, s[0]), 1
}

func lower(c byte) byte {
	if c >= 'A' && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}
