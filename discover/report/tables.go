package report

import (
	"errors"

	"github.com/veil-proxy/veil/discover"
	"github.com/veil-proxy/veil/discover/values"
)

// Table is a table in a report: names, types and keys, and, from the sample, whether
// values could pass and could be sealed. Its columns are those of the report's Columns, in
// their order.
type Table struct {
	Schema  string        `json:"schema"`
	Name    string        `json:"table"`
	Kind    discover.Kind `json:"kind"`
	Columns []Column      `json:"columns"`
}

// Column is a column of a Table.
type Column struct {
	Name       string              `json:"column"`
	Type       string              `json:"type"`
	Labels     bool                `json:"labels,omitempty"`
	Key        bool                `json:"key,omitempty"`
	References *discover.Reference `json:"references,omitempty"`
	Joins      *discover.Reference `json:"joins,omitempty"`
	Harmless   bool                `json:"harmless,omitempty"`
	Sealable   bool                `json:"sealable,omitempty"`
}

func outline(t *discover.Table) Table {
	out := Table{Schema: t.Schema, Name: t.Name, Kind: t.Kind}
	for i := range t.Columns {
		c := &t.Columns[i]
		out.Columns = append(out.Columns, Column{Name: c.Name, Type: c.Type, Labels: c.Labels != nil, Key: c.Key,
			References: c.References, Joins: c.Joins, Harmless: c.Harmless(), Sealable: c.Sealable()})
	}
	return out
}

// errNoTables says that a report was written without its tables.
var errNoTables = errors.New("the result does not name its tables: run veil discover again")

// Discovered returns the tables for a proposal. It returns an error if they do not match
// the report's columns.
func (r *Report) Discovered() ([]discover.Table, error) {
	unread := map[[2]string]string{}
	for _, u := range r.Unread {
		unread[[2]string{u.Schema, u.Table}] = u.Reason
	}
	var out []discover.Table
	n := 0
	for _, t := range r.Tables {
		table := discover.Table{Schema: t.Schema, Name: t.Name, Kind: t.Kind, Unread: unread[[2]string{t.Schema, t.Name}]}
		for _, c := range t.Columns {
			if n >= len(r.Columns) || r.Columns[n].Schema != t.Schema || r.Columns[n].Table != t.Name || r.Columns[n].Column != c.Name {
				return nil, errNoTables
			}
			n++
			column := discover.Column{Name: c.Name, Type: c.Type, Key: c.Key, References: c.References, Joins: c.Joins,
				Seen: &discover.Seen{Harmless: c.Harmless, Sealable: c.Sealable}}
			if c.Labels {
				column.Labels = &values.Profile{}
			}
			table.Columns = append(table.Columns, column)
		}
		out = append(out, table)
	}
	if n != len(r.Columns) {
		return nil, errNoTables
	}
	return out, nil
}
