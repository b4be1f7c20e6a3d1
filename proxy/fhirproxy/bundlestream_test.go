package fhirproxy

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/veil-proxy/veil/fhir/fhirxml"
	"github.com/veil-proxy/veil/fhir/schema"
	"github.com/veil-proxy/veil/internal/fhirtest"
	"github.com/veil-proxy/veil/internal/veiltest"
	"github.com/veil-proxy/veil/proxy"
	"github.com/veil-proxy/veil/proxy/fhirproxy/lend"
)

// largeBundle is a searchset larger than streamFrom, of the population's resources. meta
// and tail are members before and after its entries.
func largeBundle(entries int, meta, tail string) []byte {
	return largeBundleOf(entries, meta, tail, func(typ string, _ []byte) bool { return delivered(typ) })
}

func largeBundleOf(entries int, meta, tail string, fits func(typ string, text []byte) bool) []byte {
	var b []byte
	b = append(b, `{"resourceType":"Bundle",`+meta+`"type":"searchset","entry":[`...)
	n := 0
	for n < entries {
		for _, r := range population().Resources() {
			if !fits(r.Type, r.JSON) || r.Type == "Immunization" || n == entries { // one has a time that is the same masked
				continue
			}
			if n > 0 {
				b = append(b, ',')
			}
			b = fmt.Appendf(b, `{"fullUrl":"%s/%s/%s","resource":%s,"search":{"mode":"match"}}`, fhirtest.Base, r.Type, r.ID, r.JSON)
			n++
		}
	}
	return append(b, "]"+tail+"}"...)
}

// paused is an upstream that sends a Bundle up to a place, and goes on when it is told to.
type paused struct {
	body []byte
	// contentType is that of the body; empty for JSON.
	contentType string
	pauseAt     int
	goOn        chan struct{}
	packed      bool
	cut         bool // it never goes on, but leaves
	reached     chan struct{}
}

func (p *paused) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	w.Header().Set("Content-Type", cmp.Or(p.contentType, "application/fhir+json"))
	if q.URL.Path != "/Observation" {
		w.Header().Set("Content-Type", "application/fhir+json")
		_, _ = io.WriteString(w, `{"resourceType":"Patient","id":"p","gender":"female"}`)
		return
	}
	var out io.Writer = w
	flush := func() { w.(http.Flusher).Flush() }
	if p.packed {
		w.Header().Set("Content-Encoding", "gzip")
		z := gzip.NewWriter(w)
		defer z.Close()
		out, flush = z, func() { _ = z.Flush(); w.(http.Flusher).Flush() }
	}
	_, _ = out.Write(p.body[:p.pauseAt])
	flush()
	if p.reached != nil {
		p.reached <- struct{}{}
	}
	if p.cut {
		panic(http.ErrAbortHandler)
	}
	select {
	case <-p.goOn:
	case <-q.Context().Done():
	}
	_, _ = out.Write(p.body[p.pauseAt:])
}

