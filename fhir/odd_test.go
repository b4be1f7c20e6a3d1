package fhir_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"

	"github.com/veil-proxy/veil/fhir"
	"github.com/veil-proxy/veil/fhir/fhirxml"
	"github.com/veil-proxy/veil/fhir/lexical"
	"github.com/veil-proxy/veil/fhir/schema"
	"github.com/veil-proxy/veil/internal/masktest"
	"github.com/veil-proxy/veil/internal/veiltest"
)

// rulesForR5 treat every data type that rules can treat in one way, in a version that no
// shipped ruleset is for.
const rulesForR5 = `
veil: 1
name: test
referenceDate: 2026-12-31
fhir:
  version: R5
  rules:
    - {id: ids, match: Resource.id, method: resourceId}
    - {id: versions, match: Meta.versionId, method: versionId}
    - {id: codes, match: nodesByType('code'), method: code}
    - {id: codings, match: nodesByType('Coding'), method: coding}
    - {id: concepts, match: nodesByType('CodeableConcept'), method: concept}
    - {id: codeable-references, match: nodesByType('CodeableReference'), method: descend}
    - {id: quantities, match: nodesByType('Quantity'), method: quantity}
    - {id: long-numbers, match: nodesByType('integer64'), method: keep}
    - {id: numbers, match: [nodesByType('boolean'), nodesByType('decimal'), nodesByType('integer'), nodesByType('positiveInt')], method: keep}
    - {id: references, match: Reference.reference, method: reference}
    - {id: type-names, match: Reference.type, method: resourceType}
    - {id: dates, match: [nodesByType('date'), nodesByType('dateTime')], method: year}
    - {id: periods, match: [nodesByType('Period'), nodesByType('HumanName'), nodesByType('Address'), nodesByType('Identifier')], method: descend}
    - {id: places, match: Address.city, method: placeName}
    - {id: zips, match: Address.postalCode, method: postalCode}
    - {id: canonicals, match: nodesByType('canonical'), method: canonical}
  codeSystems:
    - {system: "http://loinc.org", form: loinc}
    - {system: "http://snomed.info/sct", form: snomed}
`

// schemaIn returns the tables of a version, of R5 those that are only tested.
func schemaIn(t *testing.T, version string) *schema.Schema {
	t.Helper()
	if s, err := schema.Named(version); err == nil {
		return s
	}
	read := func(kind string) string {
		return string(veiltest.Gunzip(t, "schema/testdata/"+strings.ToLower(version)+"."+kind+".gz"))
	}
	s, err := schema.Parse(version, read("schema"), read("search"))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestOddResources masks random resources of all types of R4, R4B and R5, proper and odd
// ones, each text with a mark of its own. No mark comes out, in output or error; no proper
// resource is refused, and of the odd ones only what is ambiguous or changes the meaning;
// memory changes nothing; XML and JSON agree; and what is masked can be masked again.
func TestOddResources(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ version, extends string }{
		{"R4", "safe-harbor"}, {"R4", "limited-dataset"}, {"R4", "gdpr-pseudonymised"}, {"R4", "gdpr-anonymised"},
		{"R4", "research"}, {"R4", "au-privacy"}, {"R4", "uk-ico"}, {"R4", "ccpa-deidentified"}, {"R4", "safe-harbor+us-core"},
		{"R4B", "safe-harbor"}, {"R4B", "limited-dataset"}, {"R5", ""},
	} {
		t.Run(tc.version+" "+tc.extends, func(t *testing.T) {
			t.Parallel()
			sch := schema.R4()
			if tc.version != "R4" {
				sch = schemaIn(t, tc.version)
			}
			src := rulesForR5
			if tc.extends != "" {
				src = fmt.Sprintf("veil: 1\nname: test\nextends: [%s]\nfhir: {version: %s}\n", strings.ReplaceAll(tc.extends, "+", ", "), tc.version)
			}
			a, err := fhir.Compile(policyOf(t, src), sch)
			if err != nil {
				t.Fatal(err)
			}
			newOddTest(a, sch).all(t)
		})
	}
}

// TestEveryPrimitiveTypeHasAForm: of no version is there a primitive type whose values pass
// without a check of what they are.
func TestEveryPrimitiveTypeHasAForm(t *testing.T) {
	t.Parallel()
	for _, sch := range []*schema.Schema{schema.R4(), schemaIn(t, "R4B"), schemaIn(t, "R5")} {
		for _, typ := range sch.Types() {
			if typ.Kind == schema.PrimitiveKind && typ.Name != "boolean" && typ.Name != "xhtml" && lexical.Form(typ.Name) == nil {
				t.Errorf("%s: %s has no form", sch.Name, typ.Name)
			}
		}
	}
	for text, want := range map[string]bool{
		"0": true, "-1": true, "9223372036854775807": true, "-9223372036854775808": true,
		"9223372036854775808": false, "01": false, "-0": true, "+1": false, "1e3": false, "": false, "-": false, "1.0": false, "Smith": false,
	} {
		if lexical.Form("integer64")([]byte(text)) != want {
			t.Errorf("integer64 %q: want %t", text, want)
		}
	}
}

