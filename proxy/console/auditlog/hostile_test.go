package auditlog_test

import (
	"net/http"
	"net/url"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/veil-proxy/veil/audit"
	"github.com/veil-proxy/veil/audit/index"
	"github.com/veil-proxy/veil/internal/audittest"
	"github.com/veil-proxy/veil/internal/consoletest"
	"github.com/veil-proxy/veil/mask"
)

// fill writes a text into every field of a value that takes one.
func fill(v reflect.Value, text string) {
	switch v.Kind() {
	case reflect.String:
		v.SetString(text)
	case reflect.Struct:
		if _, isTime := v.Interface().(time.Time); isTime {
			return
		}
		for i := range v.NumField() {
			fill(v.Field(i), text)
		}
	case reflect.Slice:
		one := reflect.New(v.Type().Elem()).Elem()
		fill(one, text)
		v.Set(reflect.Append(v, one))
	}
}

// TestHostileLog: whatever stands in the fields of a log, also of one that somebody else
// wrote, is text in the pages, and the exports keep their headers and cells.
func TestHostileLog(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "log")
	l := audittest.New(t, dir, 1<<20)
	for _, text := range consoletest.Hostile() {
		detail, record := &audit.Line{}, &audit.Line{Found: []mask.FoundCount{}}
		for _, line := range []*audit.Line{detail, record} {
			fill(reflect.ValueOf(line).Elem(), text)
			line.Kind, line.Time, line.RequestID = "record", epoch, strings.Repeat("a", 32)
		}
		detail.Kind = "detail"
		l.Write(detail, record)
	}
	l.Close()
	x := index.Open(index.Options{Log: dir, Dir: filepath.Join(t.TempDir(), "index")})
	t.Cleanup(x.Close)
	if err := x.Sync(t.Context()); err != nil {
		t.Fatal(err)
	}
	s := site(t, dir, x)
	paths := []string{"/audit"}
	for i := range 2*len(consoletest.Hostile()) + 2 {
		paths = append(paths, "/audit/record/"+strconv.Itoa(i))
	}
	for _, text := range consoletest.Hostile() {
		for _, field := range []string{"consumer", "listener", "operation", "outcome", "reason", "rule", "category", "path", "project", "ruleset", "request", "since", "until", "before", "none"} {
			paths = append(paths, "/audit?"+url.Values{field: {text}}.Encode())
		}
	}
	shown := 0
	for _, path := range paths {
		status, body := s.Get(t, path)
		if status >= http.StatusInternalServerError {
			t.Errorf("%s: status %d", path, status)
		}
		consoletest.Harmless(t, path, body)
		shown += strings.Count(body, "&lt;script&gt;")
	}
	if shown < 10 {
		t.Errorf("what is hostile is shown %d times", shown)
	}
	for _, path := range []string{"/audit/export?format=csv", "/audit/export?format=ndjson", "/audit/export?" + url.Values{"format": {"csv"}, "consumer": {"a\r\nX-Evil: 1"}}.Encode()} {
		status, body, h := s.Do(t, s.Request(t, http.MethodGet, path))
		if status != http.StatusOK || h.Get("X-Evil") != "" || len(h.Values("Set-Cookie")) > 0 || strings.Contains(h.Get("Content-Type"), "html") || !strings.HasPrefix(h.Get("Content-Disposition"), "attachment") {
			t.Errorf("%s: status %d, %v: %s", path, status, h, body)
		}
	}
}
