package fhir

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
		var fl fault
		i := space(text, 0)
		end := skipValue(text, i, 0, &fl)
		valid := end >= 0 && space(text, end) == len(text)
		if valid && !json.Valid(text) {
			t.Errorf("%q is taken and is not JSON", text)
		}
		if !valid && json.Valid(text) && fl.what != "nested too deep" && fl.what != "invalid UTF-8" &&
			fl.what != "first half of a surrogate pair without its second" && fl.what != "second half of a surrogate pair without its first" {
			t.Errorf("%q is refused: %s", text, fl.what)
		}
		if len(text) > 1 && text[0] == '"' && valid && end == len(text) {
			var want string
			if json.Unmarshal(text, &want) == nil {
				if got := unescape(nil, text[1:end-1]); string(got) != want {
					t.Errorf("%q is read as %q, want %q", text, got, want)
				}
				if got := appendEscaped(nil, []byte(want)); !json.Valid(append(append([]byte{'"'}, got...), '"')) {
					t.Errorf("%q is escaped as %q", want, got)
				}
			}
		}
	})
}
