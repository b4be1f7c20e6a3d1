package analysis

import (
	"fmt"
	"slices"
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"
	"github.com/veil-proxy/veil/postgres/catalog"
	"github.com/veil-proxy/veil/postgres/rows"
)

// typeCast checks the type. A keyed value cannot be cast.
func (a *analysis) typeCast(c *pg.TypeCast, n *pg.Node, sc *scope) value {
	if s, ok := constantText(c.Arg); ok && len(c.TypeName.GetArrayBounds()) == 1 && lastPart(c.TypeName.GetNames()) == "regtype" && (len(c.TypeName.Names) == 1 || schemaOf(c.TypeName) == "pg_catalog") {
		return value{node: a.regtypeArray(s, location(n))}
	}
	t := a.typeName(c.TypeName)
	if t != nil && strings.HasPrefix(t.Name, "reg") && t.Schema == "pg_catalog" {
		return value{node: a.regCast(c, t, n, sc)}
	}
	at := location(c.Arg)
	v := a.expr(c.Arg, sc)
	if v.keying != nil && v.keying.castsToItself(t, c.TypeName) {
		if t.OID != v.keying.shown || len(c.TypeName.Typmods) > 0 {
			v.shown = rows.Origin{}
		}
		if t.OID != v.keying.shown {
			s := *v.keying
			s.original = v.keying.ofColumn()
			s.shown, v.keying = t.OID, &s
		}
		return v
	}
	if out, ok := a.castText(v, t, c.TypeName); ok {
		return out
	}
	if v.keying != nil && v.keying.datable() {
		a.refuseKeyed(v.keying, at, "cannot be cast to another type", "", "Remove the cast. Times of one patient can be subtracted as they are, and extract(day FROM b - a) gives the days between them.")
	}
	if v.keying != nil {
		a.refuseKeyed(v.keying, at, "cannot be cast to another type", "", "Remove the cast: the column is returned as "+typeWord(a.catalog, v.keying.shown)+".")
	}
	c.Arg = v.node
	if v.restricted != nil && !a.castsRestricted(v.restricted, t) {
		a.refuseRestricted(v.restricted, at)
	}
	for _, to := range a.castTo(c.TypeName, t) {
		a.askedCast(&v, to, at)
	}
	if t != nil && t.Kind == 'e' {
		if f := a.catalog.Restricted(t.OID); f != nil {
			if _, ok := constantOf(v.node); !ok {
				a.refuseRestricted(f, at)
			}
			return value{node: n, restricted: f}
		}
	}
	if plain := t != nil && len(c.TypeName.ArrayBounds)+len(c.TypeName.Typmods) == 0; plain && v.column != nil && v.column.typ == t.OID && !a.modified(v.shown) {
		return value{node: n, shown: v.shown}
	}
	return value{node: n}
}

// modified reports whether a column's type has a modifier, such as a length.
func (a *analysis) modified(at rows.Origin) bool {
	r := a.catalog.Relation(at.Table)
	return r != nil && slices.ContainsFunc(r.Columns, func(c catalog.Attribute) bool { return c.Number == at.Column && c.Modifier != -1 })
}

// castType returns the type of pg_catalog that a cast names, or nil.
func (a *analysis) castType(c *pg.TypeCast) *catalog.Type {
	parts, ok := dotted(c.TypeName.GetNames())
	if !ok || len(parts) == 0 || len(parts) == 2 && parts[0] != "pg_catalog" || len(parts) > 2 {
		return nil
	}
	return a.catalog.TypeNamed("pg_catalog", parts[len(parts)-1])
}

// castsToItself reports whether a cast does not change the masked value: a cast to the type
// that the column is returned as, or of a text to another type that can hold all of it.
func (s *keying) castsToItself(t *catalog.Type, name *pg.TypeName) bool {
	if t == nil || len(name.ArrayBounds) > 0 || s.Array {
		return false
	}
	plain := len(name.Typmods) == 0
	switch {
	case t.OID == s.shown || catalog.IsVarying(s.shown) && catalog.IsVarying(t.OID):
		if plain {
			return true
		}
		n := name.Typmods[0].GetAConst().GetIval().GetIval()
		return catalog.IsText(t.OID) && s.domain != "" && len(name.Typmods) == 1 && n >= maxPseudonym
	}
	return false
}

// maxPseudonym is the maximum length of a sealed id, which is that of a FHIR id.
const maxPseudonym = 64

// castTo returns the types that a cast makes, including elements of an array.
func (a *analysis) castTo(name *pg.TypeName, t *catalog.Type) []*catalog.Type {
	if t != nil {
		return []*catalog.Type{a.catalog.Type(t.OID), a.catalog.Base(t.OID)}
	}
	var all []*catalog.Type
	for _, schema := range []string{schemaOf(name), "pg_catalog"} {
		for _, n := range []string{lastPart(name.Names), strings.TrimPrefix(lastPart(name.Names), "_")} {
			all = append(all, a.catalog.TypeNamed(schema, n))
		}
	}
	return all
}

