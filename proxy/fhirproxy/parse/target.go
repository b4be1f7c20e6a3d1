// Package parse reads what a request says, strictly: its target, its query, the body of
// a POST, the framing of its headers. It accepts whatever has only one reading, in any
// spelling, and refuses what two programs could read in two ways.
//
//	t, err := parse.TargetOf("/fhir/Patient?gender=female", "/fhir")
//
// Not known here: what a type or a parameter means, and what may be requested.
package parse

import (
	"errors"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/veil-proxy/veil/fhir/guard"
)

// MaxParams is how many parameters a request may have.
const MaxParams = 100

// Target is a parsed request target. Upstream requests are built from these parts, never
// from the text.
type Target struct {
	Segments []string
	Params   []guard.Param
}

var (
	errTargetForm = errors.New("the request target must be a path and a query")
	// ErrBase is returned for a path that is not below the base.
	ErrBase          = errors.New("the path is outside this server's base URL")
	errSegment       = errors.New("the path has an empty or dot segment, or a character that FHIR paths do not have")
	errEscape        = errors.New("the request has a malformed percent escape, a control character or invalid UTF-8: write each byte as % and two hexadecimal digits")
	errReserved      = errors.New("a parameter has a bare semicolon or number sign, which is ambiguous: write %3B for ; and %23 for #")
	errTooManyParams = errors.New("the request has too many parameters")
	errParamName     = errors.New("the request has a parameter without a name, or names that differ only in case")
)

// TargetOf parses a request target in origin form (RFC 9112, 3.2.1). It accepts a
// target that has only one reading, in any spelling, and refuses one that could have
// two. base is the path that the listener is served under, such as "/fhir", or empty.
func TargetOf(raw, base string) (Target, error) {
	var t Target
	if !strings.HasPrefix(raw, "/") || strings.HasPrefix(raw, "//") {
		return t, errTargetForm
	}
	path, query, _ := strings.Cut(raw, "?")
	if rest, ok := strings.CutPrefix(path, base); ok && (rest == "" || rest[0] == '/') {
		path = rest
	} else if base != "" {
		return t, ErrBase
	}
	path = strings.TrimSuffix(strings.TrimPrefix(path, "/"), "/")
	if path != "" {
		for _, s := range strings.Split(path, "/") {
			s, ok := unescapeSegment(s)
			if !ok || !plainSegment(s) {
				return t, errSegment
			}
			t.Segments = append(t.Segments, s)
		}
	}
	var err error
	t.Params, err = Query(query)
	return t, err
}

// unescapeSegment resolves the percent escapes of a segment, once: clients write
// %24everything. In a path, a plus sign has no special meaning.
func unescapeSegment(s string) (string, bool) {
	if !strings.Contains(s, "%") {
		return s, true
	}
	out, err := url.PathUnescape(s)
	return out, err == nil
}

// plainSegment lets only what FHIR paths are made of pass: type names, ids,
// $operations, _interactions and the star of a compartment.
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

// Query parses a query or a form body (application/x-www-form-urlencoded). It ignores
// an ampersand at the end.
func Query(query string) ([]guard.Param, error) {
	if query = strings.TrimRight(query, "&"); query == "" {
		return nil, nil
	}
	var params []guard.Param
	for part := range strings.SplitSeq(query, "&") {
		if len(params) == MaxParams {
			return nil, errTooManyParams
		}
		name, value, _ := strings.Cut(part, "=")
		if strings.ContainsAny(name, ";#") || strings.ContainsAny(value, ";#") && !isMediaType(name, value) {
			return nil, errReserved
		}
		name, ok := unescape(name)
		if !ok {
			return nil, errEscape
		}
		if value, ok = unescape(value); !ok {
			return nil, errEscape
		}
		params = append(params, guard.Param{Name: name, Value: value})
	}
	return params, checkNames(params)
}

// isMediaType reports whether a value is a media type with its parameters, where a
// semicolon separates nothing else.
func isMediaType(name, value string) bool {
	return (name == "_format" || name == "_outputFormat") && !strings.Contains(value, "#")
}

// checkNames refuses parameters without names, and those whose names differ only in
// case, which upstreams may take for one.
func checkNames(params []guard.Param) error {
	folded := map[string]string{}
	for _, p := range params {
		lower := strings.ToLower(p.Name)
		if first, seen := folded[lower]; p.Name == "" || seen && first != p.Name {
			return errParamName
		}
		folded[lower] = p.Name
	}
	return nil
}

// Join joins the parameters of a search by POST, which may be in the URL and in the
// body (FHIR R4, http.html#search). A parameter that is the same in both counts once.
func Join(inURL, inBody []guard.Param) ([]guard.Param, error) {
	all := slices.Clone(inURL)
	for _, p := range inBody {
		if !slices.Contains(inURL, p) {
			all = append(all, p)
		}
	}
	if len(all) > MaxParams {
		return nil, errTooManyParams
	}
	return all, checkNames(all)
}

// unescape resolves percent escapes and plus signs once. Control characters and what
// is not UTF-8 are refused.
func unescape(s string) (string, bool) {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c == '+':
			c = ' '
		case c == '%':
			if i+2 >= len(s) || HexDigit(s[i+1]) < 0 || HexDigit(s[i+2]) < 0 {
				return "", false
			}
			c = byte(HexDigit(s[i+1])<<4 | HexDigit(s[i+2]))
			i += 2
		}
		if c < 0x20 || c == 0x7f {
			return "", false
		}
		b.WriteByte(c)
	}
	return b.String(), utf8.ValidString(b.String())
}

// HexDigit returns the value of a hexadecimal digit, or -1.
func HexDigit(c byte) int {
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

// AppendQuery appends parameters and escapes everything that is not unreserved (RFC
// 3986, 2.3).
func AppendQuery(dst []byte, params []guard.Param) []byte {
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
		if Unreserved(c) {
			dst = append(dst, c)
		} else {
			dst = append(dst, '%', digits[c>>4], digits[c&15])
		}
	}
	return dst
}

// Unreserved reports whether a character never needs an escape (RFC 3986, 2.3).
func Unreserved(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '.' || c == '_' || c == '~'
}
