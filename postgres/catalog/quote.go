package catalog

import "strings"

// QuoteIdent writes an identifier in quotes.
func QuoteIdent(s string) string { return `"` + strings.ReplaceAll(s, `"`, `""`) + `"` }

// QuoteLiteral writes a text constant; backslashes have no meaning in it
// (standard_conforming_strings).
func QuoteLiteral(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }
