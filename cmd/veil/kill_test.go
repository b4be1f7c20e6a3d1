package main

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/veil-proxy/veil/internal/veiltest"
)

// TestServeKilledWhileServing kills the process again and again while it answers.
// After a restart the audit log verifies, and every response that a client got whole
// has its record: of what was under way, at most the last line is incomplete, and
// is set aside.
func TestServeKilledWhileServing(t *testing.T) {
	s := newSite(t)
	config := s.config(t, "", "consumers: {anonymous: {allow: true}}\n")
	paths := []string{s.patient(t, "trial"), "/Patient?_count=3", "/Observation?_count=20", "/Patient?name=x", "/metadata"}
	whole := map[string]bool{}
	for round := range 4 {
		p := s.process(t, config)
		var mu sync.Mutex
		var wg sync.WaitGroup
		for worker := range 6 {
			wg.Add(1)
			go func() {
				defer wg.Done()
				client := &http.Client{Transport: &http.Transport{}}
				defer client.CloseIdleConnections()
				for i := worker; ; i++ {
					a, err := try(client, s.base+paths[i%len(paths)])
					if err != nil {
						return // it is dead
					}
					mu.Lock()
					whole[a.header.Get("X-Request-Id")] = true
					mu.Unlock()
				}
			}()
		}
		veiltest.Until(t, "answers are got", func() bool {
			mu.Lock()
			defer mu.Unlock()
			return len(whole) >= 20*(round+1)
		})
		if err := p.cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		wg.Wait()
		<-p.done
	}
	s.process(t, config).stop(t) // opens the log anew
	dir := s.path("audit")
	if r := veil(t, "", "audit", "verify", dir); r.code != 0 {
		t.Errorf("%s%s", r.stdout, r.stderr)
	}
	segments, err := filepath.Glob(filepath.Join(dir, "*.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	var log strings.Builder
	for _, segment := range segments {
		text, err := os.ReadFile(segment)
		if err != nil {
			t.Fatal(err)
		}
		log.Write(text)
	}
	for id := range whole {
		if !strings.Contains(log.String(), id) {
			t.Errorf("an answer without a record: %s", id)
		}
	}
}
