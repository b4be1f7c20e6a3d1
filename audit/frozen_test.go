package audit

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"testing"

	"github.com/veil-proxy/veil/mask"
)

// TestLogBytesAreFrozen: the same records always make the same bytes. The hash is of
// format version 1 and never changes.
func TestLogBytesAreFrozen(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	l, err := Open(dir, Options{segmentBytes: 3000})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 30 {
		r := testRecord(i)
		switch i % 3 {
		case 1:
			r.Details = []mask.Detail{{Resource: "Patient/x", Path: "Patient.name[0]", Rule: "names", Outcome: mask.Removed}, {Path: "é<\n"}}
			r.Reason, r.Client = "a \"reason\"", "10.0.0.1"
		case 2:
			r.Statement, r.Relations, r.DurationMicros = "fp", []string{"public.a", "b\x00c"}, 17
			r.Run, r.Program, r.File, r.FileName, r.InputDigest, r.OutputDigest = "r", "p", "f", "n", "i", "o"
		}
		if err := l.Append(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	segments, err := segmentFiles(dir)
	if err != nil {
		t.Fatal(err)
	}
	h := sha256.New()
	for _, name := range segments {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		h.Write(append([]byte(name), text...))
	}
	if got := hex.EncodeToString(h.Sum(nil)); got != "cfdd0475d76d10764ed70bb665316eac6dd70975f199c83d0c42f5deb31e8eb6" {
		t.Errorf("%d segments have hash %s", len(segments), got)
	}
}
