package fhir

import (
	"bytes"

	"github.com/veil-proxy/veil/fhir/fhirjson"
	"github.com/veil-proxy/veil/fhir/lexical"
	"github.com/veil-proxy/veil/fhir/schema"
)

// person is what is known of the person a resource is about. It is looked up
// when the first value needs it, whatever the order of members.
type person struct {
	known        bool // birth and death
	birth, death []byte
	dead         bool
	entityKnown  bool
	entity       []byte
	from         int // what personState.buf held when the resource began
}

// personState is what looking for patients needs.
type personState struct {
	buf   []byte // entities of the resources being walked
	found []byte // the patient's id, while it is looked for
	// refs are the references that are being looked at.
	refs [][]byte
	// entries finds the resources of the Bundle by the hash of Type and id or of the
	// full URL. It is filled when the first reference has to be followed.
	entries map[uint64]bundleEntry
	indexed bool
}

// bundleEntry is where an entry of the Bundle and its resource begin.
type bundleEntry struct{ entry, resource int }

var personMembers = []string{"birthDate", "bornDate", "deceasedDateTime", "deceasedDate", "deceasedBoolean", "deceasedAge", "deceasedRange", "deceasedString"}

// know fills the input with the life of whom the resource is about: of the one
// that has the value, be it contained in another or not.
func (w *Walker) know() {
	p := &w.res.person
	if !p.known {
		p.known = true
		var at [8]int
		w.findAll(w.res.start, personMembers, at[:])
		p.birth = w.text(at[0])
		if at[0] < 0 {
			p.birth = w.text(at[1])
		}
		p.death = w.text(at[2])
		if at[2] < 0 {
			p.death = w.text(at[3])
		}
		p.dead = len(p.death) > 0 || string(w.scalarText(at[4])) == "true" || at[5] >= 0 || at[6] >= 0 || at[7] >= 0
	}
	w.in.Birth, w.in.Death, w.in.Dead = p.birth, p.death, p.dead
}

// knowEntity fills the input with whom the resource is about. A contained
// resource is about the patient that its own references name, and otherwise
// about whom the one that contains it is.
func (w *Walker) knowEntity() {
	p := &w.res.person
	if p.entityKnown {
		w.in.Entity = p.entity
		return
	}
	p.entityKnown = true
	state := noPatient
	if w.res.contained && w.res.node.typ.Name != "Patient" {
		state = w.agree(w.a.leads[w.res.node.index].Direct, w.res.start, 0)
	}
	switch {
	case state == onePatient:
		p.entity = w.keepEntity("Patient", w.person.found)
	case state == noPatient && w.res.contained:
		root := &w.frames[w.res.rootFrame]
		if !root.person.entityKnown {
			root.person.entityKnown, root.person.entity = true, w.entity(root)
		}
		p.entity = root.person.entity
	case state == noPatient:
		p.entity = w.noteEntity(&w.res)
	}
	w.in.Entity = p.entity
}

// entity returns "Patient/<id>" of the patient that a resource, which none
// contains, leads to, or the resource's own identity where its type leads to
// none; empty when a type that leads to a patient does not say to which.
func (w *Walker) entity(r *resourceState) []byte {
	if r.node.typ.Name == "Patient" || len(w.a.leads[r.node.index].Direct) > 0 {
		if !w.findPatient(r.node, r.start, r.entry, 0) {
			return nil
		}
		return w.keepEntity("Patient", w.person.found)
	}
	w.outside = true // its entry
	id := w.text(w.find(r.entry, "fullUrl"))
	if urn, ok := bytes.CutPrefix(id, []byte(lexical.URNUUID)); ok && len(urn) > 0 {
		id = urn
	} else if id = w.text(w.find(r.start, "id")); len(id) == 0 {
		return nil
	}
	return w.keepEntity(r.node.typ.Name, id)
}

// keepEntity writes "Type/id" where it stays until the resource is left.
func (w *Walker) keepEntity(typ string, id []byte) []byte {
	from := len(w.person.buf)
	w.person.buf = append(append(append(w.person.buf, typ...), '/'), id...)
	return w.person.buf[from:]
}

// farthest is how many references are followed from a resource to its patient.
const farthest = 4

