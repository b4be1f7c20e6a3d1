package safeharbor

import (
	"maps"
	"slices"
)

// Units are the spellings of units of time that the method reads, in lower case: what
// masks in another language, such as SQL, asks for the limit of each.
func (m *ageCap) Units() []string { return slices.Sorted(maps.Keys(timeWords)) }
