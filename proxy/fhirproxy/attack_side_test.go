package fhirproxy

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/veil-proxy/veil/internal/fhirtest"
	"github.com/veil-proxy/veil/proxy/consumer"
)

// Row 35: whatever the response is, no cache between may keep it, and none of it
// tells when something changed. A read has the ETag of its sealed version.
func TestAttackCachesBetween(t *testing.T) {
	t.Parallel()
	up := newBulk(t)
	src := newSource(t)
	p, keys := keyed(t, []View{{Automaton: safeHarbor(t)}}, consumer.Account{Name: "ada"}, consumer.Account{Name: "few", Limits: consumer.Limits{RatePerSecond: 0.001}})
	r := newRig(t, src.URL, func(c *Config) { c.Policy = p })
	files := newRig(t, up.url, nil)
	id := pseudonym(t, safeHarbor(t), "Patient", population().PatientIDs()[0])
	ask := func(r *rig, method, path string, header ...string) reply {
		return r.do(t, method, path, "", append([]string{"If-None-Match", "*", "If-Modified-Since", time.Now().Format(http.TimeFormat), "Cache-Control", "only-if-cached", "Range", "bytes=0-1"}, header...)...)
	}
	ada := []string{"X-API-Key", keys["ada"]}
	for name, got := range map[string]reply{
		"200": ask(r, "GET", "/Patient/"+id, ada...), "searchset": ask(r, "GET", "/Patient?_count=1", ada...), "metadata": ask(r, "GET", "/metadata", ada...), "HEAD": ask(r, "HEAD", "/Patient/"+id, ada...), "401": ask(r, "GET", "/Patient/"+id),
		"403": ask(r, "GET", "/Patient?name=x", ada...), "404": ask(r, "GET", "/Patient/none", ada...), "405": ask(r, "PUT", "/Patient/1", ada...), "400": ask(r, "GET", "//", ada...), "406": ask(r, "GET", "/Patient", append(ada, "Accept", "text/html")...),
		"429": func() reply {
			ask(r, "GET", "/metadata", "X-API-Key", keys["few"])
			return ask(r, "GET", "/metadata", "X-API-Key", keys["few"])
		}(), "OPTIONS": ask(r, "OPTIONS", "/"), "XML": ask(r, "GET", "/Patient/"+id, append(ada, "Accept", "application/fhir+xml")...),
		"export": ask(files, "GET", "/$export", "Prefer", "respond-async"), "file": ask(files, "GET", files.fileAt(t)),
	} {
		if got.header.Get("Cache-Control") != "private, no-store" {
			t.Errorf("%s: Cache-Control %q", name, got.header.Get("Cache-Control"))
		}
		for _, never := range []string{"Etag", "Last-Modified", "Age", "Expires", "Content-Range", "Accept-Ranges"} {
			read := name == "200" || name == "HEAD" || name == "XML"
			if got.header.Get(never) != "" && !(never == "Etag" && read) {
				t.Errorf("%s: %s", name, never)
			}
		}
		if n, err := strconv.Atoi(name); err == nil && got.status != n || got.status == 304 || got.status == 206 || got.status == 504 {
			t.Errorf("%s: %d", name, got.status)
		}
	}
}

// Row 37: where something panics with a value in its text, in a response, an entry
// of a batch or a file, no sink has the value.
func TestAttackPanics(t *testing.T) {
	t.Parallel()
	up := newBulk(t)
	r := newRig(t, up.url, nil)
	src := newSource(t)
	batches := newRig(t, src.URL, nil)
	file := r.fileAt(t)
	for _, rig := range []*rig{r, batches} {
		rig.panicAtLinks()
	}
	got := batches.do(t, "POST", "", `{"resourceType":"Bundle","type":"batch","entry":[{"request":{"method":"GET","url":"Patient?_count=1"}}]}`)
	got.outcome(t, 500)
	// A file has a masker of its own: a panic of the reader stands in for any.
	up.file = func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", ndjson)
		_, _ = io.WriteString(w, `{"resourceType":"Patient","id":"a","gender":"female"}`+"\n")
	}
	x := r.exchange(r.anybody(t), nil)
	x.ID, x.Operation = "panics", "export file Patient"
	f := &fileBody{x: x, kind: linkFile, typ: "Patient"}
	opened, p := f.open("/Binary/p")
	if p != nil {
		t.Fatal(p.Text)
	}
	f.src = panicking{}
	if _, err := opened.stream.WriteTo(io.Discard); err == nil {
		t.Error("a file that panicked is whole")
	}
	if rec := r.sink.all(); rec[len(rec)-1].Result != "failed" || rec[len(rec)-1].RequestID != "panics" {
		t.Errorf("record %+v", rec[len(rec)-1])
	}
	if r.listener.streams.Taken() != 0 {
		t.Error("the stream's place is not free")
	}
	if got := r.get(t, file); got.status != 200 {
		t.Errorf("afterwards %d", got.status)
	}
	if log := r.log.String() + batches.log.String(); strings.Count(log, `"msg":"panic"`) != 2 {
		t.Errorf("the panics are not logged: %s", log)
	}
	r.checkClean(t)
	batches.checkClean(t)
}

