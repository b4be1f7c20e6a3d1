package fhir_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/veil-proxy/veil/fhir"
	"github.com/veil-proxy/veil/internal/fhirtest"
	"github.com/veil-proxy/veil/internal/masktest"
)

// TestRememberedResources: what is remembered of whole resources decides nothing, be they
// by themselves or in Bundles that say different things of them, and is counted the same.
func TestRememberedResources(t *testing.T) {
	sources := examples(t)
	p := fhirtest.Generate(3, 4)
	for _, id := range p.PatientIDs() {
		sources = append(sources, p.PatientBundle(id, fhirtest.Collection))
	}
	const observation = `{"resourceType":"Observation","id":"o","status":"final","code":{"text":"x"},"subject":{"reference":"%s"},"effectiveDateTime":"2020-02-03"}`
	for _, family := range []string{"Quillfeather", "Ashworth"} {
		sources = append(sources, fmt.Appendf(nil, `{"resourceType":"Bundle","type":"collection","entry":[{"resource":{"resourceType":"Condition","id":"c","subject":{"reference":"Patient/p"},"note":[{"text":"Seen today: Quillfeather, who is well."}]}},{"resource":{"resourceType":"Patient","id":"p","name":[{"family":"%s"}]}}]}`, family))
	}
	const patient = `{"resourceType":"Patient","id":"p","birthDate":"1950-01-02"}`
	for _, reference := range []string{"http://x.example/Patient/p", "http://x.example/Patient/p/_history/1", `http://x.example\/Patient/p`, "urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0", "Patient/p", "Encounter/e"} {
		o := fmt.Sprintf(observation, reference)
		sources = append(sources, []byte(o))
		for _, full := range []string{"http://x.example/Patient/p", "http://y.example/Patient/p", "http://x.example/Patient/p/_history/1", "urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0"} {
			for _, encounter := range []string{"p", "q"} {
				sources = append(sources, fmt.Appendf(nil, `{"resourceType":"Bundle","type":"collection","entry":[{"resource":%s},{"fullUrl":"%s","resource":%s},{"resource":{"resourceType":"Encounter","id":"e","status":"finished","class":{"code":"AMB"},"subject":{"reference":"Patient/%s"}}}]}`, o, full, patient, encounter))
			}
		}
	}
	// One reference that leads to two patients in two Bundles.
	for _, id := range []string{`"id":"p",`, `"id":"q",`, ""} {
		o := fmt.Sprintf(observation, "urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0")
		sources = append(sources, fmt.Appendf(nil, `{"resourceType":"Bundle","type":"collection","entry":[{"fullUrl":"urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0","resource":{"resourceType":"Patient",%s"birthDate":"1950-01-02"}},{"resource":%s},{"resource":%s}]}`, id, o, o))
	}
	questionnaire := func(depth int) string {
		return `{"resourceType":"Questionnaire","status":"draft",` + strings.Repeat(`"item":[{"linkId":"1",`, depth) + `"type":"group"` + strings.Repeat("}]", depth) + "}"
	}
	sources = append(sources, []byte(questionnaire(99)), []byte(`{"resourceType":"Bundle","type":"collection","entry":[{"resource":`+questionnaire(99)+`}]}`))
	for _, ruleset := range []string{"safe-harbor", "research", "safe-harbor-text"} {
		a := masktest.Shipped(t, ruleset)
		fresh, warm := masktest.NewMasker(a, fhir.RememberNothing), masktest.NewMasker(a, fhir.RememberAlways)
		sameRemembered(t, ruleset, sources, fresh, warm, (*masktest.Masker).Mask)
		if n := warm.Walker.RememberedResources(); n < 100 {
			t.Errorf("%s: only %d resources are remembered", ruleset, n)
		}
	}
}

// sameRemembered masks sources again and again, and holds that it stays the same.
func sameRemembered(t *testing.T, label string, sources [][]byte, fresh, warm *masktest.Masker, mask func(*masktest.Masker, []byte) ([]byte, error)) {
	t.Helper()
	outs, errs, counts := make([]string, len(sources)), make([]error, len(sources)), make([][]uint64, len(sources))
	for k, src := range sources {
		out, err := mask(fresh, src)
		outs[k], errs[k], counts[k] = string(out), err, slices.Clone(fresh.Pass.Counts)
	}
	for round := range 4 {
		for k, src := range sources {
			out, err := mask(warm, src)
			if fmt.Sprint(err) != fmt.Sprint(errs[k]) || string(out) != outs[k] {
				t.Fatalf("%s, round %d: %.300s\nbecomes %.600s (%v)\n  alone %.600s (%v)", label, round, src, out, err, outs[k], errs[k])
			}
			if err == nil && !slices.Equal(warm.Pass.Counts, counts[k]) {
				t.Fatalf("%s, round %d: %.300s is counted differently", label, round, src)
			}
		}
	}
}

// TestRememberedXML is TestRememberedResources in XML, where texts are remembered on their
// way to JSON and back too.
func TestRememberedXML(t *testing.T) {
	t.Parallel()
	var sources [][]byte
	p := fhirtest.Generate(3, 4)
	for _, id := range p.PatientIDs() {
		sources = append(sources, toXML(t, p.PatientBundle(id, fhirtest.Collection)))
	}
	for _, ruleset := range []string{"safe-harbor", "research"} {
		a := masktest.Shipped(t, ruleset)
		sameRemembered(t, ruleset, sources, masktest.NewMasker(a, fhir.RememberNothing), masktest.NewMasker(a, fhir.RememberAlways), (*masktest.Masker).MaskXML)
	}
}
