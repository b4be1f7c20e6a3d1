package fhirproxy

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/veil-proxy/veil/fhir"
	"github.com/veil-proxy/veil/fhir/schema"
	"github.com/veil-proxy/veil/internal/masktest"
	"github.com/veil-proxy/veil/mask"
)

// backwards is a method that the engine does not know.
type backwards struct{}

func (backwards) Append(dst, src []byte, _ *mask.Input) ([]byte, mask.Outcome, error) {
	runes := []rune(string(src))
	slices.Reverse(runes)
	return append(dst, string(runes)...), mask.Replaced, nil
}

const newMethodRules = `
veil: 1
name: new
referenceDate: 2025-06-30
fhir:
  rules:
    - {id: ids, match: Resource.id, method: resourceId}
    - {id: names, match: Patient.name, method: descend}
    - {id: turned, match: Patient.name.family, method: backwards}
`

// TestNewMethods holds that a method of which this package and the engine know nothing
// masks, and that one which acts on something else than values is refused.
func TestNewMethods(t *testing.T) {
	t.Parallel()
	compiled := func(d mask.Definition) (*fhir.Automaton, error) {
		t.Helper()
		d.Name, d.New = "backwards", func(mask.Env, mask.Args) (mask.Method, error) { return backwards{}, nil }
		all := masktest.Methods(t)
		all[d.Name] = d
		policy, err := masktest.ParsePolicy(t, newMethodRules, all)
		if err != nil {
			return nil, err
		}
		return fhir.Compile(policy, schema.R4())
	}
	a, err := compiled(mask.Definition{Form: func(mask.Args) mask.Form { return "a form that nobody knows" }})
	if err != nil {
		t.Fatal(err)
	}
	up := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/fhir+json")
		_, _ = w.Write([]byte(`{"resourceType":"Patient","id":"1","name":[{"family":"Müller","given":["Ann"]}]}`))
	}))
	t.Cleanup(up.Close)
	r := newRig(t, up.URL, func(c *Config) { c.Policy = policyOf(t, a, "anonymous") })
	got := r.get(t, "/Patient/"+pseudonym(t, a, "Patient", "1"))
	if got.status != http.StatusOK || !strings.Contains(string(got.body), `"family":"rellüM"`) || strings.Contains(string(got.body), "Ann") {
		t.Errorf("%d %s", got.status, got.body)
	}
	for kind, want := range map[mask.Kind]string{
		mask.StructureMethod: `method "backwards" acts on FHIR elements in a way that is not known here`,
		mask.ColumnMethod:    `method "backwards" acts on columns of tables`,
		99:                   `method "backwards" acts on Kind(99)`,
	} {
		if _, err := compiled(mask.Definition{Kind: kind}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("kind %v: got %v, want %s", kind, err, want)
		}
	}
}
