package words

import "slices"

// general are words of names of keys that do not say of what.
var general = []string{"id", "ids", "key", "pk", "fk", "no", "nr", "num", "number", "uuid", "guid", "uid", "sk", "oid", "rowid", "ident", "identifier", "numero", "nummer", "clave"}

// General reports whether the name of a key does not say what it is the key of: id, but
// not visit_id.
func General(name string) bool {
	return !slices.ContainsFunc(Split(name), func(w string) bool { return !slices.Contains(general, w) })
}
