package text

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// alphabets are letters of the scripts that records are written in.
var alphabets = []string{
	"abcdefghijklmnopqrstuvwxyz", "àáâãäåæçèéêëìíîïñòóôõöøùúûüýÿßœšž", "ąćęłńóśźżčďěňřťůőű", "абвгдежзийклмнопрстуфхцчшщыьэюя",
	"αβγδεζηθικλμνξοπρστυφχψω", "אבגדהוזחטיכלמנסעפצקרשת", "ابتثجحخدذرزسشصضطظعغفقكلمنهوي", "अआइईउऊएऐओऔकखगघचछजझटठडढणतथदधनपफबभमयरलवशषसह",
	"กขคงจฉชซญดตถทธนบปผฝพฟภมยรลวศสหอฮ", "王李张刘陈杨黄赵吴周徐孙马朱胡林郭何高罗", "さしすせそたちつてとなにぬねのはひふへほ", "가나다라마바사아자차카타파하김이박최정", "აბგდევზთიკლმნოპჟრს", "աբգդեզէըթժիլխծ", "ሀለሐመሠረሰቀበተ", "ಅಆಇಈಉಊಎಏ",
}

func randomWord(r *rand.Rand, alphabet []rune, least, most int) string {
	n := least + r.IntN(most-least+1)
	out := make([]rune, n)
	for i := range out {
		out[i] = alphabet[r.IntN(len(alphabet))]
	}
	return string(out)
}

func capital(s string) string {
	r, size := utf8.DecodeRuneInString(s)
	return strings.ToUpper(string(r)) + s[size:]
}

// plant is a known value and ways to write it.
type plant struct {
	add    func(b *KnownBuilder)
	exact  string
	others []string
	label  Label
}

func randomPlant(r *rand.Rand) plant {
	alphabet := []rune(alphabets[r.IntN(len(alphabets))])
	switch r.IntN(6) {
	case 0, 1:
		alphabet = slices.DeleteFunc(alphabet, func(r rune) bool { return r == 'ß' || r == 'ÿ' }) // no name begins with them
		given, family := capital(randomWord(r, alphabet, 3, 9)), capital(randomWord(r, alphabet, 4, 11))
		full := given + " " + family
		first := string([]rune(given)[:1])
		return plant{func(b *KnownBuilder) { b.AddName(full) }, full, []string{
			family + ", " + given, strings.ToUpper(full), strings.ToUpper(family) + "^" + strings.ToUpper(given), family, first + ". " + family, given + "-" + family, family + "'s",
		}, Name}
	case 2:
		id := randomWord(r, []rune("0123456789"), 6, 12)
		if r.IntN(2) == 0 {
			id = randomWord(r, []rune("ABCDEFGHJKLMNPQRSTUVWXYZ"), 1, 3) + id
		}
		return plant{func(b *KnownBuilder) { b.AddID(id) }, id, []string{id[:3] + "-" + id[3:], strings.ToLower(id), id[:2] + " " + id[2:], "#" + id}, ID}
	case 3:
		phone := fmt.Sprintf("(%d) %d-%04d", 200+r.IntN(800), 200+r.IntN(800), r.IntN(10000))
		digits := strings.Map(func(c rune) rune {
			if c < '0' || c > '9' {
				return -1
			}
			return c
		}, phone)
		return plant{func(b *KnownBuilder) { b.AddPhone(phone) }, phone, []string{digits, "+1" + digits, digits[:3] + "." + digits[3:6] + "." + digits[6:], "1-" + digits[:3] + "-" + digits[3:6] + "-" + digits[6:]}, Phone}
	case 4:
		street := fmt.Sprintf("%d %s %s", 1+r.IntN(9999), capital(randomWord(r, alphabet, 4, 9)), capital(randomWord(r, alphabet, 4, 8)))
		return plant{func(b *KnownBuilder) { b.AddAddress(street) }, street, []string{strings.ToUpper(street)}, Location}
	}
	y, m, d := 1920+r.IntN(105), 1+r.IntN(12), 1+r.IntN(28)
	return plant{func(b *KnownBuilder) { b.AddDate(y, m, d) }, fmt.Sprintf("%04d-%02d-%02d", y, m, d), []string{
		fmt.Sprintf("%02d/%02d/%04d", m, d, y), fmt.Sprintf("%d.%d.%04d", d, m, y), fmt.Sprintf("%04d年%d月%d日", y, m, d), fmt.Sprintf("%02d%02d%04d", m, d, y), fmt.Sprintf("%04d%02d%02d", y, m, d),
	}, Date}
}

// covered reports whether each letter and digit of text[from:to] is in a span.
func covered(text []byte, spans []Span, from, to int) bool {
	var toks tokens
	toks.cut(text[from:to])
	for _, t := range toks.toks {
		if t.kind == mark {
			continue
		}
		in := false
		for _, s := range spans {
			in = in || s.Start <= from+int(t.start) && from+int(t.end) <= s.End
		}
		if !in {
			return false
		}
	}
	return true
}

