// Package fhirsource examines FHIR resources, from a server or from files, and reports
// what is in them and how a ruleset treats it: types, profiles, extensions, code
// systems, identifier systems, elements.
//
//	s := fhirsource.NewScan(automaton)
//	err := s.Add(resource)
//	report := s.Report()
//
// It keeps counts, URLs that name definitions, and paths of elements. Of codes, it
// keeps their form and number. It keeps no value of an element.
package fhirsource

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"hash/maphash"
	"regexp"
	"slices"
	"strings"

	"github.com/veil-proxy/veil/fhir"
	"github.com/veil-proxy/veil/internal/lazyregexp"
)

// Item is one thing that was found.
type Item struct {
	// Name is a type, a URL, or the path of an element.
	Name string `json:"name"`
	// Count is how many resources or elements contain it.
	Count int `json:"count"`
	// Passes says that the ruleset lets it pass, as a whole or in part. Effect says in
	// words what happens.
	Passes bool   `json:"passes"`
	Effect string `json:"effect"`
	// Rule is the rule that decides, if one does.
	Rule string `json:"rule,omitempty"`
	// Codes is how many codes of a system were seen. Pattern is a regular expression for
	// their forms, or empty if they do not look like codes.
	Codes   int    `json:"codes,omitempty"`
	Pattern string `json:"pattern,omitempty"`

	// path is the path of an identifier.
	path string
	// forms and codes are of a code system: the forms of its codes, and how many there are.
	forms map[string]int
	codes map[uint64]bool
}

// Report is what was found.
type Report struct {
	Types       []Item `json:"types"`
	Profiles    []Item `json:"profiles"`
	Extensions  []Item `json:"extensions"`
	CodeSystems []Item `json:"codeSystems"`
	Identifiers []Item `json:"identifiers"`
	Elements    []Item `json:"elements"`
	// Unnamed counts URLs that are not shown because they could be about a person: those
	// that do not have the form of a definition's URL.
	Unnamed int `json:"unnamed"`
	// Unread says which parts of the source could not be read.
	Unread []string `json:"unread"`
}

// Scan collects a report. It is not safe for concurrent use.
type Scan struct {
	automaton                                                   *fhir.Automaton
	seed                                                        maphash.Seed
	types, profiles, extensions, systems, identifiers, elements map[string]*Item
	unnamed                                                     int
	unread                                                      []string
}

// NewScan begins a report on what a ruleset does.
func NewScan(a *fhir.Automaton) *Scan {
	empty := func() map[string]*Item { return map[string]*Item{} }
	return &Scan{automaton: a, seed: maphash.MakeSeed(), types: empty(), profiles: empty(), extensions: empty(), systems: empty(), identifiers: empty(), elements: empty()}
}

// maxDepth bounds how deep a resource is examined.
const maxDepth = 64

// errNoResource is the error for JSON that is not a resource.
var errNoResource = errors.New("no FHIR resource: expected an object with resourceType")

// Add examines a resource in JSON, and the entries of a Bundle.
func (s *Scan) Add(resource []byte) error {
	d := json.NewDecoder(bytes.NewReader(resource))
	d.UseNumber()
	var v map[string]any
	if err := d.Decode(&v); err != nil {
		return errNoResource // the decoder's error quotes the text
	}
	if _, ok := v["resourceType"].(string); !ok {
		return errNoResource
	}
	s.resource(v, 0)
	return nil
}

// typeName is the form of the name of a resource type.
var typeName = regexp.MustCompile(`^[A-Z][A-Za-z]{2,40}$`)

func (s *Scan) resource(v map[string]any, depth int) {
	typ, _ := v["resourceType"].(string)
	if !typeName.MatchString(typ) {
		s.unnamed++
		return
	}
	count(s.types, typ)
	if meta, ok := v["meta"].(map[string]any); ok {
		for _, p := range list(meta["profile"]) {
			if url, ok := p.(string); ok {
				s.url(s.profiles, url)
			}
		}
	}
	s.object(typ, v, depth)
}

// list returns a JSON array, or a single value as one.
func list(v any) []any {
	if l, ok := v.([]any); ok {
		return l
	}
	if v == nil {
		return nil
	}
	return []any{v}
}

// elementName is the form of the name of an element.
var elementName = lazyregexp.New(`^[a-z][A-Za-z0-9]{0,63}$`)

// object examines the members of an element.
func (s *Scan) object(path string, v map[string]any, depth int) {
	if depth > maxDepth {
		return
	}
	s.coding(v)
	for name, member := range v {
		if name == "resourceType" || strings.HasPrefix(name, "_") {
			continue
		}
		if !elementName().MatchString(name) {
			s.unnamed++
			continue
		}
		below := path + "." + name
		if name == "extension" || name == "modifierExtension" {
			s.extension(path, member, depth)
			continue
		}
		count(s.elements, below)
		for _, one := range list(member) {
			o, ok := one.(map[string]any)
			switch {
			case !ok:
			case o["resourceType"] != nil:
				s.resource(o, depth+1)
			default:
				if name == "identifier" {
					if system, ok := o["system"].(string); ok {
						if item := s.url(s.identifiers, system); item != nil {
							item.path = below
						}
					}
				}
				s.object(below, o, depth+1)
			}
		}
	}
}

func (s *Scan) extension(path string, member any, depth int) {
	for _, one := range list(member) {
		o, ok := one.(map[string]any)
		if !ok {
			continue
		}
		if url, ok := o["url"].(string); ok && strings.Contains(url, ":") {
			s.url(s.extensions, url)
		}
		for name, value := range o {
			if v, ok := value.(map[string]any); ok && strings.HasPrefix(name, "value") {
				s.object(path+".extension."+name, v, depth+1)
			}
		}
		if nested := o["extension"]; nested != nil && depth < maxDepth {
			s.extension(path, nested, depth+1)
		}
	}
}

