package fhirproxy

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/veil-proxy/veil/internal/veiltest"
)

// raw sends bytes to the listener on a connection of their own and returns all that
// comes back until the listener closes it, and whether it did.
func (r *rig) raw(t testing.TB, request string) (answers []byte, closed bool) {
	t.Helper()
	c, err := net.Dial("tcp", r.addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	// Shorter than the listener waits for another request.
	if err := c.SetDeadline(time.Now().Add(DefaultLimits().IdleTimeout / 2)); err != nil {
		t.Fatal(err)
	}
	// The listener may answer and close before it has read all.
	_, _ = io.WriteString(c, request)
	b, err := io.ReadAll(c)
	r.sent = append(r.sent, b...)
	var late net.Error
	return b, !(errors.As(err, &late) && late.Timeout())
}

func TestAmbiguousRequestsEndTheConnection(t *testing.T) {
	t.Parallel()
	src := newSource(t)
	r := newRig(t, src.URL, nil)
	const second = "GET /fhir/Patient?_count=1 HTTP/1.1\r\nHost: x\r\n\r\n"
	post := func(headers, body string) string {
		return "POST /fhir/Patient/_search HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n" + headers + "\r\n" + body + second
	}
	for name, request := range map[string]string{
		"both lengths":              post("Content-Length: 8\r\nTransfer-Encoding: chunked\r\n", "8\r\n_count=1\r\n0\r\n\r\n"),
		"both lengths, other way":   post("Transfer-Encoding: chunked\r\nContent-Length: 8\r\n", "8\r\n_count=1\r\n0\r\n\r\n"),
		"two lengths":               post("Content-Length: 8\r\nContent-Length: 0\r\n", "_count=1"),
		"the same length twice":     post("Content-Length: 8\r\nContent-Length: 8\r\n", "_count=1"),
		"list of lengths":           post("Content-Length: 8, 8\r\n", "_count=1"),
		"signed length":             post("Content-Length: +8\r\n", "_count=1"),
		"hexadecimal length":        post("Content-Length: 0x8\r\n", "_count=1"),
		"negative length":           post("Content-Length: -8\r\n", "_count=1"),
		"unknown coding":            post("Transfer-Encoding: gzip, chunked\r\n", "8\r\n_count=1\r\n0\r\n\r\n"),
		"coding written oddly":      post("Transfer-Encoding: xchunked\r\n", "8\r\n_count=1\r\n0\r\n\r\n"),
		"space before the colon":    post("Content-Length : 8\r\n", "_count=1"),
		"coding with a space":       post("Transfer-Encoding : chunked\r\nContent-Length: 8\r\n", "_count=1"),
		"folded header":             post("Transfer-Encoding:\r\n chunked\r\n", "8\r\n_count=1\r\n0\r\n\r\n"),
		"folded harmless header":    "GET /fhir/Patient?_count=1 HTTP/1.1\r\nHost: x\r\nX-A: b\r\n c\r\n\r\n" + second,
		"bare line feeds":           "GET /fhir/Patient?_count=1 HTTP/1.1\nHost: x\nX-A: b\n\n" + second,
		"one bare line feed":        "GET /fhir/Patient?_count=1 HTTP/1.1\r\nHost: x\nX-A: b\r\n\r\n" + second,
		"bare carriage return":      "GET /fhir/Patient?_count=1 HTTP/1.1\r\nHost: x\r\nX-A: b\rTransfer-Encoding: chunked\r\n\r\n" + second,
		"NUL in a header":           "GET /fhir/Patient?_count=1 HTTP/1.1\r\nHost: x\r\nX-A: b\x00c\r\n\r\n" + second,
		"header without a colon":    "GET /fhir/Patient?_count=1 HTTP/1.1\r\nHost: x\r\nX-A b\r\n\r\n" + second,
		"two hosts":                 "GET /fhir/Patient?_count=1 HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n" + second,
		"GET with a body":           "GET /fhir/Patient?_count=1 HTTP/1.1\r\nHost: x\r\nContent-Length: " + strconv.Itoa(len(second)) + "\r\n\r\n" + second + second,
		"GET with chunks":           "GET /fhir/Patient?_count=1 HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n" + second,
		"chunk size that is none":   post("Transfer-Encoding: chunked\r\n", "zz\r\n_count=1\r\n0\r\n\r\n"),
		"chunk longer than it says": post("Transfer-Encoding: chunked\r\n", "4\r\n_count=1\r\n0\r\n\r\n"),
		"chunk extension":           post("Transfer-Encoding: chunked\r\n", "8;ext=1\r\n_count=1\r\n0\r\n\r\n"),
		"extension of the last":     post("Transfer-Encoding: chunked\r\n", "8\r\n_count=1\r\n0;ext\r\n\r\n"),
		"extension with line feed":  post("Transfer-Encoding: chunked\r\n", "8;a\nb\r\n_count=1\r\n0\r\n\r\n"),
		"chunks with a trailer":     post("Transfer-Encoding: chunked\r\nTrailer: X-A\r\n", "8\r\n_count=1\r\n0\r\nX-A: b\r\n\r\n"),
		"length in a trailer":       post("Transfer-Encoding: chunked\r\n", "8\r\n_count=1\r\n0\r\nContent-Length: 5\r\n\r\n"),
		"well-formed chunks":        post("Transfer-Encoding: chunked\r\n", "8\r\n_count=1\r\n0\r\n\r\n"),
		"another version":           "GET /fhir/Patient?_count=1 HTTP/3.7\r\nHost: x\r\n\r\n" + second,
		"no version":                "GET /fhir/Patient?_count=1\r\n\r\n" + second,
		"two spaces":                "GET  /fhir/Patient?_count=1 HTTP/1.1\r\nHost: x\r\n\r\n" + second,
		"no host":                   "GET /fhir/Patient?_count=1 HTTP/1.1\r\n\r\n" + second,
		"body too large":            post("Content-Length: 70000\r\n", "_id="+strings.Repeat("a", 69_996)),
		"chunks too large":          post("Transfer-Encoding: chunked\r\n", "11170\r\n_id="+strings.Repeat("a", 69_996)+"\r\n0\r\n\r\n"),
		"headers too large":         "GET /fhir/Patient?_count=1 HTTP/1.1\r\nHost: x\r\nX-A: " + strings.Repeat("a", 20_000) + "\r\n\r\n" + second,
		"target too large":          "GET /fhir/Patient?_count=" + strings.Repeat("1", 20_000) + " HTTP/1.1\r\nHost: x\r\n\r\n" + second,
		"no HTTP":                   "hello\r\n\r\n" + second,
		"HTTP/2 preface":            "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + second,
		"TLS hello":                 "\x16\x03\x01\x00\x05hello\r\n\r\n" + second,
	} {
		t.Run(name, func(t *testing.T) {
			before := len(src.Source.Requests())
			answers, closed := r.raw(t, request)
			if !closed {
				t.Error("the connection stays open")
			}
			if n := bytes.Count(answers, []byte("HTTP/1.1 ")); n > 1 {
				t.Errorf("%d answers", n)
			}
			resp, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(answers)), nil)
			if err != nil {
				t.Fatalf("%v: %q", err, answers)
			}
			body, _ := io.ReadAll(resp.Body)
			if resp.StatusCode < 400 || resp.StatusCode > 499 || !bytes.Contains(body, []byte(`"resourceType":"OperationOutcome"`)) {
				t.Errorf("status %d: %.200s", resp.StatusCode, body)
			}
			if resp.Header.Get("X-Request-Id") == "" || resp.Header.Get("Cache-Control") != "private, no-store" {
				t.Errorf("headers %v", resp.Header)
			}
			r.sink.find(t, resp.Header.Get("X-Request-Id"))
			if len(src.Source.Requests()) != before {
				t.Error("the upstream was asked")
			}
		})
	}
	r.checkClean(t)
}

