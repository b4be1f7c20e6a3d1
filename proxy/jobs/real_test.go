package jobs

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"github.com/veil-proxy/veil/internal/veiltest"
)

// TestRealSchemathesis: schemathesis, from PyPI, makes requests of the document that is
// served, good ones and bad ones, and finds nothing that the document does not say.
func TestRealSchemathesis(t *testing.T) {
	if os.Getenv("VEIL_TEST_ALL") == "" {
		t.Skip("set VEIL_TEST_ALL=1 to run schemathesis")
	}
	python := veiltest.Python(t, "testdata/requirements.txt")
	s := newSite(t)
	s.write("a.csv", "id,x\nPLANTEDONE,1\n")
	s.until(s.call("POST", "/jobs", order).job(t).ID)
	config, err := filepath.Abs("testdata/schemathesis.toml")
	if err != nil {
		t.Fatal(err)
	}
	c := veiltest.Command(t, veiltest.Works, filepath.Join(filepath.Dir(python), "schemathesis"),
		"--config-file", config, "run", s.url+"/openapi.json", "--header", "X-API-Key: "+s.key, "--checks", "all", "--max-examples", "30", "--seed", "1", "--phases", "examples,coverage,fuzzing,stateful")
	c.Dir = t.TempDir()
	out, err := c.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	t.Logf("%s", out)
	if strings.Contains(s.log.String(), "internal error") || strings.Contains(s.log.String(), "level=ERROR") {
		t.Error(s.log)
	}
}

// TestRealPipelines runs what the docs have for pipelines: the script and the functions of
// the DAG against the API; actionlint reads the workflow.
func TestRealPipelines(t *testing.T) {
	if os.Getenv("VEIL_TEST_ALL") == "" {
		t.Skip("set VEIL_TEST_ALL=1 to run the pipelines of the docs")
	}
	docs, err := filepath.Abs("../../docs/pipelines")
	if err != nil {
		t.Fatal(err)
	}
	s := newSite(t)
	s.write("2026-11-30/a.csv", "id,x\nPLANTEDONE,1\n")
	run := func(name string, args ...string) (string, error) {
		c := veiltest.Command(t, veiltest.Works, name, args...)
		c.Dir = t.TempDir()
		c.Env = append(os.Environ(), "VEIL="+s.url, "VEIL_KEY="+s.key, "VEIL_POLL=0.1", "PYTHONPATH="+docs, "PYTHONDONTWRITEBYTECODE=1")
		out, err := c.CombinedOutput()
		return string(out), err
	}
	if out, err := run(filepath.Join(docs, "mask.sh"), "research", "exports", "2026-11-30", "masked", "script", "nightly-1"); err != nil || !strings.Contains(out, `"files": 1`) {
		t.Errorf("%v\n%s", err, out)
	}
	if out, err := run(filepath.Join(docs, "mask.sh"), "research", "exports", "none", "masked", "script", "nightly-2"); err == nil || !strings.Contains(out, "there is no such file or folder") {
		t.Errorf("%v\n%s", err, out)
	}
	dag := "import airflow_dag as d\nid = d.mask_day('2026-11-30')\nassert d.mask_day('2026-11-30') == id\nprint(d.keep_record(id)['status'])"
	if out, err := run("python3", "-c", dag); err != nil || strings.TrimSpace(out) != "complete" {
		t.Errorf("%v\n%s", err, out)
	}
	if files := s.files("out"); len(files) != 2 || len(files["2026-11-30/a.csv"]) == 0 {
		t.Errorf("%q", files)
	}
	if out, err := veiltest.Command(t, veiltest.Installs, "go", "run", "github.com/rhysd/actionlint/cmd/actionlint@v1.7.12", "-shellcheck=", "-pyflakes=", filepath.Join(docs, "github.yml")).CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	text, err := os.ReadFile(filepath.Join(docs, "gitlab.yml"))
	if err != nil {
		t.Fatal(err)
	}
	var pipeline struct {
		Stages []string
		Mask   struct {
			Stage  string
			Script []string
		}
	}
	if err := yaml.Unmarshal(text, &pipeline); err != nil || len(pipeline.Mask.Script) != 2 || pipeline.Mask.Stage != pipeline.Stages[0] {
		out, _ := json.Marshal(pipeline)
		t.Errorf("%v %s", err, out)
	}
}
