package sqlflow

import (
	"fmt"
	"slices"
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"
)

// call analyses a function call. Functions are those of pg_catalog that the allow-list
// has, and those of the database that the operator vouches for; the name is written
// out with its schema, so that nothing can stand in its place.
func (a *analysis) call(f *pg.FuncCall, n *pg.Node, sc *scope) value {
	parts, ok := dotted(f.Funcname)
	if !ok || len(parts) == 0 || len(parts) > 3 {
		a.fail(codeSyntax, f.Location, "this function name cannot be read", "")
	}
	if len(parts) == 3 && parts[0] == a.session.Database {
		parts = parts[1:]
	}
	schema, name := "pg_catalog", parts[len(parts)-1]
	if len(parts) == 2 {
		schema = parts[0]
	}
	if full, ok := a.vouched(parts); ok {
		f.Funcname = names(strings.SplitN(full, ".", 2)...)
		a.arguments(f, sc)
		return value{node: n}
	}
	expand := schema == "information_schema" && name == "_pg_expandarray"
	if schema != "pg_catalog" && !expand {
		a.noFunction(f, strings.Join(parts, "."))
	}
	if special := a.special(name, f, n, sc); special != nil {
		return value{node: special}
	}
	if sql, ok := constantFunctions[name]; ok {
		return value{node: a.constant(sql, name, f, n, sc)}
	}
	if !allowedFunctions[name] && !expand {
		a.noFunction(f, name)
	}
	// What is written in SQL's own words (EXTRACT … FROM) is a function of pg_catalog.
	f.Funcname = names(schema, name)
	if (name == "min" || name == "max") && len(f.Args) == 1 && f.Over == nil {
		at := location(f.Args[0])
		v := a.expr(f.Args[0], sc)
		f.Args[0] = a.unsealed(v, at)
		a.sortExpressions(f.AggOrder, sc)
		a.rest(f, sc)
		return value{node: n, fence: v.fence}
	}
	if name == "count" && len(f.Args) == 1 && !f.AggStar {
		return value{node: a.count(f, n, sc)}
	}
	if carryFunctions[name] && f.Over != nil && len(f.Args) > 0 {
		return a.carry(f, n, sc)
	}
	a.arguments(f, sc)
	return value{node: n}
}

// constant answers a function with a constant. A call with parameters stays behind it,
// where it is never made, so that the parameters have their types.
func (a *analysis) constant(sql, name string, f *pg.FuncCall, n *pg.Node, sc *scope) *pg.Node {
	before := len(a.params)
	params := false
	for _, arg := range f.Args {
		walk(arg.ProtoReflect(), func(m any) {
			if _, ok := m.(*pg.ParamRef); ok {
				params = true
			}
		})
	}
	a.arguments(f, sc)
	if !params && before == len(a.params) {
		return a.fragment(sql)
	}
	f.Funcname = names("pg_catalog", name)
	c := when(boolean(true), a.fragment(sql))
	c.GetCaseExpr().Defresult = n
	return c
}

// vouched finds a function that the policy lists: by its full name, or by the search
// path where pg_catalog has none of that name.
func (a *analysis) vouched(parts []string) (string, bool) {
	if len(a.policy.functions) == 0 {
		return "", false
	}
	if len(parts) == 2 {
		full := parts[0] + "." + parts[1]
		return full, a.policy.functions[full]
	}
	if allowedFunctions[parts[0]] || constantFunctions[parts[0]] != "" {
		return "", false
	}
	for _, s := range a.session.SearchPath {
		if full := s + "." + parts[0]; a.policy.functions[full] {
			return full, true
		}
	}
	return "", false
}

func (a *analysis) noFunction(f *pg.FuncCall, name string) {
	a.failReason("function", codeForbidden, f.Location, fmt.Sprintf("function %s is not allowed", name),
		"Only functions of pg_catalog that compute with their arguments are allowed; the operator can add functions to the policy.")
}

// arguments analyses everything in a call; nothing of it may be sealed.
func (a *analysis) arguments(f *pg.FuncCall, sc *scope) {
	a.clearAll(f.Args, sc)
	a.sortExpressions(f.AggOrder, sc)
	a.rest(f, sc)
}

