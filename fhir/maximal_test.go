package fhir_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/veil-proxy/veil/fhir"
	"github.com/veil-proxy/veil/fhir/schema"
	"github.com/veil-proxy/veil/internal/masktest"
)

// planted is a value that was put at a path.
type planted struct {
	path, value string
}

// instanceBuilder writes instances of resource types that have every element,
// each string-valued one with a value that occurs nowhere else.
type instanceBuilder struct {
	schema  *schema.Schema
	variant int // which type of each choice, and whether codings are of a known system
	next    int
	planted []planted
	b       strings.Builder
}

// deepest is how many data types are nested into each other.
const deepest = 3

// instance returns the JSON of a resource.
func (b *instanceBuilder) instance(t *schema.Type) string {
	b.b.Reset()
	b.object(t, t.Name, 0)
	return b.b.String()
}

func (b *instanceBuilder) object(t *schema.Type, path string, depth int) {
	b.b.WriteByte('{')
	first := true
	member := func(name string) {
		if !first {
			b.b.WriteByte(',')
		}
		first = false
		fmt.Fprintf(&b.b, "%q:", name)
	}
	if t.Kind == schema.ResourceKind {
		member("resourceType")
		fmt.Fprintf(&b.b, "%q", t.Name)
	}
	for i := range t.Elements {
		e := &t.Elements[i]
		if e.Name == "implicitRules" || e.Name == "modifierExtension" {
			continue // they withhold the resource: tested apart
		}
		et := e.Types[b.variant%len(e.Types)]
		p := path + "." + e.Name
		if e.Choice {
			p += ".ofType(" + et.Code + ")"
		}
		primitive := et.Type.Kind == schema.PrimitiveKind
		if !primitive && depth >= deepest && et.Type.Kind != schema.BackboneKind || depth > 2*deepest {
			continue
		}
		if et.Type.Kind == schema.ResourceKind && depth > 0 {
			continue
		}
		member(e.JSONName(et))
		n := 1
		if e.Max != 1 {
			n = 2
			b.b.WriteByte('[')
		}
		for k := range n {
			if k > 0 {
				b.b.WriteByte(',')
			}
			b.value(e, et, p, depth)
		}
		if e.Max != 1 {
			b.b.WriteByte(']')
		}
		if primitive && depth < deepest && e.Name != "id" && e.Name != "url" {
			member("_" + e.JSONName(et))
			sibling := fmt.Sprintf(`{"id":%q,"extension":[{"url":%q,"valueString":%q}]}`,
				b.marker(p+"(id)", "mark-%06d"), b.marker(p+"(url)", "http://mark%06d.example/x"), b.marker(p+"(extension)", "MARK%06d"))
			if e.Max != 1 {
				sibling = "[" + sibling + ",null]"
			}
			b.b.WriteString(sibling)
		}
	}
	b.b.WriteByte('}')
}

func (b *instanceBuilder) value(e *schema.Element, et schema.ElementType, path string, depth int) {
	switch {
	case et.Type.Kind == schema.ResourceKind:
		b.object(b.schema.Type("Patient"), "Patient", depth+1)
	case et.Code == "Extension":
		// One extension that no rule knows, and one that passes, with a value of
		// each type in turn.
		fmt.Fprintf(&b.b, `{"url":%q,"valueString":%q}`, b.marker(path+"(url)", "http://mark%06d.example/x"), b.marker(path+"(value)", "MARK%06d"))
		b.b.WriteByte(',')
		b.knownExtension(depth + 1)
	case et.Type.Kind == schema.PrimitiveKind:
		b.primitive(et.Code, path)
	case et.Type.Kind == schema.BackboneKind:
		b.object(et.Type, et.Type.Name, depth+1)
	case et.Code == "Coding" && b.variant%2 == 1:
		fmt.Fprintf(&b.b, `{"system":"http://loinc.org","version":%q,"code":%q,"display":%q,"userSelected":true}`,
			b.marker("Coding.version", "MARK%06d"), b.marker("Coding.code", "mark%06d"), b.marker("Coding.display", "MARK%06d"))
	default:
		b.object(et.Type, et.Type.Name, depth+1)
	}
}

func (b *instanceBuilder) knownExtension(depth int) {
	e := extensionValue(b.schema)
	et := e.Types[b.variant%len(e.Types)]
	fmt.Fprintf(&b.b, `{"url":"http://hl7.org/fhir/StructureDefinition/condition-outcome",%q:`, e.JSONName(et))
	if depth > deepest && et.Type.Kind != schema.PrimitiveKind {
		b.b.WriteString("{}")
	} else {
		b.value(e, et, "Extension.value.ofType("+et.Code+")", depth)
	}
	b.b.WriteByte('}')
}

func extensionValue(s *schema.Schema) *schema.Element {
	t := s.Type("Extension")
	for i := range t.Elements {
		if t.Elements[i].Name == "value" {
			return &t.Elements[i]
		}
	}
	panic("Extension has no value")
}

