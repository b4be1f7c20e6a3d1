package sqltest

import (
	"bytes"
	"context"
	"fmt"
	"path"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/veil-proxy/veil/fhir"
	"github.com/veil-proxy/veil/fhir/schema"
	"github.com/veil-proxy/veil/internal/masktest"
	"github.com/veil-proxy/veil/internal/pgtest"
	"github.com/veil-proxy/veil/mask"
	"github.com/veil-proxy/veil/mask/keys"
	"github.com/veil-proxy/veil/mask/ruleset"
)

// policy is testdata/sql/ruleset.yaml, ready to run.
func policy(t testing.TB) *ruleset.Policy {
	t.Helper()
	return masktest.Policy(t, string(pgtest.ReadTestdata(t, "sql", "ruleset.yaml")))
}

// resources masks documents by the FHIR rules.
type resources struct {
	mu     sync.Mutex
	walker *fhir.Walker
	pass   *mask.Pass
}

func newResources(t testing.TB, p *ruleset.Policy) *resources {
	t.Helper()
	a, err := fhir.Compile(p, schema.R4())
	if err != nil {
		t.Fatal(err)
	}
	return &resources{walker: fhir.NewWalker(a, fhir.RememberNothing), pass: mask.NewPass(a.Plan)}
}

// Append implements mask.Method.
func (d *resources) Append(dst, src []byte, _ *mask.Input) ([]byte, mask.Outcome, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	out, err := d.walker.AppendJSON(dst, src, d.pass, &fhir.Site{Base: fhir.DefaultBase})
	if err != nil {
		return dst, mask.Removed, nil
	}
	return out, mask.Replaced, nil
}

// copyTables makes a database that has the clinic's relations, masked cell by
// cell: what a consumer would see if the originals had been replaced on disk. It
// shares no code with the rewriter but the methods themselves.
//
//   - A view is the same view over masked tables. A materialised view is a table
//     of its masked rows. A partition or an inheriting child is a child.
//   - A column that no rule names is not there.
//   - A masked value has the column's type where the method gives values of it
//     (a date's year is its first of January), and is a text otherwise.
func copyTables(t testing.TB, from, to *pgtest.Database, p *ruleset.Policy, doc mask.Method) {
	t.Helper()
	ctx := context.Background()
	src, err := pgconn.Connect(ctx, from.DSN(pgtest.Owner))
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close(ctx)
	dst, err := pgconn.Connect(ctx, to.DSN(pgtest.Owner))
	if err != nil {
		t.Fatal(err)
	}
	defer dst.Close(ctx)
	c := &copier{t: t, src: src, dst: dst, policy: p, document: doc, keys: p.Keys.NewPseudonymizer(), done: map[string][]copied{}}

	schema := string(pgtest.ReadTestdata(t, "sql", "schema.sql"))
	c.run(`CREATE SCHEMA clinic; CREATE SCHEMA billing; CREATE SCHEMA "Straße"`)
	for _, kind := range []string{"TYPE", "DOMAIN"} {
		for _, ddl := range regexp.MustCompile(`(?m)^CREATE `+kind+` [^;]*;`).FindAllString(schema, -1) {
			c.run(ddl)
		}
	}
	relations := c.rows(src, `SELECT c.oid::regclass::text, n.nspname, c.relname, c.relkind,
		coalesce((SELECT string_agg(inhparent::regclass::text, ', ' ORDER BY inhseqno) FROM pg_inherits WHERE inhrelid = c.oid), '')
		FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
		WHERE c.relkind IN ('r', 'p', 'm') AND n.nspname IN ('clinic', 'billing', 'Straße') ORDER BY c.oid`)
	for _, r := range relations {
		c.relation(*r[0], *r[1], *r[2], *r[3], *r[4])
	}
	c.primaryKeys()
	for _, view := range regexp.MustCompile(`(?m)^CREATE VIEW [^;]*;`).FindAllString(schema, -1) {
		c.run(view)
	}
	c.run("ANALYZE")
}

