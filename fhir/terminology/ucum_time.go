package terminology

import (
	"strings"

	"github.com/veil-proxy/veil/fhir/lexical"
)

// A search by an amount must not tell ages over 89 apart, so the guard needs to
// know what a unit measures. It takes no unit for one of no time that it has not
// understood: a time hides in many spellings (0.95 ha, Hz-1, J/W, m/(m/s)).

// ageAtoms are the UCUM atoms in which ages are written.
const ageAtoms = `s min h d wk mo mo_s mo_j mo_g a a_t a_j a_g`

var ageUnits = lexical.Words(ageAtoms)

// shortTimes are the UCUM atoms and prefixed atoms of which 89 are no more than
// 89 years.
var shortTimes = lexical.Words("ns us ms " + ageAtoms)

// IsShortTime reports whether a unit is a unit of time of at most a year.
func IsShortTime(unit string) bool { return shortTimes[unit] }

// Units are counted by the power of time that they measure. Numerators of
// noTimeAbove have none or less, so that with denominators of noTimeBelow, which
// have none or more, no unit ever measures a time.
var (
	noTimeAbove = lexical.Words(`m g mol l L K Cel osm eq cal J W V A Pa N Hz Bq Gy Sv bar kat U cd lm lx
		m[H2O] m[Hg] [CFU] [FFU] [PFU] [iU] [IU] [arb'U] [GPL'U] [MPL'U] [APL'U] [anti'Xa'U] [tb'U] [PNU] [EU] [BAU] [AU]
		[in_i] [ft_i] [lb_av] [oz_av] [foz_us] [tsp_us] [tbs_us] [cup_us] [qt_us] [pt_us] [gal_us] [gr] [stone_av] [degF] [Cal]
		[HPF] [LPF] [diop] [drp] [Ch] [MET] [pH] [ppm] [ppb] [ppth] % deg`)
	noTimeBelow = lexical.Words(`m g mol l L osm eq [HPF] [LPF] [CFU] [iU] [IU] [in_i] [ft_i] [lb_av] %
		s min h d wk mo a`)
)

// IsNoTime reports whether a unit certainly does not measure time: components joined by
// "." and "/", each of a known atom with a prefix and an exponent that is not negative.
// UCUM is read from left to right, so a component is in the denominator if a "/"
// directly precedes it. Annotations measure nothing. A unit of nothing but annotations
// or numbers, or one in parentheses, is not understood.
func IsNoTime(unit string) bool {
	known, above := false, true
	var component []byte
	note, bracket := false, false
	for i := 0; i <= len(unit); i++ {
		switch {
		case i == len(unit) || !note && !bracket && (unit[i] == '.' || unit[i] == '/'):
			if len(component) > 0 {
				if !hasNoTime(string(component), above) {
					return false
				}
				known = known || !isPowerOfTen(string(component))
			}
			above, component = i < len(unit) && unit[i] == '.', component[:0]
		case unit[i] == '{', unit[i] == '}':
			note = unit[i] == '{'
		case !note:
			bracket = unit[i] == '[' || bracket && unit[i] != ']'
			component = append(component, unit[i])
		}
	}
	return known
}

func isPowerOfTen(component string) bool {
	return strings.HasPrefix(component, "10*") || strings.HasPrefix(component, "10^")
}

// hasNoTime reports whether a component is of an atom of noTimeAbove or
// noTimeBelow.
func hasNoTime(component string, above bool) bool {
	atoms := noTimeBelow
	if above {
		atoms = noTimeAbove
	}
	if isPowerOfTen(component) {
		return IsUCUM([]byte(component))
	}
	if n := len(component); n > 1 && (component[n-1] == '2' || component[n-1] == '3') {
		component = component[:n-1]
	}
	if atoms[component] {
		return true
	}
	for _, p := range ucumPrefixes {
		if atom, ok := strings.CutPrefix(component, p); ok && atoms[atom] && ucumMetric[atom] {
			return true
		}
	}
	return false
}

// unitsOf has the UCUM codes that a quantity of a type is in. Without a system
// beside it the type alone says what they are, and asks for one of them (FHIR R4,
// datatypes.html, drt-1, age-1, dis-1, cnt-3).
var unitsOf = map[string]map[string]bool{
	"Age":      ageUnits,
	"Duration": shortTimes,
	"Distance": lexical.Words(`nm um mm cm dm m km [in_i] [ft_i] [yd_i] [mi_i] [nmi_i] [in_us] [ft_us] [yd_us] [mi_us]`),
	"Count":    lexical.Words(`1`),
}

// IsUnitOfType reports whether a quantity of a type, such as Age, may have a unit
// without a system.
func IsUnitOfType(typ string, unit []byte) bool { return unitsOf[typ][string(unit)] }