type panicking struct{}

func (panicking) Read([]byte) (int, error) { panic("value " + fhirtest.Marker) }

// Row 38: the listener has nothing that masks what a consumer brings: however a guess
// is asked about, its pseudonym is in no response.
func TestAttackDictionary(t *testing.T) {
	t.Parallel()
	src := newSource(t)
	r := newRig(t, src.URL, nil)
	const guess = "zq-guess-1"
	body := `{"resourceType":"Patient","id":"` + guess + `","name":[{"family":"Marjorie"}]}`
	var answers []reply
	for _, path := range []string{"/mask", "/$mask", "/Patient/$mask", "/Patient/$validate", "/$convert", "/Patient/" + guess, "/Patient?_id=" + guess, "/Observation?subject=Patient/" + guess, "/Patient/" + guess + "/Observation", "/Patient/" + guess + "/$everything",
		"/Patient/" + guess + "/_history", "/$export?_typeFilter=" + url.QueryEscape("Observation?patient="+guess), "/CodeSystem/$lookup?system=urn:x&code=" + guess, "/ValueSet/$expand?url=" + guess, "/Patient?_elements=" + guess, "/Patient?_sort=" + guess, "/Bundle", "", "/Parameters"} {
		answers = append(answers, r.get(t, path), r.do(t, "POST", path, body, "Content-Type", "application/fhir+json"), r.do(t, "PUT", path, body, "Content-Type", "application/fhir+json"),
			r.do(t, "POST", path, `{"resourceType":"Parameters","parameter":[{"name":"resource","resource":`+body+`}]}`), r.do(t, "POST", path+"/_search", "_id="+guess, "Content-Type", "application/x-www-form-urlencoded"))
	}
	answers = append(answers, r.do(t, "POST", "", `{"resourceType":"Bundle","type":"batch","entry":[{"fullUrl":"urn:`+guess+`","request":{"method":"GET","url":"Patient/`+guess+`"}}]}`))
	a := safeHarbor(t)
	for _, typ := range []string{"Patient", "Observation", "Bundle", "Parameters"} {
		sealed := []byte(pseudonym(t, a, typ, guess))
		for _, got := range answers {
			if bytes.Contains(got.body, sealed) || bytes.Contains([]byte(fmt.Sprint(got.header)), sealed) {
				t.Errorf("the pseudonym of a guess as %s: %.300s", typ, got.body)
			}
		}
	}
	for _, q := range src.Source.Requests() {
		if strings.Contains(q.URL, guess) {
			t.Errorf("the upstream was asked %s", q.URL)
		}
	}
}

// Row 41: under the ruleset with surrogates, two persons of one surname have two:
// the commonest name is not the commonest surrogate.
func TestAttackFrequencies(t *testing.T) {
	t.Parallel()
	research := extendOf(t, "research", "")
	var entries []string
	const persons = 300
	for i := range persons {
		family := "Smith" // two of three
		if i%3 == 2 {
			family = fmt.Sprintf("Marjorie%d", i)
		}
		entries = append(entries, fmt.Sprintf(`{"resource":{"resourceType":"Patient","id":"p%d","name":[{"family":"%s","given":["Ann"]},{"use":"old","family":"%s"}],"address":[{"city":"Boston"}]}}`, i, family, family))
	}
	up := newCanned(t, map[string]string{"/Patient": `{"resourceType":"Bundle","type":"searchset","entry":[` + strings.Join(entries, ",") + `]}`})
	r := newRig(t, up.url, func(c *Config) { c.Policy = policyOf(t, research, "anonymous") })
	var b struct {
		Entry []struct {
			Resource struct {
				Name []struct {
					Family string
					Given  []string
				}
				Address []struct{ City string }
			}
		}
	}
	if err := json.Unmarshal(r.get(t, "/Patient").body, &b); err != nil || len(b.Entry) != persons {
		t.Fatal(err, len(b.Entry))
	}
	counts := map[string]map[string]int{"family": {}, "given": {}, "city": {}}
	for i, e := range b.Entry {
		n := e.Resource.Name
		if len(n) != 2 || n[0].Family != n[1].Family {
			t.Fatalf("one person has two surrogates for one name: %+v", n)
		}
		if i%3 != 2 {
			counts["family"][n[0].Family]++
		}
		counts["given"][n[0].Given[0]]++
		counts["city"][e.Resource.Address[0].City]++
	}
	for what, count := range counts {
		for name, n := range count {
			if n > persons/8 {
				t.Errorf("%s: %d of %d become %s", what, n, persons, name)
			}
		}
	}
	if bytes.Contains(r.sent, []byte("Smith")) && counts["family"]["Smith"] > 10 {
		t.Error("the surname stays")
	}
}

