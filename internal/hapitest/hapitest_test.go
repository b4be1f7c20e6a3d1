package hapitest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/signal"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/veil-proxy/veil/internal/fhirtest"
)

// demoSeed is what veil demo makes its patients of.
const demoSeed = 1

// TestMain runs the tests, or is make hapi: with HAPI_PATIENTS=N it loads the
// demo's first N patients, prints where they are and holds the server until
// Ctrl-C.
func TestMain(m *testing.M) {
	text := os.Getenv("HAPI_PATIENTS")
	if text == "" {
		os.Exit(m.Run())
	}
	if err := hold(text); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func hold(text string) error {
	patients, err := strconv.Atoi(text)
	if err != nil || patients < 1 {
		return errors.New("HAPI_PATIENTS is not a number above 0")
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	s, err := shared()
	if err != nil {
		return err
	}
	if _, err := s.load(patients, demoSeed); err != nil {
		return err
	}
	fmt.Printf("HAPI FHIR, with the originals:  %s   (%d synthetic patients)\nCtrl-C stops it.\n", s.URL, patients)
	<-ctx.Done()
	return nil
}

// all skips a test that is not asked for: make test-all does.
func all(t *testing.T) {
	t.Helper()
	if os.Getenv("VEIL_TEST_ALL") != "1" {
		t.Skip("set VEIL_TEST_ALL=1 to run it with a HAPI FHIR server")
	}
}

func get(t *testing.T, url string, into any) {
	t.Helper()
	req, err := http.NewRequest(http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Accept", "application/fhir+json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("GET %s: status %s", url, resp.Status)
	}
	if err := json.NewDecoder(resp.Body).Decode(into); err != nil {
		t.Fatal(err)
	}
}

func TestRealLoad(t *testing.T) {
	all(t)
	s := Start(t)
	p := s.Load(t, 3, 41)
	count := map[string]int{}
	for _, r := range p.Resources() {
		count[r.Type]++
		var got struct{ ResourceType, ID string }
		get(t, s.URL+"/"+r.Type+"/"+r.ID, &got)
		if got.ResourceType != r.Type || got.ID != r.ID {
			t.Errorf("read of %s/%s: got %s/%s", r.Type, r.ID, got.ResourceType, got.ID)
		}
	}
	total := func(typ string) int {
		var got struct{ Total int }
		get(t, s.URL+"/"+typ+"?_summary=count", &got)
		return got.Total
	}
	before := map[string]int{}
	for typ, n := range count {
		if before[typ] = total(typ); before[typ] < n {
			t.Errorf("%s: the server counts %d, want at least %d", typ, before[typ], n)
		}
	}
	s.Load(t, 3, 41)
	for typ := range count {
		if n := total(typ); n != before[typ] {
			t.Errorf("%s: %d after the second load, want %d", typ, n, before[typ])
		}
	}
}

// TestRealTransaction holds that the server takes the transaction Bundles of
// fhirtest as they are.
func TestRealTransaction(t *testing.T) {
	all(t)
	s := Start(t)
	p := fhirtest.Generate(42, 2)
	for _, id := range p.PatientIDs() {
		if err := s.Transaction(p.PatientBundle(id, fhirtest.Transaction)); err != nil {
			t.Error(err)
		}
	}
	if err := s.Transaction([]byte(`{"resourceType":"Bundle","type":"transaction","entry":[{"resource":{"resourceType":"Patient"}}]}`)); err == nil {
		t.Error("a transaction without a request is taken")
	}
}

// TestRealExport holds that an export has all there is, in several files of a type:
// that is what a listener has to put together.
func TestRealExport(t *testing.T) {
	all(t)
	s := Start(t)
	s.Load(t, 10, 43)
	var counted struct{ Total int }
	get(t, s.URL+"/Observation?_summary=count", &counted)
	req, err := http.NewRequest(http.MethodGet, s.URL+"/$export?_type=Observation", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Prefer", "respond-async")
	kick, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	kick.Body.Close()
	if kick.StatusCode != http.StatusAccepted {
		t.Fatalf("kick-off: status %s", kick.Status)
	}
	var manifest struct{ Output []struct{ URL string } }
	for range 600 {
		status, err := http.Get(kick.Header.Get("Content-Location"))
		if err != nil {
			t.Fatal(err)
		}
		err = json.NewDecoder(status.Body).Decode(&manifest)
		status.Body.Close()
		if status.StatusCode == http.StatusOK {
			if err != nil {
				t.Fatal(err)
			}
			break
		}
		time.Sleep(500 * time.Millisecond)
	}
	lines := 0
	for _, file := range manifest.Output {
		req, err := http.NewRequest(http.MethodGet, file.URL, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Accept", "application/fhir+ndjson")
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil {
			t.Fatal(err)
		}
		lines += bytes.Count(text, []byte("\n"))
	}
	if lines != counted.Total || len(manifest.Output) < 2 {
		t.Errorf("%d resources in %d files, want %d in several", lines, len(manifest.Output), counted.Total)
	}
}
