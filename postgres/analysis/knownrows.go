package analysis

import (
	"fmt"
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/veil-proxy/veil/internal/suggest"
	"github.com/veil-proxy/veil/mask/ruleset"
	"github.com/veil-proxy/veil/postgres/catalog"
	"github.com/veil-proxy/veil/postgres/rows"
	"github.com/veil-proxy/veil/table"
)

// mostKnownRows is the maximum number of related rows that a text is scrubbed with.
// PostgreSQL stops reading there.
const mostKnownRows = 4096

// knownRows reads the values of related rows in SQL, for a wrapper.
type knownRows struct {
	relation *catalog.Relation
	// value is the SQL expression of a text, over the row as rows.RowAlias: see
	// table.RelatedBeside. It is NULL if there is no row, or if there is too much.
	value string
}

// knownRowsOf returns the rows of other tables that a rule names, or why the column must be
// NULL instead.
func (o *overlay) knownRowsOf(r *catalog.Relation, rule *ruleset.TableRule) (out []knownRows, why string) {
	for i := range rule.Related {
		k, why := o.knownRowsIn(r, &rule.Related[i])
		if why != "" {
			return nil, why
		}
		out = append(out, k)
	}
	return out, ""
}

func (o *overlay) knownRowsIn(r *catalog.Relation, named *ruleset.RelatedRow) (knownRows, string) {
	other, schema := o.tableNamed(r, named.Schema, named.Table)
	if other == nil {
		return knownRows{}, o.noTable(schema, named.Table)
	}
	here, there := r.Column(named.By), other.Column(named.Key)
	switch {
	case here == nil:
		return knownRows{}, noColumn(r, named.By)
	case there == nil:
		return knownRows{}, noColumn(other, named.Key)
	}
	key := rows.RowAlias + "." + catalog.QuoteIdent(here.Name)
	join := o.joined(key, here.Type, rows.RelatedAlias+"."+catalog.QuoteIdent(there.Name), there.Type)
	if join == "false" {
		return knownRows{}, fmt.Sprintf("%s and %s.%s.%s cannot be compared", here.Name, other.Schema, other.Name, there.Name)
	}
	if t := o.catalog.Base(here.Type); t != nil && catalog.IsText(t.OID) {
		join += " AND pg_catalog.btrim(" + key + "::pg_catalog.text, E' \\t\\n\\r\\f\\v') <> ''"
	}
	var values []string
	for _, c := range named.Columns {
		a := other.Column(c.Column)
		switch {
		case a == nil:
			return knownRows{}, noColumn(other, c.Column)
		case TypeOf(o.catalog, a.Type) == table.Opaque:
			return knownRows{}, fmt.Sprintf("column %s.%s.%s has no texts", other.Schema, other.Name, c.Column)
		}
		v := "coalesce(" + rows.RelatedAlias + "." + catalog.QuoteIdent(a.Name) + "::pg_catalog.text, '')"
		values = append(values, "pg_catalog.octet_length(pg_catalog.convert_to("+v+", 'UTF8'))::pg_catalog.text || ' ' || "+v)
	}
	// The order does not depend on where rows are stored, so that surrogates do not either.
	return knownRows{relation: other, value: fmt.Sprintf(
		"(SELECT CASE WHEN pg_catalog.count(*) <= %[1]d AND pg_catalog.sum(pg_catalog.octet_length(pg_catalog.convert_to(veil_rows.v, 'UTF8'))) <= %[2]d THEN pg_catalog.string_agg(veil_rows.v, '' ORDER BY veil_rows.v COLLATE \"C\") END"+
			" FROM (SELECT %[3]s AS v FROM %[4]s.%[5]s AS %[8]s WHERE %[6]s LIMIT %[7]d) AS veil_rows)",
		mostKnownRows, table.MostOfKey, strings.Join(values, " || "),
		catalog.QuoteIdent(other.Schema), catalog.QuoteIdent(other.Name), join, mostKnownRows+1, rows.RelatedAlias)}, ""
}

func (o *overlay) noTable(schema, name string) string {
	var names []string
	for _, r := range o.catalog.Relations() {
		if r.Schema == schema && !catalog.IsSystem(schema) {
			names = append(names, r.Name)
		}
	}
	return fmt.Sprintf("there is no table %s.%s%s", schema, name, suggest.DidYouMean(name, names))
}

func noColumn(r *catalog.Relation, name string) string {
	var names []string
	for _, a := range r.Columns {
		names = append(names, a.Name)
	}
	return fmt.Sprintf("table %s.%s has no column %s%s", r.Schema, r.Name, name, suggest.DidYouMean(name, names))
}

// Names in the wrapper of a text that is scrubbed with related rows: of the values of those
// rows, and of the wrapper itself in the expression around it.
const (
	knownValue   = "veil_known"
	knownWrapper = "veil_wrapper"
)

// members returns the values beside the original in a wrapper, in the order of Names.
func (s *keying) members() (out []*pg.Node) {
	names := s.Names()
	for _, name := range names[:len(names)-len(s.knownRows)] {
		n := text("")
		if name != "" {
			n = coalesce(cast(column(name), "text"), text(""))
		}
		out = append(out, n)
	}
	for i := range s.knownRows {
		out = append(out, column(knownValue, knownName(i)))
	}
	return out
}

func knownName(i int) string { return fmt.Sprintf("%s_%d", knownValue, i+1) }

// withKnownRows reads the related rows once for a wrapper that refers to their values. The
// wrapper is NULL if one of the values is.
func (a *analysis) withKnownRows(s *keying, cond *pg.Node, wrapper *pg.Node) *pg.Node {
	var values []string
	var relations []*catalog.Relation
	for i, k := range s.knownRows {
		values = append(values, k.value+" AS "+knownName(i))
		relations = append(relations, k.relation)
		cond = both(cond, isNotNull(column(knownValue, knownName(i))))
	}
	n := a.fragment("(SELECT " + knownWrapper + " FROM (SELECT " + strings.Join(values, ", ") + " OFFSET 0) AS " + knownValue + ")")
	n = replaced(n, knownWrapper, func() *pg.Node { return when(cond, wrapper) })
	a.relate(n, relations)
	return n
}
