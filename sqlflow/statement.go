package sqlflow

import (
	"fmt"
	"slices"
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"
	pgquery "github.com/wasilibs/go-pgquery"
)

// statement analyses a statement by its class. A class that has no case is refused.
func (a *analysis) statement(n *pg.Node) {
	p := a.plan
	switch x := n.GetNode().(type) {
	case *pg.Node_SelectStmt:
		p.Kind, p.Command = Rows, "SELECT"
		a.top(x.SelectStmt)
		p.SQL = a.deparse(n, false)
	case *pg.Node_CopyStmt:
		a.copyOut(x.CopyStmt, n)
	case *pg.Node_DeclareCursorStmt:
		a.declare(x.DeclareCursorStmt, n)
	case *pg.Node_FetchStmt:
		a.fetch(x.FetchStmt, n)
	case *pg.Node_ClosePortalStmt:
		p.Kind, p.Command, p.Name = CloseCursor, "CLOSE CURSOR", x.ClosePortalStmt.Portalname
		p.SQL = a.deparse(n, true)
	case *pg.Node_PrepareStmt:
		a.prepare(x.PrepareStmt, n)
	case *pg.Node_ExecuteStmt:
		a.execute(x.ExecuteStmt, n)
	case *pg.Node_DeallocateStmt:
		p.Kind, p.Command, p.Name = Deallocate, "DEALLOCATE", x.DeallocateStmt.Name
		p.SQL = a.deparse(n, true)
	case *pg.Node_TransactionStmt:
		a.transaction(x.TransactionStmt, n)
	case *pg.Node_VariableSetStmt:
		a.set(x.VariableSetStmt, n)
	case *pg.Node_VariableShowStmt:
		a.show(x.VariableShowStmt)
	case *pg.Node_ExplainStmt:
		a.explain(x.ExplainStmt, n)
	case *pg.Node_DiscardStmt:
		p.Kind, p.Command = Discard, "DISCARD"
		if x.DiscardStmt.Target == pg.DiscardMode_DISCARD_ALL {
			a.fail(codeForbidden, 0, "DISCARD ALL would reset the session", "use DEALLOCATE ALL and CLOSE ALL")
		}
		p.SQL = a.deparse(n, true)
	default:
		a.fail(codeReadOnly, 0, "this statement is not allowed: the database is read-only", "SELECT, COPY … TO STDOUT, cursors, PREPARE and transaction control work")
	}
}

// top analyses the query of a statement and fills in its columns.
func (a *analysis) top(q *pg.SelectStmt) {
	res := a.query(q, &scope{}, mode{})
	a.notFailed(res)
	a.plan.Columns = a.columns(res)
	for i := len(a.finish) - 1; i >= 0; i-- {
		a.finish[i]()
	}
}

// columns are the plan's columns of a result.
func (a *analysis) columns(res *result) []Column {
	var out []Column
	for _, c := range res.columns {
		col := Column{Name: c.name, whole: c.whole, origin: c.origin, action: c.action}
		if c.seal != nil {
			s := c.seal
			col.Sealed, col.Type, col.Modifier, col.seal = true, s.shown, -1, s
			col.Size = -1
			if t := a.catalog.types[s.shown]; t != nil {
				col.Size = t.Size
			}
			col.action = a.action(s.action)
		}
		out = append(out, col)
	}
	return out
}

// deparse writes a statement anew and holds that what it wrote is what was analysed.
// plain statements hold no relation.
func (a *analysis) deparse(n *pg.Node, plain bool) string {
	tree := &pg.ParseResult{Version: parserVersion, Stmts: []*pg.RawStmt{{Stmt: n}}}
	sql, err := pgquery.Deparse(tree)
	if err != nil || len(sql) > maxPlanSQL {
		panic(&Refusal{Code: codeLimit, Message: "the statement cannot be rewritten", Reason: "internal"})
	}
	if !plain {
		a.check(n, sql)
	}
	return sql
}

