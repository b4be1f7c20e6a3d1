package fhir

import (
	"bytes"
	"maps"
	"regexp"
	"slices"
	"sort"
	"strings"

	"github.com/veil-proxy/veil/fhir/fhirjson"
	"github.com/veil-proxy/veil/fhir/termhash"
	"github.com/veil-proxy/veil/fhir/terminology"
	"github.com/veil-proxy/veil/internal/strictyaml"
	"github.com/veil-proxy/veil/internal/suggest"
	"github.com/veil-proxy/veil/mask/ruleset"
)

// displayMode says which displays of a code system pass.
type displayMode uint8

const (
	displayVerify displayMode = iota // those that the terminology table has for the code
	displayTrust                     // all
	displayRemove                    // none
)

// codeSystem is one whose codes may pass.
type codeSystem struct {
	// url is its name in the terminology table; nil for systems listed by prefix, where it
	// depends on the system.
	url     []byte
	display displayMode
	form    func(code []byte) bool // nil: the code must be in the terminology table
	// mend appends the part that may pass of a code without the right form; nil for most.
	mend func(dst, code []byte) ([]byte, bool)
	// rollUp is how many characters of a code remain, if not 0.
	rollUp int
}

// rolledUp returns what remains of a code: the code itself, or its beginning without the
// punctuation that preceded the rest.
func (s *codeSystem) rolledUp(code []byte) []byte {
	if s.rollUp == 0 || len(code) <= s.rollUp {
		return code
	}
	return bytes.TrimRight(code[:s.rollUp], "./-")
}

// named is the name in the terminology table of the system that a code names.
func (s *codeSystem) named(system []byte) []byte {
	if s.url != nil {
		return s.url
	}
	return terminology.SystemURL(system)
}

// codeSystems are the systems of a ruleset.
type codeSystems struct {
	exact    map[string]*codeSystem
	uris     fhirjson.KeyTable // of exact, to bySystem
	bySystem []*codeSystem
	prefixes []string // longest first
	byPrefix map[string]*codeSystem
	terms    *terminology.Terms
}

func newCodeSystems(list []ruleset.CodeSystem, problems *strictyaml.Problems) *codeSystems {
	cs := &codeSystems{exact: map[string]*codeSystem{}, byPrefix: map[string]*codeSystem{}, terms: terminology.Load()}
	for _, l := range list {
		s := &codeSystem{display: map[string]displayMode{"verify": displayVerify, "trust": displayTrust, "remove": displayRemove}[l.Display], rollUp: l.RollUp}
		switch form := terminology.Form(l.Form); {
		case l.Form == "members":
		case l.Form == "pattern":
			re, err := regexp.Compile(`^(?:` + l.Pattern + `)$`)
			if err != nil {
				problems.Add(l.At, "code system pattern is not a regular expression (RE2)")
				continue
			}
			s.form = re.Match
		case form != nil:
			s.form = form
			if l.Form == "ucum" {
				s.mend = terminology.AppendMendedUCUM
			}
		default:
			names := append(terminology.Forms(), "members", "pattern")
			problems.Add(l.At, "unknown form %q%s: expected one of %s", l.Form, suggest.DidYouMean(l.Form, names), strings.Join(names, ", "))
			continue
		}
		if p, ok := strings.CutSuffix(l.System, "*"); ok {
			cs.byPrefix[p] = s
			cs.prefixes = append(cs.prefixes, p)
		} else {
			s.url = terminology.SystemURL([]byte(l.System))
			cs.exact[l.System] = s
		}
	}
	uris := slices.Sorted(maps.Keys(cs.exact))
	cs.uris = fhirjson.NewKeyTable(uris)
	for _, uri := range uris {
		cs.bySystem = append(cs.bySystem, cs.exact[uri])
	}
	sort.Slice(cs.prefixes, func(i, j int) bool { return len(cs.prefixes[i]) > len(cs.prefixes[j]) })
	return cs
}

