package demo

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
)

// indented makes a server indent the JSON of requests with _pretty=true.
func indented(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("_pretty") != "true" {
			h.ServeHTTP(w, r)
			return
		}
		b := &buffered{ResponseWriter: w, status: http.StatusOK}
		h.ServeHTTP(b, r)
		text := b.body.Bytes()
		typ := w.Header().Get("Content-Type")
		if strings.HasPrefix(typ, "application/fhir+json") || strings.HasPrefix(typ, "application/json") {
			var out bytes.Buffer
			if json.Indent(&out, text, "", "  ") == nil {
				out.WriteByte('\n')
				text = out.Bytes()
			}
		}
		if w.Header().Get("Content-Length") != "" {
			w.Header().Set("Content-Length", strconv.Itoa(len(text)))
		}
		w.WriteHeader(b.status)
		_, _ = w.Write(text) // the client is gone otherwise
	})
}

// buffered keeps a response until it is complete.
type buffered struct {
	http.ResponseWriter
	status int
	body   bytes.Buffer
}

func (b *buffered) WriteHeader(status int)         { b.status = status }
func (b *buffered) Write(text []byte) (int, error) { return b.body.Write(text) }
