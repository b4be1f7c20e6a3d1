package sqltest

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/veil-proxy/veil/internal/pgtest"
	"github.com/veil-proxy/veil/mask"
	"github.com/veil-proxy/veil/mask/ruleset"
	"github.com/veil-proxy/veil/postgres/rows"
	"github.com/veil-proxy/veil/table"
)

// TestTableMasksAsTheProxy masks every table of the clinic as rows of Go slices, by package
// table alone, and holds that the bytes are those that the PostgreSQL proxy sends for it.
func TestTableMasksAsTheProxy(t *testing.T) {
	h := start(t)
	ctx := context.Background()
	originals, err := pgconn.Connect(ctx, h.originals.DSN(pgtest.Owner))
	if err != nil {
		t.Fatal(err)
	}
	defer originals.Close(ctx)
	proxy, err := pgconn.Connect(ctx, h.strong.dsn())
	if err != nil {
		t.Fatal(err)
	}
	defer proxy.Close(ctx)
	c := &copier{t: t, src: originals, policy: h.policy}
	for _, conn := range []*pgconn.PgConn{originals, proxy} {
		if err := conn.Exec(ctx, "SET TimeZone = 'UTC'").Close(); err != nil {
			t.Fatal(err)
		}
	}
	rules := table.NewRules(h.policy)
	options := table.Options{Document: newResources(t, h.policy), Related: c.relatedRows}
	masked := map[table.Treatment]int{}
	for _, r := range c.rows(originals, `SELECT c.oid::regclass::text, n.nspname, c.relname, c.relkind FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
		WHERE c.relkind IN ('r', 'p', 'm') AND n.nspname IN ('clinic', 'billing', 'Straße') ORDER BY c.oid`) {
		source, exprs := c.source(*r[0], *r[1], *r[2], *r[3] == "m")
		plan, err := rules.Plan(source, options)
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, i := range plan.Out {
			column := plan.Columns[i]
			masked[column.Treatment]++
			// A composite column is masked field by field in SQL, and removed here.
			if rules.HasFields(source.Name, column.Name) {
				names = append(names, "NULL")
			} else {
				names = append(names, quote(column.Name))
			}
		}
		if len(names) == 0 {
			continue
		}
		var want []string
		sql := fmt.Sprintf("SELECT %s FROM %s", strings.Join(names, ", "), *r[0])
		for _, row := range c.rows(proxy, sql) {
			for k, i := range plan.Out {
				if row[k] != nil && plan.Columns[i].Type == table.Bool && plan.Columns[i].Treatment == table.Clear {
					word := map[string]string{"t": "true", "f": "false"}[*row[k]] // as its text is in SQL
					row[k] = &word
				}
			}
			want = append(want, line(row))
		}
		got := maskTable(t, plan, c.rows(originals, fmt.Sprintf("SELECT %s FROM %s", strings.Join(exprs, ", "), *r[0])))
		slices.Sort(want)
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("%s differs", *r[0])
			for i := range min(len(got), len(want)) {
				if got[i] != want[i] {
					t.Errorf("%s: %d and %d rows, such as\n%s\n%s", *r[0], len(got), len(want), got[i], want[i])
					break
				}
			}
		}
	}
	for _, treatment := range []table.Treatment{table.Clear, table.Removed, table.Masked, table.ByRow} {
		if masked[treatment] == 0 {
			t.Errorf("no column is %s", treatment)
		}
	}
}

// line is a row as one text.
func line(row []*string) string {
	var b strings.Builder
	for _, cell := range row {
		if cell == nil {
			b.WriteString("|-")
		} else {
			fmt.Fprintf(&b, "|%q", *cell)
		}
	}
	return b.String()
}

// maskTable masks rows of texts in batches.
func maskTable(t *testing.T, plan *table.Plan, all [][]*string) (out []string) {
	t.Helper()
	pass := mask.NewPass(plan.Actions)
	m := plan.Masker(pass)
	var batch table.Batch
	for len(all) > 0 {
		n := min(len(all), 7)
		batch.Reset(len(plan.Out))
		for _, row := range all[:n] {
			cells := make(table.Cells, len(row))
			for i, cell := range row {
				if cell != nil {
					cells[i] = []byte(*cell)
				}
			}
			if err := m.AppendRow(&batch, cells); err != nil {
				t.Fatal(err)
			}
		}
		for i := range batch.Rows() {
			row := make([]*string, len(plan.Out))
			for k := range row {
				if v := batch.Cell(i, k); v != nil {
					s := string(v)
					row[k] = &s
				}
			}
			out = append(out, line(row))
		}
		all = all[n:]
	}
	return out
}

// source describes a relation as rows of texts, with the expressions that give them.
func (c *copier) source(name, schema, relation string, derived bool) (s table.Source, exprs []string) {
	s.Name = table.Name{Schema: schema, Table: relation, Derived: derived}
	for _, a := range c.rows(c.src, fmt.Sprintf(`SELECT a.attname, format_type(coalesce(nullif(t.typbasetype, 0), t.oid), NULL), coalesce(b.typtype, t.typtype), a.attname
		FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid LEFT JOIN pg_type b ON b.oid = t.typbasetype
		WHERE a.attrelid = '%s'::regclass AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum`, strings.ReplaceAll(name, "'", "''"))) {
		column := table.Column{Name: *a[0]}
		base, list := strings.CutSuffix(*a[1], "[]")
		if list {
			column.List = arrayLiterals{}
		}
		switch {
		case *a[2] == "e":
			column.Type = table.Text
		case *a[2] == "c" || *a[2] == "r":
			column.Type = table.Opaque
		default:
			column.Type = map[string]table.Type{
				"text": table.Text, "character varying": table.Text, "character": table.Text, "boolean": table.Bool,
				"smallint": table.Integer, "integer": table.Integer, "bigint": table.Integer, "numeric": table.Decimal,
				"real": table.Float, "double precision": table.Float, "date": table.Date, "timestamp without time zone": table.Timestamp,
				"timestamp with time zone": table.TimestampTZ, "uuid": table.UUID, "json": table.JSON, "jsonb": table.JSON, "xml": table.XML, "bytea": table.Opaque,
			}[base]
		}
		s.Columns, exprs = append(s.Columns, column), append(exprs, quote(*a[0])+"::text")
	}
	return s, exprs
}

// relatedRows judges conditions on rows of other tables.
func (c *copier) relatedRows(s *table.Source, w *ruleset.RowCondition) func(table.Row) ruleset.Truth {
	return func(r table.Row) ruleset.Truth {
		row := map[string]*string{}
		for i, column := range s.Columns {
			if v := r.Cell(i); v != nil {
				text := string(v)
				row[column.Name] = &text
			}
		}
		return c.related(w, s.Schema, row)
	}
}

// arrayLiterals are lists written as array arrayLiterals of PostgreSQL.
type arrayLiterals struct{}

func (arrayLiterals) AppendList(dst, src []byte, f func(dst, element []byte) ([]byte, bool, error)) ([]byte, bool, error) {
	elements, ok := rows.ParseArray(src)
	if !ok {
		return dst, false, nil
	}
	for i, e := range elements {
		if e == nil {
			continue
		}
		out, ok, err := f([]byte{}, e)
		if err != nil {
			return dst, false, err
		}
		if elements[i] = nil; ok {
			elements[i] = out
		}
	}
	return rows.AppendArray(dst, elements), true, nil
}
