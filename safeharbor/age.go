package safeharbor

import (
	"bytes"
	"math/big"

	"github.com/veil-proxy/veil/mask"
)

// perYear is how many of a unit make a year: UCUM's Julian year of 365.25 days
// for its units of time, by code and by the words that stand for them. The
// shorter the year, the earlier a number counts as over 89; where UCUM's years
// differ (a_t, a_g) the shortest is taken.
var perYear = map[string]string{
	"a": "1", "a_j": "1", "a_t": "1", "a_g": "1", "y": "1", "yr": "1", "yrs": "1", "year": "1", "years": "1", "{age}": "1", "jr": "1",
	"mo": "12", "mo_j": "12", "mo_s": "12", "mo_g": "12", "mos": "12", "mth": "12", "mths": "12", "month": "12", "months": "12",
	"wk": "52.1775", "wks": "52.1775", "week": "52.1775", "weeks": "52.1775",
	"d": "365.2422", "day": "365.2422", "days": "365.2422",
	"h": "8765.81", "hr": "8765.81", "hrs": "8765.81", "hour": "8765.81", "hours": "8765.81",
	"min": "525948.7", "mins": "525948.7", "minute": "525948.7", "minutes": "525948.7",
	"s": "31556925", "sec": "31556925", "secs": "31556925", "second": "31556925", "seconds": "31556925",
}

// capOf is the number a unit is capped at: 90 years of it, rounded up to a whole.
var capOf = map[string]string{
	"1": "90", "12": "1080", "52.1775": "4696", "365.2422": "32872", "8765.81": "788923", "525948.7": "47335383", "31556925": "2840123250",
}

// limits has, by unit, the number from which on an age is over 89, and the cap.
var limits = func() map[string]limit {
	m := map[string]limit{}
	for unit, per := range perYear {
		r, ok := new(big.Rat).SetString(per)
		if !ok {
			panic("safeharbor: " + per)
		}
		m[unit] = limit{from: r.Mul(r, big.NewRat(oldest+1, 1)), cap: capOf[per]}
	}
	return m
}()

type limit struct {
	from *big.Rat
	cap  string
}

// ageCap puts an age of 90 years or more into one category: the number becomes
// 90 years of its unit, which stands for "90 or older". Ages up to 89 completed
// years pass: 89.9 is an age of 89. The unit is Input.Unit, a UCUM code or a
// plain word in any case, or else the argument; a number whose unit is no unit
// of time is Kept, since only a time can be an age. Negative numbers are Kept.
// A text that is no number is Removed. Source: 45 CFR 164.514(b)(2)(i)(C), "all
// ages over 89 … may be aggregated into a single category of age 90 or older".
type ageCap struct{ unit []byte }

// Append implements mask.Method.
func (m *ageCap) Append(dst, src []byte, in *mask.Input) ([]byte, mask.Outcome, error) {
	unit := in.Unit
	if len(unit) == 0 {
		unit = m.unit
	}
	// Short whole numbers below 90 are below every limit: the common case.
	if len(src) <= 2 && len(src) > 0 && digits(src) && src[0] < '9' {
		return dst, mask.Kept, nil
	}
	l, isTime := limitOf(unit)
	if !isTime {
		return dst, mask.Kept, nil
	}
	over, ok := atLeast(src, l.from)
	switch {
	case !ok:
		return dst, mask.Removed, nil
	case over:
		return append(dst, l.cap...), mask.Replaced, nil
	}
	return dst, mask.Kept, nil
}

// limitOf finds the limit of a unit as it is written, or in lower case.
func limitOf(unit []byte) (limit, bool) {
	if l, ok := limits[string(unit)]; ok {
		return l, true
	}
	var buf [16]byte // longer than every unit
	unit = bytes.TrimSpace(unit)
	if len(unit) > len(buf) {
		return limit{}, false
	}
	for i, c := range unit {
		if c >= 'A' && c <= 'Z' {
			c += 'a' - 'A'
		}
		buf[i] = c
	}
	l, ok := limits[string(buf[:len(unit)])]
	return l, ok
}

// longestNumber bounds the numbers that are compared exactly. A longer one is
// no age that anyone wrote: it counts as over.
const longestNumber = 40

// atLeast compares a decimal number, with exponent or not, without rounding.
func atLeast(num []byte, from *big.Rat) (over, ok bool) {
	if len(num) > longestNumber {
		return true, true
	}
	if i := bytes.IndexAny(num, "eE"); i >= 0 && len(num)-i > 4 {
		return num[i+1] != '-', true // an exponent of three digits or more
	}
	if bytes.ContainsAny(num, "/_xXpPnN ") {
		return false, false
	}
	r, ok := new(big.Rat).SetString(string(num))
	if !ok {
		return false, false
	}
	return r.Cmp(from) >= 0, true
}
