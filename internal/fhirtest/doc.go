// Package fhirtest makes synthetic patients, and a FHIR server that serves them, for
// demos, tests and benchmarks, in the spirit of net/http/httptest.
//
// [Generate] makes a [Population] of FHIR R4 resources out of a seed: patients
// with everything a hospital record says of them, and the practitioners,
// organizations and locations they share. Nothing in it is about a real
// person, and the same seed gives the same bytes. Every value that identifies
// someone is also listed, by [Population.Planted], and [Population.Find] says
// which of them occur in some bytes, so that a test can prove that masked
// output holds none:
//
//	p := fhirtest.Generate(1, 20)
//	masked := mask(p)
//	for _, leak := range p.Find(masked) {
//		t.Errorf("%s (%s) is in the output", leak.Path, leak.Kind)
//	}
//
// [NewServer] serves a Population as a read-only FHIR server with a search
// that works and manners that are bad on purpose: its errors repeat what was
// asked and its headers tell too much. [Faults] lists servers that misbehave
// in other ways.
//
// The package knows no masking and imports no package of this module.
//
// It is one package because the generator, the server and the list of planted values share
// the parts of the population.
package fhirtest
