package pgproxy

import (
	"encoding/binary"

	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/veil-proxy/veil/postgres/analysis"
	"github.com/veil-proxy/veil/proxy/pgproxy/pool"
	"github.com/veil-proxy/veil/proxy/pgproxy/wire"
)

// drain sends what was gathered for the upstream and reads the owed responses. After an
// error it skips the rest up to Sync, if that has been sent; otherwise the session skips
// what the client sends up to it.
func (x *session) drain() error {
	if len(x.expected) == 0 {
		return nil
	}
	if last := x.expected[len(x.expected)-1]; last.kind != 'S' {
		x.up.Out = wire.AppendFrame(x.up.Out, 'H', nil)
	}
	if err := x.sendUpstream(); err != nil {
		return err
	}
	for i := 0; i < len(x.expected); i++ {
		ok, err := x.receiveResponse(&x.expected[i])
		if err != nil {
			x.giveUp(x.expected[i+1:])
			return err
		}
		if ok {
			continue
		}
		// The upstream also skips the rest, up to Sync.
		synced := x.expected[len(x.expected)-1].kind == 'S'
		x.giveUp(x.expected[i:])
		x.expected = x.expected[:0]
		x.failed()
		if synced {
			return x.untilReady()
		}
		return x.flush() // PostgreSQL sends an error without waiting for Flush or Sync
	}
	x.expected = x.expected[:0]
	return nil
}

// giveUp undoes what was noted for messages that the upstream did not process.
func (x *session) giveUp(rest []expectation) {
	for i := len(rest) - 1; i >= 0; i-- {
		e := &rest[i]
		switch e.kind {
		case 'P':
			if x.state.statements[e.name] == e.st {
				delete(x.state.statements, e.name)
			}
		case 'B':
			if x.state.portals[e.name] == e.portal {
				delete(x.state.portals, e.name)
			}
		case 'C':
			if e.st != nil && x.state.statements[e.name] == nil {
				x.state.statements[e.name] = e.st
			}
			if e.portal != nil && x.state.portals[e.name] == nil {
				x.state.portals[e.name] = e.portal
			}
		case 'D':
			e.st.checked = false
		case 'V':
			delete(x.checks.byText, e.name) // it may not have been prepared
		case 'E':
			e.release()
		}
		e.release = nothing
	}
}

// failed notes that an error has been reported.
func (x *session) failed() {
	x.skipping = true
	x.broken = true
}

// receiveResponse reads one response of the upstream. It reports whether there was no
// error.
func (x *session) receiveResponse(e *expectation) (bool, error) {
	switch e.kind {
	case 'P':
		return x.simpleResponse('1', &pgproto3.ParseComplete{})
	case 'B':
		return x.simpleResponse('2', &pgproto3.BindComplete{})
	case 'C':
		if e.silent {
			return x.simpleResponse('3', nil)
		}
		return x.simpleResponse('3', &pgproto3.CloseComplete{})
	case 'V':
		return x.verified(e)
	case 'R':
		typ, _, err := x.nextUpstream()
		if err == nil && typ != 'E' {
			err = pool.ErrProtocol
		}
		if err != nil {
			return false, err
		}
		x.refuse(e.refusal)
		return false, nil
	case 'D':
		return x.description(e)
	case 'E':
		return x.executed(e)
	}
	return true, x.untilReady() // 'S'
}

// nextUpstream reads the next message of the upstream that is a response. Asynchronous
// messages are handled here.
func (x *session) nextUpstream() (byte, []byte, error) {
	for {
		typ, body, err := x.up.In.Next()
		if err != nil {
			return 0, nil, err
		}
		switch typ {
		case 'N', 'A', 'S':
			if err := x.unasked(typ, body); err != nil {
				return 0, nil, err
			}
			continue
		}
		return typ, body, nil
	}
}

// unasked handles an asynchronous message. The text of a notice is replaced; a
// notification is not passed on.
func (x *session) unasked(typ byte, body []byte) error {
	switch typ {
	case 'N':
		var m pgproto3.NoticeResponse
		if err := m.Decode(body); err != nil {
			return pool.ErrProtocol
		}
		if m.Code != "00000" && m.Code != "" {
			reported := wire.Condition(m.Code)
			notice := pgproto3.NoticeResponse(*reported.Response(severity(m.SeverityUnlocalized)))
			x.send(&notice)
		}
	case 'S':
		var m pgproto3.ParameterStatus
		if err := m.Decode(body); err != nil {
			return pool.ErrProtocol
		}
		if passed[m.Name] {
			x.send(&m)
		}
	}
	return nil
}

