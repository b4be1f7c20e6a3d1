package main

import (
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/veil-proxy/veil/internal/veiltest"
)

// balance passes connections on to the first of some addresses that takes them, beginning with
// the next one each time.
func balance(t *testing.T, l net.Listener, targets []string) {
	t.Helper()
	t.Cleanup(func() { _ = l.Close() })
	var turn atomic.Int64
	go func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return // closed
			}
			go func() {
				defer client.Close()
				for range targets {
					server, err := net.Dial("tcp", targets[int(turn.Add(1))%len(targets)])
					if err != nil {
						continue
					}
					defer server.Close()
					go func() { _, _ = io.Copy(server, client); _ = server.Close() }()
					_, _ = io.Copy(client, server)
					return
				}
			}()
		}
	}()
}

// TestReplicaKilled: one of three replicas behind a balancer is killed under load. Clients
// that try again go on, pages too; every response is the one of before, and is in a log.
func TestReplicaKilled(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.base = "http://" + l.Addr().String() + "/fhir"
	names, targets := []string{"one", "two", "three"}, []string{}
	var replicas []*process
	for _, name := range names {
		s.addr = veiltest.FreeAddress(t)
		text := strings.Replace(s.text("", anybody), s.path("audit"), s.path("audit-"+name), 1)
		replicas = append(replicas, s.process(t, write(t, s.path(name+".yaml"), text)))
		targets = append(targets, s.addr)
	}
	balance(t, l, targets)
	patient := s.patient(t, "trial")
	want := s.ask(t, patient)
	page := nextPage(t, s.ask(t, "/Patient?_count=2").body)
	if want.status != 200 || page == "" {
		t.Fatal(want, page)
	}
	var served, pages, broken atomic.Int64
	var stop atomic.Bool
	var clients sync.WaitGroup
	for range 4 {
		clients.Go(func() {
			client := &http.Client{Transport: &http.Transport{}}
			for !stop.Load() {
				switch a, err := try(client, s.base+patient); {
				case err != nil:
					broken.Add(1) // and once more
				case a.status != 200 || a.body != want.body:
					t.Errorf("%d: %s", a.status, a.body)
					return
				default:
					served.Add(1)
				}
				switch a, err := try(client, page); {
				case err != nil:
					broken.Add(1)
				case a.status != 200:
					t.Errorf("a page: %d: %s", a.status, a.body)
					return
				default:
					pages.Add(1)
				}
			}
		})
	}
	more := func() {
		t.Helper()
		before, then := served.Load(), pages.Load()
		veiltest.Until(t, "clients are served", func() bool { return t.Failed() || served.Load() > before+50 && pages.Load() > then+50 })
	}
	more()
	if err := replicas[0].cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	more()
	stop.Store(true)
	clients.Wait()
	for _, p := range replicas[1:] {
		p.stop(t)
	}
	reads := 0
	for _, name := range names {
		r := veil(t, "", "audit", "show", s.path("audit-"+name), "--operation", "read Patient", "--outcome", "complete", "--format", "json")
		reads += strings.Count(r.stdout, `"kind":"record"`)
	}
	if int64(reads) < served.Load()+1 {
		t.Errorf("%d records, and %d responses", reads, served.Load()+1)
	}
	t.Logf("%d reads, %d pages, %d connections broke off", served.Load(), pages.Load(), broken.Load())
}
