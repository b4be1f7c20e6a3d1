package fhir_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/veil-proxy/veil/fhir"
	"github.com/veil-proxy/veil/internal/masktest"
	"github.com/veil-proxy/veil/mask"
)

// maskAt masks a resource as seen from a site and returns how many references were
// counted as of an unknown server.
func maskAt(t *testing.T, a *fhir.Automaton, w *fhir.Walker, src string, site *fhir.Site) (out string, unknown uint64) {
	t.Helper()
	pass := mask.NewPass(a.Plan)
	pass.Begin(mask.Origin{})
	b, err := w.AppendJSON(nil, []byte(src), pass, site)
	if err != nil {
		t.Fatalf("%v: %s", err, src)
	}
	return string(b), pass.Counts[a.UnknownBase()]
}

// TestReferencesResolveByFullURLs: a reference that is the full URL of an entry of
// its Bundle leads there afterwards, whatever URL that is, and however it is spelt;
// one that is of no entry goes and is counted.
func TestReferencesResolveByFullURLs(t *testing.T) {
	t.Parallel()
	bundle := func(fullURL, reference string) string {
		return `{"resourceType":"Bundle","type":"collection","entry":[
{"fullUrl":"` + fullURL + `","resource":{"resourceType":"Patient","id":"MRN123","active":true}},
{"fullUrl":"http://ehr.example/Observation/2","resource":{"resourceType":"Observation","id":"2","status":"final","code":{"coding":[{"system":"http://loinc.org","code":"8867-4"}]},"subject":{"reference":"` + reference + `"}}}]}`
	}
	const urn = "urn:uuid:53fefa32-fcbb-4ff8-8a92-55ee120877b7"
	cases := []struct {
		name, fullURL, reference string
		leads                    bool
		unknown                  uint64
	}{
		{"absolute", "http://ehr.example/Patient/MRN123", "http://ehr.example/Patient/MRN123", true, 0},
		{"of a version", "http://ehr.example/Patient/MRN123", "http://ehr.example/Patient/MRN123/_history/4", true, 0},
		{"https", "https://ehr.example/a/b/Patient/MRN123", "https://ehr.example/a/b/Patient/MRN123", true, 0},
		{"relative", "http://ehr.example/Patient/MRN123", "Patient/MRN123", true, 0},
		{"URN", urn, urn, true, 0},
		{"no type and id", "http://ehr.example/records?id=MRN123", "http://ehr.example/records?id=MRN123", true, 0},
		{"a type that is none", "http://ehr.example/Patients/MRN123", "http://ehr.example/Patients/MRN123", true, 0},
		{"escapes of JSON", `http:\/\/ehr.example\/Patient\/MRN123`, "http://ehr.example/Patient/MRN12\\u0033", true, 0},
		{"another server", "http://ehr.example/Patient/MRN123", "http://other.example/Patient/MRN123", false, 1},
		{"another id", "http://ehr.example/Patient/MRN123", "http://ehr.example/Patient/MRN124", false, 1},
		{"another scheme", "http://ehr.example/Patient/MRN123", "https://ehr.example/Patient/MRN123", false, 1},
	}
	for _, ruleset := range []string{"safe-harbor", "research"} {
		a := masktest.Shipped(t, ruleset)
		w := fhir.NewWalker(a, fhir.RememberAlways)
		for _, c := range cases {
			for round := range 2 { // what is remembered of one Bundle is not of another
				out, unknown := maskAt(t, a, w, bundle(c.fullURL, c.reference), nil)
				var b struct {
					Entry []struct {
						FullURL  string
						Resource struct{ Subject struct{ Reference string } }
					}
				}
				if err := json.Unmarshal([]byte(out), &b); err != nil || len(b.Entry) != 2 {
					t.Fatalf("%v: %s", err, out)
				}
				full, ref := b.Entry[0].FullURL, b.Entry[1].Resource.Subject.Reference
				leads := ref != "" && (full == ref || full == fhir.DefaultBase+"/"+ref)
				if leads != c.leads || unknown != c.unknown || !c.leads && ref != "" {
					t.Errorf("%s, %s, round %d: %q leads to %q: %v, %d unknown", ruleset, c.name, round, ref, full, leads, unknown)
				}
				if strings.Contains(out, "MRN12") || strings.Contains(out, "example") {
					t.Errorf("%s, %s: an original shows: %s", ruleset, c.name, out)
				}
			}
		}
	}
}

