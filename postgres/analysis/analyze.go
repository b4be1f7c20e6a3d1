package analysis

import (
	"fmt"
	"slices"
	"sort"
	"strings"
	"unicode/utf8"

	pg "github.com/pganalyze/pg_query_go/v6"
	pgquery "github.com/wasilibs/go-pgquery"

	"github.com/veil-proxy/veil/internal/stack"
	"github.com/veil-proxy/veil/mask"
	"github.com/veil-proxy/veil/mask/keys"
	"github.com/veil-proxy/veil/postgres/catalog"
	"github.com/veil-proxy/veil/postgres/rows"
)

// analysis is the state of the analysis of one statement. Within it, refusals are panics of
// *Refusal.
type analysis struct {
	catalog *catalog.Catalog
	policy  *Policy
	over    *overlay
	session *Session
	text    string
	plan    *Plan
	tag     string

	// regs has the expressions whose values are names by OID, with their kind.
	regs map[*pg.Node]string

	depth, views, shadows int
	// at is the position that is reported for everything within a view's definition.
	at         int32
	truth      *pg.Node
	personal   bool
	starred    map[*pg.ColumnRef]*resolved
	subselects map[*pg.SelectStmt]bool
	// reached has the calls that are made whenever the statement runs.
	reached map[*pg.FuncCall]int
	ours    []*pg.Node
	related map[*pg.RangeVar]bool
	// joins has Veil's own joins, of a table with what is computed beside it.
	joins map[*pg.JoinExpr]bool
	// inSQL has the keyed columns that SQL masks in this statement.
	inSQL     map[*keying]bool
	same      [][2]*person
	folks     [][2]*folk // pairs that are the same person, where the view counts people
	relations map[string]bool
	types     map[uint32]bool // types of the database, of values that were read
	checked   map[uint32]uint32
	actions   map[string]int
	params    map[int32]*param
	finish    []func()
	// barriers are added after everything else. told counts what was read whose order could
	// reveal something; mentions counts how often each thing with a place was named.
	barriers []func()
	told     int
	mentions map[string]int
	mac      *keys.Pseudonymizer
	// prepared is the plan whose rows a FETCH or EXECUTE returns.
	prepared *Plan
}

// analyze analyses one statement without the cache. A keyed column that cannot be used as it
// is, but that SQL can mask, is masked in SQL.
func analyze(sql string, c *catalog.Catalog, p *Policy, s *Session) (*Plan, *Refusal) {
	read, refusal := parseOnce(sql)
	if refusal != nil {
		return nil, refusal
	}
	inSQL := map[*keying]bool{}
	for {
		plan, refusal := analyzeWith(inSQL, read, c, p, s)
		if refusal == nil {
			plan.fingerprint(sql)
			return plan, nil
		}
		// A column that SQL already masks is not refused again, so this ends.
		if refusal.keying == nil || refusal.keying.inSQL == nil || inSQL[refusal.keying.ofColumn()] {
			return nil, refusal
		}
		inSQL[refusal.keying.ofColumn()] = true
	}
}

// analyzeWith analyses one statement, with some of the keyed columns masked in SQL.
func analyzeWith(inSQL map[*keying]bool, read *parsed, c *catalog.Catalog, p *Policy, s *Session) (plan *Plan, refusal *Refusal) {
	tree, refusal := read.tree()
	if refusal != nil {
		return nil, refusal
	}
	over := p.overlay(c)
	a := &analysis{
		catalog: c, policy: p, over: over, session: s, text: read.text, tag: rows.NewTag(),
		plan: &Plan{Layout: rows.Layout{Actions: p.masks.NewPlan(), Clear: map[rows.Origin]bool{}}, cached: true},
		regs: map[*pg.Node]string{}, starred: map[*pg.ColumnRef]*resolved{}, subselects: map[*pg.SelectStmt]bool{}, related: map[*pg.RangeVar]bool{},
		joins: map[*pg.JoinExpr]bool{}, inSQL: inSQL,
		relations: map[string]bool{}, types: map[uint32]bool{}, checked: map[uint32]uint32{}, actions: map[string]int{}, params: map[int32]*param{},
	}
	defer func() {
		if a.mac != nil {
			p.keys.Put(a.mac)
		}
		switch x := recover().(type) {
		case nil:
		case *Refusal:
			plan, refusal = nil, x
		default:
			// A bug in the analysis must neither end the listener nor let anything through.
			plan, refusal = nil, &Refusal{Code: "XX000", Message: "the statement cannot be analysed", Reason: "internal", Stack: stack.OfPanic()}
		}
	}()
	switch len(tree.Stmts) {
	case 0:
		a.plan.Kind = Empty
		return a.plan, nil
	case 1:
	default:
		return nil, &Refusal{Code: codeSyntax, Message: "cannot insert multiple commands into a prepared statement", Reason: "syntax"}
	}
	a.statement(tree.Stmts[0].Stmt)
	a.complete()
	return a.plan, nil
}

