package fhir

import (
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"

	"github.com/veil-proxy/veil/fhir/lexical"
	"github.com/veil-proxy/veil/fhir/schema"
)

// r4Forms are the regular expressions of FHIR R4 (datatypes.html).
var r4Forms = map[string]string{
	"base64Binary": `(\s*([0-9a-zA-Z\+\/=]){4}\s*)+`,
	"canonical":    `\S*`,
	"code":         `[^\s]+(\s[^\s]+)*`,
	"date":         `([0-9]([0-9]([0-9][1-9]|[1-9]0)|[1-9]00)|[1-9]000)(-(0[1-9]|1[0-2])(-(0[1-9]|[1-2][0-9]|3[0-1]))?)?`,
	"dateTime":     `([0-9]([0-9]([0-9][1-9]|[1-9]0)|[1-9]00)|[1-9]000)(-(0[1-9]|1[0-2])(-(0[1-9]|[1-2][0-9]|3[0-1])(T([01][0-9]|2[0-3]):[0-5][0-9]:([0-5][0-9]|60)(\.[0-9]+)?(Z|(\+|-)((0[0-9]|1[0-3]):[0-5][0-9]|14:00)))?)?)?`,
	"decimal":      `-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?`,
	"id":           `[A-Za-z0-9\-\.]{1,64}`,
	"instant":      `([0-9]([0-9]([0-9][1-9]|[1-9]0)|[1-9]00)|[1-9]000)-(0[1-9]|1[0-2])-(0[1-9]|[1-2][0-9]|3[0-1])T([01][0-9]|2[0-3]):[0-5][0-9]:([0-5][0-9]|60)(\.[0-9]+)?(Z|(\+|-)((0[0-9]|1[0-3]):[0-5][0-9]|14:00))`,
	"integer":      `-?([0]|([1-9][0-9]*))`,
	"markdown":     `[ \r\n\t\S]+`,
	"oid":          `urn:oid:[0-2](\.(0|[1-9][0-9]*))+`,
	"positiveInt":  `[1-9][0-9]*`,
	"string":       `[ \r\n\t\S]+`,
	"time":         `([01][0-9]|2[0-3]):[0-5][0-9]:([0-5][0-9]|60)(\.[0-9]+)?`,
	"unsignedInt":  `[0]|([1-9][0-9]*)`,
	"uri":          `\S*`,
	"url":          `\S*`,
	"uuid":         `urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`,
}

// wellFormed are values of each type.
var wellFormed = map[string][]string{
	"base64Binary": {"aGVsbG8gd29ybGQ=", "aGVs bG8g\nd29y bGQ=", "AAAA"},
	"canonical":    {"http://hl7.org/fhir/ValueSet/x|4.0.1", "#a"},
	"code":         {"final", "in progress", "98+", "a.b:c"},
	"date":         {"2021", "2021-02", "2021-12-31", "0001-01-01"},
	"dateTime":     {"2021", "2021-02", "2021-12-31", "2021-12-31T23:59:60Z", "2021-12-31T00:00:00.123456789+14:00", "2021-12-31T10:11:12-05:30"},
	"decimal":      {"0", "-0.5", "12.750", "1e3", "6.02E+23", "123456789012345678.5"},
	"id":           {"a", "A-1.b", strings.Repeat("x", 64)},
	"instant":      {"2021-12-31T23:59:59Z", "2021-12-31T00:00:00.1-13:59"},
	"integer":      {"0", "-1", "2147483647", "-2147483648"},
	"markdown":     {"# A\n\n*b*", "é"},
	"oid":          {"urn:oid:1.2.840.113619", "urn:oid:2.0"},
	"positiveInt":  {"1", "2147483647"},
	"string":       {"a", " a\tb\r\n", "\u00a0"},
	"time":         {"00:00:00", "23:59:60", "10:11:12.5"},
	"unsignedInt":  {"0", "2147483647"},
	"uri":          {"http://x/y", "urn:uuid:1", "a"},
	"url":          {"mailto:x@example.org"},
	"uuid":         {"urn:uuid:c757873d-ec9a-4326-a141-556f43239520"},
	"xhtml":        {`<div xmlns="http://www.w3.org/1999/xhtml">A &amp; <b>b</b></div>`, `<div>a</div>`},
}

