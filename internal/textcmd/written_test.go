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
		{"written-first", 0.94, 0.91, 0.97, 0.05},
		{"written-second", 0.91, 0.86, 0.93, 0.08},
		{"written-third", 0.96, 0.93, 0.96, 0.06},
		{"written-fourth", 0.97, 0.93, 0.97, 0.04},
		{"written-fifth", 0.87, 0.80, 0.96, 0.08},
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

// writeSets writes the sets of marked sentences and letters with names and addresses of
// mimesis, which no list of Veil has seen, and returns their paths.
func writeSets(t *testing.T) (paths []string) {
	t.Helper()
	python := veiltest.Python(t, "sentences-requirements.txt")
	dir := t.TempDir()
	for _, set := range [][]string{
		{"sentences", "sentences.py", "29", "600"},
		{"letters-de", "letters.py", "7", "150", "de"}, {"letters-es", "letters.py", "7", "150", "es"}, {"letters-fr", "letters.py", "7", "150", "fr"},
		{"letters-it", "letters.py", "7", "150", "it"}, {"letters-nl", "letters.py", "7", "150", "nl"},
	} {
		var errors bytes.Buffer
		cmd := veiltest.Command(t, veiltest.Works, python, set[1:]...)
		cmd.Stderr = &errors
		lines, err := cmd.Output()
		if err != nil {
			t.Fatalf("%s: %v\n%s", set[1], err, errors.String())
		}
		paths = append(paths, filepath.Join(dir, set[0]+".jsonl"))
		if err := os.WriteFile(paths[len(paths)-1], lines, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return paths
}
