// Package strictyaml reads YAML that people write: rulesets, rule tests and the configuration. It
// knows the place of each value, reports every key that its reader does not know, and collects all
// problems of a file. It exposes no type of the YAML library.
package strictyaml
