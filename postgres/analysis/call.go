package analysis

import (
	"fmt"
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"
	"google.golang.org/protobuf/proto"
)

// call analyses a function call. Allowed functions are those of pg_catalog on the
// allow-list, and those of the database that the operator vouches for. The name is qualified
// with its schema, so that no other function can take its place.
func (a *analysis) call(f *pg.FuncCall, n *pg.Node, sc *scope) value {
	parts, ok := dotted(f.Funcname)
	if !ok || len(parts) == 0 || len(parts) > 3 {
		a.fail(codeSyntax, f.Location, "this function name cannot be read", "")
	}
	if f.Over != nil && sc.query == nil {
		a.fail(codeWindowing, f.Location, "window functions are not allowed here", "Filter outside: SELECT … FROM (SELECT …, rank() OVER (…) AS r FROM …) x WHERE r = 1.")
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
		if f.Over == nil {
			sc.unsure = true // it may be an aggregate
		}
		a.inexactWindow(f, sc)
		return value{node: n}
	}
	expand := schema == "information_schema" && name == "_pg_expandarray"
	if schema != "pg_catalog" && !expand {
		a.noFunction(f, strings.Join(parts, "."))
	}
	if special := a.special(name, f, n, sc); special != nil {
		return value{node: special, names: namesFunctions[name]}
	}
	if sql, ok := constantFunctions[name]; ok {
		return value{node: a.constant(sql, name, f, n, sc)}
	}
	if !allowedFunctions[name] && !expand {
		a.noFunction(f, name)
	}
	// SQL's own syntax (EXTRACT … FROM) calls a function of pg_catalog.
	f.Funcname = names(schema, name)
	a.foreignArguments(name, f, sc)
	inexact, float := a.inexact(name, f, sc), uint32(0)
	if inexact {
		float = a.summed(name, f, sc)
	}
	v := a.listed(name, f, n, sc)
	if float != 0 {
		inexact = false
		v.node = a.exactSum(name, f, v.node, float)
	}
	switch {
	case f.Over == nil:
		a.aggregate(name, f, inexact, sc)
	case inexact:
		a.inexactWindow(f, sc)
	}
	return v
}

// inexactWindow records that the result of a window function may depend on the order of
// peers.
func (a *analysis) inexactWindow(f *pg.FuncCall, sc *scope) {
	for i := range sc.windows {
		if sc.windows[i].f == f {
			sc.windows[i].inexact = true
		}
	}
}

// listed analyses a call of a function on the allow-list.
func (a *analysis) listed(name string, f *pg.FuncCall, n *pg.Node, sc *scope) value {
	if (name == "min" || name == "max") && len(f.Args) == 1 {
		at := location(f.Args[0])
		v := a.expr(f.Args[0], sc)
		persons := sc.groupPersons
		if f.Over != nil {
			persons = a.partitionPersons(f.Over, sc)
		}
		if out, ok := a.extreme(f, v, persons); ok {
			a.sortInput(f, sc)
			a.rest(f, sc)
			return out
		}
		if v.keying != nil && v.keying.orderable() && v.keying.composed == nil {
			out := a.ownExtreme(f, v, at)
			a.sortInput(f, sc)
			a.rest(f, sc)
			return out
		}
		f.Args[0] = a.unkeyed(v, at)
		if f.Over != nil && v.restricted != nil {
			a.refuseRestricted(v.restricted, at)
		}
		a.sortInput(f, sc)
		a.rest(f, sc)
		return value{node: n, restricted: v.restricted}
	}
	if name == "count" && len(f.Args) == 1 && !f.AggStar {
		return value{node: a.count(f, n, sc)}
	}
	if carryFunctions[name] && f.Over != nil && len(f.Args) > 0 {
		return a.carry(f, n, sc)
	}
	if v, ok := a.listCall(name, f, n, sc); ok {
		return v
	}
	if v, ok := a.rowCall(name, f, n, sc); ok {
		return v
	}
	if collects(name, f) {
		return a.collected(name, f, n, sc)
	}
	vs := a.argumentValues(f, sc)
	if plainCall(f) {
		if v, ok := a.made(name, vs); ok {
			return v
		}
	}
	a.unkeyedArguments(f, vs, sc)
	if name == "clock_timestamp" || name == "timeofday" {
		// One time for all rows: a time of each row would reveal the order in which they were read.
		return value{node: selectOnce(n)}
	}
	return value{node: n}
}

