package fhirjson

import (
	"bytes"
	"strings"
	"testing"
)

// sameStrings reads the strings that begin at any byte of a text with marks and without, in
// order and some again, as walk and look-ups do.
func sameStrings(t *testing.T, src []byte) {
	t.Helper()
	var s Stops
	for i := range src {
		if src[i] != '"' {
			continue
		}
		for _, scan := range []func([]byte, int, *Fault) (int, bool){s.ScanString, s.Peek, new(Stops).ScanString} {
			var want, got Fault
			wantEnd, wantEscaped := ScanString(src, i, &want)
			gotEnd, gotEscaped := scan(src, i, &got)
			if wantEnd != gotEnd || wantEscaped != gotEscaped || want != got {
				t.Fatalf("byte %d of %.200q: end %d, escapes %v, %v; want %d, %v, %v", i, src, gotEnd, gotEscaped, got, wantEnd, wantEscaped, want)
			}
		}
	}
	var want, got Fault
	if a, b := SkipValue(src, 0, 0, &want), s.SkipValue(src, 0, 0, &got); a != b || want != got {
		t.Fatalf("%.200q: skipped to %d, %v; want %d, %v", src, b, got, a, want)
	}
}

// TestStops: strings of every length are read the same with marks, wherever they begin.
func TestStops(t *testing.T) {
	t.Parallel()
	for n := range 200 {
		for _, end := range []string{`"`, "", `\"x"`, "\u00e9\"", "\x01\"", "\xff\"", `\`, `\ud800"`} {
			sameStrings(t, []byte(strings.Repeat(" ", n%67)+`"`+strings.Repeat("a", n)+end+`,"b"`))
		}
	}
	long := bytes.Repeat([]byte(`{"name":"a value","other":[1,"\u00e9",true]},`), 400)
	sameStrings(t, append(append([]byte(`[`), long...), `"end"]`...))
	sameStrings(t, []byte(`["`+strings.Repeat("long ", 3*stopsWindow)+`","x"]`))
}

func FuzzStops(f *testing.F) {
	f.Add([]byte(`{"a":"b\n","c":["d\u00e9",{"e":"` + strings.Repeat("f", 100) + `"}]}`))
	f.Add([]byte(`"` + strings.Repeat("g", 63)))
	f.Fuzz(func(t *testing.T, src []byte) { sameStrings(t, src) })
}
