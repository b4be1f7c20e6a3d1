package pgproxy

import (
	"context"
	"errors"
	"net"
	"sort"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/veil-proxy/veil/internal/stack"
	"github.com/veil-proxy/veil/mask/keys"
	"github.com/veil-proxy/veil/postgres/analysis"
	"github.com/veil-proxy/veil/proxy"
	"github.com/veil-proxy/veil/proxy/pgproxy/pool"
	"github.com/veil-proxy/veil/proxy/pgproxy/wire"
	"github.com/veil-proxy/veil/proxy/trace"
)

// session is a connected client. Everything but cancelling and closing is done by one
// goroutine.
type session struct {
	s *Server
	client
	id  uint32 // for the client's cancel requests
	key []byte
	// login is the exchange that the session began with. The exchanges of its
	// statements follow from it.
	login proxy.Exchange
	view  *view // what its consumer sees
	flow  analysis.Session
	keys  *keys.Pseudonymizer // for opener; nil until it is needed

	waits      atomic.Bool // for messages: it has logged in
	cancelling sync.Mutex  // held while up is set or cancelled
	up         *pool.Conn

	state *state
	// staged is the state after the statements of a query string that have been analyzed so
	// far; nil if there is none.
	staged *state
	// status is that of the last ReadyForQuery: I, T or E.
	status byte
	// skipping: an error was reported, and everything up to the next Sync is skipped.
	skipping bool
	// broken: an error was reported since the last ReadyForQuery.
	broken bool
	// settled is what the settings are if the implicit transaction is rolled
	// back.
	settled settings
	current *execution // nil between executions
	checks  checks
	// transacted: a transaction began or ended since the last ReadyForQuery.
	transacted bool
	// analysed is when the last statement was analyzed, if the session is traced.
	analysed duration
	// begun: a portal was executed since the last ReadyForQuery, so that an
	// implicit transaction is open upstream.
	begun bool
	// repeatable: the client requested an isolation level that hides what others commit.
	repeatable bool
	expected   []expectation
	// entries are the records that must be durable before out may be sent.
	entries []proxy.Entry
	// lost: the state of the upstream's session is unknown.
	lost bool
	// torn: the client has received part of a message, so nothing else may follow.
	torn bool
	// unhook removes the hook that interrupts the upstream when the process stops.
	unhook func() bool
}

// serve runs a session from beginning to end.
func (x *session) serve() {
	s := x.s
	defer s.remove(x)
	defer context.AfterFunc(s.stopping, x.press)()
	defer func() { _ = x.conn.Close() }()
	x.login.Trace(trace.Session, nil)
	defer x.login.Span.End()
	defer x.recover()
	if err := x.begin(); err != nil {
		x.end(err)
		return
	}
	defer s.sessions.remove(x)
	x.end(x.loop())
}

// turnAway refuses a client that is not admitted.
func (x *session) turnAway(why *wire.Error) {
	_ = x.conn.SetDeadline(time.Now().Add(time.Second))
	x.send(why.Response("FATAL"))
	_ = x.flush()
	_ = x.conn.Close()
}

// begin handles a client from the first byte to the first ReadyForQuery.
func (x *session) begin() error {
	s := x.s
	if err := x.conn.SetDeadline(time.Now().Add(s.limits.AuthTimeout)); err != nil {
		return err
	}
	st, err := x.negotiate(s.encryption.Load().tls)
	switch {
	case errors.Is(err, errCancel):
		s.sessions.cancel(st.Cancel)
		return errCancel
	case err != nil:
		return err
	}
	err = x.enter(st)
	if failed := x.recordLogin(st.User, err); failed != nil {
		return failed
	}
	if err != nil {
		return err
	}
	return x.flush()
}

// enter logs in a client that has sent its startup message, and makes the session ready.
func (x *session) enter(st *wire.Startup) (err error) {
	s := x.s
	version := x.agree(st)
	if on := strings.ToLower(st.Parameters["replication"]); on != "" && on != "false" && on != "off" && on != "no" && on != "0" {
		return &wire.Error{Code: "0A000", Text: "replication connections are not supported"}
	}
	delete(st.Parameters, "replication")
	if x.tls == nil && !s.plaintext && !x.local() {
		return &wire.Error{Code: "28000", Text: "the connection is not encrypted", Hint: "Connect with sslmode=require or stricter."}
	}
	x.in = wire.NewFrames(x.conn, clientBuffer, mostAuthBytes)
	binding := s.encryption.Load().binding
	if x.tls == nil {
		binding = nil
	}
	who, err := x.logIn(st.User, binding)
	if err != nil {
		return err
	}
	x.in.Limit = s.limits.MessageBytes
	if !x.login.Identify(who) {
		return &wire.Error{Code: "28000", Text: "the consumer has no view of this database"}
	}
	x.view = x.login.View.(*view)
	if database := s.up.Database(); st.Database != "" && st.Database != database && st.Database != st.User {
		return &wire.Error{Code: "3D000", Text: "database does not exist"}
	}
	return x.open(st, version)
}