// fingerprint sets the fingerprint of the statement, without constants, for the audit
// log.
func (p *Plan) fingerprint(sql string) {
	if p.Kind == Empty {
		return
	}
	fp, err := withParser(pgquery.Fingerprint, sql)
	if err != nil {
		return // cannot fail: it has been parsed
	}
	p.Fingerprint = fp
	if p.Inner != nil {
		p.Inner.Fingerprint = fp
	}
}

// complete fills in the parts of the plan that depend on the whole statement.
func (a *analysis) complete() {
	p := a.plan
	p.Tag = []byte(a.tag)
	for r := range a.relations {
		p.Relations = append(p.Relations, r)
	}
	sort.Strings(p.Relations)
	most := int32(0)
	for n := range a.params {
		most = max(most, n)
	}
	p.Params = make([]rows.Param, most)
	for n, param := range a.params {
		p.Params[n-1] = param.Param
	}
	p.CheckSQL = checkSQL(a.checked)
	if p.Inner != nil {
		p.Inner.Relations, p.Inner.CheckSQL = p.Relations, p.CheckSQL
	}
	if a.prepared != nil {
		p.Relations, p.CheckSQL, p.forms = a.prepared.Relations, a.prepared.CheckSQL, a.prepared.forms
	}
	p.cached = p.cached && !a.personal
}

// checkSQL returns a query that checks that relations still have the versions that were
// analysed.
func checkSQL(checked map[uint32]uint32) string {
	if len(checked) == 0 {
		return ""
	}
	var oids []uint32
	for oid := range checked {
		oids = append(oids, oid)
	}
	slices.Sort(oids)
	var b strings.Builder
	if len(oids) == 1 { // PostgreSQL needs half the time for it
		b.WriteString("SELECT true")
	} else {
		fmt.Fprintf(&b, "SELECT pg_catalog.count(*) OPERATOR(pg_catalog.=) %d", len(oids))
	}
	b.WriteString(" FROM pg_catalog.pg_class AS c WHERE ")
	for i, oid := range oids {
		if i > 0 {
			b.WriteString(" OR ")
		}
		fmt.Fprintf(&b, "c.oid OPERATOR(pg_catalog.=) %d AND c.xmin OPERATOR(pg_catalog.=) '%d'::pg_catalog.xid", oid, checked[oid])
	}
	return b.String()
}

// action returns the number in the plan of a rule at a column.
func (a *analysis) action(act mask.Action) int {
	key := act.Rule + "\x00" + act.Path
	if n, ok := a.actions[key]; ok {
		return n
	}
	n, err := a.plan.Actions.Add(act)
	if err != nil {
		panic(&Refusal{Code: codeLimit, Message: "the statement reads too many masked columns", Reason: "limit"})
	}
	a.actions[key] = n
	return n
}

// keys returns the pseudonymizer of this analysis.
func (a *analysis) keys() *keys.Pseudonymizer {
	if a.mac == nil {
		a.mac = a.policy.keys.Get().(*keys.Pseudonymizer)
	}
	return a.mac
}

// param is what the analysis knows about a parameter so far.
type param struct {
	rows.Param
	// tested: so far it was only tested for NULL.
	tested bool
}

// clearParam records a parameter that is not compared with anything keyed.
func (a *analysis) clearParam(p *pg.ParamRef) {
	a.paramNumber(p.Number, p.Location)
	if old := a.params[p.Number]; old != nil {
		old.tested = false
		if old.Sealed {
			a.mixedParam(p.Number, p.Location)
		}
		return
	}
	a.params[p.Number] = &param{}
}

