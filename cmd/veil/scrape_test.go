package main

import (
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/veil-proxy/veil/internal/veiltest"
)

// TestScrapeWhileShuttingDown: a scrape of the metrics at any moment of a shutdown is answered
// whole, or gets no byte of a response since nobody listens any more. Scrapers that send
// nothing, or do not read, hold nobody up.
func TestScrapeWhileShuttingDown(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	operator := veiltest.FreeAddress(t)
	p := s.process(t, s.config(t, "", "operator: {listen: \""+operator+"\"}\nshutdown: {delay: 300ms}\n"+anybody))
	for _, said := range []string{"", "GET /metrics HT", "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n"} {
		conn, err := net.Dial("tcp", operator)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		if _, err := io.WriteString(conn, said); err != nil {
			t.Fatal(err)
		}
	}
	var whole, none atomic.Int64
	var ended atomic.Bool
	var scrapers sync.WaitGroup
	for i := range 4 {
		scrapers.Go(func() {
			client := &http.Client{Timeout: veiltest.Patience, Transport: &http.Transport{DisableKeepAlives: i%2 == 0}}
			for last := false; !last; {
				last = ended.Load()
				resp, err := client.Get("http://" + operator + "/metrics")
				if err != nil {
					none.Add(1)
					continue
				}
				body, err := io.ReadAll(resp.Body)
				_ = resp.Body.Close()
				if err != nil || resp.StatusCode != http.StatusOK || resp.Header.Get("Content-Length") != strconv.Itoa(len(body)) || !strings.HasSuffix(string(body), "\n") || !strings.Contains(string(body), "\nveil_fhir_exchanges 0\n") {
					t.Errorf("%d, %v, %d bytes of %s", resp.StatusCode, err, len(body), resp.Header.Get("Content-Length"))
				}
				whole.Add(1)
			}
		})
	}
	veiltest.Until(t, "scrapes are answered", func() bool { return whole.Load() > 20 })
	during := whole.Load()
	p.stop(t)
	if whole.Load() == during {
		t.Error("no scrape was answered while Veil drained")
	}
	ended.Store(true)
	scrapers.Wait()
	if none.Load() < 4 {
		t.Errorf("%d scrapes were refused after the end", none.Load())
	}
	if log := p.out.String(); strings.Contains(log, "panic") || strings.Contains(log, "level=ERROR") {
		t.Error(log)
	}
}