// coding notes the system of a coding, and the form of its code.
func (s *Scan) coding(v map[string]any) {
	system, ok := v["system"].(string)
	code, coded := v["code"].(string)
	if !ok || !coded {
		return
	}
	item := s.url(s.systems, system)
	if item == nil {
		return
	}
	if item.forms == nil {
		item.forms, item.codes = map[string]int{}, map[uint64]bool{}
	}
	item.forms[form(code)]++
	if len(item.codes) < 10000 {
		item.codes[maphash.String(s.seed, code)] = true
	}
}

func count(m map[string]*Item, name string) *Item {
	item := m[name]
	if item == nil {
		item = &Item{Name: name}
		m[name] = item
	}
	item.Count++
	return item
}

// definition is the form of a URL that names a definition. One with a long number or an
// @ could be about a person.
var (
	definition = lazyregexp.New(`^(https?://[A-Za-z0-9.-]+(:[0-9]+)?(/[A-Za-z0-9._~-]+)*/?(\|[0-9.]+)?|urn:oid:[0-2](\.[0-9]+)+|urn:[a-z0-9-]{2,31}:[A-Za-z][A-Za-z0-9:._-]*)$`)
	longNumber = regexp.MustCompile(`[0-9]{6,}|[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-`)
)

// url counts a URL. If it could be about a person, it only counts that there was one.
func (s *Scan) url(m map[string]*Item, url string) *Item {
	if len(url) > 250 || !definition().MatchString(url) || !strings.HasPrefix(url, "urn:oid:") && longNumber.MatchString(url) {
		s.unnamed++
		return nil
	}
	return count(m, url)
}

// addUnread notes what could not be read.
func (s *Scan) addUnread(format string, args ...any) {
	s.unread = append(s.unread, fmt.Sprintf(format, args...))
}

// countType counts resources of a type that were not examined one by one.
func (s *Scan) countType(typ string, n int) {
	if typeName.MatchString(typ) && n > 0 {
		count(s.types, typ).Count = n
	}
}

// Report returns what was found, most frequent first, and how the ruleset treats it.
func (s *Scan) Report() *Report {
	r := &Report{Unnamed: s.unnamed, Unread: append([]string{}, s.unread...)}
	r.Types = sorted(s.types, s.aboutType)
	r.Profiles = sorted(s.profiles, func(i *Item) {
		i.Passes, i.Effect = s.automaton.CanonicalPasses(i.Name), "removed: no entry of canonicals covers it"
		if i.Passes {
			i.Effect = "kept"
		}
	})
	r.Extensions = sorted(s.extensions, func(i *Item) { s.explain(i, fmt.Sprintf("extension('%s')", i.Name), "removed: no rule covers it") })
	r.CodeSystems = sorted(s.systems, func(i *Item) {
		i.Passes, i.Effect = s.automaton.SystemPasses(i.Name), "codes become pseudonyms: no entry of codeSystems covers it"
		if i.Passes {
			i.Effect = "kept if the code has the form of the system"
		}
		i.Codes = len(i.codes)
		i.Pattern, _ = i.pattern()
	})
	r.Identifiers = sorted(s.identifiers, func(i *Item) {
		s.explain(i, i.path+".where(system = '"+i.Name+"').value", "")
		if i.Effect == "" {
			s.explain(i, i.path+".value", "as the rules of the element say")
		}
	})
	r.Elements = sorted(s.elements, func(i *Item) { s.explain(i, i.Name, "see veil ruleset explain") })
	return r
}

func sorted(m map[string]*Item, judge func(*Item)) []Item {
	out := make([]Item, 0, len(m))
	for _, item := range m {
		judge(item)
		out = append(out, *item)
	}
	slices.SortFunc(out, func(a, b Item) int {
		if a.Count != b.Count {
			return b.Count - a.Count
		}
		return strings.Compare(a.Name, b.Name)
	})
	return out
}

// aboutType says whether resources of a type are withheld.
func (s *Scan) aboutType(i *Item) {
	if _, known := s.automaton.Resource(i.Name); !known {
		i.Effect = "refused: the ruleset does not know the type"
		return
	}
	i.Passes, i.Effect = true, "masked by the rules of its elements"
	if found, err := s.automaton.Explain(i.Name); err == nil {
		for _, e := range found {
			if strings.Contains(e.Effect, "withheld") {
				i.Passes, i.Effect, i.Rule = false, e.Effect, e.Rule
			}
		}
	}
}

// explain says what happens to an element or extension.
func (s *Scan) explain(i *Item, path, otherwise string) {
	i.Effect = otherwise
	found, err := s.automaton.Explain(path)
	if err != nil || len(found) == 0 {
		return
	}
	e := &found[0]
	i.Effect, i.Rule, i.Passes = e.Effect, e.Rule, e.Method != "remove" && e.Method != "withhold"
}

// form is the form of a code: 9 for digits, A and a for letters.
func form(code string) string {
	if len(code) > 24 {
		return ""
	}
	return strings.Map(func(r rune) rune {
		switch {
		case r >= '0' && r <= '9':
			return '9'
		case r >= 'A' && r <= 'Z':
			return 'A'
		case r >= 'a' && r <= 'z':
			return 'a'
		case strings.ContainsRune("-._/", r):
			return r
		}
		return '?'
	}, code)
}
