package recognizer

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/veil-proxy/veil/text"
)

func TestFind(t *testing.T) {
	t.Parallel()
	const note = "Zoë Halworth, 北京"
	var asked map[string]string
	answer := `[{"start":0,"end":12,"score":0.9,"entity_type":"PERSON"},{"start":14,"end":16,"score":0.8,"entity_type":"NRP"},{"start":0,"end":3,"score":0.1,"entity_type":"LOCATION"}]`
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if err := json.Unmarshal(body, &asked); err != nil || r.Method != http.MethodPost {
			t.Errorf("%s %s: %v", r.Method, body, err)
		}
		_, _ = io.WriteString(w, answer)
	}))
	defer server.Close()
	c, err := New(Options{URL: server.URL, MinScore: 0.5})
	if err != nil {
		t.Fatal(err)
	}
	spans, err := c.Find(t.Context(), []byte(note))
	want := []text.Span{{Start: 0, End: 13, Label: text.Name, Rule: "external"}, {Start: 15, End: 21, Label: text.Other, Rule: "external"}}
	if err != nil || !slices.Equal(spans, want) {
		t.Errorf("got %+v, %v", spans, err)
	}
	if asked["text"] != note || asked["language"] != "en" {
		t.Errorf("asked %v", asked)
	}
}

// TestNoValidAnswer: whatever the recognizer does but answer as it must is an error,
// which has nothing of the text.
func TestNoValidAnswer(t *testing.T) {
	t.Parallel()
	stop := make(chan struct{})
	for name, serve := range map[string]http.HandlerFunc{
		"silence": func(_ http.ResponseWriter, r *http.Request) { <-stop },
		"status": func(w http.ResponseWriter, _ *http.Request) {
			http.Error(w, "Halworth", http.StatusInternalServerError)
		},
		"no JSON":      func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "Halworth") },
		"an object":    func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `{"error":"Halworth"}`) },
		"null":         func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `null`) },
		"no offsets":   func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `[{"entity_type":"PERSON"}]`) },
		"past the end": func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `[{"start":0,"end":99}]`) },
		"backwards":    func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `[{"start":3,"end":2}]`) },
		"cut off":      func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `[{"start":0,`) },
		"redirect":     func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/elsewhere", http.StatusFound) },
	} {
		server := httptest.NewServer(serve)
		defer server.Close()
		timeout := time.Minute
		if name == "silence" {
			timeout = 50 * time.Millisecond
		}
		c, err := New(Options{URL: server.URL, Timeout: timeout})
		if err != nil {
			t.Fatal(err)
		}
		if spans, err := c.Find(t.Context(), []byte("Halworth")); err == nil || strings.Contains(err.Error(), "Halworth") {
			t.Errorf("%s: got %v, %v, want an error without the text", name, spans, err)
		}
	}
	close(stop)
	if _, err := New(Options{URL: "localhost:5002"}); err == nil {
		t.Error("took a URL without a scheme")
	}
}
