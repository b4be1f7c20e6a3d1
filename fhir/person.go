package fhir

// personState is what is known of the person a resource is about. It is looked
// up when the first value needs it, whatever the order of members.
type personState struct {
	known bool
	buf   []byte
}

var personMembers = []string{"birthDate", "bornDate", "deceasedDateTime", "deceasedDate", "deceasedBoolean", "deceasedAge", "deceasedRange", "deceasedString"}

// know fills the input with whom the resource is about.
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
	buf := w.person.buf[:0]
	defer func() { w.person.buf = buf }()
	if n.typ.Name != "Patient" && len(w.a.subjects[n.index]) > 0 {
		for _, name := range w.a.subjects[n.index] {
			ref := w.text(w.find(w.find(root, name), "reference"))
			if id, ok := w.patientID(ref); ok {
				buf = append(append(buf, "Patient/"...), id...)
				return buf
			}
		}
		return nil
	}
	buf = append(append(buf, n.typ.Name...), '/')
	if urn := w.text(w.find(w.res.entry, "fullUrl")); len(urn) > len(urnUUID) && string(urn[:len(urnUUID)]) == urnUUID {
		buf = append(buf, urn[len(urnUUID):]...)
		return buf
	}
	id := w.text(w.find(root, "id"))
	if len(id) == 0 {
		return nil
	}
	buf = append(buf, id...)
	return buf
}

const urnUUID = "urn:uuid:"

// patientID returns the id of the patient a reference points at.
func (w *Walker) patientID(ref []byte) ([]byte, bool) {
	if len(ref) > len(urnUUID) && string(ref[:len(urnUUID)]) == urnUUID {
		return ref[len(urnUUID):], true
	}
	rel, known := w.relative(ref)
	if !known {
		return nil, false
	}
	n, id, ok := w.a.splitTarget(rel)
	return id, ok && n.typ.Name == "Patient"
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
