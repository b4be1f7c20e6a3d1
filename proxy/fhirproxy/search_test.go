package fhirproxy

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/veil-proxy/veil/internal/masktest"
	"github.com/veil-proxy/veil/mask/keys"
	"github.com/veil-proxy/veil/proxy/consumer"
)

// bundle is what the tests read of a search's answer.
type bundle struct {
	ResourceType string
	Total        *int
	Link         []struct{ Relation, URL string }
	Entry        []struct {
		FullURL  string
		Resource struct{ ResourceType, ID string }
	}
}

func (p reply) bundle(t testing.TB) bundle {
	t.Helper()
	var b bundle
	if err := json.Unmarshal(p.body, &b); err != nil || p.status != 200 || b.ResourceType != "Bundle" {
		t.Fatalf("status %d, %v: %.300s", p.status, err, p.body)
	}
	return b
}

func (b bundle) link(relation string) string {
	for _, l := range b.Link {
		if l.Relation == relation {
			return l.URL
		}
	}
	return ""
}

func TestSearchPages(t *testing.T) {
	t.Parallel()
	src := newSource(t)
	r := newRig(t, src.URL, nil)
	reply := r.get(t, "/Patient?_count=5&_format=json")
	first := reply.bundle(t)
	if got, want := first.link("self"), r.base+"/Patient?_count=5&_format=json"; got != want {
		t.Errorf("self is %q, want %q", got, want)
	}
	seen := map[string]bool{}
	b := first
	pages := 0
	for {
		pages++
		for _, e := range b.Entry {
			if seen[e.Resource.ID] {
				t.Errorf("%s twice", e.Resource.ID)
			}
			seen[e.Resource.ID] = true
			if e.FullURL != r.base+"/Patient/"+e.Resource.ID {
				t.Errorf("fullUrl %q of %q", e.FullURL, e.Resource.ID)
			}
		}
		next := b.link("next")
		if next == "" {
			break
		}
		if !strings.HasPrefix(next, r.base+"?_page=") {
			t.Fatalf("next is %q", next)
		}
		reply = r.get(t, next)
		if rec := r.sink.find(t, reply.header.Get("X-Request-Id")); rec.Operation != "search page" {
			t.Errorf("record %+v", rec)
		}
		b = reply.bundle(t)
		if b.link("self") != next {
			t.Errorf("self of a page is %q, want %q", b.link("self"), next)
		}
	}
	if pages < 3 || len(seen) != len(population().PatientIDs()) {
		t.Errorf("%d patients on %d pages, want %d", len(seen), pages, len(population().PatientIDs()))
	}
	for id := range seen {
		r.get(t, "/Patient/"+id)
		if got := r.get(t, "/Observation?subject=Patient/"+id+"&_count=1").bundle(t); len(got.Entry) == 0 {
			t.Errorf("no observation of a patient")
		}
		if got := r.get(t, "/Patient?_id="+id).bundle(t); len(got.Entry) != 1 || got.Entry[0].Resource.ID != id {
			t.Errorf("search by _id gives %+v", got)
		}
		break
	}
	r.checkClean(t)
}

