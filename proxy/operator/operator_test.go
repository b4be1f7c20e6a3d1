package operator

import (
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/veil-proxy/veil/internal/masktest"
	"github.com/veil-proxy/veil/internal/veiltest"
	"github.com/veil-proxy/veil/proxy"
	"github.com/veil-proxy/veil/proxy/consumer"
	"github.com/veil-proxy/veil/proxy/metrics"
)

// site is a listener with one route, which serves a text.
type site struct {
	*Listener
	sink *masktest.Sink
	log  *veiltest.Buffer
	key  string // of the operator
	url  string
}

func newSite(t *testing.T, serve func(http.ResponseWriter, *http.Request, *proxy.Exchange)) *site {
	t.Helper()
	s := &site{sink: &masktest.Sink{}, log: &veiltest.Buffer{}}
	l, err := New(Config{Sink: s.sink, Logger: slog.New(slog.NewTextHandler(s.log, nil)), Metrics: metrics.New(), Ready: func() error { return nil }})
	if err != nil {
		t.Fatal(err)
	}
	s.Listener = l
	l.shared.SlowDown(consumer.NewAttemptsWith(time.Millisecond, 5*time.Millisecond))
	l.Handle(Route{Pattern: "POST /work", Operation: "work", Serve: serve, Refuse: plain})
	key, sum := consumer.NewKey()
	d, err := consumer.New(t.Context(), consumer.Config{Keys: []consumer.Key{{Account: consumer.Account{Name: "ops"}, SHA256: sum}}})
	if err != nil {
		t.Fatal(err)
	}
	l.Force(d)
	server := httptest.NewServer(l)
	t.Cleanup(server.Close)
	s.key, s.url = key, server.URL
	return s
}

func (s *site) post(t *testing.T, header ...string) (status int, body string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.url+"/work", strings.NewReader("Zqmarkerbody"))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(text)
}

func works(w http.ResponseWriter, _ *http.Request, x *proxy.Exchange) {
	if err := x.Commit(x.Record("complete", "", ""), http.StatusOK); err != nil {
		plain(w, http.StatusServiceUnavailable, err.Error())
		return
	}
	plain(w, http.StatusOK, "done")
}

// TestOnlyOperators: a route runs for an operator alone, and each attempt is a record.
func TestOnlyOperators(t *testing.T) {
	t.Parallel()
	ran := false
	s := newSite(t, func(w http.ResponseWriter, r *http.Request, x *proxy.Exchange) { ran = true; works(w, r, x) })
	stranger, _ := consumer.NewKey()
	for name, header := range map[string][]string{
		"no key":            nil,
		"another key":       {"X-API-Key", stranger},
		"another token":     {"Authorization", "Bearer eyJhbGciOiJub25lIn0.e30."},
		"two at once":       {"X-API-Key", s.key, "Authorization", "Bearer " + s.key},
		"a key in no form":  {"Authorization", "Basic " + s.key},
		"an empty key":      {"X-API-Key", ""},
		"a key cut short":   {"X-API-Key", s.key[:len(s.key)-1]},
		"a key with a tail": {"X-API-Key", s.key + "x"},
	} {
		before := s.sink.Len()
		status, body := s.post(t, header...)
		if status != http.StatusUnauthorized || ran {
			t.Errorf("%s: status %d, ran %v: %s", name, status, ran, body)
		}
		if s.sink.Len() != before+1 || s.sink.Last().Operation != "login" || s.sink.Last().Result != "refused" {
			t.Errorf("%s: no record of it", name)
		}
	}
	for name, header := range map[string][]string{"header": {"X-API-Key", s.key}, "bearer": {"Authorization", "Bearer " + s.key}} {
		ran = false
		if status, body := s.post(t, header...); status != http.StatusOK || !ran {
			t.Errorf("%s: status %d: %s", name, status, body)
		}
		if r := s.sink.Last(); r.Consumer != "ops" || r.Operation != "work" || r.Door != "operator" {
			t.Errorf("%s: record %+v", name, r)
		}
	}
}

// TestNobodyIsOperator: without a key in the configuration, no route runs.
func TestNobodyIsOperator(t *testing.T) {
	t.Parallel()
	s := newSite(t, works)
	s.Force(nil)
	if status, body := s.post(t, "X-API-Key", s.key); status != http.StatusForbidden || !strings.Contains(body, "operator.keys") {
		t.Errorf("status %d: %s", status, body)
	}
	for _, path := range []string{PathLive, PathReady, "/metrics"} {
		resp, err := http.Get(s.url + path)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != http.StatusOK {
			t.Errorf("%s: status %d", path, resp.StatusCode)
		}
	}
}

// TestRecordOrNothing: without a record nobody is let in, and nothing is said.
func TestRecordOrNothing(t *testing.T) {
	t.Parallel()
	s := newSite(t, works)
	s.sink.Fail(errors.New("disk full"))
	for name, header := range map[string][]string{"no key": nil, "the key": {"X-API-Key", s.key}} {
		if status, body := s.post(t, header...); status != http.StatusServiceUnavailable {
			t.Errorf("%s: status %d: %s", name, status, body)
		}
	}
}

// TestCut: a response that fails once it has begun has no end.
func TestCut(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]any{"on purpose": http.ErrAbortHandler, "a fault": "Zqmarkerfault"} {
		s := newSite(t, func(w http.ResponseWriter, _ *http.Request, _ *proxy.Exchange) {
			_, _ = io.WriteString(w, "[1, 2")
			_ = http.NewResponseController(w).Flush()
			panic(fault)
		})
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.url+"/work", http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("X-API-Key", s.key)
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err == nil || string(text) != "[1, 2" {
			t.Errorf("%s: %q %v", name, text, err)
		}
	}
}

// TestFault: a panic is an error of its request, and its text stays inside.
func TestFault(t *testing.T) {
	t.Parallel()
	s := newSite(t, func(_ http.ResponseWriter, r *http.Request, _ *proxy.Exchange) {
		text, _ := io.ReadAll(r.Body)
		panic(string(text))
	})
	status, body := s.post(t, "X-API-Key", s.key)
	if status != http.StatusInternalServerError || strings.Contains(body+s.log.String(), "Zqmarkerbody") {
		t.Errorf("status %d: %s\n%s", status, body, s.log)
	}
	if r := s.sink.Last(); r.Result != "failed" || r.Reason != "fault" {
		t.Errorf("record %+v", r)
	}
	if !strings.Contains(s.log.String(), "operator_test.go") && !strings.Contains(s.log.String(), "TestFault") {
		t.Errorf("the log does not name the place: %s", s.log)
	}
}
