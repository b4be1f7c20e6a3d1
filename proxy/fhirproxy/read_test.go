package fhirproxy

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"sort"
	"strings"
	"testing"

	"github.com/veil-proxy/veil/fhir"
	"github.com/veil-proxy/veil/internal/masktest"
	"github.com/veil-proxy/veil/mask"
	"github.com/veil-proxy/veil/proxy/fhirproxy/media"
	"github.com/veil-proxy/veil/proxy/fhirproxy/upstream"
)

func TestReadGivesTheWalkersBytes(t *testing.T) {
	t.Parallel()
	src := newSource(t)
	r := newRig(t, src.URL, nil)
	a := safeHarbor(t)
	walker, pass := fhir.NewWalker(a, fhir.RememberNothing), mask.NewPass(a.Plan)
	site := &fhir.Site{Upstream: []string{src.URL}, Base: r.base}
	seen := map[string]bool{}
	for _, res := range population().Resources() {
		if seen[res.Type] {
			continue
		}
		seen[res.Type] = true
		t.Run(res.Type, func(t *testing.T) {
			got := r.get(t, "/"+res.Type+"/"+pseudonym(t, a, res.Type, res.ID))
			original, _, err := origin(src.URL, res.Type, res.ID)
			if err != nil {
				t.Fatal(err)
			}
			pass.Begin(mask.Origin{})
			want, err := walker.AppendJSON(nil, original, pass, site)
			if _, withheld := r.view().guard.Type(res.Type); withheld != "" {
				got.outcome(t, 403)
				return
			}
			if err != nil {
				got.outcome(t, 404)
				return
			}
			if got.status != 200 || !bytes.Equal(got.body, want) {
				t.Fatalf("status %d\n got %.300s\nwant %.300s", got.status, got.body, want)
			}
			record := r.sink.find(t, got.header.Get("X-Request-Id"))
			if record.Operation != "read "+res.Type || record.Result != "complete" || len(record.Used) == 0 || record.Consumer != "anonymous" || record.Door != "fhir" {
				t.Errorf("record: %+v", record)
			}
			var n uint64
			for _, c := range record.Resources {
				n += c.N
			}
			if n == 0 {
				t.Error("the record counts no resource")
			}
		})
	}
	r.checkClean(t)
}

