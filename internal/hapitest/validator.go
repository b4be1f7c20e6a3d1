package hapitest

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"github.com/veil-proxy/veil/internal/veiltest"
)

// Invalidity is an error that HAPI's validator finds in a resource: the id of its
// message, its place in the resource and its text.
type Invalidity struct{ ID, Place, Text string }

// Validate returns the errors that HAPI's validator finds in each resource, in the order
// of the resources. A resource is one line. The test fails in CI, and is skipped elsewhere,
// without the programs that the validator needs.
func Validate(t testing.TB, resources [][]byte) [][]Invalidity {
	t.Helper()
	for _, tool := range []string{"bash", "java", "mvn"} {
		if _, err := exec.LookPath(tool); err != nil {
			if os.Getenv("CI") == "true" {
				t.Fatalf("no validator: %s is not on the PATH", tool)
			}
			t.Skipf("no validator: %s is not on the PATH", tool)
		}
	}
	script, err := findScript("validator")
	if err != nil {
		t.Fatal(err)
	}
	cmd := veiltest.Command(t, veiltest.Installs, script)
	cmd.Stdin = bytes.NewReader(bytes.Join(resources, []byte("\n")))
	out, err := cmd.Output()
	if err != nil {
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			t.Fatalf("validator: %v\n%s", err, exit.Stderr)
		}
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	if n := lines[len(lines)-1]; n != strconv.Itoa(len(resources)) {
		t.Fatalf("validator: read %q resources of %d", n, len(resources))
	}
	found := make([][]Invalidity, len(resources))
	for _, line := range lines[:len(lines)-1] {
		f := strings.SplitN(line, "\t", 4)
		n, err := strconv.Atoi(f[0])
		if err != nil || len(f) != 4 {
			t.Fatalf("validator: %q is no error", line)
		}
		found[n-1] = append(found[n-1], Invalidity{f[1], f[2], f[3]})
	}
	return found
}
