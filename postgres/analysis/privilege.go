package analysis

import (
	"fmt"
	"slices"
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"
	"github.com/veil-proxy/veil/postgres/catalog"
	"github.com/veil-proxy/veil/postgres/rows"
)

// Privileges as the consumer has them: what is visible may be selected from, its schema
// used, and the database connected to. What is hidden does not exist, so there is no
// result for it, and nothing may be written.

// privilegeFunctions has the functions that report them, with the one privilege that a
// consumer has, if any.
var privilegeFunctions = map[string]string{
	"has_table_privilege": "SELECT", "has_any_column_privilege": "SELECT", "has_column_privilege": "SELECT",
	"has_schema_privilege": "USAGE", "has_database_privilege": "CONNECT", "has_function_privilege": "EXECUTE",
	"has_type_privilege": "USAGE", "has_language_privilege": "USAGE",
	"has_sequence_privilege": "", "has_server_privilege": "", "has_tablespace_privilege": "", "has_foreign_data_wrapper_privilege": "",
	"has_parameter_privilege": "",
}

// privilege handles a function of privilegeFunctions.
func (a *analysis) privilege(name, right string, f *pg.FuncCall, sc *scope) *pg.Node {
	args := f.Args
	count := 2
	if name == "has_column_privilege" {
		count = 3
	}
	if len(args) == count+1 {
		a.clear(args[0], sc) // the user is ignored: with one policy, all users of the listener see the same
		args = args[1:]
	}
	if len(args) != count {
		a.fail(codeNoFunction, f.Location, fmt.Sprintf("function %s does not take this number of arguments", name), "")
	}
	object := args[0]
	if name == "has_table_privilege" || name == "has_any_column_privilege" || name == "has_column_privilege" {
		object = a.relationNamed(object, sc)
	} else {
		object = cast(a.clear(object, sc), "text")
	}
	wanted := cast(a.clear(args[count-1], sc), "text")
	if right == "" {
		return both(isNotNull(object), isNotNull(wanted), boolean(false))
	}
	has := op("~*", wanted, text(`(^|,)\s*`+right+`\s*(,|$)`))
	switch name {
	case "has_column_privilege":
		column := cast(a.clear(args[1], sc), "text")
		key := op("||", op("||", cast(cast(object, "oid"), "text"), text(" ")), column)
		return when(inArray(key, a.over.system.arrays.Replace("{attributes}")), has)
	case "has_schema_privilege":
		return when(inArray(object, a.over.system.arrays.Replace("{namespaces}")), has)
	case "has_database_privilege":
		current := either(op("=", object, text(a.session.Database)), op("~", object, text("^[0-9]+$")))
		return when(current, has)
	case "has_table_privilege", "has_any_column_privilege":
		return when(isNotNull(object), has)
	}
	return when(isNotNull(object), has)
}

// relationNamed writes the OID of a visible relation that an expression names, by its OID
// or by a name; NULL if there is none.
func (a *analysis) relationNamed(n *pg.Node, sc *scope) *pg.Node {
	if s, ok := constantText(n); ok && !allDigits(s) {
		c := &pg.TypeCast{Arg: n, TypeName: &pg.TypeName{Names: names("pg_catalog", "regclass"), Typemod: -1}}
		out := &pg.Node{Node: &pg.Node_TypeCast{TypeCast: c}}
		return a.regCast(c, &catalog.Type{Schema: "pg_catalog", Name: "regclass"}, out, sc)
	}
	v := a.expr(n, sc)
	at := location(n)
	if v.keying != nil {
		a.refuseKeyed(v.keying, at, "cannot be an argument of a function", "", "")
	}
	if v.restricted != nil {
		a.refuseRestricted(v.restricted, at)
	}
	if v.column != nil && v.column.typ == catalog.OIDOID || castsToOID(v.node) {
		return a.visibleName("regclass", cast(v.node, "oid"), cast(cast(v.node, "oid"), "regclass"))
	}
	return a.named2oid(v.node)
}

// castsToOID reports whether an expression is a cast to an OID.
func castsToOID(n *pg.Node) bool {
	t := n.GetTypeCast().GetTypeName()
	return t != nil && len(t.ArrayBounds) == 0 && slices.Contains([]string{"oid", "regclass", "int4", "int8"}, lastPart(t.Names))
}

