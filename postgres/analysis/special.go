package analysis

import (
	"fmt"
	"slices"
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"
	"github.com/veil-proxy/veil/postgres/catalog"
)

// special handles functions whose response is the session's or the consumer's own; nil for
// others.
func (a *analysis) special(name string, f *pg.FuncCall, n *pg.Node, sc *scope) *pg.Node {
	if right, ok := privilegeFunctions[name]; ok {
		return a.privilege(name, right, f, sc)
	}
	switch name {
	case "current_schema":
		return a.currentSchema()
	case "current_schemas":
		return a.currentSchemas(f)
	case "pg_table_is_visible":
		return a.tableIsVisible(name, f, n, sc)
	case "pg_relation_is_publishable", "pg_index_has_property", "pg_index_column_has_property":
		return a.propertyOf(name, f, n, sc)
	case "format_type":
		return a.formatType(name, f, n, sc)
	case "current_setting":
		return a.currentSetting(f, n, sc)
	case "set_config":
		return a.setConfig(f, n)
	case "session_user", "current_user", "getpgusername":
		a.personal = true
		return cast(text(a.session.User), "name")
	case "to_regtype":
		if len(f.Args) == 1 {
			return a.type2oid(a.clear(f.Args[0], sc))
		}
	case "to_regclass":
		return a.toRegclass(f, sc)
	case "pg_has_role":
		return a.hasRole(f, sc)
	case "pg_partition_ancestors":
		if len(f.Args) == 1 {
			a.arguments(f, sc)
			f.Funcname = names("pg_catalog", "unnest")
			f.Args = []*pg.Node{a.ancestors(f.Args[0])}
			return n
		}
	case "enum_first", "enum_last", "enum_range":
		return a.enumLabels(name, f, n, sc)
	case "pg_get_indexdef", "pg_get_partkeydef", "pg_get_constraintdef":
		return a.definitionText(name, f, n, sc)
	}
	return nil
}

// currentSchemas returns the existing schemas of the session's search path.
func (a *analysis) currentSchemas(f *pg.FuncCall) *pg.Node {
	list := append([]string(nil), a.session.SearchPath...)
	if len(f.Args) == 1 && f.Args[0].GetAConst().GetBoolval().GetBoolval() {
		list = catalog.Searched(list)
	}
	var there []string
	for _, s := range list {
		if _, ok := a.catalog.Schema(s); ok || catalog.IsSystem(s) {
			there = append(there, s)
		}
	}
	return parseFragment(arraySQL(there, "name"))
}

// tableIsVisible analyses pg_table_is_visible, by the session's own search path.
func (a *analysis) tableIsVisible(name string, f *pg.FuncCall, n *pg.Node, sc *scope) *pg.Node {
	a.arguments(f, sc)
	if len(f.Args) != 1 {
		a.noFunction(f, name)
	}
	var oids []string
	for oid := range a.over.system.visible {
		r := a.catalog.Relation(oid)
		if a.catalog.Find(a.session.SearchPath, "", r.Name) == r {
			oids = append(oids, fmt.Sprint(oid))
			for _, i := range r.Indexes {
				oids = append(oids, fmt.Sprint(i))
			}
		}
	}
	slices.Sort(oids)
	f.Funcname = names("pg_catalog", name)
	return either(inArray(f.Args[0], arraySQL(oids, "oid")), n)
}

// enumLabels analyses a function that returns labels of its arguments' type, which must be
// written in one of them: only the type determines whether its labels are visible.
func (a *analysis) enumLabels(name string, f *pg.FuncCall, n *pg.Node, sc *scope) *pg.Node {
	visible := false
	for _, arg := range f.Args {
		if c := arg.GetTypeCast(); c != nil {
			t := a.typeName(c.TypeName)
			visible = visible || t != nil && a.over.system.enums[t.OID] && a.catalog.Restricted(t.OID) == nil
		}
	}
	if !visible {
		a.fail(codeForbidden, f.Location, fmt.Sprintf("function %s has no argument of an enum whose labels are visible", name), "Write the type out: "+name+"(NULL::schema.type). No masked column may have it.")
	}
	a.arguments(f, sc)
	f.Funcname = names("pg_catalog", name)
	return n
}

// propertyOf analyses a function that returns a property of a relation, which may be given
// by name.
func (a *analysis) propertyOf(name string, f *pg.FuncCall, n *pg.Node, sc *scope) *pg.Node {
	if len(f.Args) == 0 {
		return nil
	}
	if _, isText := constantText(f.Args[0]); isText {
		f.Args[0] = cast(f.Args[0], "regclass") // whose name is looked up here
	}
	a.arguments(f, sc)
	f.Funcname = names("pg_catalog", name)
	return n
}

// formatType returns the name of a visible type.
func (a *analysis) formatType(name string, f *pg.FuncCall, n *pg.Node, sc *scope) *pg.Node {
	if len(f.Args) != 2 {
		return nil
	}
	a.arguments(f, sc)
	f.Funcname = names("pg_catalog", name)
	return a.visibleName("regtype", cast(f.Args[0], "oid"), n)
}

