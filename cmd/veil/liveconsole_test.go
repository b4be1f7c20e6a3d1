package main

import (
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/veil-proxy/veil/internal/consoletest"
	"github.com/veil-proxy/veil/internal/veiltest"
)

// TestLiveNumbers: while consumers load the proxy, and after that, what the console counts
// are the numbers of the metrics: requests, refusals by reason, resources and applications of
// rules by category. What operators do is no part of them.
func TestLiveNumbers(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	addr := veiltest.FreeAddress(t)
	conf := s.config(t, "", "consumers: {anonymous: {allow: true}}\noperator:\n  listen: "+addr+"\n  console: {users: [{name: ann, password: \""+consoletest.Hash+"\"}]}\n")
	server := s.serve(t, conf)
	defer server.stop(t)
	c := &consoletest.Site{Base: "http://" + addr, Client: consoletest.Browser(t)}
	if status := c.LogIn(t, consoletest.Name, "wrong password"); status != http.StatusUnauthorized {
		t.Fatal(status)
	}
	if status := c.LogIn(t, consoletest.Name, consoletest.Password); status != http.StatusSeeOther {
		t.Fatal(status)
	}
	const rounds = 15
	var all sync.WaitGroup
	for worker := range 4 {
		all.Go(func() {
			for i := range rounds {
				for _, path := range []string{"/Patient?_count=5", "/Observation?_count=10", "/Patient?family=Smith", "/Patient/" + fmt.Sprint("none", worker, i)} {
					resp, err := http.Get(s.base + path)
					if err != nil {
						t.Error(err)
						return
					}
					_, _ = io.Copy(io.Discard, resp.Body)
					_ = resp.Body.Close()
				}
				if status, _ := c.Get(t, "/"); status != http.StatusOK {
					t.Errorf("the overview has status %d under load", status)
				}
			}
		})
	}
	all.Wait()
	metrics := scraped(t, "http://"+addr+"/metrics")
	var page string
	veiltest.Until(t, "the overview has all requests", func() bool {
		_, page = c.Get(t, "/")
		return tile(t, page, "Requests") == metrics.sum(`veil_fhir_requests_total{`)
	})
	if got := tile(t, page, "Requests"); got != 4*4*rounds {
		t.Errorf("%d requests", got)
	}
	if got, want := tile(t, page, "Refused"), metrics.sum(`veil_fhir_refused_total{`); got != want || want == 0 {
		t.Errorf("%d refused, the metrics have %d", got, want)
	}
	if got, want := tile(t, page, "Applications of rules"), metrics.sum(`veil_fhir_rule_applications_total{`); got != want || want == 0 {
		t.Errorf("%d applications of rules, the metrics have %d", got, want)
	}
	rows := map[string]uint64{
		"Names": metrics.sum(`veil_fhir_rule_applications_total{category="A"}`), "No category of Safe Harbor": metrics.sum(`veil_fhir_rule_applications_total{category="none"}`),
	}
	for name, n := range metrics {
		if reason, ok := strings.CutPrefix(name, `veil_fhir_refused_total{reason="`); ok {
			rows[strings.TrimSuffix(reason, `"}`)] = n
		}
	}
	if rows["search parameter"] == 0 || len(rows) < 4 {
		t.Errorf("refusals are not of several reasons: %v", rows)
	}
	for name, want := range rows {
		row := regexp.MustCompile(`<th scope="row">` + regexp.QuoteMeta(name) + `</th>.*?<td class="num">([0-9,]+)</td>`).FindStringSubmatch(page)
		if row == nil || number(t, row[1]) != want || want == 0 {
			t.Errorf("%s: the page has %q, the metrics %d", name, row, want)
		}
	}
	if strings.Contains(page, ">credentials<") {
		t.Error("a refused login of the console is counted")
	}
}

// samples are those of a scrape, by their names with labels.
type samples map[string]uint64

// sum is the sum of the samples whose names begin with a text.
func (s samples) sum(begins string) (n uint64) {
	for name, v := range s {
		if strings.HasPrefix(name, begins) {
			n += v
		}
	}
	return n
}

// scraped are the counters of /metrics.
func scraped(t *testing.T, url string) samples {
	t.Helper()
	_, text, _ := get(t, url)
	out := samples{}
	for line := range strings.Lines(text) {
		i := strings.LastIndexByte(line, ' ')
		if v, err := strconv.ParseFloat(strings.TrimSpace(line[max(i, 0):]), 64); err == nil && !strings.HasPrefix(line, "#") {
			out[line[:i]] = uint64(v)
		}
	}
	return out
}

// tile is the number in a tile of the overview.
func tile(t *testing.T, page, label string) uint64 {
	t.Helper()
	found := regexp.MustCompile(`<div class="label">` + label + `</div><div class="value">([0-9,]+)<`).FindStringSubmatch(page)
	if found == nil {
		t.Fatalf("no tile %q in %s", label, page)
	}
	return number(t, found[1])
}

// number reads a number with commas.
func number(t *testing.T, s string) uint64 {
	t.Helper()
	n, err := strconv.ParseUint(strings.ReplaceAll(s, ",", ""), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return n
}