func TestSearchByPostIsSearchByGet(t *testing.T) {
	t.Parallel()
	src := newSource(t)
	r := newRig(t, src.URL, nil)
	got := r.do(t, "POST", "/Patient/_search", "_count=3&gender=female", "Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
	want := r.get(t, "/Patient?_count=3&gender=female")
	if got.status != 200 || !bytes.Equal(got.body, want.body) {
		t.Errorf("status %d: %.300s", got.status, got.body)
	}
	// Parameters may stand in both places (FHIR R4, http.html#search), and HAPI's client
	// writes some of them twice.
	for path, body := range map[string]string{
		"/Patient/_search?_count=3":                   "gender=female",
		"/Patient/_search?_count=3&gender=female":     "",
		"/Patient/_search?_count=3&":                  "_count=3&gender=female&",
		"/Patient/_search?gender=female&_format=json": "_format=json&_count=3&gender=female",
	} {
		got := r.do(t, "POST", path, body, "Content-Type", "application/x-www-form-urlencoded")
		var same, b struct {
			Total int
			Entry []json.RawMessage
		}
		if got.status != 200 || json.Unmarshal(got.body, &b) != nil || json.Unmarshal(want.body, &same) != nil || b.Total != same.Total || len(b.Entry) != len(same.Entry) {
			t.Errorf("%s: status %d: %.300s", path, got.status, got.body)
		}
	}
	if got := r.do(t, "POST", "/Patient/_search?_count=3&gender=female", ""); got.status != 200 {
		t.Errorf("without a body: %d", got.status)
	}
	for name, c := range map[string]struct {
		path, body, kind string
		status           int
	}{
		"masked parameter in the URL": {"/Patient/_search?family=Smith", "gender=female", "application/x-www-form-urlencoded", 403},
		"two counts":                  {"/Patient/_search?_count=1", "gender=female&_count=2", "application/x-www-form-urlencoded", 403},
		"names in two cases":          {"/Patient/_search?gender=female", "Gender=male", "application/x-www-form-urlencoded", 400},
		"another charset":             {"/Patient/_search", "gender=female", "application/x-www-form-urlencoded; charset=utf-16", 415},
		"another content type":        {"/Patient/_search", `{"gender":"female"}`, "application/json", 415},
		"multipart":                   {"/Patient/_search", "--b\r\n\r\n--b--", "multipart/form-data; boundary=b", 415},
		"malformed form":              {"/Patient/_search", "gender=%zz", "application/x-www-form-urlencoded", 400},
		"masked parameter":            {"/Patient/_search", "family=Smith", "application/x-www-form-urlencoded", 403},
		"search of the whole server":  {"/_search", "_id=1", "application/x-www-form-urlencoded", 400},
	} {
		before := len(src.Source.Requests())
		r.do(t, "POST", c.path, c.body, "Content-Type", c.kind).outcome(t, c.status)
		if len(src.Source.Requests()) != before {
			t.Errorf("%s: the upstream was asked", name)
		}
	}
}

func TestMaskedParametersAreRefusedBeforeTheUpstream(t *testing.T) {
	t.Parallel()
	src := newSource(t)
	r := newRig(t, src.URL, nil)
	planted := population().Planted()
	queries := []string{
		"Patient?name=Smith", "Patient?family:exact=Smith", "Patient?given:contains=an", "Patient?identifier=123-45-6789", "Patient?phone:missing=true",
		"Patient?birthdate=1980-03-05", "Patient?birthdate=lt1930", "Patient?address-postalcode=94110", "Patient?_sort=birthdate", "Patient?_sort=-_lastUpdated",
		"Observation?subject:Patient.name=Smith", "Patient?_has:Observation:patient:code=x", "Patient?_filter=name%20eq%20x", "Patient?_text=x", "Patient?_content=x",
		"Patient?_elements=name.family", "Patient?_summary=yes", "Patient?_lastUpdated=ge2024-01-02", "Patient?_query=x", "Patient?_list=1",
		"Patient?%6e%61me=x", "Patient?_unknown=1", "Patient?_profile=x", "Patient?_tag=x",
	}
	for i := 0; i < len(planted); i += 1 + len(planted)/50 {
		queries = append(queries, "Patient?name="+url.QueryEscape(planted[i].Value))
	}
	for _, q := range queries {
		t.Run(q, func(t *testing.T) {
			got := r.get(t, "/"+q, "Prefer", "handling=strict")
			text := got.outcome(t, 403)
			if !strings.Contains(text, "search parameter") {
				t.Errorf("diagnostics %q", text)
			}
			if rec := r.sink.find(t, got.header.Get("X-Request-Id")); rec.Result != "refused" || !strings.HasPrefix(rec.Operation, "search ") || rec.Reason != "search parameter" {
				t.Errorf("record %+v", rec)
			}
		})
	}
	if n := len(src.Source.Requests()); n != 0 {
		t.Errorf("the upstream was asked %d times", n)
	}
	if text := r.get(t, "/Patient?family=x").outcome(t, 403); !strings.Contains(text, `"family"`) || !strings.Contains(text, "rule") {
		t.Errorf("diagnostics %q do not name parameter and rule", text)
	}
	r.checkClean(t)
}

func TestPageTokensOpenOnlyWhereTheyWereMade(t *testing.T) {
	t.Parallel()
	src := newSource(t)
	r := newRig(t, src.URL, nil)
	next := r.get(t, "/Patient?_count=5").bundle(t).link("next")
	token := strings.TrimPrefix(next, r.base+"?_page=")
	if token == next {
		t.Fatalf("no page token in %q", next)
	}
	other := newRig(t, src.URL, func(c *Config) { c.Policy = policyOf(t, safeHarbor(t), "another") })
	research := newRig(t, src.URL, func(c *Config) {
		c.Policy = policyOf(t, compile(t, "safe-harbor", "    - {id: extra, match: Claim, method: withhold}\n"), "anonymous")
	})
	keys, err := keys.NewKeyring([]byte(strings.ToUpper(string(masktest.Secret))), "test")
	if err != nil {
		t.Fatal(err)
	}
	x := r.exchange(&consumer.Consumer{Name: "anonymous"}, nil)
	foreign := string(keys.NewPseudonymizer().AppendSealedToken(nil, keys.SealSlot("page"), []byte("/Patient"), x.scope(linkPage)))
	want := r.get(t, "/Patient/none").body
	flipped := []byte(token)
	flipped[len(flipped)/2] ^= 1
	for name, c := range map[string]struct {
		r     *rig
		token string
	}{
		"another consumer": {other, token}, "another ruleset": {research, token}, "another key": {r, foreign},
		"altered": {r, string(flipped)}, "cut": {r, token[:len(token)-4]}, "empty": {r, ""}, "garbage": {r, "abc"},
		"an upstream path": {r, url.QueryEscape("/Patient?_count=5")},
	} {
		before := len(src.Source.Requests())
		got := c.r.get(t, "?_page="+c.token)
		got.outcome(t, 404)
		if !bytes.Equal(got.body, want) {
			t.Errorf("%s: %s", name, got.body)
		}
		if len(src.Source.Requests()) != before {
			t.Errorf("%s: the upstream was asked", name)
		}
	}
	r.get(t, "?_page="+token).bundle(t)
	r.get(t, "?_page="+token+"&_count=50").outcome(t, 400)
	r.get(t, "?_page="+token+"&_page="+token).outcome(t, 400)
	if strings.Contains(string(r.sent), "/fhir/Patient?_page") || strings.Contains(string(r.sent), src.URL) {
		t.Error("the upstream's address shows")
	}
}

// A stored Bundle can name any address in its links. None of them may become
// a page that the consumer follows.
func TestStoredLinksAreNotFollowed(t *testing.T) {
	t.Parallel()
	const stored = `{"resourceType":"Bundle","id":"b","type":"collection","link":[{"relation":"next","url":"BASE/Patient?name=x"},{"relation":"self","url":"BASE/Patient?name=x"}]}`
	var up string
	up = newHandler(t, http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		body := strings.ReplaceAll(stored, "BASE", up)
		if q.URL.Path == "/Bundle" {
			body = `{"resourceType":"Bundle","type":"searchset","entry":[{"fullUrl":"` + up + `/Bundle/b","resource":` + body + `}]}`
		}
		w.Header().Set("Content-Type", "application/fhir+json")
		_, _ = w.Write([]byte(body))
	}))
	r := newRig(t, up, nil)
	for _, path := range []string{"/Bundle/" + pseudonym(t, safeHarbor(t), "Bundle", "b"), "/Bundle"} {
		if got := r.get(t, path); got.status != 200 || bytes.Contains(got.body, []byte("_page")) || bytes.Contains(got.body, []byte("name=x")) {
			t.Errorf("%s: %d %s", path, got.status, got.body)
		}
	}
}