// TestKnownValuesAreFound: each of many known values, of any script, is found exactly and
// in the listed variants.
func TestKnownValuesAreFound(t *testing.T) {
	t.Parallel()
	n := 100_000
	if testing.Short() {
		n = 10_000
	}
	r := rand.New(rand.NewPCG(15, 2))
	s := New(Options{}).Scanner()
	frames := []string{"Patient %s was seen.", "%s", "x (%s), y", "re: %s\nok", "患者%s。", "notiert: „%s“ und mehr", "|%s|", "visto:%s;"}
	var spans []Span
	failures := 0
	for range n {
		p := randomPlant(r)
		var b KnownBuilder
		p.add(&b)
		known := b.Build()
		written := p.exact
		if r.IntN(3) == 0 {
			written = p.others[r.IntN(len(p.others))]
		}
		frame := frames[r.IntN(len(frames))]
		text := []byte(strings.Replace(frame, "%s", written, 1))
		at := strings.Index(frame, "%s")
		spans = s.Find(spans[:0], text, known)
		if !covered(text, spans, at, at+len(strings.TrimSuffix(written, "'s"))) {
			t.Errorf("%q of %q is not found in %q: %v", written, p.exact, text, spans)
			if failures++; failures > 20 {
				t.FailNow()
			}
		}
	}
}

// checkSpans holds what is true of all spans.
func checkSpans(t *testing.T, text []byte, spans []Span) {
	t.Helper()
	at := 0
	for _, s := range spans {
		switch {
		case s.Start < at || s.End <= s.Start || s.End > len(text):
			t.Fatalf("spans are not sorted and apart in the text: %v", spans)
		case s.Label == None || s.Rule == "":
			t.Fatalf("a span has no label or rule: %v", s)
		case utf8.Valid(text) && (!utf8.RuneStart(text[s.Start]) || s.End < len(text) && !utf8.RuneStart(text[s.End])):
			t.Fatalf("a span cuts a character: %v", s)
		}
		at = s.End
	}
}

// FuzzFind: any text has spans in order, the same whatever was read before; a replaced
// text keeps what is between spans and nothing of them, and known values are gone.
func FuzzFind(f *testing.F) {
	f.Add("Seen by Dr. Anna Halworth on 3/14/2020 at Mercy Hospital, MRN 123456, call (503) 555-0142.")
	f.Add("C/ Goya, 12, 3º B, 28001 Madrid; geb. 14. März 1960, Hauptstraße 12")
	f.Add("A.A.A.A.@a.a://www.a:::::1.1.1.1 12/12/12-12.12.12 ''''")
	f.Add("\xff\xfe\u200b\u0301ﬀ１２３ª")
	finder := New(Options{})
	used := finder.Scanner()
	var b KnownBuilder
	b.AddName("Quixotia Halworth")
	b.AddID("48151623")
	known := b.Build()
	f.Fuzz(func(t *testing.T, in string) {
		text := []byte(in)
		spans := used.Find(nil, text, known)
		checkSpans(t, text, spans)
		if again := finder.Scanner().Find(nil, text, known); fmt.Sprint(again) != fmt.Sprint(spans) {
			t.Fatalf("found %v, then %v", spans, again)
		}
		out := Replace(nil, text, spans, ReplacerFunc(func(dst []byte, _ Span, _ []byte) []byte { return append(dst, 0) }))
		kept := 0
		for _, s := range spans {
			kept += s.End - s.Start - bytes.Count(text[s.Start:s.End], []byte("\n"))
		}
		if len(out) != len(text)-kept+len(spans) {
			t.Fatalf("%d bytes became %d with %d in spans", len(text), len(out), kept)
		}
		if bytes.Contains(out, []byte("48151623")) || bytes.Contains(out, []byte("Quixotia Halworth")) {
			t.Fatal("a known value is left")
		}
	})
}

// TestBlocks: what stands where two blocks meet is found as elsewhere.
func TestBlocks(t *testing.T) {
	t.Parallel()
	var b KnownBuilder
	b.AddName("Zoë Halworth")
	known := b.Build()
	s := New(Options{}).Scanner()
	for shift := range 40 {
		text := []byte(strings.Repeat("lorem ipsum dolor ", (blockSize-200)/18) + strings.Repeat("x", shift*10) + " Zoë Halworth " + strings.Repeat("dolor\n", 20000))
		spans := s.Find(nil, text, known)
		checkSpans(t, text, spans)
		if len(spans) != 1 || string(text[spans[0].Start:spans[0].End]) != "Zoë Halworth" {
			t.Fatalf("shift %d: found %v", shift, spans)
		}
	}
}

// TestAllocations: a text costs no memory once a Scanner has read one as long.
func TestAllocations(t *testing.T) {
	note := []byte(strings.Repeat(benchNote, 5))
	known := benchKnown()
	s := New(Options{}).Scanner()
	spans := s.Find(nil, note, known)
	if n := testing.AllocsPerRun(20, func() { spans = s.Find(spans[:0], note, known) }); n > 0 {
		t.Errorf("%v allocations a note", n)
	}
}
