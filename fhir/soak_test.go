package fhir_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/veil-proxy/veil/fhir"
	"github.com/veil-proxy/veil/fhir/fhirxml"
	"github.com/veil-proxy/veil/fhir/schema"
	"github.com/veil-proxy/veil/internal/masktest"
)

// soakResources is how many random resources TestRandomResources masks under
// each ruleset; $VEIL_SOAK sets another number (make soak).
const soakResources = 1500

// passingExtensions are some that the shipped rulesets let through, with whatever
// type of value; a random extension has one of them or one that nothing knows.
var passingExtensions = []string{
	"http://hl7.org/fhir/StructureDefinition/condition-outcome",
	"http://hl7.org/fhir/StructureDefinition/patient-disability",
	"http://hl7.org/fhir/StructureDefinition/iso21090-PQ-translation",
	"http://hl7.org/fhir/StructureDefinition/data-absent-reason",
	"http://hl7.org/fhir/StructureDefinition/patient-birthTime",
	"http://hl7.org/fhir/StructureDefinition/event-eventHistory",
	"http://hl7.org/fhir/StructureDefinition/observation-bodyPosition",
	"http://hl7.org/fhir/us/core/StructureDefinition/us-core-race",
}

// randomBuilder writes random resources: some of the elements of a type, in any
// order, each string with a value that occurs nowhere else.
type randomBuilder struct {
	instanceBuilder
	rng *rand.Rand
	// size counts down what may still be written.
	size int
	// inner are the types of resources that entries, parameters and contained have.
	inner []*schema.Type
}

func (b *randomBuilder) chance(percent int) bool { return b.rng.IntN(100) < percent }

// resource returns a random resource of a type.
func (b *randomBuilder) resource(t *schema.Type) []byte {
	b.b.Reset()
	b.size = 120
	b.object(t, t.Name, 0)
	return []byte(b.b.String())
}

func (b *randomBuilder) object(t *schema.Type, path string, depth int) {
	members := []func(){}
	if t.Kind == schema.ResourceKind {
		members = append(members, func() { fmt.Fprintf(&b.b, `"resourceType":%q`, t.Name) })
	}
	for i := range t.Elements {
		e := &t.Elements[i]
		if e.Name == "modifierExtension" || e.Name == "implicitRules" {
			continue // they withhold the resource: TestModifiersWithholdTheResource
		}
		wanted := 25
		if e.Min > 0 || t.Name == "Extension" || t.Name == "Quantity" {
			wanted = 80
		}
		if depth > 0 && e.Name == "extension" {
			wanted = 12
		}
		if !b.chance(wanted) || b.size <= 0 {
			continue
		}
		et := e.Types[b.rng.IntN(len(e.Types))]
		if et.Type.Kind != schema.PrimitiveKind && depth > 5 {
			continue
		}
		if t.Name == "Extension" && e.Name == "url" {
			continue // written by extension
		}
		members = append(members, func() { b.member(e, et, path, depth) })
	}
	b.rng.Shuffle(len(members), func(i, j int) { members[i], members[j] = members[j], members[i] })
	b.b.WriteByte('{')
	for i, write := range members {
		if i > 0 {
			b.b.WriteByte(',')
		}
		write()
	}
	b.b.WriteByte('}')
}

// member writes an element and sometimes its sibling, or its sibling alone.
func (b *randomBuilder) member(e *schema.Element, et schema.ElementType, path string, depth int) {
	b.size--
	name, n := e.JSONName(et), 1
	if e.Choice {
		path += "." + e.Name + ".ofType(" + et.Code + ")"
	} else {
		path += "." + e.Name
	}
	list := e.Max != 1
	if list {
		n += b.rng.IntN(2)
	}
	primitive := et.Type.Kind == schema.PrimitiveKind && et.Code != "xhtml"
	sibling := primitive && b.chance(20)
	if !sibling || b.chance(60) {
		fmt.Fprintf(&b.b, "%q:", name)
		b.items(list, n, func(i int) {
			if sibling && list && i > 0 {
				b.b.WriteString("null")
				return
			}
			b.value(e, et, path, depth)
		})
		if !sibling {
			return
		}
		b.b.WriteByte(',')
	}
	fmt.Fprintf(&b.b, "%q:", "_"+name)
	b.items(list, n, func(i int) {
		if list && i == 0 && n > 1 && b.chance(50) {
			b.b.WriteString("null")
			return
		}
		b.b.WriteByte('{')
		id := b.chance(50)
		if id {
			fmt.Fprintf(&b.b, `"id":%q`, b.marker(path+"(id)", "mark-%06d"))
		}
		if !id || b.chance(70) {
			if id {
				b.b.WriteByte(',')
			}
			b.b.WriteString(`"extension":[`)
			b.extension(depth + 1)
			b.b.WriteByte(']')
		}
		b.b.WriteByte('}')
	})
}

