package pgproxy

import (
	"time"

	"github.com/veil-proxy/veil/mask"
	"github.com/veil-proxy/veil/postgres/analysis"
	"github.com/veil-proxy/veil/postgres/rows"
	"github.com/veil-proxy/veil/proxy"
	"github.com/veil-proxy/veil/proxy/pgproxy/wire"
	"github.com/veil-proxy/veil/proxy/trace"
)

// errRecord ends a session whose record could not be written.
var errRecord = &wire.Error{Code: "58030", Text: "could not write the audit record, so no response is sent"}

// rowName is the name under which delivered rows are counted.
const rowName = "row"

// execution is one statement in progress: what is done with its rows, and what is
// recorded about it.
type execution struct {
	proxy.Exchange
	plan  *analysis.Plan
	pass  *mask.Pass
	rows  *rows.Masker // nil if rows pass unchanged
	count uint64       // of rows
	ahead int          // rows that are examined before they are masked
	// described: the upstream's columns are those of the plan. confirmed: its catalog is the
	// plan's. copying: CopyOutResponse came. announced: a record says that sending its rows
	// has begun.
	described, confirmed, copying, announced bool
	release                                  func()
	// responded is when the upstream's response began, if the execution is traced.
	responded time.Time
}

// start begins an execution of a statement.
func (x *session) start(st *statement, formats []int16, release func()) (*execution, error) {
	p := st.plan
	ex := &execution{Exchange: x.next(p), plan: p, release: release}
	ex.trace(st)
	ex.pass = x.pass(p)
	ex.pass.Begin(ex.Origin())
	if len(p.Columns) > 0 && !p.Passes() && !isLocal(p) {
		rows, err := p.Masker(ex.pass, formats)
		if err != nil {
			release()
			return nil, err
		}
		ex.rows = rows
	}
	x.current = ex
	return ex, nil
}

// again begins another execution of a portal that has returned some of its rows.
func (x *session) again(ex *execution, release func()) {
	ex.Exchange = x.next(ex.plan)
	ex.pass.Begin(ex.Origin())
	ex.count, ex.release, ex.announced, ex.responded = 0, release, false, time.Time{}
	x.current = ex
}

// pass returns a pass for the executions of a plan.
func (x *session) pass(p *analysis.Plan) *mask.Pass {
	actions := p.Actions
	if actions == nil {
		actions = x.view.plain
	}
	pass := mask.NewPass(actions)
	pass.Detail = x.view.detail
	return pass
}

// next begins the exchange for a plan; the plan is nil if there is none.
func (x *session) next(p *analysis.Plan) proxy.Exchange {
	operation := "unknown"
	if p != nil {
		operation = operations[p.Kind]
	}
	e := x.login.Next(mask.NewRequestID(), operation)
	e.Span = x.login.Span.Beside(trace.Statement, e.Started)
	return e
}

// trace adds the time of the statement's analysis to the first of its executions.
func (ex *execution) trace(st *statement) {
	if !st.analysis.begun.IsZero() {
		ex.Span.ChildAt(trace.Analysis, st.analysis.begun).EndAt(st.analysis.ended)
		st.analysis = duration{}
	}
}

// duration is when something began and ended; zero if it is not traced.
type duration struct{ begun, ended time.Time }

// traceResponse adds how long the upstream took to respond, and its rows to be masked.
func (ex *execution) traceResponse() {
	if ex.responded.IsZero() {
		return
	}
	ex.Span.ChildAt(trace.Upstream, ex.Started).EndAt(ex.responded)
	ex.Span.ChildAt(trace.Rows, ex.responded).End()
}

// operations are the names of kinds of statements in the log.
var operations = map[analysis.Kind]string{
	analysis.Rows: "select", analysis.Empty: "empty", analysis.CopyOut: "copy", analysis.Declare: "declare", analysis.Fetch: "fetch",
	analysis.CloseCursor: "close", analysis.Prepare: "prepare", analysis.Execute: "execute", analysis.Deallocate: "deallocate",
	analysis.Transaction: "transaction", analysis.Set: "set", analysis.Local: "show", analysis.Discard: "discard",
}

// finish records an execution that has ended. The end of its response is sent once the
// record is durable.
func (x *session) finish(ex *execution, result, reason string) {
	x.current = nil
	ex.release()
	ex.traceResponse()
	ex.pass.CountResources(rowName, ex.count)
	if ex.rows == nil {
		ex.plan.CountRows(ex.pass, ex.count)
	}
	r := ex.pass.Record(result, reason)
	r.Statement, r.Relations = ex.plan.Fingerprint, ex.plan.Relations
	x.entries = append(x.entries, ex.Entry(r, 0))
}

// announce records that rows are sent before the execution has ended, so that they are in
// the log even if it never ends. The next flush makes the record durable before it sends
// any of them.
func (x *session) announce(ex *execution) {
	if ex.announced {
		return
	}
	ex.announced = true
	r := ex.pass.Record("started", "")
	r.Statement, r.Relations = ex.plan.Fingerprint, ex.plan.Relations
	r.Resources, r.Used, r.Found, r.Details = nil, nil, nil, nil // the final record has them
	x.entries = append(x.entries, ex.Entry(r, 0))
}

// refuse tells the client why a statement is not run, and records it.
func (x *session) refuse(f *refusal) {
	e := x.next(f.plan)
	e.Rule, e.Object = f.rule, f.object
	r := e.Record("refused", f.reason, "")
	if f.plan != nil {
		r.Statement, r.Relations = f.plan.Fingerprint, f.plan.Relations
	}
	x.entries = append(x.entries, e.Entry(r, 0))
	x.send(f.Response("ERROR"))
}

// statusOf returns the HTTP-like class under which metrics count a result.
func statusOf(result string) int {
	switch result {
	case "complete":
		return 200
	case "refused":
		return 403
	}
	return 502
}

// commit makes the records durable. Without them, no response is sent.
func (x *session) commit() error {
	if len(x.entries) == 0 {
		return nil
	}
	err := x.s.shared.Commit(x.entries...)
	for i := range x.entries {
		r := x.entries[i].Record
		status := statusOf(r.Result)
		if err != nil {
			status = 500
		}
		if r.Result != "started" {
			x.s.shared.Responded(r.Operation, status, time.Duration(r.DurationMicros)*time.Microsecond)
			x.entries[i].End()
		}
	}
	clear(x.entries)
	x.entries = x.entries[:0]
	if err != nil {
		return errRecord
	}
	return nil
}
