package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/veil-proxy/veil/internal/fhirtest"
)

// bulk is a FHIR server with bulk exports. An export of Patients is complete, and the second
// half of a file is sent, only while nothing is held.
type bulk struct {
	*httptest.Server
	number       atomic.Int64
	files        map[string]string // by type
	mu           sync.Mutex
	held         chan struct{} // nil: nothing is held
	half, polled atomic.Int64  // files that are half sent, and looks at an export that is held
}

func newBulk(t *testing.T, source string, p *fhirtest.Population, types ...string) *bulk {
	t.Helper()
	rest, err := url.Parse(source)
	if err != nil {
		t.Fatal(err)
	}
	b := &bulk{files: map[string]string{}}
	for _, typ := range types {
		var text strings.Builder
		if err := p.WriteNDJSON(&text, typ); err != nil {
			t.Fatal(err)
		}
		b.files[typ] = text.String()
	}
	pass := httputil.NewSingleHostReverseProxy(rest)
	b.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		typ := strings.TrimPrefix(r.URL.Path, "/files/")
		switch {
		case strings.HasSuffix(r.URL.Path, "/$export"):
			w.Header().Set("Content-Location", b.URL+"/status?_job="+strconv.FormatInt(b.number.Add(1), 10)+"&of="+strings.Trim(strings.TrimSuffix(r.URL.Path, "$export"), "/"))
			w.WriteHeader(http.StatusAccepted)
		case r.URL.Path == "/status" && r.Method == http.MethodDelete:
			w.WriteHeader(http.StatusAccepted)
		case r.URL.Path == "/status":
			b.status(w, r, types)
		case b.files[typ] != "":
			b.send(w, r, b.files[typ])
		default:
			pass.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(b.Close)
	t.Cleanup(b.letGo)
	return b
}

func (b *bulk) status(w http.ResponseWriter, r *http.Request, types []string) {
	if r.URL.Query().Get("of") == "Patient" && b.holding() != nil {
		b.polled.Add(1)
		w.WriteHeader(http.StatusAccepted)
		return
	}
	var out []string
	for _, typ := range types {
		out = append(out, fmt.Sprintf(`{"type":"%s","url":"%s/files/%s"}`, typ, b.URL, typ))
	}
	w.Header().Set("Content-Type", "application/json")
	fmt.Fprintf(w, `{"transactionTime":"2026-01-01T00:00:00Z","request":"x","requiresAccessToken":false,"error":[],"output":[%s]}`, strings.Join(out, ","))
}

// send sends a file; its second half once nothing is held.
func (b *bulk) send(w http.ResponseWriter, r *http.Request, text string) {
	w.Header().Set("Content-Type", "application/fhir+ndjson")
	_, _ = w.Write([]byte(text[:len(text)/2])) // the client is gone otherwise
	if held := b.holding(); held != nil {
		_ = http.NewResponseController(w).Flush() // likewise
		b.half.Add(1)
		defer b.half.Add(-1)
		select {
		case <-held:
		case <-r.Context().Done():
			return
		}
	}
	_, _ = w.Write([]byte(text[len(text)/2:])) // likewise
}

func (b *bulk) holding() chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.held
}

func (b *bulk) hold() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.held = make(chan struct{})
}

func (b *bulk) letGo() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.held != nil {
		close(b.held)
	}
	b.held = nil
}
