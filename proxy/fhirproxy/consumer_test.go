package fhirproxy

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/valyala/fasthttp"

	"github.com/veil-proxy/veil/fhir"
	"github.com/veil-proxy/veil/fhir/schema"
	"github.com/veil-proxy/veil/internal/masktest"
	"github.com/veil-proxy/veil/mask/ruleset"
	"github.com/veil-proxy/veil/proxy/consumer"
	"github.com/veil-proxy/veil/proxy/metrics"
)

// compileFor is the default ruleset with the key of a project.
func compileFor(t testing.TB, project string) *fhir.Automaton {
	t.Helper()
	base := safeHarbor(t).Policy
	keys := masktest.Keyring(t, project)
	policy, err := ruleset.NewPolicy(base.Ruleset, masktest.Methods(t), keys)
	if err != nil {
		t.Fatal(err)
	}
	a, err := fhir.Compile(policy, schema.R4())
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// keyed is a policy of consumers with API keys, and their keys by name.
func keyed(t testing.TB, views []View, accounts ...consumer.Account) (Policy, map[string]string) {
	t.Helper()
	keys := map[string]string{}
	var c consumer.Config
	for _, a := range accounts {
		key, sum := consumer.NewKey()
		keys[a.Name] = key
		c.Keys = append(c.Keys, consumer.Key{Account: a, SHA256: sum})
	}
	who, err := consumer.New(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	return Policy{Consumers: who, Views: views}, keys
}

func TestOnlyConsumersAreAnswered(t *testing.T) {
	t.Parallel()
	src := newSource(t)
	p, keys := keyed(t, []View{{Automaton: safeHarbor(t)}}, consumer.Account{Name: "ada"})
	r := newRig(t, src.URL, func(c *Config) { c.Policy = p })
	stranger, _ := consumer.NewKey()
	var first []byte
	for name, headers := range map[string][]string{
		"none":             nil,
		"another key":      {"Authorization", "Bearer " + stranger},
		"no scheme":        {"Authorization", keys["ada"]},
		"basic":            {"Authorization", "Basic YTpi"},
		"altered":          {"Authorization", "Bearer " + keys["ada"][:len(keys["ada"])-1] + "_"},
		"two credentials":  {"Authorization", "Bearer " + keys["ada"], "X-API-Key", keys["ada"]},
		"token of nobody":  {"Authorization", "Bearer eyJhbGciOiJub25lIn0.e30."},
		"key in a query":   {"X-Other", keys["ada"]},
		"empty api key":    {"X-API-Key", ""},
		"key of a project": {"X-API-Key", string(masktest.Secret)},
	} {
		for _, path := range []string{"/metadata", "/Patient?_count=1", "/Patient/x", "?_page=x", "/Patient/x/$everything", "/$export", "/nothing/at/all"} {
			got := r.get(t, path, headers...)
			text := got.outcome(t, 401)
			if got.header.Get("WWW-Authenticate") != `Bearer realm="veil"` || got.header.Get("X-Veil-Ruleset") != "" {
				t.Errorf("%s: headers %v", name, got.header)
			}
			if first == nil && name == "another key" {
				first = got.body
			}
			if rec := r.sink.find(t, got.header.Get("X-Request-Id")); rec.Consumer != "unknown" || rec.Result != "refused" || rec.Reason != "credentials" || rec.Ruleset != "" {
				t.Errorf("record %+v", rec)
			}
			if len(text) > 40 {
				t.Errorf("%s: %q says too much", name, text)
			}
		}
	}
	if n := len(src.Source.Requests()); n != 0 {
		t.Errorf("the upstream was asked %d times", n)
	}
	for _, headers := range [][]string{{"Authorization", "Bearer " + keys["ada"]}, {"X-API-Key", keys["ada"]}} {
		got := r.get(t, "/Patient?_count=1", headers...)
		if got.status != 200 {
			t.Fatalf("status %d: %s", got.status, got.body)
		}
		if rec := r.sink.find(t, got.header.Get("X-Request-Id")); rec.Consumer != "ada" {
			t.Errorf("record %+v", rec)
		}
	}
	for _, q := range src.Source.Requests() {
		if len(q.Header) != 2 {
			t.Errorf("the upstream saw %v", q.Header)
		}
	}
	if bytes.Contains(r.sent, []byte(keys["ada"])) || bytes.Contains([]byte(r.log.String()), []byte(keys["ada"])) {
		t.Error("a key shows")
	}
	r.checkClean(t)
}

// Two consumers of two projects share a listener and no pseudonym, page or cached
// answer.
func TestViewsDoNotMix(t *testing.T) {
	t.Parallel()
	src := newSource(t)
	a, b := compileFor(t, "cardio"), compileFor(t, "onco")
	p, keys := keyed(t, []View{{Name: "cardio", Automaton: a}, {Name: "onco", Automaton: b}},
		consumer.Account{Name: "ada", View: "cardio"}, consumer.Account{Name: "eve", View: "onco"}, consumer.Account{Name: "bob", View: "cardio"})
	r := newRig(t, src.URL, func(c *Config) { c.Policy = p })
	as := func(name, path string) reply { return r.get(t, path, "X-API-Key", keys[name]) }
	id := population().PatientIDs()[0]
	inA, inB := pseudonym(t, a, "Patient", id), pseudonym(t, b, "Patient", id)
	if inA == inB {
		t.Fatal("the projects share a pseudonym")
	}
	for name, own := range map[string]string{"ada": inA, "eve": inB} {
		if got := as(name, "/Patient/"+own); got.status != 200 || !bytes.Contains(got.body, []byte(own)) {
			t.Errorf("%s: %d", name, got.status)
		}
		for _, foreign := range []string{inA, inB} {
			if foreign == own {
				continue
			}
			as(name, "/Patient/"+foreign).outcome(t, 404)
			if b := as(name, "/Observation?subject=Patient/"+foreign).bundle(t); len(b.Entry) != 0 {
				t.Errorf("%s finds by a foreign pseudonym", name)
			}
		}
	}
	next := as("ada", "/Patient?_count=5").bundle(t).link("next")
	as("ada", next).bundle(t)
	for _, name := range []string{"eve", "bob"} { // another project; the same view, another consumer
		as(name, next).outcome(t, 404)
	}
	metaA, metaB := as("ada", "/metadata"), as("eve", "/metadata")
	if metaA.status != 200 || metaB.status != 200 {
		t.Errorf("metadata: %d, %d", metaA.status, metaB.status)
	}
	r.checkClean(t)
}

func TestScopes(t *testing.T) {
	t.Parallel()
	src := newSource(t)
	p, keys := keyed(t, []View{{Automaton: safeHarbor(t)}},
		consumer.Account{Name: "some", Scopes: "system/Patient.rs system/Observation.s"}, consumer.Account{Name: "reads", Scopes: "system/Observation.r"})
	r := newRig(t, src.URL, func(c *Config) { c.Policy = p })
	id := pseudonym(t, safeHarbor(t), "Patient", population().PatientIDs()[0])
	for _, c := range []struct {
		who, path string
		status    int
	}{
		{"some", "/Patient/" + id, 200}, {"some", "/Patient?_count=1", 200}, {"some", "/metadata", 200},
		{"some", "/Observation/x", 403}, {"some", "/Condition?_count=1", 403}, {"some", "/Condition/x", 403},
		{"some", "/Patient?_revinclude=Condition:patient&_count=1", 403}, {"some", "/Patient?_has:Condition:patient:clinical-status=active", 403},
		{"some", "/Patient/" + id + "/$everything", 403}, {"some", "/Patient/" + id + "/Condition", 403},
		{"some", "/Observation?_count=1", 403}, // found, but not to be read
		{"reads", "/Patient/" + id, 403}, {"reads", "/Observation?_count=1", 403}, {"reads", "/Observation?subject=Patient/" + id, 403},
		{"reads", "/Patient/" + id + "/Observation", 403},
	} {
		got := r.get(t, c.path, "X-API-Key", keys[c.who])
		if got.status != c.status {
			t.Errorf("%s %s: %d, want %d: %.200s", c.who, c.path, got.status, c.status, got.body)
		}
	}
	r.checkClean(t)
}

func TestConsumerLimits(t *testing.T) {
	t.Parallel()
	gate, entered := make(chan struct{}), make(chan struct{}, 8)
	up := newHandler(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		entered <- struct{}{}
		<-gate
		w.Header().Set("Content-Type", "application/fhir+json")
		_, _ = io.WriteString(w, `{"resourceType":"Bundle","type":"searchset"}`)
	}))
	p, keys := keyed(t, []View{{Automaton: safeHarbor(t)}}, consumer.Account{Name: "ada", Limits: consumer.Limits{Concurrent: 1}}, consumer.Account{Name: "bob"})
	r := newRig(t, up, func(c *Config) { c.Policy = p })
	var wg sync.WaitGroup
	wg.Add(1)
	go func() {
		defer wg.Done()
		req, err := http.NewRequest("GET", r.base+"/Patient?_count=1", nil)
		if err != nil {
			t.Error(err)
			return
		}
		req.Header.Set("X-API-Key", keys["ada"])
		resp, err := r.client.Do(req)
		if err != nil {
			t.Error(err)
			return
		}
		resp.Body.Close()
	}()
	<-entered
	got := r.get(t, "/Patient?_count=1", "X-API-Key", keys["ada"])
	got.outcome(t, 429)
	if s, err := strconv.Atoi(got.header.Get("Retry-After")); err != nil || s < 1 {
		t.Errorf("Retry-After %q", got.header.Get("Retry-After"))
	}
	close(gate)
	wg.Wait()
	for _, name := range []string{"ada", "bob"} { // the place is free again
		if got := r.get(t, "/Patient?_count=1", "X-API-Key", keys[name]); got.status != 200 {
			t.Errorf("%s: %d", name, got.status)
		}
	}
}