// testedParam records a parameter that is tested for NULL. Opening it does not change the
// result.
func (a *analysis) testedParam(t *pg.NullTest, n int32, sc *scope) {
	a.paramNumber(n, location(t.Arg))
	for c := t.Arg.GetTypeCast(); c != nil; c = c.Arg.GetTypeCast() {
		typ := a.typeName(c.TypeName)
		if plain := typ == nil && len(c.TypeName.ArrayBounds) > 0 || typ != nil && typ.Schema == "pg_catalog" && typ.Kind == 'b' && !strings.HasPrefix(typ.Name, "reg"); !plain {
			t.Arg = a.clear(t.Arg, sc)
			return
		}
	}
	if a.params[n] == nil {
		a.params[n] = &param{tested: true}
	}
	a.finish = append(a.finish, func() {
		if p := a.params[n]; p.Sealed {
			t.Arg = cast(&pg.Node{Node: &pg.Node_ParamRef{ParamRef: &pg.ParamRef{Number: n}}}, "text")
			if p.Array {
				t.Arg = castArray(t.Arg.GetTypeCast().Arg, "text")
			}
		}
	})
}

// sealedParam records a parameter that is a pseudonym and returns a reference to it, as text
// or an array of texts.
func (a *analysis) sealedParam(n int32, s *keying, array bool, at int32) *pg.Node {
	a.paramNumber(n, at)
	ref := &pg.Node{Node: &pg.Node_ParamRef{ParamRef: &pg.ParamRef{Number: n}}}
	typ := uint32(catalog.OIDText)
	if array {
		typ = catalog.OIDTextArray
	}
	if old := a.params[n]; old != nil && !old.tested {
		if !old.Sealed || old.Nulls || old.Domain != s.domain || old.Array != array || array && old.Shadow != s.shadow {
			a.mixedParam(n, at)
		}
	} else {
		a.params[n] = &param{Param: rows.Param{Sealed: true, Type: typ, Domain: s.domain, Shadow: s.shadow, Array: array}}
	}
	if array {
		return castArray(ref, "text")
	}
	return cast(ref, "text")
}

// maxParams is the maximum that the protocol can bind.
const maxParams = 65535

func (a *analysis) paramNumber(n, at int32) {
	if n < 1 || n > maxParams {
		a.fail(codeSyntax, at, "there is no such parameter", "")
	}
}

func (a *analysis) mixedParam(n, at int32) {
	a.fail(codeForbidden, at, fmt.Sprintf("parameter $%d is compared with a sealed column and also used in another way", n), "Use two parameters.")
}

// deeper limits the depth of the analysis.
func (a *analysis) deeper() {
	if a.depth++; a.depth > maxDepth {
		a.fail(codeLimit, 0, "the statement nests too deep", "")
	}
}

func (a *analysis) shallower() { a.depth-- }

// position returns a position in the statement in characters, from 1.
func (a *analysis) position(at int32) int {
	if a.views > 0 {
		at = a.at
	}
	if at < 0 || int(at) > len(a.text) {
		return 0
	}
	return utf8.RuneCountInString(a.text[:at]) + 1
}

func (a *analysis) fail(code string, at int32, message, hint string) {
	reason := map[string]string{codeReadOnly: "read only", codeNoTable: "relation", codeNoColumn: "column", codeLimit: "limit"}[code]
	if reason == "" {
		reason = "refused"
	}
	a.failReason(reason, code, at, message, hint)
}

func (a *analysis) failReason(reason, code string, at int32, message, hint string) {
	a.failAbout("", reason, code, at, message, hint)
}

// failAbout refuses an object that the database has; object is empty for one that it does
// not have.
func (a *analysis) failAbout(object, reason, code string, at int32, message, hint string) {
	r := &Refusal{Code: code, Message: message, Hint: hint, Reason: reason, Object: object}
	if at > 0 || a.views > 0 {
		r.Position = a.position(at)
	}
	panic(r)
}

// refuseKeyed refuses the use of a keyed column: what cannot be done, why, and what works.
func (a *analysis) refuseKeyed(s *keying, at int32, what, detail, hint string) {
	how := "keyed"
	switch {
	case s.domain != "":
		how = "sealed"
	case s.PerKnown:
		how = "scrubbed"
		detail, hint = "PostgreSQL does not have the scrubbed text.", "Select the text, and search or change it in the client."
	}
	r := &Refusal{
		Code: codeForbidden, Rule: s.Action.Rule, Column: s.Action.Path, Reason: "sealed column", Detail: detail, Hint: hint, keying: s,
		Message: fmt.Sprintf("column %s is %s by rule %q and %s", s.Action.Path, how, s.Action.Rule, what),
	}
	if at > 0 || a.views > 0 {
		r.Position = a.position(at)
	}
	panic(r)
}

// unknown refuses a node that the analysis does not handle.
func (a *analysis) unknown(n *pg.Node, what string) {
	a.failReason("construct", "0A000", location(n), what+" is not supported", "")
}