// parserVersion is the version of the grammar, as libpg_query counts.
const parserVersion = 170004

// copyOut turns COPY … TO STDOUT into COPY (query) TO STDOUT. The data comes in the
// client's own format, with carriers in it.
func (a *analysis) copyOut(c *pg.CopyStmt, n *pg.Node) {
	switch {
	case c.IsFrom:
		a.fail(codeReadOnly, 0, "COPY FROM writes", "COPY … TO STDOUT works")
	case c.IsProgram || c.Filename != "":
		a.fail(codeForbidden, 0, "COPY to a file or program of the server is not allowed", "COPY … TO STDOUT works")
	case c.WhereClause != nil:
		a.fail(codeSyntax, 0, "WHERE is not allowed with COPY TO", "")
	}
	if c.Relation != nil {
		v := c.Relation
		v.Inh = false // COPY of a table leaves out what inherits from it
		if r := a.catalog.relation(a.session.SearchPath, v.Schemaname, v.Relname); r != nil && r.Kind == 'p' {
			a.fail("42809", v.Location, "cannot copy from a partitioned table", "use COPY (SELECT …) TO STDOUT")
		} else if r != nil && (r.Kind == 'v' || r.Kind == 'm') {
			a.fail("42809", v.Location, "cannot copy from a view", "use COPY (SELECT …) TO STDOUT")
		}
		q := &pg.SelectStmt{LimitOption: pg.LimitOption_LIMIT_OPTION_DEFAULT, Op: pg.SetOperation_SETOP_NONE,
			FromClause: []*pg.Node{{Node: &pg.Node_RangeVar{RangeVar: v}}}}
		for _, name := range c.Attlist {
			q.TargetList = append(q.TargetList, target("", column(name.GetString_().GetSval())))
		}
		if len(q.TargetList) == 0 {
			q.TargetList = []*pg.Node{target("", &pg.Node{Node: &pg.Node_ColumnRef{ColumnRef: &pg.ColumnRef{
				Fields: []*pg.Node{{Node: &pg.Node_AStar{AStar: &pg.A_Star{}}}}}}})}
		}
		c.Relation, c.Attlist, c.Query = nil, nil, selectNode(q)
	}
	q := c.Query.GetSelectStmt()
	if q == nil {
		a.fail(codeReadOnly, 0, "only a SELECT can be copied", "")
	}
	a.plan.Kind, a.plan.Command = CopyOut, "COPY"
	a.top(q)
	if len(a.params) > 0 {
		a.fail("42P02", 0, "COPY takes no parameters", "")
	}
	a.plan.copy = a.copyFormat(c.Options)
	a.plan.SQL = a.deparse(n, false)
}

// declare analyses a cursor.
func (a *analysis) declare(d *pg.DeclareCursorStmt, n *pg.Node) {
	q := d.Query.GetSelectStmt()
	if q == nil {
		a.fail(codeReadOnly, 0, "only a SELECT can have a cursor", "")
	}
	const binary = 1 // CURSOR_OPT_BINARY
	if d.Options&binary != 0 {
		a.fail("0A000", 0, "a binary cursor is not supported", "ask for the binary format in the protocol")
	}
	a.top(q)
	a.plan.Kind, a.plan.Command, a.plan.Name = Declare, "DECLARE CURSOR", d.Portalname
	a.plan.SQL = a.deparse(n, false)
	a.inner()
}

// inner moves the columns to the plan of the statement that is held.
func (a *analysis) inner() {
	p := a.plan
	p.Inner = &Plan{Kind: Rows, Columns: p.Columns, Params: nil, Actions: p.Actions, Command: "SELECT", Fingerprint: p.Fingerprint, tag: []byte(a.tag)}
	p.Columns = nil
}

