package fhirproxy

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/veil-proxy/veil/internal/fhirtest"
	"github.com/veil-proxy/veil/proxy/fhirproxy/cors"
)

// canned is an upstream that answers paths with fixed bodies and remembers what
// it was asked. In bodies and headers UP stands for its own base.
type canned struct {
	mu        sync.Mutex
	url       string
	requested []string
	body      map[string]string
}

func newCanned(t testing.TB, body map[string]string) *canned {
	t.Helper()
	c := &canned{body: body}
	c.url = newHandler(t, c)
	return c
}

func (c *canned) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	c.mu.Lock()
	c.requested = append(c.requested, q.Method+" "+q.URL.RequestURI())
	body, ok := c.body[q.URL.RequestURI()]
	c.mu.Unlock()
	if !ok {
		http.NotFound(w, q)
		return
	}
	w.Header().Set("Content-Type", "application/fhir+json")
	if body == "fails" {
		w.WriteHeader(500)
	}
	_, _ = w.Write([]byte(strings.ReplaceAll(body, "UP", c.url)))
}

// take returns what was asked since the last call.
func (c *canned) take() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	requested := c.requested
	c.requested = nil
	return requested
}

func TestVread(t *testing.T) {
	t.Parallel()
	src := newSource(t)
	r := newRig(t, src.URL, nil)
	a := safeHarbor(t)
	id := pseudonym(t, a, "Patient", population().PatientIDs()[0])
	current := r.get(t, "/Patient/"+id)
	var p struct{ Meta struct{ VersionID string } }
	if err := json.Unmarshal(current.body, &p); err != nil || p.Meta.VersionID == "" || p.Meta.VersionID == "1" {
		t.Fatalf("version id %q, %v", p.Meta.VersionID, err)
	}
	got := r.get(t, "/Patient/"+id+"/_history/"+p.Meta.VersionID)
	if got.status != 200 || !bytes.Equal(got.body, current.body) {
		t.Errorf("status %d: %.200s", got.status, got.body)
	}
	if rec := r.sink.find(t, got.header.Get("X-Request-Id")); rec.Operation != "vread Patient" {
		t.Errorf("record %+v", rec)
	}
	before := len(src.Source.Requests())
	want := r.get(t, "/Patient/none").body
	for _, version := range []string{"1", "2", id, p.Meta.VersionID + "x", p.Meta.VersionID[1:]} {
		if got := r.get(t, "/Patient/"+id+"/_history/"+version); got.status != 404 || !bytes.Equal(got.body, want) {
			t.Errorf("version %q: %d", version, got.status)
		}
	}
	if len(src.Source.Requests()) != before {
		t.Error("the upstream was asked for an original version")
	}
	hidden := newRig(t, src.URL, func(c *Config) {
		c.Policy = policyOf(t, compile(t, "safe-harbor", "    - {id: no-versions, match: Patient.meta.versionId, method: remove}\n"), "anonymous")
	})
	hidden.get(t, "/Patient/"+id+"/_history/"+p.Meta.VersionID).outcome(t, 403)
	r.checkClean(t)
}

const historyOf = `{"resourceType":"Bundle","id":"h1","type":"history","total":2,"link":[{"relation":"self","url":"UP%[1]s"},{"relation":"next","url":"UP?_getpages=abc&_getpagesoffset=2"}],"entry":[
{"fullUrl":"UP/Patient/zq-1","resource":{"resourceType":"Patient","id":"zq-1","meta":{"versionId":"2","lastUpdated":"2024-03-05T10:11:12Z"},"name":[{"family":"Marjorie"}],"birthDate":"1951-07-23"},"request":{"method":"PUT","url":"Patient/zq-1/_history/2"},"response":{"status":"200 OK","location":"UP/Patient/zq-1/_history/2","etag":"W/\"2\"","lastModified":"2024-03-05T10:11:12Z"}},
{"fullUrl":"UP/Patient/zq-1","request":{"method":"DELETE","url":"Patient/zq-1"},"response":{"status":"204 No Content","etag":"W/\"3\"","lastModified":"2024-03-06T10:11:12Z"}}]}`

