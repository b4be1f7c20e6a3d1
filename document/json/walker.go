// Package json masks JSON documents by the rules of a ruleset's documents section: single
// values, and files with one document or with one per line.
//
//	w := json.NewWalker(plan, mask.NewPass(plan.Actions))
//	out, err := w.Append(nil, src)
//
// A Walker reads a document once, from its beginning to its end, and builds no tree. What
// passes is copied as it is written: strings with their escapes, numbers with all their
// digits, and the white space in between.
package json

import (
	"errors"
	"fmt"
	"unicode/utf8"

	"github.com/veil-proxy/veil/document"
	"github.com/veil-proxy/veil/fhir/fhirjson"
	"github.com/veil-proxy/veil/mask"
)

// Walker masks documents, one after another. It belongs to a pass and is not safe for
// concurrent use.
type Walker struct {
	masker *document.Masker
	names  *fhirjson.KeyTable

	src   []byte
	fault fhirjson.Fault
	err   error
	// objects are the objects around the current position, outermost first.
	objects []object
	// text, result, name and escaped are memory for values.
	text, result, name, escaped []byte
	given                       givenNames
	// seen has a bit for each name of the rules, for each object of the walk.
	seen []uint64
}

// NewWalker returns a walker for a plan's JSON documents.
func NewWalker(p *document.Plan, pass *mask.Pass) *Walker {
	w := &Walker{}
	w.masker = p.JSON.NewMasker(pass, w)
	w.names = w.masker.Names()
	return w
}

// syntaxError says where a text is not a JSON document that can be masked. It contains no
// value.
type syntaxError struct {
	Offset int
	What   string
}

func (e *syntaxError) Error() string { return fmt.Sprintf("byte %d: %s", e.Offset, e.What) }

// Append appends the masked form of the document in src. If nothing passes, an empty
// object or array remains, or null.
func (w *Walker) Append(dst, src []byte) ([]byte, error) {
	root := w.masker.Root()
	return w.append(dst, src, root, root.Decision())
}

// appendElement does the same for an element of an array, which is the document's root.
func (w *Walker) appendElement(dst, src []byte, place int) ([]byte, error) {
	root := w.masker.Root()
	n := w.masker.Element(root, place)
	d := n.Decision()
	if d == nil {
		d = root.Decision()
	}
	return w.append(dst, src, n, d)
}

func (w *Walker) append(dst, src []byte, n *document.Node, d *document.Decision) (out []byte, err error) {
	w.src, w.fault, w.err = src, fhirjson.Fault{}, nil
	w.objects, w.seen = w.objects[:0], w.seen[:0]
	w.given.cut(0)
	from := len(dst)
	i := fhirjson.SkipSpace(src, 0)
	dst = append(dst, src[:i]...)
	dst, end, kept := w.value(dst, i, 0, n, d)
	if end >= 0 {
		if after := fhirjson.SkipSpace(src, end); after < len(src) {
			end = fhirjson.Fail(&w.fault, after, "unexpected data after the value")
		}
	}
	switch {
	case w.err != nil:
		return dst[:from], w.err
	case end < 0:
		return dst[:from], &syntaxError{w.fault.Offset, w.fault.What}
	}
	if !kept {
		switch src[i] {
		case '{':
			dst = append(dst, "{}"...)
		case '[':
			dst = append(dst, "[]"...)
		default:
			dst = append(dst, "null"...)
		}
	}
	return append(dst, src[end:]...), nil
}

// value appends the masked form of the value at src[i]. kept is false if nothing of it is
// left; then nothing was appended. end is negative after a fault.
func (w *Walker) value(dst []byte, i, depth int, n *document.Node, d *document.Decision) (out []byte, end int, kept bool) {
	if i >= len(w.src) {
		return dst, fhirjson.Fail(&w.fault, i, "unexpected end of input, expected a value"), false
	}
	if d == nil && n.Dead() {
		w.masker.CountUncovered()
		return dst, fhirjson.SkipValue(w.src, i, depth, &w.fault), false
	}
	t := w.masker.Choose(d)
	if t != nil && t.Removes() {
		w.masker.CountRemoved(t)
		return dst, fhirjson.SkipValue(w.src, i, depth, &w.fault), false
	}
	switch w.src[i] {
	case '{', '[':
		if depth >= fhirjson.MaxDepth {
			return dst, fhirjson.Fail(&w.fault, i, "nested too deep"), false
		}
		if w.src[i] == '[' {
			return w.array(dst, i, depth+1, n, d)
		}
		return w.object(dst, i, depth+1, n)
	}
	end = fhirjson.ScanScalar(w.src, i, &w.fault)
	if end < 0 {
		return dst, end, false
	}
	if t == nil {
		w.masker.CountUncovered()
		return dst, end, false
	}
	return w.scalar(dst, i, end, t)
}

