package propose

import (
	"encoding/json"
	"strings"
	"unicode"

	"github.com/veil-proxy/veil/discover/dict"
)

// quote writes a string as YAML: plain where that is certain, in double quotes
// otherwise. JSON strings are YAML.
func quote(s string) string {
	plain := len(s) > 0
	for i, r := range s {
		letter := r == '_' || r < 0x80 && unicode.IsLetter(r)
		plain = plain && (letter || i > 0 && (r >= '0' && r <= '9' || r == '.'))
	}
	switch strings.ToLower(s) {
	case "y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan", "inf":
		plain = false
	}
	if plain {
		return s
	}
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(s); err != nil {
		panic(err) // encoding a string cannot fail
	}
	return strings.TrimSpace(b.String())
}

// Glob returns a pattern that matches only the given name.
func Glob(name string) string {
	return quote(strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(name))
}

// comment makes a text fit into a comment after "#".
func comment(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == '\u2028' || r == '\u2029' || r == '\u0085' {
			return ' '
		}
		return r
	}, s)
}

// slug derives the id of a rule from a name.
func slug(s string) string {
	var b strings.Builder
	for _, r := range dict.Fold(s) {
		switch {
		case r >= 'a' && r <= 'z' || r >= '0' && r <= '9':
			b.WriteRune(r)
		case b.Len() > 0 && !strings.HasSuffix(b.String(), "-"):
			b.WriteByte('-')
		}
	}
	if out := strings.Trim(b.String(), "-"); out != "" {
		return out[:min(len(out), 60)]
	}
	return "domain"
}
