package fhirproxy

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/veil-proxy/veil/fhir/fhirxml"
	"github.com/veil-proxy/veil/fhir/schema"
	"github.com/veil-proxy/veil/internal/veiltest"
	"github.com/veil-proxy/veil/proxy/fhirproxy/media"
)

// examples are HL7's, by Type/id.
func examples(t testing.TB) map[string][]byte {
	t.Helper()
	all := map[string][]byte{}
	for line := range bytes.Lines(veiltest.Gunzip(t, "../../testdata/hl7-r4-examples.ndjson.gz")) {
		var r struct{ ResourceType, ID string }
		if json.Unmarshal(line, &r) == nil && r.ID != "" {
			all[r.ResourceType+"/"+r.ID] = line
		}
	}
	return all
}

var maskedReference = regexp.MustCompile(`"reference":"([A-Za-z]+/[A-Za-z0-9.-]+)"`)

// Every example of HL7 is served as JSON and as XML, which say the same, whether
// the upstream speaks the one or the other; and every reference to a resource that
// the upstream has leads to it through the listener.
func TestEveryExampleThroughTheListener(t *testing.T) {
	t.Parallel()
	all := examples(t)
	if len(all) < 200 {
		t.Fatalf("%d examples", len(all))
	}
	upstream := func(xml bool) string {
		return newHandler(t, http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
			body, ok := all[strings.TrimPrefix(q.URL.Path, "/")]
			if !ok {
				http.NotFound(w, q)
				return
			}
			w.Header().Set("Content-Type", "application/fhir+json")
			if xml {
				w.Header().Set("Content-Type", "application/fhir+xml;charset=UTF-8")
				var err error
				if body, err = fhirxml.AppendXML(schema.R4(), nil, body); err != nil {
					t.Errorf("%s as XML: %v", q.URL.Path, err)
				}
			}
			_, _ = w.Write(body)
		}))
	}
	a := safeHarbor(t)
	fromJSON := newRig(t, upstream(false), nil)
	fromXML := newRig(t, upstream(true), func(c *Config) { c.BaseURL = fromJSON.base })
	resolved := 0
	for key := range all {
		typ, id, _ := strings.Cut(key, "/")
		if _, withheld := fromJSON.view().guard.Type(typ); withheld != "" {
			continue
		}
		t.Run(key, func(t *testing.T) {
			path := "/" + typ + "/" + pseudonym(t, a, typ, id)
			want := fromJSON.get(t, path)
			if want.status != 200 {
				want.outcome(t, 404) // nothing of it passes
				return
			}
			var pretty bytes.Buffer
			if err := json.Indent(&pretty, want.body, "", "  "); err != nil {
				t.Fatal(err)
			}
			if got := fromJSON.get(t, path+"?_pretty=true"); !bytes.Equal(got.body, pretty.Bytes()) {
				t.Errorf("_pretty: %.200s", got.body)
			}
			for name, r := range map[string]*rig{"JSON": fromJSON, "XML": fromXML} {
				got := r.get(t, "http://"+r.addr+"/fhir"+path)
				if !sameJSON(t, got.body, want.body) {
					t.Errorf("from an upstream of %s: %.500s\nwant %.500s", name, got.body, want.body)
				}
				asXML := r.get(t, "http://"+r.addr+"/fhir"+path, "Accept", "application/fhir+xml")
				if asXML.status != 200 || asXML.header.Get("Content-Type") != media.XML {
					t.Fatalf("as XML: %d %v %.300s", asXML.status, asXML.header, asXML.body)
				}
				back, err := fhirxml.AppendJSON(schema.R4(), nil, asXML.body)
				if err != nil || !sameJSON(t, back, want.body) {
					t.Errorf("XML of an upstream of %s: %v\n%.500s\nwant %.500s", name, err, back, want.body)
				}
			}
			for _, m := range maskedReference.FindAllSubmatch(want.body, -1) {
				typ, sealed, _ := strings.Cut(string(m[1]), "/")
				original, ok := a.Policy.Keys.NewPseudonymizer().AppendOpened(nil, a.Policy.Keys.SealSlot(typ), []byte(sealed))
				if !ok {
					t.Errorf("a reference to a %s does not open", typ)
					continue
				}
				if _, has := all[typ+"/"+string(original)]; !has {
					continue
				}
				if _, withheld := fromJSON.view().guard.Type(typ); withheld != "" {
					continue
				}
				if got := fromJSON.get(t, "/"+string(m[1])); got.status != 200 || !bytes.Contains(got.body, []byte(sealed)) {
					t.Errorf("a reference to a %s leads to %d", typ, got.status)
				}
				resolved++
			}
		})
	}
	if resolved == 0 {
		t.Error("no reference was followed")
	}
	t.Log(len(all), "examples,", resolved, "references followed")
}

