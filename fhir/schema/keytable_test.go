package schema

import (
	"fmt"
	"testing"

	"github.com/veil-proxy/veil/fhir/fhirjson"
)

// TestKeyTable finds every name of every type, and nothing else.
func TestKeyTable(t *testing.T) {
	for _, typ := range R4().Types() {
		var names []string
		for i := range typ.Elements {
			e := &typ.Elements[i]
			for _, et := range e.Types {
				names = append(names, e.JSONName(et), "_"+e.JSONName(et))
			}
		}
		if len(names) == 0 {
			continue
		}
		table := fhirjson.NewKeyTable(names)
		for i, name := range names {
			text := []byte(fmt.Sprintf("%q:                                        ", name))
			var f fhirjson.Fault
			end, field, escaped := table.ScanKey(text, 0, &f)
			if end != len(name)+2 || escaped || names[field] != name {
				t.Fatalf("%s: %s is found as field %d", typ.Name, name, field)
			}
			if short := []byte(fmt.Sprintf("%q:", name)); i%7 == 0 {
				if _, field, _ := table.ScanKey(short, 0, &f); names[field] != name {
					t.Fatalf("%s: %s at the end of the text is found as field %d", typ.Name, name, field)
				}
			}
			for _, other := range []string{name + "x", name[1:], "X" + name[1:]} {
				if k := table.Find([]byte(other)); k >= 0 && names[k] != other {
					t.Fatalf("%s: %s is found as %s", typ.Name, other, names[k])
				}
			}
		}
	}
}
