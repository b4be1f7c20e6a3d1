package rows

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// JSON as PostgreSQL writes it. Anything that is not a string arrives as JSON already.

// json writes an array or an object. The members of an object are keys and values in turn.
func (s *Step) json(args []*string) string {
	switch s.Function {
	case "json_array":
		return jsonList(args, ", ")
	case "jsonb_object":
		return jsonbObject(args)
	case "json_member":
		return quoteJSON(*args[0]) + " : " + jsonOrNull(args[1])
	}
	colon, comma := " : ", ", "
	if s.Text == JSONRow {
		colon, comma = ":", ","
	}
	var b strings.Builder
	b.WriteByte('{')
	for i := 0; i < len(args); i += 2 {
		if i > 0 {
			b.WriteString(comma)
		}
		b.WriteString(quoteJSON(*args[i]))
		b.WriteString(colon)
		b.WriteString(jsonOrNull(args[i+1]))
	}
	b.WriteByte('}')
	return b.String()
}

// JSONRow marks a json_object that is made from a row, as by row_to_json.
const JSONRow = "row"

// jsonbObject writes an object of type jsonb: keys are sorted by length first, and of equal
// ones the last counts.
func jsonbObject(args []*string) string {
	type member struct{ key, value string }
	var members []member
	for i := 0; i < len(args); i += 2 {
		m := member{*args[i], jsonOrNull(args[i+1])}
		if k := slices.IndexFunc(members, func(o member) bool { return o.key == m.key }); k >= 0 {
			members[k] = m
		} else {
			members = append(members, m)
		}
	}
	slices.SortFunc(members, func(a, b member) int {
		if len(a.key) != len(b.key) {
			return len(a.key) - len(b.key)
		}
		return strings.Compare(a.key, b.key)
	})
	var b strings.Builder
	b.WriteByte('{')
	for i, m := range members {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(quoteJSON(m.key))
		b.WriteString(": ")
		b.WriteString(m.value)
	}
	b.WriteByte('}')
	return b.String()
}

// jsonbConcat is || of two values of jsonb: two objects are merged, anything else becomes
// an array.
func jsonbConcat(a, b string) string {
	if a[0] == '{' && b[0] == '{' {
		return jsonbObject(append(jsonbMembers(a), jsonbMembers(b)...))
	}
	elements := func(s string) string { return strings.TrimSuffix(strings.TrimPrefix(s, "["), "]") }
	if a[0] != '[' {
		a = "[" + a + "]"
	}
	if b[0] != '[' {
		b = "[" + b + "]"
	}
	between := ", "
	if a == "[]" || b == "[]" {
		between = ""
	}
	return "[" + elements(a) + between + elements(b) + "]"
}

// jsonbMembers returns the keys and values of an object.
func jsonbMembers(object string) (out []*string) {
	d := json.NewDecoder(strings.NewReader(object))
	if _, err := d.Token(); err != nil {
		return nil
	}
	for d.More() {
		key, err := d.Token()
		var value json.RawMessage
		if err != nil || d.Decode(&value) != nil {
			return nil
		}
		k, v := key.(string), string(value)
		out = append(out, &k, &v)
	}
	return out
}

// jsonList writes an array of JSON values.
func jsonList(list []*string, between string) string {
	all := make([]string, len(list))
	for i, e := range list {
		all[i] = jsonOrNull(e)
	}
	return "[" + strings.Join(all, between) + "]"
}

func jsonOrNull(s *string) string {
	if s == nil {
		return "null"
	}
	return *s
}

// quoteJSON writes a text as a JSON string (escape_json).
func quoteJSON(s string) string {
	dst := append(make([]byte, 0, len(s)+2), '"')
	for i := range len(s) {
		switch c := s[i]; c {
		case '"', '\\':
			dst = append(dst, '\\', c)
		case '\b':
			dst = append(dst, `\b`...)
		case '\f':
			dst = append(dst, `\f`...)
		case '\n':
			dst = append(dst, `\n`...)
		case '\r':
			dst = append(dst, `\r`...)
		case '\t':
			dst = append(dst, `\t`...)
		default:
			if c < ' ' {
				dst = fmt.Appendf(dst, `\u%04x`, c)
				continue
			}
			dst = append(dst, c)
		}
	}
	return string(append(dst, '"'))
}
