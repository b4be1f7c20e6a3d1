package general

import (
	"errors"
	"fmt"
	"regexp"
	"regexp/syntax"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/veil-proxy/veil/mask"
	"github.com/veil-proxy/veil/mask/forms"
)

// match keeps a text that an expression matches as a whole, and Removes others.
type match struct{ whole *regexp.Regexp }

func newMatch(f forms.Match) match { return match{regexp.MustCompile("^(?:" + f.Whole + ")$")} }

// Append implements mask.Method.
func (m match) Append(dst, src []byte, _ *mask.Input) ([]byte, mask.Outcome, error) {
	if len(src) == 0 || !m.whole.Match(src) {
		return dst, mask.Removed, nil
	}
	return dst, mask.Kept, nil
}

// termForm is the form of a term: at most 255 characters in one line, without seven digits
// that only spaces and the marks of telephone numbers separate, without a day in digits, a
// digit of another script, a mail address or a URL. So telephone numbers, social security
// numbers, most record numbers and dates go. It is a form and not a list: a person's name has
// it too.
var termForm = forms.Match{
	Longest:     255,
	ASCIIDigits: true,
	Without:     `[[:cntrl:]@]|[0-9]([-+./() ]*[0-9]){6}|[0-9]{1,4}[-./][0-9]{1,2}[-./][0-9]{1,4}|://|[Ww]{3}[.]`,
}

// term does what termForm says, without regular expressions.
type term struct{}

// Append implements mask.Method.
func (term) Append(dst, src []byte, _ *mask.Input) ([]byte, mask.Outcome, error) {
	if len(src) == 0 || !utf8.Valid(src) || utf8.RuneCount(src) > termForm.Longest || !isTerm(src) {
		return dst, mask.Removed, nil
	}
	return dst, mask.Kept, nil
}

// isTerm reports that a text has nothing that termForm excludes.
func isTerm(s []byte) bool {
	digits := 0 // digits since a character that neither is a digit nor separates digits
	day := 0    // how much of a day there is: 1 is a number, 2 a mark, 3 and 4 digits, 5 a mark
	for i, b := range string(s) {
		switch {
		case '0' <= b && b <= '9':
			if digits++; digits == 7 || day == 5 {
				return false
			}
			day = [...]int{1, 1, 3, 4, 1}[day]
		case b == '-', b == '.', b == '/':
			day = [...]int{0, 2, 0, 5, 5, 0}[day]
			if b == '.' && i > 2 && isWWW(s[i-3:i]) || b == '/' && i > 1 && s[i-1] == '/' && s[i-2] == ':' {
				return false
			}
		case b < ' ', b == 0x7f, b == '@', b > unicode.MaxASCII && unicode.Is(unicode.Nd, b):
			return false
		default:
			day = 0
			if b != '+' && b != '(' && b != ')' && b != ' ' {
				digits = 0
			}
		}
	}
	return true
}

func isWWW(s []byte) bool { return s[0]|0x20 == 'w' && s[1]|0x20 == 'w' && s[2]|0x20 == 'w' }

// numberForm is the form of a decimal number, as PostgreSQL writes it.
var numberForm = forms.Match{
	Whole:   `[-+]?([0-9]+([.][0-9]*)?|[.][0-9]+)([eE][-+]?[0-9]+)?|NaN|-?Infinity`,
	Numbers: true,
}

// patternForm reads the regular expression of a ruleset, in the syntax of RE2, and writes
// it in the part of that syntax which other engines read in the same way.
func patternForm(pattern string) (forms.Match, error) {
	re, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return forms.Match{}, fmt.Errorf("pattern is not a regular expression: %w", err)
	}
	var b strings.Builder
	if err := writePattern(&b, re); err != nil {
		return forms.Match{}, err
	}
	return forms.Match{Whole: b.String()}, nil
}

func newPattern(_ mask.Env, args mask.Args) (mask.Method, error) {
	f, err := patternForm(args.String("pattern", ""))
	if err != nil {
		return nil, err
	}
	return newMatch(f), nil
}

// mostRepeats is the maximum number of repetitions that PostgreSQL accepts.
const mostRepeats = 255

func writePattern(b *strings.Builder, re *syntax.Regexp) error {
	switch re.Op {
	case syntax.OpEmptyMatch:
		b.WriteString("()")
		return nil
	case syntax.OpLiteral:
		return writeLiteral(b, re)
	case syntax.OpCharClass:
		return writeClass(b, re.Rune)
	case syntax.OpCapture, syntax.OpConcat, syntax.OpAlternate:
		b.WriteByte('(')
		for i, sub := range re.Sub {
			if i > 0 && re.Op == syntax.OpAlternate {
				b.WriteByte('|')
			}
			if err := writePattern(b, sub); err != nil {
				return err
			}
		}
		b.WriteByte(')')
		return nil
	case syntax.OpStar, syntax.OpPlus, syntax.OpQuest, syntax.OpRepeat:
		return writeRepeat(b, re)
	case syntax.OpBeginText, syntax.OpEndText, syntax.OpBeginLine, syntax.OpEndLine:
		return errors.New("pattern always matches the whole text: remove ^ and $")
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		return errors.New("pattern lets any character pass: write the characters that may pass instead of the dot, such as [A-Z0-9]")
	}
	return fmt.Errorf("pattern has %s, which databases read in another way: use characters, classes, groups, | and repetitions", re)
}

func writeLiteral(b *strings.Builder, re *syntax.Regexp) error {
	for _, r := range re.Rune {
		both := []rune{r, r}
		if other := unicode.SimpleFold(r); re.Flags&syntax.FoldCase != 0 && other != r {
			if unicode.SimpleFold(other) != r {
				return errors.New("pattern ignores case with (?i): write both cases, such as [Kk]")
			}
			both = []rune{min(r, other), min(r, other), max(r, other), max(r, other)}
		}
		if err := writeClass(b, both); err != nil {
			return err
		}
	}
	return nil
}

// writeClass writes a class of characters, given as ranges.
func writeClass(b *strings.Builder, ranges []rune) error {
	one := func(r rune) {
		if r != ' ' && !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	if len(ranges) == 0 || ranges[len(ranges)-1] >= unicode.MaxASCII || ranges[0] < ' ' {
		return errors.New("pattern has characters that are not printable ASCII, or a class such as [^x] that includes them: write the characters that may pass")
	}
	if len(ranges) == 2 && ranges[0] == ranges[1] {
		one(ranges[0])
		return nil
	}
	b.WriteByte('[')
	for i := 0; i < len(ranges); i += 2 {
		if one(ranges[i]); ranges[i] != ranges[i+1] {
			b.WriteByte('-')
			one(ranges[i+1])
		}
	}
	b.WriteByte(']')
	return nil
}

func writeRepeat(b *strings.Builder, re *syntax.Regexp) error {
	b.WriteByte('(')
	if err := writePattern(b, re.Sub[0]); err != nil {
		return err
	}
	b.WriteByte(')')
	switch re.Op {
	case syntax.OpStar:
		b.WriteByte('*')
	case syntax.OpPlus:
		b.WriteByte('+')
	case syntax.OpQuest:
		b.WriteByte('?')
	default:
		if max(re.Min, re.Max) > mostRepeats {
			return fmt.Errorf("pattern repeats more than %d times, which databases cannot", mostRepeats)
		}
		fmt.Fprintf(b, "{%d,", re.Min)
		if re.Max >= 0 {
			fmt.Fprint(b, re.Max)
		}
		b.WriteByte('}')
	}
	return nil
}
