package analysis

import "strings"

// quoteIdent writes an identifier in quotes.
func quoteIdent(s string) string { return `"` + strings.ReplaceAll(s, `"`, `""`) + `"` }

// quoteText writes a text constant; backslashes have no meaning in it
// (standard_conforming_strings).
func quoteText(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }
