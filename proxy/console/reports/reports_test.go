package reports_test

import (
	"bytes"
	"mime/multipart"
	"net/http"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/veil-proxy/veil/internal/audittest"
	"github.com/veil-proxy/veil/internal/consoletest"
	"github.com/veil-proxy/veil/internal/veiltest"
	"github.com/veil-proxy/veil/mask/keys"
	"github.com/veil-proxy/veil/proxy/console"
	"github.com/veil-proxy/veil/proxy/console/reports"
	"github.com/veil-proxy/veil/report/evidence"
)

// TestReportIsMadeAndVerified makes a report, downloads it, and verifies it and a changed one.
func TestReportIsMadeAndVerified(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	l := audittest.New(t, filepath.Join(dir, "log"), 30_000)
	records := audittest.From(3, time.Date(2026, 11, 20, 8, 0, 0, 0, time.UTC))
	for range 100 {
		l.Write(records.Next()...)
	}
	l.Close()
	signer := filepath.Join(dir, "signer")
	if _, err := keys.CreateSigner(signer, "auditor"); err != nil {
		t.Fatal(err)
	}
	p := reports.New(reports.Config{Version: "1", Log: filepath.Join(dir, "log"), Dir: filepath.Join(dir, "reports"), SignerFile: signer, InForce: func() (*evidence.Configuration, []evidence.Known, error) { return nil, nil, nil }})
	t.Cleanup(p.Close)
	s := consoletest.New(t, p.Page())
	run := func(form url.Values) (body string) {
		if status, body := s.Post(t, "/evidence", form); status != http.StatusSeeOther {
			t.Fatal(status, body)
		}
		veiltest.Until(t, "it is made", func() bool {
			_, body = s.Get(t, "/evidence")
			return !strings.Contains(body, "<progress")
		})
		return body
	}
	body := run(url.Values{"from": {"2026-11-01"}, "to": {"2026-12-01"}})
	name := regexp.MustCompile(`/evidence/file/(evidence-[^"]+\.json)`).FindStringSubmatch(body)
	if name == nil {
		t.Fatal(body)
	}
	status, file := s.Get(t, "/evidence/file/"+name[1])
	if status != http.StatusOK || !strings.Contains(file, `"records": 100`) {
		t.Fatal(status)
	}
	if body := upload(t, s, file); !strings.Contains(body, "and unchanged") {
		t.Error(body)
	}
	if body := upload(t, s, strings.Replace(file, `"records": 100`, `"records": 101`, 1)); !strings.Contains(body, "The report was changed") {
		t.Error(body)
	}
	if body := run(url.Values{"from": {"2020-11-01"}, "to": {"2020-12-01"}}); !strings.Contains(body, "No report was created: the log has no record between") {
		t.Error(body)
	}
	for _, bad := range []url.Values{{"from": {"x"}}, {"from": {"2026-12-01"}, "to": {"2026-11-01"}}, {"from": {"1900-01-01"}}} {
		if status, _ := s.Post(t, "/evidence", bad); status != http.StatusUnprocessableEntity {
			t.Errorf("%v: %d", bad, status)
		}
	}
	for _, path := range []string{"/evidence/file/signer", "/evidence/file/..%2fsigner", "/evidence/file/evidence-20200101T000000Z.json"} {
		if status, body := s.Get(t, path); status != http.StatusNotFound || strings.Contains(body, "PRIVATE") {
			t.Errorf("%s: %d", path, status)
		}
	}
	if body := upload(t, s, file, signer+".pub"); !strings.Contains(body, "Enter the verifier key") {
		t.Error("the name of a file is taken as a key")
	}
	if body := upload(t, s, ""); !strings.Contains(body, "Choose a report") {
		t.Error(body)
	}
}

// upload verifies a file.
func upload(t *testing.T, s *consoletest.Site, file string, key ...string) string {
	t.Helper()
	var b bytes.Buffer
	form := multipart.NewWriter(&b)
	part, err := form.CreateFormFile("report", "evidence.json")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := part.Write([]byte(file)); err != nil {
		t.Fatal(err)
	}
	for _, k := range key {
		if err := form.WriteField("key", k); err != nil {
			t.Fatal(err)
		}
	}
	if err := form.WriteField(console.TokenField, s.Token(t)); err != nil {
		t.Fatal(err)
	}
	if err := form.Close(); err != nil {
		t.Fatal(err)
	}
	r := s.Form(t, "/evidence/verify", nil)
	again, err := http.NewRequestWithContext(t.Context(), http.MethodPost, r.URL.String(), &b)
	if err != nil {
		t.Fatal(err)
	}
	again.Header = r.Header
	again.Header.Set("Content-Type", form.FormDataContentType())
	_, body, _ := s.Do(t, again)
	return body
}
