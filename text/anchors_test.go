package text

import (
	"fmt"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

// anchorAll makes detectors look at each token that they could look at.
func (s *Scanner) anchorAll() {
	for i := range s.toks {
		s.starts.add(i)
		switch t := &s.toks[i]; {
		case t.kind == mark:
			s.networks.add(i)
			s.marks.add(i)
		default:
			s.codes.add(i)
			if t.kind == word {
				s.anchored.add(i)
				s.broken.add(i)
			}
			if t.kind == word && !s.isCapital(i) {
				s.lowers.add(i)
				s.names.add(i)
			}
			s.dated.add(i)
			s.streets.add(i)
		}
		s.heads.add(i)
		s.encoded.add(i)
	}
	s.caret = true
}

// naive is a block read without what makes it quick: detectors look at each token, and
// strings are compared at each character.
func (s *Scanner) naive(text []byte, known *Known) []Span {
	s.spans = s.spans[:0]
	s.findBlock(text, nil) // fills the tokens
	s.hits, s.spans = s.hits[:0], s.spans[:0]
	s.taken, s.knownAt = grown(s.taken, len(s.toks)), grown(s.knownAt, len(s.toks))
	s.setAnchors()
	s.anchorAll()
	for i := range s.toks {
		s.toks[i].plain = false
	}
	s.find(known)
	for _, h := range s.hits {
		s.spans = append(s.spans, Span{
			Start: int(s.toks[h.from].start), End: int(s.toks[h.to-1].end), Label: h.label, Rule: h.rule, Value: h.value,
		})
	}
	sortSpans(s.spans)
	return merge(nil, s.spans)
}

// FuzzAnchors: what is found does not depend on what makes it quick.
func FuzzAnchors(f *testing.F) {
	for _, seed := range []string{
		benchNote, strings.ToLower(benchNote), strings.ToUpper(benchNote),
		"Ottoline Quarrington, MRN 48-15 16.23; jquarrington@example.org, 48151623x, oquarrington1, quarrington48151623",
		"near Xyzzyville; SWIFT ABCDEFGH; o'brien^anna^m; the corner of Elm and Main St, APO AA 34000; 192.168.0.1, www.x.org, fe80::1",
		"\u00fcber 48\u00b715\u200b1623 in xqzwk; C/ Goya, 12, 3\u00ba B, 28001 Madrid; ninety-two-year-old",
	} {
		f.Add(seed, "48151623", "Quarrington")
	}
	f.Add("12 345 1234567 12345-67", "345 12", "Ann")
	s, slow := New(Options{}).Scanner(), New(Options{}).Scanner()
	f.Fuzz(func(t *testing.T, in, id, name string) {
		if len(in) > blockSize {
			return
		}
		var b KnownBuilder
		b.AddID(id)
		b.AddPhone("+1 503 555 0142")
		b.AddPerson([]string{"Ottoline"}, name)
		b.AddDate(1950, 3, 4)
		known := b.Build()
		text := []byte(in)
		got, want := fmt.Sprint(s.Find(nil, text, known)), fmt.Sprint(slow.naive(text, known))
		if got != want {
			t.Fatalf("found %s, want %s", got, want)
		}
	})
}

// FuzzTokens: a word has the hash and the text of its folded form, however it is read.
func FuzzTokens(f *testing.F) {
	f.Add("Stra\u00dfe \u200bABCDEFGHIJ abcdefg abcdefgh \uff21\uff22 \u4e00\u0301x 1\u06632 e\u0301A")
	f.Fuzz(func(t *testing.T, in string) {
		if !utf8.ValidString(in) {
			return
		}
		var k tokens
		k.cut([]byte(in))
		for i := range k.toks {
			tok := &k.toks[i]
			if tok.kind == mark {
				continue
			}
			want := fold(strings.Map(dropInvisible, in[tok.start:tok.end]))
			if got := string(k.foldOf(i)); got != want {
				t.Fatalf("%q is folded to %q, want %q", in[tok.start:tok.end], got, want)
			}
			if tok.shape != uncased && tok.hash != hashOf(want) {
				t.Fatalf("the hash of %q is not that of its folded form", in[tok.start:tok.end])
			}
			if tok.plain && !isASCII(in[tok.start:tok.end]) {
				t.Fatalf("%q is plain", in[tok.start:tok.end])
			}
			checkASCII(t, in, tok)
		}
	})
}

// checkASCII: a word of ASCII letters, which is read eight at a time, has its shape and all of its
// letters; a number has all of its digits.
func checkASCII(t *testing.T, in string, tok *token) {
	t.Helper()
	if !tok.plain || tok.len() == maxToken {
		return
	}
	written, isPart := in[tok.start:tok.end], func(r rune) bool { return r < 0x80 && unicode.IsDigit(r) }
	if tok.kind == word {
		isPart = func(r rune) bool { return r < 0x80 && unicode.IsLetter(r) }
		uppers := 0
		for _, r := range written {
			uppers += one(unicode.IsUpper(r))
		}
		if want := shapeOf(uppers, len(written)-uppers, 0, unicode.IsUpper(rune(written[0]))); tok.shape != want {
			t.Fatalf("the shape of %q is %d, want %d", written, tok.shape, want)
		}
	}
	if strings.ContainsFunc(written, func(r rune) bool { return !isPart(r) }) {
		t.Fatalf("%q is one word or number", written)
	}
	if rest := in[tok.end:]; rest != "" && isPart(rune(rest[0])) {
		t.Fatalf("%q goes on with %q", written, rest[:1])
	}
}

// TestTokensOfAnyLength: words and numbers of each length, in each case, with anything behind them.
func TestTokensOfAnyLength(t *testing.T) {
	t.Parallel()
	for _, unit := range []string{"abcdefghijklmnopqrstuvwxyz", "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "Abcdefghijklm", "aBcDeFgHiJkLm", "0123456789"} {
		for n := 1; n < 3*len(unit); n++ {
			run := strings.Repeat(unit, 3)[:n]
			for _, behind := range []string{"", " ", "@", "[", "`", "{", "\x7f", "0", "z", "\u00e9", "\u00b7", " and then some more"} {
				in := run + behind
				var k tokens
				k.cut([]byte(in))
				for i := range k.toks {
					if tok := &k.toks[i]; tok.kind != mark {
						if want := fold(in[tok.start:tok.end]); string(k.foldOf(i)) != want || tok.hash != hashOf(want) {
							t.Fatalf("%q is folded to %q, or has another hash", in, k.foldOf(i))
						}
						checkASCII(t, in, tok)
					}
				}
			}
		}
	}
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}
