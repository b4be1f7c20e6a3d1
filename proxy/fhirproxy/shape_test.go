package fhirproxy

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// _elements and _summary never reach the upstream: the rules see all of the
// original, and a value is masked as it is without them.
func TestElementsAreTakenAfterMasking(t *testing.T) {
	t.Parallel()
	src := newSource(t)
	r := newRig(t, src.URL, nil)
	id := pseudonym(t, safeHarbor(t), "Patient", population().PatientIDs()[0])
	whole := r.get(t, "/Patient/"+id)
	var full, part map[string]json.RawMessage
	if err := json.Unmarshal(whole.body, &full); err != nil {
		t.Fatal(err)
	}
	for _, q := range []string{"_elements=birthDate,deceased", "_elements=gender", "_summary=true", "_summary=text", "_summary=data"} {
		for _, path := range []string{"/Patient/" + id + "?" + q, "/Patient?_id=" + id + "&" + q} {
			got := r.get(t, path)
			body := got.body
			if strings.HasPrefix(path, "/Patient?") {
				var b struct {
					Entry []struct{ Resource json.RawMessage }
				}
				if err := json.Unmarshal(body, &b); err != nil || len(b.Entry) != 1 {
					t.Fatalf("%s: %d %s", path, got.status, body)
				}
				body = b.Entry[0].Resource
			}
			part = nil
			if err := json.Unmarshal(body, &part); err != nil || got.status != 200 {
				t.Fatalf("%s: %d, %v", path, got.status, err)
			}
			for name, value := range part {
				if name != "meta" && !bytes.Equal(value, full[name]) {
					t.Errorf("%s: %s is %s, want %s", path, name, value, full[name])
				}
			}
			if len(part) >= len(full) && q != "_summary=data" || !bytes.Contains(body, []byte("SUBSETTED")) {
				t.Errorf("%s: nothing was left out: %s", path, body)
			}
		}
	}
	for _, q := range src.Source.Requests() {
		if strings.Contains(q.URL, "_elements") || strings.Contains(q.URL, "_summary") {
			t.Errorf("the upstream was asked %s", q.URL)
		}
	}
	first := r.get(t, "/Patient?_count=3&_elements=gender").bundle(t)
	next := r.get(t, first.link("next"))
	if next.status != 200 || !bytes.Contains(next.body, []byte("SUBSETTED")) || bytes.Contains(next.body, []byte("birthDate")) {
		t.Errorf("a further page is not narrowed: %.300s", next.body)
	}
	r.checkClean(t)
}

func TestLenientHandling(t *testing.T) {
	t.Parallel()
	src := newSource(t)
	r := newRig(t, src.URL, nil)
	got := r.get(t, "/Patient?gender=female&_sort=birthdate", "Prefer", "handling=lenient")
	var b struct {
		Link  []struct{ Relation, URL string }
		Entry []struct {
			Search   struct{ Mode string }
			Resource struct {
				ResourceType string
				Issue        []struct{ Severity, Diagnostics string }
			}
		}
	}
	if err := json.Unmarshal(got.body, &b); err != nil || got.status != 200 || len(b.Entry) < 2 {
		t.Fatalf("%d %s", got.status, got.body)
	}
	last := b.Entry[len(b.Entry)-1]
	if last.Search.Mode != "outcome" || last.Resource.ResourceType != "OperationOutcome" || len(last.Resource.Issue) != 1 || !strings.Contains(last.Resource.Issue[0].Diagnostics, "_sort") {
		t.Errorf("%+v", last)
	}
	if strings.Contains(b.Link[0].URL, "_sort") {
		t.Errorf("self says that it was applied: %s", b.Link[0].URL)
	}
	// What chooses resources is never dropped: the response would be to another
	// question.
	for _, q := range []string{"/Patient?family=Smith", "/Patient?gender=female&birthdate=1980-03-05", "/Patient?_has:Observation:patient:code=x"} {
		r.get(t, q, "Prefer", "handling=lenient").outcome(t, 403)
	}
	r.get(t, "/Patient?gender=female&_sort=birthdate", "Prefer", "handling=strict").outcome(t, 403)
	for _, q := range []string{"_sort=birthdate", "_sort=_id", "_sort=shoe-size", "_sort=-_lastUpdated", "_summary=some", "_elements=shoeSize", "_total=exact", "_count=many"} {
		name, _, _ := strings.Cut(q, "=")
		if text := r.get(t, "/Patient?gender=female&"+q, "Prefer", "handling=strict").outcome(t, 403); !strings.Contains(text, "Prefer: handling=lenient") {
			t.Errorf("%s: %s", q, text)
		}
		got := r.get(t, "/Patient?gender=female&"+q) // nothing said
		b := got.bundle(t)
		requested := src.Source.Requests()
		if strings.Contains(b.link("self"), name) || strings.Contains(requested[len(requested)-1].URL, name) || got.header.Get("X-Veil-Left-Out") != name {
			t.Errorf("%s is applied: %s, %s", q, b.link("self"), requested[len(requested)-1].URL)
		}
		// An order by ids only keeps pages apart, so nobody needs to be told.
		if told := bytes.Contains(got.body, []byte("OperationOutcome")); told != (q != "_sort=_id") {
			t.Errorf("%s: told %v", q, told)
		}
	}
	for _, q := range []string{"/Observation?_include=Observation:subject:Person", "/Patient?_revinclude=Provenance:target", "/Patient?_contained=both", "/Patient?_count=1&_count=2"} {
		r.get(t, q).outcome(t, 403) // resources would be missing, or it is not clear what is meant
	}
	r.get(t, "/Patient?gender=female&_totalMethod=count&_count=0").bundle(t)
	if requested := src.Source.Requests(); !strings.HasSuffix(requested[len(requested)-1].URL, "gender=female&_total=accurate&_count=0") {
		t.Errorf("the upstream was asked %s", requested[len(requested)-1].URL)
	}
	id := pseudonym(t, safeHarbor(t), "Patient", population().PatientIDs()[0])
	for _, path := range []string{"/Patient/" + id + "?_sort=x", "/Patient/" + id + "/$everything?_count=1&_sort=date"} {
		if got := r.get(t, path); got.status != 200 || got.header.Get("X-Veil-Left-Out") != "_sort" {
			t.Errorf("%s: %d %v", path, got.status, got.header)
		}
		r.get(t, path, "Prefer", "handling=strict").outcome(t, 403)
	}
	r.checkClean(t)
}