// oddTest masks what an oddBuilder writes.
type oddTest struct {
	schema          *schema.Schema
	build           *oddBuilder
	remembers, anew *masktest.Masker
	masked          int
}

func newOddTest(a *fhir.Automaton, sch *schema.Schema) *oddTest {
	return &oddTest{
		schema: sch, build: &oddBuilder{schema: sch, r: rand.New(rand.NewPCG(1, 5))}, //nolint:gosec // a seed that is the same in each run
		remembers: masktest.NewMasker(a, fhir.RememberAlways), anew: masktest.NewMasker(a, fhir.RememberNothing),
	}
}

func (o *oddTest) all(t *testing.T) {
	t.Helper()
	types := 0
	for _, typ := range o.schema.Types() {
		if typ.Kind != schema.ResourceKind || typ.Abstract {
			continue
		}
		types++
		for i := range 8 {
			o.one(t, typ, i >= 3)
		}
	}
	t.Logf("%d types, %d resources masked, %d marks", types, o.masked, o.build.next)
	if types < 130 || o.masked < 2*types || o.build.next < 20*types {
		t.Error("too little was masked for the test to mean anything")
	}
}

var oddMarkForm = regexp.MustCompile(`(?i)zq\d{6}x`)

// shown is a mark that a text shows, as it stands or as JSON escapes it.
func shown(text []byte) string {
	if m := oddMarkForm.Find(text); m != nil {
		return string(m)
	}
	if !bytes.Contains(text, []byte(`\u`)) {
		return ""
	}
	var v any
	if json.Unmarshal(text, &v) != nil {
		return ""
	}
	return oddMarkForm.FindString(fmt.Sprint(v))
}

// one masks one resource of a type in all ways.
func (o *oddTest) one(t *testing.T, typ *schema.Type, odd bool) {
	t.Helper()
	src := o.build.resource(typ, odd)
	broken, modified := o.build.broken, o.build.modified
	bad := func(format string, args ...any) {
		t.Helper()
		t.Errorf("%s (odd: %t): %s\nin: %.4000s", typ.Name, odd, fmt.Sprintf(format, args...), src)
	}
	out, err := o.remembers.Mask(src)
	again, errAgain := o.anew.Mask(src)
	if !bytes.Equal(out, again) || fmt.Sprint(err) != fmt.Sprint(errAgain) {
		bad("memory changes the output: %v, %v\n%s\n%s", err, errAgain, out, again)
	}
	if m := shown(out); m != "" {
		bad("%s comes out: %s", m, out)
	}
	if err != nil {
		if m := shown([]byte(err.Error())); m != "" {
			bad("the error shows %s: %v", m, err)
		}
		withheld := strings.Contains(err.Error(), "withheld")
		if !broken && !modified && !(withheld && o.mayBeWithheld(typ)) {
			bad("refused: %v", err)
		}
		return
	}
	o.masked++
	if _, err := o.anew.Mask(out); err != nil {
		bad("what was masked is refused: %v\n%s", err, out)
	}
	o.asXML(t, typ, src, out, odd, bad)
}

// mayBeWithheld reports whether a ruleset withholds the whole type.
func (o *oddTest) mayBeWithheld(typ *schema.Type) bool {
	root, known := o.remembers.Automaton.Resource(typ.Name)
	return known && root.WithheldBy() != ""
}

// asXML masks the same resource in XML.
func (o *oddTest) asXML(t *testing.T, typ *schema.Type, src, out []byte, odd bool, bad func(string, ...any)) {
	t.Helper()
	asXML, err := fhirxml.AppendXML(o.schema, nil, bytes.TrimPrefix(src, []byte("\ufeff")))
	if err != nil {
		if m := shown([]byte(err.Error())); m != "" || !odd {
			bad("cannot be written as XML: %v", err)
		}
		return
	}
	masked, err := o.anew.MaskXML(asXML)
	if err != nil {
		if m := shown([]byte(err.Error())); m != "" || !odd {
			bad("refused as XML: %v\n%s", err, asXML)
		}
		return
	}
	if m := shown(masked); m != "" {
		bad("%s comes out of XML: %s", m, masked)
	}
	if odd { // XML cannot say all that is odd in JSON
		return
	}
	back, err := fhirxml.AppendJSON(o.schema, nil, masked)
	if err != nil {
		bad("what was masked is no XML: %v\n%s", err, masked)
		return
	}
	if d := difference(meaning(t, out), meaning(t, back), typ.Name); d != "" {
		bad("JSON and XML differ at %s\n%s\n%s", d, out, asXML)
	}
}
