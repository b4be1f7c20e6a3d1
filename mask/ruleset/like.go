package ruleset

import (
	"fmt"

	"github.com/veil-proxy/veil/internal/strictyaml"
	"github.com/veil-proxy/veil/mask"
)

// fieldRule is a rule of FHIR or of tables.
type fieldRule struct {
	id, method string
	args       mask.Args
	at         strictyaml.Position
}

// checkLikes adds a problem for each rule for texts whose arguments differ from those of
// all corresponding rules for fields: a text and its record would not agree.
func checkLikes(problems *strictyaml.Problems, defs mask.Methods, rules []fieldRule) {
	for i := range rules {
		r := &rules[i]
		def := defs[r.method]
		if def.Like == nil {
			continue
		}
		for _, like := range def.Like(r.args) {
			for _, a := range like.Args {
				checkLike(problems, r, &like, a, rules)
			}
		}
	}
}

func checkLike(problems *strictyaml.Problems, r *fieldRule, like *mask.Like, a mask.LikeArg, rules []fieldRule) {
	own := argOf(r.args, a.Own, a.Default)
	var other *fieldRule
	for i := range rules {
		f := &rules[i]
		if f.method != like.Method || !hasArgs(f.args, like.With) {
			continue
		}
		if argOf(f.args, a.Other, a.OtherDefault) == own {
			return
		}
		if other == nil {
			other = f
		}
	}
	if other != nil {
		problems.Add(r.at, "rule %q: %s is %s, but the method %s of rule %q has %s %s: a text and its record would not agree", r.id, a.Own, own, like.Method, other.id, a.Other, argOf(other.args, a.Other, a.OtherDefault))
	}
}

// argOf returns an argument as written.
func argOf(args mask.Args, name string, def any) string {
	v, ok := args[name]
	if !ok {
		v = def
	}
	if s, ok := v.(string); ok {
		return fmt.Sprintf("%q", s)
	}
	return fmt.Sprint(v)
}

func hasArgs(args, want mask.Args) bool {
	for name, v := range want {
		if args[name] != v {
			return false
		}
	}
	return true
}
