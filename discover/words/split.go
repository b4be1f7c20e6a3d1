package words

import (
	"strings"
	"unicode"

	"github.com/veil-proxy/veil/discover/dict"
)

// Split returns the words of a name, folded. It splits at punctuation, at digits, and
// between a lower-case and an upper-case letter.
func Split(name string) (out []string) {
	var b strings.Builder
	flush := func() {
		if b.Len() > 0 {
			out = append(out, dict.Fold(b.String()))
			b.Reset()
		}
	}
	runes := []rune(name)
	for i, r := range runes {
		switch {
		case !unicode.IsLetter(r) && !unicode.Is(unicode.Mn, r):
			flush()
			continue
		case i > 0 && unicode.IsUpper(r) && unicode.IsLower(runes[i-1]):
			flush()
		case i > 0 && i+1 < len(runes) && unicode.IsUpper(r) && unicode.IsUpper(runes[i-1]) && unicode.IsLower(runes[i+1]):
			flush()
		}
		b.WriteRune(r)
	}
	flush()
	return out
}

// Languages that a vocabulary always has.
const (
	english = "en"
	anyLang = "-"
)

// Vocabulary is a lexicon restricted to the languages of some names.
type Vocabulary struct {
	lex       *Lexicon
	languages map[string]bool
}

// romance are the languages whose nouns come before what describes them.
var romance = map[string]bool{"fr": true, "es": true, "pt": true, "it": true}

// Vocabulary returns the lexicon for English and the languages that the names are in. A
// language counts if the names contain two different words of four letters or more that
// are in it and not in English. Without this, "data" would be a date and "no" a number.
func (l *Lexicon) Vocabulary(names []string) *Vocabulary {
	v := &Vocabulary{l, map[string]bool{english: true, anyLang: true}}
	seen := map[string]map[string]bool{}
	for _, name := range names {
		for _, w := range Split(name) {
			for _, piece := range append(v.pieces(w, true), w) {
				l.note(piece, seen)
			}
		}
	}
	for language, words := range seen {
		v.languages[language] = v.languages[language] || len(words) >= 2
	}
	return v
}

// note notes the languages of a word that is not English.
func (l *Lexicon) note(w string, seen map[string]map[string]bool) {
	if len(w) < 4 {
		return
	}
	for _, m := range l.words[w] {
		if m.language == english || m.language == anyLang {
			return
		}
	}
	for _, m := range l.words[w] {
		if seen[m.language] == nil {
			seen[m.language] = map[string]bool{}
		}
		seen[m.language][w] = true
	}
}

// Name is a parsed name.
type Name struct {
	concepts set
	head     set
	// unknown is the number of words that the lexicon does not have.
	unknown int
}

// known reports whether a word of the name is in the lexicon.
func (n Name) known() bool { return !n.concepts.empty() }

// meaning is what a word stands for in the languages of the vocabulary: in English if it
// is English, and otherwise in all of them.
func (v *Vocabulary) meaning(w string) (s set, headFirst, ok bool) {
	for _, m := range v.lex.words[w] {
		if m.language == english || m.language == anyLang {
			s, ok = s.union(m.concepts), true
		}
	}
	if ok && (len(w) > 3 || len(v.languages) <= 2) {
		return s, false, true
	}
	for _, m := range v.lex.words[w] {
		if v.languages[m.language] && m.language != english && m.language != anyLang {
			s, ok = s.union(m.concepts), true
			headFirst = headFirst || romance[m.language]
		}
	}
	return s, headFirst, ok
}

// lookup also tries a word without its plural or case ending.
func (v *Vocabulary) lookup(w string) (set, bool, bool) {
	s, first, ok := v.meaning(w)
	for _, suffix := range []string{"s", "es", "en", "e", "n"} {
		if ok {
			break
		}
		if stem, cut := strings.CutSuffix(w, suffix); cut && len(stem) >= 3 {
			s, first, ok = v.meaning(stem)
		}
	}
	return s, first, ok
}

// Parse finds the concepts in a name.
func (v *Vocabulary) Parse(name string) Name {
	var n Name
	tokens := Split(name)
	headSet := false
	take := func(s set, first bool) {
		n.concepts = n.concepts.union(s)
		if first && headSet {
			return // what follows a Romance noun describes it
		}
		n.head, headSet = s, true
	}
	for i := 0; i < len(tokens); {
		used := 0
		for k := min(v.lex.phrases, len(tokens)-i); k > 1; k-- {
			if s, first, ok := v.meaning(strings.Join(tokens[i:i+k], "_")); ok {
				take(s, first)
				used = k
				break
			}
		}
		if used > 0 {
			i += used
			continue
		}
		if s, first, ok := v.lookup(tokens[i]); ok {
			take(s, first)
		} else if pieces := v.pieces(tokens[i], false); pieces != nil {
			for _, p := range pieces {
				if s, first, ok := v.lookup(p); ok {
					take(s, first)
				}
			}
		} else {
			n.unknown++
		}
		i++
	}
	return n
}

// pieces divides a word that is written together ("patientid", "geburtsdatum") into
// words of the lexicon, or returns nil. Letters that join German words may stand
// between. With all, the words of every language count.
func (v *Vocabulary) pieces(w string, all bool) []string {
	if len(w) < 5 || len(w) > 40 {
		return nil
	}
	known := func(p string) bool {
		if len(p) < 3 && p != "id" && p != "nr" && p != "no" && p != "dt" && p != "cd" && p != "nm" {
			return false
		}
		if all {
			return len(v.lex.words[p]) > 0
		}
		_, _, ok := v.meaning(p)
		return ok
	}
	// best[i] is the fewest pieces that make up w[:i]; from[i] where the last begins.
	const none = 1 << 20
	best, from := make([]int, len(w)+1), make([]int, len(w)+1)
	for i := 1; i <= len(w); i++ {
		best[i] = none
		for j := range i {
			if best[j] == none {
				continue
			}
			cost := none
			switch p := w[j:i]; {
			case known(p):
				cost = 10
			case j > 0 && (p == "s" || p == "es" || p == "n" || p == "en" || p == "de" || p == "of"):
				cost = 11
			}
			if best[j]+cost < best[i] {
				best[i], from[i] = best[j]+cost, j
			}
		}
	}
	if best[len(w)] >= none || best[len(w)] > 45 {
		return nil
	}
	var out []string
	for i := len(w); i > 0; i = from[i] {
		out = append([]string{w[from[i]:i]}, out...)
	}
	return out
}