// scalar appends the masked form of the scalar src[i:end].
func (w *Walker) scalar(dst []byte, i, end int, t *document.Treatment) ([]byte, int, bool) {
	raw := w.src[i:end]
	text, typ := raw, mask.Number
	switch raw[0] {
	case 'n':
		return append(dst, raw...), end, true
	case 't', 'f':
		typ = mask.Bool
	case '"':
		text, typ = w.unescaped(&w.text, raw), mask.String
	}
	result, outcome, err := w.masker.Append(w.result[:0], text, typ, t)
	w.result = result
	switch {
	case err != nil:
		return w.failed(dst, err), -1, false
	case outcome == mask.Kept:
		return append(dst, raw...), end, true
	case outcome != mask.Replaced:
		return dst, end, false
	case typ == mask.Number && t.GivesNumbers() && isNumber(result), typ == mask.Bool && (string(result) == "true" || string(result) == "false"):
		return append(dst, result...), end, true
	}
	return appendString(dst, result), end, true
}

// failed notes an error that is not due to the text.
func (w *Walker) failed(dst []byte, err error) []byte {
	w.err = err
	return dst
}

func appendString(dst, text []byte) []byte {
	return append(fhirjson.AppendEscaped(append(dst, '"'), text), '"')
}

// isNumber reports whether a text is a valid JSON number.
func isNumber(text []byte) bool {
	var f fhirjson.Fault
	return fhirjson.ScanNumber(text, 0, &f) == len(text)
}

// unescaped returns the text of a string with its quotes. It is valid until the next call
// with the same memory.
func (w *Walker) unescaped(memory *[]byte, raw []byte) []byte {
	inside := raw[1 : len(raw)-1]
	for _, c := range inside {
		if c == '\\' {
			*memory = fhirjson.AppendUnescaped((*memory)[:0], inside)
			return *memory
		}
	}
	return inside
}

// array appends an array. Elements of which nothing is left become null, so that the
// others keep their positions; if nothing is left of any, the array is removed.
func (w *Walker) array(dst []byte, i, depth int, n *document.Node, d *document.Decision) (out []byte, end int, kept bool) {
	from := len(dst)
	dst = append(dst, '[')
	start := i + 1
	if i = fhirjson.SkipSpace(w.src, start); i < len(w.src) && w.src[i] == ']' {
		return append(dst, w.src[start:i+1]...), i + 1, true
	}
	for place := 0; ; place++ {
		dst = append(dst, w.src[start:i]...)
		next := w.masker.Element(n, place)
		decision := next.Decision()
		if decision == nil {
			decision = d // an array represents its elements
		}
		var left bool
		if dst, end, left = w.value(dst, i, depth, next, decision); end < 0 {
			return dst, -1, false
		}
		if kept = kept || left; !left {
			dst = append(dst, "null"...)
		}
		i = fhirjson.SkipSpace(w.src, end)
		dst = append(dst, w.src[end:i]...)
		switch {
		case i >= len(w.src):
			return dst, fhirjson.Fail(&w.fault, i, "unexpected end of input inside an array"), false
		case w.src[i] == ']' && !kept:
			return dst[:from], i + 1, false
		case w.src[i] == ']':
			return append(dst, ']'), i + 1, true
		case w.src[i] != ',':
			return dst, fhirjson.Fail(&w.fault, i, "expected a comma or the end of the array"), false
		}
		dst = append(dst, ',')
		start = i + 1
		i = fhirjson.SkipSpace(w.src, start)
	}
}

