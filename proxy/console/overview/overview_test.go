package overview_test

import (
	"compress/gzip"
	"context"
	"errors"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/veil-proxy/veil/audit/index"
	"github.com/veil-proxy/veil/internal/consoletest"
	"github.com/veil-proxy/veil/proxy/console/overview"
)

// past is a history of two consumers.
type past struct{ err error }

func (p past) Series(_ context.Context, q *index.SeriesQuery) (*index.Series, error) {
	n := int(q.To.Sub(q.From) / q.Step)
	line := func(label string, count uint64) index.SeriesLine {
		points := make([]uint64, n)
		points[n-1] = count
		return index.SeriesLine{Label: label, Points: points}
	}
	s := &index.Series{From: q.From, Step: q.Step, N: n}
	if q.Listener == "postgres" && q.Metric == index.Requests {
		s.Lines = []index.SeriesLine{line("complete", 1000), line("failed", 3)}
	}
	if q.Listener != "fhir" {
		return s, p.err
	}
	switch q.Metric {
	case index.Requests:
		s.Lines = []index.SeriesLine{line("complete", 1234), line("refused", 56)}
	case index.Applications:
		s.Lines = []index.SeriesLine{line("A", 700), line("C", 300), line("", 5)}
	case index.Refusals:
		s.Lines = []index.SeriesLine{line("search parameter", 56)}
	case index.Latency:
		s.Lines = []index.SeriesLine{line("0.01", 100)}
	}
	return s, p.err
}

func (p past) Flows(_ context.Context, _, to time.Time) ([]index.Flow, error) {
	return []index.Flow{
		{Consumer: "<b>lab</b>", Listener: "fhir", Project: "trial", Ruleset: "safe-harbor", Requests: 1000, Last: to},
		{Consumer: "ann", Listener: "postgres", Project: "old", Ruleset: "research", Requests: 234, Rows: 77, Last: to},
		{Consumer: "ops", Listener: "console", Requests: 9, Last: to},
	}, p.err
}

func site(t *testing.T, p past) *consoletest.Site {
	t.Helper()
	return consoletest.New(t, overview.Page(overview.Config{
		History: p, Upstreams: map[string]string{"fhir": "FHIR server", "postgres": "PostgreSQL"},
		Health: func() []overview.Health {
			return []overview.Health{{Name: "Audit log", OK: true, Text: "records are written"}, {Name: "FHIR server", Text: "does not respond"}}
		},
		Views: func() []overview.View {
			return []overview.View{{Name: "cardio", Project: "trial", Ruleset: "safe-harbor"}}
		},
	}))
}

// TestOverview: the page has the numbers of the audit log, and its picture those of its
// table.
func TestOverview(t *testing.T) {
	t.Parallel()
	s := site(t, past{})
	for _, path := range []string{"/", "/?range=day", "/?range=week", "/?range=other"} {
		status, body := s.Get(t, path)
		if status != http.StatusOK {
			t.Fatalf("%s: status %d: %s", path, status, body)
		}
		for _, want := range []string{"2,293", "56", `<td class="num">5</td>`, "1,005", "Names", "search parameter", "cardio", "of an earlier configuration", "&lt;b&gt;lab&lt;/b&gt;", "does not respond", "<svg viewBox"} {
			if !strings.Contains(body, want) {
				t.Errorf("%s: no %s", path, want)
			}
		}
		if strings.Contains(body, ">ops<") || strings.Contains(body, "<b>lab") {
			t.Errorf("%s: %s", path, body)
		}
	}
	if status, body := s.Get(t, "/overview/series?range=day"); status != http.StatusOK || strings.Count(body, `"label"`) != 6 || !strings.Contains(body, "2234") {
		t.Errorf("status %d: %s", status, body)
	}
}

// TestNoHistory: without an index the page says why there are no numbers, and the rest of it
// is there.
func TestNoHistory(t *testing.T) {
	t.Parallel()
	s := site(t, past{errors.New("the index is being built")})
	if status, body := s.Get(t, "/"); status != http.StatusOK || !strings.Contains(body, "the index is being built") || !strings.Contains(body, "does not respond") {
		t.Errorf("status %d: %s", status, body)
	}
	if status, body := s.Get(t, "/overview/series"); status != http.StatusServiceUnavailable || !strings.Contains(body, "the index is being built") {
		t.Errorf("status %d: %s", status, body)
	}
}

// mostOfFirstLoad bounds what a browser loads for the overview at first, compressed.
const mostOfFirstLoad = 100 << 10

// TestFirstLoad: the overview with all that it loads is small, each file is compressed, and
// a browser may keep it.
func TestFirstLoad(t *testing.T) {
	t.Parallel()
	s := site(t, past{})
	_, body := s.Get(t, "/")
	_, series := s.Get(t, "/overview/series")
	sum := gzipped(t, body) + gzipped(t, series)
	files := map[string]bool{}
	for _, m := range regexp.MustCompile(`(?:src|href)="/console(/assets/[^"]+)"`).FindAllStringSubmatch(body, -1) {
		files[m[1]] = true
	}
	if len(files) < 6 {
		t.Fatalf("files %v", files)
	}
	for path := range files {
		r := s.Request(t, http.MethodGet, path)
		r.Header.Set("Accept-Encoding", "gzip")
		status, text, h := s.Do(t, r)
		if status != http.StatusOK || h.Get("Content-Encoding") != "gzip" || !strings.Contains(h.Get("Cache-Control"), "immutable") || h.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: status %d, %v", path, status, h)
		}
		sum += len(text)
	}
	t.Logf("%d bytes in %d files", sum, len(files))
	if sum > mostOfFirstLoad {
		t.Errorf("the first load has %d bytes", sum)
	}
}

func gzipped(t *testing.T, text string) int {
	t.Helper()
	var b strings.Builder
	z := gzip.NewWriter(&b)
	if _, err := io.WriteString(z, text); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Len()
}
