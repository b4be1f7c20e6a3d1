package veiltest

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// noted is a test whose errors are kept.
type noted struct {
	testing.TB
	mu     sync.Mutex
	errors string
}

func (n *noted) Errorf(format string, args ...any) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.errors += fmt.Sprintf(format, args...)
}

// TestCommandHasALimit: a program that does not end fails the test, says which it is and
// shows what it has printed.
func TestCommandHasALimit(t *testing.T) {
	t.Parallel()
	n := &noted{TB: t}
	release := filepath.Join(t.TempDir(), "fifo")
	out, err := Command(n, time.Second, "sh", "-c", "echo begun; mkfifo $0; read line < $0", release).CombinedOutput()
	if err == nil {
		t.Fatal("it ended by itself")
	}
	if !strings.Contains(n.errors, "sh -c echo begun") || !strings.Contains(n.errors, "still running after 1s") {
		t.Errorf("%q", n.errors)
	}
	t.Logf("%v\n%s", err, out)

	n = &noted{TB: t}
	if out, err := Command(n, Works, "sh", "-c", "echo done").CombinedOutput(); err != nil || string(out) != "done\n" || n.errors != "" {
		t.Errorf("%v, %q, %s", err, n.errors, out)
	}
}

// TestTestdata finds the repository's from a package's folder.
func TestTestdata(t *testing.T) {
	t.Parallel()
	if _, err := os.Stat(Testdata(t, "clients", "venv")); err != nil {
		t.Error(err)
	}
}
