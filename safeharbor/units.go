package safeharbor

import (
	"maps"
	"slices"
)

// Units are the words that stand for units of time, in lower case: what masks in
// another language, such as SQL, asks for the limit of each. Of a text with more in it,
// a word of these or of ages says that it may name a unit of time.
func (m *ageCap) Units() (units, ages []string) {
	return slices.Sorted(maps.Keys(timeWords)), slices.Sorted(maps.Keys(ageWords))
}
