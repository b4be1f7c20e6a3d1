// Package fhir masks FHIR resources: it compiles the FHIR rules of a ruleset into an
// automaton over the elements of a schema, and walks resources with it.
//
//	automaton, err := fhir.Compile(policy, schema.R4())
//	walker := fhir.NewWalker(automaton, fhir.RememberAlways)
//	out, err = walker.AppendJSON(out, resource, pass, site)
//
// An Automaton is immutable. A Walker belongs to one goroutine; it masks in one pass over
// the text, without a tree, and remembers what repeats. What no rule covers is removed, an
// unknown modifier withholds its resource, and no error holds a value of a resource.
//
// The packages below it know nothing of masking: fhirjson and fhirxml read and write
// resources, schema has the elements of a FHIR version, terminology has code systems,
// lexical checks the forms of values. Packages above it read the compiled rules: guard
// decides what a search may compare.
//
// The engine is one package because the compiler builds exactly the structures that the
// walker reads at each byte: nodes, decisions and memories share their fields, and a
// package boundary between the two would cost a call for each element.
package fhir
