package clienttest

import (
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/veil-proxy/veil/internal/fhirtest"
	"github.com/veil-proxy/veil/internal/hapitest"
	"github.com/veil-proxy/veil/internal/veiltest"
)

const (
	patients = 20
	seed     = 1
	// minText is the length from which a planted value means something to a
	// client, which looks for it as a plain substring. The recorder knows
	// better, and looks for shorter ones too.
	minText = 8
)

// durations can have the digits of a postal code by chance.
var durations = regexp.MustCompile(`duration\w*"?[=:]\d+`)

// clients are those of testdata/clients, and what each needs.
var clients = []struct {
	name  string
	tools []string
}{
	{"fhirclient", []string{"python3"}},
	{"fhirpy", []string{"python3"}},
	{"pyrate", []string{"python3"}},
	{"notebook", []string{"python3"}},
	{"fhir-kit-client", []string{"node", "npm"}},
	{"hapi-client", []string{"java", "mvn"}},
}

// walk runs a client with an API key, and returns the last of what it printed.
func walk(t *testing.T, name, base, facts, key string) (string, error) {
	t.Helper()
	cmd := veiltest.Command(t, veiltest.Installs, "../../../testdata/clients/run", name, base, facts)
	cmd.Env = append(os.Environ(), "VEIL_TOKEN="+key)
	out, err := cmd.CombinedOutput()
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	return strings.Join(lines[max(0, len(lines)-20):], "\n"), err
}

// writeFacts writes what a client must find, and what not: of what is planted, the
// patients' own names, numbers, places and days. The recorder looks for all.
func writeFacts(t *testing.T, p *fhirtest.Population) string {
	t.Helper()
	facts := struct {
		Counts  map[string]int `json:"counts"`
		Planted []string       `json:"planted"`
	}{Counts: map[string]int{}}
	for _, r := range p.Resources() {
		facts.Counts[r.Type]++
	}
	seen := map[string]bool{}
	for _, v := range p.Planted() {
		if strings.HasPrefix(v.Path, "Patient.") && len(v.Value) >= minText && !flooredDate(v) && !seen[v.Value] {
			seen[v.Value] = true
			facts.Planted = append(facts.Planted, v.Value)
		}
	}
	text, err := json.Marshal(facts)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "facts.json")
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestRealClients walks through the listener with every client. Each must find all that
// there is, by each way the same, and nothing that was planted; and each must
// see that something was planted when it asks the HAPI server itself.
func TestRealClients(t *testing.T) {
	if os.Getenv("VEIL_TEST_ALL") != "1" {
		t.Skip("set VEIL_TEST_ALL=1 to run it with a HAPI FHIR server")
	}
	hapi := hapitest.Start(t)
	p := hapi.Load(t, patients, seed)
	facts := writeFacts(t, p)
	addr := veiltest.FreeAddress(t)
	r := record(t, addr, p)
	var names []string
	for _, c := range clients {
		names = append(names, c.name)
	}
	v := serve(t, addr, hapi.URL, r.URL, names)
	if resp, err := http.Get(r.URL + "/Patient"); err != nil || resp.Body.Close() != nil || resp.StatusCode != http.StatusUnauthorized {
		t.Fatalf("without a key: %v, %v", resp, err)
	}
	for _, c := range clients {
		t.Run(c.name, func(t *testing.T) {
			for _, tool := range c.tools {
				if _, err := exec.LookPath(tool); err != nil && os.Getenv("CI") != "true" {
					t.Skipf("%s is not on the PATH", tool)
				}
			}
			r.reset()
			said, err := walk(t, c.name, r.URL, facts, v.keys[c.name])
			if err != nil {
				t.Errorf("%v\n%s", err, said)
			}
			reported := map[string]bool{}
			for _, f := range r.found {
				if !reported[f.Path] {
					reported[f.Path] = true
					t.Errorf("received a planted %s of %s", f.Kind, f.Path)
				}
			}
			if err == nil {
				t.Logf("%s; %d bytes on the wire, answers by status %v", said, r.bytes, r.statuses)
			}
			if said, err := walk(t, c.name, hapi.URL, facts, v.keys[c.name]); err == nil || !strings.Contains(said, "planted value") {
				t.Errorf("the client does not see what is planted: %v\n%s", err, said)
			}
		})
	}
	v.stop(t, p)
}
