package config

import (
	"fmt"
	"io"
	"strings"
)

// Reference writes a Markdown table of all settings, in the order in which they are
// printed: path, default, meaning, and when a changed value takes effect.
func Reference(w io.Writer) error {
	c := Default(nil)
	var b strings.Builder
	b.WriteString("| setting | default | meaning | change |\n|---|---|---|---|\n")
	referTo(&b, "", inherited, c.settings())
	_, err := io.WriteString(w, b.String())
	return err
}

// effects are the words of a reference for when a changed value takes effect.
var effects = map[effect]string{reload: "reload", restart: "restart", switched: "reload; on or off: restart"}

func referTo(b *strings.Builder, path string, of effect, settings []setting) {
	for _, s := range settings {
		e := s.effect
		if e == inherited {
			e = of
		}
		name := strings.TrimPrefix(path+"."+s.name, ".")
		inner := s.inner
		if inner == nil && s.each != nil {
			name, inner = name+s.suffix, s.each()
		}
		doc := s.doc
		if s.flag != "" {
			doc += fmt.Sprintf(" (`--%s`)", s.flag)
		}
		if s.env != "" {
			doc += fmt.Sprintf(" (`$%s`)", s.env)
		}
		doc = strings.ReplaceAll(strings.ReplaceAll(doc, "<", "&lt;"), "|", "\\|")
		value := ""
		if inner == nil {
			_, value, _ = strings.Cut(strings.TrimSuffix(printedPlain(s), "\n"), ": ")
			if value = strings.Trim(value, `"`); value == "[]" {
				value = ""
			}
			if value != "" {
				value = "`" + value + "`"
			}
			fmt.Fprintf(b, "| `%s` | %s | %s | %s |\n", name, value, doc, effects[e])
			continue
		}
		fmt.Fprintf(b, "| **`%s`** | | %s | %s |\n", name, doc, effects[e])
		referTo(b, name, e, inner)
	}
}

// printedPlain is a setting as it is printed, without its meaning.
func printedPlain(s setting) string {
	return strings.Replace(printed(s), " # "+s.doc, "", 1)
}
