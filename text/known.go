package text

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"math/bits"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// A Kind says what a known value is.
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

// Known has the values that are known of a record: names, numbers, addresses, dates. It
// is immutable; scanners share it.
type Known struct {
	seqs     trie     // sequences of words
	parts    []part   // single words of names, for what is not written exactly
	initials []string // initials of names, folded
	strings  []knownString
	// heads tells which strings may begin with three characters, by their hash.
	heads   [1024]uint64
	pairs   [64]uint64 // the same for the first two ASCII characters
	byHead  map[uint32][]int32
	dates   []knownDate
	literal []literal
	count   int
	digest  [sha256.Size]byte
	origins origins
}

// part is a word of a name.
type part struct {
	folded  string
	letters uint32 // which letters it has
	value   int32
	given   bool
}

// knownString is a value whose letters and digits are compared, whatever stands between.
type knownString struct {
	folded string
	kind   Kind
	value  int32
	// whole means that no digit or letter may stand beside it.
	whole bool
}

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

// Digest is the same for what was added in the same order, and for nothing else.
func (k *Known) Digest() [sha256.Size]byte { return k.digest }

// Len returns the number of known values.
func (k *Known) Len() int {
	if k == nil {
		return 0
	}
	return k.count
}

// seqInfo is what a sequence of words stands for.
type seqInfo struct {
	kind  Kind
	value int32
	// strength says what else must hold; see matchSequences.
	strength strength
}

type strength uint8

const (
	// weak: an initial or a particle, only beside a stronger part.
	weak strength = iota
	// nickname: a word that must be written as a name.
	nickname
	// single: one word of a value of several.
	single
	// entire: all of a value, or several words of it.
	entire
)

// KnownBuilder collects the values that are known of a record. The zero value is ready.
// Each Add method returns the number of the value, by which spans refer to it.
type KnownBuilder struct {
	k    Known
	toks []token
	seqs []sequence
	// added is what was added, and how.
	added []byte
	// owner and part are those of Of, and whole is a name that is added in its parts.
	owner, part, whole string
}

type sequence struct {
	hashes []uint64
	info   seqInfo
}

// Build returns what was added. The builder must not be used afterwards.
func (b *KnownBuilder) Build() *Known {
	k := &b.k
	k.digest = sha256.Sum256(b.added)
	nodes := 0
	for _, s := range b.seqs {
		nodes += len(s.hashes)
	}
	k.seqs.grow(nodes)
	for _, s := range b.seqs {
		k.seqs.add(s.hashes, s.info)
	}
	if len(k.strings) > 0 {
		k.byHead = make(map[uint32][]int32, len(k.strings))
		for i := range k.strings {
			h := headOf(k.strings[i].folded)
			k.heads[h>>6%1024] |= 1 << (h & 63)
			if s := k.strings[i].folded; len(s) >= 2 {
				k.pairs[s[0]&63] |= 1 << (s[1] & 63)
			}
			k.byHead[h] = append(k.byHead[h], int32(i))
		}
	}
	return k
}

// headOf is a hash of the first three characters of a folded text.
func headOf(folded string) uint32 {
	h := uint32(0)
	for i := range min(3, len(folded)) {
		h = h*37 + uint32(folded[i])
	}
	return h & 0xffff
}

// next begins a value that is added.
func (b *KnownBuilder) next(o Origin) int32 {
	o.Owner, o.Part = b.owner, b.part
	b.k.origins.values = append(b.k.origins.values, o)
	parts := append([]string{o.Owner, o.Part, o.Text, o.Family}, o.Given...)
	b.added = append(binary.AppendUvarint(b.added, uint64(len(parts))), byte(o.Kind))
	for _, p := range parts {
		b.added = append(binary.AppendUvarint(b.added, uint64(len(p))), p...)
	}
	b.k.count++
	return int32(b.k.count)
}

// words returns the letters and digits of a value as folded words.
func (b *KnownBuilder) words(value string) []string {
	src := []byte(value)
	b.toks = tokenize(b.toks[:0], src, 0, len(src))
	var out []string
	for _, t := range b.toks {
		if t.kind != mark {
			if w := fold(strings.Map(dropInvisible, value[t.start:t.end])); w != "" {
				out = append(out, w)
			}
		}
	}
	return out
}

func dropInvisible(r rune) rune {
	if isInvisible(r) {
		return -1
	}
	return r
}

func (b *KnownBuilder) sequence(words []string, info seqInfo) {
	if len(words) == 0 {
		return
	}
	s := sequence{hashes: make([]uint64, len(words)), info: info}
	for i, w := range words {
		s.hashes[i] = hashOf(w)
	}
	b.seqs = append(b.seqs, s)
}

// literalOf keeps a value that has no letters and digits.
func (b *KnownBuilder) literalOf(value string, kind Kind, n int32) {
	if v := strings.TrimSpace(value); v != "" {
		b.k.literal = append(b.k.literal, literal{text: v, kind: kind, value: n})
	}
}

// AddID adds an identifier of any kind: a record number, a policy, a licence, a serial.
func (b *KnownBuilder) AddID(value string) int { return b.addString(value, KnownID) }

// AddPhone adds a telephone or fax number.
func (b *KnownBuilder) AddPhone(value string) int { return b.addString(value, KnownPhone) }

// AddEmail adds an e-mail address or another address on a network.
func (b *KnownBuilder) AddEmail(value string) int { return b.addString(value, KnownEmail) }

