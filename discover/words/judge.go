package words

import (
	"cmp"
	"math/bits"
	"slices"
	"strings"
)

// Vote is what a name says about a class.
type Vote struct {
	Class  string
	Weight float64
	// Words are the concepts that say so.
	Words string
}

// specific is added for each concept of a rule beyond the first: what more words say is
// more certain. subsumed is what remains of a rule when another says more of the same
// words: a date of birth is a date, but that is not what it is.
const (
	specific = 0.25
	subsumed = 0.35
)

// Judge returns what the name of a column says, together with the name of its table:
// for each class, its heaviest rule, heaviest first.
func (v *Vocabulary) Judge(column, table Name) []Vote {
	var matching []*rule
	for k := range v.lex.rules {
		r := &v.lex.rules[k]
		if column.concepts.contains(r.concepts) && table.concepts.contains(r.table) && column.head.contains(r.head) &&
			(!r.only || column.concepts == r.concepts && column.unknown == 0) {
			matching = append(matching, r)
		}
	}
	best := map[string]Vote{}
	for _, r := range matching {
		w := r.weight + specific*float64(count(r.concepts)+count(r.table)-1)
		if slices.ContainsFunc(matching, func(o *rule) bool {
			return o.class != r.class && o.concepts != r.concepts && o.concepts.contains(r.concepts)
		}) {
			w *= subsumed
		}
		if column.unknown > 0 {
			w -= 0.5 // a word that is not understood may change the meaning
		}
		if w > best[r.class].Weight {
			best[r.class] = Vote{r.class, w, strings.Join(v.lex.names(r.concepts), " and ")}
		}
	}
	out := make([]Vote, 0, len(best))
	for _, vote := range best {
		out = append(out, vote)
	}
	slices.SortFunc(out, func(a, b Vote) int {
		return cmp.Or(cmp.Compare(b.Weight, a.Weight), cmp.Compare(a.Class, b.Class))
	})
	return out
}

func count(s set) int { return bits.OnesCount64(s[0]) + bits.OnesCount64(s[1]) }

// Only reports whether a name has no concepts but the given ones, and no unknown word.
func (v *Vocabulary) Only(n Name, concepts ...string) bool {
	var may set
	for _, c := range concepts {
		if number, ok := v.lex.numbers[c]; ok {
			may.add(number)
		}
	}
	return n.unknown == 0 && may.contains(n.concepts)
}

// Has reports whether a name contains a concept of the lexicon.
func (v *Vocabulary) Has(n Name, concept string) bool {
	number, ok := v.lex.numbers[concept]
	return ok && n.concepts.has(number)
}
