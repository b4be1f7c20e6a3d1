package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/veil-proxy/veil/internal/consoletest"
	"github.com/veil-proxy/veil/internal/pgtest"
	"github.com/veil-proxy/veil/internal/veiltest"
)

// balance passes connections on to the first of some addresses that takes them, beginning with
// the next one each time, and returns the address of the balancer.
func balance(t *testing.T, targets []string) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
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
	return l.Addr().String()
}

// replicas are three processes behind balancers, one for consumers and one for operators,
// before one FHIR server. They share their jobs and the sessions of their consoles in
// PostgreSQL. The first has audit-one as its log, and so on.
type replicas struct {
	*jobSite
	*bulk
	console   *consoletest.Site // a browser
	names     []string
	processes []*process
	broken    atomic.Int64 // requests that got no whole response
	ids       sync.Map     // X-Request-Id of each that did
}

func newReplicas(t *testing.T) *replicas {
	t.Helper()
	s := &jobSite{site: newSite(t), visits: visits(t, 4, 2_000)}
	r := &replicas{jobSite: s, names: []string{"one", "two", "three"}, bulk: newBulk(t, s.source.URL, s.population, "Patient", "Observation")}
	folder(t, s.path("out"))
	dsn, err := url.Parse(pgtest.Start(t).CreateDatabase(t, "jobs_of_replicas").DSN(pgtest.Owner))
	if err != nil {
		t.Fatal(err)
	}
	password, _ := dsn.User.Password()
	dsn.User = url.User(dsn.User.Username())
	key, line := apiKey("pipeline", "")
	var listeners, operators []string
	for range r.names {
		listeners = append(listeners, veiltest.FreeAddress(t))
		operators = append(operators, veiltest.FreeAddress(t))
	}
	s.base = "http://" + balance(t, listeners) + "/fhir"
	operator := "http://" + balance(t, operators)
	s.url = operator + "/veil/v1"
	r.console = &consoletest.Site{Base: operator, Client: consoletest.Browser(t)}
	r.console.Client.Transport = &http.Transport{DisableKeepAlives: true} // the next request goes to the next replica
	secret := write(t, s.path("jobs.password"), password)
	sections := func(name, operator string) string {
		return fmt.Sprintf(`consumers: {anonymous: {allow: true}}
views:
  files: {project: files, ruleset: %s}
operator:
  listen: %s
  keys:
%s  jobs:
    database: %s
    passwordFile: %s
    views: [files, default]
    workers: 1
    sources: [{name: exports, dir: %s}]
    targets: [{name: masked, dir: %s}]
  console: {users: [{name: ann, password: "%s"}], database: %[4]s, passwordFile: %[5]s, replica: %[9]s}
`, filepath.Join(s.visits, "rules.yaml"), operator, line, dsn, secret, filepath.Join(s.visits, "in"), s.path("out"), consoletest.Hash, name)
	}
	for i, name := range r.names {
		s.addr = listeners[i]
		text := strings.Replace(s.text("  upstreamAliases: ["+s.source.URL+"]\n", sections(name, operators[i])), s.path("audit"), s.path("audit-"+name), 1)
		text = strings.Replace(text, "upstream: "+s.source.URL, "upstream: "+r.URL, 1)
		r.processes = append(r.processes, s.process(t, write(t, s.path(name+".yaml"), text)))
	}
	s.key = key
	return r
}

// exportOrder has everything exported. Its target is that of orders of order.
const exportOrder = `{"kind":"export","view":"default","target":{"place":"masked","path":"visits"}}`

// order orders a job that writes to a folder, whose name is its idempotency key, too.
func (r *replicas) order(t *testing.T, text, name string) (id string) {
	t.Helper()
	var job jobState
	status := r.api(t, "POST", "/jobs", strings.Replace(text, `"path":"visits"`, `"path":"`+name+`"`, 1), &job, "Idempotency-Key", `"`+name+`"`)
	if job.ID == "" {
		t.Fatalf("%s: %d", name, status)
	}
	return job.ID
}

// whole requests until a response arrives whole.
func (r *replicas) whole(t *testing.T, client *http.Client, url string) (a answer) {
	t.Helper()
	veiltest.Until(t, "a response arrives", func() bool {
		var err error
		if a, err = try(client, url); err != nil {
			r.broken.Add(1)
			return false
		}
		r.ids.Store(a.header.Get("X-Request-Id"), true)
		return true
	})
	return a
}

// walk is each page of a search, without the tokens of links.
func (r *replicas) walk(t *testing.T) (pages []string) {
	t.Helper()
	for at := r.base + "/Patient?_count=2"; at != ""; {
		a := r.whole(t, http.DefaultClient, at)
		if a.status != http.StatusOK {
			t.Fatalf("page %d: %d: %s", len(pages), a.status, a.body)
		}
		pages = append(pages, pageToken.ReplaceAllString(a.body, ""))
		at = nextPage(t, a.body)
	}
	return pages
}

// kickOff begins an export and returns the URL of its status.
func (r *replicas) kickOff(t *testing.T, path string) string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, r.base+path, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Prefer", "respond-async")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusAccepted {
		t.Fatal(resp.Status)
	}
	return resp.Header.Get("Content-Location")
}

// manifest is the URLs of the files of an export that is complete.
func (r *replicas) manifest(t *testing.T, status string) (urls []string) {
	t.Helper()
	a := r.whole(t, http.DefaultClient, status)
	var m struct{ Output []struct{ URL string } }
	if err := json.Unmarshal([]byte(a.body), &m); err != nil || a.status != http.StatusOK {
		t.Fatalf("%d: %s", a.status, a.body)
	}
	for _, o := range m.Output {
		urls = append(urls, o.URL)
	}
	return urls
}

// pages has the browser look at a page until it was that of each of some replicas, and at
// no other's.
func (r *replicas) pages(t *testing.T, path string, of []string, has ...string) {
	t.Helper()
	seen := map[string]bool{}
	for range 10 * len(r.names) {
		status, body := r.console.Get(t, path)
		if status != http.StatusOK {
			t.Fatalf("%s: status %d: %s", path, status, body)
		}
		for _, text := range has {
			if !strings.Contains(body, text) {
				t.Errorf("%s has no %q: %s", path, text, body)
			}
		}
		for _, name := range r.names {
			if strings.Contains(body, "<strong>"+name+"</strong>") {
				seen[name] = true
			}
		}
	}
	for _, name := range r.names {
		if seen[name] != slices.Contains(of, name) {
			t.Errorf("%s was that of replica %s: %v", path, name, seen[name])
		}
	}
}
