package safeharbor

import (
	"bytes"

	"github.com/veil-proxy/veil/mask"
	"github.com/veil-proxy/veil/mask/age"
)

// ageCap puts an age of 90 years or more into one category: the number becomes
// 90 years of its unit, which stands for "90 or older". Ages up to 89 completed
// years pass: 89.9 is an age of 89. The unit is Input.Unit, a code or a text as
// people write it (timeunit.go), or else the argument; a number whose unit is no
// unit of time is Kept, since only a time can be an age. A number whose unit
// nobody could read (mask.UnreadUnit) is Removed where it is one of an age over
// 89: 90 to 130 years, or the same in months, weeks, days, hours, minutes or
// seconds. Negative numbers are Kept. A text that is no number is Removed. Source: 45 CFR 164.514(b)(2)(i)(C), "all
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
	switch string(unit) {
	case "", "1":
		return dst, mask.Kept, nil
	case mask.UnreadUnit:
		if age.MayBe(src) {
			return dst, mask.Removed, nil
		}
		return dst, mask.Kept, nil
	}
	l := age.UnitOf(unit)
	if l == nil {
		return dst, mask.Kept, nil
	}
	over, ok := l.IsOver(src)
	switch {
	case !ok:
		return dst, mask.Removed, nil
	case over:
		return append(dst, l.Cap...), mask.Replaced, nil
	}
	return dst, mask.Kept, nil
}

// ReadUnit implements mask.UnitReader.
func (m *ageCap) ReadUnit(code, text []byte) []byte {
	c := age.UnitOf(code)
	t := c
	if !bytes.Equal(code, text) {
		t = age.UnitOf(text)
	}
	switch {
	case c == nil && t == nil:
		return nil
	case c == nil, t != nil && t.IsLonger(c):
		return text
	}
	return code
}

// KnowsUnit implements mask.UnitReader.
func (m *ageCap) KnowsUnit(text []byte) bool {
	return age.IsUnit(text)
}
