package fhir_test

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"github.com/veil-proxy/veil/fhir/schema"
)

// oddBuilder writes random instances of types from the tables of a version of FHIR, each
// text in them with a mark that stands nowhere else. It makes proper resources, or odd
// ones: what careless or hostile servers send and JSON can say.
type oddBuilder struct {
	schema *schema.Schema
	r      *rand.Rand
	b      strings.Builder
	next   int
	left   int // of the elements that the instance may still have
	// odd resources have members of the wrong kind, members that nobody knows, and odd
	// numbers and texts.
	odd bool
	// broken says that the text is none that must be accepted: a name stands twice in an
	// object, or a text is not Unicode.
	broken bool
	// modified says that something has an extension that changes the meaning.
	modified bool
}

// resource returns the JSON of a resource.
func (o *oddBuilder) resource(t *schema.Type, odd bool) []byte {
	o.b.Reset()
	o.odd, o.broken, o.modified, o.left = odd, false, false, 150
	if odd && o.chance(20) {
		o.b.WriteString("\ufeff")
	}
	o.object(t, 0)
	if odd && o.chance(10) {
		o.b.WriteString(" \r\n\t")
	}
	return []byte(o.b.String())
}

func (o *oddBuilder) chance(n int) bool { return o.r.IntN(n) == 0 }

// strange reports whether something odd is done here.
func (o *oddBuilder) strange(n int) bool { return o.odd && o.chance(n) }

// oddMark is what each text has in it.
const oddMark = "Zq%06dX"

// mark returns a mark that no other text has.
func (o *oddBuilder) mark() string {
	o.next++
	return fmt.Sprintf(oddMark, o.next)
}

// memberOf starts a member of an object.
func (o *oddBuilder) memberOf(first *bool, name string) {
	if !*first {
		o.b.WriteByte(',')
	}
	*first = false
	if o.strange(40) { // the same name, written otherwise
		name = fmt.Sprintf(`\u%04x`, name[0]) + name[1:]
	}
	fmt.Fprintf(&o.b, `"%s":`, name)
}

func (o *oddBuilder) object(t *schema.Type, depth int) {
	o.b.WriteByte('{')
	first := true
	typeLast := t.Kind == schema.ResourceKind && o.strange(8)
	if t.Kind == schema.ResourceKind && !typeLast {
		o.memberOf(&first, "resourceType")
		fmt.Fprintf(&o.b, "%q", t.Name)
	}
	order := o.r.Perm(len(t.Elements))
	for _, i := range order {
		e := &t.Elements[i]
		if o.left <= 0 && e.Min == 0 || o.chance(3) && e.Min == 0 || depth > 5 {
			continue
		}
		switch e.Name {
		case "implicitRules":
			continue
		case "modifierExtension":
			if !o.strange(60) {
				continue
			}
			o.modified = true
		}
		o.left--
		o.element(&first, e, depth)
	}
	if o.strange(6) {
		o.unknownMember(&first)
	}
	if typeLast {
		o.memberOf(&first, "resourceType")
		fmt.Fprintf(&o.b, "%q", t.Name)
	}
	if first { // no element is empty
		o.b.WriteString(`"extension":[{"url":"http://example.org/` + o.mark() + `","valueBoolean":true}]`)
	}
	o.b.WriteByte('}')
}

// element writes an element, in one of its types, and what stands beside it.
func (o *oddBuilder) element(first *bool, e *schema.Element, depth int) {
	et := e.Types[o.r.IntN(len(e.Types))]
	name := e.JSONName(et)
	primitive := et.Type.Kind == schema.PrimitiveKind
	n := 1
	if e.Max != 1 {
		n = 1 + o.r.IntN(2)
	}
	o.memberOf(first, name)
	switch {
	case o.strange(25):
		o.wrong(depth)
	case (e.Max != 1) != o.strange(25):
		o.b.WriteByte('[')
		for k := range n {
			if k > 0 {
				o.b.WriteByte(',')
			}
			o.value(e, et, depth)
		}
		o.b.WriteByte(']')
	default:
		o.value(e, et, depth)
	}
	if primitive && name != "url" && name != "id" && o.chance(5) && depth < 4 {
		o.memberOf(first, "_"+name)
		switch {
		case o.strange(4):
			o.wrong(depth)
		case e.Max != 1:
			o.b.WriteByte('[')
			o.sibling(depth)
			o.b.WriteString(strings.Repeat(",null", n-1) + "]")
		default:
			o.sibling(depth)
		}
	}
	if o.strange(200) {
		o.broken = true
		o.memberOf(first, name)
		o.wrong(depth)
	}
}

