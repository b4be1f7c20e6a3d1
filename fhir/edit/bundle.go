package edit

import (
	"strconv"

	"github.com/veil-proxy/veil/fhir/fhirjson"
)

// Reading parts of a Bundle without decoding its entries.

// BundleTotal returns the total of a Bundle, if it has one.
func BundleTotal(bundle []byte) (total int, ok bool) {
	c := cutter{src: bundle}
	c.members(fhirjson.SkipSpace(bundle, 0), func(name string, from, to int) bool {
		if name == "total" {
			n, err := strconv.Atoi(string(bundle[from:to]))
			total, ok = n, err == nil
		}
		return !ok
	})
	return total, ok
}

// EachLink calls f with the relation and the URL of every link of a Bundle. A part that
// is missing or not a string is empty. bundle[from:to] is the array of entries, which
// is not read; to is 0 if it is not known.
func EachLink(bundle []byte, from, to int, f func(relation, url string)) {
	c := cutter{src: bundle, from: from, to: to}
	c.members(fhirjson.SkipSpace(bundle, 0), func(name string, from, _ int) bool {
		if name == "link" {
			c.items(from, func(at int) { f(c.stringMember(at, "relation"), c.stringMember(at, "url")) })
		}
		return true
	})
}

// items calls f with the index of every item of the array at i, or of the single value
// there.
func (c *cutter) items(i int, f func(at int)) {
	if c.src[i] != '[' {
		f(i)
		return
	}
	for i = fhirjson.SkipSpace(c.src, i+1); i >= 0 && i < len(c.src) && c.src[i] != ']'; {
		f(i)
		if i = fhirjson.SkimValue(c.src, i, &c.fault); i < 0 {
			return
		}
		if i = fhirjson.SkipSpace(c.src, i); i < len(c.src) && c.src[i] == ',' {
			i = fhirjson.SkipSpace(c.src, i+1)
		}
	}
}

// Member returns the position of the value of an object's member, if it has one.
func Member(object []byte, member string) (from, to int, ok bool) {
	c := cutter{src: object}
	c.members(fhirjson.SkipSpace(object, 0), func(name string, i, end int) bool {
		if name == member {
			from, to, ok = i, end, true
		}
		return !ok
	})
	return from, to, ok
}

// StringMember returns the text of a member of an object, or the empty string.
func StringMember(object []byte, member string) string {
	c := cutter{src: object}
	return c.stringMember(fhirjson.SkipSpace(object, 0), member)
}
