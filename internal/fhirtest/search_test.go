package fhirtest

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
)

func TestSearch(t *testing.T) {
	s, p := serve(t, 20)
	id := p.PatientIDs()[0]
	r, _ := p.Get("Patient", id)
	var pat struct {
		BirthDate  string
		Name       []struct{ Family string }
		Identifier []struct{ System, Value string }
		Telecom    []struct{ Value string }
		Address    []struct{ PostalCode string }
	}
	if err := json.Unmarshal(r.JSON, &pat); err != nil {
		t.Fatal(err)
	}
	observations := 0
	for _, r := range p.Resources() {
		if r.Type == "Observation" && r.Patient == id && !strings.Contains(string(r.JSON), `"subject":{"type"`) {
			observations++
		}
	}
	q := url.QueryEscape
	for _, tc := range []struct {
		name, search string
		total        int // -1: some, but not all
	}{
		{"all", "Patient", 20},
		{"_id", "Patient?_id=" + id, 1},
		{"two of _id", "Patient?_id=" + id + "," + p.PatientIDs()[1], 2},
		{"family", "Patient?family=" + q(pat.Name[0].Family), -1},
		{"name", "Patient?name=" + q(strings.ToUpper(pat.Name[0].Family)), -1},
		{"birthdate", "Patient?birthdate=" + pat.BirthDate, 1},
		{"birthdate by range", "Patient?birthdate=ge" + pat.BirthDate + "&birthdate=le" + pat.BirthDate, 1},
		{"identifier", "Patient?identifier=" + q(pat.Identifier[1].System+"|"+pat.Identifier[1].Value), 1},
		{"identifier without system", "Patient?identifier=" + q(pat.Identifier[0].Value), 1},
		{"postal code", "Patient?address-postalcode=" + pat.Address[0].PostalCode, -1},
		{"telecom", "Patient?telecom=" + q(pat.Telecom[0].Value), 1},
		{"phone is no e-mail", "Patient?email=" + q(pat.Telecom[0].Value), 0},
		{"nobody", "Patient?family=Nobodyhasthisname", 0},
		{"observations by subject", "Observation?subject=Patient/" + id, observations},
		{"observations by patient", "Observation?patient=" + id, observations},
		{"observations by address", "Observation?patient=" + q(s.URL+"/Patient/"+id), observations},
		{"observations by code", "Observation?code=" + q(loinc+"|8867-4"), -1},
		{"two parameters", "Observation?patient=" + id + "&code=30525-0", 1},
		{"component codes", "Observation?combo-code=8480-6", -1},
		{"missing", "Observation?value-concept:missing=true", -1},
		{"everything", "Patient/" + id + "/$everything", -1},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var b bundle
			resp := get(t, s.URL+"/"+tc.search, &b)
			if resp.StatusCode != 200 || b.ResourceType != "Bundle" || b.Total == nil {
				t.Fatalf("status %d: %v", resp.StatusCode, b.Issue)
			}
			if tc.total >= 0 && *b.Total != tc.total || tc.total < 0 && (*b.Total == 0 || *b.Total == len(p.Resources())) {
				t.Errorf("total is %d, want %d", *b.Total, tc.total)
			}
			for _, e := range b.Entry {
				if e.FullURL != s.URL+"/"+e.Resource.ResourceType+"/"+e.Resource.ID || e.Search.Mode != "match" {
					t.Error("an entry has another fullUrl or mode")
				}
			}
		})
	}
}

func TestSearchByPost(t *testing.T) {
	s, p := serve(t, 5)
	resp, err := http.PostForm(s.URL+"/Patient/_search?_summary=count", url.Values{"_id": {p.PatientIDs()[2]}})
	if err != nil {
		t.Fatal(err)
	}
	var b bundle
	decode(t, resp, &b)
	if *b.Total != 1 || len(b.Entry) != 0 {
		t.Errorf("total %d with %d entries", *b.Total, len(b.Entry))
	}
}

