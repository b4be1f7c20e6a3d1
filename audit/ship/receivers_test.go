package ship

import (
	"bufio"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	collector "go.opentelemetry.io/proto/otlp/collector/logs/v1"
	"google.golang.org/protobuf/proto"

	"github.com/veil-proxy/veil/internal/otlptest"
	"github.com/veil-proxy/veil/internal/veiltest"
)

// syslogServer reads messages in octet counting. It does with a connection what odd says,
// until that returns false.
type syslogServer struct {
	took
	l net.Listener
}

func newSyslogServer(t *testing.T, conf *tls.Config, odd func(conn net.Conn) bool) *syslogServer {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if conf != nil {
		l = tls.NewListener(l, conf)
	}
	s := &syslogServer{l: l}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return // closed
			}
			go func() {
				defer conn.Close()
				if odd == nil || !odd(conn) {
					s.read(conn)
				}
			}()
		}
	}()
	return s
}

func (s *syslogServer) read(conn net.Conn) {
	r := bufio.NewReader(conn)
	for {
		length, err := r.ReadString(' ')
		if err != nil {
			return
		}
		n, err := strconv.Atoi(strings.TrimSpace(length))
		if err != nil {
			s.take("malformed length " + length)
			return
		}
		message := make([]byte, n)
		if _, err := io.ReadFull(r, message); err != nil {
			return
		}
		s.take(string(message))
	}
}

// impatient waits a tenth of a second for a server at first, and longer each time that this
// was not enough: a server that responds can do so on a slow machine, too.
type impatient struct {
	*Syslog
	tries int
}

func (i *impatient) Send(ctx context.Context, entries []Entry) error {
	i.timeout = 100 * time.Millisecond << min(i.tries, 10)
	i.tries++
	return i.Syslog.Send(ctx, entries)
}

// TestSyslogServers: each has all lines in the end, whatever it does at first.
func TestSyslogServers(t *testing.T) {
	t.Parallel()
	ca := httptest.NewUnstartedServer(nil) // for its certificate
	ca.StartTLS()
	defer ca.Close()
	ended := make(chan struct{})
	t.Cleanup(func() { close(ended) })
	var turn [5]atomic.Int64
	first := func(i int, f func(net.Conn)) func(net.Conn) bool {
		return func(conn net.Conn) bool {
			if turn[i].Add(1) > 3 {
				return false
			}
			f(conn)
			return true
		}
	}
	trust := ca.Client().Transport.(*http.Transport).TLSClientConfig.Clone()
	trust.ServerName = "example.com"
	for name, tc := range map[string]struct {
		server, client *tls.Config
		odd            func(net.Conn) bool
	}{
		"TCP":  {},
		"TLS":  {server: ca.TLS, client: trust},
		"cuts": {odd: first(0, func(conn net.Conn) { _, _ = io.ReadFull(conn, make([]byte, 300)) })},
		"TLS cut": {ca.TLS, trust, first(1, func(conn net.Conn) {
			_, _ = io.ReadFull(conn, make([]byte, 300))
			_ = conn.(*tls.Conn).NetConn().Close()
		})},
		"resets": {odd: first(2, func(conn net.Conn) {
			_, _ = io.ReadFull(conn, make([]byte, 10))
			_ = conn.(*net.TCPConn).SetLinger(0)
		})},
		"responds": {odd: first(3, func(conn net.Conn) {
			_, _ = io.Copy(io.Discard, conn)
			_, _ = io.WriteString(conn, "HTTP/1.1 400 nonsense\r\n\r\n")
		})},
		"hangs": {odd: first(4, func(net.Conn) { <-ended })},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := newSyslogServer(t, tc.server, tc.odd)
			j := newJournal(t, nil)
			var target Target = NewSyslog(server.l.Addr().String(), tc.client)
			if name == "hangs" {
				target = &impatient{Syslog: NewSyslog(server.l.Addr().String(), tc.client)}
			}
			begin(t, options(j, target))
			j.write(t, 60)
			veiltest.Until(t, "all were received", func() bool { return server.all(60) })
			form := regexp.MustCompile(`^<1(10|08|07)>1 \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z \S+ veil - record - \{"seq":\d+,.*"hash":"[0-9a-f]{64}"\}$`)
			for _, text := range server.texts {
				if !form.MatchString(text) {
					t.Fatalf("a message: %s", text)
				}
			}
		})
	}
}

// TestSyslogStranger: a server whose certificate does not hold is sent nothing.
func TestSyslogStranger(t *testing.T) {
	t.Parallel()
	ca := httptest.NewTLSServer(nil)
	defer ca.Close()
	server := newSyslogServer(t, ca.TLS, nil)
	err := NewSyslog(server.l.Addr().String(), &tls.Config{MinVersion: tls.VersionTLS12}).Send(t.Context(), []Entry{{Text: []byte("{}")}})
	if err == nil || len(server.texts) > 0 {
		t.Errorf("%v: %v", err, server.texts)
	}
}

// TestOTLPReceivers: each has all lines in the end, whatever it responds at first.
func TestOTLPReceivers(t *testing.T) {
	t.Parallel()
	partial, err := proto.Marshal(&collector.ExportLogsServiceResponse{PartialSuccess: &collector.ExportLogsPartialSuccess{RejectedLogRecords: 2, ErrorMessage: "QZNONSENSE"}})
	if err != nil {
		t.Fatal(err)
	}
	respond := func(status int, kind, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", kind)
			w.WriteHeader(status)
			_, _ = io.WriteString(w, body)
		}
	}
	for name, odd := range map[string]http.HandlerFunc{
		"none":       nil,
		"busy":       respond(503, "text/plain", "QZNONSENSE"),
		"HTML":       respond(200, "text/html", "<html>QZNONSENSE</html>"),
		"nonsense":   respond(200, "application/x-protobuf", "QZNONSENSE\xff\xff"),
		"redirects":  func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/elsewhere", http.StatusFound) },
		"part":       respond(200, "application/x-protobuf", string(partial)),
		"breaks off": func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, j := otlptest.New(t), newJournal(t, nil)
			r.Instead(odd)
			var failed atomic.Int64
			var reason atomic.Value
			target := NewOTLP(r.LogsURL, map[string]string{"Authorization": "Bearer x"}, nil)
			o := options(j, targetFunc(func(ctx context.Context, entries []Entry) error {
				err := target.Send(ctx, entries)
				if err != nil {
					reason.Store(err.Error())
				}
				return err
			}))
			o.Failed = func(n int) { failed.Add(int64(n)) }
			begin(t, o)
			j.write(t, 60)
			if odd != nil {
				veiltest.Until(t, "it fails", func() bool { return failed.Load() > 2 })
				if len(r.Logs()) > 0 {
					t.Error("taken by the odd handler")
				}
				r.Instead(nil)
			}
			veiltest.Until(t, "all were received", func() bool { return len(r.Logs()) >= 60 })
			seen := map[string]bool{}
			for _, l := range r.Logs() {
				seen[l.Body.GetStringValue()] = true
			}
			if len(seen) != 60 {
				t.Errorf("%d lines", len(seen))
			}
			if text := fmt.Sprint(reason.Load()); strings.Contains(text, "QZNONSENSE") {
				t.Errorf("the reason repeats what the receiver wrote: %s", text)
			}
			if _, headers := r.Bodies(); headers[0].Get("Authorization") != "Bearer x" {
				t.Errorf("headers %v", headers[0])
			}
		})
	}
}
