package fhir_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/veil-proxy/veil/fhir"
	"github.com/veil-proxy/veil/internal/masktest"
)

// wholeObjects are objects that may be masked as a whole, and such that look like them.
var wholeObjects = []string{
	`{"reference":"Patient/p"}`, `{"reference":"Patient/p","display":"Anna Beispiel"}`, `{"reference":"Patient/p/_history/3","display":"A\u006ena"}`,
	`{"reference":"Nobody/p","display":"Anna Beispiel"}`, `{"reference":"https://other.example/Patient/p","display":"Anna"}`, `{"reference":"https://x.example/fhir/Patient/p","display":"Anna"}`,
	`{"reference":"#c","display":"Anna"}`, `{"reference":"#nobody"}`, `{"reference":"urn:uuid:11111111-2222-3333-4444-555555555555"}`, `{"reference":"Patient?identifier=a|b","display":"Anna"}`,
	`{"reference":""}`, `{"reference":"Patient/\u0070","display":"Anna"}`, `{"reference":7}`, `{"reference":null,"display":"Anna"}`, `{"reference":"Patient/p","display":7}`,
	`{"reference":"Patient/p","display":"Anna","type":"Patient"}`, `{"reference":"Patient/p","type":"Patient","display":"Anna"}`, `{"display":"Anna","reference":"Patient/p"}`,
	`{"reference":"Patient/p","reference":"Patient/q"}`, `{"reference":"Patient/p","display":"Anna","display":"Berta"}`, `{"reference":"Patient/p","_reference":{"id":"x"}}`,
	`{"reference":"Patient/p","display":"An\xna"}`, `{"reference":"Patient/p","display":"Anna}`, `{"reference":"Patient/p" ,"display":"Anna"}`, `{"reference":"Patient/p",}`, `{"reference":"Patient/p"`,
	`{"reference":"Patient/p","display":"Anna","unknown":[{}]}`, `{ "reference":"Patient/p"}`, `{"reference":["Patient/p"]}`, `["Patient/p"]`, `"Patient/p"`, `null`,
}

// quantities have their members in any order, some more than once or of another type.
var quantities = []string{
	`{"value":95,"unit":"years","system":"http://unitsofmeasure.org","code":"a"}`, `{"code":"a","system":"http://unitsofmeasure.org","unit":"years","value":95}`,
	`{"value":95,"comparator":"<","unit":"a"}`, `{"comparator":">","unit":"mg/dL","value":5.50}`, `{"unit":"mg/dL"}`, `{"value":95}`, `{"code":"a","unit":"mg"}`, `{"value":95,"unit":"a","value":7}`,
	`{"unit":"years","unit":"mg","value":95}`, `{"value":"95","unit":"years"}`, `{"value":95,"unit":"ye\u0061rs"}`, `{"value":95,"unit":{"value":7},"code":"a"}`, `{"extension":[{"url":"x","valueQuantity":{"value":96,"unit":"years"}}],"value":95,"unit":"mg"}`,
	`{"value":95,"unit":"{Smith}/min","system":"http://unitsofmeasure.org","code":"{Smith}/min"}`, `{"value":95,"unit":"x","system":"urn:oid:1.2.3","code":"years"}`, `{"value":9e1,"unit":"years"`, `{"value":}`,
	`{"value":5.50,"unit":"mg/dL","system":"http://unitsofmeasure.org","code":"mg/dL"}`, `{"value":-0.5e-3,"unit":"Anna","system":"http://unitsofmeasure.org","code":"mg/dL"}`, `{"value":5,"unit":"{Anna}","system":"http://unitsofmeasure.org","code":"mg"}`,
	`{"value":5,"unit":"mg","system":"http://unitsofmeasure.org","code":"Anna"}`, `{"value":5,"unit":"mg","system":"https://anna.example","code":"mg"}`, `{"value":5,"unit":"mg","system":"http://unitsofmeasure.org","code":"m\u0067"}`,
	`{"value":5,"unit":"mg","system":"http://unitsofmeasure.org","code":"mg","extra":7}`, `{"value":5,"unit":"","system":"","code":""}`, `{"value":05,"unit":"mg","system":"http://unitsofmeasure.org","code":"mg"}`, `{"value":5,"unit":"mg","system":"http://unitsofmeasure.org","code":"mg"`,
}

