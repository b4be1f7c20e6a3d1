package selftest

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// MinCanary is the minimum length of a canary in bytes: a shorter one can occur in
// masked data by chance.
const MinCanary = 5

// surely is the length from which a value is also looked for inside words.
const surely = 9

// Originals finds known originals in responses.
type Originals struct{ list []original }

// original is a value with the spellings that are searched for.
type original struct {
	value string // lower case
	// folded are in lower case and found whatever the case, exact are not.
	folded, exact []string
	bounded       bool // found only if no letter or digit is next to it
}

// NewOriginals prepares a search for values: as they are, in another case, backwards,
// in hex, in base64, escaped in URLs, and dates in their usual spellings.
func NewOriginals(values []string) *Originals {
	o := &Originals{}
	for _, v := range values {
		low := strings.ToLower(v)
		if len(low) < MinCanary || slices.ContainsFunc(o.list, func(x original) bool { return x.value == low }) {
			continue
		}
		one := original{value: low, bounded: len(low) < surely || !strings.ContainsFunc(low, unicode.IsLetter)}
		for _, spelling := range []string{v, strings.ToUpper(v), low} {
			one.folded = append(one.folded, hex.EncodeToString([]byte(spelling)))
			one.exact = append(one.exact, base64Forms(spelling)...)
		}
		one.folded = append(one.folded, low, reversed(low), strings.ToLower(url.QueryEscape(v)), strings.ToLower(url.PathEscape(v)))
		if day, err := time.Parse(time.DateOnly, v); err == nil {
			for _, layout := range []string{"20060102", "02.01.2006", "02/01/2006", "01/02/2006", "2 January 2006", "January 2, 2006"} {
				one.folded = append(one.folded, strings.ToLower(day.Format(layout)))
			}
		}
		slices.Sort(one.folded)
		one.folded = slices.Compact(one.folded)
		o.list = append(o.list, one)
	}
	return o
}

// base64Forms returns the forms that a text can have inside base 64, without the symbols
// that it shares with its neighbors.
func base64Forms(s string) (forms []string) {
	for offset := range 3 {
		text := base64.StdEncoding.EncodeToString(append(make([]byte, offset), s...))
		if from, to := (offset*8+5)/6, (offset+len(s))*8/6; to-from >= MinCanary+2 {
			forms = append(forms, text[from:to])
		}
	}
	return forms
}

func reversed(s string) string {
	r := []rune(s)
	slices.Reverse(r)
	return string(r)
}

// Found reports whether an original is in a response. Originals that the request itself
// contains do not count.
func (o *Originals) Found(response []byte, request string) bool {
	low := bytes.ToLower(response)
	sent := strings.ToLower(request)
	if plain, err := url.QueryUnescape(sent); err == nil {
		sent += " " + plain
	}
	for i := range o.list {
		one := &o.list[i]
		if !strings.Contains(sent, one.value) && one.in(response, low) {
			return true
		}
	}
	return false
}

// in reports whether the original is in a text; low is the text in lower case.
func (o *original) in(text, low []byte) bool {
	for _, form := range o.folded {
		if o.standsIn(low, form) {
			return true
		}
	}
	return slices.ContainsFunc(o.exact, func(form string) bool { return bytes.Contains(text, []byte(form)) })
}

func (o *original) standsIn(text []byte, form string) bool {
	for from := 0; ; {
		i := bytes.Index(text[from:], []byte(form))
		if i < 0 {
			return false
		}
		begin, end := from+i, from+i+len(form)
		if !o.bounded || !touches(lastRune(text[:begin])) && !touches(firstRune(text[end:])) {
			return true
		}
		from = begin + 1
	}
}

func firstRune(b []byte) rune { r, _ := utf8.DecodeRune(b); return r }
func lastRune(b []byte) rune  { r, _ := utf8.DecodeLastRune(b); return r }

func touches(r rune) bool {
	return r != utf8.RuneError && (unicode.IsLetter(r) || unicode.IsDigit(r))
}

// Absent returns a value of the same form that surely does not occur: with other letters
// and digits (hexadecimal ones for a UUID); for a date, with or without a time, another
// day of the same month.
func Absent(value string) string {
	if day, err := time.Parse(time.DateOnly, value[:min(len(value), len(time.DateOnly))]); err == nil {
		other := day.AddDate(0, 0, 1)
		if other.Month() != day.Month() {
			other = day.AddDate(0, 0, -1)
		}
		return other.Format(time.DateOnly) + value[len(time.DateOnly):]
	}
	const hexDigits = "0123456789abcdef"
	isHex := strings.ContainsAny(value, "abcdef") && strings.Trim(value, hexDigits+"-") == ""
	return strings.Map(func(r rune) rune {
		switch i := strings.IndexRune(hexDigits, r); {
		case isHex && i >= 0:
			return rune(hexDigits[(i+5)%16])
		case r >= 'a' && r <= 'z':
			return 'a' + (r-'a'+13)%26
		case r >= 'A' && r <= 'Z':
			return 'A' + (r-'A'+13)%26
		case r >= '0' && r <= '9':
			return '0' + (r-'0'+5)%10
		}
		return r
	}, value)
}
