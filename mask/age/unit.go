package age

import (
	"bytes"
	_ "embed"
	"maps"
	"math/big"
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"
)

// timeUnitsText has a line for each unit of time: its name, how many make a year,
// and the words, abbreviations and codes that stand for it. The shorter the year,
// the earlier a number counts as over 89; where UCUM's years differ (a_t, a_g) the
// shortest is taken.
//
//go:embed tables/timeunits.txt
var timeUnitsText string

// Unit is a unit in which ages are written.
type Unit struct {
	from, to *big.Rat
	// Cap is one year more than Oldest, rounded up to a whole number.
	Cap      string
	fromText func() string // From, worked out once
}

// beyond is an age in years that nobody has reached.
const beyond = 131

// From returns the smallest number in the unit that is an age over Oldest, in decimal
// digits.
func (u *Unit) From() string { return u.fromText() }

func (u *Unit) decimalFrom() string {
	digits, _ := u.from.FloatPrec()
	return u.from.FloatString(max(3, digits))
}

var (
	units []*Unit
	// unitWords maps words and codes, in lower case, to units; ageWords are words that mark
	// a number as an age, in years unless stated otherwise.
	unitWords = map[string]*Unit{}
	ageWords  = map[string]bool{}
	// wordSizes has, by first byte, the lengths of the words in both maps, as bits, so that
	// most other words are rejected quickly.
	wordSizes [256]uint64
	// inside are words of scripts without spaces (年, 歳): they are found
	// anywhere in a text.
	inside []string
)

func init() {
	for _, line := range strings.Split(timeUnitsText, "\n") {
		if line == "" || line[0] == '#' {
			continue
		}
		fields := strings.Fields(line)
		if fields[0] == "age" {
			for _, w := range fields[1:] {
				ageWords[w] = true
				noteSize(w)
			}
			continue
		}
		per, ok := new(big.Rat).SetString(fields[1])
		if !ok {
			panic("age: " + line)
		}
		u := &Unit{from: new(big.Rat).Mul(per, big.NewRat(Oldest+1, 1)), to: new(big.Rat).Mul(per, big.NewRat(beyond, 1)), Cap: fields[2]}
		u.fromText = sync.OnceValue(u.decimalFrom)
		units = append(units, u)
		for _, w := range fields[3:] {
			if unitWords[w] == nil { // the first line that has a word decides: the longest unit
				unitWords[w] = u
				noteSize(w)
			}
			if r, _ := utf8.DecodeRuneInString(w); r >= 0x0e00 {
				inside = append(inside, w)
			}
		}
	}
}

func noteSize(word string) { wordSizes[word[0]] |= 1 << min(len(word), 63) }

// isWord reports whether a text may be a word of a unit or of an age.
func isWord(text []byte) bool {
	return len(text) > 0 && wordSizes[text[0]]>>min(len(text), 63)&1 != 0
}

// unitNamed returns the unit that a text names, or nil.
func unitNamed(text []byte) *Unit {
	if !isWord(text) {
		return nil
	}
	return unitWords[string(text)]
}

// UnitOf returns the unit of time that a text names, or nil: a UCUM code, a
// code of another system, a word of many languages in any case ("Jahre", "años"),
// with more words around it ("years old", "age in months"). What follows a
// "/" or "per" is a divisor. Annotations of UCUM, in braces,
// say nothing unless there is nothing else ("a{age}", but "{years}").
func UnitOf(unit []byte) *Unit {
	if u := unitNamed(unit); u != nil {
		return u
	}
	const longest = 120
	if len(unit) == 0 || len(unit) > longest {
		return nil
	}
	var buf [2 * longest]byte
	text := lowerText(buf[:0], unit)
	if u := unitNamed(text); u != nil {
		return u
	}
	if open := bytes.IndexByte(text, '{'); open >= 0 {
		if bare := withoutNotes(text); len(bare) > 0 && string(bare) != "1" {
			if u := unitNamed(bare); u != nil {
				return u
			}
			return timeInWords(bare)
		}
	}
	return timeInWords(text)
}

