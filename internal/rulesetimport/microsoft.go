package rulesetimport

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/veil-proxy/veil/fhir"
	"github.com/veil-proxy/veil/fhir/schema"
	"github.com/veil-proxy/veil/internal/lazyregexp"
	"github.com/veil-proxy/veil/mask"
)

// microsoftConfig is a configuration of Microsoft's Tools for Health Data Anonymization,
// as its documentation describes it (FHIR-anonymization.md, "Configuration file format").
type microsoftConfig struct {
	FHIRVersion string          `json:"fhirVersion"`
	Rules       []microsoftRule `json:"fhirPathRules"`
	Parameters  struct {
		PartialAges  bool   `json:"enablePartialAgesForRedact"`
		PartialDates bool   `json:"enablePartialDatesForRedact"`
		PartialZips  bool   `json:"enablePartialZipCodesForRedact"`
		Scope        string `json:"dateShiftScope"`
		DateShiftKey string `json:"dateShiftKey"`
		HashKey      string `json:"cryptoHashKey"`
		EncryptKey   string `json:"encryptKey"`
	} `json:"parameters"`
}

type microsoftRule struct {
	Path        string          `json:"path"`
	Method      string          `json:"method"`
	ReplaceWith json.RawMessage `json:"replaceWith"`
	Span        json.Number     `json:"span"`
	RangeType   string          `json:"rangeType"`
	RoundTo     json.Number     `json:"roundTo"`
	Cases       cases           `json:"cases"`
	OtherValues string          `json:"otherValues"`
	// Domain and Namespace are of MIRACUM's method pseudonymize.
	Domain    string `json:"domain"`
	Namespace string `json:"namespace"`
}

// hashKey is the name of the imported key for cryptoHash.
const hashKey = "cryptoHash"

// shiftDays is how far Microsoft's dateShift moves dates, in either direction.
const shiftDays = 50

// microsoft imports a configuration of Microsoft's Tools for Health Data Anonymization.
func microsoft(m *importer, text []byte) error {
	c, err := readMicrosoft(withoutComments(text))
	if err != nil {
		return err
	}
	m.parameters(c)
	m.fhirRules(c)
	return nil
}

// readMicrosoft reads a configuration in Microsoft's format.
func readMicrosoft(text []byte) (*microsoftConfig, error) {
	c := &microsoftConfig{}
	if err := json.Unmarshal(text, c); err != nil {
		return nil, fmt.Errorf("not JSON of the expected form: %w", err)
	}
	if len(c.Rules) == 0 {
		return nil, errors.New("no fhirPathRules: expected a configuration in the format of Tools for Health Data Anonymization for FHIR")
	}
	return c, nil
}

// withoutComments removes comments and trailing commas from JSON, which Microsoft's tools
// accept.
func withoutComments(text []byte) []byte {
	out := make([]byte, 0, len(text))
	for len(text) > 0 {
		switch {
		case text[0] == '"':
			end := stringEnd(text)
			out, text = append(out, text[:end]...), text[end:]
		case bytes.HasPrefix(text, []byte("//")):
			text = text[lineEnd(text):]
		case bytes.HasPrefix(text, []byte("/*")):
			end := bytes.Index(text[2:], []byte("*/"))
			if end < 0 {
				return append(out, text...)
			}
			out, text = append(out, ' '), text[end+4:]
		default:
			if c := text[0]; c == '}' || c == ']' { // after a comma it is an error in JSON
				out = bytes.TrimSuffix(bytes.TrimRight(out, " \t\r\n"), []byte(","))
			}
			out, text = append(out, text[0]), text[1:]
		}
	}
	return out
}

// stringEnd returns the index after the JSON string at the beginning of text.
func stringEnd(text []byte) int {
	for i := 1; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(text)
}

func lineEnd(text []byte) int {
	if i := bytes.IndexByte(text, '\n'); i >= 0 {
		return i
	}
	return len(text)
}

// parameters notes which settings differ here.
func (m *importer) parameters(c *microsoftConfig) {
	if c.FHIRVersion != "" && c.FHIRVersion != "R4" {
		m.differs(0, "fhirVersion", "%q: the ruleset is for R4", c.FHIRVersion)
	}
	if m.keepLinks {
		m.differs(0, "parameters", "cryptoHash is computed with the key that veil mask --imported-key %s=FILE names; dateShift is not imported: its shift is a checksum modulo 101, so one original date reveals all shifts", hashKey)
	} else if p := c.Parameters; p.DateShiftKey != "" || p.HashKey != "" || p.EncryptKey != "" {
		m.differs(0, "parameters", "keys are not part of a ruleset: pseudonyms and shifts come from the project's key, so they differ from those in existing data sets")
	}
	if s := c.Parameters.Scope; s != "" && s != "resource" {
		m.differs(0, "dateShiftScope", "%q: dates shift by patient", s)
	} else if s == "resource" {
		m.differs(0, "dateShiftScope", "dates shift by patient, which preserves intervals between resources")
	}
}

