package terminology

import (
	_ "embed"
	"strings"
	"sync"

	"github.com/veil-proxy/veil/fhir/fhirjson"
)

// synonymsText has the other names of code systems: OIDs, as data that was CDA has
// them, and the URLs of earlier releases of FHIR.
//
//go:embed tables/r4.synonyms
var synonymsText string

// synonyms finds the number of another name, and the system by it.
var synonyms = sync.OnceValue(func() (s struct {
	names   fhirjson.KeyTable
	systems [][]byte
}) {
	var others []string
	for _, line := range strings.Split(synonymsText, "\n") {
		if other, system, ok := strings.Cut(line, "\t"); ok && line[0] != '#' {
			others, s.systems = append(others, other), append(s.systems, []byte(system))
		}
	}
	s.names = fhirjson.NewKeyTable(others)
	return s
})

// SystemURL returns HL7's URL for a code system that may be named by another
// identifier. The result must not be changed.
func SystemURL(system []byte) []byte {
	s := synonyms()
	if k := s.names.Find(system); k >= 0 {
		return s.systems[k]
	}
	return system
}
