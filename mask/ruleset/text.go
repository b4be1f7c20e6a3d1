package ruleset

import (
	"github.com/veil-proxy/veil/internal/strictyaml"
	"github.com/veil-proxy/veil/mask"
)

// TextSection says which method masks plain text files. Without it, they are not
// masked.
type TextSection struct {
	Method string    `json:"method"`
	Args   mask.Args `json:"args,omitempty"`

	At strictyaml.Position `json:"-"`
}

// textSection reads the section.
func (r *rulesetReader) textSection(n strictyaml.Node) *TextSection {
	s := &TextSection{At: r.At(n)}
	m := methodReader{names: []string{"method"}, kinds: []mask.Kind{mask.ValueMethod}}
	r.Mapping(n, map[string]strictyaml.Field{
		"method": func(n strictyaml.Node) { s.Method, m.at = r.method(n), n },
	}, func(key string, keyNode, value strictyaml.Node) {
		m.args = append(m.args, givenArg{key, keyNode, value})
	})
	if s.Method == "" {
		r.Bad(n, `text: expected "method:", such as scrub or remove`)
		return s
	}
	s.Args, _ = r.arguments(s.Method, m)
	return s
}

// TextMethod returns the method for files of plain text and its definition, if the ruleset
// has one that does not remove them.
func (p *Policy) TextMethod() (m mask.Method, def mask.Definition, ok bool) {
	s := p.Ruleset.Text
	if s == nil || s.Method == "remove" {
		return nil, mask.Definition{}, false
	}
	return p.text, p.defs[s.Method], true
}
