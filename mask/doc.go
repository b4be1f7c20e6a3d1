// Package mask is the core that both doors and the file command share. It
// knows the language of rulesets, how a ruleset becomes a policy that runs, the
// one interface that every masking method has, how an exchange is counted and
// recorded, and how keys and pseudonyms are made. It knows no FHIR, SQL, HTTP
// and no regulation.
//
// The idea in four lines: a Ruleset (what a person writes) compiles to a Policy
// (what runs). A policy laid over a shape, such as the FHIR schema, gives a
// Plan: actions by number. One exchange is one Pass with one plan; it counts
// every application of an action and must commit its Record to a Sink before
// its last byte leaves. A Method returns an Outcome beside its bytes.
//
//	methods, err := mask.NewMethods(general.Methods(), safeharbor.Methods(), fhir.Methods())
//	ruleset, err := mask.ParseRuleset(file, src, methods, rulesets.Open)
//	keys, err := mask.NewKeyring(secret, "trial-17")
//	policy, err := mask.NewPolicy(ruleset, methods, keys)
//	automaton, err := fhir.Compile(policy, fhir.R4())
//
// Invariants: a value that no rule covers does not pass; no error, record or
// log holds a value; the same input, ruleset and key give the same bytes for
// ever. No clock, random source or map order reaches a masked byte.
package mask
