// Package mask is the core that the listeners and the file command share: the one
// interface that every masking method has, how an exchange is counted, and how it is
// recorded. It knows nothing of FHIR, SQL, HTTP or any regulation.
//
// A ruleset.Ruleset (what a person writes) becomes a ruleset.Policy (what runs). A
// policy applied to a shape, such as the FHIR schema, gives a Plan: actions by number.
// One exchange is one Pass with one plan; it counts every application of an action and
// must commit its Record to a Sink before its last byte leaves. A Method returns an
// Outcome along with its bytes.
//
//	methods, err := mask.NewMethods(general.Methods(), safeharbor.Methods(), fhir.Methods())
//	rs, err := ruleset.Parse(file, src, methods, rulesets.Open)
//	ring, err := keys.NewKeyring(secret, "trial-17")
//	policy, err := ruleset.NewPolicy(rs, methods, ring)
//	automaton, err := fhir.Compile(policy, schema.R4())
//
// Invariants: a value that no rule covers does not pass; no error, record or log holds
// a value; the same input, ruleset and key give the same bytes forever. No clock,
// random source or map order reaches a masked byte.
package mask
