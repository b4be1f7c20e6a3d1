package guard

import (
	"fmt"
	"slices"
	"strings"

	"github.com/veil-proxy/veil/fhir/schema"
	"github.com/veil-proxy/veil/internal/suggest"
)

// maxLinks is how many references a chain may follow. Each is a join for the
// upstream.
const maxLinks = 4

// criterion judges a parameter that selects resources of a type: a search parameter with
// or without a modifier, a chain (FHIR R4, search.html#chaining) or a reverse chain
// (search.html#has). Every reference on the way must be one that may be followed; the
// last parameter decides.
func (s *search) criterion(typ, name, value string, links int) (Param, *Refusal) {
	if links > maxLinks {
		return Param{}, refusal(fmt.Sprintf("it follows more than %d references", maxLinks))
	}
	if rest, ok := strings.CutPrefix(name, "_has:"); ok {
		return s.has(typ, rest, value, links)
	}
	if link, rest, ok := strings.Cut(name, "."); ok {
		return s.chain(typ, link, rest, value, links)
	}
	bare, modifier, _ := strings.Cut(name, ":")
	sp, ok := s.g.param(typ, bare)
	switch {
	case !ok && beyondRules[bare] != "":
		return Param{}, refusal(beyondRules[bare])
	case !ok:
		return Param{}, &Refusal{Reason: "it is not a search parameter of FHIR R4 for " + typ, Hint: strings.TrimSpace(suggest.DidYouMean(bare, s.g.allowed(typ)))}
	}
	v := s.g.judge(typ, sp)
	if v.class == classRefused {
		return Param{}, &Refusal{Rule: v.rule, Reason: v.reason, Hint: s.instead(typ, sp)}
	}
	if v.class == classShifted && (links > 0 || len(s.entity) == 0) {
		return Param{}, &Refusal{Rule: v.rule, Reason: "times are shifted by patient, so the search must name the patient",
			Hint: "add patient=Patient/id, or _id where patients are searched"}
	}
	modifier, value, reason := s.value(v, modifier, value)
	if reason != "" {
		return Param{}, &Refusal{Rule: v.rule, Reason: reason}
	}
	if modifier != "" {
		bare += ":" + modifier
	}
	return Param{bare, value}, nil
}

// instead names an allowed composite that can replace a refused parameter.
func (s *search) instead(typ string, sp *schema.SearchParam) string {
	for _, prefix := range []string{"code-", "combo-code-"} {
		if c, ok := s.g.param(typ, prefix+strings.TrimPrefix(sp.Name, "combo-")); ok && s.g.judge(typ, c).class != classRefused {
			return fmt.Sprintf("%q may be used", c.Name)
		}
	}
	return ""
}

// has judges _has:Type:reference:parameter: resources that one of Type refers
// to for which the parameter holds.
func (s *search) has(typ, name, value string, links int) (Param, *Refusal) {
	parts := strings.SplitN(name, ":", 3)
	if len(parts) != 3 || parts[2] == "" {
		return Param{}, refusal("a reverse chain is written _has:Type:reference:parameter")
	}
	if r := s.link(parts[0], parts[1], typ); r != nil {
		return Param{}, r
	}
	p, r := s.criterion(parts[0], parts[2], value, links+1)
	if r != nil {
		return p, r
	}
	return Param{"_has:" + parts[0] + ":" + parts[1] + ":" + p.Name, p.Value}, nil
}

// link refuses a reference that may not be followed from one type to another.
func (s *search) link(from, reference, to string) *Refusal {
	if !s.g.usable(from) || to != "" && !s.g.usable(to) {
		return refusal("the resource type is unknown or withheld")
	}
	s.types[from] = true
	if to != "" {
		s.types[to] = true
	}
	sp, ok := s.g.param(from, reference)
	if !ok {
		return refusal(fmt.Sprintf("%s has no such reference", from))
	}
	v := s.g.judge(from, sp)
	switch {
	case v.class != classReference:
		return &Refusal{Rule: v.rule, Reason: "the parameter is not a reference that may be followed"}
	case to != "" && len(v.targets) > 0 && !slices.Contains(v.targets, to):
		return refusal(fmt.Sprintf("the reference cannot refer to %s", to))
	}
	return nil
}

// chain judges reference.parameter and reference:Type.parameter.
func (s *search) chain(typ, link, rest, value string, links int) (Param, *Refusal) {
	reference, target, typed := strings.Cut(link, ":")
	if r := s.link(typ, reference, target); r != nil {
		return Param{}, r
	}
	if typed {
		p, r := s.criterion(target, rest, value, links+1)
		return Param{link + "." + p.Name, p.Value}, r
	}
	sp, _ := s.g.param(typ, reference)
	name, _, _ := strings.Cut(rest, ".")
	name, _, _ = strings.Cut(name, ":")
	targets := s.g.judge(typ, sp).targets
	var agreed Param
	var having []string
	for _, target := range targets {
		if _, ok := s.g.param(target, name); !ok && name != "_has" {
			continue
		}
		if !s.g.usable(target) {
			return Param{}, refusal("the reference can refer to a type that is withheld; name the type, as in reference:Type.parameter")
		}
		s.types[target] = true
		p, r := s.criterion(target, rest, value, links+1)
		if r != nil {
			return p, r
		}
		if len(having) > 0 && agreed != p {
			return Param{}, refusal("the reference can refer to types that differ in this; name the type, as in reference:Type.parameter")
		}
		agreed = p
		having = append(having, target)
	}
	// The upstream may know more parameters than FHIR R4 has, so types that were not judged
	// must not be searched: either the type is named, or each type was judged.
	switch {
	case len(having) == len(targets) && len(having) > 0:
		return Param{reference + "." + agreed.Name, agreed.Value}, nil
	case len(having) == 1:
		return Param{reference + ":" + having[0] + "." + agreed.Name, agreed.Value}, nil
	case len(having) > 1:
		return Param{}, refusal("only some of the types that the reference can refer to have this parameter; name the type, as in reference:Type.parameter")
	}
	return Param{}, refusal("no type that the reference can refer to has this parameter; name the type, as in reference:Type.parameter")
}