// Requests behind each other on a connection are handled in their order, each
// for itself; a refusal does not end it where nothing is ambiguous.
func TestPipelinedRequests(t *testing.T) {
	t.Parallel()
	src := newSource(t)
	r := newRig(t, src.URL, nil)
	var all string
	want := []int{200, 403, 404, 405, 400, 200, 413}
	for _, request := range []string{
		"GET /fhir/Patient?_count=1 HTTP/1.1\r\n", "GET /fhir/Patient?name=x HTTP/1.1\r\n", "GET /fhir/Patient/none HTTP/1.1\r\n",
		"PUT /fhir/Patient/1 HTTP/1.1\r\nContent-Length: 2\r\n", "GET /fhir//x HTTP/1.1\r\n",
		"POST /fhir/Patient/_search HTTP/1.1\r\nExpect: 100-continue\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 8\r\n",
		"POST /fhir/Patient/_search HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 80000\r\n",
	} {
		all += request + "Host: x\r\n\r\n"
		if strings.Contains(request, "Length: 2") {
			all += "{}"
		}
		if strings.Contains(request, "Length: 8\r") {
			all += "_count=1"
		}
	}
	answers, closed := r.raw(t, all)
	br := bufio.NewReader(bytes.NewReader(answers))
	for i, status := range want {
		resp, err := http.ReadResponse(br, nil)
		if err == nil && resp.StatusCode == 100 {
			resp, err = http.ReadResponse(br, nil)
		}
		if err != nil {
			t.Fatalf("answer %d: %v", i, err)
		}
		if _, err := io.Copy(io.Discard, resp.Body); err != nil || resp.StatusCode != status {
			t.Errorf("answer %d: %d, want %d (%v)", i, resp.StatusCode, status, err)
		}
	}
	if rest, _ := io.ReadAll(br); len(rest) > 0 || !closed {
		t.Errorf("more behind: %.100q", rest)
	}
	r.checkClean(t)
}