// primaryKeys gives tables of the copy the keys that the originals have.
func (c *copier) primaryKeys() {
	for _, r := range c.rows(c.src, `SELECT conrelid::regclass::text, pg_get_constraintdef(o.oid), quote_ident(conname) FROM pg_constraint o JOIN pg_class c ON c.oid = conrelid
		WHERE contype = 'p' AND relkind = 'r' AND NOT EXISTS (SELECT 1 FROM pg_inherits WHERE inhrelid = c.oid OR inhparent = c.oid)`) {
		if len(c.done[*r[0]]) > 0 {
			c.run(fmt.Sprintf("ALTER TABLE %s ADD CONSTRAINT %s %s", *r[0], *r[2], *r[1]))
		}
	}
}

// copied is a column of the copy.
type copied struct {
	name, ddl string
	inherited bool
	// expr is the original's text, mask makes the masked one of it; NULL is nil.
	expr string
	mask func(row map[string]*string, v *string) *string
}

type copier struct {
	t        testing.TB
	src, dst *pgconn.PgConn
	policy   *ruleset.Policy
	document mask.Method
	keys     *keys.Pseudonymizer
	done     map[string][]copied // by regclass text
}

func (c *copier) run(sql string) {
	c.t.Helper()
	if err := c.dst.Exec(context.Background(), sql).Close(); err != nil {
		c.t.Fatalf("masked copy: %s: %v", sql, err)
	}
}

// rows runs a query and returns its rows as texts.
func (c *copier) rows(conn *pgconn.PgConn, sql string) [][]*string {
	c.t.Helper()
	results, err := conn.Exec(context.Background(), sql).ReadAll()
	if err != nil {
		c.t.Fatalf("masked copy: %s: %v", sql, err)
	}
	var out [][]*string
	for _, row := range results[0].Rows {
		texts := make([]*string, len(row))
		for i, cell := range row {
			if cell != nil {
				s := string(cell)
				texts[i] = &s
			}
		}
		out = append(out, texts)
	}
	return out
}

func (c *copier) relation(name, schema, table, kind, parents string) {
	c.t.Helper()
	attributes := c.rows(c.src, fmt.Sprintf(`SELECT a.attname, quote_ident(a.attname), format_type(a.atttypid, a.atttypmod), format_type(coalesce(nullif(t.typbasetype, 0), t.oid), NULL), t.typtype = 'e',
		coalesce((SELECT string_agg(f.attname, ' ' ORDER BY f.attnum) FROM pg_attribute f WHERE f.attrelid = t.typrelid AND f.attnum > 0), '')
		FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid WHERE a.attrelid = '%s'::regclass AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum`, strings.ReplaceAll(name, "'", "''")))
	known := map[string]copied{}
	for _, parent := range strings.Split(parents, ", ") {
		for _, col := range c.done[parent] {
			col.inherited = true
			known[col.name] = col
		}
	}
	var columns []copied
	for _, a := range attributes {
		if col, ok := known[*a[0]]; ok {
			columns = append(columns, col)
		} else if col, ok := c.column(schema, table, *a[0], *a[1], *a[2], *a[3], *a[4] == "t", strings.Fields(*a[5])); ok {
			columns = append(columns, col)
		}
	}
	if len(columns) == 0 {
		return
	}
	c.done[name] = columns
	var ddl, names, exprs []string
	for _, col := range columns {
		if !col.inherited {
			ddl = append(ddl, quote(col.name)+" "+col.ddl)
		}
		names, exprs = append(names, quote(col.name)), append(exprs, col.expr)
	}
	table = name
	if kind == "m" {
		table = "filled"
	}
	create := fmt.Sprintf("CREATE TABLE %s (%s)", table, strings.Join(ddl, ", "))
	if parents != "" {
		create += " INHERITS (" + parents + ")"
	}
	c.run(create)

	var all []string
	for _, a := range attributes {
		all = append(all, *a[1]+"::text")
	}
	var data bytes.Buffer
	for _, cells := range c.rows(c.src, fmt.Sprintf("SELECT %s FROM ONLY %s", strings.Join(append(all, exprs...), ", "), name)) {
		row := map[string]*string{}
		for i, a := range attributes {
			row[*a[0]] = cells[i]
		}
		for i, col := range columns {
			if i > 0 {
				data.WriteByte('\t')
			}
			if v := col.mask(row, cells[len(attributes)+i]); v != nil {
				data.WriteString(copyEscapes.Replace(*v))
			} else {
				data.WriteString(`\N`)
			}
		}
		data.WriteByte('\n')
	}
	if _, err := c.dst.CopyFrom(context.Background(), &data, fmt.Sprintf("COPY %s (%s) FROM STDIN", table, strings.Join(names, ", "))); err != nil {
		c.t.Fatalf("masked copy: %s: %v", name, err)
	}
	if kind == "m" {
		c.materialise(name, columns)
	}
}

