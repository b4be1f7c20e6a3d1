package analysis

import (
	"fmt"

	"github.com/veil-proxy/veil/mask/forms"
	"github.com/veil-proxy/veil/postgres/catalog"
)

// inSQLShapes has the shapes of pseudonyms that SQL can make from a keyed hash.
var inSQLShapes = wordSet("hex base32 digits uuid int same")

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
	case "same":
		value, of = sameOf, func(sum string) string { return sum + " || e.b1" }
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

// fewDigits is how many digits the bytes of one hash have, except with a probability as
// small as that of two hashes being equal; two hashes have twice as many.
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

// uuidOf writes a UUID from the sixteen bytes x.n.
const uuidOf = "pg_catalog.encode(pg_catalog.set_byte(pg_catalog.set_byte(x.n, 6, pg_catalog.get_byte(x.n, 6) & 15 | 128), 8, pg_catalog.get_byte(x.n, 8) & 63 | 128), 'hex')::pg_catalog.uuid"

// sameOf writes a text in its own format. In x.n, the text is behind the 64 bytes of its
// hash. A step of the recursion reads one character of it, at i, and draws at most one byte,
// at p of the hash s: a byte that is not below a multiple of the number of letters is drawn
// in vain. Behind the last byte of a hash comes the hash of the hash.
const sameOf = `(WITH RECURSIVE veil_draws (i, p, s, t) AS (SELECT 64, 0, pg_catalog.substr(x.n, 1, 64), '' UNION ALL ` +
	`SELECT g.i + g.used::pg_catalog.int4, g.p + (g.n > 0)::pg_catalog.int4, g.s, g.t || CASE WHEN NOT g.used THEN '' WHEN g.n > 0 THEN pg_catalog.chr(g.first + g.v % g.n) ELSE pg_catalog.chr(g.c) END ` +
	`FROM (SELECT f.*, f.n = 0 OR f.v < 256 - 256 % NULLIF(f.n, 0) AS used ` +
	`FROM (SELECT e.*, CASE WHEN e.n > 0 THEN pg_catalog.get_byte(e.s, e.p) END AS v ` +
	`FROM (SELECT d.i, d.c, d.t, d.first, d.n, CASE WHEN d.n > 0 AND d.p = 64 THEN 0 ELSE d.p END AS p, CASE WHEN d.n > 0 AND d.p = 64 THEN pg_catalog.sha512(d.s) ELSE d.s END AS s ` +
	`FROM (SELECT c.*, CASE WHEN c.c BETWEEN 48 AND 57 THEN 48 WHEN c.c BETWEEN 65 AND 90 THEN 65 ELSE 97 END AS first, ` +
	`CASE WHEN c.c BETWEEN 48 AND 57 THEN 10 WHEN c.c BETWEEN 65 AND 90 OR c.c BETWEEN 97 AND 122 THEN 26 ELSE 0 END AS n ` +
	`FROM (SELECT r.*, pg_catalog.get_byte(x.n, r.i) AS c FROM veil_draws AS r WHERE r.i < pg_catalog.octet_length(x.n) OFFSET 0) AS c) AS d) AS e) AS f) AS g) ` +
	`SELECT r.t FROM veil_draws AS r WHERE r.i = pg_catalog.octet_length(x.n))`