// findPatient leaves the id of the patient of the resource at src[i], whose entry
// is at src[entry] or -1, in person.found and reports whether there is exactly
// one.
func (w *Walker) findPatient(n *node, i, entry, hops int) bool {
	if n.typ.Name == "Patient" {
		id := w.text(w.find(i, "id"))
		if len(id) == 0 {
			// A new resource has no id yet; its references are to the URN.
			w.outside = true
			id, _ = bytes.CutPrefix(w.text(w.find(entry, "fullUrl")), []byte(lexical.URNUUID))
		}
		w.person.found = append(w.person.found[:0], id...)
		return len(id) > 0
	}
	l := &w.a.leads[n.index]
	switch w.agree(l.Direct, i, hops) {
	case onePatient:
		return true
	case noPatient:
		return w.agree(l.Indirect, i, hops) == onePatient
	}
	return false
}

// agreement is what several references say of the patient.
type agreement uint8

const (
	noPatient   agreement = iota
	onePatient            // in person.found
	twoPatients           // or one and a reference that cannot be followed
)

// agree reads the references at paths of the resource at src[i]. Those to patients
// count; where there are none, the patients of what the others lead to. A patient
// is found where all that count agree.
func (w *Walker) agree(paths []schema.MemberPath, i, hops int) agreement {
	from := len(w.person.refs)
	for _, path := range paths {
		w.collect(i, path)
	}
	to := len(w.person.refs)
	state := w.agreeOn(from, to, hops, false)
	if state == noPatient && hops < farthest {
		state = w.agreeOn(from, to, hops, true)
	}
	w.person.refs = w.person.refs[:from]
	return state
}

// agreeOn reads the collected references from one to another: those to patients,
// or those to be followed.
func (w *Walker) agreeOn(from, to, hops int, followed bool) agreement {
	state := noPatient
	var patient []byte
	buf := len(w.person.buf)
	for k := from; k < to; k++ {
		n, id, at := w.target(w.person.refs[k], hops, followed)
		switch {
		case n == nil || followed != (n.typ.Name != "Patient"), followed && len(w.a.leads[n.index].Direct) == 0:
			continue // it leads to no patient, or not that way
		case !followed && at.resource < 0: // the id is all there is to know
		case !w.follow(n, id, at, hops+1):
			w.person.buf = w.person.buf[:buf]
			return twoPatients
		default:
			at := len(w.person.buf)
			w.person.buf = append(w.person.buf, w.person.found...)
			id = w.person.buf[at:]
		}
		if state == onePatient && string(patient) != string(id) {
			w.person.buf = w.person.buf[:buf]
			return twoPatients
		}
		state, patient = onePatient, id
	}
	if state == onePatient {
		w.person.found = append(w.person.found[:0], patient...)
	}
	w.person.buf = w.person.buf[:buf]
	return state
}

// follow leaves the id of the patient that another resource is about in
// person.found and reports whether there is one: of the Bundle, or else of the
// server.
func (w *Walker) follow(n *node, id []byte, at bundleEntry, hops int) (ok bool) {
	if at.resource >= 0 {
		return w.findPatient(n, at.resource, at.entry, hops)
	}
	w.outside = true
	if w.site.of == nil || w.site.of.Subject == nil {
		return false
	}
	w.elsewhere = true
	w.person.found, ok = w.site.of.Subject(w.person.found[:0], n.typ.Name, id)
	return ok && lexical.IsID(w.person.found)
}

// collect notes the text of every Reference at a path.
func (w *Walker) collect(i int, path schema.MemberPath) {
	at := w.find(i, path[0])
	if at >= 0 && w.src[at] != '[' {
		w.collectItem(at, path)
		return
	}
	w.each(at, func(item int) bool {
		w.collectItem(item, path)
		return false
	})
}

func (w *Walker) collectItem(item int, path schema.MemberPath) {
	if len(path) > 1 {
		w.collect(item, path[1:])
	} else if ref := w.text(w.find(item, "reference")); len(ref) > 0 {
		w.person.refs = append(w.person.refs, ref)
	}
}

// target finds what a reference leads to: the node of its type and its id, and
// where it stands in the Bundle, if it does and is to be followed. n is nil where it is not
// known.
func (w *Walker) target(ref []byte, hops int, followed bool) (n *node, id []byte, at bundleEntry) {
	at = bundleEntry{-1, -1}
	if hops == 0 && w.res.contained && string(ref) == "#" {
		root := &w.frames[w.res.rootFrame]
		if root.node.typ.Name == "Patient" {
			return root.node, nil, bundleEntry{root.entry, root.start}
		}
		return nil, nil, at
	}
	if bytes.HasPrefix(ref, []byte("urn:")) {
		e, ok := w.entryOf(ref)
		if !ok {
			return nil, nil, at
		}
		return w.a.roots[string(w.typeAt(e.resource))], nil, e
	}
	rel, known := w.relative(ref)
	if !known {
		w.outside = true
		full, ok := w.inBundle(ref)
		if !ok {
			return nil, nil, at
		}
		if e, ok := w.entryOf(full); ok {
			return w.a.roots[string(w.typeAt(e.resource))], nil, e
		}
		rel = lastTwo(full)
	}
	n, id, ok := w.a.splitTarget(rel)
	if !ok {
		return nil, nil, at
	}
	// A patient's id is all there is to know; of others the resource is needed.
	if followed && n.typ.Name != "Patient" && len(w.a.leads[n.index].Direct) > 0 {
		// Of every version, the resource.
		if e, ok := w.entryOf(rel[:len(n.typ.Name)+1+len(id)]); ok {
			at = e
		}
	}
	return n, id, at
}

