package ruleset

import (
	"encoding/json"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/veil-proxy/veil/internal/strictyaml"
	"github.com/veil-proxy/veil/mask"
)

// DocumentsSection is the part of a ruleset about JSON and XML that is not FHIR. This
// package reads it; package document defines what a path means.
type DocumentsSection struct {
	// Files maps files to documents. A file that matches none is a document named after
	// the file, without its extension.
	Files []DocumentFile `json:"files,omitempty"`
	// Namespaces are the XML namespaces by the prefixes used in paths. A name in another
	// namespace does not pass.
	Namespaces map[string]string `json:"namespaces,omitempty"`
	Rules      []DocumentRule    `json:"rules"`
}

// DocumentFile names the document in files whose base names match a glob.
type DocumentFile struct {
	File     string `json:"file"`
	Document string `json:"document"`

	At strictyaml.Position `json:"-"`
}

// DocumentMatch is a path in the documents whose names match a glob; an empty glob
// matches all.
type DocumentMatch struct {
	Document string `json:"document,omitempty"`
	Path     string `json:"path"`

	At strictyaml.Position `json:"-"`
}

// String returns the short form of the match that audit records use.
func (m DocumentMatch) String() string {
	if m.Document == "" {
		return m.Path
	}
	return m.Document + ":" + m.Path
}

// Matches reports whether the match applies to the named document.
func (m DocumentMatch) Matches(document string) bool { return globMatch(m.Document, document) }

// Names reports whether the match names the document instead of matching any.
func (m DocumentMatch) Names(document string) bool {
	return m.Document != "" && m.Document != "*" && m.Matches(document)
}

// DocumentRule says which method acts on which values of documents, and which on the
// names of members.
type DocumentRule struct {
	ID       string          `json:"id"`
	Category string          `json:"category,omitempty"`
	Match    []DocumentMatch `json:"match"`
	// Method acts on values. A rule without a method is only about names.
	Method string    `json:"method,omitempty"`
	Args   mask.Args `json:"args,omitempty"`
	// Keys is the method for the names of the matching members, if these names are data.
	Keys *NameMethod `json:"keys,omitempty"`
	// Entity are paths from the object that contains the value; the first one that exists
	// says whom the value is about. Birth, Death, Country and Unit are paths to the values
	// of mask.Input with these names.
	Entity  []RelativePath `json:"entity,omitempty"`
	Birth   []RelativePath `json:"birth,omitempty"`
	Death   []RelativePath `json:"death,omitempty"`
	Country []RelativePath `json:"country,omitempty"`
	Unit    []RelativePath `json:"unit,omitempty"`
	// Where are conditions on other values, as in tables.
	Where []DocumentCondition `json:"where,omitempty"`
	// Why is a note for people.
	Why string `json:"why,omitempty"`

	// Form is what the method does, in terms that engines understand.
	Form mask.Form           `json:"-"`
	At   strictyaml.Position `json:"-"`
}

// Keeps reports whether the rule passes every value.
func (r *DocumentRule) Keeps() bool { return keeps(r.Form) }

// Removes reports whether the rule removes every value.
func (r *DocumentRule) Removes() bool { return removes(r.Form) }

// Under reports whether the rule shows all that another one shows.
func (r *DocumentRule) Under(other *DocumentRule) bool { return under(r.Form, other.Form) }

// SameMasking reports whether two rules mask a value alike: by the same method, with the
// same arguments, and with the same other values of the document.
func SameMasking(a, b *DocumentRule) bool {
	if a == b {
		return true
	}
	signature := func(r DocumentRule) string {
		r.ID, r.Category, r.Match, r.Keys, r.Where, r.Why = "", "", nil, nil, nil, ""
		text, err := json.Marshal(r)
		if err != nil {
			return ""
		}
		return string(text)
	}
	s := signature(*a)
	return s != "" && s == signature(*b)
}

// NameMethod is a method for names of members.
type NameMethod struct {
	Method string    `json:"method"`
	Args   mask.Args `json:"args,omitempty"`

	Form mask.Form           `json:"-"`
	At   strictyaml.Position `json:"-"`
}

