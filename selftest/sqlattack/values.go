package sqlattack

import (
	"encoding/hex"
	"regexp"
	"strings"

	"github.com/veil-proxy/veil/selftest"
)

// values returns the values of placeholders for a canary. With second set, they are
// values that nobody has.
func values(c *selftest.Canary, second bool) map[string]string {
	if c == nil {
		return nil
	}
	v := valueOf(c, second)
	cut := []rune(v)
	n := len(cut)
	third := n / 3
	return map[string]string{
		"table": quote(c.Schema) + "." + quote(c.Table), "schema": literal(c.Schema), "relation": literal(c.Table),
		"column": quote(c.Column), "name": literal(c.Column),
		"value": literal(v), "raw": v, "lower": literal(strings.ToLower(v)),
		"prefix": literal(like(string(cut[:n-1])) + "%"), "suffix": literal("%" + like(string(cut[1:]))), "contains": literal("%" + like(string(cut[min(third, 1):])) + "%"),
		"regex": literal("^" + regexp.QuoteMeta(v) + "$"), "hex": literal(hex.EncodeToString([]byte(v))),
	}
}

func valueOf(c *selftest.Canary, second bool) string {
	if second {
		return c.Absent
	}
	return c.Value
}

// spellings returns what a statement contains of a canary's value, longest first.
func spellings(c *selftest.Canary, second bool) []string {
	if c == nil {
		return nil
	}
	v := valueOf(c, second)
	cut := []rune(v)
	return []string{hex.EncodeToString([]byte(v)), regexp.QuoteMeta(v), like(v), v, strings.ToLower(v), string(cut[:len(cut)-1]), string(cut[1:])}
}

// literal returns a text as an SQL constant.
func literal(s string) string {
	if strings.Contains(s, `\`) {
		return `E'` + strings.NewReplacer(`'`, `''`, `\`, `\\`).Replace(s) + `'`
	}
	return `'` + strings.ReplaceAll(s, `'`, `''`) + `'`
}

// like returns a text without the wildcards of LIKE.
func like(s string) string { return strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(s) }
