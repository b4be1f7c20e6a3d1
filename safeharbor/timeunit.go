package safeharbor

import (
	"bytes"
	_ "embed"
	"math/big"
	"strings"
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

// timeUnit is a unit in which ages are written.
type timeUnit struct {
	// from is the number from which on an age is over 89, to the number from
	// which on it is no age that anybody has reached (131 years).
	from, to *big.Rat
	cap      string // 90 years, rounded up to a whole
}

const oldestEver = 131

var (
	timeUnits []*timeUnit
	// timeWords finds a unit by what stands for it, in lower case; ageWords are
	// words that say that a number is an age, in years if nothing else is said.
	timeWords = map[string]*timeUnit{}
	ageWords  = map[string]bool{}
	// inside are the words without spaces between them (年, 歳): a unit is
	// whatever contains one.
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
			}
			continue
		}
		per, ok := new(big.Rat).SetString(fields[1])
		if !ok {
			panic("safeharbor: " + line)
		}
		u := &timeUnit{from: new(big.Rat).Mul(per, big.NewRat(oldest+1, 1)), to: new(big.Rat).Mul(per, big.NewRat(oldestEver, 1)), cap: fields[2]}
		timeUnits = append(timeUnits, u)
		for _, w := range fields[3:] {
			if timeWords[w] == nil { // the first line that has a word decides: the longest unit
				timeWords[w] = u
			}
			if r, _ := utf8.DecodeRuneInString(w); r >= 0x0e00 {
				inside = append(inside, w)
			}
		}
	}
}

// timeUnitOf returns the unit of time that a text names, or nil: a UCUM code, a
// code of another system, a word of many languages in any case ("Jahre", "años"),
// with more words around it ("years old", "age in months"). What stands behind a
// "/" or "per" names what something is divided by. Annotations of UCUM, in braces,
// say nothing unless there is nothing else ("a{age}", but "{years}").
func timeUnitOf(unit []byte) *timeUnit {
	if u := timeWords[string(unit)]; u != nil {
		return u
	}
	const longest = 120
	if len(unit) == 0 || len(unit) > longest {
		return nil
	}
	var buf [2 * longest]byte
	text := lowerText(buf[:0], unit)
	if u := timeWords[string(text)]; u != nil {
		return u
	}
	if open := bytes.IndexByte(text, '{'); open >= 0 {
		if bare := withoutNotes(text); len(bare) > 0 && string(bare) != "1" {
			if u := timeWords[string(bare)]; u != nil {
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

// timeInWords looks for a unit of time among the words of a text. Of several the
// longest unit counts, since its limit is the lowest.
func timeInWords(text []byte) *timeUnit {
	var found *timeUnit
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
		case ageWords[string(word)]:
			age = true
		}
		// A single letter stands for a unit only where nothing else is said.
		if u := wordUnit(word); u != nil && (!divided || age) && (end > 1 || words == 1) && (found == nil || u.from.Cmp(found.from) < 0) {
			found = u
		}
		divided = false
	}
	if found == nil && age {
		return timeUnits[0]
	}
	return found
}

func wordUnit(word []byte) *timeUnit {
	if u := timeWords[string(word)]; u != nil {
		return u
	}
	if word[0] < 0x80 {
		return nil
	}
	for _, w := range inside {
		if bytes.Contains(word, []byte(w)) {
			return timeWords[w]
		}
	}
	return nil
}

// mayBeAge reports whether a number is one that an age over 89 has in some unit
// of time, and an age that anybody reached. What is no number may be one.
func mayBeAge(num []byte) bool {
	if len(num) == 1 || len(num) == 2 && num[0] < '9' {
		return false
	}
	for _, u := range timeUnits {
		over, ok := atLeast(num, u.from)
		beyond, _ := atLeast(num, u.to)
		if !ok || over && !beyond {
			return true
		}
	}
	return false
}
