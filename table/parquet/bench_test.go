//go:build unix

package parquet_test

import (
	"bytes"
	"fmt"
	"io"
	"testing"

	pq "github.com/parquet-go/parquet-go"

	"github.com/veil-proxy/veil/file"
	"github.com/veil-proxy/veil/internal/veiltest"
	"github.com/veil-proxy/veil/table/parquet"
)

// visit is a row of ten columns, of which three are keyed.
type visit struct {
	ID     string  `parquet:"id,dict,snappy"`
	Family string  `parquet:"family,dict,snappy"`
	Phone  string  `parquet:"phone,dict,snappy"`
	Sex    string  `parquet:"sex,dict,snappy"`
	Code   string  `parquet:"code,dict,snappy"`
	Ward   string  `parquet:"ward,dict,snappy"`
	Begin  int64   `parquet:"begin,snappy,timestamp(microsecond)"`
	Days   int32   `parquet:"days,snappy"`
	Cost   float64 `parquet:"cost,snappy"`
	Note   string  `parquet:"note,snappy"`
}

// visits are those of so many patients.
func visits(n, persons int) []visit {
	out := make([]visit, n)
	for i := range out {
		p := i * 7919 % persons
		out[i] = visit{
			ID: fmt.Sprintf("patient-%08d", p), Family: fmt.Sprintf("Family%d", p*7919%100003), Phone: fmt.Sprintf("555-%07d", p*104729%9999991),
			Sex: []string{"f", "m", "u"}[p%3], Code: fmt.Sprintf("I%02d.%d", i%90, i%7), Ward: fmt.Sprintf("ward %d", i%40),
			Begin: 1.6e15 + int64(i)*37e6, Days: int32(i * 31 % 60), Cost: float64(i*7%99991) / 100, Note: fmt.Sprintf("seen on ward %d for %d days, next visit in %d weeks", i%40, i%60, i%13),
		}
	}
	return out
}

// BenchmarkParquet masks a file with three of ten columns keyed, and copies it with
// parquet-go as programs do that look at values. Visits repeats 20,000 patients as tables
// of visits do, which makes dictionaries; Distinct has a new one in each row.
func BenchmarkParquet(b *testing.B) {
	for _, c := range []struct {
		name    string
		persons int
	}{{"Visits", 20_000}, {"Distinct", 1 << 30}} {
		b.Run(c.name, func(b *testing.B) {
			benchmarkFile(b, write(b, visits(400_000, c.persons), pq.MaxRowsPerRowGroup(100_000)))
		})
	}
}

func benchmarkFile(b *testing.B, in []byte) {
	rules := parseRules(b, `{id: a, match: [{column: id}, {column: family}, {column: phone}], method: pseudonym}, {id: b, match: {column: "*"}, method: keep}`)
	spent := map[string]float64{}
	run := func(name string, one func() error) {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(in)))
			before := veiltest.CPU(b)
			for range b.N {
				if err := one(); err != nil {
					b.Fatal(err)
				}
			}
			spent[name] = (veiltest.CPU(b) - before).Seconds() / float64(b.N)
			b.ReportMetric(spent[name], "s-cpu")
			if name == "Copy" {
				b.ReportMetric(spent["Copy"]/spent["Mask"], "mask/copy")
			}
		})
	}
	f := parquet.New(parquet.Config{Rules: rules, Table: rules.OfFile})
	run("Mask", func() error {
		doc, err := f.Open(file.Source{Reader: bytes.NewReader(in), Name: "t.parquet", At: bytes.NewReader(in), Size: int64(len(in))})
		if err != nil {
			return err
		}
		masker, merger := doc.NewMasker(false), doc.NewMerger(io.Discard)
		var buf, out []byte
		var result file.Result
		err = doc.Split(func() []byte { return buf[:0] }, func(block file.Block) error {
			out = masker.AppendMasked(out[:0], block, &result)
			buf = block.Text
			return merger.Append(out)
		})
		if err != nil {
			return err
		}
		return merger.Close()
	})
	run("Copy", func() error {
		r := pq.NewGenericReader[visit](bytes.NewReader(in))
		w := pq.NewGenericWriter[visit](io.Discard, pq.MaxRowsPerRowGroup(100_000))
		if _, err := pq.CopyRows(w, r); err != nil {
			return err
		}
		return w.Close()
	})
}
