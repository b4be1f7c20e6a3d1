package fhirdoor

import (
	"errors"
	"strings"
	"unicode/utf8"

	"github.com/veil-proxy/veil/fhir"
)

// maxParams is how many parameters a request may have.
const maxParams = 100

// target is a request target taken apart. What goes upstream is built from
// these parts, never from the text.
type target struct {
	segments []string
	params   []fhir.Param
}

var (
	errTargetForm    = errors.New("the request target must be a path and a query")
	errSegment       = errors.New("the path has an empty, dot or encoded segment, or a character that FHIR paths do not have")
	errEscape        = errors.New("the request has a malformed percent escape or invalid UTF-8")
	errTooManyParams = errors.New("the request has too many parameters")
	errParamName     = errors.New("the request has a parameter without a name, or names that differ only in case")
)

// parseTarget reads a request target in origin form (RFC 9112, 3.2.1) strictly:
// there is one reading, and what could have two is refused. base is the path
// that the door lives under, such as "/fhir", or empty.
func parseTarget(raw, base string) (target, error) {
	var t target
	if !strings.HasPrefix(raw, "/") || strings.HasPrefix(raw, "//") {
		return t, errTargetForm
	}
	path, query, _ := strings.Cut(raw, "?")
	if rest, ok := strings.CutPrefix(path, base); ok && (rest == "" || rest[0] == '/') {
		path = rest
	} else if base != "" {
		return t, errTargetForm
	}
	path = strings.TrimPrefix(path, "/")
	if path != "" {
		for _, s := range strings.Split(path, "/") {
			if !plainSegment(s) {
				return t, errSegment
			}
			t.segments = append(t.segments, s)
		}
	}
	var err error
	t.params, err = parseQuery(query)
	return t, err
}

// plainSegment lets only what FHIR paths are made of pass: type names, ids,
// $operations, _interactions and the star of a compartment. Percent escapes are
// not needed for any of them.
func plainSegment(s string) bool {
	if s == "*" {
		return true
	}
	if s == "" || s == "." || s == ".." || len(s) > 64 {
		return false
	}
	for i := range len(s) {
		c := s[i]
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '.' || c == '_' || c == '$') {
			return false
		}
	}
	return true
}

// parseQuery reads a query or a form body (application/x-www-form-urlencoded).
func parseQuery(query string) ([]fhir.Param, error) {
	if query == "" {
		return nil, nil
	}
	parts := strings.Split(query, "&")
	if len(parts) > maxParams {
		return nil, errTooManyParams
	}
	params := make([]fhir.Param, 0, len(parts))
	folded := map[string]string{}
	for _, part := range parts {
		name, value, _ := strings.Cut(part, "=")
		name, ok := unescape(name)
		if !ok {
			return nil, errEscape
		}
		if value, ok = unescape(value); !ok {
			return nil, errEscape
		}
		lower := strings.ToLower(name)
		if first, seen := folded[lower]; name == "" || seen && first != name {
			return nil, errParamName
		}
		folded[lower] = name
		params = append(params, fhir.Param{Name: name, Value: value})
	}
	return params, nil
}

// unescape resolves percent escapes and plus signs once. Control characters,
// fragments, semicolons and what is not UTF-8 are refused.
func unescape(s string) (string, bool) {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c == '+':
			c = ' '
		case c == '%':
			if i+2 >= len(s) || hexDigit(s[i+1]) < 0 || hexDigit(s[i+2]) < 0 {
				return "", false
			}
			c = byte(hexDigit(s[i+1])<<4 | hexDigit(s[i+2]))
			i += 2
		case c == ';' || c == '#':
			return "", false
		}
		if c < 0x20 || c == 0x7f {
			return "", false
		}
		b.WriteByte(c)
	}
	return b.String(), utf8.ValidString(b.String())
}

func hexDigit(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}

// appendQuery appends parameters with everything escaped that is not
// unreserved (RFC 3986, 2.3).
func appendQuery(dst []byte, params []fhir.Param) []byte {
	for i, p := range params {
		if i == 0 {
			dst = append(dst, '?')
		} else {
			dst = append(dst, '&')
		}
		dst = appendEscaped(dst, p.Name)
		dst = append(dst, '=')
		dst = appendEscaped(dst, p.Value)
	}
	return dst
}

func appendEscaped(dst []byte, s string) []byte {
	const digits = "0123456789ABCDEF"
	for i := range len(s) {
		c := s[i]
		if unreserved(c) {
			dst = append(dst, c)
		} else {
			dst = append(dst, '%', digits[c>>4], digits[c&15])
		}
	}
	return dst
}