// sameJSON compares values, numbers as they are written.
func sameJSON(t testing.TB, a, b []byte) bool {
	t.Helper()
	read := func(src []byte) string {
		d := json.NewDecoder(bytes.NewReader(src))
		d.UseNumber()
		var v any
		if err := d.Decode(&v); err != nil {
			t.Errorf("not JSON: %.100s", src)
		}
		return fmt.Sprint(v)
	}
	return read(a) == read(b)
}

func TestRequestsInXML(t *testing.T) {
	t.Parallel()
	src := newSource(t)
	r := newRig(t, src.URL, nil)
	id := pseudonym(t, safeHarbor(t), "Patient", population().PatientIDs()[0])
	for _, c := range []struct{ accept, query, want string }{
		{"application/fhir+xml", "", media.XML}, {"application/fhir+json", "?_format=xml", media.XML}, {"", "?_format=application/fhir%2Bxml", media.XML}, {"", "?_format=text/xml", media.XML},
		{"application/fhir+xml", "?_format=json", media.JSON}, {"application/fhir+xml;q=0.5, application/fhir+json", "", media.JSON}, {"application/fhir+json;q=0.5, application/fhir+xml", "", media.XML},
		{"application/xml, */*;q=0.1", "", media.XML}, {"text/html, application/xhtml+xml, application/xml;q=0.9, */*;q=0.8", "", media.XML},
	} {
		for _, path := range []string{"/Patient/" + id, "/Patient/none", "/metadata"} {
			got := r.get(t, path+c.query, "Accept", c.accept)
			if got.header.Get("Content-Type") != c.want || (got.body[0] == '<') != (c.want == media.XML) {
				t.Errorf("%s%s, Accept %q: %q", path, c.query, c.accept, got.header.Get("Content-Type"))
			}
		}
	}
	b := r.get(t, "/Patient?_count=2&_format=xml")
	next := regexp.MustCompile(`<link><relation value="next"/><url value="([^"]+)"/></link>`).FindSubmatch(b.body)
	if next == nil {
		t.Fatalf("no next in %s", b.body)
	}
	page := r.get(t, strings.ReplaceAll(string(next[1]), "&amp;", "&"))
	if page.status != 200 || page.header.Get("Content-Type") != media.XML {
		t.Errorf("the next page is %d %q", page.status, page.header.Get("Content-Type"))
	}
	batch := r.do(t, "POST", "", `<Bundle xmlns="http://hl7.org/fhir"><type value="batch"/><entry><request><method value="GET"/><url value="Patient/`+id+`"/></request></entry></Bundle>`,
		"Content-Type", "application/fhir+xml", "Accept", "application/fhir+xml")
	if batch.status != 200 || !bytes.Contains(batch.body, []byte(`<id value="`+id+`"/>`)) {
		t.Errorf("batch: %d %.300s", batch.status, batch.body)
	}
	everything := r.do(t, "POST", "/Patient/"+id+"/$everything", `<Parameters xmlns="http://hl7.org/fhir"><parameter><name value="_count"/><valueInteger value="3"/></parameter></Parameters>`, "Content-Type", "application/fhir+xml")
	if want := r.get(t, "/Patient/"+id+"/$everything?_count=3"); everything.status != 200 || len(everything.bundle(t).Entry) != len(want.bundle(t).Entry) {
		t.Errorf("$everything: %d %.300s", everything.status, everything.body)
	}
	for _, bad := range []string{`<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><Bundle xmlns="http://hl7.org/fhir"><type value="&e;"/></Bundle>`, `<Bundle>`, `<x/>`, `<Patient xmlns="http://hl7.org/fhir"/>`} {
		r.do(t, "POST", "", bad, "Content-Type", "application/fhir+xml").outcome(t, 400)
	}
	r.checkClean(t)
}
