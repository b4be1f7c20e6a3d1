package keyfile

import (
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/veil-proxy/veil/internal/veiltest"
)

// TestFullDisk: where the new file cannot be written the old one stays, whole, and the
// error says why.
func TestFullDisk(t *testing.T) {
	if !veiltest.Alone(t) {
		return
	}
	path := keysFile(t, "# "+strings.Repeat("x", 4000)+"\n")
	signal.Ignore(syscall.SIGXFSZ)
	limit := syscall.Rlimit{Cur: 4050, Max: 4050}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		t.Fatal(err)
	}
	before := text(t, path)
	err := Add(path, newEntry("ann"), func() error { t.Error("it was recorded"); return nil })
	if err == nil || !strings.Contains(err.Error(), "file too large") || text(t, path) != before {
		t.Errorf("%v", err)
	}
	left, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(left) != 1 {
		t.Errorf("%v are left, %v", left, err)
	}
}