// origin queries the upstream itself.
func origin(base, typ, id string) ([]byte, http.Header, error) {
	resp, err := http.Get(base + "/" + typ + "/" + id)
	if err != nil {
		return nil, nil, err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	return b, resp.Header, err
}

// TestAnswersHaveOnlyListedHeaders: only a read has an ETag, that of the version it shows.
func TestAnswersHaveOnlyListedHeaders(t *testing.T) {
	t.Parallel()
	src := newSource(t)
	r := newRig(t, src.URL, nil)
	id := pseudonym(t, safeHarbor(t), "Patient", population().PatientIDs()[0])
	allowed := map[string]string{
		"Content-Type": media.JSON, "Content-Length": "", "Date": "", "X-Request-Id": "", "X-Veil-Ruleset": "safe-harbor; sha256=" + safeHarbor(t).Policy.Ruleset.SHA256(),
		"Cache-Control": "private, no-store", "X-Content-Type-Options": "nosniff",
	}
	read := "/Patient/" + id
	version := versionTag(r.get(t, read).body)
	if version == "" {
		t.Fatal("the read shows no version")
	}
	for _, path := range []string{read, "/Patient/none", "/Patient?_count=2", "/Patient?name=x", "/metadata", read + "/_history", "/x//"} {
		t.Run(path, func(t *testing.T) {
			allowed := maps.Clone(allowed)
			if path == read {
				allowed["Etag"] = version
			}
			for _, method := range []string{"GET", "HEAD"} {
				got := r.do(t, method, path, "")
				var extra []string
				for name, values := range got.header {
					want, ok := allowed[name]
					if !ok || len(values) != 1 || want != "" && values[0] != want {
						extra = append(extra, name+": "+strings.Join(values, ", "))
					}
				}
				sort.Strings(extra)
				if len(extra) > 0 || len(got.header) != len(allowed) {
					t.Errorf("%s: %d headers, want %d; not as listed: %v", method, len(got.header), len(allowed), extra)
				}
				if (len(got.body) == 0) != (method == "HEAD") {
					t.Errorf("%s: body of %d bytes", method, len(got.body))
				}
			}
		})
	}
}

func TestUpstreamSeesOnlyListedHeaders(t *testing.T) {
	t.Parallel()
	src := newSource(t)
	r := newRig(t, src.URL, nil)
	id := population().PatientIDs()[0]
	r.get(t, "/Patient/"+pseudonym(t, safeHarbor(t), "Patient", id),
		"X-HTTP-Method-Override", "DELETE", "X-Forwarded-Host", "evil.example", "X-Forwarded-For", "10.0.0.1", "Forwarded", "host=evil.example",
		"Cookie", "a=b", "If-None-Match", `W/"1"`, "If-Modified-Since", "Mon, 01 Jan 2024 00:00:00 GMT",
		"Range", "bytes=0-10", "Prefer", "return=minimal", "X-Request-Id", "chosen", "User-Agent", "curl", "Accept", "application/fhir+json")
	reqs := src.Source.Requests()
	if len(reqs) != 1 || reqs[0].Method != "GET" || reqs[0].URL != "/fhir/Patient/"+id {
		t.Fatalf("the upstream saw %+v", reqs)
	}
	want := http.Header{"Accept": {upstream.MIMETypes}, "Accept-Encoding": {"gzip"}}
	got, _ := json.Marshal(reqs[0].Header)
	if w, _ := json.Marshal(want); string(got) != string(w) {
		t.Errorf("headers %s, want %s", got, w)
	}
}

func TestHostGamesChangeNothing(t *testing.T) {
	t.Parallel()
	src := newSource(t)
	r := newRig(t, src.URL, nil)
	plain := r.get(t, "/Patient?_count=2")
	req, err := http.NewRequest("GET", r.base+"/Patient?_count=2", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Host = "evil.example"
	req.Header.Set("X-Forwarded-Host", "evil.example")
	req.Header.Set("X-Forwarded-Proto", "https")
	resp, err := r.client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil || !bytes.Equal(b, plain.body) || bytes.Contains(b, []byte("evil")) {
		t.Errorf("the Host header changed the answer: %v", err)
	}
}

func TestNotFoundIsOneAnswer(t *testing.T) {
	t.Parallel()
	src := newSource(t)
	r := newRig(t, src.URL, nil)
	a := safeHarbor(t)
	other := masktest.Keyring(t, "another project")
	id := population().PatientIDs()[0]
	foreign, _ := other.NewPseudonymizer().AppendSealed(nil, other.SealSlot("Patient"), []byte(id))
	known := pseudonym(t, a, "Patient", id)
	cases := map[string]string{
		"original id":          id,
		"id that is not there": pseudonym(t, a, "Patient", "00000000-0000-4000-8000-000000000000"),
		"another project's":    string(foreign),
		"another type's":       pseudonym(t, a, "Observation", id),
		"altered":              "A" + known[1:],
		"cut":                  known[:len(known)-1],
		"garbage":              "xyz",
	}
	if known[0] == 'A' {
		cases["altered"] = "B" + known[1:]
	}
	var first []byte
	for name, id := range cases {
		got := r.get(t, "/Patient/"+id)
		got.outcome(t, 404)
		if first == nil {
			first = got.body
		}
		if !bytes.Equal(got.body, first) {
			t.Errorf("%s: %s, want %s", name, got.body, first)
		}
		if rec := r.sink.find(t, got.header.Get("X-Request-Id")); rec.Result != "refused" || rec.Reason != "not found" || rec.Operation != "read Patient" {
			t.Errorf("%s: record %+v", name, rec)
		}
	}
	if n := len(src.Source.Requests()); n != 1 {
		t.Errorf("the upstream was asked %d times, want once, for the id that opened", n)
	}
}

func TestWithheld(t *testing.T) {
	t.Parallel()
	src := newSource(t)
	a := compile(t, "safe-harbor", "    - {id: no-claims, match: Claim, method: withhold}\n")
	r := newRig(t, src.URL, func(c *Config) { c.Policy = policyOf(t, a, "anonymous") })
	got := r.get(t, "/Claim?_count=1").outcome(t, 403)
	if !strings.Contains(got, "Claim") || !strings.Contains(got, `"no-claims"`) {
		t.Errorf("diagnostics %q do not name type and rule", got)
	}
	r.get(t, "/Claim/x").outcome(t, 403)
	r.get(t, "/Nonsense/x").outcome(t, 404)
	if n := len(src.Source.Requests()); n != 0 {
		t.Errorf("the upstream was asked %d times", n)
	}
}

func TestGzipAnswers(t *testing.T) {
	t.Parallel()
	src := newSource(t)
	r := newRig(t, src.URL, nil)
	plain := r.get(t, "/Patient?_count=5")
	packed := r.get(t, "/Patient?_count=5", "Accept-Encoding", "gzip")
	if packed.header.Get("Content-Encoding") != "gzip" || packed.header.Get("Vary") != "Accept-Encoding" {
		t.Fatalf("headers %v", packed.header)
	}
	z, err := gzip.NewReader(bytes.NewReader(packed.body))
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(z)
	if err != nil || !bytes.Equal(b, plain.body) {
		t.Errorf("the compressed answer differs: %v", err)
	}
	if got := r.get(t, "/Patient?_count=5", "Accept-Encoding", "gzip;q=0"); got.header.Get("Content-Encoding") != "" {
		t.Error("q=0 was not heard")
	}
}

func TestHealth(t *testing.T) {
	t.Parallel()
	src := newSource(t)
	r := newRig(t, src.URL, nil)
	host := "http://" + r.addr
	for path, want := range map[string]string{"/healthz": "ok\n", "/readyz": "ready\n"} {
		if got := r.get(t, host+path); got.status != 200 || string(got.body) != want {
			t.Errorf("%s: %d %q", path, got.status, got.body)
		}
	}
	if n := len(src.Source.Requests()); n != 1 || src.Source.Requests()[0].URL != "/fhir/metadata" {
		t.Errorf("readyz asked the upstream %d times", n)
	}
	r.get(t, host+"/readyz")
	if n := len(src.Source.Requests()); n != 1 {
		t.Errorf("readyz is not cached: %d requests", n)
	}
	if got := r.do(t, "POST", host+"/healthz", ""); got.status != 400 {
		t.Errorf("POST /healthz: %d", got.status)
	}
	down := newRig(t, "http://127.0.0.1:1/fhir", nil)
	if got := down.get(t, "http://"+down.addr+"/readyz"); got.status != 503 || !strings.HasPrefix(string(got.body), "not ready: ") {
		t.Errorf("readyz without an upstream: %d %q", got.status, got.body)
	}
	down.get(t, "/metadata").outcome(t, 502)
}
