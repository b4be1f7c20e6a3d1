package fhir

import "github.com/veil-proxy/veil/fhir/fhirjson"

// unknownNames remembers the names of an object's members that no field has. Few
// are compared one by one, many by a map: an object may have a million of them.
type unknownNames struct {
	few  [][]byte
	many map[string]struct{}
}

func (u *unknownNames) seen(name []byte, escaped bool) bool {
	const few = 16
	if escaped {
		name = fhirjson.AppendUnescaped(nil, name)
	}
	if u.many != nil {
		_, seen := u.many[string(name)]
		u.many[string(name)] = struct{}{}
		return seen
	}
	for _, n := range u.few {
		if string(n) == string(name) {
			return true
		}
	}
	if u.few = append(u.few, name); len(u.few) > few {
		u.many = map[string]struct{}{}
		for _, n := range u.few {
			u.many[string(n)] = struct{}{}
		}
	}
	return false
}