// signer is credentials that are refused at first.
type signer struct {
	requested, refused atomic.Int64
	failure            error
}

func (s *signer) Authorize(_ context.Context, req *fasthttp.Request) error {
	n := s.requested.Add(1)
	req.Header.Set("Authorization", "Bearer upstream-secret-"+strconv.FormatInt(n, 10))
	return s.failure
}

func (s *signer) Refused() { s.refused.Add(1) }

func TestUpstreamCredentials(t *testing.T) {
	t.Parallel()
	var seen []string
	up := newHandler(t, http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		seen = append(seen, q.Header.Get("Authorization"))
		if q.Header.Get("Authorization") == "Bearer upstream-secret-1" {
			w.WriteHeader(401)
			return
		}
		w.Header().Set("Content-Type", "application/fhir+json")
		_, _ = io.WriteString(w, `{"resourceType":"Bundle","type":"searchset"}`)
	}))
	s := &signer{}
	p, keys := keyed(t, []View{{Automaton: safeHarbor(t)}}, consumer.Account{Name: "ada"})
	r := newRig(t, up, func(c *Config) { c.Credentials, c.Policy = s, p })
	if got := r.get(t, "/Patient?_count=1", "Authorization", "Bearer "+keys["ada"]); got.status != 200 || s.refused.Load() != 1 {
		t.Errorf("status %d, %d refusals", got.status, s.refused.Load())
	}
	if len(seen) != 2 || seen[1] != "Bearer upstream-secret-2" {
		t.Errorf("the upstream saw %q", seen)
	}
	s.failure = io.ErrUnexpectedEOF
	r.get(t, "/Patient?_count=1", "Authorization", "Bearer "+keys["ada"]).outcome(t, 502)
	if len(seen) != 2 {
		t.Error("the upstream was asked without credentials")
	}
	if bytes.Contains(r.sent, []byte("upstream-secret")) || bytes.Contains([]byte(r.log.String()), []byte("upstream-secret")) {
		t.Error("the credentials show")
	}
}