func TestOddTargetsAreRefused(t *testing.T) {
	t.Parallel()
	src := newSource(t)
	r := newRig(t, src.URL, nil)
	id := pseudonym(t, safeHarbor(t), "Patient", population().PatientIDs()[0])
	for _, target := range []string{
		"http://evil.example/fhir/Patient/" + id, "https://evil.example/", "//evil.example/fhir/Patient", "/fhir/Patient/%2e%2e/Patient/" + id, "/fhir/../fhir/Patient/" + id,
		"/fhir//Patient/" + id, "/fhir/Patient/;x/" + id, "/fhir/Patient;x=1/" + id, "/fhir/Patient%2f" + id, `/fhir\Patient\` + id, "*", "evil.example:80",
		"/fhir/Patient/" + id + "?", "/fhir/Patient/" + id + "?_count=1;x", "/fhir/Patient/" + id + "#f", "/Patient/" + id, "/fhir/Patient/" + id + "?x=\x80",
	} {
		t.Run(target, func(t *testing.T) {
			before := len(src.Source.Requests())
			answers, _ := r.raw(t, "GET "+target+" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
			resp, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(answers)), nil)
			if err != nil {
				t.Fatalf("%v: %q", err, answers)
			}
			if target == "/fhir/Patient/"+id+"?" { // an empty query is none
				if resp.StatusCode != 200 {
					t.Errorf("status %d", resp.StatusCode)
				}
				return
			}
			if resp.StatusCode != 400 || len(src.Source.Requests()) != before {
				t.Errorf("status %d, %d requests", resp.StatusCode, len(src.Source.Requests())-before)
			}
		})
	}
	r.checkClean(t)
}

// counted counts the connections that an upstream takes.
type counted struct {
	net.Listener
	n atomic.Int64
}

func (c *counted) Accept() (net.Conn, error) {
	conn, err := c.Listener.Accept()
	if err == nil {
		c.n.Add(1)
	}
	return conn, err
}

func TestWritesAreRefusedBeforeAConnectionIsTaken(t *testing.T) {
	t.Parallel()
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := &counted{Listener: inner}
	server := &http.Server{Handler: http.NotFoundHandler(), ReadHeaderTimeout: veiltest.Patience}
	go func() { _ = server.Serve(l) }()
	t.Cleanup(func() { _ = server.Close() })
	r := newRig(t, "http://"+inner.Addr().String(), nil)
	const transaction = `{"resourceType":"Bundle","type":"transaction","entry":[]}`
	for _, c := range []struct{ method, path, body string }{
		{"POST", "/Patient", `{"resourceType":"Patient"}`}, {"PUT", "/Patient/1", `{"resourceType":"Patient"}`}, {"PATCH", "/Patient/1", `[]`},
		{"DELETE", "/Patient/1", ""}, {"DELETE", "/Patient?identifier=x", ""}, {"POST", "", transaction}, {"POST", "/$process-message", transaction},
		{"POST", "/Patient/$match", ""}, {"PUT", "/Patient/_search", ""}, {"PROPFIND", "/Patient", ""},
		{"POST", "/Patient/1/$everything/x", ""}, {"POST", "/Patient?name=x", ""}, {"DELETE", "/_history", ""}, {"POST", "/metadata", ""}, {"PUT", "/_export/x", ""},
		{"POST", "", `{"resourceType":"Bundle","type":"batch","entry":[{"request":{"method":"DELETE","url":"Patient/1"}}]}`},
		{"POST", "", `{"resourceType":"Bundle","type":"batch","entry":[{"request":{"method":"GET","url":"Patient/1"}},{"request":{"method":"POST","url":"Patient"}}]}`},
		{"POST", "", `{"resourceType":"Bundle","type":"history"}`}, {"TRACE", "/Patient", ""}, {"get", "/Patient", ""}, {"LOCK", "/metadata", ""},
	} {
		t.Run(c.method+" "+c.path, func(t *testing.T) {
			got := r.do(t, c.method, c.path, c.body, "Content-Type", "application/fhir+json", "X-HTTP-Method-Override", "GET")
			got.outcome(t, 405)
			if got.header.Get("Allow") != allowed {
				t.Errorf("Allow: %q", got.header.Get("Allow"))
			}
			if rec := r.sink.find(t, got.header.Get("X-Request-Id")); rec.Result != "refused" || rec.Operation != "write" {
				t.Errorf("record %+v", rec)
			}
		})
	}
	if got := r.do(t, "OPTIONS", "/Patient", ""); got.status != 204 || got.header.Get("Allow") != allowed || len(got.body) != 0 {
		t.Errorf("OPTIONS: %d %v", got.status, got.header)
	}
	for _, path := range []string{"", "/$meta", "/Patient/$match", "/Observation/1/$everything", "/Group/$export", "/Patient/1/$validate", "/Patient/1/_history/2/3", "/Patient/1/2/3/4", "/_search"} {
		r.get(t, path).outcome(t, 400)
	}
	if n := l.n.Load(); n != 0 {
		t.Errorf("%d connections to the upstream were made", n)
	}
	r.get(t, "/Patient?_count=1").outcome(t, 404)
	if n := l.n.Load(); n != 1 {
		t.Errorf("%d connections for one search", n)
	}
}
