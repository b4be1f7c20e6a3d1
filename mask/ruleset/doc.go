// Package ruleset implements the language of rulesets. A Ruleset is what a person
// writes, with everything that it extends resolved; its SHA-256 is its identity. A
// Policy is a ruleset ready to run: its methods created, its keys derived. What a
// rule's match means is up to the engines that apply a policy to a schema or a catalog.
package ruleset