// malformed are texts that are of none of the types but of text, or of some.
var malformed = map[string][]string{
	"base64Binary": {"", "AAA", "A=AA", "====", "John Smith 123-45-6789", "AAAA_AAA"},
	"canonical":    {"", "a b"},
	"code":         {"", " a", "a ", "a  b", "a\tb"},
	"date":         {"", "John Smith", "0000", "21", "2021-13", "2021-00", "2021-1-1", "2021-01-32", "2021-01-01T10:00:00Z", "20210101"},
	"dateTime":     {"", "John Smith", "2021-01T10:00:00Z", "2021-01-01T10:00Z", "2021-01-01T10:00:00", "2021-01-01 10:00:00Z", "2021-01-01T24:00:00Z", "2021-01-01T10:00:00.Z", "2021-01-01T10:00:00+15:00", "2021-01-01T10:00:00.5550104471Z"},
	"decimal":      {"", "-", ".5", "5.", "01", "1e", "1e9999", "+1", "NaN", "1_0", "0x1", strings.Repeat("9", 41)},
	"id":           {"", "a b", "a_b", strings.Repeat("x", 65)},
	"instant":      {"", "2021", "2021-02", "2021-02-03", "2021-02-03T10:00:00", "John Smith"},
	"integer":      {"", "1.0", "1e3", "01", "-", "2147483648", "-2147483649", "1e999999999999", "-0-1"},
	"markdown":     {"", "a\x00"},
	"oid":          {"", "1.2.3", "urn:oid:", "urn:oid:1", "urn:oid:3.1", "urn:oid:1..2", "urn:oid:1.02", "urn:oid:John"},
	"positiveInt":  {"", "0", "-1", "2147483648"},
	"string":       {"", "a\x01", "\x1b[0m"},
	"time":         {"", "2020-03-05T10:11:12Z", "John Smith 123-45-6789", "10:11", "24:00:00", "10:60:00", "10:00:61", "10:11:12Z", "10:11:12.", "10:11:12.5550104471"},
	"unsignedInt":  {"", "-1", "1.5"},
	"uri":          {"", "John Smith", "a\nb"},
	"url":          {"", "John Smith"},
	"uuid":         {"", "urn:uuid:C757873D-ec9a-4326-a141-556f43239520", "c757873d-ec9a-4326-a141-556f43239520", "urn:uuid:John"},
	"xhtml":        {"", "John Smith", "<p>a</p>", "<div>", "<div>a</div>x", "<!DOCTYPE div><div/>", `<div xmlns="http://x">a</div>`},
}

// TestLexicalForms: every primitive type has a check, which refuses what R4's
// regular expression refuses, and takes what people write.
func TestLexicalForms(t *testing.T) {
	t.Parallel()
	for _, typ := range schema.R4().Types() {
		if typ.Kind == schema.PrimitiveKind && typ.Name != "boolean" && formOfType(typ.Name) == nil {
			t.Errorf("%s has no form", typ.Name)
		}
	}
	for _, primitive := range schema.R4().Types() {
		typ, form := primitive.Name, formOfType(primitive.Name)
		if primitive.Kind != schema.PrimitiveKind || typ == "boolean" || strings.Contains(typ, "/") {
			continue
		}
		if len(wellFormed[typ]) == 0 || len(malformed[typ]) == 0 {
			t.Errorf("%s is not tested", typ)
		}
		for _, text := range wellFormed[typ] {
			if !form([]byte(text)) {
				t.Errorf("%s: %q is refused", typ, text)
			}
		}
		for _, text := range malformed[typ] {
			if form([]byte(text)) {
				t.Errorf("%s: %q passes", typ, text)
			}
		}
	}
	// What passes, R4 lets pass: values of all types, and what lies near them.
	rng := rand.New(rand.NewPCG(1, 2))
	const letters = "0123456789-+.:eETZ \tabcxA_/=,#"
	for typ, expr := range r4Forms {
		r4 := regexp.MustCompile(`\A(?:` + expr + `)\z`)
		form, passed := formOfType(typ), 0
		for other := range wellFormed {
			for _, text := range append(append([]string(nil), wellFormed[other]...), malformed[other]...) {
				for range 200 {
					b := []byte(text)
					for range rng.IntN(3) {
						if k := rng.IntN(len(b) + 1); k < len(b) && rng.IntN(2) == 0 {
							b[k] = letters[rng.IntN(len(letters))]
						} else {
							b = append(b[:k:k], append([]byte{letters[rng.IntN(len(letters))]}, b[k:]...)...)
						}
					}
					if form(b) {
						passed++
						if !r4.Match(b) {
							t.Fatalf("%s: %q passes, and R4 refuses it", typ, b)
						}
					}
				}
			}
		}
		if passed == 0 {
			t.Errorf("%s: nothing passes", typ)
		}
	}
}

// TestInstantsAreCompleted: a date of any precision becomes an instant.
func TestInstantsAreCompleted(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"2021": "2021-01-01T00:00:00Z", "2021-02": "2021-02-01T00:00:00Z", "2021-02-03": "2021-02-03T00:00:00Z",
		"2021-02-03T10:00:00Z": "2021-02-03T10:00:00Z", "x": "x", "": "",
	} {
		if got := string(lexical.AppendInstant([]byte("before"+in), len("before"))); got != "before"+want {
			t.Errorf("%q becomes %q", in, got)
		}
	}
}
