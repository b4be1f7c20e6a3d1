package audit

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"

	"github.com/veil-proxy/veil/internal/veiltest"
	"github.com/veil-proxy/veil/mask"
)

// longLog is a log of some small segments that is open.
func longLog(t *testing.T, signer note.Signer) (*Log, string) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "log")
	l, err := Open(dir, Options{segmentBytes: 2000, Signer: signer})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	appendSome(t, l, 30)
	return l, dir
}

func appendSome(t *testing.T, l *Log, n int) {
	t.Helper()
	for i := range n {
		if err := l.Append(t.Context(), &mask.Record{Time: time.Now(), RequestID: fmt.Sprint("r", i), Consumer: "ann", Operation: "read Patient", Result: "complete"}); err != nil {
			t.Fatal(err)
		}
	}
}

func segmentsOf(t *testing.T, dir string) []string {
	t.Helper()
	names, err := segmentFiles(dir)
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// TestPrune: segments beyond the size are removed, oldest first and never the last; what
// remains verifies, with and without the key, says what is missing, and goes on.
func TestPrune(t *testing.T) {
	t.Parallel()
	signer, key := veiltest.Signer(t, "test")
	l, dir := longLog(t, signer)
	before := segmentsOf(t, dir)
	removed, err := l.Prune(t.Context(), Retention{Bytes: 6000}, time.Now())
	if err != nil || removed == 0 {
		t.Fatalf("removed %d of %d: %v", removed, len(before), err)
	}
	if size, err := Size(dir); err != nil || size > 6000+4*2000 {
		t.Errorf("%d bytes are left: %v", size, err)
	}
	appendSome(t, l, 10)
	check := func() {
		t.Helper()
		for _, key := range []string{"", key} {
			rep, err := Verify(dir, key)
			if err != nil || rep.Pruned == 0 || rep.PrunedAt.IsZero() || segmentName(rep.Pruned+1) != before[removed] {
				t.Fatalf("%v: %+v", err, rep)
			}
			var text strings.Builder
			if err := rep.WriteText(&text); err != nil || !strings.Contains(text.String(), fmt.Sprintf("lines 1 to %d were removed by retention", rep.Pruned)) {
				t.Errorf("%v: %s", err, &text)
			}
		}
	}
	check()
	if again, err := l.Prune(t.Context(), Retention{Bytes: 1 << 40, Age: time.Hour}, time.Now()); again != 0 || err != nil {
		t.Errorf("again: %d, %v", again, err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	check()
	if l, err = Open(dir, Options{segmentBytes: 2000, Signer: signer}); err != nil {
		t.Fatal(err)
	}
	if n, err := l.Prune(t.Context(), Retention{Age: time.Hour}, time.Now().Add(2*time.Hour)); err != nil || n == 0 {
		t.Errorf("by age %d, %v: %v", n, err, segmentsOf(t, dir))
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if rep, err := Verify(dir, key); err != nil || rep.Segments > 2 { // the one that the removal is stated in, and the one before it
		t.Errorf("%v: %+v", err, rep)
	}
}

// TestPruneKeepsWhatIsNeeded: without checkpoints nothing is removed, nor what is not
// shipped, nor what does not verify.
func TestPruneKeepsWhatIsNeeded(t *testing.T) {
	t.Parallel()
	signer, _ := veiltest.Signer(t, "test")
	all := Retention{Bytes: 1}
	l, _ := longLog(t, nil)
	if n, err := l.Prune(t.Context(), all, time.Now()); n != 0 || !errors.Is(err, errUnsigned) {
		t.Errorf("without a signer: %d, %v", n, err)
	}
	l, dir := longLog(t, signer)
	names := segmentsOf(t, dir)
	second, err := firstLine(filepath.Join(dir, names[2]))
	if err != nil {
		t.Fatal(err)
	}
	all.Shipped = func() uint64 { return second.Seq - 1 }
	if n, err := l.Prune(t.Context(), all, time.Now()); n != 2 || err != nil {
		t.Errorf("two are shipped: %d, %v", n, err)
	}
	path := filepath.Join(dir, names[3])
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(strings.Replace(string(text), "read Patient", "read Patiens", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	if n, err := l.Prune(t.Context(), Retention{Bytes: 1}, time.Now()); n != 1 || err == nil || !strings.Contains(err.Error(), names[3]) {
		t.Errorf("one is damaged: %d, %v", n, err)
	}
}

// TestPrunedLogCannotBeForged: segments that somebody else removes are missed, also where a
// line was written that says otherwise; one whose removal was cut off by a crash may stay.
func TestPrunedLogCannotBeForged(t *testing.T) {
	t.Parallel()
	signer, key := veiltest.Signer(t, "test")
	l, dir := longLog(t, signer)
	names := segmentsOf(t, dir)
	kept, err := os.ReadFile(filepath.Join(dir, names[1]))
	if err != nil {
		t.Fatal(err)
	}
	third, err := firstLine(filepath.Join(dir, names[2]))
	if err != nil {
		t.Fatal(err)
	}
	if n, err := l.Prune(t.Context(), Retention{Bytes: 1, Shipped: func() uint64 { return third.Seq - 1 }}, time.Now()); n != 2 || err != nil {
		t.Fatal(n, err)
	}
	if err := os.WriteFile(filepath.Join(dir, names[1]), kept, 0o600); err != nil {
		t.Fatal(err)
	}
	if rep, err := Verify(dir, key); err != nil || segmentName(rep.Pruned+1) != names[1] {
		t.Errorf("a removal that was cut off: %v %+v", err, rep)
	}
	for _, name := range names[1:4] {
		if err := os.Remove(filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := Verify(dir, ""); err == nil || !strings.Contains(err.Error(), "no line says that they were removed by retention") {
		t.Errorf("segments are missing: %v", err)
	}
	// Whoever can write the log can write such a line, and not the checkpoint.
	first, err := firstLine(filepath.Join(dir, names[4]))
	if err != nil {
		t.Fatal(err)
	}
	e := new(encoder)
	e.pruned(time.Now(), chain{first.Seq - 1, first.Prev})
	g, mine, err := l.enqueue(time.Now(), e, false)
	if err != nil {
		t.Fatal(err)
	}
	l.writeGroups(mine)
	l.release()
	<-g.done
	if _, err := Verify(dir, key); err == nil || !strings.Contains(err.Error(), "no checkpoint covers it") {
		t.Errorf("a line that is not signed: %v", err)
	}
}
