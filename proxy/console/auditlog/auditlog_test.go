package auditlog_test

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/veil-proxy/veil/audit"
	"github.com/veil-proxy/veil/audit/index"
	"github.com/veil-proxy/veil/internal/audittest"
	"github.com/veil-proxy/veil/internal/consoletest"
	"github.com/veil-proxy/veil/internal/veiltest"
	"github.com/veil-proxy/veil/proxy/console/auditlog"
)

var epoch = time.Date(2026, 11, 29, 8, 0, 0, 0, time.UTC)

// served is a log of some records, and a console with its pages.
func served(t *testing.T, n int) (dir string, s *consoletest.Site) {
	t.Helper()
	dir = t.TempDir()
	l := audittest.New(t, dir, 30_000)
	records := audittest.From(3, epoch)
	for range n {
		l.Write(records.Next()...)
	}
	l.Close()
	x := index.Open(index.Options{Log: dir, Dir: filepath.Join(t.TempDir(), "index")})
	t.Cleanup(x.Close)
	if err := x.Sync(t.Context()); err != nil {
		t.Fatal(err)
	}
	return dir, site(t, dir, x)
}

func site(t *testing.T, dir string, x *index.Index) *consoletest.Site {
	t.Helper()
	p := auditlog.New(auditlog.Config{Dir: dir, Index: x, Summary: func(method string) string { return "what " + method + " does" }})
	t.Cleanup(p.Close)
	return consoletest.New(t, p.Page())
}

func records(t *testing.T, dir string, fits func(l *audit.Line) bool) (all []*audit.Line) {
	t.Helper()
	for l, err := range audit.Read(dir) {
		if err != nil {
			t.Fatal(err)
		}
		if l.Kind == "record" && fits(l) {
			all = append(all, l)
		}
	}
	return all
}

// TestListShowsWhatMatches follows the pages of a filter, and finds each record once.
func TestListShowsWhatMatches(t *testing.T) {
	t.Parallel()
	dir, s := served(t, 500)
	want := records(t, dir, func(l *audit.Line) bool { return l.Consumer == "ann" })
	path, seen := "/audit?consumer=ann", 0
	for path != "" {
		status, body := s.Get(t, path)
		if status != http.StatusOK || !strings.Contains(body, fmt.Sprintf("<h2>%d records", len(want))) {
			t.Fatalf("%s: %d %s", path, status, body)
		}
		seen += strings.Count(body, `href="/console/audit/record/`)
		_, next, more := strings.Cut(body, `rel="next" href="/console`)
		next, _, _ = strings.Cut(next, `"`)
		if path = ""; more {
			path = strings.ReplaceAll(next, "&amp;", "&")
		}
	}
	if seen != len(want) || seen < 60 {
		t.Errorf("%d of %d", seen, len(want))
	}
	for address, text := range map[string]string{
		"/audit?since=x": "Expected a date", "/audit?since=2026-01-02&until=2026-01-01": "Expected a time after From", "/audit?before=x": "Audit",
	} {
		if status, body := s.Get(t, address); status != http.StatusUnprocessableEntity || !strings.Contains(body, text) {
			t.Errorf("%s: %d", address, status)
		}
	}
	if status, body := s.Get(t, "/audit?consumer=nobody&path=Patient"); status != http.StatusOK || !strings.Contains(body, "No records match") || !strings.Contains(body, "nobody") {
		t.Errorf("nobody: %d %s", status, body)
	}
	if status, body := s.Get(t, "/audit?rule="+url.QueryEscape(`"><script>alert(1)</script>`)); status != http.StatusOK || strings.Contains(body, "<script>alert") {
		t.Errorf("a script in a filter: %d", status)
	}
}

// TestRecordInWords shows each rule that was applied, and links to the request.
func TestRecordInWords(t *testing.T) {
	t.Parallel()
	dir, s := served(t, 100)
	for _, l := range records(t, dir, func(l *audit.Line) bool { return len(l.Applied) > 1 && l.Result == "complete" })[:3] {
		status, body := s.Get(t, fmt.Sprintf("/audit/record/%d", l.Seq))
		if status != http.StatusOK {
			t.Fatal(status, body)
		}
		for _, want := range []string{l.Hash, l.RequestID, l.Operation, "It was completed", "what " + l.Applied[0].Method + " does", l.Applied[1].Rule, "/console/audit?request=" + l.RequestID} {
			if !strings.Contains(body, want) {
				t.Errorf("line %d: no %q", l.Seq, want)
			}
		}
	}
	for _, path := range []string{"/audit/record/1", "/audit/record/99999", "/audit/record/x"} {
		if status, _ := s.Get(t, path); status != http.StatusNotFound {
			t.Errorf("%s: %d", path, status)
		}
	}
}

