package terminology

import (
	"bytes"
	_ "embed"
	"unicode"
	"unicode/utf8"

	"github.com/veil-proxy/veil/fhir/lexical"
)

//go:embed tables/agecodes.txt
var ageCodesText string

// ageCodes are the codes of ages, whatever their system: LOINC's and SNOMED CT's
// look different.
var ageCodes = func() map[string]bool {
	codes := map[string]bool{}
	for _, line := range bytes.Split([]byte(ageCodesText), []byte("\n")) {
		if len(line) > 0 && line[0] != '#' {
			for _, c := range bytes.Fields(line) {
				codes[string(c)] = true
			}
		}
	}
	return codes
}()

// ageTexts are words for age that a text begins or ends with.
var ageTexts = lexical.Words(`age ages aged alter altersangabe âge edad età eta idade leeftijd alder ålder ikä wiek věk vek возраст вік életkor vârstă ηλικία yaş umur usia 年齢 年龄 年齡 나이 연령`)

// notAges are words before it that make it none ("weight for age", "bone age").
var notAges = lexical.Words(`for per to by bone gestational fetal foetal`)

// IsAgeText reports whether a text names an age: it begins or ends with a word for
// it ("Age at diagnosis", "Maternal age", "Alter bei Diagnose").
func IsAgeText(text []byte) bool {
	if len(text) < 3 || len(text) > 200 {
		return false
	}
	first, last, before := words(text)
	return isAgeWord(first) || isAgeWord(last) && !isWordOf(notAges, before)
}

// words returns the first, the last and the last but one word of a text.
func words(text []byte) (first, last, before []byte) {
	for len(text) > 0 {
		n, letter, _ := letterAt(text)
		if !letter {
			text = text[n:]
			continue
		}
		end := n
		for end < len(text) {
			n, letter, mark := letterAt(text[end:])
			if !letter && !mark {
				break
			}
			end += n
		}
		if first == nil {
			first = text[:end]
		}
		before, last, text = last, text[:end], text[end:]
	}
	return first, last, before
}

// letterAt returns the length of the character that text begins with, and whether it
// is a letter or a mark on one.
func letterAt(text []byte) (n int, letter, mark bool) {
	if c := text[0]; c < utf8.RuneSelf {
		c |= 0x20
		return 1, c >= 'a' && c <= 'z', false
	}
	r, n := utf8.DecodeRune(text)
	return n, unicode.IsLetter(r), unicode.IsMark(r)
}

func isAgeWord(word []byte) bool { return isWordOf(ageTexts, word) }

// isWordOf compares without regard to case.
func isWordOf(list map[string]bool, word []byte) bool {
	var buf [32]byte
	if len(word) == 0 || len(word) > 24 {
		return false
	}
	lower := buf[:0]
	for len(word) > 0 {
		if c := word[0]; c < utf8.RuneSelf { // of letters alone
			lower, word = append(lower, c|0x20), word[1:]
			continue
		}
		r, n := utf8.DecodeRune(word)
		lower, word = utf8.AppendRune(lower, unicode.ToLower(r)), word[n:]
	}
	return list[string(lower)]
}

// IsAgeCode reports whether a code is one of an age, whatever its system.
func IsAgeCode(code []byte) bool { return ageCodes[string(code)] }