func TestHistory(t *testing.T) {
	t.Parallel()
	up := newCanned(t, map[string]string{})
	for _, path := range []string{"/Patient/zq-1/_history", "/Patient/_history", "/_history", "/Patient/_history?_count=2&_since=2024-01-01T00%3A00%3A00Z", "?_getpages=abc&_getpagesoffset=2"} {
		up.body[path] = fmt.Sprintf(historyOf, path)
		if path[0] == '?' {
			up.body["/"+path] = up.body[path]
		}
	}
	r := newRig(t, up.url, nil)
	id := pseudonym(t, safeHarbor(t), "Patient", "zq-1")
	for _, c := range []struct{ path, upstream, operation string }{
		{"/Patient/" + id + "/_history", "GET /Patient/zq-1/_history", "history Patient"},
		{"/Patient/_history", "GET /Patient/_history", "history Patient"},
		{"/_history", "GET /_history", "history"},
		{"/Patient/_history?_count=2&_since=2024-03-05", "GET /Patient/_history?_count=2&_since=2024-01-01T00%3A00%3A00Z", "history Patient"},
	} {
		t.Run(c.path, func(t *testing.T) {
			got := r.get(t, c.path)
			if got.status != 200 {
				t.Fatalf("status %d: %s", got.status, got.body)
			}
			if requested := up.take(); len(requested) != 1 || requested[0] != c.upstream {
				t.Errorf("the upstream was asked %q", requested)
			}
			if rec := r.sink.find(t, got.header.Get("X-Request-Id")); rec.Operation != c.operation {
				t.Errorf("record %+v", rec)
			}
			b := got.bundle(t)
			if len(b.Entry) != 2 || b.Entry[0].FullURL != r.base+"/Patient/"+id || b.link("self") != r.base+c.path {
				t.Errorf("%s", got.body)
			}
			for _, want := range []string{`"url":"Patient/` + id, `"birthDate":"1951"`, `"lastModified":"2024-01-01T00:00:00Z"`, `"method":"DELETE"`} {
				if !bytes.Contains(got.body, []byte(want)) {
					t.Errorf("no %s in %s", want, got.body)
				}
			}
			for _, never := range []string{"03-05", "03-06", "zq-1", "_history/2", `W/`} {
				if bytes.Contains(bytes.ReplaceAll(got.body, []byte(c.path), nil), []byte(never)) {
					t.Errorf("%q is in %s", never, got.body)
				}
			}
			if next := r.get(t, b.link("next")); next.status != 200 {
				t.Errorf("next: %d %s", next.status, next.body)
			}
			up.take()
		})
	}
	for _, bad := range []string{"/Patient/_history?_at=2024-03-05", "/Patient/_history?_list=1", "/_history?_count=x", "/_history?_since=yesterday", "/Patient/_history?_count=1&_count=2", "/Patient/_history?name=x"} {
		r.get(t, bad).outcome(t, 403)
	}
	r.get(t, "/AuditEvent/_history").outcome(t, 403)
	r.get(t, "/Patient/zq-1/_history").outcome(t, 404)
	if requested := up.take(); len(requested) > 0 {
		t.Errorf("the upstream was asked %q", requested)
	}
	r.checkClean(t)
}

