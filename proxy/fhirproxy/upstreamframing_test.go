package fhirproxy

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
)

// rawUpstream is an upstream that writes a whole response, head and body, and closes the
// connection.
func rawUpstream(t *testing.T) (string, func(response string)) {
	t.Helper()
	var next atomic.Pointer[string]
	up := newHandler(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		conn, buf, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		_, _ = buf.WriteString(*next.Load())
		_ = buf.Flush()
		_ = conn.Close()
	}))
	return up, func(response string) { next.Store(&response) }
}

// TestFramingsOfTheUpstream: in whatever way a server frames a response, and spells its
// encoding, what a consumer gets is the same; a response that is cut off is an error.
func TestFramingsOfTheUpstream(t *testing.T) {
	t.Parallel()
	up, set := rawUpstream(t)
	r := newRig(t, up, nil)
	patient := `{"resourceType":"Patient","id":"p","gender":"female","name":[{"family":"SECRET"}]}`
	bundle := `{"resourceType":"Bundle","type":"searchset","total":1,"entry":[{"resource":` + patient + `,"search":{"mode":"match"}}]}`
	zip := func(s string) string {
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		_, _ = z.Write([]byte(s))
		_ = z.Close()
		return b.String()
	}
	const head = "Content-Type: application/fhir+json\r\n"
	plain := func(body string) string {
		return fmt.Sprintf("HTTP/1.1 200 OK\r\n%sContent-Length: %d\r\n\r\n%s", head, len(body), body)
	}
	packed := func(coding string) func(string) string {
		return func(body string) string {
			return fmt.Sprintf("HTTP/1.1 200 OK\r\n%sContent-Encoding: %s\r\nContent-Length: %d\r\n\r\n%s", head, coding, len(zip(body)), zip(body))
		}
	}
	for path, body := range map[string]string{"/Patient/" + pseudonym(t, safeHarbor(t), "Patient", "p"): patient, "/Patient?gender=female": bundle} {
		set(plain(body))
		want := r.get(t, path)
		if want.status != 200 {
			t.Fatalf("%d %s", want.status, want.body)
		}
		for name, write := range map[string]func(string) string{
			"until the connection ends": func(b string) string { return "HTTP/1.1 200 OK\r\n" + head + "\r\n" + b },
			"HTTP/1.0":                  func(b string) string { return "HTTP/1.0 200 OK\r\n" + head + "\r\n" + b },
			"compressed until the end":  func(b string) string { return "HTTP/1.1 200 OK\r\n" + head + "Content-Encoding: gzip\r\n\r\n" + zip(b) },
			"chunks with extensions and a trailer": func(b string) string {
				return fmt.Sprintf("HTTP/1.1 200 OK\r\n%sTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n5;x=SECRET\r\n%s\r\n%x\r\n%s\r\n0\r\nX-Sum: SECRET\r\n\r\n", head, b[:5], len(b)-5, b[5:])
			},
			"after 100": func(b string) string { return "HTTP/1.1 100 Continue\r\n\r\n" + plain(b) },
			"after 103": func(b string) string { return "HTTP/1.1 103 Early Hints\r\nLink: </SECRET>\r\n\r\n" + plain(b) },
			"GZIP":      packed("GZIP"),
			"x-gzip":    packed("x-gzip"),
			"identity": func(b string) string {
				return strings.Replace(plain(b), head, head+"Content-Encoding: Identity\r\n", 1)
			},
		} {
			set(write(body))
			if got := r.get(t, path); got.status != 200 || !bytes.Equal(got.body, want.body) {
				t.Errorf("%s, %s: %d %s\nwant %s", path, name, got.status, got.body, want.body)
			}
			cut := write(body)
			set(cut[:len(cut)-len(cut)/4])
			if got := r.get(t, path); got.status != 502 || bytes.Contains(got.body, []byte("SECRET")) {
				t.Errorf("%s, %s, cut off: %d %s", path, name, got.status, got.body)
			}
		}
		for _, status := range []string{"204 No Content", "304 Not Modified"} {
			set("HTTP/1.1 " + status + "\r\n\r\n")
			if got := r.get(t, path); got.status != 502 || !bytes.Contains(got.body, []byte("responded with status "+status[:3])) {
				t.Errorf("%s, %s: %d %s", path, status, got.status, got.body)
			}
		}
		// How long to wait is passed on if it is a number of seconds.
		for after, want := range map[string]string{"7": "7", "3600": "3600", "3601": "", "-1": "", "0": "", "07": "7", "SECRET": "", "Wed, 21 Oct 2026 07:28:00 GMT": ""} {
			set("HTTP/1.1 429 Too Many Requests\r\nRetry-After: " + after + "\r\nContent-Length: 0\r\n\r\n")
			if got := r.get(t, path); got.status != 503 || got.header.Get("Retry-After") != want {
				t.Errorf("%s, Retry-After %s: %d %q", path, after, got.status, got.header.Get("Retry-After"))
			}
		}
	}
}
