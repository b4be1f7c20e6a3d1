package main

import (
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/veil-proxy/veil/internal/veiltest"
)

// utilityTolerance is by how much an AUC of the notebook may differ from the one in the
// docs: keys differ from run to run, and with them the shifts of dates.
const utilityTolerance = 0.02

// TestRealUtilityNotebook runs the notebook that trains models on originals and on masked
// views, and compares what it prints with the table in the docs.
func TestRealUtilityNotebook(t *testing.T) {
	if os.Getenv("VEIL_TEST_ALL") != "1" {
		t.Skip("set VEIL_TEST_ALL=1 to run the notebook")
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	veil := filepath.Join(dir, "veil") // by this name the test is the command
	if err := os.Symlink(self, veil); err != nil {
		t.Fatal(err)
	}
	python := veiltest.Python(t, "../../report/testdata/requirements.txt")
	cmd := veiltest.Command(t, veiltest.Works, python, "../../report/testdata/notebook.py", "../../docs/notebooks/utility.ipynb", filepath.Join(dir, "out.ipynb"))
	cmd.Env = append(os.Environ(), "VEIL="+veil, "TMPDIR="+dir)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, stderr.String())
	}
	docs, err := os.ReadFile("../../docs/fidelity.md")
	if err != nil {
		t.Fatal(err)
	}
	found, stated := utilityRows(string(out)), utilityRows(string(docs))
	if len(stated) != 4 || len(found) != len(stated) {
		t.Fatalf("%d rows in the docs, %d of the notebook:\n%s", len(stated), len(found), out)
	}
	for view, want := range stated {
		for i, auc := range found[view] {
			if math.Abs(auc-want[i]) > utilityTolerance {
				t.Errorf("%s: AUC %.3f, and the docs say %.3f", view, auc, want[i])
			}
		}
	}
	if lost := found["originals"][0] - found["safe-harbor"][0]; lost < 0.02 {
		t.Errorf("safe-harbor loses %.3f of AUC: dates of days should count for more", lost)
	}
}

// utilityRows reads the table of AUCs: by view, those of two models.
func utilityRows(text string) map[string][2]float64 {
	rows := map[string][2]float64{}
	for _, m := range regexp.MustCompile("(?m)^\\| `?([a-z-]+)`? \\| (0\\.\\d+) \\| (0\\.\\d+) \\|").FindAllStringSubmatch(text, -1) {
		a, _ := strconv.ParseFloat(m[2], 64)
		b, _ := strconv.ParseFloat(m[3], 64)
		rows[m[1]] = [2]float64{a, b}
	}
	return rows
}
