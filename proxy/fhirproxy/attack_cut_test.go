package fhirproxy

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/veil-proxy/veil/internal/veiltest"
)

// cutUpstream sends the first bytes of a response, written out as it goes over the
// wire, and closes.
type cutUpstream struct {
	raw atomic.Pointer[[]byte]
}

func (c *cutUpstream) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	conn, rw, err := w.(http.Hijacker).Hijack()
	if err != nil {
		return
	}
	defer conn.Close()
	_, _ = rw.Write(*c.raw.Load())
	_ = rw.Flush()
}

// wire writes a response of a body: with a length, in chunks or compressed.
func wire(t testing.TB, mime, manner, body string) []byte {
	t.Helper()
	var b bytes.Buffer
	fmt.Fprintf(&b, "HTTP/1.1 200 OK\r\nContent-Type: %s\r\n", mime)
	if strings.Contains(manner, "gzip") {
		b.WriteString("Content-Encoding: gzip\r\n")
		var packed bytes.Buffer
		z := gzip.NewWriter(&packed)
		_, _ = io.WriteString(z, body)
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
		body = packed.String()
	}
	if strings.Contains(manner, "chunks") {
		fmt.Fprintf(&b, "Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n%x\r\n%s\r\n0\r\n\r\n", len(body)/2, body[:len(body)/2], len(body)-len(body)/2, body[len(body)/2:])
	} else {
		fmt.Fprintf(&b, "Content-Length: %d\r\n\r\n%s", len(body), body)
	}
	return b.Bytes()
}

// TestAttackCutTheUpstream ends the upstream's answer at every byte. What is not
// whole is an error or, of a file, breaks off; never a shorter answer that a
// client takes for whole. Row 36.
func TestAttackCutTheUpstream(t *testing.T) {
	t.Parallel()
	up := &cutUpstream{}
	r := newRig(t, newHandler(t, up), nil)
	id := pseudonym(t, safeHarbor(t), "Patient", "zq-1")
	const one = `{"resourceType":"Patient","id":"zq-1","active":true,"name":[{"family":"Marjorie"}],"birthDate":"1951-07-23"}`
	m := r.listener.newMasker(r.view())
	x := r.exchange(r.anybody(t), m.pass.Keys)
	file := r.base + "?_file=" + string(m.appendToken(nil, &link{at: "Patient $export", path: "/file"}, x.scope(linkFile)))
	for _, manner := range []string{"length", "chunks", "gzip, length", "gzip, chunks"} {
		t.Run(manner, func(t *testing.T) {
			whole := wire(t, "application/fhir+json", manner, one)
			for n := range len(whole) + 1 {
				cut := whole[:n]
				up.raw.Store(&cut)
				got := r.get(t, "/Patient/"+id)
				// The end of the last chunk is no part of the body.
				if last := len(whole) - 2; (got.status == 200) != (n == len(whole)) && !(n >= last && strings.Contains(manner, "chunks")) {
					t.Fatalf("after %d of %d bytes: status %d: %s", n, len(whole), got.status, got.body)
				}
				if got.status != 200 {
					got.outcome(t, got.status)
				}
				if rec := r.sink.find(t, got.header.Get("X-Request-Id")); (rec.Result == "complete") != (got.status == 200) {
					t.Fatalf("after %d bytes: status %d, record %+v", n, got.status, rec)
				}
			}
			lines := strings.Repeat(one+"\n", 3)
			whole = wire(t, ndjson, manner, lines)
			for n := range len(whole) + 1 {
				cut := whole[:n]
				up.raw.Store(&cut)
				before := len(r.sink.all())
				body, broken := r.broken(t, file)
				if last := len(whole) - 2; broken == (n == len(whole)) && !(n >= last && strings.Contains(manner, "chunks")) {
					t.Fatalf("a file after %d of %d bytes: broken %v: %s", n, len(whole), broken, body)
				}
				complete := 0
				for _, rec := range r.sink.all()[before:] {
					if rec.Result == "complete" {
						complete++
					}
				}
				if (complete == 1) == broken {
					t.Fatalf("a file after %d bytes: broken %v, %d records of whole ones", n, broken, complete)
				}
			}
		})
	}
	r.checkClean(t)
}

// TestAttackCutTheConsumer takes a number of bytes of a response and leaves, for
// every number. No byte comes before a record, and no response ends before the
// record that says that it is complete. Row 36.
func TestAttackCutTheConsumer(t *testing.T) {
	t.Parallel()
	up := newBulk(t)
	up.file = func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", ndjson)
		_, _ = io.WriteString(w, strings.Repeat(`{"resourceType":"Patient","id":"zq-1","gender":"female","name":[{"family":"Marjorie"}]}`+"\n", 2))
	}
	src := newSource(t)
	r, files := newRig(t, src.URL, nil), newRig(t, up.url, nil)
	file := strings.TrimPrefix(files.fileAt(t), "http://"+files.addr)
	id := pseudonym(t, safeHarbor(t), "Patient", population().PatientIDs()[0])
	for name, c := range map[string]struct {
		r        *rig
		path     string
		end      string // of the whole response
		complete int    // records with this one
	}{
		"a resource":  {r, "/fhir/Patient/" + id, "}", 1},
		"a refusal":   {r, "/fhir/Patient?name=x", "}", 1},
		"a count":     {r, "/fhir/Patient?_summary=count", "}", 1},
		"a file":      {files, file, "0\r\n\r\n", 2},
		"a file, 404": {files, "/fhir?_file=x", "}", 1},
	} {
		t.Run(name, func(t *testing.T) {
			whole, _ := c.r.raw(t, "GET "+c.path+" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
			if !bytes.HasSuffix(whole, []byte(c.end)) || bytes.Contains(whole, []byte("Marjorie")) {
				t.Fatalf("%s", whole)
			}
			step := max(1, len(whole)/500) // all of short ones, and of long ones every few
			for n := 1; n <= len(whole); n += step {
				if n > len(whole)-40 {
					step = 1
				}
				before := len(c.r.sink.all())
				conn, err := net.Dial("tcp", c.r.addr)
				if err != nil {
					t.Fatal(err)
				}
				if err := conn.(*net.TCPConn).SetLinger(0); err != nil { // leaves by a reset
					t.Fatal(err)
				}
				_ = conn.SetDeadline(time.Now().Add(veiltest.Patience))
				if _, err := fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", c.path); err != nil {
					t.Fatal(err)
				}
				got := make([]byte, n)
				if _, err := io.ReadFull(bufio.NewReaderSize(conn, 1), got); err != nil {
					t.Fatalf("after %d of %d bytes: %v", n, len(whole), err)
				}
				records := len(c.r.sink.all()) - before
				conn.Close()
				if records < 1 || n == len(whole) && records < c.complete {
					t.Fatalf("%d of %d bytes came before their record (%d)", n, len(whole), records)
				}
				// Each exchange ends with its last record.
				veiltest.Until(t, "all records are written", func() bool { return len(c.r.sink.all())-before >= c.complete })
				if records := len(c.r.sink.all()) - before; records != c.complete {
					t.Fatalf("left after %d of %d bytes: %d records", n, len(whole), records)
				}
			}
		})
	}
	r.checkClean(t)
	files.checkClean(t)
}
