package fhirjson

import (
	"encoding/json"
	"testing"
)

// FuzzScan holds the scanner and encoding/json together: they agree on what is
// JSON, but for nesting that is too deep and for UTF-8, where this one is
// stricter.
func FuzzScan(f *testing.F) {
	for _, s := range []string{`{}`, `[1,2.5e-3,"a\u00e9\ud83d\ude00"]`, `{"a":[true,false,null]}`, `"\x"`, `01`, `[1,]`, `{"a":1,}`, "\"\xff\""} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var fl Fault
		i := SkipSpace(text, 0)
		end := SkipValue(text, i, 0, &fl)
		valid := end >= 0 && SkipSpace(text, end) == len(text)
		if valid && !json.Valid(text) {
			t.Errorf("%q is taken and is not JSON", text)
		}
		if !valid && json.Valid(text) && fl.What != "nested too deep" && fl.What != "invalid UTF-8" &&
			fl.What != "first half of a surrogate pair without its second" && fl.What != "second half of a surrogate pair without its first" {
			t.Errorf("%q is refused: %s", text, fl.What)
		}
		if len(text) > 1 && text[0] == '"' && valid && end == len(text) {
			var want string
			if json.Unmarshal(text, &want) == nil {
				if got := AppendUnescaped(nil, text[1:end-1]); string(got) != want {
					t.Errorf("%q is read as %q, want %q", text, got, want)
				}
				if got := AppendEscaped(nil, []byte(want)); !json.Valid(append(append([]byte{'"'}, got...), '"')) {
					t.Errorf("%q is escaped as %q", want, got)
				}
			}
		}
	})
}
