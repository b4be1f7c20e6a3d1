package analysis

import (
	"fmt"
	"strings"
)

// Pseudonyms of shape int in SQL: a permutation of the numbers with the same number of
// digits. It is a Feistel network of eight rounds, applied again until the result is in
// the range.

// mostDigits is how many digits a number of the shape has.
const mostDigits = 18

// permuted writes the number to which the digits of a value are permuted.
func (k hashKey) permuted(value string) *keyedHash {
	lows, sizes, halves := make([]string, mostDigits), make([]string, mostDigits), make([]string, mostDigits)
	low, end := uint64(0), uint64(10)
	for i := range mostDigits {
		half := 1
		for uint64(1)<<(2*half) < end-low {
			half++
		}
		lows[i], sizes[i], halves[i] = fmt.Sprint(low), fmt.Sprint(end-low), fmt.Sprint(half)
		low, end = end, end*10
	}
	ofDigits := func(list []string, typ string) string {
		return fmt.Sprintf("('{%s}'::pg_catalog.%s[])[e.d]", strings.Join(list, ","), typ)
	}
	round := k.sum("'\\x0000000a'::pg_catalog.bytea || pg_catalog.int2send((f.i % 8 * 256 + s.d)::pg_catalog.int2) || pg_catalog.int8send(f.r)")
	round = "('x' || pg_catalog.encode(pg_catalog.substr(" + round + ", 1, 8), 'hex'))::pg_catalog.bit(64)::pg_catalog.int8"
	const result = "(f.l << s.half | f.r)"
	rounds := "WITH RECURSIVE veil_rounds (i, l, r) AS (SELECT 0, s.v >> s.half, s.v & s.mask UNION ALL " +
		"SELECT f.i + 1, f.r, (f.l # " + round + ") & s.mask FROM veil_rounds AS f WHERE f.i = 0 OR f.i % 8 <> 0 OR " + result + " >= s.size) " +
		"SELECT " + result + " FROM veil_rounds AS f ORDER BY f.i DESC LIMIT 1"
	return &keyedHash{sql: "SELECT x.n FROM (SELECT s.low + (" + rounds + ") AS n FROM (SELECT s.d, s.low, s.size, s.half, s.v - s.low AS v, (1::pg_catalog.int8 << s.half) - 1 AS mask FROM (SELECT e.d, e.v, " +
		ofDigits(lows, "int8") + " AS low, " + ofDigits(sizes, "int8") + " AS size, " + ofDigits(halves, "int4") + " AS half FROM (SELECT pg_catalog.octet_length(t.t) AS d, t.t::pg_catalog.int8 AS v FROM (SELECT " +
		value + "::pg_catalog.text COLLATE \"C\" AS t OFFSET 0) AS t WHERE t.t ~ '^(0|[1-9][0-9]{0,17})$' OFFSET 0) AS e OFFSET 0) AS s OFFSET 0) AS s OFFSET 0) AS x OFFSET 0"}
}
