package fhirproxy

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/veil-proxy/veil/fhir"
	"github.com/veil-proxy/veil/fhir/schema"
	"github.com/veil-proxy/veil/internal/masktest"
	"github.com/veil-proxy/veil/internal/veiltest"
	"github.com/veil-proxy/veil/mask"
	"github.com/veil-proxy/veil/proxy/fhirproxy/lend"
	"github.com/veil-proxy/veil/text/recognizer"
	"github.com/veil-proxy/veil/text/scrub"
)

// A text is scrubbed of what the patient and the staff are called whom its resource only
// refers to: they are read from the upstream, once. Where they cannot be, the text goes.
func TestTextsAreScrubbedOfPeopleElsewhere(t *testing.T) {
	scrubbing := extendOf(t, "safe-harbor-text", "")
	condition := func(id, patient string) string {
		return fmt.Sprintf(`{"resourceType":"Condition","id":"%s","subject":{"reference":"Patient/%s"},"recorder":{"reference":"PractitionerRole/r1"},"note":[{"text":"Saw Zqquarrington with Zqblytheson. Stable."}]}`, id, patient)
	}
	up := newCanned(t, map[string]string{
		"/Condition/c1": condition("c1", "p1"), "/Condition/c2": condition("c2", "broken"), "/Condition/c3": condition("c3", "gone"),
		"/Condition":           `{"resourceType":"Bundle","type":"searchset","entry":[{"resource":` + condition("c1", "p1") + `},{"resource":` + condition("c4", "p1") + `}]}`,
		"/Patient/p1":          `{"resourceType":"Patient","id":"p1","name":[{"family":"Zqquarrington"}]}`,
		"/Patient/broken":      "fails",
		"/PractitionerRole/r1": `{"resourceType":"PractitionerRole","id":"r1","practitioner":{"reference":"Practitioner/d1"}}`,
		"/Practitioner/d1":     `{"resourceType":"Practitioner","id":"d1","name":[{"family":"Zqblytheson"}]}`,
	})
	r := newRig(t, up.url, func(c *Config) { c.Policy = policyOf(t, scrubbing, "anonymous") })
	read := func(id string) string {
		t.Helper()
		got := r.get(t, "/Condition/"+pseudonym(t, scrubbing, "Condition", id))
		if got.status != 200 || bytes.Contains(got.body, []byte("Zqquarrington")) && id != "c3" || bytes.Contains(got.body, []byte("Zqblytheson")) {
			t.Fatalf("%s: %d %s", id, got.status, got.body)
		}
		return string(got.body)
	}
	if got := read("c1"); !strings.Contains(got, "Stable.") || !strings.Contains(got, "SCRUBBED") {
		t.Errorf("the text is gone: %s", got)
	}
	requested := up.take()
	slices.Sort(requested)
	if got := fmt.Sprint(requested); got != "[GET /Condition/c1 GET /Patient/p1 GET /Practitioner/d1 GET /PractitionerRole/r1 GET /RelatedPerson?patient=p1]" {
		t.Errorf("the upstream was asked %s", got)
	}
	r.listener.lookups.Wait()
	got := r.get(t, "/Condition")
	if n := bytes.Count(got.body, []byte("Stable.")); n != 2 || bytes.Contains(got.body, []byte("Zqq")) {
		t.Errorf("%d of 2 texts: %s", n, got.body)
	}
	if requested := fmt.Sprint(up.take()); strings.Contains(requested, "Patient") || strings.Contains(requested, "Practitioner") || strings.Contains(requested, "RelatedPerson") {
		t.Errorf("what was learned is asked again: %s", requested)
	}
	if got := read("c2"); strings.Contains(got, "Stable.") {
		t.Errorf("without its patient the text passes: %s", got)
	}
	if got := read("c3"); !strings.Contains(got, "Stable.") {
		t.Errorf("of a patient who does not exist nothing is known, and the text is gone: %s", got)
	}
}

// TestTextsAreLeft: long texts are scrubbed while no masker is held, and the response, its
// counts and its record are those of texts that are scrubbed at once.
func TestTextsAreLeft(t *testing.T) {
	scrubbing := extendOf(t, "safe-harbor-text", "")
	note := "Zqquarrington met Mr. Zqblytheson on 3/4/2020. " + strings.Repeat("Stable. ", 500)
	condition := func(id string) string {
		return fmt.Sprintf(`{"resourceType":"Condition","id":"%s","subject":{"reference":"Patient/p1"},"note":[{"text":"%s"},{"text":"%s"},{"text":"No. %s"}]}`, id, note, note, note)
	}
	up := newCanned(t, map[string]string{
		"/Condition/c1": condition("c1"),
		"/Condition":    `{"resourceType":"Bundle","type":"searchset","entry":[{"resource":` + condition("c1") + `},{"resource":` + condition("c2") + `}]}`,
		"/Patient/p1":   `{"resourceType":"Patient","id":"p1","name":[{"family":"Zqquarrington"}]}`,
	})
	r := newRig(t, up.url, func(c *Config) { c.Policy = policyOf(t, scrubbing, "anonymous") })
	for path, texts := range map[string]uint64{"/Condition/" + pseudonym(t, scrubbing, "Condition", "c1"): 3, "/Condition": 6} {
		got := r.get(t, path)
		if n := bytes.Count(got.body, []byte("[NAME] met [NAME] on [DATE]. Stable.")); got.status != 200 || uint64(n) != texts || bytes.Contains(got.body, []byte("Zq")) {
			t.Errorf("%s: %d, %d of %d texts: %.300s", path, got.status, n, texts, got.body)
		}
		want := []mask.FoundCount{{Detector: "date-numeric", Label: "DATE", N: texts}, {Detector: "known-name", Label: "NAME", N: texts}, {Detector: "name", Label: "NAME", N: texts}}
		if found := r.sink.find(t, got.header.Get("X-Request-Id")).Found; !slices.Equal(found, want) {
			t.Errorf("%s: the record says %v, want %v", path, found, want)
		}
	}
}