// find returns the system of a URI, or nil when its codes may not pass.
func (cs *codeSystems) find(uri []byte) *codeSystem {
	if s := cs.named(uri); s != nil {
		return s
	}
	uri = terminology.SystemURL(uri)
	if s := cs.named(uri); s != nil {
		return s
	}
	for _, p := range cs.prefixes {
		if len(uri) >= len(p) && string(uri[:len(p)]) == p {
			// A system under a prefix must itself be known: the rest of the URI could be anything.
			if _, known := cs.terms.System(uri); known {
				return cs.byPrefix[p]
			}
			return nil
		}
	}
	return nil
}

// named returns the system listed under its full name, or nil.
func (cs *codeSystems) named(uri []byte) *codeSystem {
	if len(uri) > fhirjson.LongestName {
		return cs.exact[string(uri)]
	}
	if k := cs.uris.Find(uri); k >= 0 {
		return cs.bySystem[k]
	}
	return nil
}

// codeMayPass reports whether a code, and what remains of it, has the form of its
// system's codes.
func (cs *codeSystems) codeMayPass(s *codeSystem, system, code []byte) bool {
	if rest := s.rolledUp(code); len(rest) < len(code) {
		plain := !bytes.ContainsFunc(rest, func(r rune) bool { return r <= ' ' || r == '"' || r == '\\' || r > '~' })
		return plain && len(rest) > 0 && cs.hasForm(s, system, code) && cs.hasForm(s, system, rest)
	}
	return cs.hasForm(s, system, code)
}

func (cs *codeSystems) hasForm(s *codeSystem, system, code []byte) bool {
	if s.form != nil {
		return s.form(code)
	}
	return cs.terms.HasCode(s.named(system), code)
}

// displayMayPass reports whether a display really belongs to the code, or is the code
// itself, ignoring case and spacing.
func (cs *codeSystems) displayMayPass(s *codeSystem, system, code, display []byte) bool {
	code = s.rolledUp(code)
	switch s.display {
	case displayTrust:
		return true
	case displayVerify:
		return termhash.Same(display, code) || cs.terms.HasDisplay(s.named(system), code, display)
	}
	return false
}

// anyDisplay reports whether any system shows displays.
func (cs *codeSystems) anyDisplay() bool {
	for _, list := range []map[string]*codeSystem{cs.exact, cs.byPrefix} {
		for _, s := range list {
			if s.display != displayRemove {
				return true
			}
		}
	}
	return false
}

// CanonicalPasses reports whether a canonical URL passes.
func (a *Automaton) CanonicalPasses(url string) bool { return a.canonicalMayPass([]byte(url)) }

// SystemPasses reports whether codes of a code system may pass.
func (a *Automaton) SystemPasses(system string) bool { return a.codes.find([]byte(system)) != nil }

// CodePasses reports whether a code of a system passes unchanged. Codes that are rolled
// up do not: searching for one would distinguish it from others that look the same.
func (a *Automaton) CodePasses(system, code string) bool {
	s := a.codes.find([]byte(system))
	return s != nil && s.rollUp == 0 && a.codes.codeMayPass(s, []byte(system), []byte(code))
}

// DisplayPasses reports whether a display passes next to a code that passes.
func (a *Automaton) DisplayPasses(system, code, display string) bool {
	s := a.codes.find([]byte(system))
	return s != nil && s.rollUp == 0 && a.codes.codeMayPass(s, []byte(system), []byte(code)) && a.codes.displayMayPass(s, []byte(system), []byte(code), []byte(display))
}

// DisplaysPass reports whether any code system shows displays.
func (a *Automaton) DisplaysPass() bool { return a.codes.anyDisplay() }

// SystemsHaving returns, in order, the systems that the ruleset lists by their full
// name and whose form the code has.
func (a *Automaton) SystemsHaving(code string) []string {
	var all []string
	for _, system := range slices.Sorted(maps.Keys(a.codes.exact)) {
		if code != "" && a.codes.codeMayPass(a.codes.exact[system], []byte(system), []byte(code)) {
			all = append(all, system)
		}
	}
	return all
}
