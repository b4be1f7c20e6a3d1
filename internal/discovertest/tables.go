package discovertest

import (
	"fmt"
	"slices"
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

// Label is the correct result for a column.
type Label struct {
	Where     string
	Classes   []string
	Sensitive string
}

// Named returns a schema with other names: the same tables, columns and values.
func (s *Schema) Named(names Names) Schema {
	called := func(table string, column int) (string, string) {
		k := slices.IndexFunc(s.Tables, func(t Table) bool { return t.Name == table })
		switch columns := s.Tables[k].Columns; names {
		case Hidden:
			return fmt.Sprintf("t%d", k+1), fmt.Sprintf("c%d", column+1)
		case Shuffled:
			return table, columns[(column+len(columns)/2)%len(columns)].Name
		default:
			return table, columns[column].Name
		}
	}
	out := Schema{Name: s.Name, language: s.language}
	for _, t := range s.Tables {
		name, _ := called(t.Name, 0)
		renamed := Table{Name: name}
		for k, c := range t.Columns {
			_, c.Name = called(t.Name, k)
			if kind, _, _ := strings.Cut(c.generator, ":"); kind == "fk" || kind == "ref" {
				to, column := s.target(c)
				table, column2 := called(to.Name, column)
				c.generator = kind + ":" + table + "." + column2
			}
			renamed.Columns = append(renamed.Columns, c)
		}
		out.Tables = append(out.Tables, renamed)
	}
	return out
}

// target is the column that a column refers to.
func (s *Schema) target(c Column) (t *Table, column int) {
	_, to, _ := strings.Cut(c.generator, ":")
	table, name, _ := strings.Cut(to, ".")
	for i := range s.Tables {
		if t := &s.Tables[i]; t.Name == table {
			return t, slices.IndexFunc(t.Columns, func(c Column) bool { return c.Name == name })
		}
	}
	panic("discovertest: no table " + table)
}

// Join is two columns that join.
type Join struct{ Table, Column, ToTable, ToColumn string }

// Joins are the columns of a schema that join, by a foreign key or without one.
func (s *Schema) Joins() (out []Join) {
	for _, t := range s.Tables {
		for _, c := range t.Columns {
			if kind, _, _ := strings.Cut(c.generator, ":"); kind == "fk" || kind == "ref" {
				to, k := s.target(c)
				out = append(out, Join{t.Name, c.Name, to.Name, to.Columns[k].Name})
			}
		}
	}
	return out
}

// Discoverable returns the tables of a schema as discovery sees them, and the labels of
// their columns in the same order.
func (s *Schema) Discoverable(rows Rows) (tables []discover.Table, labels []Label) {
	for _, t := range s.Tables {
		out := discover.Table{Schema: s.Name, Name: t.Name, Kind: discover.Plain}
		for k, c := range t.Columns {
			sample := values.NewSample()
			for _, row := range rows[t.Name] {
				if row[k] == nil {
					sample.Null()
				} else {
					sample.Add(*row[k])
				}
			}
			dc := discover.Column{Name: c.Name, Type: sqlType(c.Type), Key: strings.HasPrefix(c.generator, "key"), Profile: sample.Profile()}
			if strings.HasPrefix(c.generator, "fk:") {
				to, target := s.target(c)
				dc.References = &discover.Reference{Schema: s.Name, Table: to.Name, Column: to.Columns[target].Name}
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
