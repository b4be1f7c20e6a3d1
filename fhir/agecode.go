package fhir

import (
	_ "embed"

	"github.com/veil-proxy/veil/fhir/terminology"
)

// What is an age follows from what stands beside the value: the condition
// "code in %ages" of a match holds where a Coding or CodeableConcept has one of
// the codes of this table, or where a display or text says so. Texts go, but they
// tell what the number means that stays; so ages under local codes are found.

var ageMembers = []string{"code", "display", "text", "coding"}

// saysAge reports whether the Coding or CodeableConcept at src[i] says that what
// it stands beside is an age.
func (w *Walker) saysAge(i int) bool {
	var at [4]int
	w.findAll(i, ageMembers, at[:])
	if at[0] >= 0 && terminology.IsAgeCode(w.text(at[0])) || terminology.IsAgeText(w.text(at[1])) || terminology.IsAgeText(w.text(at[2])) {
		return true
	}
	return at[3] >= 0 && w.each(at[3], func(item int) bool { return w.saysAgeCoding(item) })
}

func (w *Walker) saysAgeCoding(i int) bool {
	var at [2]int
	w.findAll(i, ageMembers[:2], at[:])
	return at[0] >= 0 && terminology.IsAgeCode(w.text(at[0])) || terminology.IsAgeText(w.text(at[1]))
}