// AddOther adds a value of another kind, found exactly.
func (b *KnownBuilder) AddOther(value string) int { return b.addString(value, KnownOther) }

func (b *KnownBuilder) addString(value string, kind Kind) int {
	n := b.next(Origin{Kind: kind, Text: value})
	words := b.words(value)
	joined := strings.Join(words, "")
	if joined == "" {
		b.literalOf(value, kind, n)
		return int(n)
	}
	b.sequence(words, seqInfo{kind: kind, value: n, strength: entire})
	b.addFolded(joined, kind, n)
	if kind == KnownPhone {
		b.phoneForms(words, n)
	}
	return int(n)
}

// wholeBelow is the length from which a number is found inside a longer one.
const wholeBelow = 6

func (b *KnownBuilder) addFolded(s string, kind Kind, n int32) {
	if len(s) < 3 {
		return // the sequence finds it as a word
	}
	b.k.strings = append(b.k.strings, knownString{folded: s, kind: kind, value: n, whole: len(s) < wholeBelow})
}

// phoneForms adds a telephone number without its extension, its country, and its area.
func (b *KnownBuilder) phoneForms(words []string, n int32) {
	var digits strings.Builder
	for i, w := range words {
		if w[0] < '0' || w[0] > '9' {
			if i > 0 && digits.Len() >= 7 {
				break // an extension follows
			}
			continue
		}
		digits.WriteString(w)
	}
	d := digits.String()
	seen := map[string]bool{strings.Join(words, ""): true}
	add := func(s string) {
		if len(s) >= 7 && !seen[s] {
			seen[s] = true
			b.addFolded(s, KnownPhone, n)
		}
	}
	add(d)
	d = strings.TrimLeft(d, "0")
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

// AddAddress adds an address or a part of one: a street with its number, a place, a
// postal code.
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
	words := b.words(value)
	if len(words) == 0 {
		b.literalOf(value, kind, n)
		return
	}
	b.sequence(words, seqInfo{kind: kind, value: n, strength: entire})
	if joined := strings.Join(words, ""); len(joined) >= 8 && len(words) > 1 {
		b.addFolded(joined, kind, n)
	}
	for i := range words {
		if len(words) < 3 {
			break
		}
		for j := i + 2; j <= min(len(words), i+8); j++ {
			if slices.ContainsFunc(words[i:j], func(w string) bool { return utf8.RuneCountInString(w) > 3 || w[0] >= '0' && w[0] <= '9' }) {
				b.sequence(words[i:j], seqInfo{kind: kind, value: n, strength: entire})
			}
		}
	}
	if len(words) > 1 {
		for i, w := range words {
			if utf8.RuneCountInString(w) >= 4 || len(w) >= 5 {
				b.sequence(words[i:i+1], seqInfo{kind: kind, value: n, strength: single})
			}
		}
	}
}

// AddDate adds a date: a date of birth, of an admission. month and day may be 0.
func (b *KnownBuilder) AddDate(year, month, day int) int {
	n := b.next(Origin{Kind: KnownDate, Text: fourDigits(year) + "-" + twoDigits(month) + "-" + twoDigits(day)})
	if year == 0 || month == 0 || day == 0 {
		return int(n)
	}
	b.k.dates = append(b.k.dates, knownDate{year: year, month: month, day: day, value: n})
	y, m, d := fourDigits(year), twoDigits(month), twoDigits(day)
	for _, s := range []string{y + m + d, d + m + y, m + d + y, y[2:] + m + d, d + m + y[2:], m + d + y[2:]} {
		b.k.strings = append(b.k.strings, knownString{folded: s, kind: KnownDate, value: n, whole: true})
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

func twoDigits(n int) string { return string([]byte{byte('0' + n/10%10), byte('0' + n%10)}) }

func fourDigits(n int) string { return twoDigits(n/100) + twoDigits(n%100) }

// letterSet tells which letters a folded word has.
func letterSet[T string | []byte](s T) uint32 {
	set := uint32(0)
	for i := range len(s) {
		set |= 1 << (s[i] & 31)
	}
	return set
}

// near returns a part of a name that differs from a folded word by one typing error: a
// letter too many, too few, another, or two exchanged.
func (k *Known) near(folded []byte) *part {
	set := letterSet(folded)
	for i := range k.parts {
		p := &k.parts[i]
		if d := len(p.folded) - len(folded); d < -1 || d > 1 || bits.OnesCount32(p.letters^set) > 2 {
			continue
		}
		if oneTypo(folded, p.folded) {
			return p
		}
	}
	return nil
}

// oneTypo reports whether two texts differ by one edit.
func oneTypo(a []byte, b string) bool {
	i := 0
	for i < len(a) && i < len(b) && a[i] == b[i] {
		i++
	}
	ra, rb := a[i:], b[i:]
	switch {
	case len(ra) == len(rb)+1:
		return string(ra[1:]) == rb
	case len(rb) == len(ra)+1:
		return bytes.Equal(ra, []byte(rb[1:]))
	case len(ra) != len(rb) || len(ra) == 0:
		return len(ra) == len(rb)
	case string(ra[1:]) == rb[1:]:
		return true
	}
	return len(ra) >= 2 && ra[0] == rb[1] && ra[1] == rb[0] && string(ra[2:]) == rb[2:]
}
