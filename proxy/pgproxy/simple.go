package pgproxy

import (
	"bytes"
	"strings"

	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/veil-proxy/veil/postgres/analysis"
	"github.com/veil-proxy/veil/proxy/pgproxy/wire"
)

// query handles a simple query. Its statements are analyzed in order, each in the state
// in which the ones before it would leave the session, and sent upstream as one string,
// so that they form one transaction, as in PostgreSQL. If a statement is refused, the
// string ends with one that fails.
func (x *session) query(body []byte) error {
	if err := x.drain(); err != nil || x.skipping {
		return err
	}
	text, ok := cString(body)
	if !ok {
		return wire.ErrLength
	}
	steps, refusal := x.judge(text)
	release, limited := x.admit()
	if limited != nil {
		steps, refusal, release = nil, limited, nothing
	}
	defer func() { release() }()
	if err := x.run(steps, refusal); err != nil {
		return err
	}
	release() // before the client can send the next one
	release = nothing
	x.sendReady()
	return x.flush()
}

func nothing() {}

// cString removes the zero byte at the end of a text that fills a message.
func cString(body []byte) (string, bool) {
	n := len(body) - 1
	if n < 0 || bytes.IndexByte(body, 0) != n {
		return "", false
	}
	return string(body[:n]), true
}

// judge analyzes the statements of a query string up to the first one that is refused.
func (x *session) judge(text string) ([]*statement, *refusal) {
	statements, r := analysis.Split(text)
	if r != nil {
		return nil, refused(r)
	}
	x.staged = x.state.over()
	defer func() { x.staged = nil }()
	var steps []*statement
	for _, one := range statements {
		plan, catalog, f := x.analyze(one.SQL)
		if f == nil {
			f = x.aborted(plan)
		}
		if f == nil {
			f = x.hindered(plan)
		}
		if f != nil {
			if f.Position > 0 {
				f.Position += int32(one.Offset)
			}
			if f.Code == "42601" {
				steps = nil // PostgreSQL parses the whole string before it begins
			}
			return steps, f
		}
		steps = append(steps, x.judged(one.SQL, plan, catalog))
		x.staged.apply(plan, one.SQL, catalog)
	}
	return steps, nil
}

// run sends the statements upstream and responds to them, up to but not including
// ReadyForQuery.
func (x *session) run(steps []*statement, refusal *refusal) error {
	if len(steps) == 0 && refusal == nil {
		x.send(&pgproto3.EmptyQueryResponse{})
		return nil
	}
	var sql []string
	for _, st := range steps {
		if !isLocal(st.plan) {
			sql = append(sql, st.plan.SQL)
		}
	}
	// A transaction must fail, whether it is open or consists of the earlier statements.
	if refusal != nil && (x.status == 'T' || x.begun || len(sql) > 0) {
		sql = append(sql, poison)
	}
	if len(sql) > 0 {
		x.up.Out = wire.AppendQuery(x.up.Out, strings.Join(sql, ";\n"))
		if err := x.sendUpstream(); err != nil {
			return err
		}
	}
	failed := false
	for _, st := range steps {
		ok, err := x.step(st)
		if err != nil {
			return err
		}
		if failed = !ok; failed {
			break
		}
	}
	if refusal != nil && !failed {
		x.refuse(refusal)
		x.broken = true // the failure of the replacement is not reported
	}
	if len(sql) == 0 {
		x.ready(x.status)
		return nil
	}
	return x.untilReady()
}

// step handles one statement. It reports whether the statement succeeded.
func (x *session) step(st *statement) (bool, error) {
	ex, err := x.start(st, nil, nothing)
	if err != nil {
		return false, err
	}
	if isLocal(st.plan) {
		x.sendLocal(ex, true)
		return true, x.conclude(ex, st, nil)
	}
	return x.receive(ex, st)
}

// sendUpstream sends what was gathered for the upstream.
func (x *session) sendUpstream() error { return x.up.Flush(x.s.limits.WriteTimeout) }

// sendReady tells the client that it may send the next query.
func (x *session) sendReady() {
	x.send(&pgproto3.ReadyForQuery{TxStatus: x.status})
}
