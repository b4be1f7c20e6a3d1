// Package clienttest has no code but tests: real FHIR clients, those of
// testdata/clients, before the command veil serve as it is built and configured
// by an operator, before a HAPI FHIR server (package hapitest). Everything that
// a client receives is searched for planted values, by the client as it parses
// it and on the wire.
//
// The tests run with VEIL_TEST_ALL=1, as make test-all has it. A client whose
// language is not on the machine is skipped; in CI, where the variable CI says
// so, it fails.
package clienttest
