// Package cells writes the values of typed columns as the texts that package table masks,
// and reads masked texts back. The texts are those of table.Type, which are PostgreSQL's,
// so that the same original has the same text in every format. It knows values (bytes,
// integers, floats), but no file format.
package cells

import (
	"math"
	"math/big"
	"math/bits"
	"strconv"
	"strings"
)

// AppendFloat appends the shortest decimal text of a number of 16, 32 or 64 bits, with an
// exponent from 1e+06 on, or 1e+15 if it has 64, and below 0.0001.
func AppendFloat(dst []byte, v float64, size int) []byte {
	switch {
	case math.IsNaN(v):
		return append(dst, "NaN"...)
	case math.IsInf(v, 1):
		return append(dst, "Infinity"...)
	case math.IsInf(v, -1):
		return append(dst, "-Infinity"...)
	}
	var buf [32]byte
	b := shortest(buf[:0], v, size)
	_, digits, _ := strings.Cut(string(b), "e")
	exponent, err := strconv.Atoi(digits)
	most := 6
	if size == 64 {
		most = 15
	}
	if err == nil && exponent >= -4 && exponent < most {
		// The digits are known, and are the same when written out.
		f, _ := strconv.ParseFloat(string(b), 64)
		return strconv.AppendFloat(dst, f, 'f', -1, 64)
	}
	return append(dst, b...)
}

// shortest appends the shortest digits that identify a number, with an exponent.
func shortest(dst []byte, v float64, size int) []byte {
	if size != 16 {
		return strconv.AppendFloat(dst, v, 'e', -1, size)
	}
	want := HalfOf(v)
	for digits := range 5 {
		out := strconv.AppendFloat(dst, v, 'e', digits, 64)
		if f, err := strconv.ParseFloat(string(out[len(dst):]), 64); err == nil && HalfOf(f) == want {
			return out
		}
	}
	return strconv.AppendFloat(dst, v, 'e', -1, 64)
}

// Half returns the number with the given bits as a half-precision float.
func Half(h uint16) float64 {
	sign, exponent, fraction := h>>15, int(h>>10&31), float64(h&1023)
	v := math.Ldexp(fraction, -24)
	switch {
	case exponent == 31 && fraction != 0:
		return math.NaN()
	case exponent == 31:
		v = math.Inf(1)
	case exponent > 0:
		v = math.Ldexp(1024+fraction, exponent-25)
	}
	if sign != 0 {
		v = -v
	}
	return v
}

// HalfOf returns the bits of the half-precision float nearest to a number, ties to
// even.
func HalfOf(v float64) uint16 {
	var sign uint16
	if math.Signbit(v) {
		sign, v = 0x8000, -v
	}
	switch {
	case math.IsNaN(v):
		return sign | 0x7e00
	case v == 0:
		return sign
	case v >= 65520:
		return sign | 0x7c00
	}
	_, exponent := math.Frexp(v) // v is below 2^exponent
	unit := max(exponent-11, -24)
	n := uint16(math.RoundToEven(math.Ldexp(v, -unit)))
	if unit == -24 {
		return sign | n // the bits of the smallest normal number follow those of the others
	}
	return sign | (n + uint16(unit+24)<<10)
}

// AppendDecimal appends a number with the digits of unscaled, scale of which are after
// the point.
func AppendDecimal(dst []byte, unscaled *big.Int, scale int) []byte {
	digits := unscaled.Text(10)
	if digits[0] == '-' {
		dst, digits = append(dst, '-'), digits[1:]
	}
	if scale <= 0 {
		dst = append(dst, digits...)
		if digits != "0" {
			dst = append(dst, strings.Repeat("0", -scale)...)
		}
		return dst
	}
	if len(digits) <= scale {
		dst = append(append(dst, "0."...), strings.Repeat("0", scale-len(digits))...)
		return append(dst, digits...)
	}
	dst = append(dst, digits[:len(digits)-scale]...)
	return append(append(dst, '.'), digits[len(digits)-scale:]...)
}

// AppendSmallDecimal is AppendDecimal for digits that fit 64 bits.
func AppendSmallDecimal(dst []byte, unscaled int64, scale int) []byte {
	if scale <= 0 || scale > 18 {
		return AppendDecimal(dst, big.NewInt(unscaled), scale)
	}
	n := uint64(unscaled)
	if unscaled < 0 {
		dst, n = append(dst, '-'), -n
	}
	unit := uint64(1)
	for range scale {
		unit *= 10
	}
	whole, rest := bits.Div64(0, n, unit)
	dst = append(strconv.AppendUint(dst, whole, 10), '.')
	var buf [20]byte
	digits := strconv.AppendUint(buf[:0], rest, 10)
	for range scale - len(digits) {
		dst = append(dst, '0')
	}
	return append(dst, digits...)
}

// ParseDecimal reads a decimal number without an exponent as a whole number of units of
// its scale-th digit after the point. ok is false if it is not one, or has further
// digits.
func ParseDecimal(text []byte, scale int) (unscaled *big.Int, ok bool) {
	whole, rest, _ := strings.Cut(string(text), ".")
	rest = strings.TrimRight(rest, "0")
	if len(rest) > scale || len(whole) > maxDigits || strings.Trim(rest, "0123456789") != "" {
		return nil, false
	}
	if strings.Trim(strings.TrimPrefix(whole, "-"), "0123456789") != "" || strings.TrimPrefix(whole, "-") == "" {
		return nil, false
	}
	return new(big.Int).SetString(whole+rest+strings.Repeat("0", scale-len(rest)), 10)
}

// maxDigits is more than a decimal column has in any format.
const maxDigits = 1000
