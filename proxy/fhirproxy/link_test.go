package fhirproxy

import (
	"bytes"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/veil-proxy/veil/fhir/guard"
	"github.com/veil-proxy/veil/proxy/consumer"
	"github.com/veil-proxy/veil/proxy/fhirproxy/upstream"
)

// Links as servers write them. Each must become a token that leads back to the
// same URL of the upstream, and show nothing of it.
func TestLinkShapes(t *testing.T) {
	t.Parallel()
	for name, shape := range map[string]struct{ next, requested string }{
		"HAPI":             {"UP?_getpages=3b2c7d1e-0e35-4c5e-9d4a-8f6f4b1f2a11&_getpagesoffset=2&_count=2&_pretty=true&_bundletype=searchset", "/?_getpages=3b2c7d1e-0e35-4c5e-9d4a-8f6f4b1f2a11&_getpagesoffset=2&_count=2&_pretty=true&_bundletype=searchset"},
		"Google":           {"UP/Patient/?gender=female&_page_token=Cjj3YokQdVXgWQ0S%3D%3D", "/Patient/?gender=female&_page_token=Cjj3YokQdVXgWQ0S%3D%3D"},
		"Azure":            {"UP/Patient?gender=female&ct=W3sidG9rZW4iOiIrUklEOn5OVDQxQU5MUzdRQVhKZ0FBQUFBQUFBPT0jUlQ6MSNUUkM6MTAiLCJyYW5nZSI6eyJtaW4iOiIiLCJtYXgiOiJGRiJ9fV0%3D", "/Patient?gender=female&ct=W3sidG9rZW4iOiIrUklEOn5OVDQxQU5MUzdRQVhKZ0FBQUFBQUFBPT0jUlQ6MSNUUkM6MTAiLCJyYW5nZSI6eyJtaW4iOiIiLCJtYXgiOiJGRiJ9fV0%3D"},
		"HealthLake":       {"UP/Patient?gender=female&page=AAMA-EFRSURBSGgzdkNkdlN5ZkUwQ1p0dUN", "/Patient?gender=female&page=AAMA-EFRSURBSGgzdkNkdlN5ZkUwQ1p0dUN"},
		"Blaze":            {"UP/Patient/__page/DEADBEEF2345ABCD", "/Patient/__page/DEADBEEF2345ABCD"},
		"Medplum":          {"UP/Patient?gender=female&_count=2&_offset=2", "/Patient?gender=female&_count=2&_offset=2"},
		"Medplum's cursor": {"UP/Patient?_sort=_lastUpdated&_cursor=1-1709633472000-6ba7b810", "/Patient?_sort=_lastUpdated&_cursor=1-1709633472000-6ba7b810"},
		"originals in it":  {"UP/Observation?subject=Patient%2Fzq-1&page=2", "/Observation?subject=Patient%2Fzq-1&page=2"},
	} {
		t.Run(name, func(t *testing.T) {
			const entry = `"entry":[{"resource":{"resourceType":"Patient","id":"zq-1","gender":"female"}}]`
			up := newCanned(t, map[string]string{
				"/Patient?gender=female": `{"resourceType":"Bundle","type":"searchset","link":[{"relation":"self","url":"UP/Patient?gender=female"},{"relation":"next","url":"` + shape.next + `"},{"relation":"first","url":"` + shape.next + `"},{"relation":"related","url":"UP/x"}],` + entry + `}`,
				shape.requested:          `{"resourceType":"Bundle","type":"searchset","link":[{"relation":"previous","url":"UP/Patient?gender=female"}],` + entry + `}`,
			})
			r := newRig(t, up.url, nil)
			b := r.get(t, "/Patient?gender=female").bundle(t)
			if len(b.Link) != 3 || b.link("next") != b.link("first") {
				t.Fatalf("links %+v", b.Link)
			}
			up.take()
			last := r.get(t, b.link("next")).bundle(t)
			if requested := up.take(); len(requested) != 1 || requested[0] != "GET "+shape.requested {
				t.Errorf("the upstream was asked %q, want %q", requested, shape.requested)
			}
			if r.get(t, last.link("previous")).bundle(t); len(up.take()) != 1 {
				t.Error("previous does not lead back")
			}
			for _, never := range []string{up.url, "_getpages", "_page_token", "zq-1", "AAMA", "__page"} {
				if bytes.Contains(r.sent, []byte(never)) {
					t.Errorf("%q shows", never)
				}
			}
		})
	}
}