// TestFullURLsOfOneEnd: full URLs of two servers that end alike become one, so a
// reference to one of them is not taken for one to the other.
func TestFullURLsOfOneEnd(t *testing.T) {
	t.Parallel()
	a := masktest.Shipped(t, "safe-harbor")
	w := fhir.NewWalker(a, fhir.RememberAlways)
	patient := func(base string) string {
		return `{"fullUrl":"` + base + `/Patient/1","resource":{"resourceType":"Patient","id":"1","active":true}}`
	}
	observation := `{"resource":{"resourceType":"Observation","status":"final","subject":{"reference":"http://a/Patient/1"}}}`
	for entries, kept := range map[string]bool{
		patient("http://a") + "," + observation:                                                                           true,
		patient("http://a") + "," + patient("http://b") + "," + observation:                                               false,
		patient("http://a") + "," + patient("http://a") + "," + observation:                                               true,  // two versions
		`{"resource":{"resourceType":"Bundle","entry":[` + patient("http://a") + `]}},` + observation:                     false, // of another Bundle
		observation + `,{"resource":{"resourceType":"Bundle","entry":[` + observation + "," + patient("http://a") + `]}}`: true,
	} {
		out, unknown := maskAt(t, a, w, `{"resourceType":"Bundle","type":"collection","entry":[`+entries+`]}`, nil)
		if strings.Contains(out, `"reference":"Patient/`) != kept || kept == (unknown > 0) && !strings.Contains(entries, "},"+observation[:10]) {
			t.Errorf("%s: %d unknown in %s", entries, unknown, out)
		}
	}
}

// TestShiftByFullURL: the patient of a resource is found by the full URL, too.
func TestShiftByFullURL(t *testing.T) {
	t.Parallel()
	a := masktest.Shipped(t, "research")
	w := fhir.NewWalker(a, fhir.RememberNothing)
	dated := func(fullURL, reference string) string {
		out, _ := maskAt(t, a, w, `{"resourceType":"Bundle","type":"collection","entry":[{"fullUrl":"`+fullURL+`","resource":{"resourceType":"Patient","id":"p1"}},{"resource":{"resourceType":"Observation","status":"final","effectiveDateTime":"2020-03-05","subject":{"reference":"`+reference+`"}}}]}`, nil)
		_, after, _ := strings.Cut(out, `"effectiveDateTime":"`)
		date, _, _ := strings.Cut(after, `"`)
		return date
	}
	want := dated("urn:uuid:53fefa32-fcbb-4ff8-8a92-55ee120877b7", "Patient/p1")
	if len(want) != 10 || want == "2020-03-05" {
		t.Fatalf("not shifted: %q", want)
	}
	for _, url := range []string{"http://ehr.example/Patient/p1", "http://ehr.example/records?id=1", "urn:uuid:53fefa32-fcbb-4ff8-8a92-55ee120877b7"} {
		if got := dated(url, url); got != want {
			t.Errorf("%s: %s, want %s", url, got, want)
		}
	}
}

// TestBasesAreComparedAsURLs: a slash at the end, case of scheme and host and the
// port of the scheme say nothing.
func TestBasesAreComparedAsURLs(t *testing.T) {
	t.Parallel()
	a := masktest.Shipped(t, "safe-harbor")
	w := fhir.NewWalker(a, fhir.RememberAlways)
	for _, c := range []struct {
		base, reference string
		known           bool
	}{
		{"http://ehr.example", "http://ehr.example/Patient/1", true},
		{"http://ehr.example/", "http://ehr.example/Patient/1", true},
		{"http://ehr.example/fhir//", "http://ehr.example/fhir/Patient/1", true},
		{"http://EHR.example/fhir", "HTTP://ehr.EXAMPLE/fhir/Patient/1", true},
		{"http://EHR.example/fhir", "http://ehr.EXAMPLE/fhir/Patient/1", true},
		{"http://ehr.example:80/fhir", "http://ehr.example/fhir/Patient/1", true},
		{"https://ehr.example/fhir/", "https://ehr.example:443/fhir/Patient/1", true},
		{"http://[::1]/fhir", "http://[::1]:80/fhir/Patient/1", true},
		{"http://ehr.example/fhir", "http://ehr.example/FHIR/Patient/1", false},
		{"http://ehr.example/fhir", "http://ehr.example:8080/fhir/Patient/1", false},
		{"http://ehr.example/fhir", "https://ehr.example/fhir/Patient/1", false},
		{"http://ehr.example/fhir", "http://ehr.example.evil/fhir/Patient/1", false},
	} {
		out, unknown := maskAt(t, a, w, `{"resourceType":"Observation","status":"final","subject":{"reference":"`+c.reference+`"}}`, &fhir.Site{Upstream: []string{c.base}, Base: "http://veil/"})
		if known := strings.Contains(out, `"reference":"Patient/`); known != c.known || (unknown == 0) != c.known {
			t.Errorf("%s below %s: %v, %d unknown", c.reference, c.base, known, unknown)
		}
	}
	out, _ := maskAt(t, a, w, `{"resourceType":"Bundle","type":"collection","entry":[{"fullUrl":"http://x/Patient/1","resource":{"resourceType":"Patient","id":"1","active":true}}]}`, &fhir.Site{Base: "http://veil/"})
	if !strings.Contains(out, `"fullUrl":"http://veil/Patient/`) {
		t.Error(out)
	}
}

