package main

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// TestRealIdleConnections: ten thousand consumers that were served and keep their connection
// take 400 MB together, with TLS as without.
func TestRealIdleConnections(t *testing.T) {
	t.Run("plain", func(t *testing.T) { idleConnections(t, false) })
	t.Run("TLS", func(t *testing.T) { idleConnections(t, true) })
}

func idleConnections(t *testing.T, encrypted bool) {
	const connections, most = 10_000, 400 << 20
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil || limit.Max < connections+1000 {
		t.Fatalf("this process may open %d files: %v", limit.Max, err)
	}
	limit.Cur = limit.Max
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	s := newSite(t)
	section := fmt.Sprintf("  limits: {connections: %d, idleTimeout: 1h}\n", connections+100)
	if encrypted {
		cert, key, _ := newAuthority(t).pair(t, s, "fhir")
		section += fmt.Sprintf("  tls: {certFile: %s, keyFile: %s}\n", cert, key)
	}
	p := s.process(t, s.config(t, section, anybody))
	before := residentBytes(t, p.cmd.Process.Pid)
	request := "GET /fhir" + s.patient(t, "trial") + " HTTP/1.1\r\nHost: " + s.addr + "\r\n\r\n"
	open := make([]net.Conn, connections)
	for i := range open {
		conn, err := net.Dial("tcp", s.addr)
		if err != nil {
			t.Fatalf("connection %d: %v", i, err)
		}
		defer conn.Close()
		if encrypted {
			conn = tls.Client(conn, &tls.Config{InsecureSkipVerify: true}) // only memory counts
		}
		open[i] = conn
		if _, err := conn.Write([]byte(request)); err != nil {
			t.Fatal(err)
		}
		resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil || resp.StatusCode != 200 || resp.Close {
			t.Fatalf("connection %d: %v %v", i, err, resp)
		}
		_ = resp.Body.Close()
	}
	after := residentBytes(t, p.cmd.Process.Pid)
	t.Logf("%d connections: %d MB, of which %d without them", connections, after>>20, before>>20)
	if after > most {
		t.Errorf("%d bytes for %d connections", after, connections)
	}
	if _, err := io.WriteString(open[0], request); err != nil {
		t.Fatal(err)
	}
	if resp, err := http.ReadResponse(bufio.NewReader(open[0]), nil); err != nil || resp.StatusCode != 200 {
		t.Errorf("one more: %v %v", resp, err)
	}
}

// residentBytes is the memory that a process has.
func residentBytes(t *testing.T, pid int) int64 {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			kb, err := strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(rest), "kB")), 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			return kb << 10
		}
	}
	t.Fatal("no VmRSS")
	return 0
}
