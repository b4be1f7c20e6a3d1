package veiltest

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Limits of programs that tests wait for: one that works, and one that may have to fetch
// and install others first. They are far above what a slow machine needs.
const (
	Works    = 10 * time.Minute
	Installs = 20 * time.Minute
)

// Command is exec.Command for a program that a test waits for. One that runs longer than the
// limit fails the test: it is sent SIGQUIT, on which Go and Java print where they are, and
// is killed if it does not end soon. No program outlives the test.
func Command(t testing.TB, limit time.Duration, name string, args ...string) *exec.Cmd {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	t.Cleanup(cancel)
	c := exec.CommandContext(ctx, name, args...)
	c.Cancel = func() error {
		if !errors.Is(ctx.Err(), context.DeadlineExceeded) {
			return c.Process.Kill()
		}
		t.Errorf("%s %.200s: still running after %v", filepath.Base(name), strings.Join(args, " "), limit)
		return c.Process.Signal(syscall.SIGQUIT)
	}
	c.WaitDelay = time.Minute // then it is killed, and what it started is not waited for
	return c
}

// Python returns the interpreter of a virtual environment with the packages of a
// requirements file. The first call creates it; it is kept for later runs.
func Python(t testing.TB, requirements string) string {
	t.Helper()
	script := Command(t, Installs, Testdata(t, "clients", "venv"), requirements)
	script.Stderr = os.Stderr
	path, err := script.Output()
	if err != nil {
		t.Fatalf("the packages of %s cannot be installed: %v", requirements, err)
	}
	return strings.TrimSpace(string(path))
}

// Testdata returns the path of a file below the repository's testdata, which is in a
// folder above the test's.
func Testdata(t testing.TB, elem ...string) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "testdata", "SOURCES.md")); err == nil {
			return filepath.Join(append([]string{dir, "testdata"}, elem...)...)
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			t.Fatal("testdata/SOURCES.md is in no folder above the test's")
		}
		dir = parent
	}
}
