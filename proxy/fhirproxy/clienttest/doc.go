// Package clienttest contains only tests. They run real FHIR clients (testdata/clients)
// against the command veil serve, built and configured as by an operator, in front of a
// HAPI FHIR server (package hapitest). Everything that a client receives is searched
// for planted values, both as the client parses it and on the wire.
//
// The tests run with VEIL_TEST_ALL=1, which make test-all sets. A client whose language
// is not installed is skipped, or fails in CI (if the variable CI is set).
package clienttest
