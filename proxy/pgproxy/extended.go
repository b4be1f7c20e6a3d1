package pgproxy

import (
	"bytes"
	"encoding/binary"
	"unicode/utf8"

	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/veil-proxy/veil/postgres/analysis"
	"github.com/veil-proxy/veil/postgres/catalog"
	"github.com/veil-proxy/veil/proxy/pgproxy/wire"
)

// How much is gathered for the upstream before its responses are read, even if the client
// does not wait. With more, both ends might write while neither reads.
const (
	mostGathered = 32 << 10 // bytes
	mostExpected = 1000     // answers
)

// expectation is a response that the upstream owes.
type expectation struct {
	// kind is the type of the message that requested it; 'R' for one that was
	// refused.
	kind    byte
	name    string
	st      *statement
	portal  *portal
	silent  bool // Veil asked, not the client
	refusal *refusal
	release func()
}

// expect notes an owed response, after its message was gathered.
func (x *session) expect(e expectation) error {
	x.expected = append(x.expected, e)
	if len(x.expected) >= mostExpected {
		return x.drain()
	}
	return nil
}

// room reads the owed responses if a message of n bytes would exceed what may be
// gathered.
func (x *session) room(n int) error {
	if len(x.expected) > 0 && len(x.up.Out)+n > mostGathered {
		return x.drain()
	}
	return nil
}

// settle reads the owed responses if one of them can change the meaning of a statement.
func (x *session) settle() error {
	for _, e := range x.expected {
		if e.kind == 'E' && changes(e.portal.st.plan) {
			return x.drain()
		}
	}
	return nil
}

// refuseMessage refuses a message of the extended protocol: the error is sent at once,
// after the responses to the messages before it, and what follows is skipped up to the
// next Sync.
func (x *session) refuseMessage(f *refusal) error {
	if x.status == 'T' || x.begun {
		// The transaction must fail with it, even an implicit one.
		m := pgproto3.Parse{Query: poison}
		x.up.Out, _ = m.Encode(x.up.Out) // encoding a fixed message cannot fail
		x.expected = append(x.expected, expectation{kind: 'R', refusal: f})
		return x.drain()
	}
	if err := x.drain(); err != nil {
		return err
	}
	if x.skipping {
		return nil // an error before this one was reported
	}
	x.refuse(f)
	x.failed()
	return x.flush()
}

// parse analyzes a statement and prepares its rewritten form.
func (x *session) parse(body []byte) error {
	var m pgproto3.Parse
	if err := m.Decode(body); err != nil {
		return wire.ErrMalformed
	}
	if err := x.settle(); err != nil || x.skipping {
		return err
	}
	if m.Name != "" {
		if x.state.statement(m.Name) != nil {
			return x.refuseMessage(&refusal{Error: *wire.Condition("42P05"), reason: "statement name"})
		}
		if len(x.state.statements) >= x.s.limits.Statements {
			return x.refuseMessage(&refusal{Error: wire.Error{Code: "54000", Text: "too many prepared statements"}, reason: "limit"})
		}
	}
	plan, cat, f := x.analyze(m.Query)
	if f == nil {
		f = x.aborted(plan)
	}
	if f != nil {
		return x.refuseMessage(f)
	}
	for i, oid := range m.ParameterOIDs {
		if !catalog.ParameterType(oid) {
			m.ParameterOIDs[i] = 0 // the other operand decides
		}
	}
	upstream := pgproto3.Parse{Name: m.Name, Query: plan.SQL, ParameterOIDs: m.ParameterOIDs}
	if isLocal(plan) {
		upstream.Query, upstream.ParameterOIDs = "", nil
	}
	var declared map[int]uint32
	for i, p := range plan.Params {
		if p.Sealed {
			for len(upstream.ParameterOIDs) <= i {
				upstream.ParameterOIDs = append(upstream.ParameterOIDs, 0)
			}
			if oid := upstream.ParameterOIDs[i]; oid != 0 {
				if declared == nil {
					declared = map[int]uint32{}
				}
				declared[i] = oid
			}
			upstream.ParameterOIDs[i] = p.Type
		}
	}
	if err := x.room(len(plan.SQL)); err != nil || x.skipping {
		return err
	}
	out, err := upstream.Encode(x.up.Out)
	if err != nil {
		return wire.ErrSize
	}
	x.up.Out = out
	st := x.judged(m.Query, plan, cat)
	st.declared = declared
	x.state.statements[m.Name] = st
	return x.expect(expectation{kind: 'P', name: m.Name, st: st})
}

