package fhirproxy

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/valyala/fasthttp"

	"github.com/veil-proxy/veil/internal/veiltest"
	"github.com/veil-proxy/veil/proxy/consumer"
)

// Consumers that ask for much and read nothing find the listener busy before its
// memory is full. Small responses are given meanwhile, and the place is free when
// they leave.
func TestSlowReadersAreBounded(t *testing.T) {
	t.Parallel()
	large := `{"resourceType":"Bundle","type":"searchset","entry":[` +
		strings.TrimSuffix(strings.Repeat(`{"resource":{"resourceType":"Patient","id":"zq-1","gender":"female"}},`, 50_000), ",") + `]}`
	up := newHandler(t, http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		w.Header().Set("Content-Type", "application/fhir+json")
		if strings.HasPrefix(q.URL.RawQuery, "gender=female") {
			_, _ = io.WriteString(w, large)
			return
		}
		_, _ = io.WriteString(w, `{"resourceType":"Bundle","type":"searchset"}`)
	}))
	p, keys := keyed(t, []View{{Automaton: safeHarbor(t)}}, consumer.Account{Name: "ada"}, consumer.Account{Name: "eve", Limits: consumer.Limits{Concurrent: 8}})
	r := newRig(t, up, func(c *Config) {
		c.Policy, c.Limits.Exchanges, c.Limits.ResponseBytes = p, 2, 16<<20
		c.Limits.WriteTimeout = veiltest.Patience
	})
	var slow []net.Conn
	defer func() {
		for _, c := range slow {
			c.Close()
		}
	}()
	for range 8 {
		c, err := net.Dial("tcp", r.addr)
		if err != nil {
			t.Fatal(err)
		}
		slow = append(slow, c)
		if _, err := fmt.Fprintf(c, "GET /fhir/Patient?gender=female&_elements=gender HTTP/1.1\r\nHost: x\r\nX-API-Key: %s\r\n\r\n", keys["eve"]); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range slow { // what begins to respond has been decided about
		if _, err := io.ReadFull(c, make([]byte, len("HTTP/1.1 200"))); err != nil {
			t.Fatal(err)
		}
	}
	most := int64(r.listener.limits.ResponseBytes * r.listener.limits.Exchanges)
	if n := r.listener.unsent.Load(); n == 0 || n > most {
		t.Errorf("%d bytes are on their way, at most %d may be", n, most)
	}
	got := r.get(t, "/Patient?gender=female&_elements=gender", "X-API-Key", keys["ada"])
	got.outcome(t, 503)
	if got.header.Get("Retry-After") == "" || got.header.Get("Content-Encoding") != "" {
		t.Errorf("headers %v", got.header)
	}
	for range 8 { // some in a buffer that a large one had before
		if got := r.get(t, "/Patient?gender=male", "X-API-Key", keys["ada"]); got.status != 200 {
			t.Errorf("a small answer: %d %s", got.status, got.body)
		}
	}
	for _, c := range slow {
		c.Close()
	}
	veiltest.Until(t, "what nobody reads is dropped", func() bool { return r.listener.unsent.Load() == 0 })
	plain := r.get(t, "/Patient?gender=female&_elements=gender", "X-API-Key", keys["eve"])
	packed := r.get(t, "/Patient?gender=female&_elements=gender", "X-API-Key", keys["eve"], "Accept-Encoding", "gzip")
	z, err := gzip.NewReader(bytes.NewReader(packed.body))
	if err != nil || packed.header.Get("Vary") != "Accept-Encoding" {
		t.Fatal(err, packed.header)
	}
	if b, err := io.ReadAll(z); err != nil || plain.status != 200 || !bytes.Equal(b, plain.body) || len(b) < 5<<20 {
		t.Errorf("%d bytes, %d compressed, %v", len(plain.body), len(b), err)
	}
	if got := r.do(t, "HEAD", "/Patient?gender=female&_elements=gender", "", "X-API-Key", keys["eve"]); got.status != 200 || len(got.body) != 0 || got.header.Get("Content-Length") == "" {
		t.Errorf("HEAD: %d %v", got.status, got.header)
	}
	veiltest.Until(t, "what was sent is dropped", func() bool { return r.listener.unsent.Load() == 0 })
}

// TestResponsesShareBuffers: the buffer of a response that was sent takes a later one. It is
// not parallel, since it counts what the process allocates.
func TestResponsesShareBuffers(t *testing.T) {
	page := []byte(`{"resourceType":"Bundle","type":"searchset","entry":[` +
		strings.TrimSuffix(strings.Repeat(`{"resource":{"resourceType":"Patient","id":"zq-1","gender":"female"}},`, 1000), ",") + `]}`)
	r := newRig(t, newHandler(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/fhir+json")
		w.Header().Set("Content-Length", strconv.Itoa(len(page)))
		_, _ = w.Write(page)
	})), func(c *Config) { c.Sink = dropped{} })
	const clients = 8
	client := &fasthttp.HostClient{Addr: r.addr, MaxConns: clients, MaxResponseBodySize: 1 << 20}
	var responses [clients]fasthttp.Response // with buffers of their own
	respond := func(times int) {
		var all sync.WaitGroup
		for i := range responses {
			resp := &responses[i]
			resp.KeepBodyBuffer = true
			all.Go(func() {
				req := fasthttp.AcquireRequest()
				req.SetRequestURI(r.base + "/Patient?gender=female")
				for range times {
					if err := client.Do(req, resp); err != nil || resp.StatusCode() != 200 || len(resp.Body()) < len(page) {
						t.Errorf("status %d, %v: %.200s", resp.StatusCode(), err, resp.Body())
					}
				}
			})
		}
		all.Wait()
	}
	respond(20) // walkers remember what comes again
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	const times = 100
	respond(times)
	runtime.ReadMemStats(&after)
	if each := (after.TotalAlloc - before.TotalAlloc) / clients / times; each > uint64(len(page))/2 {
		t.Errorf("a response of %d bytes allocates %d bytes", len(page), each)
	}
}
