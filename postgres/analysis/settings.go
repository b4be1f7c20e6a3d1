package analysis

import (
	"fmt"
	"slices"
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"
	"github.com/veil-proxy/veil/postgres/catalog"
	"github.com/veil-proxy/veil/postgres/rows"
)

// set analyses SET and RESET.
func (a *analysis) set(s *pg.VariableSetStmt, n *pg.Node) {
	p := a.plan
	p.Kind, p.Command = Set, "SET"
	name := strings.ToLower(s.Name)
	p.Setting = &Setting{Name: name, Local: s.IsLocal}
	switch s.Kind {
	case pg.VariableSetKind_VAR_RESET_ALL:
		// Back to the values of the startup message, which has SessionSettings.
		p.Command, p.Setting.Name = "RESET", ""
		p.SQL = "RESET ALL"
		return
	case pg.VariableSetKind_VAR_SET_MULTI:
		if s.Name != "TRANSACTION" && s.Name != "SESSION CHARACTERISTICS" {
			a.fail(codeForbidden, 0, "this SET is not allowed", "")
		}
		a.readOnlyOptions(s.Args)
		p.SQL = a.deparse(n, true)
		return
	case pg.VariableSetKind_VAR_RESET, pg.VariableSetKind_VAR_SET_DEFAULT:
		p.Command = "RESET"
		if s.Kind == pg.VariableSetKind_VAR_SET_DEFAULT {
			p.Command = "SET"
		}
	case pg.VariableSetKind_VAR_SET_VALUE:
		for _, arg := range s.Args {
			c, ok := constantOf(arg)
			if !ok || c.null || c.param > 0 {
				a.fail(codeForbidden, 0, "the value of a parameter must be a constant", "")
			}
			p.Setting.Values = append(p.Setting.Values, c.text)
		}
		canonical := a.readSetting(name, p.Setting.Values)
		if !slices.Equal(canonical, p.Setting.Values) {
			p.Setting.Values, s.Args = canonical, nil
			for _, v := range canonical {
				s.Args = append(s.Args, text(v))
			}
		}
	default:
		a.fail(codeForbidden, 0, "this SET is not allowed", "")
	}
	a.readSetting(name, nil)
	if !parameters[name].kept {
		p.SQL = a.deparse(n, true)
	}
}

// setConfig analyses a call of set_config whose arguments are constants. It does what SET
// does. If the session remembers the value, it must be certain that the call is executed,
// so it must then be a column of a SELECT without FROM, WHERE and the like.
func (a *analysis) setConfig(f *pg.FuncCall, n *pg.Node) *pg.Node {
	hint := "Write it as SELECT set_config('name', 'value', false), or as SET name = 'value'."
	if len(f.Args) != 3 {
		a.fail(codeNoFunction, f.Location, "set_config takes three arguments", hint)
	}
	var args [3]constant
	for i, arg := range f.Args {
		c, ok := constantOf(arg)
		if !ok || c.param > 0 && (i != 1 || a.reached[f] == 0) || c.null && i != 1 {
			a.fail(codeForbidden, f.Location, "the arguments of set_config must be constants", hint)
		}
		args[i] = c
	}
	name := strings.ToLower(args[0].text)
	set := Setting{Name: name, Local: strings.HasPrefix(strings.ToLower(args[2].text), "t")}
	if args[1].param > 0 {
		a.readSetting(name, nil)
		if a.reached[f] > 1 {
			a.fail(codeForbidden, f.Location, fmt.Sprintf("parameter $%d is the value of a setting and is also used in another way", args[1].param), "Use two parameters.")
		}
		set.Param = args[1].param
		a.plan.Settings = append(a.plan.Settings, set)
		value := cast(a.clear(f.Args[1], &scope{}), "text")
		if parameters[name].kept {
			return value
		}
		f.Funcname = names("pg_catalog", "set_config")
		f.Args = []*pg.Node{text(name), value, boolean(set.Local)}
		return n
	}
	if !args[1].null {
		set.Values = []string{args[1].text}
		if name == "search_path" {
			var ok bool
			set.Shown = &args[1].text
			if set.Values, ok = SplitNames(args[1].text); !ok {
				a.fail(codeInvalidValue, f.Location, `invalid value for parameter "search_path"`, "List schemas with commas between them.")
			}
		}
	}
	set.Values = a.readSetting(name, set.Values)
	p := parameters[name]
	if a.reached[f] > 0 || !p.kept && p.form == nil {
		a.plan.Settings = append(a.plan.Settings, set)
	} else if name == "search_path" || name == "application_name" || FormOf(name, set.Values) != "" {
		a.fail(codeForbidden, f.Location, fmt.Sprintf("parameter %q cannot be set within this query", name), hint)
	}
	value := strings.Join(set.Values, ", ")
	if name == "search_path" {
		value = args[1].text
	}
	if p.kept {
		if len(set.Values) == 0 {
			a.fail(codeForbidden, f.Location, "set_config needs a value here", fmt.Sprintf("write RESET %s", name))
		}
		return cast(text(value), "text")
	}
	f.Funcname = names("pg_catalog", "set_config")
	f.Args = []*pg.Node{text(name), cast(text(value), "text"), boolean(set.Local)}
	if args[1].null {
		f.Args[1] = cast(null(), "text")
	}
	return n
}

