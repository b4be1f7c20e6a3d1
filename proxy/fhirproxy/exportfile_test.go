package fhirproxy

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/veil-proxy/veil/internal/fhirtest"
	"github.com/veil-proxy/veil/internal/veiltest"
	"github.com/veil-proxy/veil/mask"
	"github.com/veil-proxy/veil/proxy/consumer"
)

func TestFilesThatBreakOff(t *testing.T) {
	t.Parallel()
	const line = `{"resourceType":"Patient","id":"zq-1","gender":"female","name":[{"family":"Marjorie"}]}` + "\n"
	write := func(w http.ResponseWriter, s string) {
		w.Header().Set("Content-Type", "application/fhir+ndjson")
		_, _ = io.WriteString(w, s)
	}
	for name, c := range map[string]struct {
		file http.HandlerFunc
		want string // reason of the record; of a refusal, its status
	}{
		"not JSON":        {func(w http.ResponseWriter, _ *http.Request) { write(w, line+"Marjorie\n") }, "upstream syntax"},
		"half a resource": {func(w http.ResponseWriter, _ *http.Request) { write(w, line+line[:40]) }, "upstream syntax"},
		"another type": {func(w http.ResponseWriter, _ *http.Request) {
			write(w, line+`{"resourceType":"Observation","id":"o","status":"final"}`)
		}, "upstream type"},
		"an error page": {func(w http.ResponseWriter, _ *http.Request) { write(w, "<html>Marjorie</html>") }, "upstream syntax"},
		"duplicate member": {func(w http.ResponseWriter, _ *http.Request) {
			write(w, `{"resourceType":"Patient","id":"zq-1","id":"zq-1"}`)
		}, "upstream syntax"},
		"a line too long": {func(w http.ResponseWriter, _ *http.Request) {
			write(w, line+`{"resourceType":"Patient","id":"`+strings.Repeat("Marjorie", 1<<18))
		}, "response too large"},
		"a gzip bomb": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			w.Header().Set("Content-Type", "application/fhir+ndjson")
			z := gzip.NewWriter(w)
			for range 3000 {
				_, _ = io.WriteString(z, line+strings.Repeat("\n", 4000))
			}
			_ = z.Close()
		}, "upstream broke off"},
		"shorter than it says": {func(w http.ResponseWriter, _ *http.Request) {
			conn, rw, err := w.(http.Hijacker).Hijack()
			if err != nil {
				return
			}
			defer conn.Close()
			fmt.Fprintf(rw, "HTTP/1.1 200 OK\r\nContent-Type: application/fhir+ndjson\r\nContent-Length: 1000\r\n\r\n%s", line)
			_ = rw.Flush()
		}, "upstream broke off"},
		"chunks without an end": {func(w http.ResponseWriter, _ *http.Request) {
			conn, rw, err := w.(http.Hijacker).Hijack()
			if err != nil {
				return
			}
			defer conn.Close()
			fmt.Fprintf(rw, "HTTP/1.1 200 OK\r\nContent-Type: application/fhir+ndjson\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n", len(line), line)
			_ = rw.Flush()
		}, "upstream broke off"},
		"no end stated": {func(w http.ResponseWriter, _ *http.Request) {
			conn, rw, err := w.(http.Hijacker).Hijack()
			if err != nil {
				return
			}
			defer conn.Close()
			fmt.Fprintf(rw, "HTTP/1.1 200 OK\r\nContent-Type: application/fhir+ndjson\r\nConnection: close\r\n\r\n%s", line)
			_ = rw.Flush()
		}, "502"},
		"HTML": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			_, _ = io.WriteString(w, line)
		}, "502"},
		"a redirect": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", "http://127.0.0.1:1/")
			w.WriteHeader(302)
		}, "502"},
		"gone":         {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(404); _, _ = io.WriteString(w, "Marjorie") }, "404"},
		"other coding": {func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Content-Encoding", "br"); write(w, line) }, "502"},
		"hangs": {func(w http.ResponseWriter, q *http.Request) {
			write(w, line)
			w.(http.Flusher).Flush()
			<-q.Context().Done()
		}, "upstream broke off"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			up := newBulk(t)
			up.file = c.file
			with := func(timeout time.Duration) *rig {
				return newRig(t, up.url, func(c *Config) { c.Limits.ResponseBytes, c.Limits.UpstreamTimeout = 1<<20, timeout })
			}
			r := with(veiltest.Patience)
			url := r.fileAt(t)
			if name == "hangs" { // another listener opens the link as well
				impatient := with(5 * time.Second)
				r, url = impatient, strings.Replace(url, r.base, impatient.base, 1)
			}
			before := len(r.sink.all())
			body, noticed := r.broken(t, url)
			if !noticed {
				t.Errorf("the client took it for whole: %.200s", body)
			}
			all := r.sink.all()[before:]
			last := all[len(all)-1]
			records := slices.DeleteFunc(all, func(r *mask.Record) bool { return r.RequestID != last.RequestID }) // clients may ask again
			if len(c.want) == 3 {
				if len(records) != 1 || last.Result == "complete" {
					t.Errorf("records %+v", last)
				}
			} else if len(records) != 2 || records[0].Result != "started" || last.Result != "failed" || last.Reason != c.want {
				t.Errorf("%d records, the last %+v", len(records), last)
			}
			r.checkClean(t)
			veiltest.Until(t, "the stream's place is free", func() bool { return r.listener.streams.Taken() == 0 })
		})
	}
}

