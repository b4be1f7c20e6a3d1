package fhir_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/veil-proxy/veil/fhir"
	"github.com/veil-proxy/veil/fhir/schema"
	"github.com/veil-proxy/veil/internal/masktest"
)

// TestMaskedResourcesAreWellFormed masks HL7's examples and random resources: in
// the output no member stands twice, of each choice there is one type, if there
// was, and every primitive that is there has the form of its type.
func TestMaskedResourcesAreWellFormed(t *testing.T) {
	types := concreteTypes()
	for _, ruleset := range []string{"safe-harbor", "research"} {
		t.Run(ruleset, func(t *testing.T) {
			t.Parallel()
			m := masktest.NewMasker(masktest.Shipped(t, ruleset), fhir.RememberAlways)
			sources := examples(t)
			for seed := range uint64(800) {
				rng := rand.New(rand.NewPCG(seed, 4))
				b := &randomBuilder{instanceBuilder: instanceBuilder{schema: schema.R4(), next: rng.IntN(900000)}, rng: rng, inner: types}
				sources = append(sources, bytes.Clone(b.resource(types[rng.IntN(len(types))])))
			}
			checked := 0
			for _, src := range sources {
				out, err := m.Mask(src)
				if err != nil {
					continue // withheld as a whole
				}
				c := &formChecker{t: t, out: out}
				c.resource(out)
				checked += c.checked
			}
			if checked < 5000 {
				t.Errorf("only %d primitives were checked", checked)
			}
		})
	}
}

// formChecker checks the primitives of a masked resource.
type formChecker struct {
	t       *testing.T
	out     []byte
	checked int
}

func (c *formChecker) resource(text []byte) {
	var head struct{ ResourceType string }
	if err := json.Unmarshal(text, &head); err != nil {
		c.t.Fatal(err)
	}
	if typ := schema.R4().Type(head.ResourceType); typ != nil {
		c.object(typ, text)
	}
}

func (c *formChecker) object(typ *schema.Type, text []byte) {
	c.t.Helper()
	seen := map[string]bool{}
	for _, name := range members(c.t, text) {
		if seen[name] {
			c.t.Errorf("%s stands twice in a %s: %s", name, typ.Name, text)
		}
		seen[name] = true
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(text, &fields); err != nil {
		c.t.Fatal(err)
	}
	for name, value := range fields {
		e, et := element(typ, strings.TrimPrefix(name, "_"))
		if e == nil {
			if name != "resourceType" {
				c.t.Errorf("%s has no %s", typ.Name, name)
			}
			continue
		}
		var items []json.RawMessage
		if json.Unmarshal(value, &items) != nil {
			items = []json.RawMessage{value}
		}
		for _, item := range items {
			switch {
			case string(item) == "null":
			case item[0] == '{' && strings.HasPrefix(name, "_"):
				c.object(schema.R4().Type("Element"), item)
			case item[0] == '{' && et.Type.Kind == schema.ResourceKind:
				c.resource(item)
			case item[0] == '{':
				c.object(et.Type, item)
			default:
				c.checked++
				if wrong := wrongForm(e, et, item); wrong != "" {
					c.t.Errorf("%s.%s is %s: %s", typ.Name, e.Name, item, wrong)
				}
			}
		}
	}
}

// wrongForm says what is wrong with a primitive value.
func wrongForm(e *schema.Element, et schema.ElementType, item json.RawMessage) string {
	if et.Type.Kind != schema.PrimitiveKind {
		return "a value where an object is due"
	}
	kind := "string"
	switch et.Code {
	case "boolean":
		kind = "boolean"
	case "decimal", "integer", "positiveInt", "unsignedInt":
		kind = "number"
	}
	text := string(item)
	is := map[bool]string{true: "string", false: "number"}[text[0] == '"']
	if text == "true" || text == "false" {
		is = "boolean"
	}
	if is != kind {
		return fmt.Sprintf("a %s where a %s is due", is, kind)
	}
	if kind == "string" {
		if err := json.Unmarshal(item, &text); err != nil {
			return err.Error()
		}
	}
	if form := fhir.FormOf(e, et); form != nil && !form([]byte(text)) {
		return "not of the form of " + et.Code
	}
	return ""
}
