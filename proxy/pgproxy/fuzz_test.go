package pgproxy

import (
	"bytes"
	"errors"
	"io"
	"log/slog"
	"net"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/veil-proxy/veil/internal/veiltest"
	"github.com/veil-proxy/veil/postgres/analysis"
	"github.com/veil-proxy/veil/postgres/catalog"
	"github.com/veil-proxy/veil/proxy"
	"github.com/veil-proxy/veil/proxy/consumer"
	"github.com/veil-proxy/veil/proxy/pgproxy/pool"
	"github.com/veil-proxy/veil/proxy/pgproxy/wire"
)

// scripted is one end of a connection: it gives what it was given, then ends, and
// keeps what it is sent.
type scripted struct {
	net.Conn
	in  io.Reader
	out io.Writer
}

func (s *scripted) Read(p []byte) (int, error)       { return s.in.Read(p) }
func (s *scripted) Write(p []byte) (int, error)      { return s.out.Write(p) }
func (s *scripted) Close() error                     { return nil }
func (s *scripted) SetDeadline(time.Time) error      { return nil }
func (s *scripted) SetReadDeadline(time.Time) error  { return nil }
func (s *scripted) SetWriteDeadline(time.Time) error { return nil }
func (s *scripted) RemoteAddr() net.Addr             { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)} }

// obedient is an upstream that answers each message as PostgreSQL would answer
// one about nothing.
type obedient struct {
	asked  bytes.Buffer
	answer bytes.Buffer
}

func (o *obedient) Write(p []byte) (int, error) {
	o.asked.Write(p)
	in := wire.NewFrames(&o.asked, 1<<10, 1<<20)
	for {
		typ, body, err := in.Next()
		if err != nil {
			return len(p), nil //nolint:nilerr // no more whole messages
		}
		var m pgproto3.BackendMessage
		switch typ {
		case 'P':
			m = &pgproto3.ParseComplete{}
		case 'B':
			m = &pgproto3.BindComplete{}
		case 'C':
			m = &pgproto3.CloseComplete{}
		case 'D':
			if body[0] == 'S' {
				o.send(&pgproto3.ParameterDescription{})
			}
			m = &pgproto3.NoData{}
		case 'E':
			m = &pgproto3.CommandComplete{CommandTag: []byte("SELECT 0")}
		case 'S':
			m = &pgproto3.ReadyForQuery{TxStatus: 'I'}
		case 'Q':
			o.send(&pgproto3.CommandComplete{CommandTag: []byte("SELECT 0")})
			m = &pgproto3.ReadyForQuery{TxStatus: 'I'}
		default:
			continue
		}
		o.send(m)
	}
}

func (o *obedient) send(m pgproto3.BackendMessage) {
	b, _ := m.Encode(nil)
	o.answer.Write(b)
}

func (o *obedient) Read(p []byte) (int, error) { return o.answer.Read(p) }

// fuzzSession is a session that has logged in, between a client and an upstream of
// the test's, over an empty catalog.
func fuzzSession(t testing.TB, p *proxy.Policy, client, up net.Conn) *session {
	t.Helper()
	limits, _ := Limits{ConnectTimeout: time.Millisecond}.complete()
	quiet := slog.New(slog.DiscardHandler)
	s := &Server{limits: limits, stopping: t.Context(), analyzer: analysis.NewAnalyzer(1), sessions: sessions{byID: map[uint32]*session{}}}
	t.Cleanup(s.analyzer.Close)
	var err error
	if s.shared, err = proxy.New(proxy.Config{Name: "postgres", Sink: &memorySink{}}); err != nil {
		t.Fatal(err)
	}
	if s.up, err = pool.New(pool.Config{DSN: "host=127.0.0.1 port=1 user=nobody", ConnectTimeout: limits.ConnectTimeout, Logger: quiet}); err != nil {
		t.Fatal(err)
	}
	s.catalogs = pool.NewCatalogs(s.up, &catalog.Catalog{})
	s.shared.Force(p)
	x := &session{s: s, login: s.shared.Begin(&net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)}), view: p.Views()["plain"].(*view)}
	x.login.Identify(&consumer.Consumer{Name: "fuzz", View: "plain"})
	x.client.conn, x.client.timeout, x.client.stopping = client, time.Second, t.Context()
	x.in = wire.NewFrames(client, clientBuffer, 64<<10)
	x.remember(&wire.Startup{User: "fuzz"})
	x.up = pool.NewConn(up, limits.RowBytes)
	return x
}