// toRegclass looks up the name of a visible relation in the session's search path.
func (a *analysis) toRegclass(f *pg.FuncCall, sc *scope) *pg.Node {
	if len(f.Args) != 1 {
		return nil
	}
	s, ok := constantText(f.Args[0])
	if !ok {
		return a.named2oid(a.clear(f.Args[0], sc))
	}
	parts := splitName(s)
	if len(parts) == 3 && parts[0] == a.session.Database {
		parts = parts[1:]
	}
	if len(parts) == 0 || len(parts) > 2 {
		return cast(null(), "regclass")
	}
	schema := ""
	if len(parts) == 2 {
		schema = parts[0]
	}
	r := a.catalog.Find(a.session.SearchPath, schema, parts[len(parts)-1])
	if r == nil || !catalog.IsSystem(r.Schema) && !a.over.system.visible[r.OID] {
		return cast(null(), "regclass")
	}
	return cast(cast(text(fmt.Sprint(r.OID)), "oid"), "regclass")
}

// definitionText analyses a function that returns the definition of an index, a partition
// key or a constraint, if it contains no constant: only of visible columns, and of keys.
func (a *analysis) definitionText(name string, f *pg.FuncCall, n *pg.Node, sc *scope) *pg.Node {
	a.arguments(f, sc)
	if len(f.Args) == 0 || name == "pg_get_partkeydef" && len(f.Args) != 1 {
		a.noFunction(f, name)
	}
	f.Funcname = names("pg_catalog", name)
	switch name {
	case "pg_get_indexdef":
		return when(inArray(cast(f.Args[0], "oid"), a.over.system.arrays.Replace("{indexes}")), n)
	case "pg_get_partkeydef":
		return when(inArray(cast(f.Args[0], "oid"), a.over.system.arrays.Replace("{partitioned}")), n)
	}
	return a.constraintDef(f, n)
}

// ancestors returns a relation and what it is a part of, as far as that is visible.
func (a *analysis) ancestors(oid *pg.Node) *pg.Node {
	var cases strings.Builder
	for _, r := range a.catalog.Relations() {
		if len(r.Parents) == 0 || !a.over.system.visible[r.OID] {
			continue
		}
		var list []string
		for up := r; up != nil && a.over.system.visible[up.OID]; {
			list = append(list, fmt.Sprint(up.OID))
			if len(up.Parents) == 0 {
				break
			}
			up = a.catalog.Relation(up.Parents[0])
		}
		fmt.Fprintf(&cases, " WHEN %d THEN %s", r.OID, arraySQL(list, "oid"))
	}
	if cases.Len() == 0 {
		return a.fragment("NULL::pg_catalog.regclass[]")
	}
	c := clone(a.fragment("(CASE 0::pg_catalog.oid" + cases.String() + " END)::pg_catalog.regclass[]"))
	c.GetTypeCast().Arg.GetCaseExpr().Arg = cast(oid, "oid")
	return c
}

// named2oid looks up the name of a visible relation, without using the upstream's own search
// path. A number is an OID.
func (a *analysis) named2oid(name *pg.Node) *pg.Node {
	var list, oids []string
	add := func(oid uint32, schema, name string) {
		list, oids = append(list, schema+"\x01"+name), append(oids, fmt.Sprint(oid))
	}
	for _, r := range a.catalog.Relations() {
		if _, listed := systemRelations[r.Schema+"."+r.Name]; !listed && !a.over.system.visible[r.OID] {
			continue
		}
		add(r.OID, r.Schema, r.Name)
		if a.catalog.Find(a.session.SearchPath, "", r.Name) == r {
			list, oids = append(list, r.Name), append(oids, fmt.Sprint(r.OID))
		}
	}
	arg := cast(name, "text")
	number := when(op("~", arg, text("^[0-9]+$")), arg)
	byOID := a.visibleName("regclass", cast(number, "oid"), cast(cast(number, "oid"), "regclass"))
	byName := when(op("~", arg, text(identifierForm)), lookup(list, oids, nameKey(arg)))
	return coalesce(cast(byName, "regclass"), byOID)
}

// constraintDef returns the definition of a primary key, unique constraint or foreign key of
// a visible relation.
func (a *analysis) constraintDef(f *pg.FuncCall, n *pg.Node) *pg.Node {
	keys := a.over.fragment("ARRAY(SELECT veil_k.oid FROM pg_catalog.pg_constraint AS veil_k WHERE veil_k.contype IN ('p', 'u', 'f') AND veil_k.conrelid = ANY (" +
		a.over.system.arrays.Replace("{relations}") + ") AND (veil_k.confrelid = 0 OR veil_k.confrelid = ANY (" + a.over.system.arrays.Replace("{relations}") + ")))")
	a.ours = append(a.ours, keys)
	in := &pg.Node{Node: &pg.Node_AExpr{AExpr: &pg.A_Expr{Kind: pg.A_Expr_Kind_AEXPR_OP_ANY, Name: names("="), Lexpr: f.Args[0], Rexpr: keys}}}
	return when(in, n)
}

func pathText(path []string) string {
	var b strings.Builder
	for i, s := range path {
		if i > 0 {
			b.WriteString(", ")
		}
		if plainName(s) {
			b.WriteString(s)
		} else {
			b.WriteString(catalog.QuoteIdent(s))
		}
	}
	return b.String()
}

func plainName(s string) bool {
	for i, c := range s {
		if !(c >= 'a' && c <= 'z' || c == '_' || i > 0 && c >= '0' && c <= '9') {
			return false
		}
	}
	return s != ""
}