func TestLeastCount(t *testing.T) {
	t.Parallel()
	src := newSource(t)
	r := newRig(t, src.URL, func(c *Config) { c.Policy.Views[0].MinCount = 3 })
	id := pseudonym(t, safeHarbor(t), "Patient", population().PatientIDs()[0])
	for path, status := range map[string]int{
		"/Patient?_count=2": 200, "/Patient?_summary=count": 200, "/Patient?_id=" + id: 403, "/Patient?_id=" + id + "&_summary=count": 403,
		"/Patient?_id=none": 403, "/Patient?_id=" + id + "&_total=none": 403, "/Patient/" + id: 200,
	} {
		if got := r.get(t, path); got.status != status {
			t.Errorf("%s: %d, want %d: %.200s", path, got.status, status, got.body)
		}
	}
	before := len(src.Source.Requests())
	r.get(t, "/$export?_typeFilter=Patient%3Fgender%3Dfemale", "Prefer", "respond-async").outcome(t, 403)
	if len(src.Source.Requests()) != before {
		t.Error("the upstream was asked for a filtered export")
	}
	for _, q := range src.Source.Requests() {
		if strings.Contains(q.URL, "?") && !strings.Contains(q.URL, "_total=accurate") {
			t.Errorf("the upstream was asked %s", q.URL)
		}
	}
	// Histories of types choose among persons, that of a resource does not.
	past := newCanned(t, map[string]string{})
	for _, path := range []string{"/Patient/_history", "/_history", "/Patient/zq-1/_history"} {
		past.body[path] = fmt.Sprintf(historyOf, path)
	}
	for least, status := range map[int]int{2: 200, 3: 403} {
		r := newRig(t, past.url, func(c *Config) { c.Policy.Views[0].MinCount = least })
		for _, path := range []string{"/Patient/_history", "/_history"} {
			if got := r.get(t, path); got.status != status {
				t.Errorf("least count %d, %s: %d", least, path, got.status)
			}
		}
		if got := r.get(t, "/Patient/"+pseudonym(t, safeHarbor(t), "Patient", "zq-1")+"/_history"); got.status != 200 {
			t.Errorf("least count %d, of a resource: %d", least, got.status)
		}
	}
	// An upstream that does not count.
	silent := newCanned(t, map[string]string{"/Patient?_total=accurate": `{"resourceType":"Bundle","type":"searchset"}`})
	newRig(t, silent.url, func(c *Config) { c.Policy.Views[0].MinCount = 3 }).get(t, "/Patient").outcome(t, 403)
}
