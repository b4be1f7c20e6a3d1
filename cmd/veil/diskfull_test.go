//go:build linux

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/veil-proxy/veil/internal/veiltest"
)

const diskBytes = 256 << 10

// fullDisk runs a command as a process for which dir is a file system of diskBytes, of
// which some are used. Where
// the system lets nobody mount one, no file can be larger than that. It returns the
// standard error, the files that are left, and what the system says of a full disk.
func fullDisk(t *testing.T, dir string, used int, args ...string) (code int, stderr string, left []string, full string) {
	t.Helper()
	script := fmt.Sprintf(`mount -t tmpfs -o size=%d,mode=700 tmpfs "$1" || exit 99
head -c "$2" /dev/zero >"$1/used" || exit 99
dir=$1; shift 2
veil "$@"; status=$?
echo LEFT; find "$dir" -type f ! -name used
exit $status`, diskBytes)
	full = "no space left on device"
	c := veiltest.Command(t, veiltest.Works, "unshare", "--user", "--map-root-user", "--mount", "sh", "-c", script, "sh", dir, strconv.Itoa(used))
	if os.Geteuid() == 0 {
		c = veiltest.Command(t, veiltest.Works, "unshare", "--mount", "sh", "-c", script, "sh", dir, strconv.Itoa(used))
	}
	c.Args = append(c.Args, args...)
	var errs strings.Builder
	c.Stderr = &errs
	out, err := c.Output()
	if c.ProcessState == nil || c.ProcessState.ExitCode() == 99 || !strings.Contains(string(out), "LEFT\n") {
		t.Logf("no file system can be mounted, so that files have a limit of size instead: %v %s", err, errs.String())
		full = "file too large"
		c = veiltest.Command(t, veiltest.Works, "sh", "-c", `ulimit -f "$2"; dir=$1; shift 2; veil "$@"; status=$?; echo LEFT; find "$dir" -type f; exit $status`, "sh", dir, strconv.Itoa((diskBytes-used)/512))
		c.Args = append(c.Args, args...)
		errs.Reset()
		c.Stderr = &errs
		out, _ = c.Output()
	}
	_, list, _ := strings.Cut(string(out), "LEFT\n")
	return c.ProcessState.ExitCode(), errs.String(), strings.Fields(list), full
}

// TestDiskFull: a disk that is full ends a run with one line; no output is left that is
// not whole, and nothing of those that are.
func TestDiskFull(t *testing.T) {
	t.Parallel()
	dir := visits(t, 4, 3_000) // more than half of the disk
	small := filepath.Join(dir, "small")
	folder(t, small)
	args := func(more ...string) []string {
		return append([]string{"mask", "--key-file", filepath.Join(dir, "k"), "--ruleset", filepath.Join(dir, "rules.yaml"), "--workers", "1", filepath.Join(dir, "in")}, more...)
	}
	whole := filepath.Join(dir, "whole")
	if r := veil(t, "", args("--out", whole)...); r.code != 0 {
		t.Fatal(r.stderr)
	}
	for _, tc := range []struct {
		name string
		args []string
		left int
	}{
		{"outputs", []string{"--out", filepath.Join(small, "out")}, 1},
		{"outputs and log", []string{"--out", filepath.Join(small, "out"), "--audit-dir", filepath.Join(dir, "log1")}, 1},
	} {
		code, stderr, left, full := fullDisk(t, small, 0, args(tc.args...)...)
		if code != 1 || strings.Count(stderr, "\n") != 1 || !strings.Contains(stderr, full) || !strings.HasPrefix(stderr, "veil: ") {
			t.Errorf("%s: exit %d, %q", tc.name, code, stderr)
		}
		if full == "no space left on device" && len(left) != tc.left {
			t.Errorf("%s: %d files are left, want %d: %q", tc.name, len(left), tc.left, left)
		}
		for _, path := range left {
			if strings.HasPrefix(filepath.Base(path), ".") {
				t.Errorf("%s: %s is left", tc.name, path)
			}
		}
	}
	// A log that cannot be written ends the run before an output appears.
	code, stderr, left, full := fullDisk(t, small, diskBytes-4096, args("--out", filepath.Join(dir, "unlogged"), "--audit-dir", filepath.Join(small, "log"))...)
	if code != 1 || strings.Count(stderr, "\n") != 1 || !strings.Contains(stderr, full) {
		t.Errorf("the log: exit %d, %q, %q", code, stderr, left)
	}
	for name := range files(t, filepath.Join(dir, "unlogged")) {
		if strings.HasPrefix(filepath.Base(name), ".") {
			t.Errorf("%s is left", name)
		}
	}
	// Standard output.
	input := filepath.Join(dir, "in", "ward0", "visits0.csv")
	c := veiltest.Command(t, veiltest.Works, "veil", append(args()[:7], input)...)
	null, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	var errs strings.Builder
	c.Stdout, c.Stderr = null, &errs
	_ = c.Run() // the status says it
	if c.ProcessState.ExitCode() != 1 || strings.Count(errs.String(), "\n") != 1 || !strings.Contains(errs.String(), "no space left on device") {
		t.Errorf("standard output: exit %d, %q", c.ProcessState.ExitCode(), errs.String())
	}
}