func schemaOf(name *pg.TypeName) string {
	if len(name.Names) > 1 {
		return name.Names[0].GetString_().GetSval()
	}
	return ""
}

// visibleSchema reports whether a schema is PostgreSQL's own or has a visible relation.
func (a *analysis) visibleSchema(name string) bool {
	return catalog.IsSystem(name) || name == "public" || a.over.system.named[name]
}

func typeWord(c *catalog.Catalog, oid uint32) string {
	if t := c.Type(oid); t != nil {
		return t.Name
	}
	return "text"
}

// regCast analyses a cast to regclass and similar types, which looks up names. A constant is
// looked up here, in the session's search path and only among visible objects; the OID of a
// hidden object returns no name.
func (a *analysis) regCast(c *pg.TypeCast, t *catalog.Type, n *pg.Node, sc *scope) *pg.Node {
	s, isText := constantText(c.Arg)
	switch {
	case t.Name == "regclass" && isText && !allDigits(s):
		parts := splitName(s)
		if len(parts) == 3 && parts[0] == a.session.Database {
			parts = parts[1:]
		}
		if len(parts) == 0 || len(parts) > 2 {
			a.fail(codeNoTable, location(n), "this name of a relation cannot be read", "Write schema.table.")
		}
		schema := ""
		if len(parts) == 2 {
			schema = parts[0]
		}
		r := a.catalog.Find(a.session.SearchPath, schema, parts[len(parts)-1])
		if r == nil || !catalog.IsSystem(r.Schema) && !a.over.system.visible[r.OID] {
			a.failAbout(objectName(r), "relation", codeNoTable, location(n), fmt.Sprintf("relation %q does not exist", s), "")
		}
		c.Arg = cast(text(fmt.Sprint(r.OID)), "oid")
		return n
	case t.Name == "regtype" && isText && !allDigits(s):
		return a.typeNamed(s, location(n))
	case isText && t.Name != "regclass" && !allDigits(s):
		// Names of types, functions, roles and the like: only PostgreSQL's own, since the upstream's
		// search path has no others.
		if t.Name == "regrole" || t.Name == "regnamespace" && !a.visibleSchema(s) {
			a.fail("3F000", location(n), "there is no such schema or role", "")
		}
		if t.Name != "regclass" && t.Name != "regnamespace" && strings.Contains(s, ".") && !strings.HasPrefix(s, "pg_catalog.") {
			a.fail(codeForbidden, location(n), "only names of pg_catalog can be looked up", "")
		}
		return n
	}
	if t.Name == "regclass" {
		return a.relationNamed(c.Arg, sc)
	}
	v := a.expr(c.Arg, sc)
	c.Arg = a.unkeyed(v, location(n))
	if v.restricted != nil {
		a.refuseRestricted(v.restricted, location(n))
	}
	if t.Name == "regtype" && (v.column == nil || v.column.typ != catalog.OIDOID) && !castsToOID(c.Arg) {
		return a.type2oid(c.Arg)
	}
	if t.Name != "regtype" && t.Name != "regproc" && t.Name != "regnamespace" && t.Name != "regrole" {
		a.fail(codeForbidden, location(n), "a cast to this type is not allowed", "")
	}
	// Only an OID: a text would be looked up.
	c.Arg = cast(c.Arg, "oid")
	return a.visibleName(t.Name, c.Arg, n)
}

// visibleName returns the name of an object by its OID, if the object is PostgreSQL's own or
// visible; kind is the type that the OID is cast to. All roles are visible.
func (a *analysis) visibleName(kind string, oid, name *pg.Node) *pg.Node {
	var list string
	switch kind {
	case "regrole":
		return name
	case "regclass":
		list = a.over.system.arrays.Replace("{relations}")
	case "regtype":
		list = a.over.system.arrays.Replace("{types}")
	case "regnamespace":
		var oids []string
		for schema, n := range a.catalog.Schemas() {
			if a.visibleSchema(schema) {
				oids = append(oids, fmt.Sprint(n))
			}
		}
		slices.Sort(oids)
		list = arraySQL(oids, "oid")
	}
	own := op("<", oid, integer(catalog.FirstUser, "oid"))
	if list == "" {
		return when(own, name)
	}
	visible := &pg.Node{Node: &pg.Node_AExpr{AExpr: &pg.A_Expr{Kind: pg.A_Expr_Kind_AEXPR_OP_ANY, Name: names("="), Lexpr: oid, Rexpr: a.fragment(list)}}}
	return when(either(own, visible), name)
}

