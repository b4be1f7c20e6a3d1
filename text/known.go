package text

import (
	"bytes"
	"crypto/sha256"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"
)

// A Kind is the kind of a known value.
type Kind uint8

// The kinds of known values.
const (
	KnownName Kind = iota
	KnownID
	KnownPhone
	KnownAddress
	KnownDate
	KnownEmail
	KnownOrg
	KnownOther
)

var kindLabels = [...]Label{
	KnownName: Name, KnownID: ID, KnownPhone: Phone, KnownAddress: Location, KnownDate: Date, KnownEmail: Email,
	KnownOrg: Org, KnownOther: Other,
}

var kindRules = [...]string{
	KnownName: "known-name", KnownID: "known-id", KnownPhone: "known-phone", KnownAddress: "known-address",
	KnownDate: "known-date", KnownEmail: "known-email", KnownOrg: "known-org", KnownOther: "known-other",
}

// Known holds the known values of a record: names, numbers, addresses, dates. It is
// immutable and safe for concurrent use.
type Known struct {
	seqs     trie       // sequences of words
	firsts   [32]uint64 // which words can begin a sequence, by their hash
	folded   string     // the texts of parts, initials and strings
	parts    []part     // single words of names, for inexact matches
	typos    typoFilter
	initials []piece // initials of names
	strings  stringSet
	dates    []knownDate
	days     [2]uint64 // years without their century, months and days of dates
	literal  []literal
	count    int
	origins  origins
}

// begins reports whether a word can begin a sequence.
func (k *Known) begins(h uint64) bool { return k.firsts[h>>6&31]&(1<<(h&63)) != 0 }

type knownDate struct {
	year, month, day int
	value            int32
}

// literal is a value without letters and digits.
type literal struct {
	text  string
	kind  Kind
	value int32
}

// Digest returns a hash of the values in the order in which they were added.
func (k *Known) Digest() [sha256.Size]byte { return k.origins.digest() }

// Len returns the number of known values.
func (k *Known) Len() int {
	if k == nil {
		return 0
	}
	return k.count
}

// seqInfo is the meaning of a sequence of words.
type seqInfo struct {
	kind  Kind
	value int32
	// strength determines which other conditions must hold; see matchSequences.
	strength strength
}

type strength uint8

const (
	// weak: an initial or a particle, only next to a stronger part.
	weak strength = iota
	// nickname: a word that must be written like a name.
	nickname
	// single: one word of a value with several words.
	single
	// entire: all of a value, or several words of it.
	entire
)

// KnownBuilder collects the known values of a record. The zero value is ready to use.
// Most Add methods return the number of the value, by which spans refer to it.
type KnownBuilder struct {
	k *Known
	*scratch
	// owner and part are those of Of, and whole is the name whose parts are added.
	owner, part, whole string
}

// scratch has what a builder needs until it has built.
type scratch struct {
	tokens
	src    []byte // of the tokens
	words  []knownWord
	hashes []uint64 // of the words of sequences
	seqs   []knownSeq
	// arena has the folded texts of parts, initials and strings.
	arena         []byte
	firsts, lasts []piece // words of a name
	parts         []part
	initials      []piece
	strings       []knownString
	values        []Origin
	edges         int // of the sequences, at most
	many          int // the number of values in the last record
}

// piece is a part of the arena.
type piece struct{ from, to int32 }

func (p piece) len() int { return int(p.to - p.from) }

// knownWord is a word or number of a value being added.
type knownWord struct {
	folded []byte
	hash   uint64
}

// knownSeq is a sequence of words: a part of the hashes. Its prefixes of at least a given
// number of words are sequences too.
type knownSeq struct {
	piece
	least int32
	info  seqInfo
}

var scratches = sync.Pool{New: func() any { return new(scratch) }}

// begin allocates what the builder needs.
func (b *KnownBuilder) begin() {
	if b.k == nil {
		b.k, b.scratch = new(Known), scratches.Get().(*scratch)
		b.values = make([]Origin, 0, max(b.many, 8))
	}
}

// Build returns the added values. The builder must not be used afterwards.
func (b *KnownBuilder) Build() *Known {
	b.begin()
	k, s := b.k, b.scratch
	k.origins.values = s.values
	k.seqs.grow(s.edges)
	for i := range s.seqs {
		q := &s.seqs[i]
		hashes := s.hashes[q.from:q.to]
		k.seqs.add(hashes, int(q.least), q.info)
		k.firsts[hashes[0]>>6&31] |= 1 << (hashes[0] & 63)
	}
	k.folded = string(s.arena)
	k.parts = append([]part(nil), s.parts...)
	for i := range k.parts {
		p := &k.parts[i]
		folded := k.folded[p.from:p.to]
		p.letters = letterSet(folded)
		k.typos.add(folded)
	}
	k.initials = append([]piece(nil), s.initials...)
	k.strings.build(k.folded, s.strings)
	*s = scratch{tokens: s.tokens, src: s.src[:0], words: s.words[:0], hashes: s.hashes[:0], seqs: s.seqs[:0], arena: s.arena[:0],
		firsts: s.firsts[:0], lasts: s.lasts[:0], parts: s.parts[:0], initials: s.initials[:0], strings: s.strings[:0], many: min(max(k.count, s.many*7/8), mostExpected)}
	scratches.Put(s)
	*b = KnownBuilder{}
	return k
}

