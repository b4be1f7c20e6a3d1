package ruleset

import (
	"strings"
	"testing"

	"github.com/veil-proxy/veil/mask"
)

// TestMethodKinds holds that a rule that names a method which cannot act there is
// refused where it stands, and so is one of a kind that nobody knows.
func TestMethodKinds(t *testing.T) {
	t.Parallel()
	of := func(name string, kind mask.Kind) mask.Definition {
		return mask.Definition{Name: name, Kind: kind, New: func(mask.Env, mask.Args) (mask.Method, error) { return nil, nil }}
	}
	methods, err := mask.NewMethods([]mask.Definition{of("value", mask.ValueMethod), of("element", mask.StructureMethod), of("column", mask.ColumnMethod), of("odd", 9)})
	if err != nil {
		t.Fatal(err)
	}
	const head = "veil: 1\nname: x\nreferenceDate: 2025-06-30\n"
	for _, c := range []struct{ section, method, want string }{
		{"fhir", "value", ""},
		{"fhir", "element", ""},
		{"fhir", "column", `x.yaml:6:49: method "column" acts on columns of tables: a rule here needs a method that acts on values or on FHIR elements`},
		{"fhir", "odd", `method "odd" acts on Kind(9)`},
		{"tables", "value", ""},
		{"tables", "column", ""},
		{"tables", "element", `method "element" acts on FHIR elements: a rule here needs a method that acts on values or on columns of tables`},
		{"tables", "odd", `method "odd" acts on Kind(9)`},
	} {
		match := map[string]string{"fhir": "Patient.birthDate", "tables": "{column: c}"}[c.section]
		_, err := Parse("x.yaml", []byte(head+c.section+":\n  rules:\n    - {id: a, match: "+match+", method: "+c.method+"}\n"), methods, nil)
		switch {
		case c.want == "" && err != nil:
			t.Errorf("%s %s: %v", c.section, c.method, err)
		case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
			t.Errorf("%s %s: got %v, want %s", c.section, c.method, err, c.want)
		}
	}
}
