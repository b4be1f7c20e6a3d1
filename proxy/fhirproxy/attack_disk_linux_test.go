package fhirproxy

import (
	"bytes"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"testing"

	"github.com/veil-proxy/veil/audit"
	"github.com/veil-proxy/veil/internal/veiltest"
)

// TestAttackFillTheDisk makes the audit log's disk full while the listener serves. Row
// 36. By a limit on the size of files, in a process of its own, and, where the
// test may mount one, by a file system that is full.
func TestAttackFillTheDisk(t *testing.T) {
	t.Parallel()
	const child = "VEIL_TEST_FILE_LIMIT"
	if dir := os.Getenv(child); dir != "" {
		signal.Ignore(syscall.SIGXFSZ)
		limit := syscall.Rlimit{Cur: 100 << 10, Max: 100 << 10}
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
			t.Fatal(err)
		}
		fillTheDisk(t, dir)
		return
	}
	t.Run("limit", func(t *testing.T) {
		dir := t.TempDir()
		cmd := veiltest.Command(t, veiltest.Works, os.Args[0], "-test.run=^TestAttackFillTheDisk$", "-test.v")
		cmd.Env = append(os.Environ(), child+"="+dir)
		out, err := cmd.CombinedOutput()
		if err != nil || !bytes.Contains(out, []byte("--- PASS")) {
			t.Fatalf("%v\n%s", err, out)
		}
		checkLog(t, dir)
	})
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=128k"); err != nil {
		return // not allowed: the other way was taken
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	t.Run("file system", func(t *testing.T) {
		fillTheDisk(t, dir)
		if err := syscall.Mount("tmpfs", dir, "tmpfs", syscall.MS_REMOUNT, "size=1m"); err != nil {
			t.Fatal(err)
		}
		checkLog(t, dir)
	})
}

// fillTheDisk sends requests until none is served any more, and checks that then
// nothing is: no response, no error, no file of an export.
func fillTheDisk(t *testing.T, dir string) {
	log, err := audit.Open(dir, audit.Options{})
	if err != nil {
		t.Fatal(err)
	}
	up := newBulk(t)
	src := newSource(t)
	r := newRig(t, src.URL, func(c *Config) { c.Sink = log })
	bulk := newRig(t, up.url, func(c *Config) { c.Sink = log })
	file := bulk.fileAt(t)
	answered := 0
	for full := false; !full; {
		got := r.get(t, "/Patient?_count=1")
		switch {
		case got.status == 200:
			if answered++; answered > 1000 {
				t.Fatal("the disk is never full")
			}
		case got.status == 500:
			full = true
		default:
			t.Fatalf("status %d: %s", got.status, got.body)
		}
	}
	if answered == 0 {
		t.Fatal("nothing was answered before the disk was full")
	}
	for range 3 {
		for _, path := range []string{"/Patient?_count=1", "/metadata", "/Patient?name=x", "/Patient/none", "/nothing//", "?_page=x"} {
			if text := r.get(t, path).outcome(t, 500); !strings.Contains(text, "audit record could not be written") {
				t.Errorf("%s: %q", path, text)
			}
		}
		if body, noticed := bulk.broken(t, file); !noticed || bytes.Contains(body, []byte("Patient")) {
			t.Errorf("a file is sent: %.200s", body)
		}
		if got := r.do(t, "POST", "", `{"resourceType":"Bundle","type":"batch","entry":[{"request":{"method":"GET","url":"Patient?_count=1"}}]}`); got.status != 500 || bytes.Contains(got.body, []byte(`"Patient"`)) {
			t.Errorf("a batch is answered: %.200s", got.body)
		}
	}
	r.checkClean(t)
	if log.Close() == nil {
		t.Error("the log is closed as if it were whole")
	}
}

// checkLog opens a log anew, as a restart does, and verifies it.
func checkLog(t *testing.T, dir string) {
	t.Helper()
	log, err := audit.Open(dir, audit.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := log.Close(); err != nil {
		t.Fatal(err)
	}
	report, err := audit.Verify(dir, "")
	if err != nil || report.Records < 10 {
		t.Errorf("%+v, %v", report, err)
	}
}