// asXML is a Bundle in XML.
func asXML(t *testing.T, body []byte) []byte {
	t.Helper()
	out, err := fhirxml.AppendXML(schema.R4(), nil, body)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// whole is what a listener responds if it must mask a Bundle whole.
func (r *rig) whole(t *testing.T, path string) reply {
	t.Helper()
	places := r.listener.bundles
	r.listener.bundles = proxy.NewPlaces(0)
	defer func() { r.listener.bundles = places }()
	return r.get(t, path)
}

// TestBundleIsSentWhileItArrives: the first byte of a large page leaves before the
// upstream's last, its bytes and its record are those of one that is masked whole, and
// nothing of it is held that others wait for: one masker serves them all.
func TestBundleIsSentWhileItArrives(t *testing.T) {
	t.Parallel()
	const next = `"link":[{"relation":"next","url":"` + fhirtest.Base + `?page=2"}],`
	const first = `"id":"x","meta":{"lastUpdated":"2020-01-02T03:04:05Z"},"total":7,` + next
	for _, c := range []struct {
		name, ruleset, meta, tail string
		fromXML, toXML            bool
	}{
		{name: "links first", ruleset: "safe-harbor", meta: first},
		{name: "to XML", ruleset: "safe-harbor", meta: first, toXML: true},
		{name: "from XML", ruleset: "safe-harbor", meta: first, fromXML: true},
		{name: "from XML to XML", ruleset: "safe-harbor", meta: first, fromXML: true, toXML: true},
		{name: "links last", ruleset: "safe-harbor", tail: `,"total":7,` + strings.TrimSuffix(next, ",") + `,"id":"x"`},
		{name: "by patient", ruleset: "research"}, // of what names its patient itself
	} {
		for _, packed := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, compressed %v", c.name, packed), func(t *testing.T) {
				t.Parallel()
				fits := func(typ string, text []byte) bool {
					return delivered(typ) && (c.ruleset != "research" || typ == "Observation" && bytes.Contains(text, []byte(`"subject":{"reference":`)))
				}
				up := &paused{body: largeBundleOf(1000, c.meta, c.tail, fits), goOn: make(chan struct{}), packed: packed}
				if c.fromXML {
					up.body, up.contentType = asXML(t, up.body), "application/fhir+xml"
				}
				up.pauseAt = len(up.body) - 1000
				r := newRig(t, newHandler(t, up), func(s *Config) {
					s.Policy, s.UpstreamAliases = policyOf(t, extendOf(t, c.ruleset, ""), "anonymous"), []string{fhirtest.Base}
				})
				r.view().maskers = lend.New[masker](1)
				req, err := http.NewRequest("GET", r.base+"/Observation?_count=1000", nil)
				if err != nil {
					t.Fatal(err)
				}
				if packed {
					req.Header.Set("Accept-Encoding", "gzip")
				}
				format := ""
				if c.toXML {
					format = "&_format=xml"
				}
				req.URL.RawQuery += format
				resp, err := r.client.Do(req)
				if err != nil {
					t.Fatal(err)
				}
				defer resp.Body.Close()
				body := io.Reader(resp.Body)
				if packed {
					if body, err = gzip.NewReader(resp.Body); err != nil {
						t.Fatal(err)
					}
				}
				got := make([]byte, 100_000)
				if _, err := io.ReadFull(body, got); err != nil {
					t.Fatalf("nothing came before the upstream's last byte: %v", err)
				}
				id := pseudonym(t, r.view().automaton, "Patient", "p")
				if other := r.get(t, "/Patient/"+id); other.status != 200 { // meanwhile
					t.Errorf("another read: %d", other.status)
				}
				close(up.goOn)
				rest, err := io.ReadAll(body)
				if err != nil {
					t.Fatal(err)
				}
				got = append(got, rest...)
				whole := r.whole(t, "/Observation?_count=1000"+format)
				if !bytes.Equal(got, whole.body) {
					at := 0
					for at < min(len(got), len(whole.body)) && got[at] == whole.body[at] {
						at++
					}
					t.Errorf("%d and %d bytes, different at %d:\n%.200s\n%.200s", len(got), len(whole.body), at, got[at:], whole.body[at:])
				}
				if r.sent = append(r.sent, got...); c.ruleset == "safe-harbor" { // a shifted date can be another one's by chance
					r.checkClean(t)
				}
				var kept []string
				for _, rec := range r.sink.all() {
					if rec.RequestID == resp.Header.Get("X-Request-Id") || rec.RequestID == whole.header.Get("X-Request-Id") {
						kept = append(kept, rec.Result)
						if rec.Result == "complete" {
							kept = append(kept, fmt.Sprint(rec.AppendApplied(nil), rec.Resources))
						}
					}
				}
				if len(kept) != 5 || kept[0] != "started" || kept[1] != "complete" || kept[3] != "complete" || kept[2] != kept[4] {
					t.Errorf("records %.2000q", kept)
				}
				if n := r.listener.bundles.Taken(); n != 0 {
					t.Errorf("%d places are not free", n)
				}
			})
		}
	}
}

