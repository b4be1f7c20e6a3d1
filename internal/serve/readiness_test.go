package serve

import (
	"path/filepath"
	"testing"

	"github.com/veil-proxy/veil/audit"
)

// TestNotReadyWithoutAnAuditLog: where no record can be written, nothing would be
// answered.
func TestNotReadyWithoutAnAuditLog(t *testing.T) {
	t.Parallel()
	log, err := audit.Open(filepath.Join(t.TempDir(), "log"), audit.Options{})
	if err != nil {
		t.Fatal(err)
	}
	s := &Server{audit: log}
	if err := s.Ready(); err != nil {
		t.Error(err)
	}
	if err := log.Close(); err != nil {
		t.Fatal(err)
	}
	if err := s.Ready(); err == nil {
		t.Error("ready without an audit log")
	}
}
