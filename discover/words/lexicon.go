// Package words interprets names of columns and tables: it splits them into words, looks
// up the concepts that the words stand for in a lexicon of several languages, and says
// what the concepts imply for the column's class.
//
//	lex := words.Default()
//	voc := lex.Vocabulary(names)                // the languages that these names are in
//	votes := voc.Judge(voc.Parse("gebdat"), voc.Parse("patienten"))
//
// The lexicon and the rules are text files; users can add lines of either.
package words

import (
	"bufio"
	_ "embed" // for the lexicon and the rules
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/veil-proxy/veil/discover/dict"
)

//go:embed lexicon.txt
var lexiconText string

//go:embed rules.txt
var rulesText string

// set is a set of concepts by their number.
type set [2]uint64

func (s *set) add(n int)          { s[n/64] |= 1 << (n % 64) }
func (s set) has(n int) bool      { return s[n/64]&(1<<(n%64)) != 0 }
func (s set) contains(o set) bool { return s[0]&o[0] == o[0] && s[1]&o[1] == o[1] }
func (s set) union(o set) set     { return set{s[0] | o[0], s[1] | o[1]} }
func (s set) empty() bool         { return s == set{} }

// Lexicon holds words and rules. It is immutable after its last Extend.
type Lexicon struct {
	concepts []string
	numbers  map[string]int
	// words are the meanings of a word or of a phrase joined by "_".
	words map[string][]meaning
	// phrases is the largest number of words of a phrase.
	phrases int
	rules   []rule
}

// meaning is what a word stands for in a language; "-" is any.
type meaning struct {
	language string
	concepts set
}

// rule is a line of rules.txt.
type rule struct {
	class    string
	weight   float64
	concepts set // of the column
	table    set // of the table
	head     set // of the last word
	only     bool
}

var builtIn = sync.OnceValue(func() *Lexicon {
	l := &Lexicon{numbers: map[string]int{}, words: map[string][]meaning{}, phrases: 1}
	if err := l.readWords(strings.NewReader(lexiconText)); err != nil {
		panic(err) // the lexicon is part of the program
	}
	if err := l.readRules(strings.NewReader(rulesText)); err != nil {
		panic(err)
	}
	return l
})

// Default returns the built-in lexicon.
func Default() *Lexicon { return builtIn() }

// Extend returns a lexicon with the lines of a file added. A line belongs to the lexicon
// if it begins with "word" (word birth+date de geburtsd), or to the rules if it begins
// with "rule" (rule birth-date 6 birth date). known reports whether a class exists.
func (l *Lexicon) Extend(r io.Reader, known func(class string) bool) (*Lexicon, error) {
	out := *l
	out.concepts, out.rules = slices.Clone(l.concepts), slices.Clone(l.rules)
	out.numbers, out.words = map[string]int{}, map[string][]meaning{}
	for k, v := range l.numbers {
		out.numbers[k] = v
	}
	for k, v := range l.words {
		out.words[k] = slices.Clone(v)
	}
	scanner := bufio.NewScanner(r)
	for n := 1; scanner.Scan(); n++ {
		kind, rest, _ := strings.Cut(strings.TrimSpace(scanner.Text()), " ")
		var err error
		switch {
		case kind == "" || kind[0] == '#':
		case kind == "word":
			err = out.addWords(rest)
		case kind == "rule":
			if class := strings.Fields(rest); len(class) > 0 && !known(class[0]) {
				err = fmt.Errorf("unknown class %q", class[0])
			} else {
				err = out.addRule(rest)
			}
		default:
			err = fmt.Errorf("expected a line that begins with word or rule")
		}
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
	}
	return &out, scanner.Err()
}

func (l *Lexicon) readWords(r io.Reader) error { return eachLine(r, l.addWords) }
func (l *Lexicon) readRules(r io.Reader) error { return eachLine(r, l.addRule) }

func eachLine(r io.Reader, f func(string) error) error {
	scanner := bufio.NewScanner(r)
	for n := 1; scanner.Scan(); n++ {
		line := strings.TrimSpace(scanner.Text())
		if line == "" || line[0] == '#' {
			continue
		}
		if err := f(line); err != nil {
			return fmt.Errorf("line %d: %w", n, err)
		}
	}
	return scanner.Err()
}

func (l *Lexicon) addWords(line string) error {
	fields := strings.Fields(line)
	if len(fields) < 3 {
		return fmt.Errorf("expected concepts, a language and words")
	}
	m := meaning{language: fields[1]}
	for name := range strings.SplitSeq(fields[0], "+") {
		n, ok := l.numbers[name]
		if !ok {
			if n = len(l.concepts); n >= 128 {
				return fmt.Errorf("more than 128 concepts")
			}
			l.numbers[name], l.concepts = n, append(l.concepts, name)
		}
		m.concepts.add(n)
	}
	for _, w := range fields[2:] {
		w = dict.Fold(w)
		l.words[w] = append(l.words[w], m)
		if n := strings.Count(w, "_") + 1; n > 1 {
			l.phrases = max(l.phrases, n)
			joined := strings.ReplaceAll(w, "_", "")
			l.words[joined] = append(l.words[joined], m)
		}
	}
	return nil
}

func (l *Lexicon) addRule(line string) error {
	fields := strings.Fields(line)
	if len(fields) < 3 {
		return fmt.Errorf("expected a class, a weight and concepts")
	}
	weight, err := strconv.ParseFloat(fields[1], 64)
	if err != nil {
		return fmt.Errorf("weight %q is not a number", fields[1])
	}
	r := rule{class: fields[0], weight: weight}
	for _, f := range fields[2:] {
		if f == "only" {
			r.only = true
			continue
		}
		name := strings.TrimLeft(f, "^@")
		n, ok := l.numbers[name]
		if !ok {
			return fmt.Errorf("unknown concept %q", name)
		}
		switch f[0] {
		case '@':
			r.table.add(n)
		case '^':
			r.head.add(n)
			r.concepts.add(n)
		default:
			r.concepts.add(n)
		}
	}
	l.rules = append(l.rules, r)
	return nil
}

// names are the concepts of a set, in the order of the lexicon.
func (l *Lexicon) names(s set) (out []string) {
	for n, name := range l.concepts {
		if s.has(n) {
			out = append(out, name)
		}
	}
	return out
}