func TestEverything(t *testing.T) {
	t.Parallel()
	src := newSource(t)
	r := newRig(t, src.URL, nil)
	id := pseudonym(t, safeHarbor(t), "Patient", population().PatientIDs()[1])
	all := map[string]bool{}
	path := "/Patient/" + id + "/$everything?_count=20"
	for pages := 0; path != "" && pages < 100; pages++ {
		got := r.get(t, path)
		b := got.bundle(t)
		for _, e := range b.Entry {
			all[e.Resource.ResourceType+"/"+e.Resource.ID] = true
		}
		path = b.link("next")
	}
	want := 0
	for _, res := range population().Resources() {
		if res.Patient == population().PatientIDs()[1] && delivered(res.Type) {
			want++
		}
	}
	if len(all) < want || want == 0 || !all["Patient/"+id] {
		t.Errorf("%d resources, want %d", len(all), want)
	}
	post := r.do(t, "POST", "/Patient/"+id+"/$everything", `{"resourceType":"Parameters","parameter":[{"name":"_count","valueInteger":20}]}`, "Content-Type", "application/fhir+json")
	get := r.get(t, "/Patient/"+id+"/$everything?_count=20")
	if post.status != 200 || len(post.bundle(t).Entry) != len(get.bundle(t).Entry) {
		t.Errorf("by POST: %d %.200s", post.status, post.body)
	}
	before := len(src.Source.Requests())
	for _, bad := range []string{"?start=2024-03-05", "?_since=x", "?_type=AuditEvent", "?_filter=x", "?name=Smith", "?_count=20&_count=30"} {
		r.get(t, "/Patient/"+id+"/$everything"+bad).outcome(t, 403)
	}
	for _, bad := range []string{`{"resourceType":"Parameters","parameter":[{"name":"_count","resource":{}}]}`, `{"resourceType":"Patient"}`, `{`, `{"resourceType":"Parameters","parameter":[{"name":"_count","valueInteger":1,"valueString":"x"}]}`,
		`{"resourceType":"Parameters","parameter":[{"name":"start","valuePeriod":{"start":"2024"}}]}`} {
		r.do(t, "POST", "/Patient/"+id+"/$everything", bad).outcome(t, 400)
	}
	r.get(t, "/Patient/"+population().PatientIDs()[1]+"/$everything").outcome(t, 404)
	if len(src.Source.Requests()) != before {
		t.Error("the upstream was asked")
	}
	r.checkClean(t)
}

func TestBatch(t *testing.T) {
	t.Parallel()
	src := newSource(t)
	r := newRig(t, src.URL, nil)
	original := population().PatientIDs()[0]
	id := pseudonym(t, safeHarbor(t), "Patient", original)
	urls := []string{"Patient/" + id, "Patient?_count=2", "Patient?family=Smith", "Patient/" + original, r.base + "/Observation?subject=Patient/" + id + "&_count=1",
		"metadata", "Patient/%2e%2e/x", "http://evil.example/Patient/" + id, "Patient?birthdate=1980-03-05", "AuditEvent/x", "Patient/$export", "?_export=x", ""}
	status := []string{"200", "200", "403", "404", "200", "200", "400", "400", "403", "403", "400", "400", "400"}
	var entries []string
	for _, u := range urls {
		entries = append(entries, fmt.Sprintf(`{"request":{"method":"GET","url":%q}}`, u))
	}
	got := r.do(t, "POST", "", `{"resourceType":"Bundle","type":"batch","entry":[`+strings.Join(entries, ",")+`]}`, "Content-Type", "application/fhir+json")
	var b struct {
		Type  string
		Entry []struct {
			Resource json.RawMessage
			Response struct {
				Status  string
				Outcome json.RawMessage
			}
		}
	}
	if err := json.Unmarshal(got.body, &b); err != nil || got.status != 200 || b.Type != "batch-response" || len(b.Entry) != len(urls) {
		t.Fatalf("status %d, %v: %.500s", got.status, err, got.body)
	}
	batch := got.header.Get("X-Request-Id")
	for i, e := range b.Entry {
		if e.Response.Status != status[i] || (status[i] == "200") != (len(e.Resource) > 0) || (status[i] != "200") != (len(e.Response.Outcome) > 0) {
			t.Errorf("%s: %s, want %s: %.200s", urls[i], e.Response.Status, status[i], e.Response.Outcome)
		}
		rec := r.sink.find(t, fmt.Sprintf("%s.%d", batch, i))
		if (rec.Result == "complete") != (status[i] == "200") {
			t.Errorf("%s: record %+v", urls[i], rec)
		}
	}
	if alone := r.get(t, "/Patient/"+id); !bytes.Equal(alone.body, b.Entry[0].Resource) {
		t.Error("the entry differs from the read")
	}
	if rec := r.sink.find(t, batch); rec.Operation != "batch" || rec.Result != "complete" {
		t.Errorf("record %+v", rec)
	}
	many := strings.TrimSuffix(strings.Repeat(`{"request":{"method":"GET","url":"metadata"}},`, maxBatch+1), ",")
	for name, body := range map[string]string{
		"too many":             `{"resourceType":"Bundle","type":"batch","entry":[` + many + `]}`,
		"a resource beside it": `{"resourceType":"Bundle","type":"batch","entry":[{"resource":{"resourceType":"Patient"},"request":{"method":"GET","url":"metadata"}}]}`,
		"a condition":          `{"resourceType":"Bundle","type":"batch","entry":[{"request":{"method":"GET","url":"metadata","ifNoneMatch":"W/\"1\""}}]}`,
		"no request":           `{"resourceType":"Bundle","type":"batch","entry":[{}]}`,
		"another resource":     `{"resourceType":"Patient"}`,
		"two values":           `{"resourceType":"Bundle","type":"batch"}{}`,
		"not JSON":             `x`,
		"empty":                ``,
	} {
		t.Run(name, func(t *testing.T) {
			r.do(t, "POST", "", body, "Content-Type", "application/fhir+json").outcome(t, 400)
		})
	}
	r.checkClean(t)
}