// RelativePath is a path from the object that contains a value to another value.
type RelativePath struct {
	Path string
	At   strictyaml.Position
}

// MarshalText returns the path.
func (p RelativePath) MarshalText() ([]byte, error) { return []byte(p.Path), nil }

// DocumentCondition is a condition on another value of the document: the first one that
// exists among those at the paths.
type DocumentCondition struct {
	Path []RelativePath `json:"path"`
	Tests

	At strictyaml.Position `json:"-"`
}

// mergeDocuments applies own to what is extended: rules of the same id and prefixes
// replace in place, others are added after.
func (rs *Ruleset) mergeDocuments(own *DocumentsSection) {
	if own == nil {
		return
	}
	if rs.Documents == nil {
		rs.Documents = &DocumentsSection{Rules: []DocumentRule{}}
	}
	d := rs.Documents
	d.Files = append(slices.Clone(own.Files), d.Files...) // the first one that matches counts
	if d.Namespaces == nil {
		d.Namespaces = own.Namespaces
	} else {
		maps.Copy(d.Namespaces, own.Namespaces)
	}
	d.Rules = replaced(d.Rules, own.Rules, func(a, b *DocumentRule) bool { return a.ID == b.ID })
}

func (r *rulesetReader) documents(n strictyaml.Node) *DocumentsSection {
	sec := &DocumentsSection{Rules: []DocumentRule{}}
	r.Mapping(n, map[string]strictyaml.Field{
		"default": func(n strictyaml.Node) { r.Word(n, "remove") },
		"files": func(n strictyaml.Node) {
			r.Sequence(n, func(item strictyaml.Node) { sec.Files = append(sec.Files, r.documentFile(item)) })
		},
		"namespaces": func(n strictyaml.Node) {
			if v, ok := r.argument(n, mask.MapParam); ok {
				sec.Namespaces = v.(map[string]string)
			}
		},
		"rules": func(n strictyaml.Node) {
			rules(r, n, &sec.Rules, func(n strictyaml.Node) (DocumentRule, string) {
				rule := r.documentRule(n)
				return rule, rule.ID
			})
		},
	}, nil)
	return sec
}

func (r *rulesetReader) documentFile(n strictyaml.Node) (f DocumentFile) {
	f.At = r.At(n)
	r.Mapping(n, map[string]strictyaml.Field{
		"file": func(n strictyaml.Node) {
			f.File = r.pattern(n)
		},
		"document": func(n strictyaml.Node) { f.Document, _ = r.Text(n) },
	}, nil)
	if f.File == "" || f.Document == "" {
		r.Bad(n, "expected a file and a document, such as {file: \"claims-*.json\", document: claims}")
	}
	return f
}

func (r *rulesetReader) documentRule(n strictyaml.Node) DocumentRule {
	rule := DocumentRule{At: r.At(n)}
	m := methodReader{
		names: []string{"id", "category", "match", "method", "keys", "why", "entity", "birth", "death", "country", "unit", "where"},
		kinds: []mask.Kind{mask.ValueMethod},
	}
	r.Mapping(n, map[string]strictyaml.Field{
		"id":       func(n strictyaml.Node) { rule.ID = r.name(n) },
		"category": func(n strictyaml.Node) { rule.Category = r.category(n) },
		"match":    func(n strictyaml.Node) { rule.Match = r.documentMatches(n) },
		"method":   func(n strictyaml.Node) { rule.Method, m.at = r.method(n), n },
		"keys":     func(n strictyaml.Node) { rule.Keys = r.nameMethod(n) },
		"why":      func(n strictyaml.Node) { rule.Why, _ = r.Text(n) },
		"entity":   r.relativePaths(&rule.Entity),
		"birth":    r.relativePaths(&rule.Birth),
		"death":    r.relativePaths(&rule.Death),
		"country":  r.relativePaths(&rule.Country),
		"where": func(n strictyaml.Node) {
			for _, v := range n.Items() {
				rule.Where = append(rule.Where, r.documentCondition(v))
			}
		},
	}, func(key string, keyNode, value strictyaml.Node) {
		// As in tables, unit is a path if it is a mapping, and an argument otherwise.
		if key == "unit" && value.IsMapping() {
			r.Mapping(value, map[string]strictyaml.Field{
				"path":    r.relativePaths(&rule.Unit),
				"default": func(n strictyaml.Node) { m.args = append(m.args, givenArg{key, keyNode, n}) },
			}, nil)
			if len(rule.Unit) == 0 {
				r.Bad(value, `unit has no "path"`)
			}
			return
		}
		m.args = append(m.args, givenArg{key, keyNode, value})
	})
	method := rule.Method
	if rule.Keys != nil && method == "" && len(m.args) == 0 {
		method = rule.Keys.Method
	} else {
		rule.Args, rule.Form = r.arguments(rule.Method, m)
	}
	r.complete(n, rule.ID, len(rule.Match) > 0, method)
	return rule
}