// rest analyses FILTER and OVER.
func (a *analysis) rest(f *pg.FuncCall, sc *scope) {
	if f.AggFilter != nil {
		f.AggFilter = a.condition(f.AggFilter, sc)
	}
	if f.Over != nil {
		a.window(f.Over, sc)
	}
}

// count counts a sealed column: its carrier is NULL where the masked value is.
func (a *analysis) count(f *pg.FuncCall, n *pg.Node, sc *scope) *pg.Node {
	at := location(f.Args[0])
	v := a.expr(f.Args[0], sc)
	f.Args[0] = v.node
	if v.seal != nil {
		if !v.seal.nulls {
			a.refuseSealed(v.seal, at, "it is counted, but which values the method removes cannot be told in SQL", "count(*) counts rows")
		}
		if f.AggDistinct && !v.seal.comparable {
			a.refuseSealed(v.seal, at, "its distinct values are counted, but equal masked values may be different originals", "count the distinct sealed ids of the patients")
		}
		if v.column != nil && v.column.twin != "" && v.column.emit == nil {
			f.Args[0] = a.twinOf(v.column)
		}
		if len(f.AggOrder) > 0 {
			a.fail(codeForbidden, at, "count needs no ORDER BY", "leave it away")
		}
	}
	a.sortExpressions(f.AggOrder, sc)
	a.rest(f, sc)
	return n
}

// carry is a window function that hands on a value of another row.
func (a *analysis) carry(f *pg.FuncCall, n *pg.Node, sc *scope) value {
	var vs []value
	for i, arg := range f.Args {
		at := location(arg)
		v := a.expr(arg, sc)
		f.Args[i] = v.node
		isDefault := i == 2 && (lastPart(f.Funcname) == "lag" || lastPart(f.Funcname) == "lead")
		if i == 0 || isDefault {
			vs = append(vs, v)
		} else if v.seal != nil {
			a.refuseSealed(v.seal, at, "it is an argument of a function", "")
		} else if v.fence != nil {
			a.refuseFenced(v.fence, at)
		}
	}
	s := a.carried(vs, f.Location)
	fence := a.sameFence(vs, f.Location)
	a.sortExpressions(f.AggOrder, sc)
	a.rest(f, sc)
	return value{node: n, seal: s, fence: fence}
}

func lastPart(nodes []*pg.Node) string {
	name, _ := lastName(nodes)
	return name
}