// mostExpected limits the number of values for which space is reserved in advance.
const mostExpected = 64

// next begins a new value.
func (b *KnownBuilder) next(o Origin) int32 {
	b.begin()
	o.Owner, o.Part = b.owner, b.part
	b.values = append(b.values, o)
	b.k.count++
	return int32(b.k.count)
}

// cutWords splits a value into its words and numbers. They are valid until the next value.
func (b *KnownBuilder) cutWords(value string) []knownWord {
	b.begin()
	b.setSource(value)
	b.words = b.words[:0]
	for i := range b.toks {
		if t := &b.toks[i]; t.kind != mark {
			if f := b.foldOf(i); len(f) > 0 {
				b.words = append(b.words, knownWord{f, t.hash})
			}
		}
	}
	return b.words
}

// setSource sets the value and splits it into tokens.
func (b *KnownBuilder) setSource(value string) {
	b.src = append(append(b.src[:0], value...), padding...)
	b.cutTo(b.src, len(value))
}

// padding after a text lets its last word be read as quickly as the others.
const padding = "        "

func dropInvisible(r rune) rune {
	if isInvisible(r) {
		return -1
	}
	return r
}

// keep copies texts into the arena.
func (b *KnownBuilder) keep(texts ...[]byte) piece {
	p := piece{from: int32(len(b.arena))}
	for _, t := range texts {
		b.arena = append(b.arena, t...)
	}
	p.to = int32(len(b.arena))
	return p
}

// kept returns the text of a piece of the arena.
func (b *KnownBuilder) kept(p piece) []byte { return b.arena[p.from:p.to] }

// sequence adds the words of a value as a sequence, and returns the location of their
// hashes.
func (b *KnownBuilder) sequence(words []knownWord, info seqInfo) piece {
	p := piece{from: int32(len(b.hashes))}
	for _, w := range words {
		b.hashes = append(b.hashes, w.hash)
	}
	p.to = int32(len(b.hashes))
	b.addSequence(p, len(words), info)
	return p
}

// one adds a sequence of one word.
func (b *KnownBuilder) one(hash uint64, info seqInfo) {
	n := int32(len(b.hashes))
	b.hashes = append(b.hashes, hash)
	b.addSequence(piece{n, n + 1}, 1, info)
}

// addSequence adds a sequence whose hashes are stored, and its prefixes of at least a given
// number of words.
func (b *KnownBuilder) addSequence(p piece, least int, info seqInfo) {
	b.seqs = append(b.seqs, knownSeq{p, int32(least), info})
	b.edges += p.len()
}

// literalOf keeps a value without letters and digits.
func (b *KnownBuilder) literalOf(value string, kind Kind, n int32) {
	if v := strings.TrimSpace(value); v != "" {
		b.k.literal = append(b.k.literal, literal{text: v, kind: kind, value: n})
	}
}

// AddID adds an identifier of any kind, such as a record, policy, licence or serial
// number.
func (b *KnownBuilder) AddID(value string) int { return b.addString(value, KnownID) }

// AddPhone adds a telephone or fax number.
func (b *KnownBuilder) AddPhone(value string) int { return b.addString(value, KnownPhone) }

// AddEmail adds an e-mail address or another network address.
func (b *KnownBuilder) AddEmail(value string) int { return b.addString(value, KnownEmail) }

// AddOther adds a value of another kind, which is found only in exactly this spelling.
func (b *KnownBuilder) AddOther(value string) int { return b.addString(value, KnownOther) }

func (b *KnownBuilder) addString(value string, kind Kind) int {
	n := b.next(Origin{Kind: kind, Text: value})
	words := b.cutWords(value)
	if len(words) == 0 {
		b.literalOf(value, kind, n)
		return int(n)
	}
	b.sequence(words, seqInfo{kind: kind, value: n, strength: entire})
	from := len(b.strings)
	b.addFolded(b.fold, kind, n)
	if kind == KnownPhone {
		b.phoneForms(words, from, n)
	}
	return int(n)
}

// wholeBelow is the minimum length of a number that is found inside a longer one.
const wholeBelow = 6

func (b *KnownBuilder) addFolded(s []byte, kind Kind, n int32) {
	if len(s) < 3 {
		return // the sequence finds it as a word
	}
	b.strings = append(b.strings, knownString{piece: b.keep(s), kind: kind, value: n, whole: len(s) < wholeBelow})
}

