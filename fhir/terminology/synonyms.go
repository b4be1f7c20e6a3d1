package terminology

import (
	_ "embed"
	"strings"
	"sync"
)

// synonymsText has the other names of code systems: OIDs, as data that was CDA has
// them, and the URLs of earlier releases of FHIR.
//
//go:embed tables/r4.synonyms
var synonymsText string

var synonyms = sync.OnceValue(func() map[string][]byte {
	m := map[string][]byte{}
	for _, line := range strings.Split(synonymsText, "\n") {
		if other, system, ok := strings.Cut(line, "\t"); ok && line[0] != '#' {
			m[other] = []byte(system)
		}
	}
	return m
})

// SystemURL returns the URL that HL7 gives to a code system, whatever it is called.
// The result is not to be written to.
func SystemURL(system []byte) []byte {
	if s, ok := synonyms()[string(system)]; ok {
		return s
	}
	return system
}