func TestCompartments(t *testing.T) {
	t.Parallel()
	src := newCanned(t, map[string]string{
		"/Patient/zq-1/Observation?code=http%3A%2F%2Floinc.org%7C8867-4":                       `{"resourceType":"Bundle","type":"searchset","total":1,"entry":[{"fullUrl":"UP/Observation/o1","resource":{"resourceType":"Observation","id":"o1","status":"final","subject":{"reference":"Patient/zq-1"}}}]}`,
		"/Patient/zq-1/*?_lastUpdated=ge2024-01-01T00%3A00%3A00&_type=Observation%2CCondition": `{"resourceType":"Bundle","type":"searchset","total":1,"entry":[{"fullUrl":"UP/Observation/o1","resource":{"resourceType":"Observation","id":"o1","status":"final","subject":{"reference":"Patient/zq-1"}}}]}`,
	})
	r := newRig(t, src.url, nil)
	id := pseudonym(t, safeHarbor(t), "Patient", "zq-1")
	got := r.get(t, "/Patient/"+id+"/Observation?code=http://loinc.org|8867-4")
	if got.status != 200 || !bytes.Contains(got.body, []byte(`"reference":"Patient/`+id+`"`)) {
		t.Errorf("%d %s", got.status, got.body)
	}
	star := r.get(t, "/Patient/"+id+"/*?_type=Observation,Condition&_lastUpdated=ge2024")
	if len(star.bundle(t).Entry) != 1 || bytes.Contains(star.body, []byte("zq-1")) {
		t.Errorf("%s", star.body)
	}
	src.take()
	for path, status := range map[string]int{
		"/Patient/" + id + "/*?_elements=id": 400, "/Patient/" + id + "/*?name=x": 403, "/Patient/" + id + "/*?_type=AuditEvent": 403, "/Patient/*": 404, "/*": 404, "/*/" + id + "/Observation": 404,
		"/Patient/" + id + "/*/x": 400, "/Patient/" + id + "/**": 400, "/Patient/*/Observation?_count=1&_count=2": 403,
		"/Patient/" + id + "/AuditEvent": 403, "/Patient/" + id + "/Observation?patient.name=x": 403, "/Patient/" + id + "/Nonsense": 404,
		"/Observation/" + id + "/Patient": 403, "/Patient/" + id + "/Observation?_text=x": 403,
	} {
		r.get(t, path).outcome(t, status)
	}
	if requested := src.take(); len(requested) > 0 {
		t.Errorf("the upstream was asked %q", requested)
	}
	r.checkClean(t)
}