// bindHead reads the beginning of a Bind: the names of its portal and statement.
func bindHead(body []byte) (portal, statement string, ok bool) {
	i := bytes.IndexByte(body, 0)
	if i < 0 {
		return "", "", false
	}
	j := bytes.IndexByte(body[i+1:], 0)
	if j < 0 {
		return "", "", false
	}
	return string(body[:i]), string(body[i+1 : i+1+j]), true
}

// bind opens sealed parameters, and requests sealed columns as text.
func (x *session) bind(body []byte) error {
	name, prepared, ok := bindHead(body)
	if !ok {
		return wire.ErrMalformed
	}
	if err := x.settle(); err != nil || x.skipping {
		return err
	}
	st := x.state.statement(prepared)
	if st == nil {
		return x.refuseMessage(&refusal{Error: *wire.Condition("26000"), reason: "statement name"})
	}
	if len(x.state.portals) >= x.s.limits.Portals {
		return x.refuseMessage(&refusal{Error: wire.Error{Code: "54000", Text: "too many portals"}, reason: "limit"})
	}
	if err := x.room(len(body)); err != nil || x.skipping {
		return err
	}
	st, values, f := x.bound(st, body)
	if f != nil {
		return x.refuseMessage(f)
	}
	p := &portal{st: st}
	if asIs(st.plan) && len(values) == 0 {
		x.up.Out = wire.AppendFrame(x.up.Out, 'B', body)
	} else {
		m := new(pgproto3.Bind)
		if err := m.Decode(body); err != nil {
			return wire.ErrMalformed
		}
		if f := x.rewriteBind(m, st.plan); f != nil {
			return x.refuseMessage(f)
		}
		for param, value := range values {
			m.Parameters[param-1] = []byte(value) // text is the same in both formats
		}
		p.formats = m.ResultFormatCodes
		m.ResultFormatCodes = nil
		if !isLocal(st.plan) {
			m.ResultFormatCodes = st.plan.UpstreamFormats(nil, p.formats)
		}
		out, err := m.Encode(x.up.Out)
		if err != nil {
			return wire.ErrSize
		}
		x.up.Out = out
	}
	x.state.portals[name] = p
	return x.expect(expectation{kind: 'B', name: name, portal: p})
}

// bound returns the statement with the settings that its Bind has as parameters, and the
// values of these parameters for the upstream.
func (x *session) bound(st *statement, body []byte) (*statement, map[int32]string, *refusal) {
	if len(st.plan.Settings) == 0 {
		return st, nil, nil
	}
	m := new(pgproto3.Bind)
	if err := m.Decode(body); err != nil {
		return nil, nil, badFormat()
	}
	for _, set := range st.plan.Settings {
		if set.Param > 0 && int(set.Param) <= len(m.Parameters) && !utf8.Valid(m.Parameters[set.Param-1]) {
			return nil, nil, &refusal{Error: *wire.Condition("22021"), reason: "setting"}
		}
	}
	plan, values, r := st.plan.Bound(&x.flow, func(param int32) (string, bool) {
		if int(param) > len(m.Parameters) || m.Parameters[param-1] == nil {
			return "", false
		}
		return string(m.Parameters[param-1]), true // text is the same in both formats
	})
	if r != nil {
		return nil, nil, refused(r)
	}
	own := *st
	own.plan = plan
	return &own, values, nil
}

// asIs reports whether a Bind of the plan is sent upstream unchanged.
func asIs(p *analysis.Plan) bool {
	for i := range p.Params {
		if p.Params[i].Sealed {
			return false
		}
	}
	return p.Passes() && !isLocal(p)
}

// rewriteBind replaces sealed parameters by the opened ids.
func (x *session) rewriteBind(m *pgproto3.Bind, p *analysis.Plan) *refusal {
	if isLocal(p) {
		// The formats are for columns that the upstream does not have.
		for _, f := range m.ResultFormatCodes {
			if f != 0 && f != 1 {
				return badFormat()
			}
		}
	}
	if n := len(m.ResultFormatCodes); n > 1 && n != len(p.Columns) {
		return badFormat()
	}
	if n := len(m.ParameterFormatCodes); n > 1 && n != len(m.Parameters) {
		return badFormat()
	}
	for _, f := range append(m.ResultFormatCodes, m.ParameterFormatCodes...) {
		if f != 0 && f != 1 {
			return badFormat()
		}
	}
	formats := make([]int16, len(m.Parameters))
	for i := range formats {
		switch len(m.ParameterFormatCodes) {
		case 0:
		case 1:
			formats[i] = m.ParameterFormatCodes[0]
		default:
			formats[i] = m.ParameterFormatCodes[i]
		}
	}
	opened := false
	for i, param := range p.Params {
		if i >= len(m.Parameters) || !param.Sealed {
			continue
		}
		if m.Parameters[i] != nil {
			m.Parameters[i] = p.AppendParam([]byte{}, i, formats[i], m.Parameters[i], x.opener())
		}
		formats[i], opened = 0, true
	}
	if opened {
		m.ParameterFormatCodes = formats
	}
	return nil
}

