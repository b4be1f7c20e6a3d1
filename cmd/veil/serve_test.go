package main

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/veil-proxy/veil/internal/fhirtest"
	"github.com/veil-proxy/veil/internal/veiltest"
	"github.com/veil-proxy/veil/mask/keys"
)

// background runs a command until the test ends it.
type background struct {
	cancel context.CancelFunc
	done   chan error
	out    *veiltest.Buffer
}

func start(t *testing.T, args ...string) *background {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	b := &background{cancel, make(chan error, 1), &veiltest.Buffer{}}
	root := newRoot(testApp(t))
	root.SetArgs(args)
	root.SetOut(b.out)
	root.SetErr(b.out)
	go func() { b.done <- root.ExecuteContext(ctx) }()
	t.Cleanup(cancel)
	return b
}

// until waits for the command to print something that matches.
func (b *background) until(t *testing.T, form string) []string {
	t.Helper()
	re := regexp.MustCompile(form)
	for deadline := time.Now().Add(veiltest.Patience); time.Now().Before(deadline); {
		if m := re.FindStringSubmatch(b.out.String()); m != nil {
			return m
		}
		select {
		case err := <-b.done:
			t.Fatalf("ended early: %v\n%s", err, b.out.String())
		case <-time.After(10 * time.Millisecond):
		}
	}
	t.Fatalf("never printed %s:\n%s", form, b.out.String())
	return nil
}

// stop ends the command and waits for it.
func (b *background) stop(t *testing.T) {
	t.Helper()
	b.cancel()
	select {
	case err := <-b.done:
		if err != nil {
			t.Errorf("ended with %v", err)
		}
	case <-time.After(veiltest.Patience):
		t.Error("does not end")
	}
}

func get(t *testing.T, url string) (int, string, http.Header) {
	t.Helper()
	resp, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(body), resp.Header
}

// TestServeAgreesWithMask: a patient read through the door and the same patient
// masked as a file are the same bytes.
func TestServeAgreesWithMask(t *testing.T) {
	p := fhirtest.Generate(1, 5)
	source, err := fhirtest.NewServer(p)
	if err != nil {
		t.Fatal(err)
	}
	defer source.Close()
	addr := veiltest.FreeAddress(t)
	key, auditDir := newKey(t), filepath.Join(t.TempDir(), "audit")
	b := start(t, "serve", "--fhir-upstream", source.URL, "--listen", addr, "--base-url", "http://"+addr+"/fhir", "--key-file", key, "--audit-dir", auditDir, "--allow-anonymous")
	b.until(t, "serving")

	secret, err := keys.ReadFile(key)
	if err != nil {
		t.Fatal(err)
	}
	keys, err := keys.NewKeyring(secret, "default")
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range p.PatientIDs() {
		_, original, _ := get(t, source.URL+"/Patient/"+id)
		pseudonym, _ := keys.NewPseudonymizer().AppendSealed(nil, keys.SealSlot("Patient"), []byte(id))
		status, through, h := get(t, "http://"+addr+"/fhir/Patient/"+string(pseudonym))
		if status != 200 || !strings.Contains(h.Get("X-Veil-Ruleset"), "sha256=") {
			t.Fatalf("status %d: %s", status, through)
		}
		file := veil(t, original, "mask", "--key-file", key, "--upstream-base", source.URL, "--base-url", "http://"+addr+"/fhir")
		if file.code != 0 || strings.TrimSuffix(file.stdout, "\n") != through {
			t.Errorf("as a file\n%s\nthrough the door\n%s", file.stdout, through)
		}
		r := veil(t, "", "audit", "show", auditDir, "--request-id", h.Get("X-Request-Id"), "--json")
		if strings.Count(r.stdout, "\n") != 1 || !strings.Contains(r.stdout, `"operation":"read Patient"`) {
			t.Errorf("the record of the request: %s%s", r.stdout, r.stderr)
		}
	}
	b.stop(t)
	if r := veil(t, "", "audit", "verify", auditDir); r.code != 0 {
		t.Error(r.stderr)
	}
	// Ports and durations can have the digits of a postal code by chance.
	numbers := regexp.MustCompile(`127\.0\.0\.1:\d+|duration\w*"?[=:]\d+`)
	for _, found := range p.Find(numbers.ReplaceAll([]byte(b.out.String()), nil)) {
		t.Errorf("the log shows a planted %s", found.Kind)
	}
	segments, err := filepath.Glob(filepath.Join(auditDir, "*.jsonl"))
	if err != nil || len(segments) == 0 {
		t.Fatal(segments, err)
	}
	for _, s := range segments {
		text, err := os.ReadFile(s)
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range p.Find(numbers.ReplaceAll(text, nil)) {
			if found.Kind != "date" {
				t.Errorf("the audit log shows a planted %s", found.Kind)
			}
		}
	}
}

// TestDemoShowsWhatItPromises pastes the five lines that the demo prints.
func TestDemoShowsWhatItPromises(t *testing.T) {
	b := start(t, "demo", "--patients", "20", "--listen", "127.0.0.1:0", "--source-listen", "127.0.0.1:0", "--postgres-listen", "127.0.0.1:0")
	b.until(t, "Ctrl-C")
	lines := regexp.MustCompile(`(?m)^  (.*)$`).FindAllStringSubmatch(b.out.String(), -1)
	if len(lines) < 5 {
		t.Fatalf("%d lines to try:\n%s", len(lines), b.out.String())
	}
	url := func(i int) string {
		return strings.Trim(strings.TrimPrefix(lines[i][1], "curl -s "), "'")
	}
	_, before, _ := get(t, url(0))
	var original struct{ Name []struct{ Family string } }
	if err := json.Unmarshal([]byte(before), &original); err != nil || len(original.Name) == 0 {
		t.Fatalf("%s, %v", before, err)
	}
	if status, after, _ := get(t, url(1)); status != 200 || strings.Contains(after, original.Name[0].Family) || !strings.Contains(after, `  "resourceType": "Patient"`) {
		t.Errorf("%d: %s", status, after)
	}
	if status, found, _ := get(t, url(2)); status != 200 || !strings.Contains(found, `"code": "8867-4"`) {
		t.Errorf("%d: %.300s", status, found)
	}
	if status, refused, _ := get(t, url(3)); status != 403 || !strings.Contains(refused, `family`) || !strings.Contains(refused, `names`) || strings.Contains(refused, "Smith") {
		t.Errorf("%d: %s", status, refused)
	}
	args := strings.Fields(lines[4][1])
	for i, a := range args {
		if a == "audit" {
			args = args[i:]
			break
		}
	}
	if r := veil(t, "", args...); r.code != 0 || !strings.Contains(r.stdout, "refused") {
		t.Errorf("%s%s", r.stdout, r.stderr)
	}
	dir := args[2]
	b.stop(t)
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Errorf("%s is left behind", dir)
	}
}
