package fhirtest

import (
	"encoding/json"
	"fmt"
	"strconv"
	"unicode/utf8"
)

// The generator builds a resource out of these and writes it once. Whatever
// identifies a person is wrapped in a secret where it is put in, so that the
// list of planted values cannot miss one.
type (
	// obj is a JSON object: names and values in turn. A nil value leaves its
	// member out.
	obj []any
	// arr is a JSON array.
	arr []any
	// num is a JSON number as it is to be written.
	num string
	// mix is one JSON string made of parts: strings and secrets.
	mix []any
	// secret is a string, or a part of one, that must not survive masking.
	secret struct{ kind, value string }
	// secretNum is a number that must not survive masking.
	secretNum secret
	// hidden is sensitive too, but by itself too common to look for: the time
	// of day, the extension of a phone number.
	hidden string
	// own is the id of the resource it stands in.
	own struct{ typ, id string }
	// ref is a literal reference.
	ref struct {
		typ, id string
		form    refForm
	}
)

type refForm uint8

const (
	relative  refForm = iota // Patient/x
	absolute                 // https://…/Patient/x
	versioned                // Patient/x/_history/1
	fragment                 // #x
)

// span is where an id, or a reference with an id in it, lies in a resource.
type span struct {
	start, end     int // the whole string, without its quotes
	idStart, idEnd int
	target         string // Type/id
	own            bool
}

// writer writes values as compact JSON and takes note of the secrets.
type writer struct {
	buf  []byte
	path []byte
	// ascii asks for \u escapes in place of all that is not ASCII.
	ascii bool
	spans []span
	plant func(path []byte, kind, value, raw string)
	plain func(s string) // is told every string that is no secret
}

func (w *writer) value(v any) {
	switch v := v.(type) {
	case obj:
		w.object(v)
	case arr:
		w.buf = append(w.buf, '[')
		for i, item := range v {
			if i > 0 {
				w.buf = append(w.buf, ',')
			}
			w.value(item)
		}
		w.buf = append(w.buf, ']')
	case num:
		w.buf = append(w.buf, v...)
	case secretNum:
		w.buf = append(w.buf, v.value...)
		w.plant(w.path, v.kind, v.value, v.value)
	case int:
		w.buf = strconv.AppendInt(w.buf, int64(v), 10)
	case bool:
		w.buf = strconv.AppendBool(w.buf, v)
	case mix:
		w.buf = append(w.buf, '"')
		w.parts(v)
		w.buf = append(w.buf, '"')
	case own:
		w.buf = append(w.buf, '"')
		start := len(w.buf)
		w.part(secret{"id", v.id})
		w.spans = append(w.spans, span{start, len(w.buf), start, len(w.buf), v.typ + "/" + v.id, true})
		w.buf = append(w.buf, '"')
	case ref:
		w.reference(v)
	default:
		w.buf = append(w.buf, '"')
		w.part(v)
		w.buf = append(w.buf, '"')
	}
}

func (w *writer) object(o obj) {
	w.buf = append(w.buf, '{')
	mark, first := len(w.path), true
	for i := 0; i < len(o); i += 2 {
		if o[i+1] == nil {
			continue
		}
		if !first {
			w.buf = append(w.buf, ',')
		}
		first = false
		name := o[i].(string)
		w.buf = append(append(append(w.buf, '"'), name...), '"', ':')
		if name != "resourceType" || mark > 0 {
			w.path = append(append(w.path, '.'), name...)
			w.value(o[i+1])
			w.path = w.path[:mark]
			continue
		}
		// A path begins with the type of the resource.
		w.path = append(w.path, o[i+1].(string)...)
		mark = len(w.path)
		w.value(o[i+1])
	}
	w.buf = append(w.buf, '}')
}

func (w *writer) reference(r ref) {
	w.buf = append(w.buf, '"')
	start := len(w.buf)
	switch r.form {
	case absolute:
		w.buf = append(w.buf, Base+"/"...)
	case fragment:
		w.buf = append(append(append(w.buf, '#'), r.id...), '"')
		return
	}
	w.buf = append(append(w.buf, r.typ...), '/')
	at := len(w.buf)
	w.part(secret{"id", r.id})
	end := len(w.buf)
	if r.form == versioned {
		w.buf = append(w.buf, "/_history/1"...)
	}
	w.spans = append(w.spans, span{start, len(w.buf), at, end, r.typ + "/" + r.id, false})
	w.buf = append(w.buf, '"')
}

func (w *writer) parts(m mix) {
	for _, p := range m {
		if inner, ok := p.(mix); ok {
			w.parts(inner)
		} else {
			w.part(p)
		}
	}
}

// part appends a string or a part of one.
func (w *writer) part(p any) {
	switch p := p.(type) {
	case string:
		w.plain(p)
		w.buf = appendEscaped(w.buf, p, w.ascii)
	case hidden:
		w.buf = appendEscaped(w.buf, string(p), w.ascii)
	case secret:
		at := len(w.buf)
		w.buf = appendEscaped(w.buf, p.value, w.ascii)
		w.plant(w.path, p.kind, p.value, string(w.buf[at:]))
	default:
		panic(fmt.Sprintf("fhirtest: cannot write a %T", p))
	}
}

// appendEscaped appends s as it stands between the quotes of a JSON string.
func appendEscaped(dst []byte, s string, ascii bool) []byte {
	for i := 0; i < len(s); {
		c := s[i]
		if c < utf8.RuneSelf {
			switch {
			case c == '"' || c == '\\':
				dst = append(dst, '\\', c)
			case c == '\n':
				dst = append(dst, '\\', 'n')
			case c < ' ':
				dst = fmt.Appendf(dst, `\u%04x`, c)
			default:
				dst = append(dst, c)
			}
			i++
			continue
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		switch {
		case !ascii:
			dst = append(dst, s[i:i+n]...)
		case r < 0x10000:
			dst = fmt.Appendf(dst, `\u%04x`, r)
		default:
			dst = fmt.Appendf(dst, `\u%04x\u%04x`, 0xd800+(r-0x10000)>>10, 0xdc00+(r-0x10000)&0x3ff)
		}
		i += n
	}
	return dst
}

// quote returns s as a JSON string.
func quote(s string) []byte {
	b, err := json.Marshal(s)
	if err != nil {
		panic(err) // a string always marshals
	}
	return b
}
