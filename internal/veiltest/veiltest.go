// Package veiltest has what tests of several packages share: addresses, waits, and the
// parts of a proxy.
package veiltest

import (
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
	"sync"
	"testing"
	"time"
)

// Patience is how long a test waits for what must come, on however busy a machine.
const Patience = 2 * time.Minute

// Until waits for a condition, and fails the test if it never becomes true.
func Until(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(Patience); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		if ok() {
			return
		}
	}
	t.Fatalf("%s: it never was", what)
}

// Ports of FreePort are below those that systems give to outgoing connections (from
// 32768 on Linux), so that none is taken before it is listened at.
const (
	firstPort = 10_000
	ports     = 20_000
)

var given = struct {
	sync.Mutex
	next int
}{next: rand.IntN(ports)}

// FreePort returns a port of 127.0.0.1 that nothing listens on. A process gets each
// port once.
func FreePort() (int, error) {
	given.Lock()
	defer given.Unlock()
	for range ports {
		port := firstPort + given.next
		given.next = (given.next + 1) % ports
		l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
		if err == nil {
			return port, l.Close()
		}
	}
	return 0, fmt.Errorf("no port from %d to %d is free", firstPort, firstPort+ports-1)
}

// FreeAddress returns an address of this machine that nothing listens on.
func FreeAddress(t testing.TB) string {
	t.Helper()
	port, err := FreePort()
	if err != nil {
		t.Fatal(err)
	}
	return net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
}
