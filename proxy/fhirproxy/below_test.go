package fhirproxy

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/veil-proxy/veil/fhir/fhirxml"
	"github.com/veil-proxy/veil/fhir/schema"
	"github.com/veil-proxy/veil/proxy/fhirproxy/upstream"
)

// spellings are ways in which a server writes a URL into its responses: what stands
// for the request's own path (ASKED), the scheme, host and port (UP) and the base
// path (/fhir). want is what must be requested then, below the base, and empty where
// nothing may be.
var spellings = []struct{ name, url, want string }{
	{"absolute", "UP/fhir?_getpages=a-b&_getpagesoffset=2", "?_getpages=a-b&_getpagesoffset=2"},
	{"absolute with a type", "UP/fhir/Patient?page=2", "/Patient?page=2"},
	{"a slash at the end", "UP/fhir/Patient/?page=2", "/Patient/?page=2"},
	{"a path of pages", "UP/fhir/Patient/__page/DEADBEEF", "/Patient/__page/DEADBEEF"},
	{"query alone", "?page=2", "ASKED?page=2"},
	{"absolute path", "/fhir?_getpages=abc&_getpagesoffset=2", "?_getpages=abc&_getpagesoffset=2"},
	{"absolute path with a type", "/fhir/Patient?page=2", "/Patient?page=2"},
	{"dot segments that stay below", "/fhir/Patient/../Patient?page=2", "/Patient?page=2"},
	{"dot segments from above", "/x/../fhir/./Patient?page=2", "/Patient?page=2"},
	{"network path", "//up.example/fhir/Patient?page=2", "/Patient?page=2"},
	{"another scheme", "https://HOST/fhir/Patient?page=2", "/Patient?page=2"},
	{"scheme in capitals", "HTTP://HOST/fhir/Patient?page=2", "/Patient?page=2"},
	{"another name of the host", "http://localhost:8080/fhir/Patient?page=2", "/Patient?page=2"},
	{"host in capitals", "http://FHIR.Example/fhir/Patient?page=2", "/Patient?page=2"},
	{"without the port", "http://127.0.0.1/fhir/Patient?page=2", "/Patient?page=2"},
	{"IPv6", "http://[::1]:8080/fhir/Patient?page=2", "/Patient?page=2"},
	{"userinfo", "http://user:secret@HOST/fhir/Patient?page=2", "/Patient?page=2"},
	{"fragment", "UP/fhir/Patient?page=2#results", "/Patient?page=2"},
	{"escaped base", "UP/%66hir/%50atient?page=2", "/Patient?page=2"},
	{"escaped dot segments that stay below", "UP/fhir/x/%2e%2E/Patient?page=2", "/Patient?page=2"},
	{"escapes in the query", "UP/fhir/Patient?a=b%26c%3Dd%2F..%2F&page=%32", "/Patient?a=b%26c%3Dd%2F..%2F&page=%32"},
	{"what needs an escape", "UP/fhir/Patient?code=http://loinc.org|1-8&name=é x", "/Patient?code=http://loinc.org%7C1-8&name=%C3%A9%20x"},
	{"dots in the query", "UP/fhir/Patient?p=../..", "/Patient?p=../.."},
	{"white space around", " UP/fhir/Patient?page=2 ", "/Patient?page=2"},
	{"alias", "https://public.example/r4/Patient?page=2", "/Patient?page=2"},
	{"alias with another scheme", "http://PUBLIC.example:443/r4/Patient?page=2", "/Patient?page=2"},
	{"an alias without a path", "http://old.example/Patient?page=2", "/Patient?page=2"},

	{"another base", "UP/other/Patient?page=2", ""},
	{"a longer base", "UP/fhirx/Patient?page=2", ""},
	{"another base and host", "http://evil.example/Patient?page=2", ""},
	{"an alias' host only", "https://public.example/r5/Patient?page=2", ""},
	{"dot segments that leave", "UP/fhir/../admin?page=2", ""},
	{"escaped dot segments that leave", "UP/fhir/%2E%2e/admin?page=2", ""},
	{"escaped slash", "UP/fhir/x%2fadmin?page=2", ""},
	{"backslash", `UP/fhir/\\..\\admin?page=2`, ""},
	{"line break", `UP/fhir/Patient?a=b\r\nX: y`, ""},
	{"null character", `UP/fhir/Patient?a=\u0000`, ""},
	{"the base itself", "UP/fhir", ""},
	{"malformed escape", "UP/fhir/%zz?page=2", ""},
	{"another protocol", "ftp://HOST/fhir/Patient?page=2", ""},
	{"a script", "javascript:alert(1)", ""},
	{"a URN", "urn:uuid:53fefa32-fcbb-4ff8-8a92-55ee120877b7", ""},
	{"nothing", "", ""},
	{"a fragment alone", "#next", ""},
	{"too long", "UP/fhir/Patient?" + strings.Repeat("a", upstream.MaxLink), ""},
}

