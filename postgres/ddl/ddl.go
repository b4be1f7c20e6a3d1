// Package ddl builds a catalog from table definitions, for use without a database.
//
//	c, err := ddl.Catalog("create table clinic.patients (id bigint primary key, born date);")
//
// It knows CREATE SCHEMA and CREATE TABLE with columns of built-in types, and primary keys.
// Anything else is an error that names the construct, because an incomplete catalog would
// not allow the same statements as the database's own.
package ddl

import (
	"errors"
	"fmt"
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/veil-proxy/veil/postgres/analysis"
	"github.com/veil-proxy/veil/postgres/catalog"
)

// mostTables bounds the tables of a text.
const mostTables = 1000

// firstOID is that of the first table: the OIDs of PostgreSQL's own objects are below it.
const firstOID = catalog.FirstUser

// Catalog returns the catalog of table definitions. The error says what is wrong, and
// in which line.
func Catalog(text string) (*catalog.Catalog, error) {
	tree, refusal := analysis.Parse(text)
	if refusal != nil {
		before := []rune(text)
		before = before[:min(len(before), max(refusal.Position-1, 0))]
		return nil, fmt.Errorf("line %d: %s", 1+strings.Count(string(before), "\n"), refusal.Message)
	}
	builtin, err := catalog.New("ddl", nil, nil)
	if err != nil {
		return nil, err
	}
	r := reader{text: text, builtin: builtin, next: firstOID}
	for _, raw := range tree.Stmts {
		at := int(raw.StmtLocation)
		switch s := raw.Stmt.Node.(type) {
		case *pg.Node_CreateStmt:
			if err := r.table(s.CreateStmt); err != nil {
				return nil, r.wrong(at, err)
			}
		case *pg.Node_CreateSchemaStmt:
		default:
			return nil, r.wrong(at, errors.New("expected CREATE TABLE: views, types and other objects can be read only from a database"))
		}
		if len(r.relations) > mostTables {
			return nil, fmt.Errorf("more than %d tables", mostTables)
		}
	}
	if len(r.relations) == 0 {
		return nil, errors.New("expected CREATE TABLE with at least one table")
	}
	c, err := catalog.New("ddl", r.relations, nil)
	if err != nil {
		return nil, err
	}
	return c, nil
}

type reader struct {
	text      string
	builtin   *catalog.Catalog
	relations []catalog.Relation
	next      uint32
}

// wrong adds the line of the statement at an offset to an error.
func (r *reader) wrong(offset int, err error) error {
	rest := r.text[min(offset, len(r.text)):]
	offset += len(rest) - len(strings.TrimLeft(rest, " \t\r\n"))
	return fmt.Errorf("line %d: %w", 1+strings.Count(r.text[:min(offset, len(r.text))], "\n"), err)
}

// table reads CREATE TABLE.
func (r *reader) table(s *pg.CreateStmt) error {
	rel := catalog.Relation{OID: r.next, Schema: s.Relation.Schemaname, Name: s.Relation.Relname, Kind: 'r', Heap: true, Row: 1}
	if rel.Schema == "" {
		rel.Schema = "public"
	}
	if len(s.InhRelations) > 0 || s.Partbound != nil || s.Partspec != nil || s.OfTypename != nil {
		return fmt.Errorf("table %s: inheritance, partitions and typed tables can be read only from a database", rel.Name)
	}
	r.next++
	for _, node := range s.TableElts {
		switch e := node.Node.(type) {
		case *pg.Node_ColumnDef:
			if err := r.column(&rel, e.ColumnDef); err != nil {
				return err
			}
		case *pg.Node_Constraint:
			if e.Constraint.Contype == pg.ConstrType_CONSTR_PRIMARY {
				rel.Key = names(e.Constraint.Keys)
			}
		default:
			return fmt.Errorf("table %s: LIKE can be resolved only in a database", rel.Name)
		}
	}
	if len(rel.Columns) == 0 {
		return fmt.Errorf("table %s has no columns", rel.Name)
	}
	r.relations = append(r.relations, rel)
	return nil
}

// column reads the definition of a column.
func (r *reader) column(rel *catalog.Relation, d *pg.ColumnDef) error {
	typ, err := r.typ(d.TypeName)
	if err != nil {
		return fmt.Errorf("column %s of table %s: %w", d.Colname, rel.Name, err)
	}
	if rel.Column(d.Colname) != nil {
		return fmt.Errorf("table %s has two columns %s", rel.Name, d.Colname)
	}
	a := catalog.Attribute{Name: d.Colname, Number: int16(len(rel.Columns) + 1), Type: typ, Modifier: -1} //nolint:gosec // the parser bounds a text, and so its columns
	if catalog.IsText(typ) || typ == catalog.OIDTextArray {
		a.Collation = catalog.CollationDefault
	}
	for _, c := range d.Constraints {
		if c.GetConstraint().GetContype() == pg.ConstrType_CONSTR_PRIMARY {
			rel.Key = []string{d.Colname}
		}
	}
	rel.Columns = append(rel.Columns, a)
	return nil
}

// serials has the types that mean whole numbers with a sequence.
var serials = map[string]string{"serial": "int4", "serial4": "int4", "bigserial": "int8", "serial8": "int8", "smallserial": "int2", "serial2": "int2"}

// typ finds a built-in type.
func (r *reader) typ(t *pg.TypeName) (uint32, error) {
	list := names(t.Names)
	name := list[len(list)-1]
	if s, ok := serials[name]; ok && len(list) == 1 {
		name = s
	}
	found := r.builtin.TypeNamed("pg_catalog", name)
	if found == nil || len(list) > 2 || len(list) == 2 && list[0] != "pg_catalog" {
		return 0, errors.New("its type is not built in, or Veil does not know it: it can be read only from a database")
	}
	if len(t.ArrayBounds) > 0 {
		if array := catalog.ArrayOf(found.OID); array != 0 {
			return array, nil
		}
		return 0, errors.New("arrays of this type can be read only from a database")
	}
	return found.OID, nil
}

// names returns the strings in a list of the parser.
func names(list []*pg.Node) []string {
	out := make([]string, 0, len(list))
	for _, n := range list {
		out = append(out, n.GetString_().GetSval())
	}
	return out
}
