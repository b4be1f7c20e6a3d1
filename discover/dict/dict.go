// Package dict has lists of names and terms to compare sampled values of a column with:
// given names, family names, cities, countries, states, and terms for sex, marital
// status, languages and the like in several languages.
//
// Entries are folded: lower case, without diacritics. A list says nothing certain about
// a single value (Paris, Jordan, May); what counts is the share of a column's values.
package dict

import (
	"embed"
	"iter"
	"maps"
	"strings"
	"sync"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

//go:embed lists/*.txt
var files embed.FS

// List is a list of names or terms.
type List uint8

// The lists.
const (
	Given List = iota
	Family
	City
	Country
	CountryCode
	numFileLists
)

var sources = [numFileLists][]string{
	Given:       {"given"},
	Family:      {"family"},
	City:        {"cities-us", "cities-europe", "cities-world"},
	Country:     {"countries"},
	CountryCode: {"countrycodes"},
}

var lists [numFileLists]func() map[string]struct{}

func init() {
	for l := range lists {
		lists[l] = sync.OnceValue(func() map[string]struct{} {
			m := map[string]struct{}{}
			for _, name := range sources[l] {
				for line := range strings.Lines(read(name)) {
					line = strings.TrimSpace(line)
					if line == "" || line[0] == '#' {
						continue
					}
					if List(l) == CountryCode {
						for code := range strings.FieldsSeq(strings.ToLower(line)) {
							m[code] = struct{}{}
						}
						continue
					}
					m[line] = struct{}{}
				}
			}
			return m
		})
	}
}

func read(name string) string {
	text, err := files.ReadFile("lists/" + name + ".txt")
	if err != nil {
		panic(err) // the file is part of the program
	}
	return string(text)
}

// Has reports whether a list contains a folded text.
func (l List) Has(folded string) bool {
	_, ok := lists[l]()[folded]
	return ok
}

// terms are the sections of terms.txt: an entry of a section by its text.
var terms = sync.OnceValue(func() map[string]map[string]struct{} {
	out := map[string]map[string]struct{}{}
	var section map[string]struct{}
	for line := range strings.Lines(read("terms")) {
		line = strings.TrimSpace(line)
		switch {
		case line == "" || line[0] == '#':
		case line[0] == '[':
			section = map[string]struct{}{}
			out[strings.Trim(line, "[]")] = section
		default:
			for term := range strings.SplitSeq(line, ",") {
				section[Fold(strings.TrimSpace(term))] = struct{}{}
			}
		}
	}
	return out
})

// Terms returns the folded entries of a section of terms.
func Terms(section string) map[string]struct{} { return terms()[section] }

// Fold returns a text in lower case without diacritics.
func Fold(s string) string {
	ascii, lower := true, true
	for i := range len(s) {
		ascii = ascii && s[i] < 0x80
		lower = lower && (s[i] < 'A' || s[i] > 'Z')
	}
	if ascii {
		if lower {
			return s
		}
		return strings.ToLower(s)
	}
	var b strings.Builder
	for _, r := range norm.NFKD.String(s) {
		switch r = unicode.ToLower(r); {
		case unicode.Is(unicode.Mn, r):
		case r == 'ß':
			b.WriteString("ss")
		case r == 'ø':
			b.WriteByte('o')
		case r == 'ł':
			b.WriteByte('l')
		case r == 'æ':
			b.WriteString("ae")
		case r == 'ı':
			b.WriteByte('i')
		case r == '’':
			b.WriteByte('\'')
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// All iterates over the entries of a list, in no particular order.
func (l List) All() iter.Seq[string] { return maps.Keys(lists[l]()) }