// phoneForms adds a telephone number without its extension, its country code, and its area
// code. from is the start of the number's forms.
func (b *KnownBuilder) phoneForms(words []knownWord, from int, n int32) {
	var buf [32]byte
	d := buf[:0]
	for i, w := range words {
		if w.folded[0] < '0' || w.folded[0] > '9' {
			if i > 0 && len(d) >= 7 {
				break // an extension follows
			}
			continue
		}
		d = append(d, w.folded...)
	}
	add := func(s []byte) {
		if len(s) >= 7 && !slices.ContainsFunc(b.strings[from:], func(p knownString) bool { return bytes.Equal(b.kept(p.piece), s) }) {
			b.addFolded(s, KnownPhone, n)
		}
	}
	add(d)
	d = bytes.TrimLeft(d, "0")
	add(d)
	for cut := 1; cut <= 3; cut++ {
		if len(d)-cut >= 8 {
			add(d[cut:])
		}
	}
	if len(d) >= 10 {
		add(d[len(d)-7:])
	}
}

// AddAddress adds an address or a part of one, such as a street with its number, a
// place or a postal code.
func (b *KnownBuilder) AddAddress(value string) int {
	n := b.next(Origin{Kind: KnownAddress, Text: value})
	b.addWords(value, KnownAddress, n)
	return int(n)
}

// AddOrg adds the name of an organisation.
func (b *KnownBuilder) AddOrg(value string) int {
	n := b.next(Origin{Kind: KnownOrg, Text: value})
	b.addWords(value, KnownOrg, n)
	return int(n)
}

// addWords adds a value and each run of at least two of its words.
func (b *KnownBuilder) addWords(value string, kind Kind, n int32) {
	words := b.cutWords(value)
	if len(words) == 0 {
		b.literalOf(value, kind, n)
		return
	}
	whole := seqInfo{kind: kind, value: n, strength: entire}
	p := b.sequence(words, whole)
	if len(b.fold) >= 8 && len(words) > 1 {
		b.addFolded(b.fold, kind, n)
	}
	for i := 0; len(words) >= 3 && i+2 <= len(words); i++ {
		run := words[i:min(len(words), i+longestRun)]
		if telling := slices.IndexFunc(run, func(w knownWord) bool {
			return w.folded[0] >= '0' && w.folded[0] <= '9' || utf8.RuneCount(w.folded) > 3
		}); telling >= 0 {
			b.addSequence(piece{p.from + int32(i), p.from + int32(i+len(run))}, max(2, telling+1), whole)
		}
	}
	if len(words) > 1 {
		for i, w := range words {
			if utf8.RuneCount(w.folded) >= 4 || len(w.folded) >= 5 {
				at := p.from + int32(i)
				b.addSequence(piece{at, at + 1}, 1, seqInfo{kind: kind, value: n, strength: single})
			}
		}
	}
}

// longestRun is the maximum number of words of a value that are searched without the
// others.
const longestRun = 8

// AddDate adds a date, such as that of a birth or an admission. month and day may be 0.
func (b *KnownBuilder) AddDate(year, month, day int) int {
	text := isoDay(year, month, day)
	n := b.next(Origin{Kind: KnownDate, Text: text})
	if year == 0 || month == 0 || day == 0 {
		return int(n)
	}
	for _, n := range [...]int{year % 100, month, day} {
		b.k.days[n>>6&1] |= 1 << (n & 63)
	}
	b.k.dates = append(b.k.dates, knownDate{year: year, month: month, day: day, value: n})
	y, m, d := text[:4], text[5:7], text[8:]
	for _, s := range [...][3]string{{y, m, d}, {d, m, y}, {m, d, y}, {y[2:], m, d}, {d, m, y[2:]}, {m, d, y[2:]}} {
		from := int32(len(b.arena))
		b.arena = append(append(append(b.arena, s[0]...), s[1]...), s[2]...)
		b.strings = append(b.strings, knownString{piece: piece{from, int32(len(b.arena))}, kind: KnownDate, value: n, whole: true})
	}
	return int(n)
}

// AddISODate adds the day that a date or a timestamp begins with, as FHIR and PostgreSQL
// write them (YYYY-MM-DD), and reports whether there is one.
func (b *KnownBuilder) AddISODate(value string) bool {
	if len(value) < 10 || value[4] != '-' || value[7] != '-' {
		return false
	}
	year, err := strconv.ParseUint(value[:4], 10, 16)
	month, err2 := strconv.ParseUint(value[5:7], 10, 16)
	day, err3 := strconv.ParseUint(value[8:10], 10, 16)
	if err != nil || err2 != nil || err3 != nil || year == 0 || month == 0 || day == 0 {
		return false
	}
	b.AddDate(int(year), int(month), int(day))
	return true
}

// isoDay returns a day as YYYY-MM-DD.
func isoDay(year, month, day int) string {
	b := appendTwo(appendTwo(make([]byte, 0, len("YYYY-MM-DD")), year/100), year)
	b = appendTwo(append(b, '-'), month)
	return string(appendTwo(append(b, '-'), day))
}

func twoDigits(n int) string { return string(appendTwo(make([]byte, 0, 2), n)) }

func fourDigits(n int) string { return string(appendTwo(appendTwo(make([]byte, 0, 4), n/100), n)) }

// appendTwo appends the last two digits of a number.
func appendTwo(b []byte, n int) []byte { return append(b, byte('0'+n/10%10), byte('0'+n%10)) }
