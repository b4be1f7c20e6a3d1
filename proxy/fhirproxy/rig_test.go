package fhirproxy

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/veil-proxy/veil/fhir"
	"github.com/veil-proxy/veil/internal/fhirtest"
	"github.com/veil-proxy/veil/internal/masktest"
	"github.com/veil-proxy/veil/internal/veiltest"
	"github.com/veil-proxy/veil/mask"
	"github.com/veil-proxy/veil/mask/keys"
	"github.com/veil-proxy/veil/proxy/consumer"
	"github.com/veil-proxy/veil/proxy/fhirproxy/media"
)

// population is the records that the tests' upstream holds.
var population = sync.OnceValue(func() *fhirtest.Population { return fhirtest.Generate(7, 12) })

// compile returns an automaton of a shipped ruleset, with lines added to its
// FHIR rules.
func compile(t testing.TB, shipped, rules string) *fhir.Automaton {
	t.Helper()
	src, err := os.ReadFile("../../rulesets/" + shipped + ".yaml")
	if err != nil {
		t.Fatal(err)
	}
	return compileText(t, strings.Replace(string(src), "\n  rules:\n", "\n  rules:\n"+rules, 1))
}

func compileText(t testing.TB, src string) *fhir.Automaton {
	t.Helper()
	a, err := masktest.Compile(t, src)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// extend returns an automaton of a ruleset that extends the default one.
func extend(t testing.TB, sections string) *fhir.Automaton {
	return extendOf(t, "safe-harbor", sections)
}

func extendOf(t testing.TB, shipped, sections string) *fhir.Automaton {
	t.Helper()
	return compileText(t, "veil: 1\nname: test\nextends: "+shipped+"\n"+sections)
}

var (
	harborOnce sync.Once
	harborAuto *fhir.Automaton
)

// safeHarbor is the automaton of the default ruleset.
func safeHarbor(t testing.TB) *fhir.Automaton {
	t.Helper()
	harborOnce.Do(func() { harborAuto = compile(t, "safe-harbor", "") })
	if harborAuto == nil {
		t.Fatal("the ruleset does not compile")
	}
	return harborAuto
}

// memory is a Sink that keeps its records, or fails.
type memory struct {
	mu      sync.Mutex
	records []*mask.Record
	failure error
	delay   time.Duration
}

func (m *memory) Append(_ context.Context, r *mask.Record) error {
	time.Sleep(m.delay)
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.failure != nil {
		return m.failure
	}
	m.records = append(m.records, r)
	return nil
}

func (m *memory) all() []*mask.Record {
	m.mu.Lock()
	defer m.mu.Unlock()
	return append([]*mask.Record(nil), m.records...)
}

// find returns the record of a request.
func (m *memory) find(t testing.TB, requestID string) *mask.Record {
	t.Helper()
	for _, r := range m.all() {
		if r.RequestID == requestID {
			return r
		}
	}
	t.Fatalf("no record of request %q", requestID)
	return nil
}

// policyOf lets anybody see what an automaton lets pass, under a name.
func policyOf(t testing.TB, a *fhir.Automaton, name string) Policy {
	t.Helper()
	who, err := consumer.New(t.Context(), consumer.Config{Anonymous: &consumer.Account{Name: name}})
	if err != nil {
		t.Fatal(err)
	}
	return Policy{Consumers: who, Views: []View{{Automaton: a}}}
}

// view is the listener's only view.
func (r *rig) view() *view { return r.listener.shared.Policy().Views()[""].(*view) }

// exchange is a request of a consumer in progress.
func (r *rig) exchange(who *consumer.Consumer, k *keys.Pseudonymizer) *exchange {
	x := &exchange{Exchange: r.listener.shared.Begin(&net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)}), s: r.listener, view: r.view(), keys: k}
	x.Identify(who)
	return x
}

// rig is a listener in front of an upstream.
type rig struct {
	listener *Server
	addr     string // host:port of the listener
	base     string // its base URL
	sink     *memory
	log      *veiltest.Buffer
	client   *http.Client
	sent     []byte       // all that the client received
	ahead    atomic.Int64 // how far the listener's clock is
}

// rigTime is what the clocks of all listeners show: links are of an hour.
var rigTime = time.Now()

// newRig starts a listener in front of an upstream. edit may change its
// configuration.
func newRig(t testing.TB, upstream string, edit func(*Config)) *rig {
	t.Helper()
	return newRigSlowed(t, upstream, consumer.NewAttemptsWith(0, 0), edit)
}