// TestConditionalReferences: what refers to one target by an identifier stays
// together, in every form of reference, and with the target where that carries it.
func TestConditionalReferences(t *testing.T) {
	t.Parallel()
	const system = "http://example.org/org"
	for _, tc := range []struct {
		ruleset, typ string
		carried      bool
	}{
		{"safe-harbor", "Organization", true}, {"safe-harbor", "Practitioner", true}, {"safe-harbor", "Location", true}, {"safe-harbor", "Patient", false},
		{"research", "Organization", true}, {"research", "Patient", true},
	} {
		a := masktest.Shipped(t, tc.ruleset)
		w := fhir.NewWalker(a, fhir.RememberAlways)
		value := func(n int) string { return fmt.Sprintf("SECRET-%d4711", n) }
		conditional := func(n int, sys string) string {
			ref := tc.typ + "?identifier=" + sys + value(n)
			out, _ := maskAt(t, a, w, `{"resourceType":"Observation","status":"final","subject":{"reference":"`+ref+`"}}`, nil)
			_, after, _ := strings.Cut(out, `"reference":"`)
			ref, _, _ = strings.Cut(after, `"`)
			if strings.Contains(out, "SECRET") || !strings.HasPrefix(ref, tc.typ+"?identifier=") {
				t.Errorf("%s %s: %s", tc.ruleset, tc.typ, out)
			}
			return ref
		}
		one := conditional(1, system+"|")
		if again := conditional(1, "http%3A%2F%2Fexample.org%2Forg%7C"); again != one {
			t.Errorf("%s: %s with escapes, %s without", tc.ruleset, again, one)
		}
		if other := conditional(2, system+"|"); other == one {
			t.Errorf("%s: two identifiers become one", tc.ruleset)
		}
		masked := func(n int, where string) (sys, val string) {
			src := `{"resourceType":"` + tc.typ + `","active":true,"identifier":[{"use":"official","system":"` + system + `","value":"` + value(n) + `"}]}`
			if where == "reference" {
				src = `{"resourceType":"Observation","status":"final","subject":{"type":"` + tc.typ + `","identifier":{"system":"` + system + `","value":"` + value(n) + `"}}}`
			}
			out, _ := maskAt(t, a, w, src, nil)
			if strings.Contains(out, "SECRET") {
				t.Errorf("%s", out)
			}
			_, after, _ := strings.Cut(out, `"identifier":`)
			var id struct{ System, Value string }
			_ = json.NewDecoder(strings.NewReader(strings.TrimPrefix(after, "["))).Decode(&id)
			return id.System, id.Value
		}
		if _, val := masked(1, "target"); (val != "") != tc.carried || val != "" && !strings.HasSuffix(one, val) {
			t.Errorf("%s %s: the target has %q, references %q", tc.ruleset, tc.typ, val, one)
		}
		sys, val := masked(1, "reference")
		if val == "" || !strings.HasSuffix(one, val) {
			t.Errorf("%s %s: the logical reference has %q %q, the conditional one %q", tc.ruleset, tc.typ, sys, val, one)
		}
		if _, other := masked(2, "reference"); other == val {
			t.Errorf("%s: two identifiers become one", tc.ruleset)
		}
	}
}

// TestOtherConditionsGo: a reference by anything but one identifier goes.
func TestOtherConditionsGo(t *testing.T) {
	t.Parallel()
	a := masktest.Shipped(t, "safe-harbor")
	w := fhir.NewWalker(a, fhir.RememberAlways)
	for _, ref := range []string{
		"Organization?name=SECRET", "Organization?identifier=s|SECRET&name=x", "Organization?identifier=s|SECRET,s|SECRET", "Organization?identifier:of-type=s|t|SECRET",
		"Organization?identifier=", "Organization?identifier=s|", "Organization?identifier=s|SECRET%zz", "Organization?identifier=a|b|SECRET", "Nonsense?identifier=s|SECRET",
		"Organization?identifier=s|SECRET#x", "?identifier=s|SECRET", "http://x/Organization?identifier=s|SECRET", "Organization?IDENTIFIER=s|SECRET", "Organization?identifier=s|SE\\\\CRET",
	} {
		out, _ := maskAt(t, a, w, `{"resourceType":"Observation","status":"final","subject":{"reference":"`+ref+`"}}`, nil)
		if strings.Contains(out, "SECRET") || strings.Contains(out, `"reference"`) {
			t.Errorf("%s becomes %s", ref, out)
		}
	}
	out, _ := maskAt(t, a, w, `{"resourceType":"Observation","status":"final","subject":{"identifier":{"system":"SECRET","type":{"text":"SECRET"}}}}`, nil)
	if strings.Contains(out, "SECRET") || strings.Contains(out, "identifier\"") {
		t.Errorf("an identifier without a value becomes %s", out)
	}
}