func TestCapabilityStatement(t *testing.T) {
	t.Parallel()
	src := newSource(t)
	a := compile(t, "safe-harbor", "    - {id: no-claims, match: Claim, method: withhold}\n")
	r := newRig(t, src.URL, func(c *Config) { c.Policy = policyOf(t, a, "anonymous") })
	got := r.get(t, "/metadata")
	var cs struct {
		ResourceType, Status, Date, FhirVersion, Kind string
		Software                                      struct{ Name string }
		Implementation                                struct{ URL string }
		Rest                                          []struct {
			Security struct{ Description string }
			Resource []struct {
				Type                            string
				Interaction                     []struct{ Code string }
				SearchInclude, SearchRevInclude []string
				SearchParam                     []struct{ Name, Type string }
			}
		}
	}
	if err := json.Unmarshal(got.body, &cs); err != nil || got.status != 200 || cs.ResourceType != "CapabilityStatement" || len(cs.Rest) != 1 {
		t.Fatalf("status %d, %v: %.300s", got.status, err, got.body)
	}
	if cs.Date != a.Policy.Ruleset.ReferenceDate.String() || cs.FhirVersion != "4.0.1" || cs.Software.Name != "veil" || cs.Implementation.URL != r.base || cs.Kind != "instance" {
		t.Errorf("%+v", cs)
	}
	if !strings.Contains(cs.Rest[0].Security.Description, a.Policy.Ruleset.SHA256()) {
		t.Error("the security text does not name the ruleset")
	}
	params := map[string]bool{}
	for _, res := range cs.Rest[0].Resource {
		if res.Type == "Claim" {
			t.Error("a withheld type is listed")
		}
		if len(res.Interaction) != 3 || res.Interaction[0].Code != "read" || res.Interaction[1].Code != "vread" || res.Interaction[2].Code != "search-type" {
			t.Errorf("%s: interactions %+v", res.Type, res.Interaction)
		}
		for _, inc := range append(res.SearchInclude, res.SearchRevInclude...) {
			if strings.HasPrefix(inc, "Claim:") {
				t.Errorf("%s: includes %q", res.Type, inc)
			}
		}
		for _, p := range res.SearchParam {
			params[res.Type+"?"+p.Name] = true
		}
	}
	for name, want := range map[string]bool{"Patient?_id": true, "Patient?gender": true, "Observation?code": true, "Observation?subject": true,
		"Patient?name": false, "Patient?identifier": false, "Patient?family": false, "Patient?telecom": false} {
		if params[name] != want {
			t.Errorf("%s is listed: %v, want %v", name, !want, want)
		}
	}
	again := r.get(t, "/metadata")
	if !bytes.Equal(got.body, again.body) || len(src.Source.Requests()) != 1 {
		t.Errorf("asked %d times; same: %v", len(src.Source.Requests()), bytes.Equal(got.body, again.body))
	}
	if rec := r.sink.find(t, again.header.Get("X-Request-Id")); rec.Operation != "capabilities" || len(rec.Resources) != 1 {
		t.Errorf("record %+v", rec)
	}
	r.checkClean(t)
	if bytes.Contains(got.body, []byte("Bramblewood")) || bytes.Contains(got.body, []byte("ehr-db-07")) {
		t.Error("the upstream shows")
	}
}