// object appends an object with the members that are left. If it has members and none is
// left, it is removed.
func (w *Walker) object(dst []byte, i, depth int, n *document.Node) (out []byte, end int, kept bool) {
	if n.Dead() {
		w.masker.CountUncovered()
		return dst, fhirjson.SkipValue(w.src, i, depth-1, &w.fault), false
	}
	from := len(dst)
	dst = append(dst, '{')
	start := i + 1
	w.enter(i, n)
	if i = fhirjson.SkipSpace(w.src, start); i < len(w.src) && w.src[i] == '}' {
		w.objects = w.objects[:len(w.objects)-1]
		return append(dst, w.src[start:i+1]...), i + 1, true
	}
	seen, given := len(w.seen), w.given.mark()
	for range (w.masker.Width() + 63) / 64 {
		w.seen = append(w.seen, 0)
	}
	tail := start // where the space after the last remaining member begins
	for {
		// At a name: src[start:i] is the space before it.
		var left bool
		mark, before := len(dst), tail
		if kept {
			dst = append(dst, w.src[tail:fhirjson.SkipSpace(w.src, tail)]...)
			dst = append(dst, ',')
		}
		dst = append(dst, w.src[start:i]...)
		if dst, end, left = w.member(dst, i, depth, n, seen); end < 0 {
			return dst, -1, false
		}
		if left {
			kept, tail = true, end
		} else {
			dst, tail = dst[:mark], before
		}
		space := end
		i = fhirjson.SkipSpace(w.src, end)
		switch {
		case i >= len(w.src):
			return dst, fhirjson.Fail(&w.fault, i, "unexpected end of input inside an object"), false
		case w.src[i] == '}':
			w.objects = w.objects[:len(w.objects)-1]
			w.seen = w.seen[:seen]
			if w.given.twice(given) {
				return dst, fhirjson.Fail(&w.fault, i, "two members of the object have the same name"), false
			}
			w.given.cut(given)
			if !kept {
				return dst[:from], i + 1, false
			}
			return append(append(dst, w.src[space:i]...), '}'), i + 1, true
		case w.src[i] != ',':
			return dst, fhirjson.Fail(&w.fault, i, "expected a comma or the end of the object"), false
		}
		start = i + 1
		i = fhirjson.SkipSpace(w.src, start)
	}
}

// member appends a member of an object, whose name begins at src[i].
func (w *Walker) member(dst []byte, i, depth int, n *document.Node, seen int) (out []byte, end int, left bool) {
	if i >= len(w.src) || w.src[i] != '"' {
		return dst, fhirjson.Fail(&w.fault, i, "expected the name of a member"), false
	}
	behind, number, escaped := w.names.ScanKey(w.src, i, &w.fault)
	if behind < 0 {
		return dst, -1, false
	}
	at := fhirjson.ScanColon(w.src, behind, &w.fault)
	if at < 0 {
		return dst, -1, false
	}
	if number >= 0 {
		word, bit := seen+number/64, uint64(1)<<(number%64)
		if w.seen[word]&bit != 0 {
			return dst, fhirjson.Fail(&w.fault, i, "a member is given twice"), false
		}
		w.seen[word] |= bit
	}
	raw := w.src[i:behind]
	name := raw[1 : len(raw)-1]
	if escaped {
		name = w.unescaped(&w.escaped, raw)
	}
	next := w.masker.Member(n, number, name)
	if next.Dead() || !next.NamePasses() {
		w.masker.CountUncovered()
		return dst, fhirjson.SkipValue(w.src, at, depth, &w.fault), false
	}
	dst, name, ok := w.appendName(dst, raw, name, next)
	if !ok {
		if w.err != nil {
			return dst, -1, false
		}
		return dst, fhirjson.SkipValue(w.src, at, depth, &w.fault), false
	}
	dst = append(dst, w.src[behind:at]...)
	given := w.given.mark()
	if number < 0 || next.RenamesMembers() {
		w.given.add(name)
	}
	if dst, end, left = w.value(dst, at, depth, next, next.Decision()); !left {
		w.given.cut(given)
	}
	return dst, end, left
}

// appendName appends the masked form of a member's name, and returns it. ok is false if
// the member is removed, or after a fault.
func (w *Walker) appendName(dst, raw, name []byte, n *document.Node) (out, given []byte, ok bool) {
	result, passes, same, err := w.masker.AppendName(w.name[:0], name, n)
	w.name = result
	switch {
	case err != nil:
		return w.failed(dst, err), nil, false
	case !passes:
		return dst, nil, false
	case same:
		return append(dst, raw...), name, true
	case w.names.Find(result) >= 0 || !utf8.Valid(result):
		return w.failed(dst, errors.New("the masked name of a member is a name that a rule uses")), nil, false
	}
	return appendString(dst, result), result, true
}
