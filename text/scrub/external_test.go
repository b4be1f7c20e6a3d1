package scrub_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/veil-proxy/veil/internal/masktest"
	"github.com/veil-proxy/veil/internal/veiltest"
	"github.com/veil-proxy/veil/mask"
	"github.com/veil-proxy/veil/text/recognizer"
	"github.com/veil-proxy/veil/text/scrub"
)

// analyzer is a server with the interface of Presidio's analyzer. It finds one word.
type analyzer struct {
	mu          sync.Mutex
	answer      func(w http.ResponseWriter) bool // if it says true, nothing follows
	now, most   int
	asked       int
	release     chan struct{}
	holdsAnswer bool
}

func (a *analyzer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var q struct {
		Text     string `json:"text"`
		Language string `json:"language"`
	}
	if err := json.NewDecoder(r.Body).Decode(&q); err != nil || q.Language != "en" || r.Method != http.MethodPost {
		http.Error(w, "bad request", http.StatusBadRequest)
		return
	}
	a.mu.Lock()
	a.asked++
	a.now++
	a.most = max(a.most, a.now)
	answer, hold := a.answer, a.holdsAnswer
	a.mu.Unlock()
	if hold {
		<-a.release
	}
	a.mu.Lock()
	a.now--
	a.mu.Unlock()
	if answer != nil && answer(w) {
		return
	}
	found := []map[string]any{}
	if at := strings.Index(q.Text, "zqmarkerword"); at >= 0 {
		at = len([]rune(q.Text[:at]))
		found = append(found, map[string]any{"entity_type": "PERSON", "start": at, "end": at + len("zqmarkerword"), "score": 0.85, "analysis_explanation": nil})
	}
	_ = json.NewEncoder(w).Encode(found)
}

// newExternal is a method that asks an analyzer.
func newExternal(t *testing.T, a *analyzer, o recognizer.Options) mask.Method {
	t.Helper()
	server := httptest.NewServer(a)
	t.Cleanup(server.Close)
	o.URL = server.URL
	x := &scrub.External{}
	if err := x.Use(o); err != nil {
		t.Fatal(err)
	}
	m, err := scrub.Methods(x)[0].New(mask.Env{Keys: masktest.Keyring(t, "test")}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// TestExternal: what either finds is taken out. Without a valid answer the text is removed,
// and the recognizer is asked again the next time.
func TestExternal(t *testing.T) {
	t.Parallel()
	a := &analyzer{}
	m := newExternal(t, a, recognizer.Options{})
	in := &mask.Input{Known: knownOf("Quarrington")}
	const src = "Für Quarrington: zqmarkerword came on 3/4/2020."
	for range 2 {
		got, _, found := apply(t, m, src, in)
		want := []mask.FoundCount{{Detector: "date-numeric", Label: "DATE", N: 1}, {Detector: "external", Label: "NAME", N: 1}, {Detector: "known-name", Label: "NAME", N: 1}}
		if got != "Für [NAME]: [NAME] came on [DATE]." || !reflect.DeepEqual(found, want) {
			t.Errorf("%q, %v", got, found)
		}
		scrub.WaitRemembered()
	}
	if a.asked != 1 {
		t.Errorf("asked %d times for one text", a.asked)
	}
	silent := []mask.FoundCount{{Detector: "recognizer-silent", Label: "OTHER", N: 1}}
	for name, answer := range map[string]func(w http.ResponseWriter) bool{
		"an error":      func(w http.ResponseWriter) bool { w.WriteHeader(500); return true },
		"no list":       func(w http.ResponseWriter) bool { fmt.Fprint(w, `{"start":0}`); return true },
		"wrong offsets": func(w http.ResponseWriter) bool { fmt.Fprint(w, `[{"start":0,"end":1000,"score":1}]`); return true },
	} {
		a.answer = answer
		if got, outcome, found := apply(t, m, "Stable, "+name, in); got != "" || outcome != mask.Removed || !reflect.DeepEqual(found, silent) {
			t.Errorf("%s: %q, %v, %v", name, got, outcome, found)
		}
		scrub.WaitRemembered()
		a.answer = nil
		if got, _, _ := apply(t, m, "Stable, "+name, in); got != "Stable, "+name {
			t.Errorf("%s: afterwards %q", name, got)
		}
	}
}

// TestExternalInTime: a recognizer that does not answer in time costs the text.
func TestExternalInTime(t *testing.T) {
	t.Parallel()
	a := &analyzer{release: make(chan struct{}), holdsAnswer: true}
	m := newExternal(t, a, recognizer.Options{Timeout: 50 * time.Millisecond, AtOnce: 1})
	defer close(a.release)
	var all sync.WaitGroup
	for i := range 3 { // of which some wait for their place only
		all.Go(func() {
			in := &mask.Input{Known: knownOf("Quarrington")}
			if got, outcome, _ := apply(t, m, fmt.Sprintf("Stable %d.", i), in); got != "" || outcome != mask.Removed {
				t.Errorf("%q, %v", got, outcome)
			}
		})
	}
	all.Wait()
}

// TestExternalAtOnce: no more texts than allowed are sent at once.
func TestExternalAtOnce(t *testing.T) {
	t.Parallel()
	a := &analyzer{release: make(chan struct{}), holdsAnswer: true}
	m := newExternal(t, a, recognizer.Options{Timeout: veiltest.Patience, AtOnce: 2})
	var all sync.WaitGroup
	for i := range 6 {
		all.Go(func() {
			src := fmt.Sprintf("Stable %d.", i)
			if got, _, _ := apply(t, m, src, &mask.Input{Known: knownOf("Quarrington")}); got != src {
				t.Errorf("%q", got)
			}
		})
	}
	veiltest.Until(t, "two texts are sent", func() bool {
		a.mu.Lock()
		defer a.mu.Unlock()
		return a.now == 2
	})
	close(a.release)
	all.Wait()
	if a.most != 2 || a.asked != 6 {
		t.Errorf("of %d texts %d were sent at once", a.asked, a.most)
	}
}

// TestExternalIsLeft: where work can be left, a short text for a recognizer is.
func TestExternalIsLeft(t *testing.T) {
	t.Parallel()
	m := newExternal(t, &analyzer{}, recognizer.Options{})
	later := &kept{map[[32]byte]func() any{}, map[[32]byte]any{}}
	in := &mask.Input{Known: knownOf("Quarrington"), Later: later}
	if got, _, _ := apply(t, m, "zqmarkerword.", in); got != "" || len(later.work) != 1 {
		t.Fatalf("%q, left %d", got, len(later.work))
	}
	for key, work := range later.work {
		later.results[key] = work()
	}
	if got, _, _ := apply(t, m, "zqmarkerword.", in); got != "[NAME]." {
		t.Errorf("%q", got)
	}
}
