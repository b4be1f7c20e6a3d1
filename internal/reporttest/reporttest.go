// Package reporttest supports tests of reports: it has generated files, and the figures
// that Python libraries compute from them.
package reporttest

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/veil-proxy/veil/internal/veiltest"
)

// Python runs a script of report/testdata with the libraries of its requirements, and
// reads what it prints as JSON. Without VEIL_TEST_ALL the test is skipped.
func Python(t *testing.T, into any, script string, args ...string) {
	t.Helper()
	if os.Getenv("VEIL_TEST_ALL") != "1" {
		t.Skip("set VEIL_TEST_ALL=1 to compare with libraries of Python")
	}
	const dir = "../testdata/"
	python := veiltest.Python(t, dir+"requirements.txt")
	cmd := veiltest.Command(t, veiltest.Works, python, append([]string{dir + script}, args...)...)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s", script, err, stderr.String())
	}
	if err := json.Unmarshal(out, into); err != nil {
		t.Fatalf("%s: %v\n%s", script, err, out)
	}
}

// Marker is in each text of the originals that Visits writes, and in no masked text.
const Marker = "zzmarkerquux"

// Visits writes a CSV file of visits, and one as masking could make it: with ids
// replaced, dates truncated to years, ages capped, and some values removed.
func Visits(t *testing.T, rows int) (original, masked string) {
	t.Helper()
	r := rand.New(rand.NewPCG(7, 11)) //nolint:gosec // test data
	var a, b strings.Builder
	const header = "patient_id,sex,ward,born,admitted,discharged,age,creatinine,huge,negative,gone,constant,unicode\n"
	a.WriteString(header)
	b.WriteString(header)
	for i := range rows {
		born := time.Date(1890, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, r.IntN(45000))
		in := time.Date(2015, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, r.IntN(3000))
		out := in.AddDate(0, 0, int(4*r.ExpFloat64()))
		age := int(in.Sub(born).Hours() / 24 / 365.25)
		capped := fmt.Sprint(age)
		if age > 89 {
			capped = "90"
		}
		creatinine := fmt.Sprintf("%.2f", 0.6+float64(age)/100+0.3*r.Float64())
		if r.IntN(10) == 0 {
			creatinine = ""
		}
		sex, ward := []string{"F", "M"}[r.IntN(2)], []string{"A", "A", "A", "B", "B", "C", "Łódź", "\"x, y\""}[r.IntN(8)]
		huge := "90071992547409" + fmt.Sprint(10+r.IntN(90), r.IntN(10))
		huge = strings.ReplaceAll(huge, " ", "")
		negative := fmt.Sprintf("%.3e", -1000*r.NormFloat64())
		unicode := []string{"é", "e\u0301", "日本", "𝒳"}[r.IntN(4)]
		id := i / 3
		fmt.Fprintf(&a, "P%s%05d,%s,%s,%s,%s,%s,%d,%s,%s,%s,%s,%s,%s\n", Marker, id, sex, ward, born.Format(time.DateOnly), in.Format(time.DateOnly), out.Format(time.DateOnly), age, creatinine, huge, negative, Marker, "7", unicode)
		fmt.Fprintf(&b, "q%07x,%s,%s,%d,%d,%d,%s,%s,%s,%s,%s,%s,%s\n", id*2654435761%0xfffffff, sex, ward, born.Year(), in.Year(), out.Year(), capped, creatinine, huge, negative, "", "7", unicode)
	}
	dir := t.TempDir()
	original, masked = filepath.Join(dir, "visits.csv"), filepath.Join(dir, "masked.csv")
	for path, text := range map[string]string{original: a.String(), masked: b.String()} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return original, masked
}