func TestSearchPages(t *testing.T) {
	s, p := serve(t, 7)
	for _, start := range []string{"/Patient?_count=3", "/Patient/" + p.PatientIDs()[0] + "/$everything?_count=25"} {
		seen := map[string]bool{}
		var total, pages int
		for address := s.URL + start; address != ""; pages++ {
			var b bundle
			get(t, address, &b)
			for _, e := range b.Entry {
				if seen[e.FullURL] {
					t.Fatal("a resource is on two pages")
				}
				seen[e.FullURL] = true
			}
			total, address = *b.Total, b.next()
			if address != "" && !strings.HasPrefix(address, s.URL+"/") {
				t.Fatal("the next link leads elsewhere")
			}
		}
		if len(seen) != total || pages < 3 {
			t.Errorf("%d resources of %d on %d pages", len(seen), total, pages)
		}
	}
}

func TestSearchSort(t *testing.T) {
	s, _ := serve(t, 12)
	for _, tc := range []struct {
		search string
		key    func(b *bundle, i int) string
		down   bool
	}{
		{"_sort=_id", func(b *bundle, i int) string { return b.Entry[i].Resource.ID }, false},
		{"_sort=-_id", func(b *bundle, i int) string { return b.Entry[i].Resource.ID }, true},
		{"_sort=birthdate", func(b *bundle, i int) string { return b.Entry[i].Resource.BirthDate[:4] }, false},
		{"_sort=-birthdate", func(b *bundle, i int) string { return b.Entry[i].Resource.BirthDate[:4] }, true},
		{"_sort=gender,-_id&gender=female", func(b *bundle, i int) string { return b.Entry[i].Resource.ID }, true},
	} {
		t.Run(tc.search, func(t *testing.T) {
			var b bundle
			get(t, s.URL+"/Patient?"+tc.search, &b)
			var keys []string
			for i := range b.Entry {
				keys = append(keys, tc.key(&b, i))
			}
			if tc.down {
				slices.Reverse(keys)
			}
			if len(keys) < 3 || !slices.IsSorted(keys) {
				t.Errorf("%d resources are not in order", len(keys))
			}
		})
	}
}

func TestSearchIncludes(t *testing.T) {
	s, p := serve(t, 3)
	id := p.PatientIDs()[1]
	for _, tc := range []struct{ search, match, include string }{
		{"Observation?_count=5&_include=Observation:subject&patient=" + id, "Observation", "Patient"},
		{"Encounter?_include=Encounter:patient:Patient&patient=" + id, "Encounter", "Patient"},
		{"Patient?_id=" + id + "&_revinclude=Condition:patient", "Patient", "Condition"},
	} {
		t.Run(tc.search, func(t *testing.T) {
			var b bundle
			get(t, s.URL+"/"+tc.search, &b)
			counts := map[string]int{}
			for _, e := range b.Entry {
				if want := map[string]string{tc.match: "match", tc.include: "include"}[e.Resource.ResourceType]; e.Search.Mode != want {
					t.Errorf("a %s has the mode %q", e.Resource.ResourceType, e.Search.Mode)
				}
				counts[e.Resource.ResourceType]++
			}
			if counts[tc.match] == 0 || counts[tc.include] == 0 || counts["Patient"] != 1 {
				t.Errorf("entries: %v", counts)
			}
		})
	}
}

func TestSearchSubsets(t *testing.T) {
	s, _ := serve(t, 3)
	for _, tc := range []struct {
		search            string
		birthDate, text   bool
		subsetted, counts bool
	}{
		{"_elements=birthDate", true, false, true, true},
		{"_elements=gender", false, false, true, true},
		{"_summary=true", true, false, true, true},
		{"_summary=text", false, true, true, true},
		{"_summary=data", true, false, true, true},
		{"_summary=false", true, true, false, true},
		{"_total=none", true, true, false, false},
	} {
		t.Run(tc.search, func(t *testing.T) {
			var b bundle
			get(t, s.URL+"/Patient?"+tc.search, &b)
			if (b.Total != nil) != tc.counts || len(b.Entry) != 3 {
				t.Fatalf("total %v, %d entries", b.Total, len(b.Entry))
			}
			for _, e := range b.Entry {
				r := e.Resource
				marked := len(r.Meta.Tag) > 0 && r.Meta.Tag[len(r.Meta.Tag)-1].Code == "SUBSETTED"
				if (r.BirthDate != "") != tc.birthDate || (r.Text != nil) != tc.text || marked != tc.subsetted {
					t.Error("a resource has other elements than asked for")
				}
			}
		})
	}
}
