package ruleset

import (
	"slices"

	"github.com/veil-proxy/veil/internal/strictyaml"
	"github.com/veil-proxy/veil/mask"
)

// KnownColumn is a column with a known value of a person, and the kind of that value.
type KnownColumn struct {
	Kind   string `json:"kind"` // one of knownKinds
	Column string `json:"column"`
}

// RelatedRow names rows of another table with known values of people: those whose column
// Key equals the row's column By.
type RelatedRow struct {
	// Schema is empty if it is that of the row.
	Schema  string        `json:"schema,omitempty"`
	Table   string        `json:"table"`
	By      string        `json:"by"`
	Key     string        `json:"key"`
	Columns []KnownColumn `json:"columns"`
}

// Equal reports whether both name the same.
func (r RelatedRow) Equal(o RelatedRow) bool {
	return r.Schema == o.Schema && r.Table == o.Table && r.By == o.By && r.Key == o.Key && slices.Equal(r.Columns, o.Columns)
}

// knownKinds are the kinds of known values in columns.
var knownKinds = []string{"names", "given", "family", "ids", "phones", "emails", "urls", "addresses", "streets", "cities", "organizations", "dates", "birthDates", "others"}

// MostKnown is the maximum number of known columns of a rule, and MostRelated that of related
// rows.
const (
	MostKnown   = 24
	MostRelated = 4
)

// known reads a mapping of kinds to columns, and of related rows.
func (r *rulesetReader) known(n strictyaml.Node) (out []KnownColumn, related []RelatedRow) {
	fields := r.knownColumns(&out)
	fields["related"] = func(n strictyaml.Node) {
		for _, v := range n.Items() {
			related = append(related, r.relatedRow(v))
		}
	}
	r.Mapping(n, fields, nil)
	if len(related) > MostRelated {
		r.Bad(n, "known: a rule can name %d related rows, not %d", MostRelated, len(related))
		related = related[:MostRelated]
	}
	return r.mostKnown(n, out), related
}

// knownColumns reads the keys for kinds, with lists of columns.
func (r *rulesetReader) knownColumns(out *[]KnownColumn) map[string]strictyaml.Field {
	fields := map[string]strictyaml.Field{}
	for _, kind := range knownKinds {
		fields[kind] = func(n strictyaml.Node) {
			for _, column := range r.Texts(n) {
				*out = append(*out, KnownColumn{kind, column.Text})
			}
		}
	}
	return fields
}

func (r *rulesetReader) mostKnown(n strictyaml.Node, columns []KnownColumn) []KnownColumn {
	if len(columns) > MostKnown {
		r.Bad(n, "known: a rule can name %d columns, not %d", MostKnown, len(columns))
		columns = columns[:MostKnown]
	}
	return columns
}

func (r *rulesetReader) relatedRow(n strictyaml.Node) (out RelatedRow) {
	fields := r.knownColumns(&out.Columns)
	fields["schema"] = func(n strictyaml.Node) { out.Schema, _ = r.Text(n) }
	fields["table"] = func(n strictyaml.Node) { out.Table, _ = r.Text(n) }
	fields["on"] = func(n strictyaml.Node) {
		v, ok := r.argument(n, mask.MapParam)
		if !ok {
			return
		}
		on := v.(map[string]string)
		if len(on) != 1 {
			r.Bad(n, "related: expected one pair of columns that joins the tables, not %d", len(on))
		}
		for here, there := range on {
			out.By, out.Key = here, there
		}
	}
	if !r.Mapping(n, fields, nil) {
		return out
	}
	if out.Table == "" || out.By == "" || out.Key == "" || len(out.Columns) == 0 {
		r.Bad(n, `a related row has "table", "on", the columns that join it, and columns: {table: patients, on: {column here: column there}, names: name}`)
	}
	out.Columns = r.mostKnown(n, out.Columns)
	return out
}