// Row 44: nothing that the upstream says leads Veil to another place: redirects,
// links, addresses of exports, references.
func TestAttackLeadElsewhere(t *testing.T) {
	t.Parallel()
	var touched atomic.Int64
	elsewhere := newHandler(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		touched.Add(1)
		w.Header().Set("Content-Type", "application/fhir+json")
		_, _ = io.WriteString(w, `{"resourceType":"Claim","id":"c1","patient":{"reference":"Patient/zq-1"}}`)
	}))
	var redirect, requested atomic.Int64
	up := newHandler(t, http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		requested.Add(1)
		w.Header().Set("Content-Type", "application/fhir+json")
		w.Header().Set("Content-Location", elsewhere+"/poll")
		w.Header().Set("Refresh", "0; url="+elsewhere)
		if status := redirect.Load(); status > 0 {
			w.Header().Set("Location", elsewhere+q.URL.Path)
			w.WriteHeader(int(status))
			return
		}
		switch {
		case strings.HasSuffix(q.URL.Path, "$export"):
			w.WriteHeader(202)
		case q.URL.Path == "/poll":
			_, _ = fmt.Fprintf(w, `{"transactionTime":"2024-03-05T10:11:12Z","output":[{"type":"Patient","url":"%s/file"}]}`, elsewhere)
		default:
			_, _ = fmt.Fprintf(w, `{"resourceType":"Bundle","type":"searchset","link":[{"relation":"next","url":"%[1]s/next"},{"relation":"self","url":"%[1]s"}],"entry":[{"fullUrl":"%[1]s/PaymentNotice/n1","resource":{"resourceType":"PaymentNotice","id":"n1","status":"active","created":"2024-03-15","request":{"reference":"%[1]s/Claim/c1"},"response":{"reference":"Claim/../../c1"},"payment":{"reference":"//evil.example/PaymentReconciliation/1"}}}]}`, elsewhere)
		}
	}))
	research := extendOf(t, "research", "")
	r := newRig(t, up, func(c *Config) { c.Policy = policyOf(t, research, "anonymous") })
	m := r.listener.newMasker(r.view())
	x := r.exchange(r.anybody(t), m.pass.Keys)
	token := func(kind linkKind, l *link) string { return string(m.appendToken(nil, l, x.scope(kind))) }
	paths := []string{"/metadata", "/PaymentNotice", "/PaymentNotice/" + pseudonym(t, research, "PaymentNotice", "n1"), "/_history", "/$export", "?_page=" + token(linkPage, &link{at: "Patient", path: "/Patient"}),
		"?_export=" + token(linkStatus, &link{at: "$export", path: "/poll"}), "?_file=" + token(linkFile, &link{at: "Patient $export", path: "/file"}), "?_errors=" + token(linkErrors, &link{at: "OperationOutcome $export", path: "/file"})}
	for _, status := range []int{0, 300, 301, 302, 303, 305, 307, 308} {
		redirect.Store(int64(status))
		for _, path := range paths {
			before := requested.Load()
			got := r.get(t, path, "Prefer", "respond-async")
			if n := requested.Load() - before; status != 0 && n > 1 {
				t.Errorf("%d %s: the redirect is followed", status, path)
			}
			if status != 0 && got.status < 400 {
				t.Errorf("%d %s: %d", status, path, got.status)
			}
			if bytes.Contains(got.body, []byte(elsewhere)) || strings.Contains(fmt.Sprint(got.header), elsewhere) || bytes.Contains(got.body, []byte("evil")) {
				t.Errorf("%d %s shows the address: %s", status, path, got.body)
			}
			// The link to the next page leads to the same path of the upstream.
			if path == "/PaymentNotice" && status == 0 && got.status != 200 {
				t.Errorf("%d %s", got.status, got.body)
			}
		}
	}
	if n := touched.Load(); n != 0 {
		t.Errorf("another server was asked %d times", n)
	}
}

