package table

import (
	"path"
	"strings"
)

// OfFile names the table that a file holds, by the file's base name: the one that the
// ruleset's files say, else the one that the name without its ending names.
func (r *Rules) OfFile(name string) Name {
	for _, f := range r.policy.Ruleset.Tables.Files {
		if ok, err := path.Match(f.File, name); ok && err == nil {
			return Name{Schema: f.Schema, Table: f.Table}
		}
	}
	if stem := strings.TrimSuffix(name, path.Ext(name)); stem != "" {
		name = stem
	}
	return Name{Table: name}
}

// ParseName reads the name of a table as people write it: table, or schema.table.
func ParseName(s string) Name {
	if schema, name, ok := strings.Cut(s, "."); ok {
		return Name{Schema: schema, Table: name}
	}
	return Name{Table: s}
}
