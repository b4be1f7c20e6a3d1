package table

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"math/big"
	"slices"
	"strconv"
	"strings"

	"github.com/veil-proxy/veil/mask"
)

// members is the method "json": it keeps listed members of an object, by paths of names,
// and removes all others. Anything but an object is removed, and so is a path through an
// array. The object is written as PostgreSQL writes jsonb: names in order, the shorter
// first, the last of equal ones, numbers without an exponent.
type members struct{ keep memberTree }

// memberTree has the members that are kept, each with those below it; if there are none
// below, all of it is kept.
type memberTree map[string]memberTree

func newMembers(paths []string) *members {
	m := &members{keep: memberTree{}}
	for _, p := range paths {
		m.keep.add(strings.Split(p, "."))
	}
	return m
}

func (t memberTree) add(path []string) {
	below, ok := t[path[0]]
	switch {
	case ok && len(below) == 0: // all of it is kept
	case len(path) == 1:
		t[path[0]] = memberTree{}
	default:
		if !ok {
			below = memberTree{}
			t[path[0]] = below
		}
		below.add(path[1:])
	}
}

// Append implements mask.Method.
func (m *members) Append(dst, src []byte, _ *mask.Input) ([]byte, mask.Outcome, error) {
	object, ok := decodeObject(src)
	if !ok {
		return dst, mask.Removed, nil
	}
	from := len(dst)
	out, ok := appendJSON(dst, m.keep.of(object))
	if !ok {
		return dst[:from], mask.Removed, nil
	}
	return out, mask.Replaced, nil
}

// decodeObject reads a JSON object, and nothing after it.
func decodeObject(src []byte) (map[string]any, bool) {
	d := json.NewDecoder(bytes.NewReader(src))
	d.UseNumber()
	var v any
	if d.Decode(&v) != nil {
		return nil, false
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, false
	}
	object, ok := v.(map[string]any)
	return object, ok
}

// of returns what is kept of an object.
func (t memberTree) of(object map[string]any) map[string]any {
	out := map[string]any{}
	for name, below := range t {
		v, ok := object[name]
		if !ok {
			continue
		}
		if len(below) == 0 {
			out[name] = v
		} else if inner, ok := v.(map[string]any); ok {
			out[name] = below.of(inner)
		}
	}
	return out
}

// appendJSON writes a value in the form of jsonb. ok is false if jsonb cannot represent
// it.
func appendJSON(dst []byte, v any) (out []byte, ok bool) {
	switch x := v.(type) {
	case nil:
		return append(dst, "null"...), true
	case bool:
		return strconv.AppendBool(dst, x), true
	case json.Number:
		return appendNumber(dst, string(x))
	case string:
		return appendString(dst, x)
	case []any:
		dst = append(dst, '[')
		for i, e := range x {
			if i > 0 {
				dst = append(dst, ", "...)
			}
			if dst, ok = appendJSON(dst, e); !ok {
				return dst, false
			}
		}
		return append(dst, ']'), true
	case map[string]any:
		names := make([]string, 0, len(x))
		for name := range x {
			names = append(names, name)
		}
		slices.SortFunc(names, compareNames)
		dst = append(dst, '{')
		for i, name := range names {
			if i > 0 {
				dst = append(dst, ", "...)
			}
			if dst, ok = appendString(dst, name); !ok {
				return dst, false
			}
			dst = append(dst, ": "...)
			if dst, ok = appendJSON(dst, x[name]); !ok {
				return dst, false
			}
		}
		return append(dst, '}'), true
	}
	return dst, false
}

// appendNumber writes a number in the form of numeric: all digits, without an exponent.
func appendNumber(dst []byte, s string) ([]byte, bool) {
	mantissa, exponent, scientific := strings.Cut(strings.ToLower(s), "e")
	_, frac, _ := strings.Cut(mantissa, ".")
	digits := len(frac)
	if scientific {
		n, err := strconv.Atoi(exponent)
		if err != nil || n > 10000 || n < -10000 {
			return dst, false
		}
		digits = max(digits-n, 0)
	}
	r, ok := new(big.Rat).SetString(s)
	if !ok {
		return dst, false
	}
	return append(dst, r.FloatString(digits)...), true
}

// appendString writes a string with the escapes of jsonb.
func appendString(dst []byte, s string) ([]byte, bool) {
	dst = append(dst, '"')
	for i := range len(s) {
		c := s[i]
		switch {
		case c == 0:
			return dst, false
		case c == '"' || c == '\\':
			dst = append(dst, '\\', c)
		case strings.IndexByte("\b\f\n\r\t", c) >= 0:
			dst = append(dst, '\\', "bfnrt"[strings.IndexByte("\b\f\n\r\t", c)])
		case c < ' ':
			dst = append(dst, `\u00`...)
			dst = append(dst, "0123456789abcdef"[c>>4], "0123456789abcdef"[c&15])
		default:
			dst = append(dst, c)
		}
	}
	return append(dst, '"'), true
}
