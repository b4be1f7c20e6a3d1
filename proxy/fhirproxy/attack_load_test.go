package fhirproxy

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/veil-proxy/veil/internal/fhirtest"
	"github.com/veil-proxy/veil/internal/veiltest"
	"github.com/veil-proxy/veil/proxy/consumer"
)

// heaviest samples the heap until stop, and returns the most that was in use.
func heaviest() (stop func() uint64) {
	done, peak := make(chan struct{}), make(chan uint64)
	go func() {
		var most uint64
		var m runtime.MemStats
		for {
			select {
			case <-done:
				peak <- most
				return
			case <-time.After(10 * time.Millisecond):
				runtime.ReadMemStats(&m)
				most = max(most, m.HeapInuse)
			}
		}
	}()
	return func() uint64 {
		close(done)
		return <-peak
	}
}

// repeated writes a head, a part so many times and a tail.
func repeated(mime, head, part string, times int, tail string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", mime)
		_, err := io.WriteString(w, head)
		block := strings.Repeat(part, 1000)
		for n := 0; n < times/1000 && err == nil; n++ {
			_, err = io.WriteString(w, block)
		}
		if err == nil {
			_, _ = io.WriteString(w, tail)
		}
	})
}

// TestAttackOthersAreServed: while an upstream answers one consumer's requests in
// the worst ways, again and again on all the places that it may have, others get
// their responses, and the memory stays within its bound. Row 34.
func TestAttackOthersAreServed(t *testing.T) {
	const json, in = "application/fhir+json", ` xmlns="http://hl7.org/fhir"`
	faults := []fhirtest.Fault{
		{Name: "a million entries", Handler: repeated(json, `{"resourceType":"Bundle","type":"searchset","entry":[{}`, `,{}`, 1_000_000, `]}`)},
		{Name: "a million resources", Handler: repeated(json, `{"resourceType":"Bundle","type":"searchset","entry":[{}`, `,{"resource":{}}`, 1_000_000, `]}`)},
		{Name: "a million names", Handler: repeated(json, `{"resourceType":"Patient","name":[{}`, `,{"family":"`+fhirtest.Marker+`"}`, 1_000_000, `]}`)},
		{Name: "a string of a gigabyte", Handler: repeated(json, `{"resourceType":"Patient","language":"`, strings.Repeat(fhirtest.Marker, 90), 1_000_000, `"}`)},
		{Name: "entries in XML", Handler: repeated("application/fhir+xml", `<Bundle`+in+`><type value="searchset"/>`, `<entry/>`, 1_000_000, `</Bundle>`)},
		{Name: "levels in XML", Handler: repeated("application/fhir+xml", `<Patient`+in+`>`, `<a>`, 1_000_000, ``)},
		{Name: "narrative in XML", Handler: repeated("application/fhir+xml", `<Patient`+in+`><text><div xmlns="http://www.w3.org/1999/xhtml">`, `<b/>`, 1_000_000, `</div></text></Patient>`)},
		{Name: "a thousand headers", Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			for i := range 1000 {
				w.Header().Set(fmt.Sprintf("X-%s-%d", fhirtest.Marker, i), strings.Repeat(fhirtest.Marker, 20))
			}
		})},
	}
	for _, f := range fhirtest.Faults() {
		switch f.Name {
		case "hangs", "hangs half way", "one byte a second", "gzip bomb", "endless body", "endless space", "deep nesting", "deep arrays", "long string", "long number", "long key":
			faults = append(faults, f)
		}
	}
	var fault atomic.Pointer[http.Handler]
	var attack atomic.Pointer[context.Context] // ends what hangs
	up := newHandler(t, http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		if q.URL.Path != "/Patient/p" {
			(*fault.Load()).ServeHTTP(w, q.WithContext(*attack.Load()))
			return
		}
		w.Header().Set("Content-Type", json)
		_, _ = io.WriteString(w, `{"resourceType":"Patient","id":"p","gender":"female"}`)
	}))
	p, keys := keyed(t, []View{{Automaton: safeHarbor(t)}}, consumer.Account{Name: "eve", Limits: consumer.Limits{Concurrent: 3}}, consumer.Account{Name: "ada"})
	r := newRig(t, up, func(c *Config) {
		c.Policy = p
		c.Limits.Exchanges, c.Limits.ResponseBytes, c.Limits.UpstreamTimeout = 4, 8<<20, veiltest.Patience
	})
	faulty, fine := r.base+"/Patient/"+pseudonym(t, safeHarbor(t), "Patient", "zq-1"), r.base+"/Patient/"+pseudonym(t, safeHarbor(t), "Patient", "p")
	ask := func(url, key string) (int, []byte, error) {
		req, err := http.NewRequest("GET", url, nil)
		if err != nil {
			return 0, nil, err
		}
		req.Header.Set("X-API-Key", keys[key])
		resp, err := r.client.Do(req)
		if err != nil {
			return 0, nil, err
		}
		defer resp.Body.Close()
		b, err := io.ReadAll(resp.Body)
		return resp.StatusCode, b, err
	}
	for _, f := range faults {
		t.Run(f.Name, func(t *testing.T) {
			fault.Store(&f.Handler)
			under, end := context.WithCancel(t.Context())
			defer end()
			attack.Store(&under)
			defer debug.SetGCPercent(debug.SetGCPercent(100)) // the bound below expects that
			runtime.GC()
			var before runtime.MemStats
			runtime.ReadMemStats(&before)
			stop := heaviest()
			var attackers sync.WaitGroup
			var over atomic.Bool
			for range 5 { // more than there are places for one consumer
				attackers.Add(1)
				go func() {
					defer attackers.Done()
					for !over.Load() {
						status, b, err := ask(faulty, "eve")
						if err != nil || strings.Contains(string(b), fhirtest.Marker) || strings.Contains(string(b), "Marjorie") {
							t.Errorf("status %d, %v: %.200s", status, err, b)
							return
						}
					}
				}()
			}
			var slowest time.Duration
			for range 15 {
				begun := time.Now()
				if status, b, err := ask(fine, "ada"); status != 200 || err != nil {
					t.Errorf("another consumer gets %d, %v: %.200s", status, err, b)
				}
				slowest = max(slowest, time.Since(begun))
				time.Sleep(10 * time.Millisecond)
			}
			over.Store(true)
			end()
			attackers.Wait()
			peak := stop()
			// 3 × ResponseBytes × Exchanges, XML's share, and twice that for what is
			// not collected yet.
			if bound := before.HeapInuse + 2*(3*4*8<<20+2*60<<20); peak > bound {
				t.Errorf("%d MB in use, want at most %d", peak>>20, bound>>20)
			}
			t.Logf("slowest other answer %v, heap %d MB", slowest, peak>>20)
		})
	}
	r.checkClean(t)
}