// sibling writes what belongs to a primitive value.
func (o *oddBuilder) sibling(depth int) {
	fmt.Fprintf(&o.b, `{"id":"%s","extension":[`, o.mark())
	o.extension(depth + 1)
	o.b.WriteString("]}")
}

// extension writes an extension that no rule knows, or one that passes, with any type
// of value.
func (o *oddBuilder) extension(depth int) {
	e := extensionValue(o.schema)
	et := e.Types[o.r.IntN(len(e.Types))]
	url := "http://example.org/" + o.mark()
	if o.chance(2) {
		url = pick(o.r, "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "http://hl7.org/fhir/StructureDefinition/ordinalValue",
			"http://hl7.org/fhir/StructureDefinition/iso21090-PQ-translation", "http://hl7.org/fhir/StructureDefinition/patient-birthPlace",
			"http://hl7.org/fhir/StructureDefinition/timing-dayOfMonth", "http://hl7.org/fhir/StructureDefinition/specimen-sequenceNumber")
	}
	o.left--
	fmt.Fprintf(&o.b, `{"url":"%s",`, url)
	if depth < 5 && o.chance(4) {
		o.b.WriteString(`"extension":[`)
		o.extension(depth + 1)
		o.b.WriteString("]}")
		return
	}
	fmt.Fprintf(&o.b, `%q:`, e.JSONName(et))
	o.value(e, et, depth)
	o.b.WriteByte('}')
}

func (o *oddBuilder) value(e *schema.Element, et schema.ElementType, depth int) {
	switch {
	case et.Type.Kind == schema.ResourceKind:
		t := o.schema.Type(pick(o.r, "Patient", "Observation", "Condition", "Organization", "Medication"))
		if o.strange(10) {
			fmt.Fprintf(&o.b, `{"resourceType":"%s","name":"%s"}`, o.mark(), o.mark())
			return
		}
		o.object(t, depth+3)
	case et.Code == "Extension":
		o.extension(depth + 1)
	case et.Type.Kind == schema.PrimitiveKind:
		o.primitive(e, et.Code)
	case et.Code == "Coding" && o.chance(2):
		fmt.Fprintf(&o.b, `{"system":%q,"version":"%s","code":"%s","display":"%s"}`, pick(o.r, "http://loinc.org", "http://snomed.info/sct",
			"http://terminology.hl7.org/CodeSystem/v3-MaritalStatus", "http://hl7.org/fhir/sid/icd-10", "http://unitsofmeasure.org", "urn:iso:std:iso:3166"), o.mark(), o.mark(), o.mark())
	default:
		o.object(et.Type, depth+1)
	}
}

