package fhirjson

import (
	"encoding/json"
	"strings"
	"testing"
)

var skimmed = []string{
	`{}`, `{"a":1}`, `{"a":{"b":[{"c":"}"},{}]},"d":"{"}`, `{"\"":"\\","}":"\\\"}"}`, `{"a":"\u007d\"}\\"}`,
	`[]`, `[[],[{"]":"["}],1]`, `{"a":[` + strings.Repeat(`"\\\"]",{"b":"]}"},`, 40) + `0]}`, `["` + strings.Repeat(`\`, 126) + `",[]]`,
	`["` + strings.Repeat(" ", 61) + `\"]",{}]`,
	`{"aaaaaaa":"bbbbbbbbbbbbbbb","c":{"d":{"e":{"f":{}}}},"gggggggg":"}}}}}}}}"}`, "{ \"a\" :\n[ { } , \"\\\\\" ] }", `{"ä":"{ü}ß"}`,
}

// twins are the values of vectors that can be: the last one is what this processor has.
var twins = []bool{false, vectors}

// TestSkimContainer: of valid JSON, an object ends where the strict scanner says.
func TestSkimContainer(t *testing.T) {
	for _, object := range skimmed {
		for before := range 40 {
			holdSkim(t, strings.Repeat(" ", before)+object+`,{"rest":"}"}`, before)
			holdSkim(t, strings.Repeat(" ", before)+object, before)
		}
	}
	for _, open := range []string{"{" + strings.Repeat(" ", 63) + `\`, `{"` + strings.Repeat(" ", 62) + `\`, ``, `{`, `{"a":"}`, `{"a":"\`, `{"a":{}`, `{"aaaaaaaaaaaaaaaaaaaa":"\"}"`} {
		for _, vectors = range twins {
			if end := SkimContainer([]byte(open), 0); end >= 0 {
				t.Errorf("%s ends at %d", open, end)
			}
		}
	}
}

// FuzzSkimContainer holds the fast way and the strict one together, whatever the text.
func FuzzSkimContainer(f *testing.F) {
	for _, object := range skimmed {
		f.Add(object, object)
	}
	f.Fuzz(func(t *testing.T, text, rest string) {
		if len(text) == 0 {
			return
		}
		var ends []int
		for _, vectors = range twins {
			ends = append(ends, SkimContainer([]byte(text), 0))
		}
		if ends[0] != ends[len(ends)-1] || ends[0] > len(text) {
			t.Fatalf("%q ends at %d", text, ends)
		}
		if (text[0] == '{' || text[0] == '[') && json.Valid([]byte(text)) {
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
	for _, vectors = range twins {
		if got := SkimContainer([]byte(text), from); got != want {
			t.Errorf("%s from %d: ends at %d, want %d (vectors: %t)", text, from, got, want, vectors)
		}
	}
}
