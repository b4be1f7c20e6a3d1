package csv_test

import (
	"bytes"
	stdcsv "encoding/csv"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/veil-proxy/veil/file"
	"github.com/veil-proxy/veil/internal/lanestest"
	"github.com/veil-proxy/veil/table/csv"
)

// lanesRules are the rules of lanestest.
func lanesRules(t testing.TB) csv.Config {
	c := csv.Config{Rules: parseRules(t, "veil: 1\nname: lanes\nreferenceDate: 2025-06-30\ntables:\n  rules: ["+lanestest.Rules+"]\n"), Header: csv.HeaderPresent}
	c.Table = c.Rules.OfFile
	return c
}

// maskText masks a text as the command does. Reports of bad rows belong to what it returns.
func maskText(t testing.TB, c csv.Config, text string) string {
	dir := t.TempDir()
	path := filepath.Join(dir, "lanes.csv")
	f, err := csv.New(c)
	if err == nil {
		err = os.WriteFile(path, []byte(text), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	var reports strings.Builder
	policy := c.Rules.Policy()
	job := &file.Job{
		Inputs: []string{path}, Stdout: &out, Workers: 1, Formats: []file.Format{f}, Plan: policy.NewPlan(), Keys: policy.Keys,
		Report: func(p file.Problem) { reports.WriteString(strings.ReplaceAll(p.Error(), dir, "") + "\n") },
	}
	if _, err := job.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	return out.String() + reports.String()
}

// lanesText is rows as CSV.
func lanesText(rows [][]string) string {
	var b bytes.Buffer
	w := stdcsv.NewWriter(&b)
	_ = w.Write(lanestest.Columns)
	for _, row := range rows {
		out := make([]string, len(row))
		for i, v := range row {
			if v != lanestest.Null {
				out[i] = v
			}
		}
		_ = w.Write(out)
	}
	w.Flush()
	return b.String()
}

// FuzzBatches holds that rows are masked in batches as one by one, whatever they are.
func FuzzBatches(f *testing.F) {
	for seed := range uint64(4) {
		f.Add(seed, uint16(seed*97), []byte(nil))
	}
	f.Add(uint64(9), uint16(300), []byte("a,\"b\n,,\xff\n\n\"x\"y,\n"))
	f.Fuzz(func(t *testing.T, seed uint64, n uint16, damage []byte) {
		rows := int(n % 400)
		text := lanesText(lanestest.Rows(seed, rows))
		if len(damage) > 0 { // somewhere in the middle
			at := len(lanestest.Columns) + int(seed%uint64(len(text)))
			text = text[:min(at, len(text))] + string(damage) + text[min(at, len(text)):]
			rows = 0
		}
		c := lanesRules(t)
		lanestest.Alike(t, rows, func() string { return maskText(t, c, text) })
	})
}
