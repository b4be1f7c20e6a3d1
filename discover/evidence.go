package discover

import (
	"cmp"
	"math"
	"slices"
)

// source is the source of a piece of evidence. Names can be wrong; keys and types cannot.
type source uint8

const (
	fromName source = iota
	fromComment
	fromType
	fromValues
	fromLabels
	fromKeys
	fromTable
)

// evidence is one piece: how much it speaks for a class (or, negative, against it), as
// a log-odds, and why in words.
type evidence struct {
	class  Class
	weight float64
	from   source
	reason string
}

// board collects the evidence on one column. The weights of pieces that are independent
// of each other add up, as log-odds do (naive Bayes).
type board struct {
	pieces []evidence
	// trust scales the evidence from names: 1 if they agree with the values.
	trust float64
}

func (b *board) add(from source, class Class, weight float64, reason string) {
	if weight != 0 {
		b.pieces = append(b.pieces, evidence{class, weight, from, reason})
	}
}

// against adds that a column is none of some classes.
func (b *board) against(from source, weight float64, reason string, classes ...Class) {
	for _, c := range classes {
		b.add(from, c, -weight, reason)
	}
}

// scores returns the sums by class. If only is given, only evidence from that source
// counts.
func (b *board) scores(only ...source) map[Class]float64 {
	out := map[Class]float64{}
	for _, e := range b.pieces {
		if len(only) > 0 && !slices.Contains(only, e.from) {
			continue
		}
		w := e.weight
		if e.from == fromName || e.from == fromComment {
			w *= b.trust
		}
		out[e.class] += w
	}
	return out
}

// prior is the initial score of a class: how likely it is for a column about which
// nothing is known.
func prior(c Class) float64 {
	switch c {
	case Other:
		return 1
	case Code, Measure:
		return 0.5
	}
	return -0.5
}

// scored is a class with its score.
type scored struct {
	class Class
	score float64
}

// ranked returns all classes, the most probable first.
func (b *board) ranked(only ...source) []scored {
	scores := b.scores(only...)
	all := make([]scored, len(classes))
	for i, info := range classes {
		all[i] = scored{info.class, scores[info.class] + prior(info.class)}
	}
	slices.SortStableFunc(all, func(a, b scored) int { return cmp.Compare(b.score, a.score) })
	return all
}

// best returns the class with the highest score, its margin over the next, and its
// probability among all.
func (b *board) best(only ...source) (class Class, margin, probability float64) {
	all := b.ranked(only...)
	sum := 0.0
	for _, s := range all {
		sum += math.Exp(s.score - all[0].score)
	}
	return all[0].class, all[0].score - all[1].score, 1 / sum
}

// risk returns the total probability of the classes that identify persons.
func (b *board) risk() float64 {
	all := b.ranked()
	sum, risk := 0.0, 0.0
	for _, s := range all {
		p := math.Exp(s.score - all[0].score)
		if sum += p; s.class.info().sensitive {
			risk += p
		}
	}
	return risk / sum
}

// reasons returns, in words, the strongest evidence for a class, and the strongest
// evidence for another class if it was overruled.
func (b *board) reasons(class Class) []string {
	pieces := slices.Clone(b.pieces)
	slices.SortStableFunc(pieces, func(x, y evidence) int { return cmp.Compare(math.Abs(y.weight), math.Abs(x.weight)) })
	var out []string
	for _, e := range pieces {
		if e.class == class && e.weight > 0 && e.reason != "" && !slices.Contains(out, e.reason) && len(out) < 4 {
			out = append(out, e.reason)
		}
	}
	for _, e := range pieces {
		if e.from == fromName && e.class != class && e.weight >= 5 && len(out) > 0 {
			own := slices.ContainsFunc(pieces, func(p evidence) bool { return p.from == fromName && p.class == class && p.weight > 0 })
			if !own {
				out = append(out, "the name suggests "+e.class.What()+", but other evidence outweighs it")
			}
			break
		}
	}
	return out
}
