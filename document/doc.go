// Package document masks documents that are neither FHIR nor tables: trees of members or
// elements, in any syntax. It knows the documents section of a ruleset, but neither JSON
// nor XML: packages document/json and document/xml read and write those.
//
//	rules, err := document.Compile(policy)
//	plan := rules.Plan("claims")
//	masker := plan.JSON.NewMasker(mask.NewPass(plan.Actions), source) // one for each goroutine
//
// # Paths
//
// A [Path] selects values of a document: from its root by names, patterns and "any", of a
// child or of a descendant. Of the paths that select a value, the most specific one acts;
// see [Path.Compare]. The paths of a document are matched in parallel: a [Node] is the set
// of positions that they have reached. Nodes are made when they are first needed and
// belong to a [Masker].
//
// # Names
//
// The name of a member can be data, as in an object that is keyed by patient. So a name
// passes only if a path spells it out, or if the rule of a path with a wildcard says how
// to treat it. If its name does not pass, a member is removed with everything in it.
package document
