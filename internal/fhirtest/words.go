package fhirtest

import (
	_ "embed"
	"sort"
	"strings"
	"sync"
)

// words.tsv holds the invented names of people, streets and organizations, and
// the places: city|county|state|ZIP|offset from UTC.
//
//go:embed words.tsv
var wordsTSV string

// words parses words.tsv once; its result is never modified.
var words = sync.OnceValue(func() map[string][]string {
	m := map[string][]string{}
	for line := range strings.Lines(wordsTSV) {
		kind, value, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
		if !ok {
			panic("fhirtest: words.tsv: want two columns")
		}
		m[kind] = append(m[kind], value)
	}
	return m
})

// cultures are the keys of the name lists, in order.
var cultures = sync.OnceValue(func() []string {
	var keys []string
	for kind := range words() {
		if key, ok := strings.CutPrefix(kind, "family:"); ok {
			keys = append(keys, key)
		}
	}
	sort.Strings(keys)
	return keys
})

// place is a town with its postal code and its offset from UTC.
type place struct {
	city, county, state, zip, zone string
}

func places(kind string) []place {
	var list []place
	for _, w := range words()[kind] {
		f := strings.Split(w, "|")
		list = append(list, place{f[0], f[1], f[2], f[3], f[4]})
	}
	return list
}
