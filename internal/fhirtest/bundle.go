package fhirtest

import (
	"bytes"
	"crypto/sha256"
	"fmt"
)

// BundleKind is the type of a Bundle that PatientBundle makes.
type BundleKind string

const (
	// Collection has absolute fullUrls.
	Collection BundleKind = "collection"
	// Searchset is as a server answers $everything: absolute fullUrls and
	// references, a search mode in every entry and a total.
	Searchset BundleKind = "searchset"
	// Transaction has urn:uuid: fullUrls, references to these, and a request in every
	// entry.
	Transaction BundleKind = "transaction"
)

// PatientBundle returns a Bundle with everything about one patient and what that refers
// to, directly or not: the Patient first, then the others in the order in which they
// were made. It returns nil if the patient or the kind does not exist.
func (p *Population) PatientBundle(id string, kind BundleKind) []byte {
	first, ok := p.byKey["Patient/"+id]
	if !ok || kind != Collection && kind != Searchset && kind != Transaction {
		return nil
	}
	members := p.closure(first)
	var b []byte
	b = append(b, `{"resourceType":"Bundle","type":"`...)
	b = append(append(b, kind...), '"')
	if kind == Searchset {
		b = fmt.Appendf(b, `,"total":%d,"link":[{"relation":"self","url":%s}]`, len(members), quote(Base+"/Patient/"+id+"/$everything"))
	}
	b = append(b, `,"entry":[`...)
	for n, i := range members {
		if n > 0 {
			b = append(b, ',')
		}
		b = appendEntry(b, &p.resources[i], kind)
	}
	return append(b, "]}"...)
}

func appendEntry(b []byte, r *Resource, kind BundleKind) []byte {
	key := r.Type + "/" + r.ID
	fullURL := Base + "/" + key
	if kind == Transaction {
		fullURL = urn(key)
	}
	b = append(append(append(b, `{"fullUrl":"`...), fullURL...), `","resource":`...)
	from := 0
	for _, s := range r.spans {
		if s.own || kind == Collection {
			continue
		}
		b = append(b, r.JSON[from:s.start]...)
		if from = s.end; kind == Transaction {
			b = append(b, urn(s.target)...)
			continue
		}
		text := r.JSON[s.start:s.end]
		if !bytes.HasPrefix(text, []byte(Base)) {
			b = append(b, Base+"/"...)
		}
		b = append(b, text...)
	}
	b = append(b, r.JSON[from:]...)
	switch kind {
	case Searchset:
		b = append(b, `,"search":{"mode":"match"}`...)
	case Transaction:
		b = append(append(append(b, `,"request":{"method":"POST","url":"`...), r.Type...), `"}`...)
	}
	return append(b, '}')
}

// closure returns the indexes of a patient's resources and of those that they
// refer to, the patient's own first. Other patients are not followed: a twin
// has a record of its own.
func (p *Population) closure(patient int) []int {
	id := p.resources[patient].ID
	list, in := []int{patient}, map[int]bool{patient: true}
	for i, r := range p.resources {
		if r.Patient == id && !in[i] {
			list, in[i] = append(list, i), true
		}
	}
	for n := 0; n < len(list); n++ {
		for _, s := range p.resources[list[n]].spans {
			i, ok := p.byKey[s.target]
			if ok && !in[i] && p.resources[i].Type != "Patient" {
				list, in[i] = append(list, i), true
			}
		}
	}
	return list
}

// urn is the urn:uuid: of a resource: its id, or a UUID made out of its type
// and id where that is none.
func urn(key string) string {
	for i := range len(key) {
		if key[i] == '/' && isUUID(key[i+1:]) {
			return "urn:uuid:" + key[i+1:]
		}
	}
	h := sha256.Sum256([]byte(key))
	h[6], h[8] = h[6]&0x0f|0x50, h[8]&0x3f|0x80 // version 5, RFC variant
	return fmt.Sprintf("urn:uuid:%x-%x-%x-%x-%x", h[0:4], h[4:6], h[6:8], h[8:10], h[10:16])
}

func isUUID[T string | []byte](id T) bool {
	return len(id) == 36 && id[8] == '-' && id[13] == '-' && id[18] == '-' && id[23] == '-'
}
