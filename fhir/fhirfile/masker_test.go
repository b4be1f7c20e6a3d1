package fhirfile

import (
	"strings"
	"testing"

	"github.com/veil-proxy/veil/fhir"
	"github.com/veil-proxy/veil/file"
	"github.com/veil-proxy/veil/general"
	"github.com/veil-proxy/veil/internal/rules"
	"github.com/veil-proxy/veil/mask"
	"github.com/veil-proxy/veil/safeharbor"
	"github.com/veil-proxy/veil/table"
	"github.com/veil-proxy/veil/text/scrub"
)

// TestPanicIsOneBadLine: a panic affects its own line alone and shows no value, and
// the lines behind it are masked by a new walker.
func TestPanicIsOneBadLine(t *testing.T) {
	t.Parallel()
	calls := 0
	broken := func(*fhir.Walker, []byte, []byte, *mask.Pass, *fhir.Site) ([]byte, error) {
		if calls++; calls == 1 {
			panic("Smith")
		}
		return []byte("masked"), nil
	}
	lib, err := rules.New(nil, general.Methods(), safeharbor.Methods(), fhir.Methods(), table.Methods(), scrub.Methods(nil))
	if err != nil {
		t.Fatal(err)
	}
	a, err := lib.Public("safe-harbor")
	if err != nil {
		t.Fatal(err)
	}
	doc, err := Formats(a, nil)[0].Open(file.Source{})
	if err != nil {
		t.Fatal(err)
	}
	m := doc.NewMasker(false).(*masker)
	before := m.walker
	var r file.Result
	m.one(nil, []byte(`{"a":1}`), 7, &r, broken)
	out := m.one(nil, []byte(`{"a":2}`), 8, &r, broken)
	if len(r.Bad) != 1 || r.Bad[0].Line != 7 || string(r.Bad[0].Text) != `{"a":1}` || r.Masked != 1 || string(out) != "masked\n" {
		t.Fatalf("got %+v, %q", r, out)
	}
	if strings.Contains(r.Bad[0].What, "Smith") || !strings.Contains(r.Bad[0].What, "TestPanicIsOneBadLine.func") {
		t.Errorf("the error is %q", r.Bad[0].What)
	}
	if m.walker == before {
		t.Error("the walker that panicked is used again")
	}
}
