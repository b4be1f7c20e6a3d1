package deploy

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/veil-proxy/veil/internal/veiltest"
)

// TestRealDockerfile has hadolint, from PyPI, read the Dockerfile.
func TestRealDockerfile(t *testing.T) {
	if os.Getenv("VEIL_TEST_ALL") != "1" {
		t.Skip("set VEIL_TEST_ALL=1 to run it with hadolint")
	}
	hadolint := filepath.Join(filepath.Dir(veiltest.Python(t, "testdata/requirements.txt")), "hadolint")
	if out, err := veiltest.Command(t, veiltest.Works, hadolint, "../Dockerfile").CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("%v\n%s", err, out)
	}
}

// TestRealSBOM makes the list of what the binary consists of as the Makefile does, by the tool
// that the Dockerfile has. It has each module that Go wrote into the binary, and no other.
func TestRealSBOM(t *testing.T) {
	if os.Getenv("VEIL_TEST_ALL") != "1" {
		t.Skip("set VEIL_TEST_ALL=1 to make it")
	}
	tool := regexp.MustCompile(`github\.com/CycloneDX/\S+@\S+`)
	if of, in := tool.FindString(read(t, "../Makefile")), tool.FindString(read(t, "../Dockerfile")); of == "" || of != in {
		t.Errorf("the Makefile has %s, and the Dockerfile %s", of, in)
	}
	dir := t.TempDir()
	binary, file := filepath.Join(dir, "veil"), filepath.Join(dir, "sbom.json")
	build := veiltest.Command(t, veiltest.Works, "go", "build", "-trimpath", "-o", binary, "../cmd/veil")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	run(t, "", tool.FindString(read(t, "../Makefile")), "bin", "-json", "-output", file, binary)
	var list struct {
		BOMFormat  string
		Components []struct{ Name, Version, PURL string }
	}
	if err := json.Unmarshal([]byte(read(t, file)), &list); err != nil || list.BOMFormat != "CycloneDX" {
		t.Fatal(err, list.BOMFormat)
	}
	listed := map[string]bool{}
	for _, c := range list.Components {
		listed[c.Name+"@"+c.Version] = true
	}
	out, err := veiltest.Command(t, veiltest.Works, "go", "version", "-m", binary).Output()
	if err != nil {
		t.Fatal(err)
	}
	modules := regexp.MustCompile(`(?m)^\tdep\t(\S+)\t(\S+)`).FindAllStringSubmatch(string(out), -1)
	for _, m := range modules {
		if name := m[1] + "@" + m[2]; !listed[name] {
			t.Errorf("%s is in the binary and not in the list", name)
		}
	}
	if n := len(modules); n < 20 || len(listed) < n || len(listed) > n+1 { // Go's own library may be listed
		t.Errorf("%d modules, and %d are listed", n, len(listed))
	}
}