func TestFileWithoutARecordIsNotWhole(t *testing.T) {
	t.Parallel()
	up := newBulk(t)
	r := newRig(t, up.url, nil)
	url := r.fileAt(t)
	begun, fail := make(chan struct{}), make(chan struct{})
	up.file = func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", ndjson)
		_, _ = io.WriteString(w, strings.Repeat(`{"resourceType":"Patient","id":"a","gender":"female"}`+"\n", 2000))
		w.(http.Flusher).Flush()
		<-fail
	}
	go func() { // the record that it began is written, the last one cannot be
		<-begun
		r.sink.mu.Lock()
		r.sink.failure = errors.New("no space left on device")
		r.sink.mu.Unlock()
		close(fail)
	}()
	resp, err := r.client.Get(url)
	if err != nil || resp.StatusCode != 200 {
		t.Fatal(err, resp)
	}
	defer resp.Body.Close()
	if _, err := resp.Body.Read(make([]byte, 100)); err != nil {
		t.Fatal(err)
	}
	close(begun)
	if _, err := io.ReadAll(resp.Body); err == nil {
		t.Error("the client took it for whole")
	}
	r.get(t, url).outcome(t, 500)
}

// What a file has inside its resources is held against the scopes as well.
func TestFileBeyondTheScopes(t *testing.T) {
	t.Parallel()
	up := newBulk(t)
	up.members = `"deleted":[{"type":"Bundle","url":"UP/Binary/p"}],`
	p, keys := keyed(t, []View{{Automaton: safeHarbor(t)}}, consumer.Account{Name: "few", Scopes: "system/Patient.rs system/Bundle.rs"}, consumer.Account{Name: "all"})
	r := newRig(t, up.url, func(c *Config) { c.Policy = p })
	up.members = strings.ReplaceAll(up.members, "UP", up.url)
	inner := `{"resourceType":"Observation","id":"o","status":"final"}`
	up.file = func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", ndjson)
		_, _ = io.WriteString(w, `{"resourceType":"Bundle","type":"collection","entry":[{"resource":`+inner+`}]}`+"\n")
	}
	for name, whole := range map[string]bool{"few": false, "all": true} {
		up.polls.Store(0)
		_, m := r.export(t, "/$export", "X-API-Key", keys[name])
		req, err := http.NewRequest("GET", m.Deleted[0].URL, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("X-API-Key", keys[name])
		var b []byte
		resp, err := r.client.Do(req)
		if err == nil {
			b, err = io.ReadAll(resp.Body)
			resp.Body.Close()
		}
		if (err == nil) != whole || bytes.Contains(b, []byte("Observation")) != whole {
			t.Errorf("%s: %v %s", name, err, b)
		}
	}
}