// made returns what Veil makes of a function's keyed arguments. ok is false if it cannot.
func (a *analysis) made(name string, vs []value) (out value, ok bool) {
	if len(vs) == 0 {
		return out, false
	}
	if name == "format" {
		return a.format(vs)
	}
	for _, f := range []func(string, []value) (value, bool){a.compose, a.composeJSON, a.ofArray} {
		if out, ok = f(name, vs); ok {
			return out, true
		}
	}
	return out, false
}

// collected analyses an aggregate that collects its argument.
func (a *analysis) collected(name string, f *pg.FuncCall, n *pg.Node, sc *scope) value {
	by := collecting{}
	by.how, by.inVeil = sortsItself(f)
	var vs []value
	if strings.HasPrefix(name, "json") {
		var v value
		if v, by.isRow = a.rowObject(f.Args[0], sc, name == "jsonb_agg"); by.isRow {
			vs = []value{v}
		}
	}
	if !by.isRow {
		vs = a.argumentValues(f, sc)
	}
	if _, object := objectLists[name]; object && firstKeying(vs...) != nil {
		return a.collectObject(name, f, vs, sc)
	}
	if vs[0].keying != nil {
		return a.collect(name, f, vs, by, sc)
	}
	a.unkeyedArguments(f, vs, sc)
	return value{node: n}
}

// plainCall reports whether a call has only arguments.
func plainCall(f *pg.FuncCall) bool {
	return f.Over == nil && f.AggFilter == nil && !f.AggDistinct && !f.FuncVariadic && !f.AggStar && !f.AggWithinGroup && len(f.AggOrder) == 0
}

// constant replaces a function call with a constant. A call with parameters remains in a
// branch that is never reached, so that the parameters have their types.
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

// vouched finds a function that the policy lists: by its full name, or by the search path if
// pg_catalog has none of that name.
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
	schema, last := "", name
	if parts := strings.Split(name, "."); len(parts) == 2 {
		schema, last = parts[0], parts[1]
	}
	object, _ := a.catalog.Function(a.session.SearchPath, schema, last)
	a.failAbout(object, "function", codeForbidden, f.Location, fmt.Sprintf("function %s is not allowed", name),
		"Only functions of pg_catalog that compute with their arguments are allowed; the operator can add functions to the policy.")
}

// arguments analyses everything in a call; no part of it may be keyed.
func (a *analysis) arguments(f *pg.FuncCall, sc *scope) {
	a.unkeyedArguments(f, a.argumentValues(f, sc), sc)
}

// argumentValues analyses the arguments of a call.
func (a *analysis) argumentValues(f *pg.FuncCall, sc *scope) (vs []value) {
	for _, n := range f.Args {
		vs = append(vs, a.expr(n, sc))
	}
	return vs
}

// unkeyedArguments sets the analysed arguments of a call, none of which may be keyed, and
// analyses the rest of the call.
func (a *analysis) unkeyedArguments(f *pg.FuncCall, vs []value, sc *scope) {
	for i, v := range vs {
		at := location(f.Args[i])
		if v.keying != nil {
			a.refuseKeyed(v.keying, at, "cannot be an argument of function "+lastPart(f.Funcname), "It can be selected, compared for equality, grouped, counted and tested for NULL.", callHint(lastPart(f.Funcname)))
		}
		if v.restricted != nil {
			a.refuseRestricted(v.restricted, at)
		}
		a.retyped(v, at)
		f.Args[i] = v.node
	}
	a.sortInput(f, sc)
	a.rest(f, sc)
}

// callHint suggests what to do instead of calling a function with a keyed value.
func callHint(name string) string {
	switch {
	case strings.HasSuffix(name, "_agg"):
		return "PostgreSQL works with the original there. Select a row for each value, with the same ORDER BY, and collect them at the client. To count them, use count(DISTINCT …)."
	case name == "unnest" || strings.HasPrefix(name, "array_"):
		return "Collect the ids by array_agg in a sub-select, and read them in the query over it: FROM …, unnest(t.ids) AS u(id), x = ANY (t.ids), array_position(t.ids, x)."
	case strings.HasPrefix(name, "sha"):
		return "PostgreSQL works with the original there. Select the pseudonym, which is a key already, and compute with it at the client."
	}
	return ""
}

// retyped refuses to compute, in a view's definition, with a column that is returned as text
// although the view was written for a number. Only that column of the view is unavailable.
func (a *analysis) retyped(v value, at int32) {
	if c := v.column; a.views > 0 && c != nil && c.retyped != "" {
		a.fail(codeForbidden, at, fmt.Sprintf("column %s is returned as text by its rule", c.retyped), "")
	}
}

