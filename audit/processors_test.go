package audit

import (
	"runtime"
	"testing"

	"github.com/veil-proxy/veil/internal/veiltest"
)

// TestSpareProcessor: one goroutine more runs, however often it is called.
func TestSpareProcessor(t *testing.T) {
	if !veiltest.Alone(t) {
		return
	}
	t.Setenv("GOMAXPROCS", "")
	before := runtime.GOMAXPROCS(0)
	SpareProcessor()
	SpareProcessor()
	if got := runtime.GOMAXPROCS(0); got != before+1 {
		t.Errorf("%d goroutines run at once, want %d", got, before+1)
	}
}

// TestProcessorsOfTheEnvironment: what the operator sets counts.
func TestProcessorsOfTheEnvironment(t *testing.T) {
	if !veiltest.Alone(t) {
		return
	}
	before := runtime.GOMAXPROCS(0)
	t.Setenv("GOMAXPROCS", "2")
	SpareProcessor()
	if got := runtime.GOMAXPROCS(0); got != before {
		t.Errorf("%d goroutines run at once, want %d", got, before)
	}
}