// remember initializes the state that a session keeps between statements.
func (x *session) remember(st *wire.Startup) {
	x.checks = newChecks()
	x.status = 'I'
	x.state = &state{statements: map[string]*statement{}, portals: map[string]*portal{}}
	first := vars{searchPath: x.s.searchPath, application: st.Parameters["application_name"], encoding: "UTF8"}
	x.state.settings, x.state.initial = settings{first, first}, first
	x.flow = analysis.Session{
		User: st.User, Database: x.s.up.Database(),
		Timeout:  x.view.timeout,
		Prepared: x.prepared, Cursor: x.cursor, Setting: x.setting,
	}
}

// open assigns an upstream connection to the session and tells the client that it is
// ready.
func (x *session) open(st *wire.Startup, version uint32) error {
	s := x.s
	x.remember(st)
	upstreamSettings, err := x.startupSettings(st)
	if err != nil {
		return err
	}
	up, err := s.up.Acquire(s.stopping, upstreamSettings)
	if s.stopping.Err() != nil && err != nil {
		return errClosing
	}
	if err != nil {
		return err
	}
	up.Waiting, up.Stopped = x.patient, x.stopped
	x.unhook = context.AfterFunc(s.stopping, up.Interrupt)
	x.state.settings.kept.setForm("intervalstyle", analysis.FormOf("intervalstyle", []string{up.Statuses["IntervalStyle"]}))
	x.state.initial = x.state.settings.kept
	x.state.settings.now = x.state.settings.kept
	x.settled = x.state.settings
	x.cancelling.Lock()
	x.up = up
	x.cancelling.Unlock()
	x.tellStatuses()
	keyBytes := shortKey
	if version >= wire.NewestProtocol {
		keyBytes = longKey
	}
	s.sessions.add(x, keyBytes)
	x.send(&pgproto3.BackendKeyData{ProcessID: x.id, SecretKey: x.key})
	x.send(&pgproto3.ReadyForQuery{TxStatus: 'I'})
	return x.conn.SetDeadline(time.Time{})
}

// passed are the parameters whose values are reported to the client as the upstream reports
// them.
var passed = map[string]bool{
	"server_version": true, "server_encoding": true, "DateStyle": true, "IntervalStyle": true,
	"TimeZone": true, "integer_datetimes": true, "standard_conforming_strings": true, "in_hot_standby": true,
	"default_transaction_read_only": true, "scram_iterations": true,
}

// tellStatuses reports the parameters of the session.
func (x *session) tellStatuses() {
	x.send(&pgproto3.AuthenticationOk{})
	x.tellKept(vars{})
	x.send(&pgproto3.ParameterStatus{Name: "is_superuser", Value: "off"})
	x.send(&pgproto3.ParameterStatus{Name: "session_authorization", Value: x.flow.User})
	var names []string
	for name := range x.up.Statuses {
		if passed[name] {
			names = append(names, name)
		}
	}
	sort.Strings(names)
	for _, name := range names {
		x.send(&pgproto3.ParameterStatus{Name: name, Value: x.up.Statuses[name]})
	}
}

// tellKept reports the parameters that the proxy keeps, if they have changed.
func (x *session) tellKept(before vars) {
	now := x.state.settings.now
	if now.application != before.application || before.encoding == "" {
		x.send(&pgproto3.ParameterStatus{Name: "application_name", Value: now.application})
	}
	if now.encoding != before.encoding {
		x.send(&pgproto3.ParameterStatus{Name: "client_encoding", Value: now.encoding})
	}
}

// over returns why the session must end before its next statement; nil if it continues.
func (x *session) over() error {
	switch {
	case x.s.shared.Draining() && len(x.expected) == 0:
		return errClosing
	case x.outdated():
		return errOutdated
	}
	return nil
}

// Why a session ends through no fault of its own.
var (
	errIdle     = &wire.Error{Code: "57P05", Text: "terminating connection due to idle-session timeout"}
	errClosing  = &wire.Error{Code: "57P01", Text: "terminating connection due to administrator command", Hint: "Veil is shutting down. Connect again."}
	errOutdated = &wire.Error{Code: "57P01", Text: "terminating connection due to administrator command", Hint: "Veil's rules or users were reloaded. Connect again."}
)