// marker makes a value that occurs once and notes it.
func (b *instanceBuilder) marker(path, format string) string {
	b.next++
	v := fmt.Sprintf(format, b.next)
	b.planted = append(b.planted, planted{path, v})
	return v
}

func (b *instanceBuilder) primitive(code, path string) {
	day := func() string {
		b.next++
		return time.Date(1950, 1, 2, 0, 0, 0, 0, time.UTC).AddDate(0, 0, b.next%24000).Format(time.DateOnly)
	}
	plant := func(v string) {
		b.planted = append(b.planted, planted{path, v})
		fmt.Fprintf(&b.b, "%q", v)
	}
	switch code {
	case "boolean":
		b.b.WriteString("true")
	case "decimal":
		b.b.WriteString("12.75")
	case "integer", "positiveInt", "unsignedInt":
		b.b.WriteString("7")
	case "date":
		plant(day())
	case "dateTime":
		plant(day() + "T11:22:33+02:00")
	case "instant":
		plant(day() + "T11:22:33.123Z")
	case "time":
		b.next++
		plant(fmt.Sprintf("%02d:%02d:%02d.%03d", b.next%24, b.next%60, b.next%59, b.next%1000))
	case "base64Binary":
		plant(base64.StdEncoding.EncodeToString([]byte(b.marker(path, "MARK%06d"))))
	case "uri", "url", "canonical":
		fmt.Fprintf(&b.b, "%q", b.marker(path, "http://mark%06d.example/x"))
	case "oid":
		fmt.Fprintf(&b.b, "%q", b.marker(path, "urn:oid:1.2.3.9%06d"))
	case "uuid":
		fmt.Fprintf(&b.b, "%q", b.marker(path, "urn:uuid:00000000-0000-4000-8000-000009%06d"))
	case "id":
		fmt.Fprintf(&b.b, "%q", b.marker(path, "mark-%06d"))
	case "code":
		fmt.Fprintf(&b.b, "%q", b.marker(path, "mark%06d"))
	case "xhtml":
		fmt.Fprintf(&b.b, "%q", "<div xmlns=\"http://www.w3.org/1999/xhtml\">"+b.marker(path, "MARK%06d")+"</div>")
	default:
		fmt.Fprintf(&b.b, "%q", b.marker(path, "MARK%06d"))
	}
}

// leak looks for planted values in a text: every string of the JSON is looked up
// whole, and every marker inside one by its number.
type leak struct {
	byValue  map[string]string // path by value
	byNumber map[string]string
}

var markerForm = regexp.MustCompile(`(?i)mark-?(\d{6})|9(\d{6})`)

func newLeak(ps []planted) leak {
	l := leak{make(map[string]string, len(ps)), make(map[string]string, len(ps))}
	for _, p := range ps {
		l.byValue[p.value] = p.path
		if !hasNumber(p.value) {
			continue
		}
		for _, m := range markerForm.FindAllStringSubmatch(p.value, -1) {
			l.byNumber[m[1]+m[2]] = p.path
		}
	}
	return l
}

// find calls found for each planted value that the JSON text shows.
func (l leak) find(t *testing.T, text []byte, found func(path, value string)) {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(text))
	for {
		tok, err := d.Token()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatalf("the output is not JSON: %v", err)
		}
		if s, ok := tok.(string); ok {
			l.look(s, found)
		}
	}
}

func (l leak) look(s string, found func(path, value string)) {
	if path, ok := l.byValue[s]; ok {
		found(path, s)
		return
	}
	if !hasNumber(s) {
		return
	}
	for _, m := range markerForm.FindAllStringSubmatch(s, -1) {
		if path, ok := l.byNumber[m[1]]; ok && m[1] != "" {
			found(path, s)
		}
	}
}

// hasNumber reports whether a text has the six digits of a marker at all, which is
// quicker to see than whether it has a marker.
func hasNumber(s string) bool {
	digits := 0
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			digits = 0
		} else if digits++; digits == 6 {
			return true
		}
	}
	return false
}

// findXML calls found for each planted value that the XML text shows, in names,
// attributes, text or comments.
func (l leak) findXML(t *testing.T, text []byte, found func(path, value string)) {
	t.Helper()
	d := xml.NewDecoder(bytes.NewReader(text))
	for {
		tok, err := d.Token()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatalf("the output is not XML: %v", err)
		}
		switch tok := tok.(type) {
		case xml.StartElement:
			l.look(tok.Name.Local, found)
			for _, a := range tok.Attr {
				l.look(a.Name.Local, found)
				l.look(a.Value, found)
			}
		case xml.CharData:
			l.look(string(tok), found)
		default:
			l.look(fmt.Sprintf("%s", tok), found)
		}
	}
}