// TestExportIsTheFilteredLog exports both formats; each export is a record itself.
func TestExportIsTheFilteredLog(t *testing.T) {
	t.Parallel()
	dir, s := served(t, 300)
	want := records(t, dir, func(l *audit.Line) bool { return l.Result == "refused" })
	status, body := s.Get(t, "/audit/export?outcome=refused&format=ndjson")
	lines := strings.Split(strings.TrimSuffix(body, "\n"), "\n")
	if status != http.StatusOK || len(lines) != len(want) || len(want) < 20 {
		t.Fatal(status, len(lines), len(want))
	}
	_, table := s.Get(t, "/audit/export?outcome=refused&format=csv")
	rows, err := csv.NewReader(strings.NewReader(table)).ReadAll()
	if err != nil || len(rows) != len(want)+1 {
		t.Fatal(len(rows), err)
	}
	for i := range lines {
		var l audit.Line
		if err := json.Unmarshal([]byte(lines[i]), &l); err != nil {
			t.Fatal(err)
		}
		if w := want[len(want)-1-i]; l.Hash != w.Hash || rows[i+1][0] != fmt.Sprint(w.Seq) || rows[i+1][3] != w.Consumer {
			t.Fatalf("%d: %+v, %v", i, l, rows[i+1])
		}
	}
	exports := 0
	for i := range s.Sink.Len() {
		r := s.Sink.At(i)
		if r.Operation == "export audit log" && r.Consumer == consoletest.Name && r.Result == "complete" {
			exports++
		}
	}
	if exports != 2 {
		t.Errorf("%d exports are on record", exports)
	}
	for _, path := range []string{"/audit/export", "/audit/export?format=xml", "/audit/export?format=csv&since=x"} {
		if status, _ := s.Get(t, path); status != http.StatusUnprocessableEntity {
			t.Errorf("%s: %d", path, status)
		}
	}
}

// TestVerifyNamesTheFault verifies a whole log, and one whose line was changed.
func TestVerifyNamesTheFault(t *testing.T) {
	t.Parallel()
	dir, s := served(t, 300)
	verify := func() (body string) {
		if status, body := s.Post(t, "/audit/verify", nil); status != http.StatusSeeOther {
			t.Fatal(status, body)
		}
		veiltest.Until(t, "it is verified", func() bool {
			_, body = s.Get(t, "/audit/verify")
			return !strings.Contains(body, "<progress")
		})
		return body
	}
	if body := verify(); !strings.Contains(body, "The log is intact") || !strings.Contains(body, "300 records") {
		t.Error(body)
	}
	names, err := audit.Segments(dir)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, names[1])
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(strings.Replace(string(b), `"consumer":"ann"`, `"consumer":"eve"`, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	if body := verify(); !strings.Contains(body, "The log is not intact") || !strings.Contains(body, names[1]) {
		t.Error(body)
	}
}

// TestPagesWithoutAnIndex say so, and are no fault.
func TestPagesWithoutAnIndex(t *testing.T) {
	t.Parallel()
	dir, _ := served(t, 10)
	blocked := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(blocked, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	x := index.Open(index.Options{Log: dir, Dir: blocked})
	defer x.Close()
	veiltest.Until(t, "it is unavailable", func() bool { return x.Status().State == index.Unavailable })
	s := site(t, dir, x)
	for _, path := range []string{"/audit", "/audit/record/3", "/audit/export?format=csv"} {
		status, body := s.Get(t, path)
		if status != http.StatusServiceUnavailable || !strings.Contains(body, "The audit index cannot be used") {
			t.Errorf("%s: %d %s", path, status, body)
		}
	}
	if strings.Contains(s.Log.String(), "internal error") {
		t.Error(s.Log.String())
	}
}

// TestNoOriginalIsShown plants texts where a record could have one by mistake of an upstream's
// name: what is shown is escaped, and a request's own texts are not in the records.
func TestNoOriginalIsShown(t *testing.T) {
	t.Parallel()
	const planted = "PlantedOriginalText"
	_, s := served(t, 20)
	for _, path := range []string{"/audit?consumer=" + planted, "/audit?request=" + planted, "/audit/export?format=csv&rule=" + planted} {
		s.Get(t, path)
	}
	for i := range s.Sink.Len() {
		r := s.Sink.At(i)
		if strings.Contains(fmt.Sprintf("%+v", r), planted) {
			t.Errorf("a record has what was searched for: %+v", r)
		}
	}
	if strings.Contains(s.Log.String(), planted) {
		t.Error("the log has what was searched for")
	}
}