// lowerText appends text in lower case and without space around it.
func lowerText(dst, text []byte) []byte {
	for text = bytes.TrimSpace(text); len(text) > 0; {
		r, n := utf8.DecodeRune(text)
		text = text[n:]
		if r >= 0xff01 && r <= 0xff5e { // full-width forms of ASCII
			r -= 0xfee0
		}
		dst = utf8.AppendRune(dst, unicode.ToLower(r))
		if len(dst) > 200 {
			break
		}
	}
	return dst
}

// withoutNotes cuts the annotations out of a unit, in place.
func withoutNotes(text []byte) []byte {
	out := text[:0:0]
	depth := 0
	for _, c := range text {
		switch {
		case c == '{':
			depth++
		case c == '}':
			depth--
		case depth == 0:
			out = append(out, c)
		}
	}
	return bytes.TrimSpace(out)
}

// timeInWords looks for a unit of time among the words of a text. If there are several,
// the longest unit counts, since its limit is the lowest.
func timeInWords(text []byte) *Unit {
	var found *Unit
	age, words, divided := false, 0, false
	for len(text) > 0 {
		r, n := utf8.DecodeRune(text)
		if !unicode.IsLetter(r) && !unicode.IsMark(r) {
			divided = divided || r == '/'
			text = text[n:]
			continue
		}
		end := n
		for end < len(text) {
			r, n := utf8.DecodeRune(text[end:])
			if !unicode.IsLetter(r) && !unicode.IsMark(r) {
				break
			}
			end += n
		}
		word := text[:end]
		text = text[end:]
		words++
		switch {
		case string(word) == "per" || string(word) == "pro" || string(word) == "por" || string(word) == "par":
			divided = true
			continue
		case isWord(word) && ageWords[string(word)]:
			age = true
		}
		// A single letter counts as a unit only if the text has nothing else.
		if u := wordUnit(word); u != nil && (!divided || age) && (end > 1 || words == 1) && (found == nil || u.from.Cmp(found.from) < 0) {
			found = u
		}
		divided = false
	}
	if found == nil && age {
		return units[0]
	}
	return found
}

func wordUnit(word []byte) *Unit {
	if u := unitNamed(word); u != nil {
		return u
	}
	if word[0] < 0x80 {
		return nil
	}
	for _, w := range inside {
		if bytes.Contains(word, []byte(w)) {
			return unitWords[w]
		}
	}
	return nil
}

// MayBe reports whether num can be an age over 89 in some unit of time that a person
// could have reached. It reports true for text that is not a number.
func MayBe(num []byte) bool {
	if len(num) == 1 || len(num) == 2 && num[0] < '9' {
		return false
	}
	if len(num) > LongestNumber { // 95 with forty zeros is one
		return true
	}
	for _, u := range units {
		over, ok := atLeast(num, u.from)
		none, _ := atLeast(num, u.to)
		if !ok || over && !none {
			return true
		}
	}
	return false
}

// LongestNumber bounds the numbers that are compared exactly. A longer one counts as
// over.
const LongestNumber = 40

// IsOver reports whether a number in the unit is an age over Oldest; ok says whether it is
// a number.
func (u *Unit) IsOver(num []byte) (over, ok bool) { return atLeast(num, u.from) }

// IsUnit reports whether text is just the name of a unit.
func IsUnit(text []byte) bool {
	var buf [64]byte
	return len(text) > 0 && len(text) <= 32 && unitWords[string(lowerText(buf[:0], text))] != nil
}

// IsLonger reports whether u is a longer unit than v, so that an age over Oldest is a
// smaller number in u.
func (u *Unit) IsLonger(v *Unit) bool { return u.from.Cmp(v.from) < 0 }

// UnitWords returns the words that stand for each unit, in lower case.
func UnitWords() map[string]*Unit { return maps.Clone(unitWords) }

// Words returns the words that mark a number as an age, sorted and in lower case.
func Words() []string { return slices.Sorted(maps.Keys(ageWords)) }

// atLeast compares a decimal number, with or without an exponent, without rounding.
func atLeast(num []byte, from *big.Rat) (over, ok bool) {
	if len(num) > LongestNumber {
		return true, true
	}
	if i := bytes.IndexAny(num, "eE"); i >= 0 && len(bytes.TrimLeft(num[i+1:], "+-0")) > 2 {
		return num[i+1] != '-', true // an exponent of three digits or more, without leading zeros
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
