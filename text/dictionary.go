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

// dictionary has the flags of words, by the hash of their folded form: one table with open
// addressing, so that a token costs one look-up.
type dictionary struct {
	// slots has the high bits of a word's hash and the index of its flags in kinds; 0 is
	// free.
	slots   []uint64
	kinds   []flags
	kindOf  map[flags]uint64 // this and the following are used while the dictionary is loaded
	toks    tokens
	cut     []byte
	used    int
	shift   uint // shifts a hash to the index of a slot
	phrases trie
	// pairs has the pairs of words that an entry may begin with, by the key of their edge.
	pairs []uint64
	// phraseFlags has the flags of entries of several words.
	phraseFlags []flags
	months      map[uint64]int
	numbers     map[uint64]int
	// titles, suffixes and particles are used to split the names of a record. They are
	// separate sets so that they stay in the processor's cache.
	titles, suffixes, particles wordSet
	// streets has endings of words that mean streets, by their last byte: straße, laan.
	streets [256][]string
	// tails has the two letters that such a word may end with, by a few bits of each.
	tails pairSet
}

// kindBits is the number of bits of a slot that are not part of a hash.
const kindBits = 16

var loaded = sync.OnceValue(load)

func load() *dictionary {
	d := &dictionary{months: map[uint64]int{}, numbers: map[uint64]int{}}
	d.slots, d.shift = make([]uint64, 1<<18), 64-18
	d.kinds, d.kindOf = []flags{0}, map[flags]uint64{0: 0}
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
			d.tails.add(end[len(end)-2], last)
			d.streets[last] = append(d.streets[last], end)
		default:
			f, ok := sections[section]
			if !ok {
				panic("text: unknown section of the lexicon: " + section)
			}
			add(entry, f)
		}
	})
	for _, set := range anchorWords {
		for _, h := range set {
			if h != 0 {
				d.set(h, fAnchor)
			}
		}
	}
	d.titles, d.suffixes, d.particles = d.wordsWith(fTitle), d.wordsWith(fSuffix), d.wordsWith(fParticle)
	d.kindOf, d.toks, d.cut = nil, tokens{}, nil
	nodes := 0
	for _, p := range phrases {
		nodes += len(p.hashes)
	}
	d.phrases.grow(nodes)
	d.pairs = make([]uint64, 1<<pairBits/64)
	for _, p := range phrases {
		d.addPhrase(p)
		pair := pairOf(p.hashes[0], p.hashes[1])
		d.pairs[pair>>6] |= 1 << (pair & 63)
	}
	return d
}

// addPhrase adds an entry of several words; equal entries combine their flags.
func (d *dictionary) addPhrase(p sequence) {
	state := uint32(0)
	for i, h := range p.hashes {
		next, info, ok := d.phrases.step(state, h)
		if ok && i == len(p.hashes)-1 && info != 0 {
			d.phraseFlags[info.unpack().value-1] |= d.phraseFlags[p.info.value-1]
			return
		}
		if !ok {
			break
		}
		state = next
	}
	d.phrases.add(p.hashes, len(p.hashes), p.info)
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
	d.cut = append(d.cut[:0], entry...)
	d.toks.cut(d.cut)
	var first uint64
	var more []uint64
	words := 0
	for i := range d.toks.toks {
		t := &d.toks.toks[i]
		if t.kind == mark {
			continue
		}
		switch words++; words {
		case 1:
			first = t.hash
		case 2:
			more = append(more, first)
			fallthrough
		default:
			more = append(more, t.hash)
		}
	}
	switch words {
	case 0:
	case 1:
		d.set(first, f)
	default:
		d.set(first, fStarts)
	}
	return more
}

// pairBits is the binary logarithm of the number of bits in pairs.
const pairBits = 20

// pairOf returns the bit of two words.
func pairOf(a, b uint64) uint64 { return (a ^ b>>1) * hashPrime >> (64 - pairBits) }

func (d *dictionary) set(h uint64, f flags) {
	if d.used*3 > len(d.slots)*2 {
		d.double()
	}
	slot := d.slot(h)
	if *slot == 0 {
		d.used++
	}
	*slot = h&^(1<<kindBits-1) | d.kind(d.kinds[*slot&(1<<kindBits-1)]|f)
}

// kind returns the index of flags in kinds.
func (d *dictionary) kind(f flags) uint64 {
	n, ok := d.kindOf[f]
	if !ok {
		if n = uint64(len(d.kinds)); n >= 1<<kindBits {
			panic("text: too many kinds of words")
		}
		d.kinds, d.kindOf[f] = append(d.kinds, f), n
	}
	return n
}

// slot returns the slot of a word, or a free one. The high bits of the hash determine where
// the search starts; they are also stored in the slot.
func (d *dictionary) slot(h uint64) *uint64 {
	mask := len(d.slots) - 1
	for i := int(h >> d.shift); ; i++ {
		if s := &d.slots[i&mask]; *s == 0 || (*s^h)>>kindBits == 0 {
			return s
		}
	}
}

func (d *dictionary) double() {
	old := d.slots
	d.slots = make([]uint64, len(old)*2)
	d.shift--
	for _, s := range old {
		if s != 0 {
			*d.slot(s) = s
		}
	}
}

// get returns the flags of a word.
func (d *dictionary) get(h uint64) flags {
	mask := len(d.slots) - 1
	for i := int(h >> d.shift); ; i++ {
		s := d.slots[i&mask]
		if s == 0 {
			return 0
		}
		if (s^h)>>kindBits == 0 {
			return d.kinds[s&(1<<kindBits-1)]
		}
	}
}

// wordMemo caches looked-up words, by some bits of their hash. Unlike the dictionary, it
// fits into the processor's cache for most texts.
type wordMemo [1 << memoBits]struct {
	hash  uint64
	flags flags
}

const memoBits = 10

// get returns the flags of a word.
func (m *wordMemo) get(d *dictionary, h uint64) flags {
	w := &m[h>>(64-memoBits)]
	if w.hash != h {
		w.hash, w.flags = h, d.get(h)
	}
	return w.flags
}

// mayEndStreet reports whether a folded word of at least two bytes may end like a street.
func (d *dictionary) mayEndStreet(folded []byte) bool {
	return len(folded) > 1 && d.tails.has(folded[len(folded)-2], folded[len(folded)-1])
}

// streetEnd reports whether a folded word ends like a street, and whether it cannot be
// anything else.
func (d *dictionary) streetEnd(folded []byte) (ok, sure bool) {
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

// wordsWith returns the single words of the lexicon that have a flag.
func (d *dictionary) wordsWith(f flags) wordSet {
	var words []string
	eachEntry(lexicon, func(section, entry string) {
		if sections[section] == f {
			words = append(words, entry)
		}
	})
	return hashSet(words...)
}

func isTitle(w string) bool { return wordIs(w, loaded().titles) }

func isSuffix(w string) bool { return wordIs(w, loaded().suffixes) }

func isParticle(w string) bool { return wordIs(w, loaded().particles) }

// wordIs reports whether a word is in a set: Ph.D.
func wordIs(w string, set wordSet) bool {
	var buf [64]byte
	folded := buf[:0]
	for _, r := range strings.Trim(w, ",") {
		if r != '.' {
			folded = appendFold(folded, r)
		}
	}
	return set.has(hashOf(folded))
}

// onlySuffixes reports whether a text consists only of suffixes of a name: MD, Jr.
func onlySuffixes(text string) bool {
	words := strings.FieldsFunc(text, func(r rune) bool { return r == ' ' || r == ',' })
	for _, w := range words {
		if !isSuffix(w) {
			return false
		}
	}
	return true
}