// TestBundleThatBreaksOff: whatever goes wrong after the first byte left, the response is
// cut off without the end of the Bundle, and its record says why.
func TestBundleThatBreaksOff(t *testing.T) {
	t.Parallel()
	good := largeBundle(900, "", "")
	middle := bytes.Index(good[len(good)*3/4:], []byte(`,{"fullUrl"`)) + len(good)*3/4
	insert := func(what string) []byte { return append(append(bytes.Clone(good[:middle]), what...), good[middle:]...) }
	fail := errors.New("disk full")
	for _, c := range []struct {
		name, reason string
		body         []byte
		cut          bool
		sink         error
	}{
		{"the upstream leaves", "upstream broke off", good, true, nil},
		{"its text ends", "upstream syntax", good[:middle], false, nil},
		{"its array ends", "upstream syntax", append(bytes.Clone(good[:middle]), ']'), false, nil},
		{"no JSON", "upstream syntax", insert(`,{"resource":{"resourceType":"Patient","id":}}`), false, nil},
		{"a name twice", "upstream syntax", insert(`,{"resource":{"resourceType":"Patient","id":"zq-1","id":"zq-2"}}`), false, nil},
		{"nested too deep", "upstream syntax", insert(`,{"x":` + strings.Repeat("[", 2000) + strings.Repeat("]", 2000) + `}`), false, nil},
		{"entries twice", "upstream syntax", append(bytes.Clone(good[:len(good)-1]), `,"entry":[]}`...), false, nil},
		{"more behind it", "upstream syntax", append(bytes.Clone(good), `{}`...), false, nil},
		{"the next page elsewhere", "incomplete without the next page", append(bytes.Clone(good[:len(good)-1]), `,"link":[{"relation":"next","url":"ftp://x"}]}`...), false, nil},
		{"no record", "", good, false, fail},
	} {
		for _, packed := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, compressed %v", c.name, packed), func(t *testing.T) {
				t.Parallel()
				up := &paused{body: c.body, pauseAt: min(len(c.body), middle), goOn: make(chan struct{}), cut: c.cut}
				r := newRig(t, newHandler(t, up), func(s *Config) { s.UpstreamAliases = []string{fhirtest.Base} })
				req, err := http.NewRequest("GET", r.base+"/Observation?_count=900", nil)
				if err != nil {
					t.Fatal(err)
				}
				if packed {
					req.Header.Set("Accept-Encoding", "gzip")
				}
				resp, err := r.client.Do(req)
				if err != nil {
					t.Fatal(err)
				}
				defer resp.Body.Close()
				r.sink.mu.Lock()
				r.sink.failure = c.sink
				r.sink.mu.Unlock()
				close(up.goOn)
				got, err := io.ReadAll(resp.Body)
				if err == nil {
					t.Error("the response is whole")
				}
				if packed {
					z, zerr := gzip.NewReader(bytes.NewReader(got))
					if zerr != nil {
						t.Fatal(zerr)
					}
					if got, err = io.ReadAll(z); err == nil {
						t.Error("the compressed text is whole")
					}
				}
				if resp.StatusCode != 200 || len(got) == 0 || json.Valid(got) || bytes.HasSuffix(bytes.TrimSpace(got), []byte("]}")) {
					t.Errorf("status %d, %d bytes that end in %q", resp.StatusCode, len(got), got[max(0, len(got)-20):])
				}
				r.sent = append(r.sent, got...)
				r.checkClean(t)
				veiltest.Until(t, "the place is free", func() bool { return r.listener.bundles.Taken() == 0 })
				records := r.sink.all()
				last := records[len(records)-1]
				if c.sink == nil && (last.Result != "failed" || last.Reason != c.reason) || records[0].Result != "started" {
					t.Errorf("records %s, then %s: %s", records[0].Result, last.Result, last.Reason)
				}
			})
		}
	}
}

// TestBundleThatIsWrongFromTheBeginning: what is found before anything left is a problem
// with a status, as it is of a small response.
func TestBundleThatIsWrongFromTheBeginning(t *testing.T) {
	t.Parallel()
	good := largeBundle(900, "", "")
	entries := bytes.IndexByte(good, '[') + 1
	var body atomic.Pointer[[]byte]
	r := newRig(t, newHandler(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/fhir+json")
		_, _ = w.Write(*body.Load())
	})), func(s *Config) { s.UpstreamAliases = []string{fhirtest.Base} })
	for _, c := range []struct {
		name, head string
		status     int
	}{
		{"a wrong entry", `{"resourceType":"Bundle","entry":[{"resource":{"resourceType":"Patient","id":"a","id":"b"}},`, 502},
		{"the next page elsewhere", `{"resourceType":"Bundle","link":[{"relation":"next","url":"ftp://x"}],"entry":[`, 502},
		{"another type", `{"resourceType":"Patient","entry":[`, 502},
		{"no type", `{"entry":[`, 502},
	} {
		text := append([]byte(c.head), good[entries:]...)
		body.Store(&text)
		got := r.get(t, "/Observation")
		got.outcome(t, c.status)
		if rec := r.sink.find(t, got.header.Get("X-Request-Id")); rec.Result != "failed" {
			t.Errorf("%s: record %+v", c.name, rec)
		}
	}
	// The type may stand at the end: then the Bundle is masked whole.
	text := append(append([]byte(`{"entry":[`), good[entries:len(good)-1]...), `,"resourceType":"Bundle"}`...)
	body.Store(&text)
	if got := r.get(t, "/Observation"); got.status != 200 || got.header.Get("Content-Length") == "" {
		t.Errorf("the type at the end: status %d", got.status)
	}
	r.checkClean(t)
}