// A page whose next one can be reached leads there, however its URL is spelt; any
// other is refused, in every place that has pages: nobody takes it for the last.
func TestNextPagesAreNeverLost(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var next string // as JSON
	var asXML bool
	var requested []string
	up := newHandler(t, http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		requested = append(requested, q.URL.RequestURI())
		body := []byte(`{"resourceType":"Bundle","type":"searchset","total":6,"link":[{"relation":"next","url":"` + next + `"}],"entry":[{"resource":{"resourceType":"Patient","id":"zq-1","gender":"female"}}]}`)
		w.Header().Set("Content-Type", "application/fhir+json")
		if asXML {
			var err error
			if body, err = fhirxml.AppendXML(schema.R4(), nil, body); err != nil {
				w.WriteHeader(500)
			}
			w.Header().Set("Content-Type", "application/fhir+xml")
		}
		_, _ = w.Write(body)
	}))
	r := newRig(t, up+"/fhir", func(c *Config) {
		c.UpstreamAliases = []string{"https://public.example/r4/", "http://old.example"}
	})
	host := strings.TrimPrefix(up, "http://")
	patient := pseudonym(t, safeHarbor(t), "Patient", "zq-1")
	places := []struct{ name, method, path, body, requested string }{
		{"search", "GET", "/Patient?gender=female", "", "/Patient"},
		{"search by POST", "POST", "/Patient/_search", "gender=female", "/Patient"},
		{"history of all", "GET", "/_history", "", "/_history"},
		{"history of a type", "GET", "/Patient/_history", "", "/Patient/_history"},
		{"history of a resource", "GET", "/Patient/" + patient + "/_history", "", "/Patient/zq-1/_history"},
		{"$everything", "GET", "/Patient/" + patient + "/$everything", "", "/Patient/zq-1/$everything"},
		{"compartment", "GET", "/Patient/" + patient + "/Observation", "", "/Patient/zq-1/Observation"},
	}
	for _, s := range spellings {
		for i, place := range places {
			for _, inXML := range []bool{false, true} {
				if inXML && (i > 0 || strings.Contains(s.url, `\`)) {
					continue // XML becomes JSON first: one place shows that it does
				}
				mu.Lock()
				next = strings.NewReplacer("UP", up, "HOST", host).Replace(s.url)
				asXML, requested = inXML, nil
				mu.Unlock()
				where := fmt.Sprintf("%s, %s, XML %v", s.name, place.name, inXML)
				got := r.do(t, place.method, place.path, place.body, "Content-Type", "application/x-www-form-urlencoded")
				record := r.sink.find(t, got.header.Get("X-Request-Id"))
				if s.want == "" {
					text := got.outcome(t, 502)
					if record.Result != "failed" || record.Reason != "incomplete without the next page" {
						t.Errorf("%s: record %s, %q", where, record.Result, record.Reason)
					}
					if s.url != "" && s.name != "too long" && !strings.Contains(text, "fhir.upstreamAliases") {
						t.Errorf("%s: the remedy is missing: %s", where, text)
					}
					continue
				}
				if got.status != 200 || record.Result != "complete" {
					t.Errorf("%s: %d %s", where, got.status, got.body)
					continue
				}
				to := got.bundle(t).link("next")
				if to == "" {
					t.Errorf("%s: no next page: %s", where, got.body)
					continue
				}
				mu.Lock()
				requested = nil
				mu.Unlock()
				r.get(t, to)
				want := "/fhir" + strings.Replace(s.want, "ASKED", place.requested, 1)
				if u, err := url.Parse(want); err == nil {
					want = u.RequestURI()
				}
				if len(requested) != 1 || requested[0] != want {
					t.Errorf("%s: the upstream was asked %q, want %q", where, requested, want)
				}
			}
		}
	}
	r.checkClean(t)
}

// A next page that is announced in no form of FHIR is not taken for the last.
func TestNextPagesInOtherForms(t *testing.T) {
	t.Parallel()
	for name, link := range map[string]string{
		"no URL":             `{"relation":"next"}`,
		"null":               `{"relation":"next","url":null}`,
		"a number":           `{"relation":"next","url":2}`,
		"capitals":           `{"relation":"NEXT","url":"UP/Patient?page=2"}`,
		"a capital":          `{"url":"UP/Patient?page=2","relation":"Next"}`,
		"escapes, no URL":    `{"relation":"ne\u0078t"}`,
		"behind the entries": ``,
		"byte order mark":    `{"relation":"Next","url":"UP/Patient?page=2"}`,
	} {
		t.Run(name, func(t *testing.T) {
			body := `{"resourceType":"Bundle","type":"searchset","link":[` + link + `],"entry":[{"resource":{"resourceType":"Patient","id":"a","gender":"female"}}]}`
			if link == "" {
				body = `{"resourceType":"Bundle","type":"searchset","entry":[{"resource":{"resourceType":"Patient","id":"a","gender":"female"}}],"link":[{"relation":"next","url":"ftp://x"}]}`
			}
			if name == "byte order mark" {
				body = "\ufeff" + body
			}
			up := newCanned(t, map[string]string{"/Patient": body})
			r := newRig(t, up.url, nil)
			got := r.get(t, "/Patient")
			got.outcome(t, 502)
			if rec := r.sink.find(t, got.header.Get("X-Request-Id")); rec.Result != "failed" {
				t.Errorf("record %+v", rec)
			}
		})
	}
	up := newCanned(t, map[string]string{"/Patient": `{"resourceType":"Bundle","type":"searchset","link":[{"relation":"self","url":"UP/Patient"}],"entry":[{"resource":{"resourceType":"Patient","id":"a","name":[{"text":"next of kin, Next, NEXT"}],"gender":"female"}}]}`})
	if got := newRig(t, up.url, nil).get(t, "/Patient"); got.status != 200 {
		t.Errorf("a last page with the word in it: %d %s", got.status, got.body)
	}
}

// Links back are no part of what was requested: a response does not fail for them,
// and the operator is informed.
func TestLinksBackThatAreLost(t *testing.T) {
	t.Parallel()
	up := newCanned(t, map[string]string{"/fhir/Patient": `{"resourceType":"Bundle","type":"searchset","link":[{"relation":"previous","url":"http://x/r5/Patient?page=1"},{"relation":"first","url":"ftp://x"}],"entry":[{"resource":{"resourceType":"Patient","id":"a","gender":"female"}}]}`})
	r := newRig(t, up.url+"/fhir", nil)
	if b := r.get(t, "/Patient").bundle(t); len(b.Link) != 0 || len(b.Entry) != 1 {
		t.Errorf("%+v", b)
	}
	if log := r.log.String(); !strings.Contains(log, `"others":2`) || !strings.Contains(log, "fhir.upstreamAliases") {
		t.Errorf("the log does not say so: %s", log)
	}
}

// The remedy that the error names works.
func TestAliasesMakeNextPagesReachable(t *testing.T) {
	t.Parallel()
	up := newCanned(t, map[string]string{
		"/fhir/Patient":        `{"resourceType":"Bundle","type":"searchset","link":[{"relation":"next","url":"https://public.example/r4/Patient?page=2"}],"entry":[{"resource":{"resourceType":"Patient","id":"a","gender":"female"}}]}`,
		"/fhir/Patient?page=2": `{"resourceType":"Bundle","type":"searchset","entry":[{"resource":{"resourceType":"Patient","id":"b","gender":"male"}}]}`,
	})
	if text := newRig(t, up.url+"/fhir", nil).get(t, "/Patient").outcome(t, 502); !strings.Contains(text, "fhir.upstreamAliases") {
		t.Error(text)
	}
	r := newRig(t, up.url+"/fhir", func(c *Config) { c.UpstreamAliases = []string{"https://public.example/r4"} })
	if b := r.get(t, r.get(t, "/Patient").bundle(t).link("next")).bundle(t); len(b.Entry) != 1 || b.Entry[0].Resource.ID != pseudonym(t, safeHarbor(t), "Patient", "b") {
		t.Errorf("%+v", b)
	}
}

// The operator is informed, once, that the upstream calls itself by another URL.
func TestUpstreamsOfAnotherName(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, implementation, self, want string }{
		{"metadata", "https://Public.example/r4", "", "https://Public.example/r4"},
		{"self link", "", "http://10.1.2.3:8080/fhir/Patient?name=Marjorie", "http://10.1.2.3:8080"},
		{"the same, spelt otherwise", "UP/fhir/", "UP/fhir/Patient", ""},
		{"an alias", "https://ALIAS.example:443/r4", "https://alias.example/r4/Patient", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			up := newCanned(t, map[string]string{
				"/fhir/metadata": `{"resourceType":"CapabilityStatement","implementation":{"url":"` + c.implementation + `"}}`,
				"/fhir/Patient":  `{"resourceType":"Bundle","type":"searchset","link":[{"relation":"self","url":"` + c.self + `"}],"entry":[{"resource":{"resourceType":"Patient","id":"a","gender":"female"}}]}`,
			})
			r := newRig(t, up.url+"/fhir", func(c *Config) { c.UpstreamAliases = []string{"https://alias.example/r4"} })
			for range 2 {
				if err := r.listener.Ready(); err != nil {
					t.Fatal(err)
				}
				r.get(t, "/Patient").bundle(t)
			}
			warnings := strings.Count(r.log.String(), "that is not configured")
			if want := 0; c.want != "" && (warnings != 1 || !strings.Contains(r.log.String(), c.want+`"`)) || c.want == "" && warnings != want {
				t.Errorf("%d warnings: %s", warnings, r.log)
			}
			r.checkClean(t)
		})
	}
}