// concepts are written as most are, or look like those that are.
var concepts = func() (all []string) {
	systolic := `"system":"http://loinc.org","code":"8480-6"`
	codings := []string{`{` + systolic + `,"display":"Systolic blood pressure"}`, `{` + systolic + `}`, `{` + systolic + `,"display":"Anna Beispiel"}`, `{"system":"http://loinc.org","code":"30525-0","display":"Age"}`,
		`{"system":"https://anna.example","code":"8480-6","display":"Anna"}`, `{"system":"http://loinc.org","code":"Anna"}`, `{"system":"","code":"8480-6"}`, `{"system":"http://loinc.org","code":""}`, `{` + systolic + `,"display":"An\u006ea"}`,
		`{` + systolic + `,"userSelected":true}`, `{` + systolic + `,"display":"Anna","display":"Berta"}`, `{` + systolic + `,"display":7}`, `{` + systolic + `,}`, `{` + systolic, `{` + systolic + `,"display":"Anna`, `{"code":"8480-6","system":"http://loinc.org"}`, `null`, `7`, ``}
	for _, coding := range codings {
		for _, frame := range []string{`{"coding":[%s]}`, `{"coding":[%s],"text":"Systolic blood pressure"}`, `{"coding":[%s],"text":"Patient age"}`, `{"coding":[%s],"text":"Anna"}`, `{"coding":[%s],"text":"8480-6"}`, `{"coding":[%s],"text":"An\u006ea"}`,
			`{"coding":[%s],"text":7}`, `{"coding":[%s],"text":"Anna","text":"Anna"}`, `{"coding":[%s],"extra":7}`, `{"coding":[%s],"text":"Anna`, `{"coding":[%s]`, `{"coding":[%s,%[1]s],"text":"systolic  Blood pressure"}`, `{"coding":[%s,%[1]s,%[1]s,%[1]s,%[1]s]}`,
			`{"coding":[{"system":"http://loinc.org","code":"8462-4"},%s],"text":"Diastolic blood pressure"}`, `{"text":"Anna","coding":[%s]}`, `{"coding":%s}`} {
			all = append(all, fmt.Sprintf(frame, coding))
		}
	}
	return all
}()

// wholeObjectsCheck masks texts member by member, as records of single values need it, as a
// whole, and with what is remembered.
type wholeObjectsCheck struct{ byMember, whole, warm *masktest.Masker }

func newWholeObjectsCheck(a *fhir.Automaton) wholeObjectsCheck {
	c := wholeObjectsCheck{masktest.NewMasker(a, fhir.RememberNothing), masktest.NewMasker(a, fhir.RememberNothing), masktest.NewMasker(a, fhir.RememberAlways)}
	c.byMember.Pass.Detail = true
	return c
}

// check: what becomes of a text, what is counted and what is wrong with it is the same.
func (c *wholeObjectsCheck) check(t *testing.T, src []byte) {
	t.Helper()
	type result struct {
		out, err string
		counts   []uint64
	}
	mask := func(m *masktest.Masker) result {
		out, err := m.Mask(src)
		r := result{out: string(out), err: fmt.Sprint(err)}
		if err == nil {
			r.counts = slices.Clone(m.Pass.Counts)
		}
		return r
	}
	want := mask(c.byMember)
	for _, m := range []*masktest.Masker{c.whole, c.warm, c.warm, c.warm} {
		if got := mask(m); got.out != want.out || got.err != want.err || !slices.Equal(got.counts, want.counts) {
			t.Fatalf("%.600s\nbecomes   %.600s (%s)\nby member %.600s (%s)\nthe counts are the same: %v", src, got.out, got.err, want.out, want.err, slices.Equal(got.counts, want.counts))
		}
	}
}

