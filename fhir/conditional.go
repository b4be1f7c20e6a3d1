package fhir

import (
	"bytes"
	"net/url"

	"github.com/veil-proxy/veil/fhir/edit"
	"github.com/veil-proxy/veil/fhir/fhirjson"
	"github.com/veil-proxy/veil/fhir/lexical"
	"github.com/veil-proxy/veil/mask"
)

// A reference may name its target by an identifier: as a search that finds one
// resource ("Organization?identifier=system|value", FHIR R4,
// http.html#transaction), or by Reference.identifier. The identifier itself names
// somebody, but what refers to the same target must stay together. So a reference
// of the first kind gets what the rules make of that identifier where the target
// has it, and where they leave nothing, a key: a pseudonym of system and value,
// as the method identifierKey writes it.

// identifierSystem is the system of the identifiers that Veil writes.
const identifierSystem = "https://github.com/veil-proxy/veil/identifier"

// appendConditional appends the masked form of a conditional reference, if val is one
// that uses only an identifier.
func (w *Walker) appendConditional(val []byte) bool {
	typ, query, found := bytes.Cut(val, []byte("?"))
	param, ok := bytes.CutPrefix(query, []byte("identifier="))
	n := w.a.roots[string(typ)]
	if !found || !ok || n == nil || bytes.ContainsAny(param, "&;,#") {
		return false
	}
	text, err := url.QueryUnescape(string(param))
	if err != nil {
		return false
	}
	system, value, bar := bytes.Cut([]byte(text), []byte("|"))
	if !bar {
		system, value = nil, system
	}
	if len(value) == 0 || bytes.ContainsAny(value, "|\\,$") {
		return false
	}
	w.dst = append(append(w.dst, typ...), "?identifier="...)
	if system, value := w.identifierOf(n, system, value); value != "" {
		if system != "" {
			w.dst = append(appendPercent(w.dst, system), '|')
		}
		w.dst = appendPercent(w.dst, value)
		return true
	}
	w.dst = append(appendPercent(w.dst, identifierSystem), '|')
	w.dst = w.appendIdentifierKey(w.dst, system, value)
	return true
}

// identifierOf returns the masked form of an identifier of a resource of n; nothing where
// the rules remove it.
func (w *Walker) identifierOf(n *node, system, value []byte) (maskedSystem, maskedValue string) {
	f := n.field("identifier")
	if f == nil || n.withheld != nil {
		return "", ""
	}
	if w.inner == nil {
		// A separate walk: its counts are not of delivered elements.
		w.inner = &innerWalk{walker: NewWalker(w.a, RememberNothing), pass: mask.NewPass(w.a.Plan)}
	}
	text := []byte(`{`)
	if len(system) > 0 {
		text = append(fhirjson.AppendEscaped(append(text, `"system":"`...), system), `",`...)
	}
	text = append(fhirjson.AppendEscaped(append(text, `"value":"`...), value), `"}`...)
	in := w.inner.walker
	in.begin(nil, text, w.inner.pass, w.site.of)
	in.res.node, in.last = n, 0
	end, kept := in.value(n, f, &f.decision, -1, 0)
	out := in.dst
	if end >= 0 {
		out = append(out, text[min(in.last, end):end]...)
	}
	in.forgetInput()
	if end < 0 || !kept {
		return "", ""
	}
	return edit.StringMember(out, "system"), edit.StringMember(out, "value")
}

// innerWalk masks text from outside the text being walked.
type innerWalk struct {
	walker *Walker
	pass   *mask.Pass
}

// identifierKey replaces the Identifier at src[i] by its key. Without a value there is
// nothing to keep together, and it is removed.
func (w *Walker) identifierKey(d *decision, i int) (end int, kept bool) {
	system, value := w.text(w.find(i, "system")), w.text(w.find(i, "value"))
	if end = w.stops.SkipValue(w.src, i, w.depth, &w.fault); end < 0 {
		return -1, false
	}
	if len(value) == 0 {
		w.count(d.action, mask.LabelRedacted, mask.Removed)
		return end, false
	}
	w.flush(i)
	w.dst = append(w.dst, `{"system":"`+identifierSystem+`","value":"`...)
	w.dst = append(w.appendIdentifierKey(w.dst, system, value), `"}`...)
	w.last = end
	w.count(d.action, d.label, mask.Replaced)
	return end, true
}

// appendIdentifierKey appends 26 characters of base 32: a keyed hash of an
// identifier, cut to 128 bits.
func (w *Walker) appendIdentifierKey(dst, system, value []byte) []byte {
	return appendBase32(dst, w.pass.Keys.MAC2(w.a.identifierSlot, system, value)[:16])
}

// appendPercent appends a text with everything escaped that is not unreserved
// (RFC 3986, 2.3). None of it needs an escape in JSON.
func appendPercent(dst []byte, text string) []byte {
	const digits = "0123456789ABCDEF"
	for i := range len(text) {
		c := text[i]
		if lexical.IsWord(c) || c == '-' || c == '.' || c == '~' {
			dst = append(dst, c)
		} else {
			dst = append(dst, '%', digits[c>>4], digits[c&15])
		}
	}
	return dst
}

// field returns the first field of an element, or nil.
func (n *node) field(element string) *field {
	for i := range n.fields {
		if f := &n.fields[i]; f.element == element && !f.sibling {
			return f
		}
	}
	return nil
}