// over is a server with a base and its aliases.
func over(t testing.TB, base string, aliases ...string) *upstream.Server {
	t.Helper()
	u, err := upstream.New(upstream.Config{Schema: schema.R4(), Base: base, Aliases: aliases})
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// Whatever the upstream writes, the request that follows stays below its base.
func FuzzBelow(f *testing.F) {
	for _, s := range spellings {
		f.Add(strings.NewReplacer("UP", "http://up.example", "HOST", "up.example").Replace(s.url), "/Patient?a=b")
	}
	f.Fuzz(func(t *testing.T, ref, requested string) {
		if requested == "" || requested[0] != '/' && requested[0] != '?' {
			return
		}
		up := over(t, "http://up.example/fhir", "https://public.example/r4")
		rest, ok := up.Below(ref, requested, false)
		if !ok {
			return
		}
		u, err := url.Parse("http://up.example/fhir" + rest)
		if err != nil || u.Host != "up.example" || u.User != nil || u.Fragment != "" || len(rest) > upstream.MaxLink {
			t.Fatalf("%q becomes %q: %v", ref, rest, err)
		}
		if p := u.JoinPath().EscapedPath(); p != "/fhir" && !strings.HasPrefix(p, "/fhir/") {
			t.Fatalf("%q becomes %q, which is %q", ref, rest, p)
		}
		if strings.ContainsAny(rest, " \r\n\x00\"<>\\#") {
			t.Fatalf("%q becomes %q", ref, rest)
		}
	})
}

// TestRelative holds that what a URL means does not depend on where it stands.
func TestRelative(t *testing.T) {
	t.Parallel()
	up := over(t, "http://up.example:8080/fhir", "https://public.example/r4/", "http://old.example")
	for _, c := range spellings {
		text := strings.NewReplacer("UP", "http://up.example:8080", "HOST", "up.example:8080", `\\`, `\`, `\r`, "\r", `\n`, "\n", `\u0000`, "\x00").Replace(c.url)
		rest, ok := up.Below(text, "/Patient?gender=male", false)
		if want := strings.Replace(c.want, "ASKED", "/Patient", 1); ok != (want != "") || ok && rest != want {
			t.Errorf("%s: %q %v, want %q", c.name, rest, ok, want)
		}
	}
	// Where the base has no path, nothing but the host tells a file of the upstream
	// from one elsewhere.
	up = over(t, "http://up.example")
	for ref, want := range map[string]bool{"http://up.example/f": true, "http://UP.example:80/f": true, "/f": true, "http://bucket.example/f": false, "http://up.example:81/f": false} {
		if _, ok := up.Below(ref, "/status", true); ok != want {
			t.Errorf("%q is taken for a file of the upstream: %v", ref, ok)
		}
	}
}