// TestMaskingLeavesNoMarker plants a value into every string-valued element of
// every resource type, in every type of every choice, and looks for each of them
// in the masked output. What is found must be at a path that the coverage lists
// as passing.
func TestMaskingLeavesNoMarker(t *testing.T) {
	maskMaximal(t, []string{"safe-harbor", "research"}, func(m *masktest.Masker, src []byte, _ leak) ([]byte, error) { return m.Mask(src) }, leak.find)
}

// maximal is an instance that has every element, and what was planted in it.
type maximal struct {
	typ     string
	variant int
	src     []byte
	planted []planted
	leak    leak
}

// everyElement are instances of every resource type, in every type of every choice. They
// are made once for all tests.
var everyElement = sync.OnceValue(func() (all []maximal) {
	for _, typ := range schema.R4().Types() {
		if typ.Kind != schema.ResourceKind || typ.Abstract {
			continue
		}
		for variant := range variants(typ) {
			b := &instanceBuilder{schema: schema.R4(), variant: variant}
			src := []byte(b.instance(typ))
			all = append(all, maximal{typ.Name, variant, src, b.planted, newLeak(b.planted)})
		}
	}
	return all
})

// maskMaximal masks instances that have every element and looks for what was
// planted in them.
func maskMaximal(t *testing.T, rulesets []string, maskOne func(m *masktest.Masker, src []byte, l leak) ([]byte, error), find func(l leak, t *testing.T, text []byte, found func(path, value string))) {
	t.Helper()
	for _, ruleset := range rulesets {
		t.Run(ruleset, func(t *testing.T) {
			t.Parallel()
			a := masktest.Shipped(t, ruleset)
			passing := passingPaths(a)
			m := masktest.NewMasker(a, fhir.RememberAlways)
			checked, passed, paths := 0, 0, map[string]bool{}
			for _, one := range everyElement() {
				out, err := maskOne(m, one.src, one.leak)
				if err != nil {
					if !strings.Contains(err.Error(), "withheld") || markerForm.MatchString(err.Error()) {
						t.Errorf("%s: %v", one.typ, err)
					}
					continue
				}
				checked += len(one.planted)
				for _, p := range one.planted {
					paths[p.path] = true
				}
				find(one.leak, t, out, func(path, value string) {
					passed++
					// A shifted date may fall on another planted one.
					if !passing[path] && !(ruleset == "research" && strings.Contains(value, "-") && value[0] <= '2') {
						t.Errorf("%s (variant %d): %s shows %q", one.typ, one.variant, path, value)
					}
				})
			}
			t.Logf("%d values planted at %d paths, %d found at passing paths", checked, len(paths), passed)
			if checked < 100000 || len(paths) < 3000 || passed == 0 {
				t.Error("too little was planted for the test to mean anything")
			}
		})
	}
}

// variants is how many instances cover every type of every choice of a type and
// of the data types in it.
func variants(t *schema.Type) int {
	n := 2
	for _, e := range t.Elements {
		n = max(n, len(e.Types))
	}
	if t.Name == "Patient" || t.Name == "Observation" || t.Name == "Parameters" {
		n = 50 // every type of Extension.value
	}
	return n
}

// TestModifiersWithholdTheResource: what changes the meaning of a resource in
// ways that no rule knows takes it out, wherever it stands.
func TestModifiersWithholdTheResource(t *testing.T) {
	m := masktest.NewMasker(masktest.Shipped(t, "safe-harbor"), fhir.RememberAlways)
	for _, tc := range []struct{ name, src string }{
		{"implicitRules", `{"resourceType":"Patient","implicitRules":"http://MARK/x","active":true}`},
		{"on the resource", `{"resourceType":"Patient","active":true,"modifierExtension":[{"url":"http://MARK/x","valueBoolean":true}]}`},
		{"on a backbone element", `{"resourceType":"Patient","active":true,"contact":[{"gender":"female","modifierExtension":[{"url":"http://MARK/x"}]}]}`},
		{"in a contained resource", `{"resourceType":"Observation","status":"final","code":{},"contained":[{"resourceType":"Patient","modifierExtension":[{"url":"http://MARK/x"}]}]}`},
		{"unknown type", `{"resourceType":"MARK","active":true}`},
		{"withheld type", `{"resourceType":"Person","name":[{"family":"MARK"}]}`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			out, err := m.Mask([]byte(tc.src))
			if err == nil || !strings.Contains(err.Error(), "withheld") || len(out) > 0 || strings.Contains(err.Error(), "MARK") {
				t.Errorf("got %q, %v", out, err)
			}
			bundle := `{"resourceType":"Bundle","type":"collection","entry":[{"fullUrl":"http://MARK/Patient/MARK","resource":` + tc.src + `},{"resource":{"resourceType":"Patient","active":true}}]}`
			out, err = m.Mask([]byte(bundle))
			if err != nil || strings.Contains(string(out), "MARK") || !strings.Contains(string(out), `"active":true`) || strings.Count(string(out), "resourceType") != 2 {
				t.Errorf("in a Bundle: %s, %v", out, err)
			}
		})
	}
}