func badFormat() *refusal {
	return &refusal{Error: wire.Error{Code: "08P01", Text: "the format codes of the Bind message do not fit its statement"}, reason: "bind"}
}

// named reads the body of Describe and Close: a kind and a name.
func named(body []byte) (kind byte, name string, ok bool) {
	if len(body) < 2 || body[0] != 'S' && body[0] != 'P' {
		return 0, "", false
	}
	name, ok = cString(body[1:])
	return body[0], name, ok
}

// describe requests the columns of a statement or a portal.
func (x *session) describe(body []byte) error {
	kind, name, ok := named(body)
	if !ok {
		return wire.ErrMalformed
	}
	if err := x.settle(); err != nil || x.skipping {
		return err
	}
	if kind == 'S' {
		st := x.state.statement(name)
		if st == nil {
			return x.refuseMessage(&refusal{Error: *wire.Condition("26000"), reason: "statement name"})
		}
		x.up.Out = wire.AppendFrame(x.up.Out, 'D', body)
		st.checked = true
		return x.expect(expectation{kind: 'D', st: st})
	}
	p := x.state.portal(name)
	if p == nil {
		return x.refuseMessage(&refusal{Error: *wire.Condition("34000"), reason: "portal name"})
	}
	return x.describePortal(name, p, false)
}

func (x *session) describePortal(name string, p *portal, silent bool) error {
	x.up.Out = append(x.up.Out, 'D')
	x.up.Out = binary.BigEndian.AppendUint32(x.up.Out, uint32(4+1+len(name)+1))
	x.up.Out = append(append(append(x.up.Out, 'P'), name...), 0)
	p.st.checked = true
	return x.expect(expectation{kind: 'D', st: p.st, portal: p, silent: silent})
}

// execute runs a portal. If the client does not request its columns, Veil does.
func (x *session) execute(body []byte) error {
	if len(body) < 5 {
		return wire.ErrMalformed
	}
	name, ok := cString(body[:len(body)-4])
	if !ok {
		return wire.ErrMalformed
	}
	if err := x.settle(); err != nil || x.skipping {
		return err
	}
	p := x.state.portal(name)
	if p == nil {
		return x.refuseMessage(&refusal{Error: *wire.Condition("34000"), reason: "portal name"})
	}
	if f := x.hindered(p.st.plan); f != nil {
		return x.refuseMessage(f)
	}
	release, f := x.admit()
	if f != nil {
		return x.refuseMessage(f)
	}
	if len(p.st.plan.Columns) > 0 && !p.st.checked && p.st.plan.Kind != analysis.CopyOut && !isLocal(p.st.plan) {
		if err := x.describePortal(name, p, true); err != nil || x.skipping {
			release()
			return err
		}
	}
	if p.ex == nil && !p.holds && x.verifiable(p.st) {
		if err := x.verify(p); err != nil || x.skipping {
			release()
			return err
		}
	}
	x.up.Out = wire.AppendFrame(x.up.Out, 'E', body)
	x.begun = true
	return x.expect(expectation{kind: 'E', name: name, st: p.st, portal: p, release: release})
}

// closeNamed closes a statement or a portal. It is removed at once, so that it is not
// used while the response is owed.
func (x *session) closeNamed(body []byte) error {
	kind, name, ok := named(body)
	if !ok {
		return wire.ErrMalformed
	}
	if err := x.settle(); err != nil || x.skipping {
		return err
	}
	e := expectation{kind: 'C', name: name}
	if kind == 'S' {
		e.st = x.state.statement(name)
		x.state.forget(name)
	} else {
		e.portal = x.state.portal(name)
		x.state.forgetPortal(name)
	}
	x.up.Out = wire.AppendFrame(x.up.Out, 'C', body)
	return x.expect(e)
}

// sync ends a sequence of messages, and the skipping after an error.
func (x *session) sync() error {
	x.up.Out = wire.AppendFrame(x.up.Out, 'S', nil)
	x.expected = append(x.expected, expectation{kind: 'S'})
	if err := x.drain(); err != nil {
		return err
	}
	x.sendReady()
	return x.flush()
}
