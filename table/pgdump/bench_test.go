//go:build unix

package pgdump_test

import (
	"bufio"
	"bytes"
	"crypto/hmac"
	"crypto/sha512"
	"fmt"
	"io"
	"strconv"
	"strings"
	"testing"

	"github.com/veil-proxy/veil/file"
	"github.com/veil-proxy/veil/internal/veiltest"
	"github.com/veil-proxy/veil/table/pgdump"
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

// benchDump is a dump of rows of ten columns, in which each keyed value is another.
func benchDump(rows int, inserts bool) []byte {
	var b bytes.Buffer
	b.WriteString(begin + `CREATE TABLE public.visits (
    visit_id bigint NOT NULL, patient_id uuid, mrn text, name character varying(80), sex text,
    admitted timestamp without time zone, ward text, code text, description text, amount numeric(10,2)
);
`)
	row, last, first := "%d\t%08x-5f2c-4d6e-9a0b-%012x\tMRN%08d\tLastname%d, First%d\t%c\t2024-%02d-%02d %02d:30:00\tward %d\tI%02d.%d\tEssential hypertension and other things\t%d.%02d\n", "\\.\n", "COPY public.visits (visit_id, patient_id, mrn, name, sex, admitted, ward, code, description, amount) FROM stdin;\n"
	if inserts {
		row, last, first = "INSERT INTO public.visits VALUES (%d, '%08x-5f2c-4d6e-9a0b-%012x', 'MRN%08d', 'Lastname%d, First%d', '%c', '2024-%02d-%02d %02d:30:00', 'ward %d', 'I%02d.%d', 'Essential hypertension and other things', %d.%02d);\n", "", ""
	}
	b.WriteString(first)
	for i := range rows {
		fmt.Fprintf(&b, row, 1000000+i, i, i*7, i, i, i%977, "fm"[i%2], 1+i%12, 1+i%28, i%24, i%40, i%100, i%10, i%9000, i%100)
	}
	b.WriteString(last + "\nALTER TABLE ONLY public.visits ADD CONSTRAINT visits_pkey PRIMARY KEY (visit_id);\n" + end)
	return b.Bytes()
}

// BenchmarkDump compares masking on one core with reading the lines of a dump, splitting
// them into cells and writing them, and with the keyed hashes alone. Figures are of CPU
// time.
func BenchmarkDump(b *testing.B) {
	const rows = 300000
	r := rules(b, benchRules)
	for _, form := range []string{"copy", "inserts"} {
		text := benchDump(rows, form == "inserts")
		speed := map[string]float64{}
		measure := func(name string, work func()) {
			b.Run(form+"/"+name, func(b *testing.B) {
				before := veiltest.CPU(b)
				for range b.N {
					work()
				}
				spent := veiltest.CPU(b) - before
				speed[name] = float64(len(text)) * float64(b.N) / 1e6 / spent.Seconds()
				b.ReportMetric(speed[name], "MB/s-cpu")
				b.ReportMetric(rows*float64(b.N)/spent.Seconds(), "rows/s")
				for other, s := range speed {
					if name == "veil" && other != name {
						b.ReportMetric(speed[name]/s, "x-"+other)
					}
				}
			})
		}
		measure("split", func() { splitLines(b, text) })
		measure("hmac", func() { hashes(rows) })
		measure("veil", func() {
			job := &file.Job{
				Inputs: []string{"-"}, Stdin: bytes.NewReader(text), Stdout: io.Discard, Plan: r.Policy().NewPlan(), Keys: r.Policy().Keys, Workers: 1,
				Formats: []file.Format{pgdump.New(pgdump.Config{Rules: r})}, Report: func(p file.Problem) { b.Error(p) },
			}
			if counts, err := job.Run(b.Context()); err != nil || counts.Masked != rows {
				b.Fatalf("%+v %v", counts, err)
			}
		})
	}
}

// hashes is the part of the work that no reader of dumps can save: three keyed hashes a row.
func hashes(rows int) {
	mac := hmac.New(sha512.New, make([]byte, 64))
	value := []byte("0000000-5f2c-4d6e-9a0b-000000000000")
	var sum []byte
	for i := range 3 * rows {
		mac.Reset()
		mac.Write(strconv.AppendInt(value[:16], int64(i), 10))
		sum = mac.Sum(sum[:0])
	}
}

// splitLines is what a script would do without masking.
func splitLines(b *testing.B, text []byte) {
	w := bufio.NewWriterSize(io.Discard, 1<<20)
	lines := bufio.NewScanner(bytes.NewReader(text))
	for lines.Scan() {
		cells := strings.Split(lines.Text(), "\t")
		if _, err := w.WriteString(strings.Join(cells, "\t") + "\n"); err != nil {
			b.Fatal(err)
		}
	}
	if err := w.Flush(); err != nil {
		b.Fatal(err)
	}
}