// severity lets only PostgreSQL's own words pass.
func severity(s string) string {
	switch s {
	case "WARNING", "NOTICE", "DEBUG", "INFO", "LOG":
		return s
	}
	return "NOTICE"
}

// upstreamError reports an error of the upstream to the client, by its code. A fatal one
// ends the session.
func (x *session) upstreamError(body []byte) (code string, err error) {
	var m pgproto3.ErrorResponse
	if err := m.Decode(body); err != nil {
		return "", pool.ErrProtocol
	}
	reported := wire.Condition(m.Code)
	switch m.SeverityUnlocalized {
	case "ERROR":
		x.send(reported.Response("ERROR"))
		return reported.Code, nil
	case "":
		return "", pool.ErrProtocol // older than 9.6
	}
	x.lost = true
	return reported.Code, reported
}

// simpleResponse reads a response without content, and sends m to the client; nil if it
// did not request it.
func (x *session) simpleResponse(want byte, m pgproto3.BackendMessage) (bool, error) {
	typ, body, err := x.nextUpstream()
	switch {
	case err != nil:
		return false, err
	case typ == want:
		if m != nil {
			x.send(m)
		}
		return true, nil
	case typ == 'E':
		_, err := x.upstreamError(body)
		return false, err
	}
	return false, pool.ErrProtocol
}

// untilReady reads up to ReadyForQuery. Anything before it comes only after an error, and
// is dropped.
func (x *session) untilReady() error {
	for {
		typ, body, err := x.up.In.Next()
		if err != nil {
			return err
		}
		switch {
		case typ == 'Z':
			if len(body) != 1 || body[0] != 'I' && body[0] != 'T' && body[0] != 'E' {
				return pool.ErrProtocol
			}
			x.ready(body[0])
			return nil
		case typ == 'N' || typ == 'A' || typ == 'S':
			if err := x.unasked(typ, body); err != nil {
				return err
			}
		case !x.broken:
			return pool.ErrProtocol
		}
	}
}

// ready sets the state of the transaction.
func (x *session) ready(status byte) {
	st := x.state
	before := st.settings.now
	if status == 'I' {
		if x.broken {
			st.settings = x.settled // the implicit transaction is rolled back
		}
		st.settings.now = st.settings.kept // SET LOCAL without a transaction
		st.begun, st.savepoints = nil, nil
		for name, p := range st.portals {
			if !p.cursor { // those of DECLARE … WITH HOLD remain
				delete(st.portals, name)
			}
		}
		x.settled = st.settings
		x.tellKept(before)
	}
	x.status, x.skipping, x.broken, x.transacted, x.begun = status, false, false, false, false
}

// declare puts the types that the client declared into a ParameterDescription: PostgreSQL
// reports them unchanged, and drivers rely on that.
func (st *statement) declare(body []byte) {
	for i, oid := range st.declared {
		if at := 2 + 4*i; at+4 <= len(body) {
			binary.BigEndian.PutUint32(body[at:], oid)
		}
	}
}

// description reads the response to Describe.
func (x *session) description(e *expectation) (bool, error) {
	if e.portal == nil {
		typ, body, err := x.nextUpstream()
		switch {
		case err != nil:
			return false, err
		case typ == 'E':
			_, err := x.upstreamError(body)
			return false, err
		case typ != 't':
			return false, pool.ErrProtocol
		}
		e.st.declare(body)
		x.out = wire.AppendFrame(x.out, 't', body)
	}
	typ, body, err := x.nextUpstream()
	switch {
	case err != nil:
		return false, err
	case typ == 'E':
		_, err := x.upstreamError(body)
		return false, err
	case typ == 'n' && isLocal(e.st.plan):
		x.describeLocal(e.st.plan, e.formats())
		return true, nil
	case typ == 'n' && (len(e.st.plan.Columns) == 0 || e.st.plan.Kind == analysis.CopyOut):
		x.send(&pgproto3.NoData{})
		return true, nil
	case typ == 'T':
		return true, x.columns(e.st.plan, body, e.formats(), e.silent)
	}
	return false, pool.ErrProtocol
}

// formats returns the formats that the portal of a Describe was bound with.
func (e *expectation) formats() []int16 {
	if e.portal == nil {
		return nil
	}
	return e.portal.formats
}

// executed reads the response to Execute.
func (x *session) executed(e *expectation) (bool, error) {
	p := e.portal
	if p.ex == nil {
		ex, err := x.start(p.st, p.formats, e.release)
		if err != nil {
			return false, err
		}
		p.ex = ex
	} else {
		x.again(p.ex, e.release)
	}
	e.release = nothing
	p.ex.described = p.st.checked
	p.ex.confirmed = p.ex.confirmed || p.holds
	return x.receive(p.ex, p.st)
}
