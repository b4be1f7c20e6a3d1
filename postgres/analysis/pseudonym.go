package analysis

import (
	"fmt"

	"github.com/veil-proxy/veil/mask/forms"
	"github.com/veil-proxy/veil/postgres/catalog"
)

// inSQLShapes are the shapes of pseudonyms that SQL can write a keyed hash in. The letters
// of one that keeps a format are drawn one after the other: these are left to the method.
var inSQLShapes = wordSet("hex base32 digits uuid int")

// hashed writes the expression of a pseudonym: see forms.Pseudonym.
func (d *columnRule) hashed(f forms.Pseudonym, s *keying, own *shapeColumn) bool {
	key, ok := d.policy.hashKeys[f.Keyed]
	if !ok || s.Entity != "" || d.typ.OID == catalog.OIDBool || !fixedText(d.typ) && d.typ.Name != "citext" {
		return false
	}
	n := f.Characters()
	value, of := "x.n", func(sum string) string {
		return fmt.Sprintf("pg_catalog.substr(pg_catalog.encode(%s, 'hex'), 1, %d)", sum, n)
	}
	switch f.Shape {
	case "base32":
		value, of = base32Of(n), func(sum string) string { return sum }
	case "digits":
		value, of = digitsOf(n), func(sum string) string { return sum }
	case "uuid":
		value, of = uuidOf, func(sum string) string { return "pg_catalog.substr(" + sum + ", 1, 16)" }
		if s.shown != catalog.OIDUUID {
			value += "::pg_catalog.text"
		}
	}
	own.value = hashColumn
	if f.Shape == "int" {
		own.hash = key.permuted(d.value)
		if s.shown != catalog.OIDInt8 {
			own.value += "::pg_catalog.text"
		}
	} else {
		own.hash = key.hash(value, of, "true", d.value+"::pg_catalog.text")
	}
	if s.guard != "" {
		own.value = "CASE WHEN " + s.guard + " THEN " + own.value + " END"
	}
	return true
}

// base32Of writes the first characters of base32 of the hash x.n: five bits each, which are
// in two bytes.
func base32Of(n int64) string {
	const bits = "(pg_catalog.get_byte(x.n, g.i * 5 / 8) << 8 | pg_catalog.get_byte(x.n, g.i * 5 / 8 + 1)) >> (11 - g.i * 5 % 8) & 31"
	return fmt.Sprintf("(SELECT pg_catalog.string_agg(pg_catalog.substr('abcdefghijklmnopqrstuvwxyz234567', (%s) + 1, 1), '') FROM pg_catalog.generate_series(0, %d) AS g (i))", bits, n-1)
}

// fewDigits is how many digits the bytes of one hash have, but for odds that are as small
// as those of two hashes that are equal; of two hashes there are twice as many.
const fewDigits = 32

// digitsOf writes the first digits that are drawn from the hash x.n.
func digitsOf(n int64) string {
	bytes, last := "x.n", 63
	if n > fewDigits {
		bytes, last = "(x.n || pg_catalog.sha512(x.n))", 127
	}
	return fmt.Sprintf("(SELECT pg_catalog.string_agg((d.v %% 10)::pg_catalog.text, '') FROM (SELECT pg_catalog.get_byte(%s, g.i) AS v FROM pg_catalog.generate_series(0, %d) AS g (i) WHERE pg_catalog.get_byte(%[1]s, g.i) < 250 LIMIT %[3]d) AS d)",
		bytes, last, n)
}

// uuidOf is a UUID of the sixteen bytes x.n.
const uuidOf = "pg_catalog.encode(pg_catalog.set_byte(pg_catalog.set_byte(x.n, 6, pg_catalog.get_byte(x.n, 6) & 15 | 128), 8, pg_catalog.get_byte(x.n, 8) & 63 | 128), 'hex')::pg_catalog.uuid"