// fetch takes rows of a cursor that the session declared.
func (a *analysis) fetch(f *pg.FetchStmt, n *pg.Node) {
	p := a.plan
	p.Cached = false
	var held *Plan
	if a.session.Cursor != nil {
		held = a.session.Cursor(f.Portalname)
	}
	if held == nil {
		a.fail(codeNoCursor, 0, fmt.Sprintf("cursor %q does not exist", f.Portalname), "")
	}
	p.Kind, p.Command, p.Name = Fetch, "FETCH", f.Portalname
	p.SQL = a.deparse(n, true)
	if f.Ismove {
		p.Command = "MOVE"
		return
	}
	a.take(held)
}

// take gives the plan the columns of another one.
func (a *analysis) take(held *Plan) {
	p := a.plan
	if held.Inner != nil {
		held = held.Inner
	}
	p.Columns, p.Actions, a.tag = held.Columns, held.Actions, string(held.tag)
	p.explain = held.explain
}

// prepare analyses PREPARE.
func (a *analysis) prepare(s *pg.PrepareStmt, n *pg.Node) {
	q := s.Query.GetSelectStmt()
	if q == nil {
		a.fail(codeReadOnly, 0, "only a SELECT can be prepared", "Veil is read-only")
	}
	for _, t := range s.Argtypes {
		a.typeName(t.GetTypeName())
	}
	a.plan.Kind, a.plan.Command, a.plan.Name = Prepare, "PREPARE", s.Name
	a.top(q)
	for i := range s.Argtypes {
		number := int32(i + 1)
		if p := a.params[number]; p != nil && p.Sealed {
			c := cast(null(), "text")
			if p.array {
				c = castArray(null(), "text")
			}
			s.Argtypes[i] = &pg.Node{Node: &pg.Node_TypeName{TypeName: c.GetTypeCast().TypeName}}
		}
	}
	most := int32(0)
	for number := range a.params {
		most = max(most, number)
	}
	held := make([]Param, most)
	for number, p := range a.params {
		held[number-1] = *p
	}
	clear(a.params)
	a.plan.SQL = a.deparse(n, false)
	a.inner()
	a.plan.Inner.Params = held
}

// execute runs a statement that the session prepared. Pseudonyms among its arguments
// are opened.
func (a *analysis) execute(s *pg.ExecuteStmt, n *pg.Node) {
	p := a.plan
	p.Cached = false
	var held *Plan
	if a.session.Prepared != nil {
		held = a.session.Prepared(s.Name)
	}
	if held == nil {
		a.fail(codeNoPrepared, 0, fmt.Sprintf("prepared statement %q does not exist", s.Name), "")
	}
	inner := held
	if held.Inner != nil {
		inner = held.Inner
	}
	for i, arg := range s.Params {
		if i >= len(inner.Params) || !inner.Params[i].Sealed {
			s.Params[i] = a.clear(arg, &scope{})
			continue
		}
		c, ok := constantOf(arg)
		if !ok || c.param > 0 {
			a.fail(codeForbidden, location(arg), "an argument that is compared with a sealed column must be a literal", "write the pseudonym itself")
		}
		s.Params[i] = null()
		if !c.null {
			s.Params[i] = text(string(inner.AppendParam(nil, i, 0, []byte(c.text), a.keys())))
		}
	}
	for range a.finish {
		a.fail(codeForbidden, 0, "an argument of EXECUTE must not read tables", "")
	}
	p.Kind, p.Command, p.Name = Execute, "SELECT", s.Name
	p.SQL = a.deparse(n, true)
	a.take(held)
}

// transaction lets transactions pass, as long as they stay read-only and in this
// session.
func (a *analysis) transaction(t *pg.TransactionStmt, n *pg.Node) {
	p := a.plan
	p.Kind = Transaction
	words := map[pg.TransactionStmtKind]string{
		pg.TransactionStmtKind_TRANS_STMT_BEGIN: "BEGIN", pg.TransactionStmtKind_TRANS_STMT_START: "START TRANSACTION",
		pg.TransactionStmtKind_TRANS_STMT_COMMIT: "COMMIT", pg.TransactionStmtKind_TRANS_STMT_ROLLBACK: "ROLLBACK",
		pg.TransactionStmtKind_TRANS_STMT_SAVEPOINT: "SAVEPOINT", pg.TransactionStmtKind_TRANS_STMT_RELEASE: "RELEASE",
		pg.TransactionStmtKind_TRANS_STMT_ROLLBACK_TO: "ROLLBACK",
	}
	p.Command = words[t.Kind]
	if p.Command == "" {
		a.fail(codeForbidden, 0, "two-phase commit is not allowed", "")
	}
	a.readOnlyOptions(t.Options)
	p.SQL = a.deparse(n, true)
}

// readOnlyOptions refuses READ WRITE and what is not known.
func (a *analysis) readOnlyOptions(options []*pg.Node) {
	for _, o := range options {
		d := o.GetDefElem()
		switch d.GetDefname() {
		case "transaction_read_only":
			if c := d.Arg.GetAConst(); c.GetIval().GetIval() == 0 {
				a.fail(codeReadOnly, d.Location, "transactions are read-only", "leave READ WRITE away")
			}
		case "transaction_isolation", "transaction_deferrable":
		default:
			a.fail(codeForbidden, d.GetLocation(), "this transaction mode is not allowed", "")
		}
	}
}

// explain lets EXPLAIN pass where the policy does: without running, without costs, and
// of the answer only the nodes of the plan, since conditions hold opened pseudonyms.
func (a *analysis) explain(e *pg.ExplainStmt, n *pg.Node) {
	if !a.policy.options.Explain {
		a.fail(codeForbidden, 0, "EXPLAIN is not permitted by the policy", "")
	}
	q := e.Query.GetSelectStmt()
	if q == nil {
		a.fail(codeReadOnly, 0, "only a SELECT can be explained", "")
	}
	for _, o := range e.Options {
		d := o.GetDefElem()
		if d.GetDefname() != "costs" {
			a.fail(codeForbidden, d.GetLocation(), fmt.Sprintf("option %q of EXPLAIN is not permitted", strings.ToUpper(d.GetDefname())), "EXPLAIN shows the nodes of the plan alone")
		}
	}
	a.plan.Kind, a.plan.Command = Rows, "EXPLAIN"
	a.top(q)
	a.plan.Columns = []Column{{Name: "QUERY PLAN", action: -1}}
	a.plan.explain = true
	e.Options = []*pg.Node{{Node: &pg.Node_DefElem{DefElem: &pg.DefElem{Defname: "costs", Arg: str("off"), Defaction: pg.DefElemAction_DEFELEM_UNSPEC}}}}
	a.plan.SQL = a.deparse(n, false)
}

// settable are the run-time parameters that a client may set, with the check of the
// value where there is one.
var settable = map[string]func(values []string) bool{
	"application_name": nil, "statement_timeout": nil, "lock_timeout": nil, "idle_in_transaction_session_timeout": nil,
	"timezone": nil,
	"client_min_messages": func(v []string) bool {
		return len(v) == 1 && slices.Contains([]string{"notice", "warning", "error", "info"}, strings.ToLower(v[0]))
	},
	// pg_catalog comes first always: what it has is never hidden by another schema.
	"search_path":        func(v []string) bool { return slices.Index(v, "pg_catalog") <= 0 },
	"extra_float_digits": nil,
	"lc_monetary":        nil, "lc_numeric": nil, "lc_time": nil, "default_transaction_isolation": nil, "default_transaction_deferrable": nil,
	"transaction_isolation": nil, "transaction_deferrable": nil,
	"client_encoding": func(v []string) bool { return len(v) == 1 && isUTF8(v[0]) },
	"datestyle": func(v []string) bool {
		return len(v) > 0 && strings.HasPrefix(strings.ToLower(strings.ReplaceAll(strings.Join(v, ","), " ", "")), "iso")
	},
	"standard_conforming_strings":   isOn,
	"default_transaction_read_only": isOn, "transaction_read_only": isOn,
	"intervalstyle": func(v []string) bool { return len(v) == 1 && strings.EqualFold(v[0], "postgres") },
	"bytea_output":  func(v []string) bool { return len(v) == 1 && strings.EqualFold(v[0], "hex") },
}

