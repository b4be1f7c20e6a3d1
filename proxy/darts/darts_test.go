package darts

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/veil-proxy/veil/fhir"
	"github.com/veil-proxy/veil/internal/fhirtest"
	"github.com/veil-proxy/veil/internal/masktest"
	"github.com/veil-proxy/veil/internal/veiltest"
	"github.com/veil-proxy/veil/mask/keys"
	"github.com/veil-proxy/veil/mask/ruleset"
	"github.com/veil-proxy/veil/proxy/consumer"
	"github.com/veil-proxy/veil/proxy/metrics"
	"github.com/veil-proxy/veil/proxy/operator"
)

// compile compiles a shipped ruleset with the key of each request.
func compile(t testing.TB, name string) Compile {
	rs := masktest.Policy(t, "veil: 1\nname: test\nextends: "+name+"\n").Ruleset
	ms := masktest.Methods(t)
	return func(ring *keys.Keyring) (*fhir.Automaton, error) {
		p, err := ruleset.NewPolicy(rs, ms, ring)
		if err != nil {
			return nil, err
		}
		s, err := fhir.SchemaOf(rs)
		if err != nil {
			return nil, err
		}
		return fhir.Compile(p, s)
	}
}

// site is the service behind an operator listener.
type site struct {
	t    *testing.T
	url  string
	key  string
	sink *masktest.Sink
	log  *veiltest.Buffer
}

func newSite(t *testing.T, events *AuditServer) *site {
	t.Helper()
	s := &site{t: t, sink: &masktest.Sink{}, log: &veiltest.Buffer{}}
	deidentify, err := compile(t, "safe-harbor")(masktest.Keyring(t, "darts"))
	if err != nil {
		t.Fatal(err)
	}
	service, err := New(&Config{
		Keys: masktest.Keyring(t, "darts"), RequestBytes: 1 << 20, AuditServer: events,
		Deidentify: deidentify, Pseudonymize: compile(t, "research"), Anonymize: compile(t, "safe-harbor"),
	}, Options{Base: "https://veil.example/darts", Version: "v1.2.3"})
	if err != nil {
		t.Fatal(err)
	}
	l, err := operator.New(operator.Config{Sink: s.sink, Logger: slog.New(slog.NewTextHandler(s.log, nil)), Metrics: metrics.New(), Ready: func() error { return nil }})
	if err != nil {
		t.Fatal(err)
	}
	for _, route := range service.Routes() {
		l.Handle(route)
	}
	key, sum := consumer.NewKey()
	d, err := consumer.New(t.Context(), consumer.Config{Keys: []consumer.Key{{Account: consumer.Account{Name: "ops"}, SHA256: sum}}})
	if err != nil {
		t.Fatal(err)
	}
	l.Force(d)
	server := httptest.NewServer(l)
	t.Cleanup(server.Close)
	s.url, s.key = server.URL+Path, key
	return s
}

// call requests an operation. A body that is not a string is marshalled.
func (s *site) call(method, path string, body any, header ...string) (status int, text []byte) {
	s.t.Helper()
	var in []byte
	switch body := body.(type) {
	case nil:
	case string:
		in = []byte(body)
	default:
		var err error
		if in, err = json.Marshal(body); err != nil {
			s.t.Fatal(err)
		}
	}
	req, err := http.NewRequestWithContext(s.t.Context(), method, s.url+path, bytes.NewReader(in))
	if err != nil {
		s.t.Fatal(err)
	}
	req.Header.Set("X-API-Key", s.key)
	req.Header.Set("Content-Type", "application/fhir+json")
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	if text, err = io.ReadAll(resp.Body); err != nil {
		s.t.Fatal(err)
	}
	return resp.StatusCode, text
}

// parameters makes the input of an operation: texts by name, and data.
func parameters(data []byte, texts ...string) map[string]any {
	var all []any
	for i := 0; i < len(texts); i += 2 {
		all = append(all, map[string]any{"name": texts[i], "valueString": texts[i+1]})
	}
	if data != nil {
		all = append(all, map[string]any{"name": "identifiableData", "resource": json.RawMessage(data)})
	}
	return map[string]any{"resourceType": "Parameters", "parameter": all}
}