// special answers functions whose answer is the session's or the consumer's own.
func (a *analysis) special(name string, f *pg.FuncCall, n *pg.Node, sc *scope) *pg.Node {
	switch name {
	case "current_schema":
		return a.currentSchema()
	case "current_schemas":
		list := append([]string(nil), a.session.SearchPath...)
		if len(f.Args) == 1 && f.Args[0].GetAConst().GetBoolval().GetBoolval() {
			list = searched(list)
		}
		var there []string
		for _, s := range list {
			if _, ok := a.catalog.schemas[s]; ok || system(s) {
				there = append(there, s)
			}
		}
		return a.fragment(arraySQL(there, "name"))
	case "pg_table_is_visible":
		a.arguments(f, sc)
		if len(f.Args) != 1 {
			a.noFunction(f, name)
		}
		var oids []string
		for oid := range a.over.system.visible {
			r := a.catalog.relations[oid]
			if a.catalog.relation(a.session.SearchPath, "", r.Name) == r {
				oids = append(oids, fmt.Sprint(oid))
				for _, i := range r.Indexes {
					oids = append(oids, fmt.Sprint(i))
				}
			}
		}
		slices.Sort(oids)
		f.Funcname = names("pg_catalog", name)
		in := &pg.Node{Node: &pg.Node_AExpr{AExpr: &pg.A_Expr{Kind: pg.A_Expr_Kind_AEXPR_OP_ANY, Name: names("="), Lexpr: f.Args[0], Rexpr: a.fragment(arraySQL(oids, "oid"))}}}
		return either(in, n)
	case "current_setting":
		if len(f.Args) == 0 {
			return nil
		}
		s, ok := constantText(f.Args[0])
		if !ok || !shownSettings[strings.ToLower(s)] {
			a.fail(codeUnknownSet, f.Location, "this configuration parameter is not shown", "")
		}
		if strings.EqualFold(s, "search_path") {
			return cast(text(pathText(a.session.SearchPath)), "text")
		}
		a.arguments(f, sc)
		f.Funcname = names("pg_catalog", name)
		return n
	case "session_user", "current_user", "getpgusername":
		a.personal = true
		return cast(text(a.session.User), "name")
	case "to_regtype":
		if len(f.Args) != 1 {
			return nil
		}
		// Types of pg_catalog alone: the upstream's search path holds no more.
		arg := cast(a.clear(f.Args[0], sc), "text")
		f.Funcname, f.Args = names("pg_catalog", name), []*pg.Node{arg}
		return when(op("!~", arg, text(`[."]`)), n)
	case "pg_partition_ancestors":
		if len(f.Args) != 1 {
			return nil
		}
		a.arguments(f, sc)
		f.Funcname = names("pg_catalog", "unnest")
		f.Args = []*pg.Node{a.ancestors(f.Args[0])}
		return n
	case "to_regclass":
		if len(f.Args) != 1 {
			return nil
		}
		if f.Args[0].GetParamRef() != nil {
			return a.named2oid(a.clear(f.Args[0], sc))
		}
		s, ok := constantText(f.Args[0])
		parts := splitName(s)
		if !ok || len(parts) == 0 || len(parts) > 2 {
			a.noFunction(f, name)
		}
		schema := ""
		if len(parts) == 2 {
			schema = parts[0]
		}
		r := a.catalog.relation(a.session.SearchPath, schema, parts[len(parts)-1])
		if r == nil || !system(r.Schema) && !a.over.system.visible[r.OID] {
			return cast(null(), "regclass")
		}
		return cast(cast(text(fmt.Sprint(r.OID)), "oid"), "regclass")
	case "pg_get_constraintdef":
		a.arguments(f, sc)
		if len(f.Args) == 0 {
			a.noFunction(f, name)
		}
		// Only of keys: a CHECK holds constants.
		f.Funcname = names("pg_catalog", name)
		return a.constraintDef(f, n)
	}
	return nil
}

// ancestors are a relation and what it is a part of, as far as that is visible.
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
			up = a.catalog.relations[up.Parents[0]]
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

// named2oid looks the name of a visible relation up, without asking the upstream's own
// search path. A number is an OID.
func (a *analysis) named2oid(name *pg.Node) *pg.Node {
	var list, oids []string
	add := func(r *Relation) {
		oid := fmt.Sprint(r.OID)
		list, oids = append(list, r.Schema+"."+r.Name), append(oids, oid)
		if a.catalog.relation(a.session.SearchPath, "", r.Name) == r {
			list, oids = append(list, r.Name), append(oids, oid)
		}
	}
	for _, r := range a.catalog.Relations() {
		if _, listed := systemRelations[r.Schema+"."+r.Name]; listed || a.over.system.visible[r.OID] {
			add(r)
		}
	}
	for _, r := range list[:len(list):len(list)] {
		if o := slices.Index(list, r); o >= 0 {
			oids, list = append(oids, oids[o]), append(list, oids[o])
		}
	}
	arg := cast(name, "text")
	place := call("array_position", a.fragment(arraySQL(list, "text")), arg)
	found := &pg.Node{Node: &pg.Node_AIndirection{AIndirection: &pg.A_Indirection{
		Arg:         a.fragment(arraySQL(oids, "oid")),
		Indirection: []*pg.Node{{Node: &pg.Node_AIndices{AIndices: &pg.A_Indices{Uidx: place}}}},
	}}}
	return cast(found, "regclass")
}

// constraintDef tells the definition of a primary key, unique or foreign key of a
// visible relation.
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
			b.WriteString(quoteIdent(s))
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
