// Package ruleset is the language of rulesets. A Ruleset is what a person writes,
// with everything that it extends resolved; its SHA-256 is its identity. A Policy is
// a ruleset that runs: its methods made, its keys at hand. What a rule's match means
// is known to the engines that lay a policy over a schema or a catalog.
package ruleset