// rest analyses FILTER and OVER.
func (a *analysis) rest(f *pg.FuncCall, sc *scope) {
	if f.AggFilter != nil {
		f.AggFilter = a.condition(f.AggFilter, sc)
	}
	if f.Over != nil {
		a.window(f.Over, sc)
		sc.windows = append(sc.windows, windowCall{f: f, name: lastPart(f.Funcname)})
	}
}

// count counts a keyed column: its wrapper is NULL where the masked value is.
func (a *analysis) count(f *pg.FuncCall, n *pg.Node, sc *scope) *pg.Node {
	at := location(f.Args[0])
	if it := a.wholeItem(f.Args[0], sc); it != nil && !f.AggDistinct && len(f.AggOrder) == 0 {
		// The existence of rows reveals nothing about their values.
		f.Args[0] = column(it.ref)
		a.rest(f, sc)
		return n
	}
	if a.countRows(f, sc) {
		return n
	}
	v := a.expr(f.Args[0], sc)
	f.Args[0] = v.node
	if v.keying != nil {
		if f.Args[0] = a.testable(v); f.Args[0] == nil {
			a.refuseKeyed(v.keying, at, "cannot be counted", "SQL cannot determine which values the method removes.", "Use count(*) to count rows.")
		}
		if f.AggDistinct && !v.keying.comparable {
			a.refuseKeyed(v.keying, at, "cannot be counted with DISTINCT", "Equal masked values may have different originals.", "Count the distinct sealed ids of the patients.")
		}
		if len(f.AggOrder) > 0 {
			a.fail(codeForbidden, at, "count needs no ORDER BY", "Remove the ORDER BY.")
		}
	}
	a.sortInput(f, sc)
	a.rest(f, sc)
	return n
}

// wholeItem finds the FROM item whose whole row an argument refers to, as t or t.*. It
// returns nil for anything else, and for the row of a join.
func (a *analysis) wholeItem(n *pg.Node, sc *scope) *item {
	ref := n.GetColumnRef()
	if ref == nil || a.starred[ref] != nil {
		return nil
	}
	fields := ref.Fields
	starred := fields[len(fields)-1].GetAStar() != nil
	if starred {
		fields = fields[:len(fields)-1]
	}
	parts, ok := dotted(fields)
	if !ok || len(parts) == 0 || len(parts) > 2 || !starred && len(parts) > 1 {
		return nil
	}
	var it *item
	if starred {
		schema := ""
		if len(parts) == 2 {
			schema = parts[0]
		}
		it = a.item(schema, parts[len(parts)-1], sc, ref.Location)
	} else if c, whole := a.lookup(ref, sc); c == nil {
		it = whole
	}
	if it == nil || it.join {
		return nil
	}
	return it
}

// carry analyses a window function that returns a value of another row.
func (a *analysis) carry(f *pg.FuncCall, n *pg.Node, sc *scope) value {
	var vs []value
	for i, arg := range f.Args {
		at := location(arg)
		v := a.expr(arg, sc)
		f.Args[i] = v.node
		isDefault := i == 2 && (lastPart(f.Funcname) == "lag" || lastPart(f.Funcname) == "lead")
		if i == 0 || isDefault {
			vs = append(vs, v)
		} else if v.keying != nil {
			a.refuseKeyed(v.keying, at, "cannot be an argument of function "+lastPart(f.Funcname), "", "")
		} else if v.restricted != nil {
			a.refuseRestricted(v.restricted, at)
		}
	}
	s := a.carried(vs, f.Location)
	restricted := a.sameRestriction(vs, f.Location)
	out := value{node: n, keying: s, restricted: restricted}
	if len(vs) == 1 && vs[0].date != nil {
		// The same call over the computable form of the date: if a partition is about one person, a
		// value of another of its rows is about that person too.
		for _, p := range a.partitionPersons(f.Over, sc) {
			if plain := a.within(vs[0].date, []*person{p}); plain != nil {
				own := proto.Clone(f).(*pg.FuncCall)
				own.Args, own.Over, own.AggFilter = append([]*pg.Node{plain}, f.Args[1:]...), f.Over, nil
				sc.windows = append(sc.windows, windowCall{f: own, name: lastPart(f.Funcname)})
				d := *vs[0].date
				d.person, d.used, d.plain = p, nil, func() *pg.Node { return &pg.Node{Node: &pg.Node_FuncCall{FuncCall: own}} }
				out.date = &d
				break
			}
		}
	}
	a.sortInput(f, sc)
	a.rest(f, sc)
	return out
}

func lastPart(nodes []*pg.Node) string {
	name, _ := lastName(nodes)
	return name
}