func fuzzPolicy(t testing.TB) *proxy.Policy {
	t.Helper()
	if err := analysis.Warm(); err != nil {
		t.Fatal(err)
	}
	p, err := newPolicy(Policy{Consumers: testUsers(t), Views: clinicViews(t)}, DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// messages are the bytes of messages of a client.
func messages(ms ...pgproto3.FrontendMessage) []byte {
	var b []byte
	for _, m := range ms {
		b, _ = m.Encode(b)
	}
	return b
}

// FuzzClient: whatever a client sends after it has logged in, the session neither
// panics nor hangs, and gives back what it held.
func FuzzClient(f *testing.F) {
	p := fuzzPolicy(f)
	f.Add(messages(&pgproto3.Query{String: "SELECT 1; SHOW search_path; SELECT 2"}, &pgproto3.Terminate{}))
	f.Add(messages(&pgproto3.Query{String: "BEGIN"}, &pgproto3.Query{String: "DELETE FROM x"}, &pgproto3.Query{String: "ROLLBACK"}))
	f.Add(messages(&pgproto3.Parse{Name: "s", Query: "SELECT $1::int", ParameterOIDs: []uint32{23}}, &pgproto3.Describe{ObjectType: 'S', Name: "s"},
		&pgproto3.Bind{PreparedStatement: "s", Parameters: [][]byte{{'1'}}, ResultFormatCodes: []int16{1}}, &pgproto3.Describe{ObjectType: 'P'},
		&pgproto3.Execute{MaxRows: 2}, &pgproto3.Flush{}, &pgproto3.Close{ObjectType: 'S', Name: "s"}, &pgproto3.Sync{}))
	f.Add(messages(&pgproto3.Parse{Query: "SHOW search_path"}, &pgproto3.Bind{}, &pgproto3.Execute{}, &pgproto3.Sync{}, &pgproto3.FunctionCall{}, &pgproto3.CopyFail{}))
	f.Add([]byte{'B', 0, 0, 0, 8, 0, 0, 255, 255})
	f.Add([]byte{'Q', 255, 255, 255, 255})
	f.Fuzz(func(t *testing.T, sent []byte) {
		up := &obedient{}
		client := &scripted{in: bytes.NewReader(sent), out: new(bytes.Buffer)}
		x := fuzzSession(t, p, client, &scripted{in: up, out: up})
		done := make(chan struct{})
		go func() {
			defer close(done)
			_ = x.loop()
		}()
		select {
		case <-done:
		case <-time.After(veiltest.Patience):
			t.Fatal("the session hangs")
		}
		if x.current != nil {
			x.finish(x.current, "failed", "session ended")
		}
	})
}

// FuzzUpstream: whatever an upstream responds, the session neither panics nor
// hangs, and no text of an error or a notice reaches the client.
func FuzzUpstream(f *testing.F) {
	p := fuzzPolicy(f)
	answer := func(ms ...pgproto3.BackendMessage) []byte {
		var b []byte
		for _, m := range ms {
			b, _ = m.Encode(b)
		}
		return b
	}
	row := &pgproto3.RowDescription{Fields: []pgproto3.FieldDescription{{Name: []byte("a"), DataTypeOID: 23, DataTypeSize: 4, TypeModifier: -1}}}
	ready := &pgproto3.ReadyForQuery{TxStatus: 'I'}
	secret := "SECRETTEXT"
	f.Add(answer(row, &pgproto3.DataRow{Values: [][]byte{{'1'}}}, &pgproto3.CommandComplete{CommandTag: []byte("SELECT 1")}, ready))
	f.Add(answer(&pgproto3.ErrorResponse{Severity: "ERROR", SeverityUnlocalized: "ERROR", Code: "22012", Message: secret, Detail: secret, Hint: secret, Where: secret}, ready))
	f.Add(answer(&pgproto3.NoticeResponse{Severity: "NOTICE", SeverityUnlocalized: "NOTICE", Code: "01000", Message: secret}, &pgproto3.ParameterStatus{Name: "x", Value: secret}, &pgproto3.NotificationResponse{Payload: secret}, row, ready))
	f.Add(answer(&pgproto3.CopyOutResponse{}, &pgproto3.CopyData{Data: []byte(secret)}, ready))
	f.Add(answer(&pgproto3.RowDescription{Fields: append(row.Fields, row.Fields...)}, &pgproto3.DataRow{Values: [][]byte{[]byte(secret), nil}}, ready))
	f.Add([]byte{'D', 0, 0, 0, 3})
	f.Fuzz(func(t *testing.T, answered []byte) {
		for _, asked := range [][]byte{
			messages(&pgproto3.Query{String: "SELECT 1 AS a"}),
			messages(&pgproto3.Parse{Query: "SELECT 1 AS a"}, &pgproto3.Bind{}, &pgproto3.Execute{}, &pgproto3.Sync{}),
		} {
			var told bytes.Buffer
			client := &scripted{in: bytes.NewReader(asked), out: &told}
			x := fuzzSession(t, p, client, &scripted{in: bytes.NewReader(answered), out: new(bytes.Buffer)})
			done := make(chan error, 1)
			go func() { done <- x.loop() }()
			select {
			case <-done:
			case <-time.After(veiltest.Patience):
				t.Fatal("the session hangs")
			}
			rows := bytes.Count(answered, []byte{'D'}) > 0 // a clear column may hold anything
			if !rows && bytes.Contains(told.Bytes(), []byte(secret)) {
				t.Error("a text of the upstream reached the client")
			}
		}
	})
}

// FuzzStartup: whatever comes first, it is read or refused, and what is read of it
// can be judged.
func FuzzStartup(f *testing.F) {
	f.Add(messages(&pgproto3.StartupMessage{ProtocolVersion: 3 << 16, Parameters: map[string]string{"user": "ann", "options": `-c a=b --c\ d=e`}}))
	f.Add(messages(&pgproto3.SSLRequest{}, &pgproto3.GSSEncRequest{}, &pgproto3.StartupMessage{ProtocolVersion: 3<<16 | 9999, Parameters: map[string]string{"user": "ann", "_pq_.x": "1"}}))
	f.Add(messages(&pgproto3.CancelRequest{ProcessID: 1, SecretKey: []byte{1, 2, 3, 4}}))
	f.Fuzz(func(t *testing.T, sent []byte) {
		c := &client{stopping: t.Context(), conn: &scripted{in: bytes.NewReader(sent), out: new(bytes.Buffer)}}
		st, err := c.negotiate(nil)
		if err != nil {
			if errors.Is(err, errCancel) && st == nil {
				t.Error("a cancel request without content")
			}
			return
		}
		if st.User == "" || st.Version>>16 != wire.ProtocolMajor {
			t.Errorf("taken: %+v", st)
		}
		_, _ = st.Options()
		if v := c.agree(st); v != 3<<16 && v != wire.NewestProtocol {
			t.Errorf("agreed on %x", v)
		}
	})
}

// TestFrames: messages of every size, in pieces of every size, come out as they
// went in.
func TestFrames(t *testing.T) {
	t.Parallel()
	var all []byte
	for n := range 300 {
		all = wire.AppendFrame(all, 'D', bytes.Repeat([]byte{byte(n)}, n))
	}
	for _, piece := range []int{1, 7, 64, 4096} {
		in := wire.NewFrames(&pieces{all, piece}, 64, 1<<10)
		for n := range 300 {
			typ, body, err := in.Next()
			if err != nil || typ != 'D' || len(body) != n || n > 0 && body[n-1] != byte(n) {
				t.Fatalf("pieces of %d, message %d: got %c, %d bytes, %v", piece, n, typ, len(body), err)
			}
		}
		if _, _, err := in.Next(); err != io.EOF {
			t.Errorf("at the end: %v", err)
		}
		in = wire.NewFrames(&pieces{all, piece}, 1<<20, 1<<10)
		if err := in.Fill(len(all)); err != nil {
			t.Fatal(err)
		}
		if run, n := in.Run('D', 1000); n != 300 || !bytes.Equal(run, all) {
			t.Errorf("pieces of %d: a run of %d messages", piece, n)
		}
		in = wire.NewFrames(&pieces{all, piece}, 64, 1<<10)
		var out bytes.Buffer
		for range 300 {
			if err := in.Pass(&out); err != nil {
				t.Fatal(err)
			}
		}
		if !bytes.Equal(out.Bytes(), all) {
			t.Errorf("pieces of %d: passed on in another form", piece)
		}
	}
	for name, b := range map[string][]byte{"too large": {'D', 0, 0, 8, 0}, "impossible": {'D', 0, 0, 0, 3}, "half": {'D', 0, 0, 0, 9, 1}} {
		if _, _, err := wire.NewFrames(bytes.NewReader(b), 64, 1<<10).Next(); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// pieces gives its bytes n at a time.
type pieces struct {
	left []byte
	n    int
}

func (p *pieces) Read(b []byte) (int, error) {
	if len(p.left) == 0 {
		return 0, io.EOF
	}
	n := copy(b, p.left[:min(p.n, len(p.left))])
	p.left = p.left[n:]
	return n, nil
}
