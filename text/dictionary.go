package text

import (
	"bufio"
	"bytes"
	"compress/gzip"
	_ "embed" // the lists
	"strings"
	"sync"

	"github.com/veil-proxy/veil/discover/dict"
)

// lexicon has the words that detectors know by their function.
//
//go:embed lexicon.txt
var lexicon string

// wordLists has common words, names of drugs and rarer names of persons.
//
//go:generate python3 lists/generate.py
//go:embed lists/words.txt.gz
var wordLists []byte

// dictionary tells what a word can be, by the hash of its folded form: one table with
// open addressing, so that a token costs one look-up.
type dictionary struct {
	keys    []uint64
	flags   []flags
	used    int
	phrases trie
	// phraseFlags are the flags of entries of several words.
	phraseFlags []flags
	months      map[uint64]int
	numbers     map[uint64]int
	// streets are ends of words that stand for streets, by their last byte: straße, laan.
	streets [256][]string
}

var loaded = sync.OnceValue(load)

func load() *dictionary {
	d := &dictionary{months: map[uint64]int{}, numbers: map[uint64]int{}}
	d.keys = make([]uint64, 1<<18)
	d.flags = make([]flags, 1<<18)
	var phrases []sequence
	add := func(entry string, f flags) {
		if phrase := d.add(entry, f); phrase != nil {
			d.phraseFlags = append(d.phraseFlags, f)
			phrases = append(phrases, sequence{hashes: phrase, info: seqInfo{value: int32(len(d.phraseFlags))}})
		}
	}
	for _, list := range []struct {
		list dict.List
		f    flags
	}{{dict.Given, fGiven}, {dict.Family, fFamily}, {dict.City, fCity}, {dict.Country, fCountry}} {
		for entry := range list.list.All() {
			add(entry, list.f)
		}
	}
	unzipped, err := gzip.NewReader(bytes.NewReader(wordLists))
	if err != nil {
		panic(err) // the list is part of the program
	}
	lines := bufio.NewScanner(unzipped)
	f := flags(0)
	for lines.Scan() {
		if name, ok := strings.CutPrefix(lines.Text(), "# "); ok {
			if f = sections[name]; f&(fGiven|fFamily) != 0 {
				f |= fUncommon
			}
			continue
		}
		add(lines.Text(), f)
	}
	eachEntry(lexicon, func(section, entry string) {
		switch section {
		case "months", "numbers":
			words := strings.Fields(entry)
			number := 0
			for _, c := range words[0] {
				number = number*10 + int(c-'0')
			}
			table, f := d.months, fMonth
			if section == "numbers" {
				table, f = d.numbers, fNumberWord
			}
			for _, w := range words[1:] {
				table[hashOf(fold(w))] = number
				add(w, f)
			}
		case "nicknames":
		case "street-name":
			end := fold(entry)
			last := end[len(end)-1]
			d.streets[last] = append(d.streets[last], end)
		default:
			f, ok := sections[section]
			if !ok {
				panic("text: unknown section of the lexicon: " + section)
			}
			add(entry, f)
		}
	})
	nodes := 0
	for _, p := range phrases {
		nodes += len(p.hashes)
	}
	d.phrases.grow(nodes)
	for _, p := range phrases {
		d.addPhrase(p)
	}
	return d
}

// addPhrase adds an entry of several words; the flags of equal entries add up.
func (d *dictionary) addPhrase(p sequence) {
	state := uint32(0)
	for i, h := range p.hashes {
		next, info, ok := d.phrases.step(state, h)
		if ok && i == len(p.hashes)-1 && info != nil {
			d.phraseFlags[info.value-1] |= d.phraseFlags[p.info.value-1]
			return
		}
		if !ok {
			break
		}
		state = next
	}
	d.phrases.add(p.hashes, p.info)
}

// eachEntry calls f with each entry of each section of a lexicon: entries are separated
// by commas, and lines that begin with "# " are comments.
func eachEntry(lexicon string, f func(section, entry string)) {
	section := ""
	for line := range strings.Lines(lexicon) {
		line = strings.TrimSpace(line)
		switch {
		case line == "" || strings.HasPrefix(line, "# "):
		case line[0] == '[':
			section = strings.Trim(line, "[]")
		default:
			for entry := range strings.SplitSeq(line, ",") {
				if entry = strings.TrimSpace(entry); entry != "" {
					f(section, entry)
				}
			}
		}
	}
}

// add adds a word. For an entry of several words it returns their hashes.
func (d *dictionary) add(entry string, f flags) []uint64 {
	src := []byte(entry)
	var buf [8]token
	var hashes []uint64
	for _, t := range tokenize(buf[:0], src, 0, len(src)) {
		if t.kind != mark {
			hashes = append(hashes, t.hash)
		}
	}
	switch len(hashes) {
	case 0:
	case 1:
		d.set(hashes[0], f)
	default:
		d.set(hashes[0], fStarts)
		return hashes
	}
	return nil
}

func (d *dictionary) set(h uint64, f flags) {
	if d.used*2 > len(d.keys) {
		d.double()
	}
	i := h & uint64(len(d.keys)-1)
	for d.keys[i] != 0 && d.keys[i] != h {
		i = (i + 1) & uint64(len(d.keys)-1)
	}
	if d.keys[i] == 0 {
		d.keys[i] = h
		d.used++
	}
	d.flags[i] |= f
}

func (d *dictionary) double() {
	keys, values := d.keys, d.flags
	d.keys, d.flags, d.used = make([]uint64, len(keys)*2), make([]flags, len(keys)*2), 0
	for i, k := range keys {
		if k != 0 {
			d.set(k, values[i])
		}
	}
}

// get returns the flags of a word.
func (d *dictionary) get(h uint64) flags {
	mask := uint64(len(d.keys) - 1)
	for i := h & mask; d.keys[i] != 0; i = (i + 1) & mask {
		if d.keys[i] == h {
			return d.flags[i]
		}
	}
	return 0
}

// streetEnd reports whether a word ends like a street, and whether it can be nothing
// else.
func (d *dictionary) streetEnd(word []byte) (ok, sure bool) {
	var buf [64]byte
	folded := buf[:0]
	for _, r := range string(word) {
		folded = appendFold(folded, r)
	}
	if len(folded) == 0 {
		return false, false
	}
	for _, end := range d.streets[folded[len(folded)-1]] {
		if len(folded) > len(end)+1 && string(folded[len(folded)-len(end):]) == end {
			return true, len(end) >= 6
		}
	}
	return false, false
}

// nicknames has the short forms of given names, and the given names of short forms.
var nicknames = sync.OnceValue(func() map[string][]string {
	out := map[string][]string{}
	eachEntry(lexicon, func(section, entry string) {
		if section != "nicknames" {
			return
		}
		words := strings.Fields(fold(entry))
		for _, nick := range words[1:] {
			out[words[0]] = append(out[words[0]], nick)
			out[nick] = append(out[nick], words[0])
		}
	})
	return out
})

func isTitle(w string) bool { return wordIs(w, fTitle) }

func isSuffix(w string) bool { return wordIs(w, fSuffix) }

func isParticle(w string) bool { return wordIs(w, fParticle) }

func wordIs(w string, f flags) bool {
	w = strings.Trim(w, ".,")
	return loaded().get(hashOf(fold(strings.ReplaceAll(w, ".", ""))))&f != 0
}

// onlySuffixes reports whether a text is nothing but what follows a name: MD, Jr.
func onlySuffixes(text string) bool {
	words := strings.FieldsFunc(text, func(r rune) bool { return r == ' ' || r == ',' })
	for _, w := range words {
		if !isSuffix(w) {
			return false
		}
	}
	return true
}