// TestWholeObjects: what is masked as a whole becomes what the walk over its members makes
// of it, in any place and under rulesets that treat it apart.
func TestWholeObjects(t *testing.T) {
	t.Parallel()
	for _, ruleset := range []string{"safe-harbor", "limited-dataset", "research"} {
		c := newWholeObjectsCheck(masktest.Shipped(t, ruleset))
		for _, object := range wholeObjects {
			for _, frame := range []string{
				`{"resourceType":"Observation","contained":[{"resourceType":"Patient","id":"c","managingOrganization":%s}],"status":"final","subject":%[1]s,"performer":[%[1]s,%[1]s],"issued":"2024-05-06T07:08:09Z"}`,
				`{"resourceType":"Bundle","type":"collection","entry":[{"fullUrl":"https://x.example/fhir/Patient/p","resource":{"resourceType":"Patient","id":"p"}},{"resource":{"resourceType":"Condition","subject":%s,"code":{"text":"x"}}}]}`,
				`{"resourceType":"Provenance","target":[%s],"agent":[{"who":%[1]s}],"recorded":"2024-05-06T07:08:09Z"}`,
				strings.Repeat(`{"resourceType":"Parameters","parameter":[{"name":"a","resource":`, 66) + `{"resourceType":"Condition","subject":%s}` + strings.Repeat(`}]}`, 66),
			} {
				c.check(t, fmt.Appendf(nil, frame, object))
			}
		}
	}
}

// TestQuantitiesInAnyOrder: a quantity becomes the same with what is remembered and without,
// whatever order its members have.
func TestQuantitiesInAnyOrder(t *testing.T) {
	t.Parallel()
	for _, ruleset := range []string{"safe-harbor", "limited-dataset", "research"} {
		c := newWholeObjectsCheck(masktest.Shipped(t, ruleset))
		for _, quantity := range quantities {
			for _, code := range []string{"8480-6", "30525-0"} {
				c.check(t, fmt.Appendf(nil, `{"resourceType":"Observation","status":"final","code":{"coding":[{"system":"http://loinc.org","code":%q}]},"valueQuantity":%s,"component":[{"code":{"text":"Age"},"valueQuantity":%[2]s}],"referenceRange":[{"low":%[2]s,"age":{"low":%[2]s}}]}`, code, quantity))
			}
		}
	}
}

// TestWholeConcepts: a concept becomes what the walk over its members makes of it, where it
// says an age and where it does not.
func TestWholeConcepts(t *testing.T) {
	t.Parallel()
	for _, ruleset := range []string{"safe-harbor", "limited-dataset", "research"} {
		c := newWholeObjectsCheck(masktest.Shipped(t, ruleset))
		for _, concept := range concepts {
			c.check(t, fmt.Appendf(nil, `{"resourceType":"Observation","status":"final","category":[%s],"code":%[1]s,"valueQuantity":{"value":95,"unit":"years"},"component":[{"code":%[1]s,"valueInteger":95}]}`, concept))
			c.check(t, fmt.Appendf(nil, strings.Repeat(`{"resourceType":"Parameters","parameter":[{"name":"a","resource":`, 65)+`{"resourceType":"Condition","code":%s,"stage":[{"summary":%[1]s}]}`+strings.Repeat(`}]}`, 65), concept))
		}
	}
}

// FuzzWholeObjects is the same for any text.
func FuzzWholeObjects(f *testing.F) {
	for _, object := range wholeObjects {
		f.Add([]byte(`{"resourceType":"Observation","status":"final","subject":` + object + `}`))
	}
	for _, quantity := range quantities {
		f.Add([]byte(`{"resourceType":"Observation","status":"final","valueQuantity":` + quantity + `}`))
	}
	for _, concept := range concepts {
		f.Add([]byte(`{"resourceType":"Observation","status":"final","code":` + concept + `,"valueInteger":95}`))
	}
	for i, src := range examples(f) {
		if i%40 == 0 && len(src) < 3000 {
			var compact bytes.Buffer
			if json.Compact(&compact, src) == nil {
				f.Add(compact.Bytes())
			}
		}
	}
	c := newWholeObjectsCheck(masktest.Shipped(f, "safe-harbor"))
	f.Fuzz(func(t *testing.T, src []byte) { c.check(t, src) })
}
