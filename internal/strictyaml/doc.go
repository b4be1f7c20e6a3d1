// Package strictyaml reads YAML that people write: rulesets, rule tests and the
// configuration. It knows every place, refuses every key that nobody asked for, and
// collects all problems of a file. No type of the YAML library leaves it.
package strictyaml
