package textcmd

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/veil-proxy/veil/internal/veiltest"
	"github.com/veil-proxy/veil/text"
)

// TestWrittenNotes holds what was reached for notes that we wrote by hand: letters, calls,
// tables, messages and lists in eight languages, with hard negatives.
func TestWrittenNotes(t *testing.T) {
	t.Parallel()
	finder := text.New(text.Options{})
	for _, tc := range []struct {
		set                           string
		recall, full, precision, over float64
	}{
		{"written-first", 0.92, 0.87, 0.96, 0.06},
		{"written-second", 0.88, 0.82, 0.92, 0.10},
	} {
		c := evaluate(t, finder, readMarked(t, filepath.Join("testdata", tc.set+".jsonl")), true)
		share := func(what string, n, of int, least float64) {
			if got := float64(n) / float64(of); got < least {
				t.Errorf("%s: %s %.3f (%d of %d), below %.2f", tc.set, what, got, n, of, least)
			}
		}
		share("recall", c.hit, c.spans, tc.recall)
		share("full cover", c.full, c.spans, tc.full)
		share("precision", c.right, c.found, tc.precision)
		share("hard negatives left alone", c.neg-c.negHit, c.neg, 1-tc.over)
		share("known values", c.exactFull, c.exact, 1)
	}
}

// writeSentences writes the set of marked sentences with names and addresses of mimesis,
// which no list of Veil has seen, and returns its path.
func writeSentences(t *testing.T) string {
	t.Helper()
	python := veiltest.Python(t, "sentences-requirements.txt")
	var errors bytes.Buffer
	cmd := veiltest.Command(t, veiltest.Works, python, "sentences.py", "29", "600")
	cmd.Stderr = &errors
	lines, err := cmd.Output()
	if err != nil {
		t.Fatalf("sentences.py: %v\n%s", err, errors.String())
	}
	path := filepath.Join(t.TempDir(), "sentences.jsonl")
	if err := os.WriteFile(path, lines, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