// typeName checks a type. Allowed are those of pg_catalog, and enums and composite types of
// the database that no masked column has. It returns nil for an array and for a type that
// the catalog does not have.
func (a *analysis) typeName(t *pg.TypeName) *catalog.Type {
	parts, ok := dotted(t.GetNames())
	if !ok || t.GetPctType() || t.GetSetof() {
		a.fail(codeForbidden, t.GetLocation(), "this type is not allowed", "")
	}
	for _, m := range t.Typmods {
		if m.GetAConst() == nil && m.GetColumnRef() == nil {
			a.unknown(m, "this kind of type modifier")
		}
	}
	name := parts[len(parts)-1]
	if len(parts) == 2 && parts[0] == "pg_catalog" || len(parts) == 1 {
		if typ := a.catalog.TypeNamed("pg_catalog", name); typ != nil || builtinNames[name] || len(parts) == 2 {
			return a.builtinType(t, typ, name)
		}
	}
	schemas := a.session.SearchPath
	if len(parts) == 2 {
		schemas = parts[:1]
	}
	for _, schema := range schemas {
		typ := a.catalog.TypeNamed(schema, name)
		if typ == nil {
			continue
		}
		if typ.Kind == 'e' && (a.over.system.enums[typ.OID] || a.views > 0) {
			t.Names = names(schema, name)
			a.types[typ.OID] = true
			if len(t.ArrayBounds) > 0 {
				if a.catalog.Restricted(typ.OID) != nil {
					break
				}
				return nil
			}
			return typ
		}
		break
	}
	a.fail(codeUnknownSet, t.Location, fmt.Sprintf("type %q does not exist or is not allowed", strings.Join(parts, ".")), "Use the types of pg_catalog.")
	return nil
}

// forbiddenTypes look up names, hold values of the system, or can contain anything.
var forbiddenTypes = wordSet("pg_node_tree pg_ndistinct pg_dependencies pg_mcv_list pg_snapshot txid_snapshot regoper regoperator regprocedure regconfig regdictionary regcollation")

func (a *analysis) builtinType(t *pg.TypeName, typ *catalog.Type, name string) *catalog.Type {
	if forbiddenTypes[name] || typ != nil && (typ.Kind == 'c' || typ.Kind == 'p' && name != "record") {
		a.fail(codeForbidden, t.Location, fmt.Sprintf("a cast to %q is not allowed", name), "")
	}
	if typ == nil && !builtinNames[name] {
		a.fail(codeUnknownSet, t.Location, fmt.Sprintf("type %q does not exist", name), "")
	}
	if len(t.ArrayBounds) > 0 || strings.HasPrefix(name, "_") {
		if strings.HasPrefix(strings.TrimPrefix(name, "_"), "reg") {
			a.fail(codeForbidden, t.Location, "an array of this type is not allowed", "")
		}
		return nil
	}
	if typ == nil {
		return &catalog.Type{Schema: "pg_catalog", Name: name}
	}
	return typ
}

// builtinNames has types that a handmade catalog may lack.
var builtinNames = wordSet(`bool bytea char name int8 int2 int4 text oid json xml float4 float8 unknown inet cidr bpchar varchar date time
timetz timestamp timestamptz interval numeric uuid jsonb bit varbit money point line lseg box path polygon circle macaddr macaddr8 tsvector tsquery
jsonpath int4range int8range numrange tsrange tstzrange daterange regclass regtype regproc regnamespace regrole int2vector oidvector xid tid`)

func constantText(n *pg.Node) (string, bool) {
	for n.GetTypeCast() != nil {
		n = n.GetTypeCast().Arg
	}
	if c := n.GetAConst(); c != nil && !c.Isnull {
		if s, ok := c.Val.(*pg.A_Const_Sval); ok {
			return s.Sval.Sval, true
		}
	}
	return "", false
}

func allDigits(s string) bool {
	for _, c := range s {
		if c < '0' || c > '9' {
			return false
		}
	}
	return s != ""
}

// splitName splits a dotted name, which may be quoted, as regclassin does.
func splitName(s string) []string {
	var parts []string
	for s != "" {
		var part strings.Builder
		if s[0] == '"' {
			s = s[1:]
			for {
				i := strings.IndexByte(s, '"')
				if i < 0 {
					return nil
				}
				part.WriteString(s[:i])
				s = s[i+1:]
				if !strings.HasPrefix(s, `"`) {
					break
				}
				part.WriteByte('"')
				s = s[1:]
			}
		} else {
			i := strings.IndexByte(s, '.')
			if i < 0 {
				i = len(s)
			}
			part.WriteString(strings.ToLower(strings.TrimSpace(s[:i])))
			s = s[i:]
		}
		parts = append(parts, part.String())
		if s == "" {
			return parts
		}
		if s[0] != '.' || len(s) == 1 {
			return nil
		}
		s = s[1:]
	}
	return parts
}
