package discovertest

import (
	"fmt"
	"strings"

	"github.com/veil-proxy/veil/discover"
	"github.com/veil-proxy/veil/discover/values"
)

// Names says what is done to the names of tables and columns.
type Names string

// Names as they are, taken away, and exchanged within each table.
const (
	Real     Names = "real"
	Hidden   Names = "hidden"
	Shuffled Names = "shuffled"
)

// Label is what is right for a column.
type Label struct {
	Where     string
	Classes   []string
	Sensitive string
}

// Discoverable returns the tables of a schema as discovery sees them, and the labels of their
// columns in the same order.
func (s *Schema) Discoverable(rows Rows, names Names) (tables []discover.Table, labels []Label) {
	called := func(table string, column int) (string, string) {
		for k, t := range s.Tables {
			if t.Name != table {
				continue
			}
			switch names {
			case Hidden:
				return fmt.Sprintf("t%d", k+1), fmt.Sprintf("c%d", column+1)
			case Shuffled:
				return table, t.Columns[(column+len(t.Columns)/2)%len(t.Columns)].Name
			}
			return table, t.Columns[column].Name
		}
		panic("discovertest: no table " + table)
	}
	for _, t := range s.Tables {
		name, _ := called(t.Name, 0)
		out := discover.Table{Schema: s.Name, Name: name, Kind: discover.Plain}
		for k, c := range t.Columns {
			_, column := called(t.Name, k)
			sample := values.NewSample()
			for _, row := range rows[t.Name] {
				if row[k] == nil {
					sample.Null()
				} else {
					sample.Add(*row[k])
				}
			}
			dc := discover.Column{Name: column, Type: sqlType(c.Type), Key: strings.HasPrefix(c.generator, "key"), Profile: sample.Profile()}
			if to, ok := strings.CutPrefix(c.generator, "fk:"); ok {
				table, target, _ := strings.Cut(to, ".")
				for _, other := range s.Tables {
					for j, oc := range other.Columns {
						if other.Name == table && oc.Name == target {
							tn, cn := called(table, j)
							dc.References = &discover.Reference{Schema: s.Name, Table: tn, Column: cn}
						}
					}
				}
			}
			out.Columns = append(out.Columns, dc)
			labels = append(labels, Label{s.Name + "." + t.Name + "." + c.Name, c.Classes, c.Sensitive})
		}
		tables = append(tables, out)
	}
	return tables, labels
}

// sqlType is the name of a type as PostgreSQL gives it.
func sqlType(t string) string {
	name, rest, _ := strings.Cut(t, "(")
	full := map[string]string{"varchar": "character varying", "char": "character", "timestamp": "timestamp without time zone"}[name]
	if full == "" {
		return t
	}
	if rest != "" {
		full += "(" + rest
	}
	return full
}

// Planted are the values of columns that identify persons, less what a mask can make by
// itself: names and cities that are in lists, years, and short values.
func (s *Schema) Planted(rows Rows) []string {
	var out []string
	for _, t := range s.Tables {
		for k, c := range t.Columns {
			if c.Sensitive != "yes" {
				continue
			}
			for _, row := range rows[t.Name] {
				if v := row[k]; v != nil && len(*v) >= 5 && !common(c, *v) && !strings.HasSuffix(*v, "-01-01") {
					out = append(out, *v)
				}
			}
		}
	}
	return out
}

// common reports whether a value is a name that a surrogate can be, too.
func common(c Column, v string) bool {
	switch c.Classes[0] {
	case "given-name", "city":
		return true
	case "family-name":
		for _, ending := range made[1] {
			if strings.HasSuffix(v, ending) {
				return false
			}
		}
		return true
	}
	return false
}