func TestReload(t *testing.T) {
	t.Parallel()
	src := newSource(t)
	r := newRig(t, src.URL, nil)
	withheld := policyOf(t, compile(t, "safe-harbor", "    - {id: no-patients, match: Patient, method: withhold}\n"), "anonymous")
	for name, bad := range map[string]Policy{
		"nothing":      {},
		"no consumers": {Views: withheld.Views},
		"no views":     {Consumers: withheld.Consumers},
		"view twice":   {Consumers: withheld.Consumers, Views: append(withheld.Views, withheld.Views...)},
		"no ruleset":   {Consumers: withheld.Consumers, Views: []View{{}}},
	} {
		if r.listener.Reload(bad) == nil {
			t.Errorf("%s is taken", name)
		}
		if got := r.get(t, "/Patient?_count=1"); got.status != 200 {
			t.Errorf("%s took effect: %d", name, got.status)
		}
	}
	if err := r.listener.Reload(withheld); err != nil {
		t.Fatal(err)
	}
	r.get(t, "/Patient?_count=1").outcome(t, 403)
}

// A request has one ruleset from its beginning to its end.
func TestReloadDuringARequest(t *testing.T) {
	t.Parallel()
	gate, entered := make(chan struct{}), make(chan struct{})
	up := newHandler(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		entered <- struct{}{}
		<-gate
		w.Header().Set("Content-Type", "application/fhir+json")
		_, _ = io.WriteString(w, `{"resourceType":"Bundle","type":"searchset","entry":[{"resource":{"resourceType":"Patient","id":"p","birthDate":"1980-03-05"}}]}`)
	}))
	r := newRig(t, up, nil)
	done := make(chan reply)
	go func() { done <- r.get(t, "/Patient?_count=1") }()
	<-entered
	other := compile(t, "safe-harbor", "    - {id: no-patients, match: Patient, method: withhold}\n")
	if err := r.listener.Reload(policyOf(t, other, "anonymous")); err != nil {
		t.Fatal(err)
	}
	close(gate)
	got := <-done
	rec := r.sink.find(t, got.header.Get("X-Request-Id"))
	if got.status != 200 || !bytes.Contains(got.body, []byte(`"birthDate":"1980"`)) || rec.RulesetSHA256 != safeHarbor(t).Policy.Ruleset.SHA256() {
		t.Errorf("%d %s, record %+v", got.status, got.body, rec)
	}
}