// panics is a Sink that panics once it is armed.
type panics struct {
	memory
	armed atomic.Bool
}

func (p *panics) Append(ctx context.Context, r *mask.Record) error {
	if p.armed.Load() {
		panic("value " + fhirtest.Marker)
	}
	return p.memory.Append(ctx, r)
}

func TestPanicBeforeAFileGivesItsPlaceBack(t *testing.T) {
	t.Parallel()
	up := newBulk(t)
	sink := &panics{}
	r := newRig(t, up.url, func(c *Config) { c.Sink, c.Limits.Streams = sink, 1 })
	url := r.fileAt(t)
	for range 3 {
		sink.armed.Store(true)
		if got := r.get(t, url); got.status != 500 {
			t.Errorf("status %d", got.status)
		}
		sink.armed.Store(false)
	}
	if got := r.get(t, url); got.status != 200 {
		t.Errorf("afterwards %d: %s", got.status, got.body)
	}
	r.checkClean(t)
}

func TestFileOfAConsumerThatLeaves(t *testing.T) {
	t.Parallel()
	up := newBulk(t)
	r := newRig(t, up.url, func(c *Config) { c.Limits.Streams = 1 })
	url := r.fileAt(t)
	going := make(chan struct{})
	up.file = func(w http.ResponseWriter, q *http.Request) {
		w.Header().Set("Content-Type", ndjson)
		for {
			if _, err := io.WriteString(w, strings.Repeat(`{"resourceType":"Patient","id":"a","gender":"female"}`+"\n", 1000)); err != nil {
				close(going)
				return
			}
		}
	}
	c, err := net.Dial("tcp", r.addr)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := fmt.Fprintf(c, "GET %s HTTP/1.1\r\nHost: x\r\n\r\n", strings.TrimPrefix(url, "http://"+r.addr)); err != nil {
		t.Fatal(err)
	}
	if _, err := bufio.NewReader(c).Peek(2000); err != nil {
		t.Fatal(err)
	}
	r.get(t, url).outcome(t, 503) // one stream at once
	c.Close()
	select {
	case <-going:
	case <-time.After(veiltest.Patience):
		t.Fatal("the upstream is still being read")
	}
	veiltest.Until(t, "it is recorded that the consumer disconnected", func() bool {
		records := r.sink.all()
		last := records[len(records)-1]
		return last.Result == "failed" && last.Reason == "consumer left" && len(last.Resources) == 1
	})
	if c, err := net.Dial("tcp", r.addr); err == nil {
		fmt.Fprintf(c, "GET %s HTTP/1.0\r\nHost: x\r\n\r\n", strings.TrimPrefix(url, "http://"+r.addr))
		b, _ := io.ReadAll(c)
		if !bytes.Contains(b, []byte("400")) {
			t.Errorf("by HTTP/1.0: %.200s", b)
		}
		c.Close()
	}
}

// The first lines are on their way before the upstream has sent the last.
func TestFileIsMaskedWhileItArrives(t *testing.T) {
	t.Parallel()
	up := newBulk(t)
	r := newRig(t, up.url, nil)
	url := r.fileAt(t)
	gate := make(chan struct{})
	up.file = func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", ndjson)
		_, _ = io.WriteString(w, strings.Repeat(`{"resourceType":"Patient","id":"a","gender":"female"}`+"\n", 2000))
		w.(http.Flusher).Flush()
		<-gate
	}
	resp, err := r.client.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	line, err := bufio.NewReader(resp.Body).ReadString('\n')
	if err != nil || !strings.Contains(line, `"gender":"female"`) {
		t.Errorf("%v %q", err, line)
	}
	close(gate)
}
