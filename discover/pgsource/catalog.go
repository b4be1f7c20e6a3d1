package pgsource

import (
	"context"
	"regexp"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/veil-proxy/veil/discover"
	"github.com/veil-proxy/veil/discover/values"
)

// relation is a relation of the catalog with what its sample needs.
type relation struct {
	table   discover.Table
	kind    byte // r, p, f, v, m as in pg_class; t for a partition
	rows    float64
	bytes   int64
	granted []bool // of each column
	numbers map[string]int
}

// kinds are the kinds of relations by relkind, and t for partitions.
var kinds = map[byte]discover.Kind{'r': discover.Plain, 'p': discover.Plain, 'f': discover.Plain, 'v': discover.View, 'm': discover.MaterializedView, 't': discover.Partition}

// columnsSQL lists the columns of all relations with rows, except PostgreSQL's own.
const columnsSQL = `select c.oid, n.nspname, c.relname, case when c.relispartition then 't' else c.relkind end, c.reltuples::float8,
  case when c.relkind in ('r', 'm') then pg_relation_size(c.oid) else 0 end,
  coalesce(obj_description(c.oid, 'pg_class'), ''), a.attnum, a.attname, format_type(a.atttypid, a.atttypmod),
  coalesce(col_description(c.oid, a.attnum), ''), has_column_privilege(c.oid, a.attnum, 'select'),
  coalesce((select string_agg(e.enumlabel, E'\x1f' order by e.enumsortorder) from pg_enum e
    where e.enumtypid = coalesce(nullif(t.typbasetype, 0), nullif(t.typelem, 0), t.oid)), ''), coalesce(nullif(t.typbasetype, 0)::regtype::text, '')
from pg_class c join pg_namespace n on n.oid = c.relnamespace
  join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
  join pg_type t on t.oid = a.atttypid
where c.relkind in ('r', 'p', 'f', 'v', 'm') and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
order by n.nspname, c.relname, a.attnum`

// constraintsSQL lists keys, foreign keys and checks. A unique index counts as a key.
const constraintsSQL = `select contype::text, conrelid, array_to_string(conkey, ' '), confrelid, array_to_string(confkey, ' '),
  case when contype = 'c' then pg_get_constraintdef(oid) else '' end
from pg_constraint where contype in ('p', 'u', 'f', 'c') and conrelid <> 0
union all
select 'u', indrelid, array_to_string(indkey[0:indnkeyatts - 1], ' '), 0, '', '' from pg_index
where indisunique and indpred is null and indexprs is null`

// rowsOf runs a statement and calls f with the texts of each row.
func rowsOf(ctx context.Context, c *pgconn.PgConn, sql string, f func(row [][]byte)) error {
	r := c.ExecParams(ctx, sql, nil, nil, nil, nil)
	for r.NextRow() {
		f(r.Values())
	}
	_, err := r.Close()
	return err
}

// loadCatalog reads all relations.
func loadCatalog(ctx context.Context, c *pgconn.PgConn) ([]*relation, error) {
	var relations []*relation
	byOID := map[string]*relation{}
	err := rowsOf(ctx, c, columnsSQL, func(row [][]byte) {
		oid := string(row[0])
		r := byOID[oid]
		if r == nil {
			rows, _ := strconv.ParseFloat(string(row[4]), 64)
			bytes, _ := strconv.ParseInt(string(row[5]), 10, 64)
			r = &relation{kind: row[3][0], rows: rows, bytes: bytes, numbers: map[string]int{},
				table: discover.Table{Schema: string(row[1]), Name: string(row[2]), Kind: kinds[row[3][0]], Comment: string(row[6])}}
			byOID[oid], relations = r, append(relations, r)
		}
		column := discover.Column{Name: string(row[8]), Type: string(row[9]), Comment: string(row[10])}
		if base := string(row[13]); base != "" {
			column.Type = base
		}
		if len(row[12]) > 0 {
			column.Labels = labels(strings.Split(string(row[12]), "\x1f"))
		}
		r.numbers[string(row[7])] = len(r.table.Columns)
		r.table.Columns = append(r.table.Columns, column)
		r.granted = append(r.granted, string(row[11]) == "t")
	})
	if err != nil {
		return nil, err
	}
	return relations, rowsOf(ctx, c, constraintsSQL, func(row [][]byte) {
		if r := byOID[string(row[1])]; r != nil {
			r.constrain(string(row[0]), strings.Fields(string(row[2])), byOID[string(row[3])], strings.Fields(string(row[4])), string(row[5]))
		}
	})
}

// constrain notes a constraint on its columns.
func (r *relation) constrain(kind string, key []string, target *relation, targetKey []string, definition string) {
	column := func(number string) *discover.Column {
		if i, ok := r.numbers[number]; ok {
			return &r.table.Columns[i]
		}
		return nil
	}
	for k, number := range key {
		c := column(number)
		if c == nil {
			return // a system column, or an expression
		}
		switch kind {
		case "p":
			c.PartOfKey = true
			c.Key = len(key) == 1
		case "u":
			c.Unique = c.Unique || len(key) == 1
		case "c":
			if list := literals(definition); len(key) == 1 && len(list) > 0 && c.Labels == nil {
				c.Labels = labels(list)
			}
		case "f":
			if target == nil || k >= len(targetKey) || c.References != nil && len(key) > 1 {
				continue
			}
			if j, ok := target.numbers[targetKey[k]]; ok {
				c.References = &discover.Reference{Schema: target.table.Schema, Table: target.table.Name, Column: target.table.Columns[j].Name}
			}
		}
	}
}

// literal is a string in the definition of a check.
var literal = regexp.MustCompile(`'((?:[^']|'')*)'::`)

// literals returns the strings that a check compares a column with: those of col IN (…)
// and col = ANY (ARRAY[…]). Other checks say nothing about allowed values.
func literals(definition string) (out []string) {
	if !strings.Contains(definition, "= ANY (") && !strings.Contains(definition, " = '") || strings.Contains(definition, "~") {
		return nil
	}
	for _, m := range literal.FindAllStringSubmatch(definition, -1) {
		out = append(out, strings.ReplaceAll(m[1], "''", "'"))
	}
	return out
}

// labels profiles a list of allowed values; the values are not kept.
func labels(list []string) *values.Profile {
	s := values.NewSample()
	for _, l := range list {
		s.Add(l)
	}
	return s.Profile()
}
