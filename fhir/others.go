package fhir

import (
	"slices"

	"github.com/veil-proxy/veil/fhir/fhirjson"
	"github.com/veil-proxy/veil/fhir/schema"
	"github.com/veil-proxy/veil/mask"
)

// Others holds those parts of a Bundle's entries that other entries can depend on: their
// full URLs, and for resources that lead to a patient, the type, the id and the references
// on the way. With it, entries can be masked a few at a time as in the whole Bundle. It
// holds original values. It is not safe for concurrent use.
type Others struct {
	a *Automaton
	// text is a Bundle without its end, which entries to be masked are put behind.
	text []byte
	// What is found in text, once entries were masked among the others.
	indexed bool
	entries map[uint64]bundleEntry
	urls    fullURLs
	members [][]string // by type: what is kept of a resource
}

// NewOthers returns the Others of an empty Bundle.
func (a *Automaton) NewOthers() *Others {
	return &Others{a: a, text: []byte(BundleHead), entries: map[uint64]bundleEntry{}, urls: fullURLs{of: -1}, members: make([][]string, len(a.types))}
}

// Size returns the number of bytes that are kept.
func (o *Others) Size() int { return len(o.text) }

// Add adds entries: items of an array, with or without the commas around them. perPatient
// says that entries may be needed to find the patients of others. All entries must be
// added before AppendEntriesAmong is called.
func (o *Others) Add(entries []byte, perPatient bool) {
	var f fhirjson.Fault
	r := Walker{a: o.a, src: entries} // for look-ups
	for i := 0; i < len(entries); {
		if i = fhirjson.SkipSpace(entries, i); i < len(entries) && entries[i] == ',' {
			i = fhirjson.SkipSpace(entries, i+1)
		}
		if i >= len(entries) {
			break
		}
		end := fhirjson.SkimValue(entries, i, &f)
		if end < 0 {
			break // the walk finds what is wrong
		}
		if o.text[len(o.text)-1] != '[' {
			o.text = append(o.text, ',')
		}
		o.text = append(o.text, '{')
		var at [2]int
		r.findAll(i, []string{"fullUrl", "resource"}, at[:])
		if at[0] >= 0 {
			o.text = append(append(o.text, `"fullUrl":`...), r.valueAt(at[0])...)
		}
		if perPatient && at[1] >= 0 && entries[at[1]] == '{' {
			o.resource(&r, at[1], at[0] >= 0)
		}
		o.text = append(o.text, '}')
		i = end
	}
}

// valueAt returns the text of the value at src[i].
func (w *Walker) valueAt(i int) []byte {
	var f fhirjson.Fault
	if end := fhirjson.SkimValue(w.src, i, &f); end > i {
		return w.src[i:end]
	}
	return []byte("null")
}

// resource adds what is kept of the resource at r.src[i].
func (o *Others) resource(r *Walker, i int, behind bool) {
	if behind {
		o.text = append(o.text, ',')
	}
	o.text = append(o.text, `"resource":{`...)
	keep := others[:]
	if n := o.a.roots[string(r.typeAt(i))]; n != nil && len(o.a.leads[n.index].Direct) > 0 {
		keep = o.members[n.index]
		if keep == nil {
			keep = append(keep, others[:]...)
			for _, paths := range [][]schema.MemberPath{o.a.leads[n.index].Direct, o.a.leads[n.index].Indirect} {
				for _, path := range paths {
					if !slices.Contains(keep, path[0]) {
						keep = append(keep, path[0])
					}
				}
			}
			o.members[n.index] = keep
		}
	}
	o.keepMembers(r, i, 0, func(name []byte, _ int) bool { return slices.Contains(keep, string(name)) })
	o.text = append(o.text, '}')
}

// others are the members that are kept of any resource.
var others = [...]string{"resourceType", "id"}

