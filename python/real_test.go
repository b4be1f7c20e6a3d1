// Package python holds the Python package veil-spark in a test: its types are checked, it
// is installed as a user would, and its tests run with Spark and the other libraries.
package python

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/veil-proxy/veil/internal/veiltest"
)

// patience is how long a step may take, what it fetches at first included.
const patience = 15 * time.Minute

// TestRealSpark installs the package and runs its tests: with Spark on two workers, of
// which one is killed, and with pyarrow, pandas, Polars and DuckDB.
func TestRealSpark(t *testing.T) {
	if os.Getenv("VEIL_TEST_ALL") != "1" {
		t.Skip("set VEIL_TEST_ALL=1 to run Spark")
	}
	dir := t.TempDir()
	veil := filepath.Join(dir, "veil")
	run(t, nil, "go", "build", "-o", veil, "../cmd/veil")
	python := run(t, nil, "../testdata/clients/venv", "tests/requirements.txt")

	// Building a package writes beside its source.
	source, site := filepath.Join(dir, "source"), filepath.Join(dir, "site")
	for _, part := range []string{"veil_spark", "tests"} {
		if err := os.CopyFS(filepath.Join(source, part), os.DirFS(part)); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"pyproject.toml", "README.md"} {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(source, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	run(t, nil, python, "-m", "pip", "install", "-q", "--no-deps", "--no-build-isolation", "--disable-pip-version-check", "--target", site, source)
	if _, err := os.Stat(filepath.Join(site, "veil_spark", "py.typed")); err != nil {
		t.Error("the package is not installed with its types: ", err)
	}
	run(t, nil, python, "-m", "mypy", "--strict", "--config-file", filepath.Join(source, "pyproject.toml"), "--cache-dir", filepath.Join(dir, "mypy"), filepath.Join(source, "veil_spark"))

	env := append(os.Environ(), "VEIL_BINARY="+veil, "PYTHONPATH="+site, "PYTHONDONTWRITEBYTECODE=1")
	out := run(t, env, python, "-m", "pytest", "-q", "-s", "-p", "no:cacheprovider", "-W", "ignore", "--basetemp", filepath.Join(dir, "pytest"), filepath.Join(source, "tests"))
	for line := range strings.Lines(out) {
		if strings.Contains(line, "ratio") || strings.Contains(line, "passed") {
			t.Log(strings.TrimSpace(line))
		}
	}
	if !strings.Contains(out, "passed") || strings.Contains(out, "skipped") {
		t.Error("tests were skipped")
	}
}

// run runs a command and returns what it printed.
func run(t *testing.T, env []string, name string, args ...string) string {
	t.Helper()
	cmd := veiltest.Command(t, patience, name, args...)
	cmd.Env = env
	var errors strings.Builder
	cmd.Stderr = &errors
	out, err := cmd.Output()
	if err != nil {
		text := string(out) + errors.String()
		t.Fatalf("%s: %v\n%s", name, err, text[max(0, len(text)-6000):])
	}
	return strings.TrimSpace(string(out))
}
