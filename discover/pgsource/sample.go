package pgsource

import (
	"context"
	"fmt"
	"math"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/veil-proxy/veil/discover/values"
	"github.com/veil-proxy/veil/postgres/catalog"
)

const (
	// pageSize is the size of a page in bytes, and pageRows the assumed number of rows on a
	// page of a table that was never analyzed.
	pageSize, pageRows = 8192, 50
	// longestText bounds how much of a value is read, in characters; for bytes, less.
	longestText, longestBytes = 1000, 24
)

// sample reads rows of a relation within one read-only transaction and profiles its
// columns.
func (r *relation) sample(ctx context.Context, c *pgconn.PgConn, rows int, timeoutMS int64) error {
	var list []string
	var columns []int
	for i := range r.table.Columns {
		if r.granted[i] {
			list, columns = append(list, r.read(i)), append(columns, i)
		}
	}
	if len(columns) == 0 {
		return &pgconn.PgError{Code: "42501"}
	}
	samples := make([]*values.Sample, len(columns))
	for i := range samples {
		samples[i] = values.NewSample()
	}
	begin := fmt.Sprintf("begin isolation level read committed read only; set local statement_timeout = %d; set local lock_timeout = %d", timeoutMS, min(timeoutMS, 2000))
	if _, err := c.Exec(ctx, begin).ReadAll(); err != nil {
		return err
	}
	sql := fmt.Sprintf("select %s from %s.%s%s limit %d", strings.Join(list, ", "), catalog.QuoteIdent(r.table.Schema), catalog.QuoteIdent(r.table.Name), r.sampling(rows), rows)
	err := rowsOf(ctx, c, sql, func(row [][]byte) {
		for i, cell := range row {
			if cell == nil {
				samples[i].Null()
			} else {
				samples[i].Add(string(cell))
			}
		}
	})
	if _, end := c.Exec(ctx, "rollback").ReadAll(); err == nil {
		err = end
	}
	if err != nil {
		return err
	}
	for i, column := range columns {
		r.table.Columns[column].Profile = samples[i].Profile()
	}
	return nil
}

// read returns the expression that reads a column: its text, or the beginning of it.
func (r *relation) read(i int) string {
	name := catalog.QuoteIdent(r.table.Columns[i].Name)
	switch t := r.table.Columns[i].Type; {
	case t == "bytea":
		return fmt.Sprintf(`'\x' || pg_catalog.encode(pg_catalog.substr(%s, 1, %d), 'hex')`, name, longestBytes)
	case strings.HasPrefix(t, "character") || t == "text" || strings.HasPrefix(t, "json") || t == "xml" || strings.HasSuffix(t, "[]"):
		return fmt.Sprintf("pg_catalog.left(%s::pg_catalog.text, %d)", name, longestText)
	}
	return name + "::pg_catalog.text"
}

// sampling returns the TABLESAMPLE clause that reads about 1.5 times the requested rows
// from all over the table. Small tables are read from their beginning, and so are views
// and foreign tables, which cannot be sampled.
func (r *relation) sampling(rows int) string {
	if r.kind == 'v' || r.kind == 'f' {
		return ""
	}
	total := r.rows
	if total < 0 {
		total = float64(r.bytes/pageSize) * pageRows
	}
	percent := 150 * float64(rows) / math.Max(total, 1)
	switch {
	case percent >= 90:
		return ""
	case total < 200_000:
		return fmt.Sprintf(" tablesample bernoulli (%.6f) repeatable (1)", percent)
	}
	return fmt.Sprintf(" tablesample system (%.6f) repeatable (1)", math.Min(percent*2, 100))
}