func (b *randomBuilder) items(list bool, n int, item func(i int)) {
	if !list {
		item(0)
		return
	}
	b.b.WriteByte('[')
	for i := range n {
		if i > 0 {
			b.b.WriteByte(',')
		}
		item(i)
	}
	b.b.WriteByte(']')
}

func (b *randomBuilder) value(e *schema.Element, et schema.ElementType, path string, depth int) {
	switch {
	case et.Type.Kind == schema.ResourceKind:
		t := b.inner[b.rng.IntN(len(b.inner))]
		b.object(t, t.Name, depth+1)
	case et.Code == "Extension":
		b.extension(depth + 1)
	case et.Code == "Quantity" || et.Code == "Age" || et.Code == "Duration":
		b.quantity()
	case et.Code == "Coding" && b.chance(70):
		b.coding()
	case et.Code == "Reference" && b.chance(70):
		b.reference()
	case et.Type.Kind == schema.PrimitiveKind && isText[et.Code] && b.chance(30):
		fmt.Fprintf(&b.b, "%q", b.identifier(path))
	case et.Type.Kind == schema.PrimitiveKind:
		b.primitive(et.Code, path)
	default:
		b.object(et.Type, et.Type.Name, depth+1)
	}
}

// isText has the primitives that are strings in JSON.
var isText = map[string]bool{"string": true, "markdown": true, "code": true, "id": true, "uri": true, "url": true, "canonical": true,
	"oid": true, "uuid": true, "date": true, "dateTime": true, "instant": true, "time": true, "base64Binary": true}

// identifier is what identifies somebody, in the form that people write it.
func (b *randomBuilder) identifier(path string) string {
	b.next++
	n := b.next % 1000000
	forms := []string{
		fmt.Sprintf("%03d-%02d-%04d", 100+n%600, n/600%90+10, n%9000+1000), fmt.Sprintf("+1-555-%03d-%04d", n/1000, n%1000),
		fmt.Sprintf("%09d", 500000000+n), fmt.Sprintf("02115-%04d", n%10000), fmt.Sprintf("MRN%06d", n), fmt.Sprintf("Marker, Anna%d", n),
		fmt.Sprintf("anna%d@example.org", n), fmt.Sprintf("%02d/%02d/19%02d", n%12+1, n%28+1, n%100),
	}
	v := forms[b.rng.IntN(len(forms))]
	b.planted = append(b.planted, planted{path, v})
	return v
}

// extension writes one with a value of any type, with nested ones, or with both.
func (b *randomBuilder) extension(depth int) {
	b.size--
	url, known := b.marker("Extension(url)", "http://mark%06d.example/x"), b.chance(70)
	if known {
		url = passingExtensions[b.rng.IntN(len(passingExtensions))]
	}
	b.b.WriteByte('{')
	first := b.chance(50)
	if first {
		fmt.Fprintf(&b.b, `"url":%q,`, url)
	}
	e := extensionValue(b.schema)
	et := e.Types[b.rng.IntN(len(e.Types))]
	switch {
	case depth < 5 && b.chance(20):
		b.b.WriteString(`"extension":[`)
		b.extension(depth + 1)
		b.b.WriteByte(']')
	case et.Type.Kind != schema.PrimitiveKind && depth > 5:
		b.b.WriteString(`"valueBoolean":true`)
	default:
		path := "Extension(value)"
		if known {
			path = "Extension.value.ofType(" + et.Code + ")"
		}
		fmt.Fprintf(&b.b, "%q:", e.JSONName(et))
		b.value(e, et, path, depth)
	}
	if !first {
		fmt.Fprintf(&b.b, `,"url":%q`, url)
	}
	b.b.WriteByte('}')
}

