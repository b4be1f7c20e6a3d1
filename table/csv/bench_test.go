//go:build unix

package csv_test

import (
	"bufio"
	stdcsv "encoding/csv"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/veil-proxy/veil/file"
	"github.com/veil-proxy/veil/internal/veiltest"
	"github.com/veil-proxy/veil/table/csv"
)

// benchRules keys three of ten columns.
const benchRules = `
veil: 1
name: bench
referenceDate: 2025-06-30
tables:
  rules:
    - {id: keyed, match: [{column: patient_id}, {column: mrn}, {column: name}], method: pseudonym}
    - {id: facts, match: {column: "*"}, method: keep}
`

// benchFile writes rows of ten columns, of which those that are keyed have so many
// different values.
func benchFile(b *testing.B, rows, distinct int) (path string, size int64) {
	b.Helper()
	path = filepath.Join(b.TempDir(), "visits.csv")
	f, err := os.Create(path)
	if err != nil {
		b.Fatal(err)
	}
	w := bufio.NewWriterSize(f, 1<<20)
	fmt.Fprintln(w, "visit_id,patient_id,mrn,name,sex,admitted,ward,code,description,amount")
	r := rand.New(rand.NewPCG(1, 2))
	for i := range rows {
		p := i
		if distinct > 0 {
			p = r.IntN(distinct)
		}
		fmt.Fprintf(w, "%d,%08x-5f2c-4d6e-9a0b-%012x,MRN%08d,\"Lastname%d, First%d\",%c,2024-%02d-%02dT%02d:30:00,ward %d,I%02d.%d,Essential hypertension and other things,%d.%02d\n",
			1000000+i, p, p*7, p, p, p%977, "fm"[i%2], 1+i%12, 1+i%28, i%24, i%40, i%100, i%10, r.IntN(9000), r.IntN(100))
	}
	if err := errors.Join(w.Flush(), f.Close()); err != nil {
		b.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil {
		b.Fatal(err)
	}
	return path, info.Size()
}

// BenchmarkCSV compares masking of a file on one core with a copy by encoding/csv, and
// with a Python script that does the same with the csv module. Figures are of CPU time.
func BenchmarkCSV(b *testing.B) {
	const rows = 300_000
	for _, data := range []struct {
		name     string
		distinct int
	}{{"distinct", 0}, {"repeated", 1000}} {
		path, size := benchFile(b, rows, data.distinct)
		speed := map[string]float64{}
		measure := func(name string, work func(b *testing.B) time.Duration) {
			b.Run(data.name+"/"+name, func(b *testing.B) {
				var spent time.Duration
				for range b.N {
					spent += work(b)
				}
				speed[name] = float64(size) * float64(b.N) / 1e6 / spent.Seconds()
				b.ReportMetric(speed[name], "MB/s-cpu")
				b.ReportMetric(rows*float64(b.N)/spent.Seconds(), "rows/s")
				for other, s := range speed {
					if other != name && name == "veil" {
						b.ReportMetric(speed[name]/s, "x-"+other)
					}
				}
			})
		}
		measure("encoding-csv", func(b *testing.B) time.Duration {
			before := veiltest.CPU(b)
			copyCSV(b, path)
			return veiltest.CPU(b) - before
		})
		measure("python", func(b *testing.B) time.Duration {
			c := exec.Command("python3", "testdata/mask.py", path, os.DevNull, "1,2,3")
			if out, err := c.CombinedOutput(); err != nil {
				b.Fatalf("%v\n%s", err, out)
			}
			return c.ProcessState.UserTime() + c.ProcessState.SystemTime()
		})
		measure("veil", func(b *testing.B) time.Duration {
			before := veiltest.CPU(b)
			maskFile(b, path, rows)
			return veiltest.CPU(b) - before
		})
	}
}

// copyCSV reads and writes a file with encoding/csv.
func copyCSV(b *testing.B, path string) {
	f, err := os.Open(path)
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		b.Fatal(err)
	}
	defer null.Close()
	r, w := stdcsv.NewReader(bufio.NewReaderSize(f, 256<<10)), stdcsv.NewWriter(null)
	r.ReuseRecord = true
	for {
		record, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err == nil {
			err = w.Write(record)
		}
		if err != nil {
			b.Fatal(err)
		}
	}
	w.Flush()
}

// maskFile masks a file as the command does, with one worker.
func maskFile(b *testing.B, path string, rows uint64) {
	c := csv.Config{Rules: parseRules(b, benchRules)}
	c.Table = c.Rules.OfFile
	f, err := csv.New(c)
	if err != nil {
		b.Fatal(err)
	}
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		b.Fatal(err)
	}
	defer null.Close()
	policy := c.Rules.Policy()
	job := &file.Job{
		Inputs: []string{path}, Stdout: null, Workers: 1, Formats: []file.Format{f}, Plan: policy.NewPlan(), Keys: policy.Keys,
		Report: func(p file.Problem) { b.Error(p) },
	}
	if counts, err := job.Run(b.Context()); err != nil || counts.Masked != rows {
		b.Fatal(counts, err)
	}
}