// TestSlowRecognizerDelaysNobody: while an external recognizer takes its time, no masker is
// held, and where it gives no valid answer the text is removed.
func TestSlowRecognizerDelaysNobody(t *testing.T) {
	t.Parallel()
	asked, release := make(chan struct{}, 10), make(chan struct{})
	recognizing := newHandler(t, http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		body, _ := io.ReadAll(q.Body)
		asked <- struct{}{}
		<-release
		if bytes.Contains(body, []byte("Broken")) {
			w.WriteHeader(500)
		}
		_, _ = io.WriteString(w, `[{"start":5,"end":17,"score":0.9,"entity_type":"PERSON"}]`)
	}))
	x := &scrub.External{}
	if err := x.Use(recognizer.Options{URL: recognizing, Timeout: veiltest.Patience}); err != nil {
		t.Fatal(err)
	}
	methods := masktest.Methods(t)
	methods["scrub"] = scrub.Methods(x)[0]
	policy, err := masktest.ParsePolicy(t, "veil: 1\nname: test\nextends: safe-harbor-text\n", methods)
	if err != nil {
		t.Fatal(err)
	}
	scrubbing, err := fhir.Compile(policy, schema.R4())
	if err != nil {
		t.Fatal(err)
	}
	up := newCanned(t, map[string]string{
		"/Condition/c1":    `{"resourceType":"Condition","id":"c1","subject":{"reference":"Patient/p1"},"note":[{"text":"With zqmarkerword. Stable."},{"text":"Broken, stable."}]}`,
		"/Patient/p1":      `{"resourceType":"Patient","id":"p1"}`,
		"/Organization/o1": `{"resourceType":"Organization","id":"o1","active":true}`,
	})
	r := newRig(t, up.url, func(c *Config) { c.Policy = policyOf(t, scrubbing, "anonymous") })
	r.view().maskers = lend.New[masker](1)
	path := r.base + "/Condition/" + pseudonym(t, scrubbing, "Condition", "c1")
	var slow sync.WaitGroup
	slow.Go(func() {
		resp, err := r.client.Get(path)
		if err != nil {
			t.Error(err)
			return
		}
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		if err != nil || !bytes.Contains(body, []byte(`"With [NAME]. Stable."`)) || bytes.Contains(body, []byte("Broken")) {
			t.Errorf("%v: %d %s", err, resp.StatusCode, body)
		}
	})
	<-asked
	<-asked
	if got := r.get(t, "/Organization/"+pseudonym(t, scrubbing, "Organization", "o1")); got.status != 200 {
		t.Errorf("status %d: %s", got.status, got.body)
	}
	close(release)
	slow.Wait()
}

// TestTextsAreScrubbedOfRelatives: a text is scrubbed of what relatives are called who refer
// to the patient, on whatever page of a search they are. Where the search fails, the text
// goes; a server without relatives says so.
func TestTextsAreScrubbedOfRelatives(t *testing.T) {
	t.Parallel()
	scrubbing := extendOf(t, "safe-harbor-text", "")
	condition := func(patient string) string {
		return fmt.Sprintf(`{"resourceType":"Condition","id":"of-%s","subject":{"reference":"Patient/%s"},"note":[{"text":"Zqmother zqaunt called. Stable."}]}`, patient, patient)
	}
	relative := func(name, patient string) string {
		return fmt.Sprintf(`{"resource":{"resourceType":"RelatedPerson","id":"%s","patient":{"reference":"Patient/%s"},"name":[{"given":["%s"]}]}}`, name, patient, name)
	}
	page := func(link, entries string) string {
		return `{"resourceType":"Bundle","type":"searchset","link":[{"relation":"self","url":"UP/x"}` + link + `],"entry":[` + entries + `]}`
	}
	next := `,{"relation":"next","url":"UP/RelatedPerson?page=2"}`
	up := newCanned(t, map[string]string{
		"/Condition/of-p1": condition("p1"), "/Condition/of-p2": condition("p2"), "/Condition/of-p3": condition("p3"), "/Condition/of-p4": condition("p4"),
		"/RelatedPerson?patient=p1": page(next, relative("Zqmother", "p1")), "/RelatedPerson?page=2": page("", relative("Zqaunt", "p1")),
		"/RelatedPerson?patient=p2": "fails",
		"/RelatedPerson?patient=p4": page(`,{"relation":"next","url":"http://elsewhere.example/RelatedPerson"}`, ""),
		"/Condition":                `{"resourceType":"Bundle","type":"searchset","entry":[{"resource":` + condition("p1") + `},{"resource":{"resourceType":"Patient","id":"p1"}}]}`,
	})
	r := newRig(t, up.url, func(c *Config) { c.Policy = policyOf(t, scrubbing, "anonymous") })
	for path, want := range map[string]string{"of-p1": "[NAME] [NAME] called. Stable.", "of-p2": "", "of-p3": "Zqmother zqaunt called. Stable.", "of-p4": "", "": "[NAME] [NAME] called. Stable."} {
		url := "/Condition"
		if path != "" {
			url += "/" + pseudonym(t, scrubbing, "Condition", path)
		}
		got := string(r.get(t, url).body)
		if got = strings.ReplaceAll(got, `"[NAME] called`, `"[NAME] [NAME] called`); want != "" && !strings.Contains(got, `"`+want+`"`) || want == "" && strings.Contains(got, "Stable") {
			t.Errorf("%s: %s, want %q", url, got, want)
		}
	}
}