// Bound returns the plan with the values of settings that come from parameters, as they
// are read for the session. bound returns a parameter's text; ok is false for NULL. values
// are the parameters as they are sent upstream.
func (p *Plan) Bound(s *Session, bound func(param int32) (string, bool)) (out *Plan, values map[int32]string, refusal *Refusal) {
	if !slices.ContainsFunc(p.Settings, func(s Setting) bool { return s.Param > 0 }) {
		return p, nil, nil
	}
	defer func() {
		if r, ok := recover().(*Refusal); ok {
			out, values, refusal = nil, nil, r
		}
	}()
	a := &analysis{session: s, text: ""}
	own := *p
	own.Settings, values = slices.Clone(p.Settings), map[int32]string{}
	for i := range own.Settings {
		set := &own.Settings[i]
		if set.Param == 0 {
			continue
		}
		value, ok := bound(set.Param)
		switch kept := parameters[set.Name].kept; {
		case !ok && kept:
			a.fail(codeForbidden, 0, "set_config needs a value here", "write RESET "+set.Name)
		case !ok:
			continue // back to the default
		}
		if set.Name == "search_path" {
			set.Shown = &value
			if set.Values, ok = SplitNames(value); !ok {
				a.fail(codeInvalidValue, 0, `invalid value for parameter "search_path"`, "List schemas with commas between them.")
			}
			a.readSetting(set.Name, set.Values)
			continue
		}
		set.Values = a.readSetting(set.Name, []string{value})
		values[set.Param] = strings.Join(set.Values, ", ")
	}
	return &own, values, nil
}

// reach notes the calls that are columns of a query of one row, which are made
// whenever it runs, with the most often that the query has a parameter of theirs.
func (a *analysis) reach(q *pg.SelectStmt) {
	if q.Op != pg.SetOperation_SETOP_NONE || q.WithClause != nil || q.WhereClause != nil || q.HavingClause != nil || q.LimitCount != nil || q.LimitOffset != nil ||
		len(q.FromClause)+len(q.GroupClause)+len(q.DistinctClause)+len(q.ValuesLists) > 0 {
		return
	}
	uses := map[int32]int{}
	for _, t := range q.TargetList {
		walk(t.ProtoReflect(), func(m any) {
			if p, ok := m.(*pg.ParamRef); ok {
				uses[p.Number]++
			}
		})
	}
	a.reached = map[*pg.FuncCall]int{}
	for _, t := range q.TargetList {
		f := t.GetResTarget().GetVal().GetFuncCall()
		if f == nil {
			continue
		}
		a.reached[f] = 1
		for _, arg := range f.Args {
			if c, ok := constantOf(arg); ok {
				a.reached[f] = max(a.reached[f], uses[c.param])
			}
		}
	}
}

// show analyses SHOW.
func (a *analysis) show(s *pg.VariableShowStmt) {
	p := a.plan
	name := strings.ToLower(s.Name)
	p.Command = "SHOW"
	if !shownSettings[name] {
		a.fail(codeUnknownSet, 0, fmt.Sprintf("parameter %q is not shown", s.Name), "SHOW ALL is not supported; show single parameters.")
	}
	p.Columns = []rows.Column{{Name: name, Action: -1}}
	if spelled := spelledSettings[name]; spelled != "" {
		p.Columns[0].Name = spelled
	}
	if value, kept := a.keptSetting(name); kept {
		p.cached = false
		p.Kind, p.Answer = Local, [][]string{{value}}
		return
	}
	p.Kind, p.SQL = Rows, "SHOW "+catalog.QuoteIdent(name)
}

// spelledSettings has the names with capitals.
var spelledSettings = map[string]string{"timezone": "TimeZone", "datestyle": "DateStyle", "intervalstyle": "IntervalStyle"}