func (b *randomBuilder) quantity() {
	values := []string{"40", "97", "7.25", "0", "-3", "1e2", "120.0"}
	units := []string{
		`"unit":"years","system":"http://unitsofmeasure.org","code":"a"`, `"unit":"mg","system":"http://unitsofmeasure.org","code":"mg"`,
		`"system":"http://unitsofmeasure.org","code":"mo"`, `"unit":"mmol/L"`, `"unit":"Jahre"`, ``,
		fmt.Sprintf(`"unit":%q`, b.marker("Quantity.unit", "MARK%06d")), fmt.Sprintf(`"code":%q`, b.marker("Quantity.code", "mark%06d")),
	}
	parts := []string{`"value":` + values[b.rng.IntN(len(values))], units[b.rng.IntN(len(units))]}
	if b.chance(20) {
		parts = append(parts, `"comparator":"<"`)
	}
	b.rng.Shuffle(len(parts), func(i, j int) { parts[i], parts[j] = parts[j], parts[i] })
	b.b.WriteByte('{')
	first := true
	for _, p := range parts {
		if p == "" {
			continue
		}
		if !first {
			b.b.WriteByte(',')
		}
		first = false
		b.b.WriteString(p)
	}
	if b.chance(15) {
		b.b.WriteString(`,"extension":[`)
		b.extension(5)
		b.b.WriteByte(']')
	}
	b.b.WriteByte('}')
}

func (b *randomBuilder) coding() {
	codings := []string{
		`{"system":"http://loinc.org","code":"8867-4"}`, `{"code":"30525-0","system":"http://loinc.org","display":"Age"}`,
		`{"system":"http://snomed.info/sct","code":"73211009"}`,
	}
	if b.chance(50) {
		b.b.WriteString(codings[b.rng.IntN(len(codings))])
		return
	}
	fmt.Fprintf(&b.b, `{"display":%q,"version":%q,"system":"http://loinc.org","code":%q}`,
		b.marker("Coding.display", "MARK%06d"), b.marker("Coding.version", "MARK%06d"), b.marker("Coding.code", "mark%06d"))
}

func (b *randomBuilder) reference() {
	forms := []string{"Patient/mark-%06d", "http://mark%06d.example/fhir/Patient/x", "#mark%06d", "urn:uuid:00000000-0000-4000-8000-000009%06d",
		"Organization?identifier=http://x|MARK%06d", "Observation/mark-%06d/_history/3"}
	fmt.Fprintf(&b.b, `{"reference":%q`, b.marker("Reference.reference", forms[b.rng.IntN(len(forms))]))
	if b.chance(30) {
		fmt.Fprintf(&b.b, `,"display":%q`, b.marker("Reference.display", "MARK%06d"))
	}
	b.b.WriteByte('}')
}

// concreteTypes are the types that a resource can be of.
func concreteTypes() []*schema.Type {
	var types []*schema.Type
	for _, typ := range schema.R4().Types() {
		if typ.Kind == schema.ResourceKind && !typ.Abstract {
			types = append(types, typ)
		}
	}
	return types
}