// TestSlowReadersOfBundles: consumers that do not read what is sent to them hold neither
// maskers nor the places of requests.
func TestSlowReadersOfBundles(t *testing.T) {
	t.Parallel()
	up := &paused{body: largeBundle(9000, "", ""), goOn: make(chan struct{})}
	close(up.goOn)
	r := newRig(t, newHandler(t, up), func(s *Config) {
		s.Limits.Exchanges, s.Limits.WriteTimeout, s.UpstreamAliases = 2, veiltest.Patience, []string{fhirtest.Base}
	})
	r.view().maskers = lend.New[masker](1)
	for range 2 {
		c, err := net.Dial("tcp", r.addr)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if _, err := fmt.Fprintf(c, "GET /fhir/Observation?_count=9000 HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
	}
	veiltest.Until(t, "both are being sent", func() bool { return r.listener.bundles.Taken() == 2 && len(r.sink.all()) == 2 })
	id := pseudonym(t, r.view().automaton, "Patient", "p")
	for range 5 {
		if got := r.get(t, "/Patient/"+id); got.status != 200 {
			t.Errorf("another read: %d", got.status)
		}
	}
	if got := r.get(t, "/Observation?_count=9001"); got.status != 200 || got.header.Get("Content-Length") == "" {
		t.Errorf("one more, which is masked whole: %d", got.status)
	}
}

// TestLookupsOfALargeBundle: patients that only the upstream knows are looked up part by
// part, without a masker; the bytes are those of a Bundle that is masked whole.
func TestLookupsOfALargeBundle(t *testing.T) {
	t.Parallel()
	var entries []string
	for i := range 900 {
		pad := strings.Repeat(`{"system":"http://loinc.org","code":"8867-4"},`, 8)
		entries = append(entries, fmt.Sprintf(`{"resource":{"resourceType":"PaymentNotice","id":"n%d","status":"active","created":"2024-03-15","request":{"reference":"Claim/c%d"},"paymentStatus":{"coding":[%s]}}}`,
			i, i/30, strings.TrimSuffix(pad, ",")))
	}
	text := `{"resourceType":"Bundle","type":"searchset","entry":[` + strings.Join(entries, ",\n") + "\n]}"
	if len(text) < streamFrom {
		t.Fatal(len(text))
	}
	var claims atomic.Int64
	up := newHandler(t, http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		w.Header().Set("Content-Type", "application/fhir+json")
		if n, ok := strings.CutPrefix(q.URL.Path, "/Claim/c"); ok {
			claims.Add(1)
			i, _ := strconv.Atoi(n)
			_, _ = fmt.Fprintf(w, `{"resourceType":"Claim","id":"c%s","status":"active","patient":{"reference":"Patient/%d"}}`, n, i%7)
			return
		}
		_, _ = io.WriteString(w, text)
	}))
	r := newRig(t, up, func(c *Config) { c.Policy = policyOf(t, extendOf(t, "research", ""), "anonymous") })
	got := r.get(t, "/PaymentNotice")
	if got.status != 200 || got.header.Get("Content-Length") != "" || claims.Load() != 30 {
		t.Fatalf("status %d, %s bytes, %d resources were read", got.status, got.header.Get("Content-Length"), claims.Load())
	}
	if whole := r.whole(t, "/PaymentNotice"); !bytes.Equal(got.body, whole.body) || bytes.Contains(got.body, []byte(`"created":"2024"`)) {
		t.Error("the bytes differ, or a date is cut to its year")
	}
}

// TestBundleInPartsNeedsItsRules: a rule for entries that depends on other members of the
// Bundle keeps it whole.
func TestBundleInPartsNeedsItsRules(t *testing.T) {
	t.Parallel()
	a := extend(t, "fhir:\n  rules:\n    - {id: x, match: Bundle.where(type = 'history').entry, method: remove, why: a test}\n")
	if a.InParts() || !safeHarbor(t).InParts() {
		t.Error("a Bundle is masked in parts, though its entries depend on its type")
	}
}