// materialise makes a materialised view of what table filled has, and drops that.
func (c *copier) materialise(name string, columns []copied) {
	var names, fields, types []string
	for _, col := range columns {
		names = append(names, quote(col.name))
		fields = append(fields, "quote_nullable("+quote(col.name)+"::text)")
		types = append(types, quote(col.name)+"::"+col.ddl)
	}
	values := c.rows(c.dst, fmt.Sprintf("SELECT string_agg('(' || concat_ws(', ', %s) || ')', ', ') FROM filled", strings.Join(fields, ", ")))
	c.run(fmt.Sprintf("CREATE MATERIALIZED VIEW %s AS SELECT %s FROM (VALUES %s) v (%s); DROP TABLE filled", name, strings.Join(types, ", "), *values[0][0], strings.Join(names, ", ")))
}

var copyEscapes = strings.NewReplacer(`\`, `\\`, "\t", `\t`, "\n", `\n`, "\r", `\r`)

func quote(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

// rule is the number of the rule that names a column most exactly, or -1.
func (c *copier) rule(schema, table, column string) int {
	best, rank := -1, -1
	for i, r := range c.policy.Ruleset.Tables.Rules {
		for _, m := range r.Match {
			if r.Where == nil && fits(m.Schema, schema) && fits(m.Table, table) && fits(m.Column, column) && m.Rank() > rank {
				best, rank = i, m.Rank()
			}
		}
	}
	return best
}

func fits(glob, name string) bool {
	ok, err := path.Match(glob, name)
	return glob == "" || ok && err == nil
}

func (c *copier) column(schema, table, name, quoted, typ, base string, enum bool, fields []string) (copied, bool) {
	col := copied{name: name, ddl: typ, expr: quoted + "::text"}
	if conditional := c.conditional(schema, table, name); len(conditional) > 0 {
		return c.byRow(col, schema, table, base, append(conditional, c.rule(schema, table, name))), true
	}
	i := c.rule(schema, table, name)
	if i < 0 {
		return c.composite(col, schema, table, quoted, fields)
	}
	r := &c.policy.Ruleset.Tables.Rules[i]
	switch r.Method {
	case "hide":
		return col, false
	case "keep":
		col.mask = func(_ map[string]*string, v *string) *string { return v }
		return col, true
	case "remove":
		col.ddl = base
		if enum { // its labels are originals
			col.ddl = "text"
		}
		col.mask = func(map[string]*string, *string) *string { return nil }
		return col, true
	}
	col.ddl = c.maskedType(r, typ, base)
	col.mask = c.masker(name, base, i)
	return col, true
}

// maskedType is the type of a masked column.
func (c *copier) maskedType(r *ruleset.TableRule, typ, base string) string {
	switch r.Method {
	case "round":
		return "numeric"
	case "date", "fhir", "keep", "ageCap":
		return base
	case "pseudonym":
		if base == "uuid" && r.Args.String("shape", "") == "uuid" {
			return base
		}
	case "year", "birthYear":
		return map[string]string{"date": "date", "timestamp with time zone": base}[base]
	}
	return "text"
}

// masker masks the cells of a column by rule i.
func (c *copier) masker(name, base string, i int) func(row map[string]*string, v *string) *string {
	r := &c.policy.Ruleset.Tables.Rules[i]
	switch r.Method {
	case "keep":
		return func(_ map[string]*string, v *string) *string { return v }
	case "remove":
		return func(map[string]*string, *string) *string { return nil }
	}
	method, _ := c.policy.TableMethod(i)
	if r.Method == "fhir" {
		method = c.document
	}
	suffix := ""
	if r.Method == "year" || r.Method == "birthYear" {
		suffix = map[string]string{"date": "-01-01", "timestamp with time zone": "-01-01 00:00:00+00"}[base]
	}
	return func(row map[string]*string, v *string) *string {
		if v == nil {
			return nil
		}
		in := &mask.Input{Keys: c.keys}
		if len(r.Entity) > 0 {
			if row[r.Entity[0]] == nil && r.Method != "date" {
				return nil
			}
			if id := row[r.Entity[0]]; id != nil {
				in.Entity = []byte("Patient/" + *id)
			}
		}
		if len(r.Death) > 0 && row[r.Death[0]] != nil {
			in.Death = []byte(*row[r.Death[0]])
		}
		if len(r.Unit) > 0 && row[r.Unit[0]] != nil {
			in.Unit = []byte(*row[r.Unit[0]])
		}
		if regexp.MustCompile(`^(numeric|bigint|integer|double precision)`).MatchString(base) {
			in.Type = mask.Number
		}
		out, outcome, err := method.Append(nil, []byte(*v), in)
		if err != nil {
			c.t.Fatalf("masked copy: %s: rule %s: %v", name, r.ID, err)
		}
		text := string(out)
		switch outcome {
		case mask.Kept:
			text = *v
		case mask.Removed, mask.Capped:
			return nil
		}
		if suffix != "" {
			text = text[:4] + suffix
		}
		if r.Method == "date" && len(text) == 4 {
			text += "-01-01"
			if strings.HasSuffix(base, "with time zone") {
				text += " 00:00:00+00"
			}
		}
		return &text
	}
}

// composite masks a column of a row type field by field; a field that no rule
// names is NULL.
func (c *copier) composite(col copied, schema, table, quoted string, fields []string) (copied, bool) {
	var exprs []string
	named := false
	for _, f := range fields {
		i := c.rule(schema, table, col.name+"."+f)
		if i < 0 {
			exprs = append(exprs, "NULL")
			continue
		}
		named = true
		exprs = append(exprs, "("+quoted+")."+quote(f))
	}
	if !named {
		return col, false
	}
	// The text of a row with one field that a rule names, of whatever a postal code
	// is made of.
	col.expr = fmt.Sprintf("CASE WHEN %s IS NOT NULL OR NOT %[1]s IS NULL THEN ROW(%s)::text END", quoted, strings.Join(exprs, ", "))
	rules := make([]mask.Method, len(fields))
	for k, f := range fields {
		if i := c.rule(schema, table, col.name+"."+f); i >= 0 {
			rules[k], _ = c.policy.TableMethod(i)
		}
	}
	col.mask = func(_ map[string]*string, v *string) *string {
		if v == nil {
			return nil
		}
		parts := strings.Split(strings.Trim(*v, "()"), ",")
		for k := range parts {
			if rules[k] == nil || parts[k] == "" {
				parts[k] = ""
				continue
			}
			out, outcome, err := rules[k].Append(nil, []byte(parts[k]), &mask.Input{Keys: c.keys})
			if err != nil || outcome != mask.Replaced {
				out = nil
			}
			parts[k] = string(out)
		}
		row := "(" + strings.Join(parts, ",") + ")"
		return &row
	}
	return col, true
}

// TestMaskedCopyLeavesNoCanary holds that the copy itself has no original, so that
// what equals it has none.
func TestMaskedCopyLeavesNoCanary(t *testing.T) {
	h := start(t)
	ctx := context.Background()
	conn, err := pgconn.Connect(ctx, h.copy.DSN(pgtest.Reader))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	tables, err := conn.Exec(ctx, "SELECT c.oid::regclass::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE relkind IN ('r', 'm') AND nspname IN ('clinic', 'billing', 'Straße')").ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if got := len(tables[0].Rows); got < 20 {
		t.Errorf("got %d tables, want at least 20", got)
	}
	for _, row := range tables[0].Rows {
		var out bytes.Buffer
		if _, err := conn.CopyTo(ctx, &out, "COPY (SELECT * FROM "+string(row[0])+") TO STDOUT"); err != nil {
			t.Fatal(err)
		}
		if found := Canary(out.Bytes()); found != nil {
			t.Errorf("%s: %q", row[0], found)
		}
	}
	got, err := conn.Exec(ctx, "SELECT count(*) FROM clinic.patients").ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if n, _ := strconv.Atoi(string(got[0].Rows[0][0])); n != 300 {
		t.Errorf("patients: got %d, want 300", n)
	}
}