// TestRandomResources masks random resources under both shipped rulesets: with
// values of any type in extensions, siblings without values, contained resources,
// Bundles and Parameters. Nothing planted shows but at paths that pass; the output
// is JSON, the same with and without details, cold and warm, in any order; the XML
// form of a resource masks alike.
func TestRandomResources(t *testing.T) {
	n := soakResources
	if s := os.Getenv("VEIL_SOAK"); s != "" {
		var err error
		if n, err = strconv.Atoi(s); err != nil || n < 1 {
			t.Fatalf("VEIL_SOAK is %q, want the number of resources", s)
		}
	}
	types := concreteTypes()
	for _, ruleset := range []string{"safe-harbor", "research"} {
		t.Run(ruleset, func(t *testing.T) {
			t.Parallel()
			a := masktest.Shipped(t, ruleset)
			s := &soak{a: a, passing: passingPaths(a), types: types, shifts: ruleset == "research",
				plain: masktest.NewMasker(a, fhir.RememberAlways), detailed: masktest.NewMasker(a, fhir.RememberAlways), shuffled: masktest.NewMasker(a, fhir.RememberAlways), forgetful: masktest.NewMasker(a, fhir.RememberNothing)}
			s.detailed.Pass.Detail = true
			for first := 0; first < n; first += soakBatch {
				s.batch(t, first, min(soakBatch, n-first))
				if t.Failed() {
					break
				}
			}
			t.Logf("%d resources, %d withheld, %d values planted, %d shown at passing paths", n, s.withheld, s.planted, s.shown)
			if s.planted < n*10 || s.shown == 0 || s.withheld > n/2 {
				t.Error("too little was planted for the test to mean anything")
			}
		})
	}
}

// soakBatch is how many resources are masked before they are masked again in
// another order.
const soakBatch = 250

type soak struct {
	a                         *fhir.Automaton
	passing                   map[string]bool
	types                     []*schema.Type
	shifts                    bool
	plain, detailed, shuffled *masktest.Masker
	forgetful                 *masktest.Masker // remembers nothing
	planted, shown, withheld  int
}

func (s *soak) batch(t *testing.T, first, n int) {
	sources, outputs := make([][]byte, n), make([][]byte, n)
	for i := range n {
		seed := uint64(first + i)
		rng := rand.New(rand.NewPCG(seed, 1))
		b := &randomBuilder{instanceBuilder: instanceBuilder{schema: schema.R4(), next: rng.IntN(900000)}, rng: rng, inner: s.types}
		typ := s.types[rng.IntN(len(s.types))]
		src := b.resource(typ)
		sources[i] = src
		if !json.Valid(src) {
			t.Fatalf("resource %d is not JSON: %s", seed, src)
		}
		out, err := s.plain.Mask(src)
		if again, againErr := s.detailed.Mask(src); !bytes.Equal(out, again) || fmt.Sprint(err) != fmt.Sprint(againErr) {
			t.Errorf("%s %d: masked with details it differs (%v, %v)", typ.Name, seed, err, againErr)
		}
		outputs[i] = out
		l := newLeak(b.planted)
		if err != nil {
			if !isWithheld(err) {
				t.Errorf("%s %d: %v\n%s", typ.Name, seed, err, src)
			}
			s.withheld++
			continue
		}
		s.planted += len(b.planted)
		l.find(t, out, func(path, value string) {
			s.shown++
			if !s.passing[path] && !(s.shifts && strings.Contains(value, "-") && value[0] <= '2') {
				t.Errorf("%s %d: %s shows %q\n%s\n%s", typ.Name, seed, path, value, src, out)
			}
		})
		for _, d := range s.detailed.Pass.Details {
			l.look(d.Path, func(path, value string) { t.Errorf("%s %d: a detail shows %q of %s", typ.Name, seed, value, path) })
		}
		if seed%4 == 0 {
			s.inXML(t, fmt.Sprintf("%s %d", typ.Name, seed), src)
		}
	}
	order := rand.New(rand.NewPCG(uint64(first), 2)).Perm(n)
	for _, i := range order {
		out, _ := s.shuffled.Mask(sources[i])
		alone, _ := s.forgetful.Mask(sources[i])
		if !bytes.Equal(out, outputs[i]) || !bytes.Equal(alone, outputs[i]) {
			t.Errorf("resource %d depends on what was masked before\n%s\nin order: %s\nshuffled: %s\nalone:    %s", first+i, sources[i], outputs[i], out, alone)
		}
	}
}

// inXML compares the XML form of a resource where there is one.
func (s *soak) inXML(t *testing.T, label string, src []byte) {
	form, err := fhirxml.AppendXML(schema.R4(), nil, src)
	if err != nil {
		return
	}
	checkAgree(t, s.plain, label, toJSON(t, form), form)
}

func isWithheld(err error) bool {
	return strings.Contains(err.Error(), "withheld") || strings.Contains(err.Error(), "nothing of the resource")
}
