package fhir

import "bytes"

// personState is what is known of the person a resource is about. It is looked
// up when the first value needs it, whatever the order of members.
type personState struct {
	known       bool // birth and death
	entityKnown bool
	buf         []byte // the entity
	found       []byte // the patient's id, while it is looked for
	// entries finds the resources of the Bundle by Type/id and by full URL. It is
	// made when the first reference has to be followed.
	entries map[string]bundleEntry
}

// bundleEntry is where an entry of the Bundle and its resource begin.
type bundleEntry struct{ entry, resource int }

var personMembers = []string{"birthDate", "bornDate", "deceasedDateTime", "deceasedDate", "deceasedBoolean", "deceasedAge", "deceasedRange", "deceasedString"}

// know fills the input with the life of whom the resource is about.
func (w *Walker) know() {
	if w.person.known {
		return
	}
	w.person.known = true
	var at [8]int
	w.findAll(w.res.root, personMembers, at[:])
	w.in.Birth = w.text(at[0])
	if at[0] < 0 {
		w.in.Birth = w.text(at[1])
	}
	w.in.Death = w.text(at[2])
	if at[2] < 0 {
		w.in.Death = w.text(at[3])
	}
	w.in.Dead = len(w.in.Death) > 0 || string(w.scalarText(at[4])) == "true" || at[5] >= 0 || at[6] >= 0 || at[7] >= 0
}

// knowEntity fills the input with whom the resource is about.
func (w *Walker) knowEntity() {
	if w.person.entityKnown {
		return
	}
	w.person.entityKnown = true
	w.in.Entity = w.entity()
}

// entity returns "Patient/<id>" of the patient that the resource leads to, or
// the resource's own identity where its type leads to none; empty when a type
// that leads to a patient does not say to which.
func (w *Walker) entity() []byte {
	root := w.res.root
	n := w.a.roots[string(w.typeAt(root))]
	if n == nil {
		return nil
	}
	entry := w.res.entry
	if w.res.contained {
		entry = -1
	}
	if n.typ.Name == "Patient" || len(w.a.leads[n.index].direct) > 0 {
		if !w.findPatient(n, root, entry, 0) {
			return nil
		}
		w.person.buf = append(append(w.person.buf[:0], "Patient/"...), w.person.found...)
		return w.person.buf
	}
	buf := append(append(w.person.buf[:0], n.typ.Name...), '/')
	id := w.text(w.find(w.res.entry, "fullUrl"))
	if urn, ok := bytes.CutPrefix(id, []byte(urnUUID)); ok && len(urn) > 0 {
		id = urn
	} else if id = w.text(w.find(root, "id")); len(id) == 0 {
		return nil
	}
	w.person.buf = append(buf, id...)
	return w.person.buf
}