// ownSettings has the parameters whose value upstream is not that of the session.
var ownSettings = []string{"application_name", "client_encoding", "is_superuser", "role", "search_path", "session_authorization"}

// keptSetting returns the value of a parameter that the proxy knows better than the
// upstream.
func (a *analysis) keptSetting(name string) (string, bool) {
	if !slices.Contains(ownSettings, name) {
		return "", false
	}
	a.personal = true
	if a.session.Setting != nil {
		if value, ok := a.session.Setting(name); ok {
			return value, true
		}
	}
	switch name {
	case "search_path":
		return pathText(a.session.SearchPath), true
	case "session_authorization":
		return a.session.User, true
	case "is_superuser":
		return "off", true
	case "role":
		return "none", true
	}
	return "", false
}

// currentSetting is a call of current_setting. A name that is not constant is looked up
// among those that are shown when the query runs.
func (a *analysis) currentSetting(f *pg.FuncCall, n *pg.Node, sc *scope) *pg.Node {
	if len(f.Args) == 0 || len(f.Args) > 2 {
		return nil
	}
	f.Funcname = names("pg_catalog", "current_setting")
	if s, ok := constantText(f.Args[0]); ok {
		name := strings.ToLower(s)
		if !shownSettings[name] {
			if len(f.Args) == 2 {
				if c, ok := constantOf(f.Args[1]); ok && strings.HasPrefix(strings.ToLower(c.text), "t") {
					return cast(null(), "text") // missing_ok
				}
			}
			a.fail(codeUnknownSet, f.Location, "this configuration parameter is not shown", "")
		}
		if value, ok := a.keptSetting(name); ok {
			return cast(text(value), "text")
		}
		a.arguments(f, sc)
		return n
	}
	a.arguments(f, sc)
	name := call("lower", cast(f.Args[0], "text"))
	f.Args[0] = cast(f.Args[0], "text")
	c := &pg.CaseExpr{Defresult: n}
	add := func(cond, result *pg.Node) {
		c.Args = append(c.Args, &pg.Node{Node: &pg.Node_CaseWhen{CaseWhen: &pg.CaseWhen{Expr: cond, Result: result}}})
	}
	// An unknown name returns NULL or the error, as the call says.
	missing := clone(n)
	missing.GetFuncCall().Args[0] = op("||", text("veil."), name)
	add(not(inArray(name, arraySQL(shownNames(), "text"))), missing)
	for _, own := range ownSettings {
		if value, ok := a.keptSetting(own); ok {
			add(op("=", name, text(own)), cast(text(value), "text"))
		}
	}
	return &pg.Node{Node: &pg.Node_CaseExpr{CaseExpr: c}}
}

// shownNames returns the sorted names of shownSettings.
func shownNames() []string {
	var all []string
	for name := range shownSettings {
		all = append(all, name)
	}
	slices.Sort(all)
	return all
}

// inArray writes x = ANY (array).
func inArray(x *pg.Node, array string) *pg.Node {
	return &pg.Node{Node: &pg.Node_AExpr{AExpr: &pg.A_Expr{Kind: pg.A_Expr_Kind_AEXPR_OP_ANY, Name: names("="), Lexpr: x, Rexpr: parseFragment(array)}}}
}

// SplitNames splits a list of names at its commas, as PostgreSQL reads search_path: in
// lower case unless they are quoted.
func SplitNames(s string) (list []string, ok bool) {
	const space = " \t\n\r\f\v"
	s = strings.Trim(s, space)
	if s == "" {
		return []string{""}, true // there is no schema of that name
	}
	for {
		var name string
		if strings.HasPrefix(s, `"`) {
			var b strings.Builder
			for s = s[1:]; ; {
				i := strings.IndexByte(s, '"')
				if i < 0 {
					return nil, false
				}
				b.WriteString(s[:i])
				s = s[i+1:]
				if !strings.HasPrefix(s, `"`) {
					break
				}
				b.WriteByte('"')
				s = s[1:]
			}
			name = b.String()
		} else {
			i := strings.IndexAny(s, space+",")
			if i < 0 {
				i = len(s)
			}
			if i == 0 {
				return nil, false
			}
			name, s = strings.ToLower(s[:i]), s[i:]
		}
		list = append(list, name)
		s = strings.TrimLeft(s, space)
		if s == "" {
			return list, true
		}
		if s[0] != ',' {
			return nil, false
		}
		s = strings.TrimLeft(s[1:], space)
	}
}
