package people

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/veil-proxy/veil/fhir/schema"
	"github.com/veil-proxy/veil/internal/fhirtest"
	"github.com/veil-proxy/veil/text"
)

// TestAdd collects from resources and compares what is then found in a text.
func TestAdd(t *testing.T) {
	t.Parallel()
	const note = "Quarrington Ottoline Fernhollow 12 Elm Court 884412 555-201-7788 q@x.example 1950-03-04 Blytheson Elm"
	for name, c := range map[string]struct {
		resource string
		want     []string
		refs     []string
	}{
		"patient": {`{"resourceType":"Patient","id":"1","name":[{"given":["Ottoline"],"family":"Quarrington"}],"identifier":[{"value":"884412"}],"birthDate":"1950-03-04",` +
			`"telecom":[{"system":"phone","value":"555-201-7788"},{"value":"q@x.example"}],"address":[{"line":["12 Elm Court"],"city":"Fernhollow","state":"IL"}]}`,
			[]string{"Quarrington", "Ottoline", "Fernhollow", "12 Elm Court", "884412", "555-201-7788", "q@x.example", "1950-03-04"}, nil},
		"references": {`{"resourceType":"Condition","subject":{"reference":"Patient/1/_history/4"},"recorder":{"reference":"Practitioner/2","display":"Blytheson"},"asserter":{"reference":"#p"},"encounter":{"reference":"Encounter/3","display":"Fernhollow"}}`,
			[]string{"Blytheson"}, []string{"Patient/1", "Practitioner/2"}},
		"bundle": {`{"resourceType":"Bundle","entry":[{"resource":{"resourceType":"Patient","id":"1","name":[{"text":"Quarrington"}]}},{"resource":{"resourceType":"Condition","subject":{"reference":"Patient/1"}}}]}`,
			[]string{"Quarrington"}, nil},
		"a state and a country stay": {`{"resourceType":"Patient","address":[{"state":"Fernhollow","country":"Blytheson"}]}`, nil, nil},
		"of a type nobody knows":     {`{"resourceType":"Nothing","name":[{"family":"Quarrington"}]}`, nil, nil},
		"cut off":                    {`{"resourceType":"Patient","name":[{"family":"Quarrington"}],"contact":[{"name":{"fam`, []string{"Quarrington"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			col, again := New(schema.R4()), New(schema.R4())
			col.Add([]byte(c.resource))
			again.AddFacts(FactsOf(schema.R4(), []byte(c.resource), nil))
			if got := col.References(); !slices.Equal(got, c.refs) {
				t.Errorf("references %q, want %q", got, c.refs)
			}
			known := col.Known()
			if !reflect.DeepEqual(known, again.Known()) {
				t.Error("the facts are others")
			}
			var got []string
			for _, span := range text.New(text.Options{}).Scanner().Find(nil, []byte(note), known) {
				if strings.HasPrefix(span.Rule, "known") {
					got = append(got, strings.Fields(note[span.Start:span.End])...)
				}
			}
			var want []string
			for _, w := range c.want {
				want = append(want, strings.Fields(w)...)
			}
			for _, w := range want {
				if !slices.Contains(got, w) {
					t.Errorf("%q is not found: %q", w, got)
				}
			}
			if len(want) == 0 && len(got) > 0 {
				t.Errorf("found %q", got)
			}
		})
	}
}

// FuzzAdd: whatever the text is, it is read to an end.
func FuzzAdd(f *testing.F) {
	for _, r := range fhirtest.Generate(1, 2).Resources() {
		f.Add(r.JSON)
	}
	f.Add([]byte(`{"resourceType":"Patient","name":[[[[{"family":"x"}]]]]}`))
	f.Fuzz(func(t *testing.T, resource []byte) {
		before := slices.Clone(resource)
		c := New(schema.R4())
		c.AddFacts(FactsOf(schema.R4(), resource, nil))
		c.AddFacts(resource)
		a, b := New(schema.R4()), New(schema.R4())
		a.Add(resource)
		b.Add(resource)
		if !reflect.DeepEqual(a.References(), b.References()) || !reflect.DeepEqual(a.Known(), b.Known()) {
			t.Error("what is collected depends on more than the resource")
		}
		if !slices.Equal(before, resource) {
			t.Error("the resource changed")
		}
	})
}

// TestIndexLimit: more people than can be kept are an error, and not forgotten.
func TestIndexLimit(t *testing.T) {
	t.Parallel()
	x := NewIndex(schema.R4(), nil)
	x.limit = 3 * entryOverhead
	for i := range 3 {
		err := x.Add(fmt.Appendf(nil, `{"resourceType":"Patient","id":"%d","name":[{"family":"Quarrington"}]}`, i))
		if i < 2 && err != nil || i == 2 && (err == nil || !strings.Contains(err.Error(), "more people than fit into")) {
			t.Errorf("patient %d: %v", i, err)
		}
	}
}