func TestCORS(t *testing.T) {
	t.Parallel()
	src := newSource(t)
	r := newRig(t, src.URL, func(c *Config) { c.Origins = []string{"https://notebook.example"} })
	got := r.do(t, "OPTIONS", "/Patient", "", "Origin", "https://notebook.example", "Access-Control-Request-Method", "GET", "Access-Control-Request-Headers", "authorization")
	if got.status != 204 || got.header.Get("Access-Control-Allow-Origin") != "https://notebook.example" || !strings.Contains(got.header.Get("Access-Control-Allow-Headers"), "Authorization") {
		t.Errorf("%d %v", got.status, got.header)
	}
	got = r.get(t, "/Patient?_count=1", "Origin", "https://notebook.example")
	if got.header.Get("Access-Control-Allow-Origin") != "https://notebook.example" || got.header.Get("Vary") != "Origin" || got.header.Get("Access-Control-Allow-Credentials") != "" {
		t.Errorf("%v", got.header)
	}
	for _, origin := range []string{"https://evil.example", "http://notebook.example", "https://notebook.example.evil.example", "null", ""} {
		got := r.get(t, "/Patient?_count=1", "Origin", origin)
		if got.header.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%q is allowed", origin)
		}
	}
	closed := newRig(t, src.URL, nil)
	if got := closed.get(t, "/Patient?_count=1", "Origin", "https://notebook.example"); got.header.Get("Access-Control-Allow-Origin") != "" {
		t.Error("an origin is allowed without being listed")
	}
	for _, bad := range []string{"notebook.example", "https://notebook.example/", "https://a b", "ftp://x"} {
		if _, err := cors.New([]string{bad}); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
}

func TestRawBinary(t *testing.T) {
	t.Parallel()
	up := newHandler(t, http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		w.Header().Set("Content-Type", strings.Split(q.Header.Get("Accept"), ";")[0])
		if q.URL.Path == "/Binary/b2" {
			w.Header().Set("Content-Type", "text/html")
		}
		_, _ = w.Write([]byte("%PDF-" + fhirtest.Marker))
	}))
	id, other := pseudonym(t, safeHarbor(t), "Binary", "b1"), pseudonym(t, safeHarbor(t), "Binary", "b2")
	r := newRig(t, up, nil)
	for _, accept := range []string{"application/pdf", "image/png", "application/fhir+json", "*/*"} {
		r.get(t, "/Binary/"+id, "Accept", accept).outcome(t, 403)
	}
	r.checkClean(t)
	const rules = "    - {id: withheld-resources, match: [AuditEvent, Provenance], method: remove}\n"
	narrow := newRig(t, up, func(c *Config) {
		c.Policy = policyOf(t, extend(t, "fhir:\n  rules:\n"+rules), "anonymous")
	})
	if got := narrow.get(t, "/Binary/"+id, "Accept", "application/pdf"); got.status != 406 {
		t.Errorf("a type that is not listed: %d", got.status)
	}
	open := newRig(t, up, func(c *Config) {
		c.Policy = policyOf(t, extend(t, "fhir:\n  contentTypes: [application/pdf]\n  rules:\n"+rules), "anonymous")
	})
	got := open.get(t, "/Binary/"+id, "Accept", "application/pdf")
	if got.status != 200 || !bytes.HasPrefix(got.body, []byte("%PDF-")) || got.header.Get("Content-Type") != "application/pdf" || got.header.Get("Content-Security-Policy") != "sandbox" {
		t.Errorf("%d %v", got.status, got.header)
	}
	rec := open.sink.find(t, got.header.Get("X-Request-Id"))
	if rec.Operation != "read Binary content" || len(rec.Used) != 1 || rec.Used[0].Rule != "fhir.contentTypes" {
		t.Errorf("record %+v", rec)
	}
	if got := open.get(t, "/Binary/"+id, "Accept", "image/png"); got.status != 406 {
		t.Errorf("another type: %d", got.status)
	}
	open.get(t, "/Binary/"+other, "Accept", "application/pdf").outcome(t, 502)
	open.get(t, "/Binary/b1", "Accept", "application/pdf").outcome(t, 404)
	keys := safeHarbor(t).Policy.Keys
	for _, version := range []string{"..", "."} { // what the upstream itself may have named
		sealed, ok := keys.NewPseudonymizer().AppendSealed(nil, keys.SealSlot("_history"), []byte(version))
		if !ok {
			t.Fatal("not sealed")
		}
		open.get(t, "/Binary/"+id+"/_history/"+string(sealed), "Accept", "application/pdf").outcome(t, 404)
		open.get(t, "/Bundle/"+pseudonym(t, safeHarbor(t), "Bundle", "b")+"/_history/"+string(sealed)).outcome(t, 404)
	}
}