func isUTF8(s string) bool {
	s = strings.ToLower(strings.NewReplacer("-", "", "_", "").Replace(s))
	return s == "utf8" || s == "unicode"
}

func isOn(v []string) bool {
	return len(v) == 1 && slices.Contains([]string{"on", "true", "1", "yes"}, strings.ToLower(v[0]))
}

// held are the parameters that SessionSettings fixes: setting them to what they are is
// answered without asking upstream.
var held = wordSet("client_encoding datestyle standard_conforming_strings default_transaction_read_only intervalstyle bytea_output search_path extra_float_digits")

// CheckSetting reports whether a client may set a parameter to a value, and whether the
// upstream is to be told. It is for the parameters of a startup message; SET goes
// through Analyze.
func CheckSetting(name string, values []string) (allowed, upstream bool) {
	name = strings.ToLower(name)
	check, ok := settable[name]
	if !ok || check != nil && len(values) > 0 && !check(values) {
		return false, false
	}
	return true, !held[name]
}

// set analyses SET and RESET.
func (a *analysis) set(s *pg.VariableSetStmt, n *pg.Node) {
	p := a.plan
	p.Kind, p.Command = Set, "SET"
	name := strings.ToLower(s.Name)
	p.Setting = &Setting{Name: name, Local: s.IsLocal}
	switch s.Kind {
	case pg.VariableSetKind_VAR_RESET_ALL:
		// Back to the startup message, which has SessionSettings.
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
	default:
		a.fail(codeForbidden, 0, "this SET is not allowed", "")
	}
	check, ok := settable[name]
	if !ok {
		a.fail(codeForbidden, 0, fmt.Sprintf("parameter %q cannot be set", s.Name), "")
	}
	if check != nil && len(p.Setting.Values) > 0 && !check(p.Setting.Values) {
		a.fail(codeForbidden, 0, fmt.Sprintf("parameter %q cannot have this value", s.Name), "Veil reads and writes values in ISO dates, hex bytea and UTF-8")
	}
	if name == "search_path" && len(p.Setting.Values) == 1 && strings.Contains(p.Setting.Values[0], ",") {
		// One text with commas is one name, as in PostgreSQL.
		p.Setting.Values = []string{p.Setting.Values[0]}
	}
	if !held[name] {
		p.SQL = a.deparse(n, true)
	}
}

// show analyses SHOW.
func (a *analysis) show(s *pg.VariableShowStmt) {
	p := a.plan
	name := strings.ToLower(s.Name)
	p.Command = "SHOW"
	if !shownSettings[name] && name != "timezone" {
		a.fail(codeUnknownSet, 0, fmt.Sprintf("parameter %q is not shown", s.Name), "SHOW ALL is not possible; ask for single parameters")
	}
	p.Columns = []Column{{Name: name, action: -1}}
	if spelled := map[string]string{"timezone": "TimeZone", "datestyle": "DateStyle", "intervalstyle": "IntervalStyle"}[name]; spelled != "" {
		p.Columns[0].Name = spelled
	}
	value, known := "", false
	if a.session.Setting != nil {
		value, known = a.session.Setting(name)
	}
	switch {
	case name == "search_path":
		value, known = pathText(a.session.SearchPath), true
	case name == "session_authorization":
		value, known, a.personal = a.session.User, true, true
	case name == "is_superuser":
		value, known = "off", true
	}
	if known {
		p.Cached = false
		p.Kind, p.Answer = Local, [][]string{{value}}
		return
	}
	p.Kind, p.SQL = Rows, "SHOW "+quoteIdent(name)
}
