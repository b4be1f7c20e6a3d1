package schema

import "testing"

// BenchmarkParse reads the tables of R4, which a process does once.
func BenchmarkParse(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Parse("R4", r4Schema, r4Search); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkPatientPaths finds the ways to the patient, which a process does once.
func BenchmarkPatientPaths(b *testing.B) {
	s := R4()
	b.ReportAllocs()
	for b.Loop() {
		s.findPatientPaths()
	}
}