const urnUUID = "urn:uuid:"

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
			id, _ = bytes.CutPrefix(w.text(w.find(entry, "fullUrl")), []byte(urnUUID))
		}
		w.person.found = append(w.person.found[:0], id...)
		return len(id) > 0
	}
	l := &w.a.leads[n.index]
	switch w.agree(l.direct, i, hops) {
	case onePatient:
		return true
	case noPatient:
		return w.agree(l.indirect, i, hops) == onePatient
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
func (w *Walker) agree(paths []memberPath, i, hops int) agreement {
	state := noPatient
	var patient []byte
	meet := func(id []byte) bool {
		if state == noPatient {
			state, patient = onePatient, id
		} else if string(patient) != string(id) {
			state = twoPatients
		}
		return state == twoPatients
	}
	for _, path := range paths {
		w.eachReference(i, path, func(ref []byte) bool {
			n, id, at := w.target(ref)
			switch {
			case n == nil || n.typ.Name != "Patient":
				return false
			case state == twoPatients:
				return true
			case at.resource >= 0 && !w.findPatient(n, at.resource, at.entry, hops):
				state = twoPatients // it is in the Bundle and says not who it is
				return true
			case at.resource >= 0:
				id = bytes.Clone(w.person.found)
			}
			return meet(id)
		})
	}
	if state == noPatient && hops < farthest {
		for _, path := range paths {
			w.eachReference(i, path, func(ref []byte) bool {
				n, id, at := w.target(ref)
				switch {
				case n == nil || len(w.a.leads[n.index].direct) == 0:
					return false // it leads to no patient
				case state == twoPatients:
					return true
				case !w.follow(n, id, at, hops+1):
					state = twoPatients
					return true
				}
				return meet(bytes.Clone(w.person.found))
			})
		}
	}
	if state == onePatient {
		w.person.found = append(w.person.found[:0], patient...)
	}
	return state
}

// follow leaves the id of the patient that another resource is about in
// person.found and reports whether there is one: of the Bundle, or else of the
// server.
func (w *Walker) follow(n *node, id []byte, at bundleEntry, hops int) (ok bool) {
	if at.resource >= 0 {
		return w.findPatient(n, at.resource, at.entry, hops)
	}
	if w.site.of == nil || w.site.of.Subject == nil {
		return false
	}
	w.person.found, ok = w.site.of.Subject(w.person.found[:0], n.typ.Name, id)
	return ok && isID(w.person.found)
}

// eachReference calls f with the text of every Reference at a path, until f
// reports true.
func (w *Walker) eachReference(i int, path memberPath, f func(ref []byte) bool) bool {
	return w.each(w.find(i, path[0]), func(item int) bool {
		if len(path) > 1 {
			return w.eachReference(item, path[1:], f)
		}
		ref := w.text(w.find(item, "reference"))
		return len(ref) > 0 && f(ref)
	})
}

// target finds what a reference leads to: the node of its type and its id, and
// where it stands in the Bundle, if it does. n is nil where it is not known.
func (w *Walker) target(ref []byte) (n *node, id []byte, at bundleEntry) {
	at = bundleEntry{-1, -1}
	if bytes.HasPrefix(ref, []byte("urn:")) {
		e, ok := w.entryOf(ref)
		if !ok {
			return nil, nil, at
		}
		return w.a.roots[string(w.typeAt(e.resource))], nil, e
	}
	rel, known := w.relative(ref)
	if !known {
		return nil, nil, at
	}
	n, id, ok := w.a.splitTarget(rel)
	if !ok {
		return nil, nil, at
	}
	// A patient's id is all there is to know; of others the resource is needed.
	if n.typ.Name != "Patient" {
		// Of every version, the resource.
		if e, ok := w.entryOf(rel[:len(n.typ.Name)+1+len(id)]); ok {
			at = e
		}
	}
	return n, id, at
}

// entryOf finds the resource of the Bundle that has a full URL, or a type and id.
func (w *Walker) entryOf(ref []byte) (bundleEntry, bool) {
	p := &w.person
	if p.entries == nil {
		p.entries = map[string]bundleEntry{}
		if string(w.typeAt(w.first)) == "Bundle" {
			w.each(w.find(w.first, "entry"), func(item int) bool {
				at := w.find(item, "resource")
				if at < 0 || w.src[at] != '{' {
					return false
				}
				e := bundleEntry{item, at}
				p.enter(w.text(w.find(item, "fullUrl")), e)
				if id := w.text(w.find(at, "id")); len(id) > 0 {
					p.enter(append(append(append([]byte(nil), w.typeAt(at)...), '/'), id...), e)
				}
				return false
			})
		}
	}
	e, ok := p.entries[string(ref)]
	return e, ok && e.resource >= 0
}

// enter notes where a resource is. One that is there twice, in two versions, is
// as good as not there: they might differ.
func (p *personState) enter(key []byte, e bundleEntry) {
	if len(key) == 0 {
		return
	}
	if _, twice := p.entries[string(key)]; twice {
		e = bundleEntry{-1, -1}
	}
	p.entries[string(key)] = e
}

// AppendSubject appends the id of the patient that a resource is about and
// reports whether there is one: what Site.Subject asks for, given the resource.
// It follows references by the site's own Subject, so the walker that it is called
// on must not be the one that asks.
func (w *Walker) AppendSubject(dst, resource []byte, site *Site) ([]byte, bool) {
	w.start(dst, resource, site)
	w.first = space(resource, 0)
	n := w.a.roots[string(w.typeAt(w.first))] // withheld or not
	ok := n != nil && w.findPatient(n, w.first, -1, 0)
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
	if w.res.contained {
		return append(id, "/(contained)"...)
	}
	if sealed, ok := w.pass.Keys.AppendSealed(append(id, '/'), w.a.sealSlots[n.index], w.text(w.find(i, "id"))); ok {
		return sealed
	}
	return id
}
