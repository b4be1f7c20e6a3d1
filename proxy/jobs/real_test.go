package jobs

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestRealSchemathesis: schemathesis, from PyPI, makes requests of the document that is
// served, good ones and bad ones, and finds nothing that the document does not say.
func TestRealSchemathesis(t *testing.T) {
	if os.Getenv("VEIL_TEST_ALL") == "" {
		t.Skip("set VEIL_TEST_ALL=1 to run schemathesis")
	}
	python, err := exec.Command("../../testdata/clients/venv", "testdata/requirements.txt").Output()
	if err != nil {
		t.Fatal(err)
	}
	s := newSite(t)
	s.write("a.csv", "id,x\nPLANTEDONE,1\n")
	s.until(s.call("POST", "/jobs", order).job(t).ID)
	c := exec.CommandContext(t.Context(), filepath.Join(filepath.Dir(strings.TrimSpace(string(python))), "schemathesis"),
		"run", s.url+"/openapi.json", "--header", "X-API-Key: "+s.key, "--checks", "all", "--max-examples", "15", "--seed", "1", "--phases", "examples,coverage,fuzzing,stateful")
	c.Dir = t.TempDir()
	out, err := c.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	t.Logf("%s", out)
	if strings.Contains(s.log.String(), "fault of Veil") || strings.Contains(s.log.String(), "level=ERROR") {
		t.Error(s.log)
	}
}
