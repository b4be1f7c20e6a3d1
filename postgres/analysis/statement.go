package analysis

import (
	"fmt"
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"
	"github.com/veil-proxy/veil/postgres/catalog"
	"github.com/veil-proxy/veil/postgres/rows"
	pgquery "github.com/wasilibs/go-pgquery"
)

// statement analyses a statement by its class. A class without a case is refused.
func (a *analysis) statement(n *pg.Node) {
	p := a.plan
	switch x := n.GetNode().(type) {
	case *pg.Node_SelectStmt:
		p.Kind, p.Command = Rows, "SELECT"
		a.reach(x.SelectStmt)
		a.top(x.SelectStmt, true)
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
	case *pg.Node_UnlistenStmt:
		p.Kind, p.Command = Local, "UNLISTEN" // there is no channel: LISTEN is refused
	case *pg.Node_DiscardStmt:
		p.Kind, p.Command = Discard, "DISCARD"
		if x.DiscardStmt.Target == pg.DiscardMode_DISCARD_ALL {
			p.Command = "DISCARD ALL" // to the settings that the listener began with
		}
		p.SQL = a.deparse(n, true)
	default:
		a.fail(codeReadOnly, 0, "this statement is not allowed: the database is read-only", "SELECT, COPY … TO STDOUT, cursors, PREPARE and transaction control work.")
	}
}

// top analyses the query of a statement and fills in its columns. described: a
// RowDescription always precedes its rows.
func (a *analysis) top(q *pg.SelectStmt, described bool) {
	res := a.query(q, &scope{}, mode{})
	a.notFailed(res)
	if res.crowd.people {
		a.tooFew(0, "the statement shows rows of people one by one", "Group them: count, sum or average over many people.")
	}
	if described {
		a.sendBare(q, res)
	}
	a.plan.Columns = a.columns(res)
	for i := len(a.finish) - 1; i >= 0; i-- {
		a.finish[i]()
	}
	for _, put := range a.barriers {
		put()
	}
}

// columns returns the plan's columns of a result.
func (a *analysis) columns(res *result) []rows.Column {
	var out []rows.Column
	for _, c := range res.columns {
		col := rows.Column{Name: c.name, Origin: c.origin, Source: c.shown, Action: c.action}
		if c.keying != nil {
			s := c.keying
			if s.shifts && s.shown == catalog.OIDTimestamptz && s.inSQL != nil {
				a.zoned(s)
			}
			col.Type, col.Modifier, col.Masking, col.Composed = s.shown, -1, &s.Masking, s.composed
			col.Size = -1
			if t := a.catalog.Type(s.shown); t != nil {
				col.Size = t.Size
			}
			col.Action, col.Bare = a.action(s.Action), c.bare
		}
		out = append(out, col)
	}
	return out
}

// deparse writes a statement as SQL and checks that the text is what was analysed. plain
// statements contain no relation.
func (a *analysis) deparse(n *pg.Node, plain bool) string {
	tree := &pg.ParseResult{Version: parserVersion, Stmts: []*pg.RawStmt{{Stmt: a.bracket(n)}}}
	if messages(tree.ProtoReflect()) > maxMessages {
		panic(&Refusal{Code: codeLimit, Message: "the statement nests too deep", Reason: "limit"})
	}
	sql, err := withParser(pgquery.Deparse, tree)
	sql = strings.ReplaceAll(sql, a.tag+bracketed, "")
	if err != nil || len(sql) > maxPlanSQL {
		panic(&Refusal{Code: codeLimit, Message: "the statement cannot be rewritten", Reason: "internal"})
	}
	if !plain {
		a.check(n, sql)
	}
	return sql
}

// parserVersion is the version of the grammar, in libpg_query's numbering.
const parserVersion = 170004