// primitive writes a value that has a mark if its type can have one.
func (o *oddBuilder) primitive(e *schema.Element, code string) {
	switch code {
	case "boolean":
		o.b.WriteString(pick(o.r, "true", "false"))
	case "decimal":
		o.b.WriteString(pick(o.r, "0", "-0.0", "12.750", "1E-22", "1e3", "0.000000000000000000001"))
	case "integer", "positiveInt", "unsignedInt":
		o.b.WriteString(pick(o.r, "1", "7", "2147483647"))
	case "integer64": // a string in JSON
		o.b.WriteString(`"9223372036854775807"`)
	case "date":
		o.b.WriteString(pick(o.r, `"1931"`, `"1931-03"`, `"1931-03-05"`))
	case "dateTime":
		o.b.WriteString(pick(o.r, `"1931"`, `"1931-03-05"`, `"2020-02-29T23:59:60Z"`, `"2020-03-05T10:11:12.123456+14:00"`))
	case "instant":
		o.b.WriteString(`"2020-03-05T10:11:12.123Z"`)
	case "time":
		o.b.WriteString(`"10:11:12.5"`)
	case "base64Binary":
		o.b.WriteString(`"WnE5OTk5OTlY"`)
	case "uri", "url", "canonical":
		fmt.Fprintf(&o.b, `"http://hl7.org/fhir/%s"`, o.mark())
	case "oid":
		o.b.WriteString(`"urn:oid:1.2.3"`)
	case "uuid":
		o.b.WriteString(`"urn:uuid:c757873d-ec9a-4326-a141-556f43239520"`)
	case "code":
		if o.strange(2) || e.Binding.ValueSet == nil || len(e.Binding.ValueSet.Codes()) == 0 {
			fmt.Fprintf(&o.b, `"%s"`, o.mark())
			return
		}
		fmt.Fprintf(&o.b, "%q", pick(o.r, e.Binding.ValueSet.Codes()...))
	case "id":
		fmt.Fprintf(&o.b, `"%s"`, o.mark())
	case "xhtml":
		fmt.Fprintf(&o.b, `"<div xmlns=\"http://www.w3.org/1999/xhtml\">%s</div>"`, o.mark())
	default:
		o.text()
	}
}

// text writes a text with a mark, in some of the ways JSON has to write one.
func (o *oddBuilder) text() {
	mark := o.mark()
	if !o.odd {
		fmt.Fprintf(&o.b, `"%s 555 0100"`, mark)
		return
	}
	switch o.r.IntN(9) {
	case 0:
		mark = fmt.Sprintf(`\u%04x`, mark[0]) + mark[1:]
	case 1:
		mark = `\ud83d\ude00` + mark + `\n\t\/\\\"`
	case 2:
		mark = "😀 " + mark + "\u2028\u202e"
	case 3:
		mark = strings.Repeat("x", 5000) + mark
	case 4:
		mark += `\u0000`
	case 5:
		if o.chance(10) {
			o.broken = true
			mark += pick(o.r, `\ud800`, `\udc00\ud800`, "\xff", "\xed\xa0\x80", "\x01")
		}
	}
	fmt.Fprintf(&o.b, `"%s"`, mark)
}

// unknownMember writes a member that no version of FHIR has.
func (o *oddBuilder) unknownMember(first *bool) {
	o.memberOf(first, pick(o.r, "x", "_", "fhir_comments", "value", "resource")+o.mark())
	o.wrong(0)
}

// wrong writes a value of a kind that the element may not have.
func (o *oddBuilder) wrong(depth int) {
	m := o.mark()
	switch o.r.IntN(9) {
	case 0:
		fmt.Fprintf(&o.b, `{"%s":"%s","value":"%s"}`, m, m, m)
	case 1:
		fmt.Fprintf(&o.b, `["%s",["%s"],{"reference":"%s"}]`, m, m, m)
	case 2:
		fmt.Fprintf(&o.b, `"%s"`, m)
	case 3:
		o.b.WriteString(pick(o.r, "null", "true", "[]", "{}", "[null]", "[[]]"))
	case 4:
		o.b.WriteString(pick(o.r, "1e999999", "-0", "123456789012345678901234567890", "0.1e-400"))
	case 5:
		n := 3 + o.r.IntN(40)
		o.b.WriteString(strings.Repeat(`{"extension":[`, n) + `"` + m + `"` + strings.Repeat("]}", n))
	case 6:
		fmt.Fprintf(&o.b, `{"resourceType":"Patient","name":[{"family":"%s"}]}`, m)
	case 7:
		if depth < 3 {
			o.object(o.schema.Type(pick(o.r, "HumanName", "Address", "Identifier", "Reference", "CodeableConcept", "Period", "Attachment")), 4)
			return
		}
		o.b.WriteString("null")
	default:
		fmt.Fprintf(&o.b, `{"system":"http://loinc.org","code":["%s"],"display":{"x":"%s"}}`, m, m)
	}
}

func pick[T any](r *rand.Rand, list ...T) T { return list[r.IntN(len(list))] }