// entryOf finds the resource of the Bundle that has a full URL, or a type and id.
func (w *Walker) entryOf(ref []byte) (bundleEntry, bool) {
	w.outside = true
	if w.lacks() {
		return bundleEntry{-1, -1}, false
	}
	p := &w.person
	if !p.indexed {
		w.indexEntries()
	}
	typ, id, _ := bytes.Cut(ref, []byte("/"))
	if bytes.HasPrefix(ref, []byte("urn:")) || isHTTP(ref) {
		typ, id = ref, nil
	}
	e, ok := p.entries[entryHash(typ, id)]
	if !ok || e.resource < 0 {
		return e, false
	}
	if id == nil {
		return e, string(w.text(w.find(e.entry, "fullUrl"))) == string(ref)
	}
	return e, string(w.typeAt(e.resource)) == string(typ) && string(w.text(w.find(e.resource, "id"))) == string(id)
}

// indexEntries finds the resources of the Bundle.
func (w *Walker) indexEntries() {
	p := &w.person
	p.indexed = true
	if p.entries == nil {
		p.entries = map[uint64]bundleEntry{}
	}
	clear(p.entries)
	if string(w.typeAt(w.first)) != "Bundle" {
		return
	}
	w.each(w.find(w.first, "entry"), func(item int) bool {
		at := w.find(item, "resource")
		if at < 0 || w.src[at] != '{' {
			return false
		}
		e := bundleEntry{item, at}
		p.enter(w.text(w.find(item, "fullUrl")), nil, e)
		if id := w.text(w.find(at, "id")); len(id) > 0 {
			p.enter(w.typeAt(at), id, e)
		}
		return false
	})
}

// enter notes where a resource is. One that is there twice, in two versions, is
// as good as not there: they might differ.
func (p *personState) enter(key, id []byte, e bundleEntry) {
	if len(key) == 0 {
		return
	}
	h := entryHash(key, id)
	if _, twice := p.entries[h]; twice {
		e = bundleEntry{-1, -1}
	}
	p.entries[h] = e
}

// entryHash is FNV-1a of a full URL, or of a type and an id. It has no seed, since
// masked bytes depend on nothing but the input; what is found is compared.
func entryHash(key, id []byte) uint64 {
	h := uint64(14695981039346656037)
	for _, part := range [2][]byte{key, id} {
		for _, c := range part {
			h = (h ^ uint64(c)) * 1099511628211
		}
		h = (h ^ 0xff) * 1099511628211 // no byte of UTF-8
	}
	return h
}

// AppendSubject appends the id of the patient that a resource is about, and reports
// whether there is one. It implements Site.Subject, given the resource. It follows
// references by site.Subject, so it must not be called on a walker whose call of
// Subject is still running.
func (w *Walker) AppendSubject(dst, resource []byte, site *Site) ([]byte, bool) {
	w.start(dst, resource, site)
	w.first = fhirjson.SkipSpace(resource, 0)
	n := w.a.roots[string(w.typeAt(w.first))] // withheld or not
	ok := n != nil && fhirjson.SkipValue(resource, w.first, 0, &w.fault) >= 0 && w.findPatient(n, w.first, -1, 0)
	w.forgetInput()
	if !ok {
		return dst, false
	}
	return append(dst, w.person.found...), true
}

// identify returns the masked identity of the resource at src[i], for the
// entries of a detailed record.
func (w *Walker) identify(n *node, i int) []byte {
	id := append([]byte(nil), n.typ.Name...)
	if n.index < 0 {
		return id
	}
	if w.res.contained {
		return append(id, "/(contained)"...)
	}
	if sealed, ok := w.pass.Keys.AppendSealed(append(id, '/'), w.a.sealSlots[n.index], w.text(w.find(i, "id"))); ok {
		return sealed
	}
	return id
}
