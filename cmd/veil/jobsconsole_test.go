package main

import (
	"fmt"
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/veil-proxy/veil/internal/consoletest"
	"github.com/veil-proxy/veil/proxy/console/login"
	"github.com/veil-proxy/veil/proxy/jobs"
)

// TestDiscoveryJobInConsole: what a job found is on the console's page about discovery,
// with the ruleset that follows from it, and without a value.
func TestDiscoveryJobInConsole(t *testing.T) {
	t.Parallel()
	s := newJobSite(t, 3, 200)
	hash, err := login.HashPassword("correct horse battery")
	if err != nil {
		t.Fatal(err)
	}
	conf, err := os.ReadFile(s.conf)
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Replace(string(conf), "\noperator:\n", fmt.Sprintf("\noperator:\n  console: {users: [{name: ann, password: %q}]}\n", hash), 1)
	if err := os.WriteFile(s.conf, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	p := s.process(t, s.conf)
	defer p.stop(t)
	var job jobState
	s.api(t, "POST", "/jobs", `{"kind": "discover", "source": {"place": "exports"}}`, &job)
	if job = s.over(t, job.ID); job.State != "complete" {
		t.Fatalf("%+v", job)
	}

	c := &consoletest.Site{Base: strings.TrimSuffix(s.url, jobs.Path), Client: consoletest.Browser(t)}
	if status := c.LogIn(t, "ann", "correct horse battery"); status != 303 {
		t.Fatal(status)
	}
	_, list := c.Get(t, "/discovery")
	link := regexp.MustCompile(`/discovery/show\?id=([^"]+)">Job: files of exports/`).FindStringSubmatch(list)
	if link == nil {
		t.Fatal(list)
	}
	id, err := url.PathUnescape(link[1])
	if err != nil {
		t.Fatal(err)
	}
	status, page := c.Get(t, "/discovery/show?id="+url.QueryEscape(id))
	for _, column := range []string{"visits0.id", "visits2.note"} {
		if !strings.Contains(page, column) {
			t.Errorf("status %d, no column %s", status, column)
		}
	}
	if strings.Contains(list+page, "PLANTED") || strings.Contains(p.out.String(), "PLANTED") {
		t.Error("the page or the log has a value")
	}
	s.api(t, "POST", "/jobs", `{"kind": "discover", "upstream": "fhir"}`, &job)
	if job = s.over(t, job.ID); job.State != "complete" {
		t.Fatalf("%+v", job)
	}
	_, list = c.Get(t, "/discovery")
	if link = regexp.MustCompile(`/discovery/show\?id=([^"]+)">Job: FHIR upstream`).FindStringSubmatch(list); link == nil {
		t.Fatal(list)
	}
	if status, page = c.Get(t, "/discovery/show?id="+link[1]); status != 200 || !strings.Contains(page, "Observation") || !strings.Contains(page, "Identifier systems") {
		t.Errorf("resources: status %d", status)
	}
	if status, _ := c.Get(t, "/discovery/show?id="+url.QueryEscape(strings.Repeat("0", len(job.ID)))); status != 404 {
		t.Errorf("status %d of a job that does not exist", status)
	}
}