// fhirRules converts the rules.
func (m *importer) fhirRules(c *microsoftConfig) {
	for i, r := range c.Rules {
		for _, path := range alternatives(r.Path) {
			m.microsoft(i+1, path, r, c)
		}
	}
}

// alternatives splits a path at the operator |.
func alternatives(path string) (out []string) {
	depth, start := 0, 0
	for i := range len(path) {
		switch path[i] {
		case '(':
			depth++
		case ')':
			depth--
		case '|':
			if depth == 0 {
				out = append(out, strings.TrimSpace(path[start:i]))
				start = i + 1
			}
		}
	}
	return append(out, strings.TrimSpace(path[start:]))
}

var (
	byType = lazyregexp.New(`^nodesByType\('(\w+)'\)(\..+)$`)
	castTo = lazyregexp.New(`^\(?([A-Z][\w.]*) as (\w+)\)?((?:\.\w+)*)$`)
)

// matchOf is a path as rulesets write it.
func matchOf(path string) string {
	if m := byType().FindStringSubmatch(path); m != nil {
		return m[1] + m[2]
	}
	if m := castTo().FindStringSubmatch(path); m != nil {
		return m[1] + ".ofType(" + m[2] + ")" + m[3]
	}
	return path
}

// microsoft converts a rule for one path.
func (m *importer) microsoft(number int, path string, r microsoftRule, c *microsoftConfig) {
	method := strings.ToLower(r.Method)
	switch path {
	case "Resource":
		m.differs(number, path, "left out: what no rule lets pass is removed")
		return
	case "Resource.id", "nodesByType('Reference').reference", "Reference.reference":
		m.identity(number, path, method)
		return
	}
	rule := imported{number: number, path: path, match: matchOf(path)}
	decided, err := m.base.Explain(strings.TrimSuffix(strings.TrimPrefix(rule.match, "nodesByType('"), "')"))
	if err != nil && !strings.HasPrefix(rule.match, "nodesBy") {
		m.differs(number, path, "left out, so that safe-harbor decides: %v", err)
		return
	}
	typ := m.typeOf(rule.match)
	if method == "redact" && m.redactedByBase(rule.match, typ, decided, c) {
		m.result.Base++
		return
	}
	if method == "redact" && m.restOf(rule, typ) {
		return
	}
	var ok bool
	if method == "keep" && !slices.ContainsFunc(decided, func(e fhir.Explanation) bool { return e.Effect != "removed" }) {
		m.differs(number, path, "kept, as in the original, although safe-harbor removes it: the result is not Safe Harbor")
	}
	rule.lenient = method == "keep"
	if rule.method, rule.args, ok = m.methodOf(number, path, method, typ, r); ok {
		m.add(rule)
	}
}

// identity converts a rule for ids or references, which always agree here.
func (m *importer) identity(number int, path, method string) {
	switch method {
	case "cryptohash":
		if m.keepLinks && path == "Resource.id" {
			m.add(imported{number: number, path: path, match: path, method: "resourceId", args: mask.Args{"importedKey": hashKey}})
			return
		}
		m.result.Base++ // references follow the ids
	case "encrypt", "pseudonymize":
		m.result.Base++
	case "redact":
		m.differs(number, path, "ids are sealed instead, since nothing could be read by id without them; only the key opens them")
	default:
		m.differs(number, path, "ids are sealed instead: %s would show them", method)
	}
}

// restOf redacts an object, except for the elements that earlier rules match.
func (m *importer) restOf(r imported, typ string) bool {
	holder := strings.TrimSuffix(strings.TrimPrefix(r.match, "nodesByType('"), "')")
	t := m.base.Schema().Type(typ)
	before := false
	for match := range m.seen {
		before = before || strings.HasPrefix(match, holder+".")
	}
	if t == nil || !before {
		return false
	}
	for _, e := range t.Elements {
		if e.Name != "id" && e.Name != "extension" && !m.seen[holder+"."+e.Name] {
			one := r
			one.match, one.method = holder+"."+e.Name, "remove"
			m.add(one)
		}
	}
	return true
}

// withoutConditions removes where() from a path.
func withoutConditions(path string) string {
	for {
		before, after, found := strings.Cut(path, ".where(")
		if !found {
			return path
		}
		end, depth := len(after), 1
		for i := 0; i < len(after) && depth > 0; i++ {
			switch after[i] {
			case '(':
				depth++
			case ')':
				depth--
			}
			end = i + 1
		}
		path = before + after[end:]
	}
}

