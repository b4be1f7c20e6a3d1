package inparts

import (
	"encoding/json"
	"testing"
)

// FuzzScanner: entries that have arrived are found by skimming over them, those that arrive
// byte by byte by reading each; both end where encoding/json says.
func FuzzScanner(f *testing.F) {
	f.Add([]byte(`{"a":1},{"b":[{"c":"}]\"\\"}]}`), uint8(3))
	f.Add([]byte(` {} , {"x":"{[\\\\"} ,[]`), uint8(0))
	f.Add([]byte(`"]",1,null,{"é\u005d":"\""}`), uint8(7))
	f.Add([]byte(`{"long":"0123456789012345678901234567890123456789012345678901234567890123456789]}","deep":[[[{"a":{}}]]]}`), uint8(40))
	f.Fuzz(func(t *testing.T, entries []byte, step uint8) {
		var want []json.RawMessage
		if json.Unmarshal(append(append([]byte("["), entries...), ']'), &want) != nil {
			return // the walk finds what is no JSON
		}
		text := append(append([]byte(nil), entries...), `],"total":1}`...)
		var at, stepwise scanner
		at.run(text)
		for n := range text {
			if step == 0 || n%int(step) == 0 {
				stepwise.run(text[:n])
			}
			if stepwise.ended {
				break
			}
		}
		if !stepwise.ended {
			stepwise.run(text)
		}
		if !at.ended || at.at != len(entries) || at.cut != len(entries) {
			t.Fatalf("%q ends at %d, cut at %d: want %d", text, at.at, at.cut, len(entries))
		}
		if at != stepwise {
			t.Fatalf("%q: %+v at once, %+v by steps of %d", text, at, stepwise, step)
		}
		// Where the last entry is not there yet, the cut is the comma before it.
		if len(want) > 1 {
			last := len(entries) - len(want[len(want)-1])
			var part scanner
			part.run(entries[:last])
			if part.ended || part.cut == 0 || entries[part.cut] != ',' {
				t.Fatalf("%q: cut at %d of the entries before the last", entries[:last], part.cut)
			}
		}
	})
}
