package fhirtest

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

const (
	// patience is how long a busy machine may take for what must come, pause how
	// long a test waits for what does not.
	patience = 2 * time.Minute
	pause    = 300 * time.Millisecond
)

// ask sends a request to a fault and reads up to limit bytes of what comes, where the
// answer begins within one time and ends within another.
func ask(t *testing.T, h http.Handler, limit int64, begins, ends time.Duration) (resp *http.Response, body []byte, err error) {
	t.Helper()
	return askUntil(t, h, limit, "", begins, ends)
}

// askUntil is ask that ends once a text has come, if there is one.
func askUntil(t *testing.T, h http.Handler, limit int64, text string, begins, ends time.Duration) (resp *http.Response, body []byte, err error) {
	t.Helper()
	s := httptest.NewServer(h)
	// Close waits for the handler: a fault that outlives its client hangs here.
	t.Cleanup(s.Close)
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	late := time.AfterFunc(begins, cancel)
	req, err := http.NewRequestWithContext(ctx, "GET", s.URL+"/fhir/Patient/zq-1", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Accept-Encoding", "identity")
	if resp, err = http.DefaultTransport.RoundTrip(req); err != nil {
		return nil, nil, err
	}
	t.Cleanup(func() { resp.Body.Close() })
	late.Reset(ends)
	in := bufio.NewReader(io.LimitReader(resp.Body, limit))
	for text != "" && !bytes.Contains(body, []byte(text)) {
		b, err := in.ReadByte()
		if err != nil {
			return resp, body, err
		}
		body = append(body, b)
	}
	if text == "" {
		body, err = io.ReadAll(in)
	}
	return resp, body, err
}

func fault(t *testing.T, name string) http.Handler {
	t.Helper()
	for _, f := range Faults() {
		if f.Name == name {
			return f.Handler
		}
	}
	t.Fatalf("no fault is called %q", name)
	return nil
}

// TestEveryFaultHasTheMarkerAndEnds reads the beginning of each answer, cuts
// the connection and waits for the handler.
func TestEveryFaultHasTheMarkerAndEnds(t *testing.T) {
	silent := map[string]bool{
		"hangs": true, "closes at once": true, "empty body": true, "one byte a second": true, "endless space": true,
		"long number": true, "status 204 with headers": true, "gzip bomb": true, "gzip cut off": true,
		"gzip with a wrong sum": true, "UTF-16": true,
		"deep nesting": true, "deep arrays": true,
	}
	seen := map[string]bool{}
	for _, f := range Faults() {
		t.Run(f.Name, func(t *testing.T) {
			t.Parallel()
			if silent[f.Name] {
				_, _, _ = ask(t, f.Handler, 1<<16, pause, pause)
				return
			}
			if _, body, _ := askUntil(t, f.Handler, 1<<16, Marker, patience, patience); !strings.Contains(string(body), Marker) {
				t.Error("the marker is not in the answer")
			}
		})
		if seen[f.Name] {
			t.Errorf("two faults are called %q", f.Name)
		}
		seen[f.Name] = true
	}
}

func TestFaultsThatMaskAreJSON(t *testing.T) {
	for _, f := range Faults() {
		if !f.Masks {
			continue
		}
		_, body, err := ask(t, f.Handler, 1<<20, patience, patience)
		if body = []byte(strings.TrimPrefix(string(body), "\ufeff")); err != nil || !json.Valid(body) {
			t.Errorf("%s: not JSON (%v)", f.Name, err)
		}
	}
}

func TestConnectionFaults(t *testing.T) {
	for _, tc := range []struct {
		name    string
		headers bool // an answer begins
		hangs   bool
	}{
		{"hangs", false, true},
		{"hangs half way", true, true},
		{"closes at once", false, false},
		{"closes half way", true, false},
		{"closes half way through chunks", true, false},
		{"one byte a second", true, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			begins, ends := patience, patience
			if tc.hangs {
				ends = pause
			}
			if tc.hangs && !tc.headers {
				begins = pause
			}
			resp, body, err := ask(t, fault(t, tc.name), 1<<20, begins, ends)
			if err == nil || (resp != nil) != tc.headers || json.Valid(body) {
				t.Errorf("answer %v with %d bytes ended with %v", resp != nil, len(body), err)
			}
		})
	}
}

func TestAnswerFaults(t *testing.T) {
	for _, tc := range []struct {
		name, contentType string
		status            int
	}{
		{"html error", "text/html; charset=utf-8", 500},
		{"outcome with values", fhirJSON, 422},
		{"pdf", "application/pdf", 200},
		{"redirect", "text/plain", 302},
		{"resource as text/json", "text/json; name=" + Marker, 200},
		{"resource of no type", "", 200},
	} {
		t.Run(tc.name, func(t *testing.T) {
			resp, _, err := ask(t, fault(t, tc.name), 1<<20, patience, patience)
			if err != nil || resp.StatusCode != tc.status || resp.Header.Get("Content-Type") != tc.contentType {
				t.Fatalf("%v: %v", err, resp)
			}
			if tc.status == 302 && !strings.Contains(resp.Header.Get("Location"), Marker) {
				t.Error("Location has no value in it")
			}
		})
	}
}

func TestJSONFaults(t *testing.T) {
	for name, valid := range map[string]bool{
		"truncated": false, "second document": false, "duplicate key": true, "resourceType twice": true,
		"control characters": false, "lone surrogate": true, "trailing comma": false, "UTF-16": false,
	} {
		_, body, err := ask(t, fault(t, name), 1<<20, patience, patience)
		if err != nil || json.Valid(body) != valid {
			t.Errorf("%s: valid is %v (%v)", name, !valid, err)
		}
	}
	if _, body, _ := ask(t, fault(t, "invalid UTF-8"), 1<<20, patience, patience); utf8.Valid(body) {
		t.Error("invalid UTF-8 is valid")
	}
}

func TestSizeFaults(t *testing.T) {
	t.Run("deep nesting", func(t *testing.T) {
		_, body, err := ask(t, fault(t, "deep nesting"), 1<<24, patience, patience)
		if err != nil || strings.Count(string(body), "[{") != FaultDepth || strings.Count(string(body), "}]") != FaultDepth {
			t.Errorf("%d levels (%v)", strings.Count(string(body), "[{"), err)
		}
	})
	t.Run("long string", func(t *testing.T) {
		_, body, err := ask(t, fault(t, "long string"), FaultString+1_000_000, patience, patience)
		if err != nil || len(body) < FaultString || !json.Valid(body) {
			t.Errorf("%d bytes (%v)", len(body), err)
		}
	})
	t.Run("gzip bomb", func(t *testing.T) {
		_, body, err := ask(t, fault(t, "gzip bomb"), 1<<20, patience, patience)
		if err != nil || len(body) < 1<<20 {
			t.Fatalf("%d bytes (%v)", len(body), err)
		}
		z, err := gzip.NewReader(strings.NewReader(string(body)))
		if err != nil {
			t.Fatal(err)
		}
		if n, _ := io.Copy(io.Discard, io.LimitReader(z, 200<<20)); n != 200<<20 {
			t.Errorf("a megabyte unpacks to %d bytes", n)
		}
	})
	t.Run("endless body", func(t *testing.T) {
		_, body, err := ask(t, fault(t, "endless body"), 8<<20, patience, patience)
		if err != nil || len(body) != 8<<20 {
			t.Errorf("ends after %d bytes (%v)", len(body), err)
		}
	})
}
