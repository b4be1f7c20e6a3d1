package fhirtest

import (
	"testing"
)

func TestCompileDate(t *testing.T) {
	for _, tc := range []struct {
		query, stored string
		want          bool
	}{
		{"1980", "1980-03-05", true},
		{"1980-03", "1980-03-05", true},
		{"1980-03-05", "1980-03-05", true},
		{"1980-03-05", "1980-03", false},
		{"1980-03-05", "1980-03-05T23:30:00-05:00", false}, // the next day in UTC
		{"1980-03-06", "1980-03-05T23:30:00-05:00", true},
		{"1980-03-05T23:30:00-05:00", "1980-03-06T04:30:00Z", true},
		{"ne1980", "1981-01-01", true},
		{"ne1980", "1980-01-01", false},
		{"gt1980", "1981-01-01", true},
		{"gt1980", "1980-12-31", false},
		{"ge1980", "1980-12-31", true},
		{"lt1980", "1979-12-31", true},
		{"le1980", "1980-12-31", true},
		{"le1980", "1981-01-01", false},
		{"sa1980", "1981-01-01", true},
		{"sa1980", "1980-12-31", false},
		{"eb1980", "1979-12-31", true},
		{"eb1980", "1980-01-01", false},
		{"ap1980", "1980-07", true},
	} {
		t.Run(tc.query+" on "+tc.stored, func(t *testing.T) {
			fits, err := compile(param{name: "date", typ: dateParam}, "", tc.query, Base)
			if err != nil {
				t.Fatal(err)
			}
			if got := fits(index(dateParam, tc.stored)); got != tc.want {
				t.Errorf("got %v", got)
			}
		})
	}
}

func TestCompile(t *testing.T) {
	coded := map[string]any{"coding": []any{map[string]any{"system": "http://loinc.org", "code": "8480-6"}}}
	bare := map[string]any{"code": "local"}
	ref := map[string]any{"reference": Base + "/Patient/p1/_history/3"}
	period := map[string]any{"start": "2001-01-01"}
	const base = "http://127.0.0.1:1/fhir"
	for _, tc := range []struct {
		name            string
		typ             paramType
		modifier, value string
		stored          any
		want            bool
	}{
		{"string starts with", stringParam, "", "mü", "Müller", true},
		{"string does not start with", stringParam, "", "ller", "Müller", false},
		{"string contains", stringParam, "contains", "LLER", "Müller", true},
		{"string is exactly", stringParam, "exact", "müller", "Müller", false},
		{"one of two strings", stringParam, "", "x,mül", "Müller", true},
		{"escaped comma", stringParam, "", `a\,b`, "a,b c", true},
		{"token with system", tokenParam, "", "http://loinc.org|8480-6", coded, true},
		{"token with any code", tokenParam, "", "http://loinc.org|", coded, true},
		{"token without system", tokenParam, "", "8480-6", coded, true},
		{"token that must have no system", tokenParam, "", "|8480-6", coded, false},
		{"token that has no system", tokenParam, "", "|local", bare, true},
		{"token of another system", tokenParam, "", "http://snomed.info/sct|8480-6", coded, false},
		{"not a token", tokenParam, "not", "8480-6", coded, false},
		{"boolean", tokenParam, "", "true", true, true},
		{"identifier", tokenParam, "", "urn:x|7", map[string]any{"system": "urn:x", "value": "7"}, true},
		{"reference by type and id", referenceParam, "", "Patient/p1", ref, true},
		{"reference by id", referenceParam, "", "p1", ref, true},
		{"reference by part of an id", referenceParam, "", "1", ref, false},
		{"reference by address", referenceParam, "", base + "/Patient/p1", ref, true},
		{"reference by type modifier", referenceParam, "Patient", "p1", ref, true},
		{"reference to another type", referenceParam, "Practitioner", "p1", ref, false},
		{"uri", uriParam, "", "http://a/b", "http://a/b", true},
		{"missing", stringParam, "missing", "true", nil, true},
		{"not missing", stringParam, "missing", "false", nil, false},
		{"open period", dateParam, "", "gt2020", period, true},
		{"open period later", dateParam, "", "lt2001", period, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			fits, err := compile(param{name: "p", typ: tc.typ}, tc.modifier, tc.value, base)
			if err != nil {
				t.Fatal(err)
			}
			if got := fits(index(tc.typ, tc.stored)); got != tc.want {
				t.Errorf("got %v", got)
			}
		})
	}
}

func TestCompileRefuses(t *testing.T) {
	for _, tc := range []struct {
		name            string
		typ             paramType
		modifier, value string
	}{
		{"date that is none", dateParam, "", "yesterday"},
		{"prefix that is none", dateParam, "", "xx1980"},
		{"modifier of another type", dateParam, "exact", "1980"},
		{"unknown modifier", stringParam, "soundex", "x"},
		{"unknown type", referenceParam, "Patients", "x"},
		{"missing what", stringParam, "missing", "maybe"},
		{"uri below", uriParam, "below", "http://a"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if _, err := compile(param{name: "p", typ: tc.typ}, tc.modifier, tc.value, Base); err == nil {
				t.Error("no error")
			}
		})
	}
}

func FuzzCompileDate(f *testing.F) {
	for _, s := range []string{"1980", "ge1980-03", "sa1980-03-05T10:00:00Z", "", "xx", "-"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		fits, err := compileDate(param{name: "date"}, s)
		if (fits == nil) == (err == nil) {
			t.Error("neither a test nor an error, or both")
		}
	})
}

func FuzzSplitValues(f *testing.F) {
	for _, s := range []string{"", "a,b", `a\,b`, `\`, `,,`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if len(splitValues(s)) == 0 {
			t.Error("no value at all")
		}
	})
}
