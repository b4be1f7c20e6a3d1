package main

import (
	"strings"
	"testing"

	"github.com/veil-proxy/veil/fhir"
	"github.com/veil-proxy/veil/mask"
)

// TestPanicIsOneBadLine: a panic takes its own line out, tells no value, and the
// lines behind it are masked by a walker of their own.
func TestPanicIsOneBadLine(t *testing.T) {
	w := &maskWorker{}
	calls := 0
	broken := func(*fhir.Walker, []byte, []byte, *mask.Pass, *fhir.Site) ([]byte, error) {
		if calls++; calls == 1 {
			panic("Smith")
		}
		return []byte("masked"), nil
	}
	var err error
	if w.automaton, err = testApp(t).rules.Public("safe-harbor"); err != nil {
		t.Fatal(err)
	}
	before := w.walker
	var r blockResult
	w.one(&r, []byte(`{"a":1}`), 7, broken)
	w.one(&r, []byte(`{"a":2}`), 8, broken)
	if len(r.bad) != 1 || r.bad[0].line != 7 || string(r.bad[0].text) != `{"a":1}` || r.resources != 1 || string(r.out) != "masked\n" {
		t.Fatalf("got %+v", r)
	}
	if strings.Contains(r.bad[0].what, "Smith") || !strings.Contains(r.bad[0].what, "TestPanicIsOneBadLine.func") {
		t.Errorf("the error is %q", r.bad[0].what)
	}
	if w.walker == before {
		t.Error("the walker that panicked is used again")
	}
}
