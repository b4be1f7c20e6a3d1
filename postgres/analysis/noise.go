package analysis

import (
	"fmt"
	"math/big"
	"strings"

	"github.com/veil-proxy/veil/mask/forms"
	"github.com/veil-proxy/veil/postgres/catalog"
)

// mostNoise bounds the noise that the method adds, in units of its last digit.
const mostNoise = 1 << 40

// longestNumber is the longest text of a number that the method reads.
const longestNumber = 64

// noisy is the condition under which a number can be masked with noise.
func noisy(typ uint32, v string) string {
	if catalog.IsInteger(typ) {
		return ""
	}
	return fmt.Sprintf("%[1]s NOT IN ('NaN', 'Infinity', '-Infinity') AND pg_catalog.octet_length(%[1]s::pg_catalog.text) <= %[2]d", v, longestNumber)
}

// noise writes the expression of a number with keyed noise: see forms.Noise.
func (d *columnRule) noise(f forms.Noise, s *keying, own *shapeColumn) bool {
	_, digits, _ := strings.Cut(f.Within, ".")
	unit := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(len(digits))), nil)
	within, ok := new(big.Rat).SetString(f.Within)
	key, named := d.policy.hashKeys[f.Keyed]
	if !ok || !named {
		return false
	}
	within.Mul(within, new(big.Rat).SetInt(unit))
	if !within.IsInt() || !within.Num().IsInt64() || within.Num().Int64() < 1 || within.Num().Int64() > mostNoise {
		return false
	}
	steps := within.Num().Int64()
	person := "''"
	if s.Entity != "" {
		text, ok := d.person(s.Entity)
		if !ok {
			return false
		}
		prefix := catalog.QuoteLiteral(s.Prefix)
		person = "coalesce(nullif((" + prefix + " || " + text + `) COLLATE "C", ` + prefix + "), '')"
	}
	own.hash = key.hash("x.n", firstNumber, "true", person, d.value+"::pg_catalog.text")
	scaled := fmt.Sprintf("(%s::pg_catalog.numeric * %s)", d.value, unit)
	own.value = fmt.Sprintf("pg_catalog.ceil(%[1]s) - %[2]d + CASE WHEN pg_catalog.trunc(%[1]s) = %[1]s THEN %[3]s ELSE %[4]s END",
		scaled, steps, remainder(hashColumn, 2*steps+1), remainder(hashColumn, 2*steps))
	if len(digits) > 0 {
		own.value = fmt.Sprintf("(%s) * 0.%s1", own.value, strings.Repeat("0", len(digits)-1))
	}
	if s.guard != "" {
		own.value = "CASE WHEN " + s.guard + " THEN " + own.value + " END"
	}
	return true
}
