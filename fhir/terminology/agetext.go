package terminology

import (
	"bytes"
	_ "embed"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/veil-proxy/veil/fhir/fhirjson"
	"github.com/veil-proxy/veil/fhir/lexical"
)

//go:embed tables/agecodes.txt
var ageCodesText string

// ageCodes are the codes of ages, whatever their system: LOINC's and SNOMED CT's
// look different.
var ageCodes = func() []string {
	var codes []string
	for _, line := range bytes.Split([]byte(ageCodesText), []byte("\n")) {
		if len(line) > 0 && line[0] != '#' {
			for _, c := range bytes.Fields(line) {
				codes = append(codes, string(c))
			}
		}
	}
	return codes
}()

// ageCodeTable finds them.
var ageCodeTable = fhirjson.NewKeyTable(ageCodes)

// ageTexts are words for age that a text begins or ends with.
var ageTexts = lexical.Words(`age ages aged alter altersangabe âge edad età eta idade leeftijd alder ålder ikä wiek věk vek возраст вік életkor vârstă ηλικία yaş umur usia`)

// unspaced are such words of languages that write no space between words.
var unspaced = []string{"年齢", "年龄", "年齡", "나이", "연령"}

// notAges are words before it that make it none ("weight for age", "bone age").
var notAges = lexical.Words(`for per to by bone gestational fetal foetal`)

// agedIn are words behind it that say what it is in or how it was found.
var agedIn = lexical.Words(`in years year yrs yr y months month mo weeks days jahre jahren jahr ans años anos anni jaar år lat let group groups category range class value calculated estimated reported`)

// IsAgeText reports whether a text names an age, that is, begins or ends with a word
// for it ("Age at diagnosis", "Maternal age (years)", "patientAge", "Alter bei
// Diagnose").
func IsAgeText(text []byte) bool {
	return len(text) >= 3 && len(text) <= 200 && mayHaveAge(text) && readsAsAge(text)
}

func readsAsAge(text []byte) bool {
	var before, last, w word
	for first := true; ; first = false {
		if text = w.read(text); w.n == 0 {
			break
		}
		if first && w.isAge() {
			return true
		}
		if !agedIn[string(w.text())] {
			before, last = last, w
		}
	}
	return last.isAge() && !notAges[string(before.text())]
}

// asciiAges are the words for age that are of letters of ASCII: as numbers, one byte a
// letter, which have room for eight; the letters that they begin with, as bits; and how
// long the longer ones are, as bits.
var asciiAges = func() (all struct {
	packed  []uint64
	begins  uint32
	lengths uint64
}) {
	for w := range ageTexts {
		if strings.IndexFunc(w, func(r rune) bool { return r >= utf8.RuneSelf }) >= 0 {
			continue
		}
		packed := uint64(0)
		for _, c := range []byte(w) {
			packed = packed<<8 | uint64(c)
		}
		all.begins |= 1 << (w[0] - 'a')
		if len(w) > 8 {
			all.lengths |= 1 << len(w)
		} else {
			all.packed = append(all.packed, packed)
		}
	}
	return all
}()

// mayHaveAge reports whether one of a text's words may be for age, so that most texts
// need not be read word by word. Of what is not ASCII it knows nothing.
func mayHaveAge(text []byte) bool {
	packed, n, small := uint64(0), 0, false
	ends := func() bool {
		switch {
		case n == 0:
			return false
		case n > 8:
			return asciiAges.lengths>>n&1 != 0
		}
		return asciiAges.begins>>(packed>>(8*(n-1))-'a')&1 != 0 && slices.Contains(asciiAges.packed, packed)
	}
	for _, c := range text {
		lower := c | 0x20
		switch {
		case c >= utf8.RuneSelf:
			return true
		case lower < 'a' || lower > 'z':
			if ends() {
				return true
			}
			n, packed = 0, 0
		case c < 'a' && small:
			if ends() {
				return true
			}
			n, packed = 1, uint64(lower)
		default:
			n++
			packed = packed<<8 | uint64(lower)
		}
		small = c == lower && n > 0
	}
	return ends()
}

// word is a word of a text in lower case, without marks and characters that are not
// seen.
type word struct {
	buf [40]byte
	n   int
}

func (w *word) text() []byte { return w.buf[:w.n] }

func (w *word) isAge() bool {
	if ageTexts[string(w.text())] {
		return true
	}
	for _, u := range unspaced {
		if bytes.HasPrefix(w.text(), []byte(u)) || bytes.HasSuffix(w.text(), []byte(u)) {
			return true
		}
	}
	return false
}

// read takes the next word and returns what follows. A capital behind a small letter
// begins another word. What is longer than any word for age is cut.
func (w *word) read(text []byte) []byte {
	w.n = 0
	small := false
	for len(text) > 0 {
		r, size := rune(text[0]), 1
		if r >= utf8.RuneSelf {
			r, size = utf8.DecodeRune(text)
		}
		if r >= 'Ａ' && r <= 'ｚ' { // full width
			r -= 'Ａ' - 'A'
		}
		capital := r >= 'A' && r <= 'Z' || r >= utf8.RuneSelf && unicode.IsUpper(r)
		switch {
		case capital && small:
			return text
		case capital || r >= 'a' && r <= 'z' || r >= utf8.RuneSelf && unicode.IsLetter(r):
			if small = !capital; w.n+utf8.UTFMax <= len(w.buf) {
				w.n += utf8.EncodeRune(w.buf[w.n:], unicode.ToLower(r))
			}
		case r >= utf8.RuneSelf && unicode.In(r, unicode.Mn, unicode.Cf):
		case w.n > 0:
			return text
		}
		text = text[size:]
	}
	return nil
}

// IsAgeCode reports whether a code stands for an age, whatever its system.
func IsAgeCode(code []byte) bool { return ageCodeTable.Find(code) >= 0 }
