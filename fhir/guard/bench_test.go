package guard_test

import (
	"testing"

	"github.com/veil-proxy/veil/fhir/guard"
	"github.com/veil-proxy/veil/internal/masktest"
)

// BenchmarkGuard is judging one search with a chain and a composite.
func BenchmarkGuard(b *testing.B) {
	a := masktest.Shipped(b, "safe-harbor")
	g, keys := guard.New(a), a.Policy.Keys.NewPseudonymizer()
	params := asked(b, "status=final&date=ge2020&subject:Patient.gender=female&code-value-quantity=http://loinc.org%7C8480-6$gt140%7Chttp://unitsofmeasure.org%7Cmm[Hg]&_include=Observation:subject&_count=20")
	b.ReportAllocs()
	for b.Loop() {
		if _, err := g.Search(keys, nil, "Observation", params, guard.Strict); err != nil {
			b.Fatal(err)
		}
	}
}