// TestFailedCredentialsAreRecorded: each refused credential has a record of a login
// with the client's address, and is counted.
func TestFailedCredentialsAreRecorded(t *testing.T) {
	t.Parallel()
	src := newSource(t)
	p, keys := keyed(t, []View{{Automaton: safeHarbor(t)}}, consumer.Account{Name: "ada"})
	all := metrics.New()
	r := newRig(t, src.URL, func(c *Config) { c.Policy = p; c.Metrics = all.Listener("fhir") })
	stranger, _ := consumer.NewKey()
	for i := range 203 {
		got := r.get(t, "/metadata", "X-API-Key", stranger)
		got.outcome(t, 401)
		last := r.sink.find(t, got.header.Get("X-Request-Id"))
		if last.Operation != "login" || last.Consumer != "unknown" || last.Client != "127.0.0.1" || last.Result != "refused" || last.Reason != "credentials" {
			t.Fatalf("%d: %+v", i, last)
		}
	}
	if got := r.get(t, "/metadata", "X-API-Key", keys["ada"]); got.status != 200 {
		t.Errorf("a right key: %d", got.status)
	}
	var text strings.Builder
	all.Write(&text)
	if !strings.Contains(text.String(), "\nveil_fhir_failed_logins_total 203\n") {
		t.Error("failures are not counted")
	}
}

// TestGuessesAtOnce: of an address that guesses, so many attempts wait, more are
// refused at once, and a right credential is taken all the same.
func TestGuessesAtOnce(t *testing.T) {
	t.Parallel()
	src := newSource(t)
	p, keys := keyed(t, []View{{Automaton: safeHarbor(t)}}, consumer.Account{Name: "ada"})
	r := newRigSlowed(t, src.URL, consumer.NewAttemptsWith(time.Hour, time.Hour), func(c *Config) { c.Policy = p })
	stranger, _ := consumer.NewKey()
	guess := func() int {
		req, err := http.NewRequest("GET", r.base+"/metadata", nil)
		if err != nil {
			t.Error(err)
			return 0
		}
		req.Header.Set("X-API-Key", stranger)
		resp, err := r.client.Do(req)
		if err != nil {
			return 0 // it was still waiting at the end
		}
		defer resp.Body.Close()
		return resp.StatusCode
	}
	for range 5 {
		if got := guess(); got != 401 {
			t.Fatalf("a guess: %d", got)
		}
	}
	refused := make(chan int)
	for more := true; more; {
		go func() {
			select {
			case refused <- guess():
			case <-t.Context().Done():
			}
		}()
		select {
		case got := <-refused:
			if more = false; got != 429 {
				t.Errorf("one guess more than may wait: %d", got)
			}
		case <-time.After(time.Millisecond):
		}
	}
	if got := r.get(t, "/metadata", "X-API-Key", keys["ada"]); got.status != 200 {
		t.Errorf("a right key: %d", got.status)
	}
	for _, rec := range r.sink.all() {
		if rec.Result == "refused" && (rec.Operation != "login" || rec.Reason != "credentials" && rec.Reason != "too many attempts") {
			t.Errorf("%+v", rec)
		}
	}
}
