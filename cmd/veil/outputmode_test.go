//go:build unix

package main

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// TestOutputModes: masked files have the mode that the umask leaves, rejects are
// for their owner alone.
func TestOutputModes(t *testing.T) {
	before := syscall.Umask(0o027)
	defer syscall.Umask(before)
	key, dir := newKey(t), t.TempDir()
	in := write(t, filepath.Join(dir, "p.ndjson"), twoPatients+"{broken\n")
	out, rejects := filepath.Join(dir, "out"), filepath.Join(dir, "r")
	if r := veil(t, "", "mask", "--key-file", key, "--out", out, "--rejects", rejects, in); r.code != 0 {
		t.Fatal(r.stderr)
	}
	for path, want := range map[string]os.FileMode{filepath.Join(out, "p.ndjson"): 0o640, rejects: 0o600} {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: %v, %v", path, info.Mode(), err)
		}
	}
}