// hasRole answers pg_has_role: a consumer has only its own role.
func (a *analysis) hasRole(f *pg.FuncCall, sc *scope) *pg.Node {
	args := f.Args
	if len(args) == 3 {
		a.clear(args[0], sc)
		args = args[1:]
	}
	if len(args) != 2 {
		a.fail(codeNoFunction, f.Location, "function pg_has_role does not take this number of arguments", "")
	}
	role := cast(a.clear(args[0], sc), "text")
	wanted := cast(a.clear(args[1], sc), "text")
	a.personal = true
	return both(op("=", role, text(a.session.User)), op("~*", wanted, text(`(^|,)\s*(USAGE|MEMBER|SET)\s*(,|$)`)))
}

// regtypeArray is an array of names of types, each looked up as one is.
func (a *analysis) regtypeArray(s string, at int32) *pg.Node {
	elements, ok := rows.ParseArray([]byte(s))
	if !ok {
		a.fail("22P02", at, "malformed array literal", "")
	}
	list := &pg.A_ArrayExpr{}
	for _, e := range elements {
		n := cast(null(), "regtype")
		if e != nil {
			n = a.typeNamed(string(e), at)
		}
		list.Elements = append(list.Elements, n)
	}
	return castArray(&pg.Node{Node: &pg.Node_AArrayExpr{AArrayExpr: list}}, "regtype")
}

// typeNamed returns the type that a text names: a visible one of the database, or one of
// PostgreSQL's own.
func (a *analysis) typeNamed(s string, at int32) *pg.Node {
	if t := a.visibleType(s); t != nil {
		return cast(integer(int64(t.OID), "oid"), "regtype")
	}
	if strings.ContainsAny(s, `."`) && !strings.HasPrefix(s, "pg_catalog.") {
		a.fail(codeUnknownSet, at, fmt.Sprintf("type %q does not exist", s), "")
	}
	return cast(text(s), "regtype")
}

// visibleType finds a type of the database by a name, quoted or not, with brackets for
// an array of it.
func (a *analysis) visibleType(s string) *catalog.Type {
	name, array := strings.CutSuffix(strings.TrimSpace(s), "[]")
	parts := splitName(name)
	schemas := a.session.SearchPath
	switch len(parts) {
	case 1:
	case 2:
		schemas = parts[:1]
	default:
		return nil
	}
	for _, schema := range schemas {
		t := a.catalog.TypeNamed(schema, parts[len(parts)-1])
		if t == nil || !a.over.system.types[t.OID] {
			continue
		}
		if !array {
			return t
		}
		for oid := range a.over.system.types {
			if e := a.catalog.Type(oid); e.Element == t.OID {
				return e
			}
		}
		return nil
	}
	return nil
}

// type2oid looks up the name of a type that is not a constant.
func (a *analysis) type2oid(name *pg.Node) *pg.Node {
	var list, oids []string
	for oid := range a.over.system.types {
		t := a.catalog.Type(oid)
		list, oids = append(list, t.Schema+"\x01"+t.Name), append(oids, fmt.Sprint(oid))
		if a.visibleType(catalog.QuoteIdent(t.Name)) == t {
			list, oids = append(list, t.Name), append(oids, fmt.Sprint(oid))
		}
	}
	arg := cast(name, "text")
	own := when(either(op("!~", arg, text(`[."]`)), op("~", arg, text(`^("pg_catalog"|pg_catalog)\.`))), call("to_regtype", arg))
	plain := when(op("~", arg, text(identifierForm)), lookup(list, oids, nameKey(arg)))
	byOID := a.visibleName("regtype", cast(when(op("~", arg, text("^[0-9]+$")), arg), "oid"), cast(cast(when(op("~", arg, text("^[0-9]+$")), arg), "oid"), "regtype"))
	return coalesce(cast(plain, "regtype"), byOID, own)
}

// identifierForm matches a name with or without a schema, each quoted or not.
const identifierForm = `^\s*([A-Za-z_\u0080-\uffff][\w$]*|"([^"]|"")+")(\s*\.\s*([A-Za-z_\u0080-\uffff][\w$]*|"([^"]|"")+"))?\s*$`

// nameKey returns a name in the form of the lists of names: in lower case if it is not
// quoted, with \x01 between its parts.
func nameKey(name *pg.Node) *pg.Node {
	return call("array_to_string", call("parse_ident", name), text("\x01"))
}

// lookup writes the OID at the same position as a text in a list.
func lookup(list, oids []string, key *pg.Node) *pg.Node {
	return &pg.Node{Node: &pg.Node_AIndirection{AIndirection: &pg.A_Indirection{
		Arg:         parseFragment(arraySQL(oids, "oid")),
		Indirection: []*pg.Node{{Node: &pg.Node_AIndices{AIndices: &pg.A_Indices{Uidx: call("array_position", parseFragment(arraySQL(list, "text")), key)}}}},
	}}}
}