// typeOf returns the FHIR type of what a path matches, or "" if there are several.
func (m *importer) typeOf(match string) string {
	if name, ok := strings.CutPrefix(match, "nodesByType('"); ok {
		return strings.TrimSuffix(name, "')")
	}
	steps := strings.Split(withoutConditions(match), ".")
	t := m.base.Schema().Type(steps[0])
	code := steps[0]
	for i := 1; i < len(steps) && t != nil; i++ {
		if strings.HasPrefix(steps[i], "ofType(") {
			continue
		}
		e := t.Element(steps[i])
		if e == nil {
			return ""
		}
		types := e.Types
		if i+1 < len(steps) && strings.HasPrefix(steps[i+1], "ofType(") {
			want := strings.TrimSuffix(strings.TrimPrefix(steps[i+1], "ofType("), ")")
			types = slices.DeleteFunc(slices.Clone(types), func(et schema.ElementType) bool { return et.Code != want })
		}
		if len(types) != 1 {
			return ""
		}
		code, t = types[0].Code, types[0].Type
	}
	return code
}

// redactedByBase reports whether safe-harbor does to an element what redact does: removes
// it, or keeps the part of it that the configuration enables.
func (m *importer) redactedByBase(match, typ string, decided []fhir.Explanation, c *microsoftConfig) bool {
	partial := typ == "date" || typ == "dateTime" || typ == "instant"
	enabled := c.Parameters.PartialDates
	switch {
	case strings.HasSuffix(match, "postalCode"):
		partial, enabled = true, c.Parameters.PartialZips
	case typ == "Age":
		partial, enabled = true, c.Parameters.PartialAges
	}
	if partial {
		return enabled
	}
	for _, e := range decided {
		if e.Effect != "removed" {
			return false
		}
	}
	if len(decided) == 0 || strings.HasPrefix(match, "nodesBy") {
		r := m.baseMatch(match)
		return r != "" && m.baseRule(r).Method == "remove"
	}
	return true
}

// baseMatch returns the rule of safe-harbor that has a match, or nil.
func (m *importer) baseMatch(match string) string {
	for _, r := range m.base.Policy.Ruleset.FHIR.Rules {
		for _, s := range r.Match {
			if s == match {
				return r.ID
			}
		}
	}
	return ""
}

// kept are the methods that let values of a type pass as far as they can be verified.
var kept = map[string]string{"Coding": "coding", "CodeableConcept": "concept", "Quantity": "quantity", "Age": "quantity", "Duration": "quantity", "code": "code", "canonical": "canonical", "Reference": ""}

// methodOf returns the method that does what one of Microsoft's does.
func (m *importer) methodOf(number int, path, method, typ string, r microsoftRule) (name string, args mask.Args, ok bool) {
	object := typ != "" && typ[0] >= 'A' && typ[0] <= 'Z'
	if object && method != "keep" && method != "redact" {
		m.differs(number, path, "removed: %s acts on an object here; write rules for its elements", r.Method)
		return "remove", nil, true
	}
	switch method {
	case "redact":
		return "remove", nil, true
	case "keep":
		if name, known := kept[typ]; known {
			return name, nil, name != ""
		}
		if object {
			m.differs(number, path, "its elements are decided one by one: keep does not let an object pass as a whole")
			return "descend", nil, true
		}
		return "keep", nil, true
	case "dateshift":
		return "date", mask.Args{"mode": "shift", "window": int64(shiftDays)}, true
	case "cryptohash":
		if m.keepLinks {
			return "pseudonym", mask.Args{"importedKey": hashKey}, true
		}
		return "pseudonym", mask.Args{"shape": "hex", "length": int64(64), "domain": "imported"}, true
	case "encrypt":
		return "seal", mask.Args{"domain": "imported"}, true
	case "substitute":
		var text string
		if json.Unmarshal(r.ReplaceWith, &text) == nil {
			return "fixed", mask.Args{"value": text}, true
		}
		m.differs(number, path, "removed: replaceWith is not a string")
		return "remove", nil, true
	case "perturb":
		span, err := strconv.ParseFloat(r.Span.String(), 64)
		if err != nil || span <= 0 || r.RangeType != "" && !strings.EqualFold(r.RangeType, "fixed") {
			m.differs(number, path, "removed: noise here has a fixed range, and this one is proportional")
			return "remove", nil, true
		}
		m.differs(number, path, "noise is keyed by patient and value, so that it is the same in every response")
		return "noise", mask.Args{"within": strconv.FormatFloat(span/2, 'f', -1, 64)}, true
	case "generalize":
		name, args, what := r.generalized()
		if what != "" {
			m.differs(number, path, "%s", what)
		}
		return name, args, true
	case "pseudonymize":
		m.differs(number, path, "the pseudonym comes from the project's key, and not from a pseudonymization service")
		return "pseudonym", mask.Args{"domain": cmp.Or(r.Domain, r.Namespace, "imported")}, true
	}
	m.differs(number, path, "removed: unknown method %q", r.Method)
	return "remove", nil, true
}