// Tokens end with their time, survive a restart, and open on every replica.
func TestLinksAcrossListenersAndTime(t *testing.T) {
	t.Parallel()
	src := newSource(t)
	first, second := newRig(t, src.URL, nil), newRig(t, src.URL, nil)
	next := first.get(t, "/Patient?_count=5").bundle(t).link("next")
	token := next[strings.Index(next, "?"):]
	want := first.get(t, token).bundle(t)
	got := second.get(t, token).bundle(t)
	if len(got.Entry) == 0 || len(got.Entry) != len(want.Entry) || got.Entry[0].Resource.ID != want.Entry[0].Resource.ID {
		t.Errorf("another replica answers %d entries, want %d", len(got.Entry), len(want.Entry))
	}
	for ahead, open := range map[time.Duration]bool{0: true, DefaultLinkAge - time.Minute: true, DefaultLinkAge + 2*time.Hour: false, 365 * 24 * time.Hour: false} {
		second.ahead.Store(int64(ahead))
		if got := second.get(t, token); (got.status == 200) != open {
			t.Errorf("after %v: %d", ahead, got.status)
		}
	}
	other := newRig(t, src.URL, func(c *Config) { c.LinkAge = time.Hour })
	if other.get(t, "/Patient?_count=5").bundle(t).link("next") == next {
		t.Error("the time is not in the token")
	}
	if _, err := New(Config{Upstream: src.URL, BaseURL: "http://x/fhir", Policy: policyOf(t, safeHarbor(t), "x"), Sink: &memory{}, LinkAge: time.Second}); err == nil {
		t.Error("links of a second are taken")
	}
}

// Every change to a token gives the same response, and the upstream is not asked.
func TestAlteredTokens(t *testing.T) {
	t.Parallel()
	src := newSource(t)
	r := newRig(t, src.URL, nil)
	next := r.get(t, "/Patient?_count=5&_elements=gender").bundle(t).link("next")
	token := strings.TrimPrefix(next, r.base+"?_page=")
	want := r.get(t, "/Patient/none").body
	before := len(src.Source.Requests())
	for i := 0; i < len(token); i += 3 {
		altered := []byte(token)
		if altered[i] == 'A' {
			altered[i] = 'B'
		} else {
			altered[i] = 'A'
		}
		if got := r.get(t, "?_page="+url.QueryEscape(string(altered))); got.status != 404 || !bytes.Equal(got.body, want) {
			t.Fatalf("altered at %d: %d %s", i, got.status, got.body)
		}
	}
	if len(src.Source.Requests()) != before {
		t.Error("the upstream was asked")
	}
}

// What a link must carry is bounded: its lengths have two bytes, and its token
// must fit into a request line.
func TestParametersTooLongForALink(t *testing.T) {
	t.Parallel()
	src := newSource(t)
	r := newRig(t, src.URL, nil)
	many := strings.TrimSuffix(strings.Repeat("birthDate,", 5000), ",")
	r.do(t, "POST", "/Patient/_search", "_count=2&_elements="+many, "Content-Type", "application/x-www-form-urlencoded").outcome(t, 400)
	r.do(t, "POST", "/Observation/$lastn", `{"resourceType":"Parameters","parameter":[{"name":"_elements","valueString":"`+strings.TrimSuffix(strings.Repeat("status,", 6000), ",")+`"}]}`).outcome(t, 400)
	filter := "Observation?code=" + strings.TrimSuffix(strings.Repeat("http://loinc.org|8480-6,", 2000), ",")
	r.do(t, "POST", "/$export", `{"resourceType":"Parameters","parameter":[{"name":"_typeFilter","valueString":"`+filter+`"}]}`, "Prefer", "respond-async").outcome(t, 400)
	if n := len(src.Source.Requests()); n != 0 {
		t.Errorf("the upstream was asked %d times", n)
	}
	m := r.listener.newMasker(r.view())
	x := r.exchange(&consumer.Consumer{Name: strings.Repeat("n", 128)}, m.pass.Keys)
	longest := link{at: "Bundle Patient/" + strings.Repeat("a", 64) + "/$everything", shape: []guard.Param{{Name: "_elements", Value: strings.Repeat("a", maxShape-len("?_elements="))}}, path: "/" + strings.Repeat("b", upstream.MaxLink-1)}
	token := m.appendToken(nil, &longest, x.scope(linkPage))
	if len(token) > r.listener.limits.HeaderBytes*3/4 {
		t.Errorf("the longest token has %d bytes", len(token))
	}
	if got, p := x.openLink(linkPage, string(token)); p != nil || !reflect.DeepEqual(*got, longest) {
		t.Errorf("it does not open: %+v", p)
	}
}

// TestLinksHaveAPath: links work for clients that send what follows the host as it is, also
// where the base URL has no path.
func TestLinksHaveAPath(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"", "/", "/fhir", "/a/b/"} {
		up := newBulk(t)
		r := newRig(t, up.url, func(c *Config) { c.BaseURL = strings.TrimSuffix(c.BaseURL, "/fhir") + path })
		r.base = r.listener.base
		status, m := r.export(t, "/Patient/$export?_type=Patient,Observation")
		links := []string{status}
		for _, o := range append(m.Output, m.Error...) {
			links = append(links, o.URL)
		}
		src := newSource(t)
		s := newRig(t, src.URL, func(c *Config) { c.BaseURL = strings.TrimSuffix(c.BaseURL, "/fhir") + path })
		s.base = s.listener.base
		next := s.get(t, "/Patient?_count=2").bundle(t).link("next")
		links = append(links, next, s.get(t, next).bundle(t).link("self"))
		for _, link := range links {
			if u, err := url.Parse(link); err != nil || !strings.HasPrefix(u.RequestURI(), "/") || !strings.HasPrefix(u.Path, "/") || strings.Contains(u.Path, "//") {
				t.Errorf("base %q: link %q", path, link)
			}
		}
	}
}
