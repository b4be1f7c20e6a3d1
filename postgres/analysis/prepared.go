package analysis

import (
	"fmt"
	"slices"
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"
	"github.com/veil-proxy/veil/postgres/rows"
)

// declare analyses a cursor.
func (a *analysis) declare(d *pg.DeclareCursorStmt, n *pg.Node) {
	q := d.Query.GetSelectStmt()
	if q == nil {
		a.fail(codeReadOnly, 0, "only a SELECT can have a cursor", "")
	}
	const binary = 1 // CURSOR_OPT_BINARY
	if d.Options&binary != 0 {
		a.fail("0A000", 0, "a binary cursor is not supported", "Request the binary format in the protocol instead.")
	}
	a.top(q, false)
	a.plan.Kind, a.plan.Command, a.plan.Name = Declare, "DECLARE CURSOR", d.Portalname
	a.plan.SQL = a.deparse(n, false)
	a.inner()
}

// inner moves the columns to the plan of the statement that is prepared or declared.
func (a *analysis) inner() {
	p := a.plan
	p.Inner = &Plan{Kind: Rows, Command: "SELECT",
		Layout: rows.Layout{Columns: p.Columns, Actions: p.Actions, Clear: p.Clear, Tag: []byte(a.tag)}}
	p.Columns = nil
}

// fetch analyses FETCH and MOVE on a cursor that the session declared.
func (a *analysis) fetch(f *pg.FetchStmt, n *pg.Node) {
	p := a.plan
	p.cached = false
	var source *Plan
	if a.session.Cursor != nil {
		source = a.session.Cursor(f.Portalname)
	}
	if source == nil {
		a.fail(codeNoCursor, 0, fmt.Sprintf("cursor %q does not exist", f.Portalname), "")
	}
	p.Kind, p.Command, p.Name = Fetch, "FETCH", f.Portalname
	p.SQL = a.deparse(n, true)
	if f.Ismove {
		p.Command = "MOVE"
		return
	}
	if slices.ContainsFunc(source.Columns, func(c rows.Column) bool { return c.Bare }) {
		a.fail("0A000", 0, fmt.Sprintf("portal %q cannot be read by FETCH", f.Portalname), "Read it with Execute, or declare a cursor with DECLARE; MOVE works.")
	}
	a.take(source)
}

// take copies the columns of another plan.
func (a *analysis) take(source *Plan) {
	p := a.plan
	if source.Inner != nil {
		source = source.Inner
	}
	a.prepared = source
	p.Columns, p.Actions, a.tag = source.Columns, source.Actions, string(source.Tag)
	p.Explain, p.Costs, p.Estimates, p.Clear = source.Explain, source.Costs, source.Estimates, source.Clear
}

// prepare analyses PREPARE.
func (a *analysis) prepare(s *pg.PrepareStmt, n *pg.Node) {
	q := s.Query.GetSelectStmt()
	if q == nil {
		a.fail(codeReadOnly, 0, "only a SELECT can be prepared", "Veil is read-only.")
	}
	for _, n := range s.Argtypes {
		t := a.typeName(n.GetTypeName())
		if t == nil {
			continue
		}
		if f := a.catalog.Restricted(t.OID); f != nil {
			a.refuseRestricted(f, n.GetTypeName().Location)
		}
		if t.Schema == "pg_catalog" && strings.HasPrefix(t.Name, "reg") {
			a.fail(codeForbidden, n.GetTypeName().Location, "a parameter of this type is not allowed", "Declare it as text.")
		}
	}
	a.plan.Kind, a.plan.Command, a.plan.Name = Prepare, "PREPARE", s.Name
	a.top(q, false)
	for i := range s.Argtypes {
		number := int32(i + 1)
		if p := a.params[number]; p != nil && p.Sealed {
			c := cast(null(), "text")
			if p.Array {
				c = castArray(null(), "text")
			}
			s.Argtypes[i] = &pg.Node{Node: &pg.Node_TypeName{TypeName: c.GetTypeCast().TypeName}}
		}
	}
	most := int32(0)
	for number := range a.params {
		most = max(most, number)
	}
	source := make([]rows.Param, most)
	for number, p := range a.params {
		source[number-1] = p.Param
	}
	clear(a.params)
	a.plan.SQL = a.deparse(n, false)
	a.inner()
	a.plan.Inner.Params = source
}

// execute runs a statement that the session prepared. Pseudonyms among its arguments
// are opened.
func (a *analysis) execute(s *pg.ExecuteStmt, n *pg.Node) {
	p := a.plan
	p.cached = false
	var source *Plan
	if a.session.Prepared != nil {
		source = a.session.Prepared(s.Name)
	}
	if source == nil {
		a.fail(codeNoPrepared, 0, fmt.Sprintf("prepared statement %q does not exist", s.Name), "")
	}
	inner := source
	if source.Inner != nil {
		inner = source.Inner
	}
	for i, arg := range s.Params {
		if i >= len(inner.Params) || !inner.Params[i].Sealed {
			s.Params[i] = a.clear(arg, &scope{})
			continue
		}
		c, ok := constantOf(arg)
		if !ok || c.param > 0 {
			a.fail(codeForbidden, location(arg), "an argument that is compared with a sealed column must be a literal", "Write the pseudonym itself.")
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
	a.take(source)
}
