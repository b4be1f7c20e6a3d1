// Package hapitest starts a real FHIR server for tests: HAPI FHIR's JPA server
// for R4, on a database in memory, with paging, $everything and $export.
//
// testdata/hapi/run builds and starts it, once per test process. It takes about 15
// seconds to start, and a few minutes more the first time on a machine. It needs java
// and mvn: if one is missing, the test is skipped, or fails in CI (if the variable CI
// is set). It uses the port in HAPI_PORT, or a free one.
//
//	func TestListenerOverHAPI(t *testing.T) {
//		hapi := hapitest.Start(t)
//		population := hapi.Load(t, 20, 1)
//		…
//	}
//
// The tests of a process share one server and everything that any of them loaded, so
// they should load populations with different seeds, or the same population.
package hapitest

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/veil-proxy/veil/internal/fhirtest"
)

const (
	// startTimeout is how long the server may take to start, build included.
	startTimeout = 4 * time.Minute
	// loadTimeout is how long one transaction may take.
	loadTimeout = 2 * time.Minute
	// logTail is how much of the server's log a failure to start shows.
	logTail = 16 << 10
)

// Server is a running HAPI FHIR server.
type Server struct {
	// URL is its base, such as "http://127.0.0.1:40123/fhir", without a slash
	// at its end.
	URL string

	// stdin is held open for as long as the process lives. The server reads
	// it, and ends when it ends: however the tests end, none outlives them.
	stdin   io.Closer
	log     *tail
	loading sync.Mutex
}

// errMissing is of a machine that lacks a tool.
var errMissing = errors.New("a tool is missing")

var shared = sync.OnceValues(start)

// Start returns the server of this test process. The first call starts it. The server
// ends with the process.
func Start(t testing.TB) *Server {
	t.Helper()
	s, err := shared()
	switch {
	case errors.Is(err, errMissing) && os.Getenv("CI") != "true":
		t.Skipf("no HAPI FHIR server: %v", err)
	case err != nil:
		t.Fatalf("HAPI FHIR server: %v", err)
	}
	return s
}

func start() (*Server, error) {
	for _, tool := range []string{"bash", "java", "mvn"} {
		if _, err := exec.LookPath(tool); err != nil {
			return nil, fmt.Errorf("%w: %s is not on the PATH", errMissing, tool)
		}
	}
	script, err := findScript("hapi")
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(script, cmp.Or(os.Getenv("HAPI_PORT"), "0"), "--stdin")
	s := &Server{log: &tail{}}
	cmd.Stderr = s.log
	if s.stdin, err = cmd.StdinPipe(); err != nil {
		return nil, err
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	line := make(chan string, 1)
	go func() {
		first, _ := bufio.NewReader(stdout).ReadString('\n')
		line <- strings.TrimSpace(first)
	}()
	select {
	case s.URL = <-line:
	case <-time.After(startTimeout):
	}
	if s.URL == "" {
		_ = cmd.Process.Signal(syscall.SIGTERM) // the script ends what it started
		_ = s.stdin.Close()
		return nil, fmt.Errorf("%s did not start within %v; its log ends:\n%s", script, startTimeout, s.log)
	}
	return s, nil
}

// findScript looks for the script run of a tool in testdata in the folders above this
// test's.
func findScript(tool string) (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		script := filepath.Join(dir, "testdata", tool, "run")
		if _, err := os.Stat(script); err == nil {
			return script, nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", fmt.Errorf("testdata/%s/run is in no folder above the test's", tool)
		}
		dir = parent
	}
}

// Load generates a population and puts it into the server, and returns it as
// it is there: with the same ids, and with references under the server's URL
// where the population has them absolute. Each patient's resources go in one
// transaction, and so do those that all share. To load a population again
// changes nothing.
func (s *Server) Load(t testing.TB, patients int, seed uint64) *fhirtest.Population {
	t.Helper()
	p, err := s.load(patients, seed)
	if err != nil {
		t.Fatalf("HAPI FHIR server: load of seed %d: %v", seed, err)
	}
	return p
}

func (s *Server) load(patients int, seed uint64) (*fhirtest.Population, error) {
	s.loading.Lock()
	defer s.loading.Unlock()
	p := fhirtest.Generate(seed, patients)
	var order []string
	members := map[string][]fhirtest.Resource{}
	for _, r := range p.Resources() {
		if len(members[r.Patient]) == 0 {
			order = append(order, r.Patient)
		}
		members[r.Patient] = append(members[r.Patient], r)
	}
	for _, patient := range order {
		if err := s.Transaction(s.putBundle(members[patient])); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// putBundle makes a transaction that puts resources under their own ids.
func (s *Server) putBundle(resources []fhirtest.Resource) []byte {
	b := []byte(`{"resourceType":"Bundle","type":"transaction","entry":[`)
	for i, r := range resources {
		if i > 0 {
			b = append(b, ',')
		}
		key := r.Type + "/" + r.ID
		b = fmt.Appendf(b, `{"fullUrl":"%s/%s","resource":`, s.URL, key)
		b = append(b, bytes.ReplaceAll(r.JSON, []byte(fhirtest.Base), []byte(s.URL))...)
		b = fmt.Appendf(b, `,"request":{"method":"PUT","url":"%s"}}`, key)
	}
	return append(b, "]}"...)
}

// Transaction sends a Bundle of type transaction and returns an error if the
// server does not take all of it.
func (s *Server) Transaction(bundle []byte) error {
	client := http.Client{Timeout: loadTimeout}
	resp, err := client.Post(s.URL, "application/fhir+json", bytes.NewReader(bundle))
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("transaction: status %s: %s", resp.Status, body)
	}
	var answer struct {
		Entry []struct{ Response struct{ Status string } }
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		return fmt.Errorf("transaction: %w", err)
	}
	for i, e := range answer.Entry {
		if !strings.HasPrefix(e.Response.Status, "2") {
			return fmt.Errorf("transaction: entry %d: status %s", i, e.Response.Status)
		}
	}
	return nil
}

// tail keeps the last of what is written to it.
type tail struct {
	mu sync.Mutex
	b  []byte
}

func (w *tail) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.b = append(w.b, p...)
	if len(w.b) > 2*logTail {
		w.b = append(w.b[:0], w.b[len(w.b)-logTail:]...)
	}
	return len(p), nil
}

func (w *tail) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return string(w.b[max(0, len(w.b)-logTail):])
}