// newRigSlowed starts a listener that slows failed logins down as given.
func newRigSlowed(t testing.TB, upstream string, attempts *consumer.Attempts, edit func(*Config)) *rig {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := &rig{addr: l.Addr().String(), sink: &memory{}, log: &veiltest.Buffer{}}
	r.base = "http://" + r.addr + "/fhir"
	c := Config{
		Upstream: upstream, BaseURL: r.base, Policy: policyOf(t, safeHarbor(t), "anonymous"), Sink: r.sink,
		Logger: slog.New(slog.NewJSONHandler(r.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
	if edit != nil {
		edit(&c)
	}
	if r.listener, err = New(c); err != nil {
		t.Fatal(err)
	}
	r.listener.shared.SlowDown(attempts)
	r.listener.now = func() time.Time { return rigTime.Add(time.Duration(r.ahead.Load())) }
	done := make(chan error, 1)
	go func() { done <- r.listener.Serve(l) }()
	transport := &http.Transport{DisableCompression: true, MaxIdleConnsPerHost: 64}
	r.client = &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		ctx, cancel := context.WithTimeout(context.Background(), veiltest.Patience)
		defer cancel()
		if err := r.listener.Shutdown(ctx); err != nil {
			t.Errorf("shutdown: %v", err)
		}
		if err := <-done; err != nil {
			t.Errorf("serve: %v", err)
		}
	})
	return r
}

// reply is a response that was read whole.
type reply struct {
	status int
	header http.Header
	body   []byte
}

// do sends a request to a path under the listener's base.
func (r *rig) do(t testing.TB, method, path, body string, header ...string) reply {
	t.Helper()
	url := path
	if !strings.HasPrefix(path, "http://") {
		url = r.base + path
	}
	req, err := http.NewRequest(method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := r.client.Do(req)
	if err != nil {
		t.Fatalf("%s: %v", method, err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	var head bytes.Buffer
	if err := resp.Header.Write(&head); err != nil {
		t.Fatal(err)
	}
	r.sent = append(append(r.sent, head.Bytes()...), b...)
	return reply{resp.StatusCode, resp.Header, b}
}

func (r *rig) get(t testing.TB, path string, header ...string) reply {
	t.Helper()
	return r.do(t, "GET", path, "", header...)
}

// outcome checks that a reply is an OperationOutcome with a status, and returns
// the text of its first issue.
func (p reply) outcome(t testing.TB, status int) string {
	t.Helper()
	var o struct {
		ResourceType string
		Issue        []struct{ Severity, Code, Diagnostics string }
	}
	if err := json.Unmarshal(p.body, &o); err != nil {
		t.Fatalf("status %d: not JSON: %.200q", p.status, p.body)
	}
	if p.status != status || o.ResourceType != "OperationOutcome" || len(o.Issue) == 0 {
		t.Fatalf("status %d, want %d: %.300s", p.status, status, p.body)
	}
	if got := p.header.Get("Content-Type"); got != media.JSON {
		t.Errorf("Content-Type %q", got)
	}
	return o.Issue[0].Diagnostics
}

// byChance can have the digits of a planted number: times, durations, request ids. Each
// begins with a literal, for which package regexp searches much faster than for one of
// several.
var byChance = []*regexp.Regexp{
	regexp.MustCompile(`"time":"[^"]*"`),
	regexp.MustCompile(`"request_id":"[^"]*"`),
	regexp.MustCompile(`"duration_ms":\d+`),
	regexp.MustCompile(`X-Request-Id: [0-9a-f.]+`),
	regexp.MustCompile(`Date: [^\r\n]+`),
}

// checkClean fails if a planted value, the marker of the faults or the key is
// in anything that left the listener: answers, log, audit records.
func (r *rig) checkClean(t testing.TB) {
	t.Helper()
	var plain []mask.Record
	for _, rec := range r.sink.all() {
		c := *rec
		c.DurationMicros, c.Time, c.RequestID = 0, time.Time{}, ""
		plain = append(plain, c)
	}
	records, err := json.Marshal(plain)
	if err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{"answers": r.sent, "log": []byte(r.log.String()), "records": records} {
		data = bytes.ReplaceAll(data, []byte(r.addr), []byte("listener"))
		for _, form := range byChance {
			data = form.ReplaceAll(data, nil)
		}
		if found := population().Find(data); len(found) > 0 {
			t.Errorf("%d planted values are in the %s, the first of %s", len(found), name, found[0].Path)
		}
		for _, word := range []string{fhirtest.Marker, "Marjorie", "1951-07-23", "zq-1", string(masktest.Secret),
			hex.EncodeToString(masktest.Secret), base64.StdEncoding.EncodeToString(masktest.Secret)} {
			if bytes.Contains(data, []byte(word)) {
				t.Errorf("%q is in the %s", word, name)
			}
		}
	}
}

// newSource starts the tests' upstream.
func newSource(t testing.TB) *fhirtest.Server {
	t.Helper()
	s, err := fhirtest.NewServer(population())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// newHandler starts an upstream of one's own.
func newHandler(t testing.TB, h http.Handler) string {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s.URL
}

// pseudonym is the sealed id of a resource.
func pseudonym(t testing.TB, a *fhir.Automaton, typ, id string) string {
	t.Helper()
	b, ok := a.Policy.Keys.NewPseudonymizer().AppendSealed(nil, a.Policy.Keys.SealSlot(typ), []byte(id))
	if !ok {
		t.Fatalf("%s is no id", id)
	}
	return string(b)
}

// anybody is the caller without credentials.
func (r *rig) anybody(t testing.TB) *consumer.Consumer {
	t.Helper()
	who, err := r.listener.shared.Policy().Consumers().Authenticate(t.Context(), consumer.Request{})
	if err != nil {
		t.Fatal(err)
	}
	return who
}