// nameMethod reads a method for names: its name alone, or a mapping with its arguments.
func (r *rulesetReader) nameMethod(n strictyaml.Node) *NameMethod {
	out := &NameMethod{At: r.At(n)}
	m := methodReader{names: []string{"method"}, kinds: []mask.Kind{mask.ValueMethod}, at: n}
	if !n.IsMapping() {
		out.Method = r.method(n)
	} else {
		r.Mapping(n, map[string]strictyaml.Field{
			"method": func(n strictyaml.Node) { out.Method, m.at = r.method(n), n },
		}, func(key string, keyNode, value strictyaml.Node) {
			m.args = append(m.args, givenArg{key, keyNode, value})
		})
	}
	if out.Method == "" {
		r.Bad(n, `keys has no "method"`)
	}
	out.Args, out.Form = r.arguments(out.Method, m)
	return out
}

// documentMatches reads one match or a list of them.
func (r *rulesetReader) documentMatches(n strictyaml.Node) (out []DocumentMatch) {
	for _, v := range n.Items() {
		m := DocumentMatch{At: r.At(v)}
		if v.IsMapping() {
			r.Mapping(v, map[string]strictyaml.Field{
				"document": func(n strictyaml.Node) { m.Document, _ = r.Text(n) },
				"path":     func(n strictyaml.Node) { m.Path, _ = r.Text(n) },
			}, nil)
		} else {
			m.Path, _ = r.Text(v)
			// A path begins with $ or /; what precedes it names documents.
			if at := strings.IndexAny(m.Path, "$/"); at > 0 && m.Path[at-1] == ':' {
				m.Document, m.Path = m.Path[:at-1], m.Path[at:]
			}
		}
		if _, err := path.Match(m.Document, ""); err != nil {
			r.Bad(v, "document: expected a name or a glob of *, ?, [a-z]")
		}
		if m.Path == "" || m.Path[0] != '$' && m.Path[0] != '/' {
			r.Bad(v, "expected a path that begins with $ (JSON) or / (XML), or one after a document's name, such as claims:$.patient.ssn")
			continue
		}
		out = append(out, m)
	}
	return out
}

// relativePaths reads one path or a list of them.
func (r *rulesetReader) relativePaths(dst *[]RelativePath) strictyaml.Field {
	return func(n strictyaml.Node) {
		for _, l := range r.Texts(n) {
			*dst = append(*dst, RelativePath{l.Text, l.At})
		}
	}
}

func (r *rulesetReader) documentCondition(n strictyaml.Node) DocumentCondition {
	c := DocumentCondition{At: r.At(n)}
	fields := r.tests(&c.Tests)
	fields["path"] = r.relativePaths(&c.Path)
	r.Mapping(n, fields, nil)
	switch {
	case len(c.Path) == 0:
		r.Bad(n, `condition has no "path"`)
	case c.empty():
		r.Bad(n, noTests)
	}
	return c
}