// TestXMLHasAShareOfTheLimit: reading XML takes many times its size, so a response
// in XML may be smaller than one in JSON. Row 34.
func TestXMLHasAShareOfTheLimit(t *testing.T) {
	t.Parallel()
	var size, mime = 0, ""
	up := newHandler(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", mime)
		if strings.Contains(mime, "xml") {
			_, _ = io.WriteString(w, `<Bundle xmlns="http://hl7.org/fhir"><type value="searchset"/>`+strings.Repeat(`<entry/>`, size/8)+`</Bundle>`)
			return
		}
		_, _ = io.WriteString(w, `{"resourceType":"Bundle","type":"searchset","entry":[{}`+strings.Repeat(`,{}`, size/3)+`]}`)
	}))
	r := newRig(t, up, func(c *Config) { c.Limits.ResponseBytes = 800 << 10 })
	for _, c := range []struct {
		mime         string
		size, status int
	}{
		{"application/fhir+json", 700 << 10, 200}, {"application/fhir+json", 900 << 10, 502}, {"application/fhir+xml", 90 << 10, 200}, {"application/fhir+xml", 110 << 10, 502},
	} {
		mime, size = c.mime, c.size
		got := r.do(t, "HEAD", "/Patient", "") // which is masked whole
		if rec := r.sink.find(t, got.header.Get("X-Request-Id")); got.status != c.status || (rec.Reason == "response too large") != (c.status == 502) {
			t.Errorf("%s of %d KB: %d, record %+v", c.mime, c.size>>10, got.status, rec)
		}
	}
}

// TestAttackSlowRequests: connections that send their request a byte at a time, or
// nothing at all, are ended, and others are served meanwhile. Row 34.
func TestAttackSlowRequests(t *testing.T) {
	t.Parallel()
	src := newSource(t)
	r := newRig(t, src.URL, func(c *Config) {
		c.Limits.ReadTimeout, c.Limits.IdleTimeout = 400*time.Millisecond, 400*time.Millisecond
	})
	var ended sync.WaitGroup
	for i := range 60 {
		ended.Add(1)
		go func() {
			defer ended.Done()
			c, err := net.Dial("tcp", r.addr)
			if err != nil {
				t.Error(err)
				return
			}
			defer c.Close()
			_ = c.SetReadDeadline(time.Now().Add(veiltest.Patience))
			go func() {
				const request = "POST /fhir/Patient/_search HTTP/1.1\r\nHost: x\r\nContent-Length: 60000\r\n\r\n"
				for k := 0; i%3 > 0; k++ {
					b := byte('a')
					if k < len(request) {
						b = request[k]
					}
					if _, err := c.Write([]byte{b}); err != nil {
						return
					}
					if i%3 == 1 || k > len(request) {
						time.Sleep(20 * time.Millisecond)
					}
				}
			}()
			if _, err := io.Copy(io.Discard, c); errors.Is(err, os.ErrDeadlineExceeded) {
				t.Error("a slow connection is not ended")
			}
		}()
	}
	for range 10 {
		// A request that a busy machine sends too slowly is ended as well.
		veiltest.Until(t, "another consumer is served", func() bool {
			resp, err := r.client.Get(r.base + "/Patient?_count=1")
			if err != nil {
				return false
			}
			defer resp.Body.Close()
			_, err = io.Copy(io.Discard, resp.Body)
			return err == nil && resp.StatusCode == 200
		})
		time.Sleep(30 * time.Millisecond)
	}
	ended.Wait()
}
