package proxy_test

import (
	"net"
	"testing"
)

// TestShutdownBeforeServe: a listener that is served after the shutdown is closed, at
// both, so that a process that is ended at its start ends.
func TestShutdownBeforeServe(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"fhir", "postgres"} {
		t.Run(name, func(t *testing.T) {
			x := start(t, name, ann)
			if err := x.server.Shutdown(t.Context()); err != nil {
				t.Fatal(err)
			}
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			if err := x.server.Serve(l); err != nil {
				t.Errorf("serve: %v", err)
			}
			if c, err := net.Dial("tcp", l.Addr().String()); err == nil {
				_ = c.Close()
				t.Error("the listener is open")
			}
		})
	}
}