// message handles one message of the client, or notes the response that it expects.
func (x *session) message(typ byte, body []byte) error {
	switch typ {
	case 'S':
		return x.sync()
	case 'd', 'c', 'f':
		return nil // after a COPY that was refused; PostgreSQL ignores them, too
	case 'Q', 'P', 'B', 'D', 'E', 'C', 'H', 'F':
	default:
		return &wire.Error{Code: "08P01", Text: "the client sent a message of an unknown type"}
	}
	if x.skipping {
		return nil
	}
	switch typ {
	case 'Q':
		return x.query(body)
	case 'P':
		return x.parse(body)
	case 'B':
		return x.bind(body)
	case 'D':
		return x.describe(body)
	case 'E':
		return x.execute(body)
	case 'C':
		return x.closeNamed(body)
	case 'H':
		if err := x.drain(); err != nil {
			return err
		}
		return x.flush()
	}
	return x.functionCall()
}

// functionCall refuses a call by function number, which contains no SQL to analyze.
func (x *session) functionCall() error {
	if err := x.drain(); err != nil || x.skipping {
		return err
	}
	f := &refusal{Error: wire.Error{Code: "0A000", Text: "function calls by number are not supported", Hint: "Call the function in a query."}, reason: "function call"}
	if err := x.run(nil, f); err != nil {
		return err
	}
	x.sendReady()
	return x.flush()
}

// flush makes the records of what was completed durable, and then sends it. Without them,
// nothing is sent.
func (x *session) flush() error {
	if err := x.commit(); err != nil {
		return err
	}
	return x.client.flush()
}

// patient is called while waiting for the upstream: it ends the wait if the client has
// disconnected.
func (x *session) patient() error {
	if err := x.stopped(); err != nil {
		return err
	}
	if x.gone() {
		return net.ErrClosed
	}
	return nil
}

// stopped is called before waiting for the upstream. A row that has been sent in part may
// be completed.
func (x *session) stopped() error {
	if x.s.stopping.Err() == nil || x.torn {
		return nil
	}
	x.lost = true
	return errClosing
}

// farewell bounds the wait for a client when the process stops.
const farewell = 2 * time.Second

// press bounds the wait for the client when the process stops: if it does not read its
// response, or is slow to log in.
func (x *session) press() {
	soon := time.Now().Add(farewell)
	_ = x.raw.SetWriteDeadline(soon) // not conn, which TLS may be replacing
	if !x.waits.Load() {
		_ = x.raw.SetReadDeadline(soon)
	}
}

// stopWaiting ends the wait for the client's next message.
func (x *session) stopWaiting() {
	if x.waits.Load() {
		_ = x.conn.SetReadDeadline(time.Now())
	}
}

// end tells the client why the session ends, if there is a reason, and gives the
// upstream back.
func (x *session) end(err error) {
	clean := err == nil && len(x.expected) == 0
	if x.current != nil {
		x.finish(x.current, "failed", "session ended")
	}
	if x.login.Who != nil {
		if failed := x.commit(); failed != nil && err == nil {
			err = failed
		}
	}
	if reported := fatal(err); reported != nil {
		clean = reported.Code == "57P01" || reported.Code == "57P05"
		x.out = x.out[:0] // what has not been completed
		if !x.torn {
			x.send(reported.Response("FATAL"))
			_ = x.client.flush()
		}
		x.s.shared.Log().Warn("session ended", "door", "postgres", "consumer", x.login.Consumer(), "client", x.login.Client, "reason", reported.Text)
	}
	x.giveBack(clean && !x.lost && x.status == 'I')
}

// giveBack releases the upstream. If it is running a statement, it is cancelled.
func (x *session) giveBack(clean bool) {
	if x.up == nil {
		return
	}
	if !clean {
		x.cancelUpstream()
	}
	x.unhook()
	x.cancelling.Lock()
	up := x.up
	x.up = nil
	x.cancelling.Unlock()
	x.s.up.Release(up, clean)
}

// recover ends the session after a panic. Its text is dropped, since it may contain a
// value. The log gets the functions on the stack.
func (x *session) recover() {
	if recover() == nil {
		return
	}
	// A panic while the panic is handled ends the session, not the process.
	defer func() { _ = recover() }()
	x.s.shared.Log().Error("panic", "door", "postgres", "consumer", x.login.Consumer(), "stack", stack.OfPanic())
	x.lost = true
	x.end(&wire.Error{Code: "XX000", Text: "Veil failed to process this statement"})
}