// copyOut rewrites COPY … TO STDOUT as COPY (query) TO STDOUT. The data has the client's
// format, with wrappers in it.
func (a *analysis) copyOut(c *pg.CopyStmt, n *pg.Node) {
	switch {
	case c.IsFrom:
		a.fail(codeReadOnly, 0, "COPY FROM writes", "COPY … TO STDOUT works.")
	case c.IsProgram || c.Filename != "":
		a.fail(codeForbidden, 0, "COPY to a file or program of the server is not allowed", "COPY … TO STDOUT works.")
	case c.WhereClause != nil:
		a.fail(codeSyntax, 0, "WHERE is not allowed with COPY TO", "")
	}
	if c.Relation != nil {
		v := c.Relation
		v.Inh = false // COPY of a table leaves out what inherits from it
		if r := a.catalog.Find(a.session.SearchPath, v.Schemaname, v.Relname); r != nil && r.Kind == 'p' {
			a.fail("42809", v.Location, "cannot copy from a partitioned table", "Use COPY (SELECT …) TO STDOUT.")
		} else if r != nil && (r.Kind == 'v' || r.Kind == 'm') {
			a.fail("42809", v.Location, "cannot copy from a view", "Use COPY (SELECT …) TO STDOUT.")
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
	a.top(q, false)
	if len(a.params) > 0 {
		a.fail("42P02", 0, "COPY takes no parameters", "")
	}
	a.plan.Copy = a.copyOptions(c.Options)
	a.plan.SQL = a.deparse(n, false)
}

// transaction allows transactions that stay read-only and in this session.
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

// readOnlyOptions refuses READ WRITE and unknown options.
func (a *analysis) readOnlyOptions(options []*pg.Node) {
	for _, o := range options {
		d := o.GetDefElem()
		switch d.GetDefname() {
		case "transaction_read_only":
			if c := d.Arg.GetAConst(); c.GetIval().GetIval() == 0 {
				a.fail(codeReadOnly, d.Location, "transactions are read-only", "Remove READ WRITE.")
			}
		case "transaction_isolation", "transaction_deferrable":
		default:
			a.fail(codeForbidden, d.GetLocation(), "this transaction mode is not allowed", "")
		}
	}
}

// explain allows EXPLAIN if the policy does. The statement is not run, and the response has
// only the nodes of the plan, since conditions contain opened pseudonyms. Costs and numbers
// of rows depend on statistics of the originals: they are rounded to powers of ten, and are
// constants where the view counts people.
func (a *analysis) explain(e *pg.ExplainStmt, n *pg.Node) {
	if !a.policy.options.Explain {
		a.fail(codeForbidden, 0, "EXPLAIN is not permitted by the policy", "The operator can permit it in the view (explain: true). For postgres_fdw, set use_remote_estimate to false.")
	}
	q := e.Query.GetSelectStmt()
	if q == nil {
		a.fail(codeReadOnly, 0, "only a SELECT can be explained", "")
	}
	costs := true
	for _, o := range e.Options {
		d := o.GetDefElem()
		on, valid := optionOn(d.GetArg())
		switch name := d.GetDefname(); {
		case name == "format" && d.GetArg().GetString_().GetSval() == "text":
		case name == "costs" && valid:
			costs = on
		case explainOptions[name] && valid && !on:
		default:
			a.fail(codeForbidden, d.GetLocation(), fmt.Sprintf("option %q of EXPLAIN is not permitted", strings.ToUpper(name)), "Write EXPLAIN without options: it shows the nodes of the plan, with costs and rows in powers of ten.")
		}
	}
	a.plan.Kind, a.plan.Command = Rows, "EXPLAIN"
	a.top(q, false)
	a.plan.Columns = []rows.Column{{Name: "QUERY PLAN", Action: -1}}
	a.plan.Explain, a.plan.Costs, a.plan.Estimates = true, costs, costs && a.minCount() == 0
	shown := "off"
	if a.plan.Estimates {
		shown = "on"
	}
	e.Options = []*pg.Node{{Node: &pg.Node_DefElem{DefElem: &pg.DefElem{Defname: "costs", Arg: str(shown), Defaction: pg.DefElemAction_DEFELEM_UNSPEC}}}}
	a.plan.SQL = a.deparse(n, false)
}

// explainOptions has the options of EXPLAIN that may be given as off.
var explainOptions = wordSet("analyze verbose buffers settings wal timing summary generic_plan memory")

// optionOn reads the value of a boolean option, as PostgreSQL does.
func optionOn(arg *pg.Node) (on, ok bool) {
	if arg == nil {
		return true, true
	}
	switch value := strings.ToLower(arg.GetString_().GetSval()); {
	case value == "true" || value == "on" || arg.GetInteger() != nil && arg.GetInteger().Ival == 1:
		return true, true
	case value == "false" || value == "off" || arg.GetInteger() != nil && arg.GetInteger().Ival == 0:
		return false, true
	}
	return false, false
}