// keepMembers adds the members of the object at r.src[i] that are to be kept.
func (o *Others) keepMembers(r *Walker, i, depth int, kept func(name []byte, at int) bool) {
	some := false
	r.eachMember(i, func(name, spelt []byte, at int) {
		if !kept(name, at) {
			return
		}
		if some {
			o.text = append(o.text, ',')
		}
		some = true
		o.text = append(append(o.text, spelt...), ':')
		o.references(r, at, depth+1)
	})
}

// references adds the value at r.src[i], with nothing in objects but references.
func (o *Others) references(r *Walker, i, depth int) {
	src := r.src
	switch {
	case depth > fhirjson.MaxDepth: // the walk finds it
		o.text = append(o.text, "null"...)
	case src[i] == '[':
		o.text = append(o.text, '[')
		some := false
		r.each(i, func(item int) bool {
			if some {
				o.text = append(o.text, ',')
			}
			some = true
			o.references(r, item, depth+1)
			return false
		})
		o.text = append(o.text, ']')
	case src[i] == '{':
		o.text = append(o.text, '{')
		o.keepMembers(r, i, depth, func(name []byte, at int) bool {
			return src[at] == '{' || src[at] == '[' || string(name) == "reference"
		})
		o.text = append(o.text, '}')
	default:
		o.text = append(o.text, r.valueAt(i)...)
	}
}

// eachMember calls f for the members of the object at src[obj]: with the name, as it is
// spelt, and where the value is.
func (w *Walker) eachMember(obj int, f func(name, spelt []byte, at int)) {
	src := w.src
	var ft fhirjson.Fault
	for i := fhirjson.SkipSpace(src, obj+1); i < len(src) && src[i] == '"'; {
		end, escaped := fhirjson.ScanString(src, i, &ft)
		if end < 0 {
			return
		}
		name, spelt := src[i+1:end-1], src[i:end]
		if escaped {
			name = fhirjson.AppendUnescaped(nil, name)
		}
		if i = fhirjson.ScanColon(src, end, &ft); i < 0 || i >= len(src) {
			return
		}
		f(name, spelt, i)
		if i = fhirjson.SkimValue(src, i, &ft); i < 0 {
			return
		}
		if i = fhirjson.SkipSpace(src, i); i >= len(src) || src[i] != ',' {
			return
		}
		i = fhirjson.SkipSpace(src, i+1)
	}
}

// index finds what is in the text. Entries that are put behind it are not in the index:
// they are in the text already, as far as it matters.
func (o *Others) index(w *Walker, site *Site) {
	w.start(nil, o.text, site)
	w.first = 0
	own, urls := w.person.entries, w.bundle
	w.person.entries, w.bundle = o.entries, o.urls
	w.indexEntries()
	w.readFullURLs(0)
	o.urls = w.bundle
	w.person.entries, w.bundle = own, urls
	w.forgetInput()
	o.indexed = true
}

// AppendEntriesAmong is AppendEntries for entries that have been added to others.
// entries begins with the separator from the previous entry.
func (w *Walker) AppendEntriesAmong(dst, entries []byte, others *Others, p *Parts, pass *mask.Pass, site *Site) (out []byte, end int, err error) {
	if !others.indexed {
		others.index(w, site)
	}
	at := len(others.text)
	src := append(others.text, entries...)
	others.text = src[:at] // with the room behind it
	w.begin(dst, src, pass, site)
	own, urls := w.person.entries, w.bundle
	w.person.entries, w.person.indexed = others.entries, true
	w.bundle = others.urls
	w.bundle.of, w.bundle.serial = 0, urls.serial+1
	out, end, err = w.appendEntries(dst, at, p, func() {
		// The full URLs of a Bundle in an entry have taken the place of these.
		others.indexed = w.bundle.of == 0
		others.urls, urls.serial = w.bundle, w.bundle.serial
		w.person.entries, w.person.indexed, w.bundle = own, false, urls
	})
	return out, end - at, err
}