// population is a Bundle of people, and the values that must not pass.
func population(seed uint64) (*fhirtest.Population, []byte) {
	p := fhirtest.Generate(seed, 2)
	var b bytes.Buffer
	b.WriteString(`{"resourceType":"Bundle","type":"collection","entry":[`)
	for i, r := range p.Resources() {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"fullUrl":%q,"resource":%s}`, fhirtest.Base+"/"+r.Type+"/"+r.ID, r.JSON)
	}
	b.WriteString("]}")
	return p, b.Bytes()
}

// returned is the Bundle in a response.
func returned(t *testing.T, name string, response []byte) []byte {
	t.Helper()
	var p struct {
		ResourceType string
		Parameter    []struct {
			Name     string
			Resource json.RawMessage
		}
	}
	if err := json.Unmarshal(response, &p); err != nil || p.ResourceType != "Parameters" || len(p.Parameter) != 1 || p.Parameter[0].Name != name {
		t.Fatalf("expected Parameters with %s: %v\n%.300s", name, err, response)
	}
	return p.Parameter[0].Resource
}

// calls are the three operations as a caller with good input makes them.
func calls(bundle []byte) []struct {
	path, output string
	body         map[string]any
} {
	return []struct {
		path, output string
		body         map[string]any
	}{
		{"/$de-identify", "de-identifiedData", parameters(bundle, "policy", policy)},
		{"/$psuedonymize", "psuedonymizedData", parameters(bundle, "key", "study-7", "algorithm", algorithm)},
		{"/$pseudonymize", "psuedonymizedData", parameters(bundle, "key", "study-7", "algorithm", algorithm)},
		{"/$anonymize", "anonymizedData", parameters(bundle)},
	}
}

// TestOperations: nothing that was planted comes back, and the record counts what was
// applied.
func TestOperations(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	p, bundle := population(11)
	for _, c := range calls(bundle) {
		status, text := s.call(http.MethodPost, c.path, c.body)
		if status != http.StatusOK {
			t.Fatalf("%s: status %d: %s", c.path, status, text)
		}
		masked := returned(t, c.output, text)
		for _, found := range p.Find(masked) {
			// A shifted date and a surrogate can be another's original by chance.
			if c.output != "psuedonymizedData" || found.Kind != "date" && found.Kind != "county" {
				t.Errorf("%s: %s came back", c.path, found.Kind)
			}
		}
		r := s.sink.Last()
		if r.Result != "complete" || r.Consumer != "ops" || len(r.Used) == 0 || !strings.HasSuffix(r.Operation, "Bundle") {
			t.Errorf("%s: record %+v", c.path, r)
		}
	}
	for _, found := range p.Find([]byte(s.log.String())) {
		t.Errorf("%s is in the log", found.Kind)
	}
}

// ids are the ids of the patients of a response.
func (s *site) ids(path string, body any) []string {
	s.t.Helper()
	status, text := s.call(http.MethodPost, path, body)
	if status != http.StatusOK {
		s.t.Fatalf("%s: status %d: %s", path, status, text)
	}
	ids := patientsOf(text)
	if len(ids) == 0 {
		s.t.Fatalf("%s: no patient came back", path)
	}
	return ids
}

// TestKeySpaces: the same request gives the same ids; those of another key, another
// operation, another Bundle under $anonymize, and of consumers cannot be linked to them.
func TestKeySpaces(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	_, bundle := population(5)
	other := bytes.Replace(bundle, []byte(`"collection"`), []byte(`"searchset"`), 1)
	spaces := map[string][]string{
		"de-identify":               s.ids("/$de-identify", parameters(bundle, "policy", policy)),
		"pseudonymize, key a":       s.ids("/$pseudonymize", parameters(bundle, "key", "a", "algorithm", algorithm)),
		"pseudonymize, key b":       s.ids("/$pseudonymize", parameters(bundle, "key", "b", "algorithm", algorithm)),
		"pseudonymize, a long key":  s.ids("/$pseudonymize", parameters(bundle, "key", strings.Repeat("k", 200_000), "algorithm", algorithm)),
		"anonymize":                 s.ids("/$anonymize", parameters(bundle)),
		"anonymize, another Bundle": s.ids("/$anonymize", parameters(other)),
	}
	m := masktest.NewMasker(masktest.Shipped(t, "safe-harbor"), fhir.RememberNothing)
	consumers, err := m.Mask(bundle)
	if err != nil {
		t.Fatal(err)
	}
	spaces["a view of consumers"] = patientsOf(consumers)
	seen := map[string]string{}
	for name, ids := range spaces {
		for _, id := range ids {
			if before, ok := seen[id]; ok {
				t.Errorf("%s and %s share an id", before, name)
			}
			seen[id] = name
		}
	}
	for _, again := range []struct {
		name, path string
		body       any
	}{
		{"de-identify", "/$de-identify", parameters(bundle, "policy", policy)},
		{"pseudonymize, key a", "/$psuedonymize", parameters(bundle, "key", "a", "algorithm", algorithm)},
		{"anonymize", "/$anonymize", parameters(bundle)},
	} {
		if got := s.ids(again.path, again.body); strings.Join(got, " ") != strings.Join(spaces[again.name], " ") {
			t.Errorf("%s: other ids the second time", again.name)
		}
	}
}

// TestBadRequests: each has one clear error, a record, and nothing of the request in it.
func TestBadRequests(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	good := []byte(`{"resourceType":"Bundle","type":"collection","entry":[{"resource":{"resourceType":"Patient","id":"zq-one","name":[{"family":"Zqmarkername"}]}}]}`)
	const marker = "Zqmarkername"
	for name, c := range map[string]struct {
		path   string
		body   any
		header []string
		status int
		text   string
	}{
		"no policy":           {path: "/$de-identify", body: parameters(good), status: 422, text: policy},
		"another policy":      {path: "/$de-identify", body: parameters(good, "policy", marker), status: 422, text: policy},
		"policy twice":        {path: "/$de-identify", body: parameters(good, "policy", policy, "policy", policy), status: 422, text: "twice"},
		"no data":             {path: "/$de-identify", body: parameters(nil, "policy", policy), status: 422, text: "identifiableData"},
		"data twice":          {path: "/$anonymize", body: map[string]any{"resourceType": "Parameters", "parameter": []any{map[string]any{"name": "identifiableData", "resource": json.RawMessage(good)}, map[string]any{"name": "identifiableData", "resource": json.RawMessage(good)}}}, status: 422, text: "twice"},
		"file URLs":           {path: "/$anonymize", body: map[string]any{"resourceType": "Parameters", "parameter": []any{map[string]any{"name": "identifiableDataFileUrls", "resource": map[string]any{"resourceType": "Parameters"}}}}, status: 422, text: "does not fetch"},
		"unknown parameter":   {path: "/$anonymize", body: parameters(good, marker, "x"), status: 422, text: "unknown to this operation"},
		"no key":              {path: "/$pseudonymize", body: parameters(good, "algorithm", algorithm), status: 422, text: "key"},
		"a hash without key":  {path: "/$pseudonymize", body: parameters(good, "key", "k", "algorithm", "SHA256"), status: 422, text: algorithm},
		"a Patient":           {path: "/$anonymize", body: parameters([]byte(`{"resourceType":"Patient","id":"x","gender":"male"}`)), status: 422, text: "expected a Bundle"},
		"a Bundle as request": {path: "/$anonymize", body: string(good), status: 400, text: "Parameters"},
		"no JSON":             {path: "/$anonymize", body: "<Bundle>" + marker, status: 400, text: "Parameters"},
		"cut off":             {path: "/$anonymize", body: `{"resourceType":"Parameters","parameter":[{"name":"identifiableData","resource":{"` + marker, status: 400, text: "Parameters"},
		"member twice":        {path: "/$anonymize", body: parameters([]byte(`{"resourceType":"Bundle","type":"collection","type":"` + marker + `"}`)), status: 400, text: "identifiableData"},
		"XML":                 {path: "/$anonymize", body: "<Parameters/>", header: []string{"Content-Type", "application/fhir+xml"}, status: 415, text: "application/fhir+json"},
		"too large":           {path: "/$anonymize", body: parameters([]byte(`{"resourceType":"Bundle","type":"` + strings.Repeat("x", 2<<20) + `"}`)), status: 413, text: "requestBytes"},
	} {
		before := s.sink.Len()
		status, text := s.call(http.MethodPost, c.path, c.body, c.header...)
		if status != c.status || !strings.Contains(string(text), c.text) || !strings.Contains(string(text), `"OperationOutcome"`) {
			t.Errorf("%s: status %d: %s", name, status, text)
		}
		if strings.Contains(string(text), marker) || strings.Contains(s.log.String(), marker) {
			t.Errorf("%s: a text of the request came back", name)
		}
		if s.sink.Len() != before+1 || s.sink.Last().Result == "complete" {
			t.Errorf("%s: no record of it", name)
		}
	}
}

// TestNothingWithoutRecord: a Bundle comes back only when Veil's record and the events are
// where they belong.
func TestNothingWithoutRecord(t *testing.T) {
	t.Parallel()
	status := http.StatusOK
	events := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }))
	t.Cleanup(events.Close)
	s := newSite(t, &AuditServer{URL: events.URL})
	_, bundle := population(2)
	for name, c := range map[string]struct {
		server int
		sink   error
		want   int
	}{
		"taken":            {http.StatusOK, nil, http.StatusOK},
		"refused":          {http.StatusForbidden, nil, http.StatusServiceUnavailable},
		"broken":           {http.StatusInternalServerError, nil, http.StatusServiceUnavailable},
		"no record":        {http.StatusOK, errors.New("disk full"), http.StatusServiceUnavailable},
		"neither of these": {http.StatusInternalServerError, errors.New("disk full"), http.StatusServiceUnavailable},
	} {
		status = c.server
		s.sink.Fail(c.sink)
		got, text := s.call(http.MethodPost, "/$anonymize", parameters(bundle))
		if got != c.want || got != http.StatusOK && bytes.Contains(text, []byte(`"Bundle"`)) {
			t.Errorf("%s: status %d: %.300s", name, got, text)
		}
	}
}