// Row 45: a batch has one ruleset, whatever takes effect between its entries, and
// so has a file.
func TestAttackReloadInBetween(t *testing.T) {
	t.Parallel()
	other := policyOf(t, compile(t, "safe-harbor", "    - {id: no-patients, match: Patient, method: withhold}\n"), "anonymous")
	var r *rig
	var once atomic.Bool
	up := newHandler(t, http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		if once.CompareAndSwap(false, true) {
			if err := r.listener.Reload(other); err != nil {
				t.Error(err)
			}
			if r.listener.Reload(Policy{}) == nil {
				t.Error("nothing is taken as a policy")
			}
		}
		if q.URL.Path == "/file" {
			w.Header().Set("Content-Type", ndjson)
			for range 3 {
				_, _ = io.WriteString(w, `{"resourceType":"Patient","id":"p","birthDate":"1980-03-05"}`+"\n")
				w.(http.Flusher).Flush()
			}
			return
		}
		w.Header().Set("Content-Type", "application/fhir+json")
		_, _ = io.WriteString(w, `{"resourceType":"Bundle","type":"searchset","entry":[{"resource":{"resourceType":"Patient","id":"p","birthDate":"1980-03-05"}}]}`)
	}))
	r = newRig(t, up, nil)
	first := r.listener.shared.Policy()
	batch := `{"resourceType":"Bundle","type":"batch","entry":[` + strings.TrimSuffix(strings.Repeat(`{"request":{"method":"GET","url":"Patient?_count=1"}},`, 3), ",") + `]}`
	got := r.do(t, "POST", "", batch)
	if n := bytes.Count(got.body, []byte(`"birthDate":"1980"`)); n != 3 || got.status != 200 {
		t.Errorf("%d of 3 entries under the first ruleset: %s", n, got.body)
	}
	want := safeHarbor(t).Policy.Ruleset.SHA256()
	for _, rec := range r.sink.all() {
		if rec.RulesetSHA256 != want {
			t.Errorf("record %+v", rec)
		}
	}
	if got := r.do(t, "POST", "", batch); bytes.Contains(got.body, []byte("1980")) {
		t.Errorf("the other ruleset is not in force: %s", got.body)
	}
	r.listener.shared.Force(first)
	once.Store(false)
	m := r.listener.newMasker(r.view())
	x := r.exchange(r.anybody(t), m.pass.Keys)
	file := r.get(t, "?_file="+string(m.appendToken(nil, &link{at: "Patient $export", path: "/file"}, x.scope(linkFile))))
	if n := bytes.Count(file.body, []byte(`"birthDate":"1980"`)); n != 3 {
		t.Errorf("%d of 3 lines under the first ruleset: %d %s", n, file.status, file.body)
	}
}

// BenchmarkNotFound measures whether time tells found from not found, and ids
// that open from those that do not. Row 39. It reports the distribution; the
// package comment says what the difference between the latter two tells.
func BenchmarkNotFound(b *testing.B) {
	src, err := fhirtest.NewServer(population())
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = src.Close() })
	a := safeHarbor(b)
	r := newRig(b, src.URL, func(c *Config) { c.Sink = dropped{} })
	found := pseudonym(b, a, "Patient", population().PatientIDs()[0])
	missing := pseudonym(b, a, "Patient", "00000000-0000-4000-8000-000000000000")
	for _, c := range []struct{ name, path string }{
		{"read/found", "/Patient/" + found}, {"read/opens, not found", "/Patient/" + missing}, {"read/does not open", "/Patient/" + strings.Repeat("A", len(found))},
		{"search/found", "/Patient?_id=" + found}, {"search/opens, not found", "/Patient?_id=" + missing}, {"search/does not open", "/Patient?_id=" + strings.Repeat("A", len(found))},
	} {
		b.Run(c.name, func(b *testing.B) {
			times := make([]time.Duration, 0, b.N)
			for b.Loop() {
				begun := time.Now()
				resp, err := r.client.Get(r.base + c.path)
				if err != nil {
					b.Fatal(err)
				}
				_, _ = io.Copy(io.Discard, resp.Body)
				resp.Body.Close()
				times = append(times, time.Since(begun))
			}
			slices.Sort(times)
			for _, q := range []int{10, 50, 90, 99} {
				b.ReportMetric(float64(times[len(times)*q/100].Nanoseconds())/1000, fmt.Sprintf("p%d-µs", q))
			}
		})
	}
}
