package textcmd

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/veil-proxy/veil/internal/veiltest"
	"github.com/veil-proxy/veil/text"
)

// marked is a text with its identifiers marked; offsets count code points.
type marked struct {
	note
	Spans []struct {
		Start, End int
		Label      string
		Opt        bool
		Known      string
	} `json:"spans"`
	Neg []struct {
		Start, End int
		Kind       string
	} `json:"neg"`
	Partial bool `json:"partial"`
}

// counts are what is counted over a set.
type counts struct {
	texts                                  int
	spans, hit, full, found, right         int
	exact, exactFull, variant, variantFull int
	neg, negHit, clean, cleanHit           int
	labels                                 map[string]*[3]int // marked, hit, full
	speed                                  float64            // MB a second on one core
}

// place is what was found, in code points.
type place struct {
	start, end int
	label      text.Label
}

// TestTextEval scores the sets of a folder (SETS), our own sentences and our own notes, and
// prints the tables of docs/text.md, with Presidio's analyzer beside it unless PRESIDIO is 0.
// The sets are JSON Lines, packed with xz or not, as "veil text find --format json" reads
// them, with spans marked.
func TestTextEval(t *testing.T) {
	dir := os.Getenv("SETS")
	if dir == "" {
		t.Skip("SETS names no folder")
	}
	paths, err := filepath.Glob(filepath.Join(dir, "*.jsonl*"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no sets in the folder: %v", err)
	}
	written, err := filepath.Glob("testdata/written-*.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(paths)
	paths = append(append(paths, writeSets(t)...), written...)
	finder := text.New(text.Options{})
	var beside *presidio
	if os.Getenv("PRESIDIO") != "0" {
		beside = newPresidio(t)
	}
	out := bytes.NewBufferString("\n| set | texts | recall | full cover | precision | over-redaction | texts without identifiers touched | known exact | known variants | MB/s |\n|---|---|---|---|---|---|---|---|---|---|\n")
	details := bytes.NewBufferString("\n| set | label | marked | recall | full cover |\n|---|---|---|---|---|\n")
	for _, path := range paths {
		texts := readMarked(t, path)
		withKnown := slices.ContainsFunc(texts, func(m *marked) bool { return m.Known != nil })
		for _, known := range []bool{true, false} {
			if known && !withKnown {
				continue
			}
			c := evaluate(t, finder, texts, known)
			name, _, _ := strings.Cut(filepath.Base(path), ".")
			if withKnown {
				name += map[bool]string{true: ", with known values", false: ", without"}[known]
			}
			c.print(out, details, name)
		}
		if beside != nil {
			name, _, _ := strings.Cut(filepath.Base(path), ".")
			beside.evaluate(t, texts).print(out, io.Discard, name+", Presidio")
		}
	}
	fmt.Println(out.String() + details.String())
}

func readMarked(t *testing.T, path string) (texts []*marked) {
	t.Helper()
	raw, err := os.ReadFile(path)
	if strings.HasSuffix(path, ".xz") {
		raw, err = veiltest.Command(t, veiltest.Works, "xz", "-dc", path).Output()
	}
	if err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(bytes.NewReader(raw))
	lines.Buffer(nil, 64<<20)
	for lines.Scan() {
		m := &marked{}
		if err := json.Unmarshal(lines.Bytes(), m); err != nil {
			t.Fatalf("%s: %v", filepath.Base(path), err)
		}
		texts = append(texts, m)
	}
	return texts
}

// passes is how often a set is read. Of each text the quickest counts, which a busy machine
// changes little: a text takes less time than a process is given at once.
const passes = 7

func evaluate(t *testing.T, finder *text.Finder, texts []*marked, withKnown bool) *counts {
	t.Helper()
	c := &counts{labels: map[string]*[3]int{}}
	scanner := finder.Scanner()
	found := make([][]text.Span, len(texts))
	took := make([]time.Duration, len(texts))
	size := 0
	for pass := range passes {
		for i, m := range texts {
			k := &known{}
			if withKnown {
				k = m.Known.orEmpty()
			}
			original := []byte(m.Text)
			begun := time.Now()
			compiled, err := k.build(nil)
			if err != nil {
				t.Fatal(err)
			}
			found[i] = scanner.Find(found[i][:0], original, compiled)
			if d := time.Since(begun); pass == 0 || d < took[i] {
				took[i] = d
			}
			size += len(original)
		}
	}
	best := time.Duration(0)
	for _, d := range took {
		best += d
	}
	c.speed = float64(size) / passes / 1e6 / best.Seconds()
	for i, m := range texts {
		var places []place
		for _, s := range found[i] {
			places = append(places, place{utf8.RuneCountInString(m.Text[:s.Start]), utf8.RuneCountInString(m.Text[:s.End]), s.Label})
		}
		c.texts++
		c.count(m, places)
	}
	return c
}

// count counts what of a text was found.
func (c *counts) count(m *marked, places []place) {
	runes := []rune(m.Text)
	by, gold := make([]bool, len(runes)), make([]bool, len(runes))
	for _, p := range places {
		for i := p.start; i < p.end; i++ {
			by[i] = true
		}
	}
	required := 0
	for _, g := range m.Spans {
		for i := g.Start; i < g.End; i++ {
			gold[i] = true
		}
		if g.Opt {
			continue
		}
		required++
		hit := slices.Contains(by[g.Start:g.End], true)
		full := hit
		for i := g.Start; i < g.End; i++ {
			full = full && (by[i] || !unicode.IsLetter(runes[i]) && !unicode.IsDigit(runes[i]))
		}
		c.countSpan(g.Label, g.Known, hit, full)
	}
	touched := false
	for _, p := range places {
		right := slices.Contains(gold[p.start:p.end], true)
		if m.Partial || !right && optional(string(runes[p.start:p.end]), p.label) {
			continue
		}
		c.found++
		c.right += one(right)
		touched = touched || !right
	}
	if required == 0 && !m.Partial {
		c.clean++
		c.cleanHit += one(touched)
	}
	for _, n := range m.Neg {
		c.neg++
		c.negHit += one(slices.Contains(by[n.Start:n.End], true))
	}
}

func (c *counts) countSpan(label, known string, hit, full bool) {
	l := c.labels[label]
	if l == nil {
		l = &[3]int{}
		c.labels[label] = l
	}
	l[0]++
	l[1] += one(hit)
	l[2] += one(full)
	c.spans++
	c.hit += one(hit)
	c.full += one(full)
	switch known {
	case "exact":
		c.exact++
		c.exactFull += one(full)
	case "variant":
		c.variant++
		c.variantFull += one(full)
	}
}

func one(b bool) int {
	if b {
		return 1
	}
	return 0
}

// optional reports whether what was found is neither right nor wrong: years alone, ages
// under 90.
func optional(found string, label text.Label) bool {
	digits := strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, found)
	letters := strings.ContainsFunc(found, unicode.IsLetter)
	if !letters && len(digits) == 4 && (strings.HasPrefix(digits, "19") || strings.HasPrefix(digits, "20")) {
		return true
	}
	return label == text.Age && (len(digits) < 2 || len(digits) == 2 && digits < "90")
}

func (c *counts) print(out, details io.Writer, name string) {
	share := func(n, of int) string {
		if of == 0 {
			return "–"
		}
		return fmt.Sprintf("%.3f", float64(n)/float64(of))
	}
	fmt.Fprintf(out, "| %s | %d | %s | %s | %s | %s | %s | %s | %s | %.3g |\n", name, c.texts, share(c.hit, c.spans), share(c.full, c.spans), share(c.right, c.found),
		share(c.negHit, c.neg), share(c.cleanHit, c.clean), share(c.exactFull, c.exact), share(c.variantFull, c.variant), c.speed)
	for _, label := range slices.Sorted(func(yield func(string) bool) {
		for l := range c.labels {
			if !yield(l) {
				return
			}
		}
	}) {
		l := c.labels[label]
		fmt.Fprintf(details, "| %s | %s | %d | %s | %s |\n", name, label, l[0], share(l[1], l[0]), share(l[2], l[0]))
	}
}
