package pgproxy

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/veil-proxy/veil/mask"
	"github.com/veil-proxy/veil/postgres/analysis"
	"github.com/veil-proxy/veil/postgres/rows"
	"github.com/veil-proxy/veil/proxy/pgproxy/wire"
)

// errRecord ends a session whose record could not be written.
var errRecord = &wire.Error{Code: "58030", Text: "the audit record could not be written, so nothing is answered"}

// rowName is what delivered rows are counted as.
const rowName = "row"

// execution is one statement under way: what is done with its rows, and what is
// recorded of it.
type execution struct {
	plan  *analysis.Plan
	pass  *mask.Pass
	rows  *rows.Masker // nil where rows pass as they are
	count uint64       // of rows
	// described: the upstream's columns are those of the plan. confirmed: its
	// catalog is the plan's. copying: CopyOutResponse came.
	// announced: a record says that its rows began to leave.
	described, confirmed, copying, announced bool
	started                                  time.Time
	release                                  func()
}

// start begins an execution of a plan.
func (x *session) start(p *analysis.Plan, formats []int16, release func()) (*execution, error) {
	ex := &execution{plan: p, started: time.Now(), release: release}
	ex.pass = x.pass(p)
	ex.pass.Begin(x.origin(p))
	if len(p.Columns) > 0 && !p.Passes() && !answered(p) {
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

// again begins a further execution of a portal that gave some of its rows.
func (x *session) again(ex *execution, release func()) {
	ex.pass.Begin(x.origin(ex.plan))
	ex.count, ex.started, ex.release, ex.announced = 0, time.Now(), release, false
	x.current = ex
}

// pass returns a pass for a plan that no other execution uses.
func (x *session) pass(p *analysis.Plan) *mask.Pass {
	actions := p.Actions
	if actions == nil {
		actions = x.view.plain
	}
	if free := x.passes[actions]; len(free) > 0 {
		x.passes[actions] = free[:len(free)-1]
		return free[len(free)-1]
	}
	pass := mask.NewPass(actions)
	pass.Detail = x.view.detail
	return pass
}

// mostPasses is how many plans a session keeps passes for.
const mostPasses = 256

// done gives an execution's pass back once no row can need it.
func (x *session) done(ex *execution) {
	if len(x.passes) >= mostPasses {
		clear(x.passes)
	}
	x.passes[ex.pass.Plan] = append(x.passes[ex.pass.Plan], ex.pass)
}

func (x *session) origin(p *analysis.Plan) mask.Origin {
	operation := "unknown"
	if p != nil {
		operation = operations[p.Kind]
	}
	return mask.Origin{RequestID: mask.NewRequestID(), Consumer: x.who.Name, Door: "postgres", Operation: operation}
}

// operations are what the log calls kinds of statements.
var operations = map[analysis.Kind]string{
	analysis.Rows: "select", analysis.Empty: "empty", analysis.CopyOut: "copy", analysis.Declare: "declare", analysis.Fetch: "fetch",
	analysis.CloseCursor: "close", analysis.Prepare: "prepare", analysis.Execute: "execute", analysis.Deallocate: "deallocate",
	analysis.Transaction: "transaction", analysis.Set: "set", analysis.Local: "show", analysis.Discard: "discard",
}

// finish records an execution that ended. What its end tells the client leaves
// once the record is durable.
func (x *session) finish(ex *execution, result, reason string) {
	x.current = nil
	ex.release()
	ex.pass.CountResources(rowName, ex.count)
	if ex.rows == nil {
		ex.plan.CountRows(ex.pass, ex.count)
	}
	r := ex.pass.Record(result, reason)
	r.Statement, r.Relations = ex.plan.Fingerprint, ex.plan.Relations
	x.note(r, "", ex.count)
}

// announce records that rows begin to leave before the execution is at its end, so
// that they are in the log even if its end never comes. The next flush makes the
// record durable before it sends any of them.
func (x *session) announce(ex *execution) {
	if ex.announced {
		return
	}
	ex.announced = true
	r := ex.pass.Record("started", "")
	r.Statement, r.Relations, r.Client = ex.plan.Fingerprint, ex.plan.Relations, x.address
	r.Resources, r.Applied, r.Details = nil, nil, nil // the record of the end has them
	x.records = append(x.records, r)
}

// refuse tells the client why a statement does not run, and records it.
func (x *session) refuse(f *refusal) {
	pass := x.pass(&analysis.Plan{})
	pass.Begin(x.origin(f.plan))
	r := pass.Record("refused", f.reason)
	if f.plan != nil {
		r.Statement, r.Relations = f.plan.Fingerprint, f.plan.Relations
	}
	x.done(&execution{pass: pass})
	x.note(r, f.rule, 0)
	x.send(f.Response("ERROR"))
}

// note keeps a record until it is committed, and logs it.
func (x *session) note(r *mask.Record, rule string, count uint64) {
	r.Client = x.address
	x.records = append(x.records, r)
	m := x.s.metrics
	m.Request(r.Operation, statusOf(r.Result), time.Duration(r.DurationMicros)*time.Microsecond)
	if r.Result != "complete" {
		m.Problem(r.Result, r.Reason)
	}
	for _, a := range r.Applied {
		m.Applied(a.Category, a.N)
	}
	x.s.log.Info("statement", "request_id", r.RequestID, "consumer", r.Consumer, "client", r.Client, "door", "postgres", "operation", r.Operation,
		"outcome", r.Result, "reason", r.Reason, "rule", rule, "count", count, "duration_ms", r.DurationMicros/1000)
}

// statusOf is the class that metrics count a result in, as of HTTP.
func statusOf(result string) int {
	switch result {
	case "complete":
		return 200
	case "refused":
		return 403
	}
	return 502
}

// commit makes the records durable.
func (x *session) commit() error {
	if len(x.records) == 0 {
		return nil
	}
	// Not bound to the client: what was masked is recorded even if it is gone.
	ctx := context.Background()
	begun := time.Now()
	errs := make([]error, len(x.records))
	if len(x.records) == 1 {
		errs[0] = x.s.sink.Append(ctx, x.records[0])
	} else {
		// A sink waits for the disk: together they wait once.
		var all sync.WaitGroup
		for i, r := range x.records {
			all.Add(1)
			go func() { defer all.Done(); errs[i] = x.s.sink.Append(ctx, r) }()
		}
		all.Wait()
	}
	for _, err := range errs {
		x.s.metrics.Append(time.Since(begun), err)
	}
	clear(x.records)
	x.records = x.records[:0]
	if err := errors.Join(errs...); err != nil {
		x.s.log.Error("audit record could not be written", "door", "postgres", "consumer", x.who.Name, "error", err)
		return errRecord
	}
	return nil
}
