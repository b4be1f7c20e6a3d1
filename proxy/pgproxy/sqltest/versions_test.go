package sqltest

import (
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/veil-proxy/veil/internal/pgtest"
	"github.com/veil-proxy/veil/internal/veiltest"
)

// versions are the major versions of PostgreSQL that Veil is tested with.
var versions = []int{15, 16, 17, 18}

// onEachVersion are the tests that run over each of them.
var onEachVersion = []string{
	"TestAttacks", "TestLegitimateQueries", "TestCorporaRunOnTheCopy", "TestWarehouse", "TestOrderTellsNothing", "TestPlacesTellNothing",
	"TestPagesFitTogether", "TestFloatSumsTellNoOrder", "TestExtremesRaiseNothing", "TestRandomQueries",
}

// TestRealPostgresVersions runs the corpora, the tests of order and random queries over
// real servers of each version but the one that the other tests run over, side by side.
func TestRealPostgresVersions(t *testing.T) {
	if os.Getenv("VEIL_TEST_ALL") != "1" {
		t.Skip("set VEIL_TEST_ALL=1 to fetch and start other versions of PostgreSQL")
	}
	if os.Getenv(pgtest.BinariesVariable) != "" {
		t.Skip("this is the run over one version")
	}
	own := pgtest.Start(t).Major
	for i, version := range versions {
		t.Run(strconv.Itoa(version), func(t *testing.T) {
			if version == own {
				t.Skip("all other tests run over it")
			}
			t.Parallel()
			script := veiltest.Command(t, veiltest.Installs, veiltest.Testdata(t, "clients", "postgres", "run"), strconv.Itoa(version))
			script.Stderr = os.Stderr
			out, err := script.Output()
			if err != nil {
				t.Fatalf("PostgreSQL %d: %v", version, err)
			}
			bin := strings.TrimSpace(string(out))
			if got, err := pgtest.VersionOf(bin); err != nil || got != version {
				t.Fatalf("%s has PostgreSQL %d (%v), want %d", bin, got, err, version)
			}
			cmd := exec.Command(os.Args[0], "-test.run=^("+strings.Join(onEachVersion, "|")+")$", "-test.v", "-test.timeout=20m")
			cmd.Env = append(os.Environ(), pgtest.BinariesVariable+"="+bin, "VEIL_TEST_ALL=", "VEIL_QUERIES=1000", fmt.Sprintf("VEIL_SEED=%d", 1_000_000*(i+1)))
			said, err := cmd.CombinedOutput()
			passed := map[string]bool{}
			for _, m := range regexp.MustCompile(`(?m)^--- PASS: (\w+) `).FindAllSubmatch(said, -1) {
				passed[string(m[1])] = true
			}
			for _, name := range onEachVersion {
				if !passed[name] {
					t.Errorf("%s did not pass", name)
				}
			}
			if err != nil {
				t.Errorf("%v\n%s", err, failedParts(string(said)))
			}
		})
	}
}

// failedParts is what failing tests said, without the rest.
func failedParts(said string) string {
	var out, part strings.Builder
	for _, line := range strings.Split(said, "\n") {
		switch {
		case strings.HasPrefix(line, "=== "):
			part.Reset()
		case strings.Contains(line, "--- FAIL") || strings.Contains(line, "panic:"):
			out.WriteString(part.String())
			out.WriteString(line + "\n")
			part.Reset()
		case strings.Contains(line, "--- PASS"):
			part.Reset()
		default:
			part.WriteString(line + "\n")
		}
	}
	return tail(out.String() + part.String())
}