func TestFormats(t *testing.T) {
	t.Parallel()
	src := newSource(t)
	r := newRig(t, src.URL, nil)
	for _, c := range []struct {
		query, accept string
		status        int
	}{
		{"", "", 200}, {"", "*/*", 200}, {"", "application/fhir+json", 200}, {"", "application/json;charset=utf-8", 200},
		{"", "application/fhir+xml, application/fhir+json;q=0.5", 200}, {"", "text/html,application/xhtml+xml,*/*;q=0.8", 200},
		{"", "application/fhir+json; fhirVersion=4.0", 200},
		{"?_format=json", "application/fhir+xml", 200}, {"?_format=application/fhir+json", "", 200}, {"?_format=application%2Ffhir%2Bjson&_pretty=true", "", 200},
		{"", "application/fhir+xml", 200}, {"", "text/html", 406}, {"", "application/fhir+json;q=0", 406}, {"", "image/png", 406}, {"", "application/jsonx", 406},
		{"?_format=xml", "", 200}, {"?_format=ttl", "application/json", 406}, {"?_format=json&_format=xml", "", 400},
	} {
		sep := "?"
		if c.query != "" {
			sep = "&"
		}
		got := r.get(t, "/Patient"+c.query+sep+"_count=1", "Accept", c.accept)
		if got.status != c.status {
			t.Errorf("%q, Accept %q: %d, want %d", c.query, c.accept, got.status, c.status)
		}
		if c.status != 200 {
			got.outcome(t, c.status)
		}
	}
}
