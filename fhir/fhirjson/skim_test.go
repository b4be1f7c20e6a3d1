package fhirjson

import (
	"encoding/json"
	"strings"
	"testing"
)

var skimmed = []string{
	`{}`, `{"a":1}`, `{"a":{"b":[{"c":"}"},{}]},"d":"{"}`, `{"\"":"\\","}":"\\\"}"}`, `{"a":"\u007d\"}\\"}`,
	`{"aaaaaaa":"bbbbbbbbbbbbbbb","c":{"d":{"e":{"f":{}}}},"gggggggg":"}}}}}}}}"}`, "{ \"a\" :\n[ { } , \"\\\\\" ] }", `{"ä":"{ü}ß"}`,
}

// TestSkimObject: of valid JSON, an object ends where the strict scanner says.
func TestSkimObject(t *testing.T) {
	t.Parallel()
	for _, object := range skimmed {
		for before := range 40 {
			holdSkim(t, strings.Repeat(" ", before)+object+`,{"rest":"}"}`, before)
			holdSkim(t, strings.Repeat(" ", before)+object, before)
		}
	}
	for _, open := range []string{``, `{`, `{"a":"}`, `{"a":"\`, `{"a":{}`, `{"aaaaaaaaaaaaaaaaaaaa":"\"}"`} {
		if end := SkimObject([]byte(open), 0); end >= 0 {
			t.Errorf("%s ends at %d", open, end)
		}
	}
}

// FuzzSkimObject holds the fast way and the strict one together, whatever the text.
func FuzzSkimObject(f *testing.F) {
	for _, object := range skimmed {
		f.Add(object, object)
	}
	f.Fuzz(func(t *testing.T, text, rest string) {
		if end := SkimObject([]byte(text), 0); end > len(text) {
			t.Fatalf("%q ends at %d", text, end)
		}
		if len(text) > 0 && text[0] == '{' && json.Valid([]byte(text)) {
			holdSkim(t, text+rest, 0)
		}
	})
}

func holdSkim(t *testing.T, text string, from int) {
	t.Helper()
	var f Fault
	want := SkipValue([]byte(text), from, 0, &f)
	if want < 0 {
		return // nested deeper than the walk goes, or no UTF-8
	}
	if got := SkimObject([]byte(text), from); got != want {
		t.Errorf("%s from %d: ends at %d, want %d", text, from, got, want)
	}
}
