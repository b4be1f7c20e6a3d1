package analysis

import (
	"fmt"
	"testing"

	"github.com/veil-proxy/veil/mask"
)

const benchSQL = "SELECT p.sex, v.ward, count(*), count(DISTINCT v.patient_id), avg(v.days) FROM patients p JOIN visits v ON v.patient_id = p.id " +
	"WHERE p.height > 150 AND v.ward = 'x' AND p.born > '1950-01-01' GROUP BY 1, 2 HAVING count(*) > 3 ORDER BY 3 DESC LIMIT 10"

// BenchmarkAnalyze is the cost of a statement: remembered, and new.
func BenchmarkAnalyze(b *testing.B) {
	c, p, s := clinicCatalog(b), clinicPolicy(b, Options{}), clinicSession()
	if err := Warm(); err != nil {
		b.Fatal(err)
	}
	b.Run("cached", func(b *testing.B) {
		a := NewAnalyzer(16)
		defer a.Close()
		if _, r := a.Analyze(benchSQL, c, p, s); r != nil {
			b.Fatal(r)
		}
		a.plans.Wait()
		b.ReportAllocs()
		for b.Loop() {
			if _, r := a.Analyze(benchSQL, c, p, s); r != nil {
				b.Fatal(r)
			}
		}
	})
	b.Run("new", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, r := analyze(benchSQL, c, p, s); r != nil {
				b.Fatal(r)
			}
		}
	})
}

// BenchmarkDataRow is the cost of a row of ten columns, three of them keyed, with
// values that come again and with values that never do.
func BenchmarkDataRow(b *testing.B) {
	p, r := analyze("SELECT id, mrn, patient_code, sex, ward, sex, ward, sex, ward, sex FROM (SELECT * FROM patients) AS p, (SELECT * FROM visits) AS v", clinicCatalog(b), clinicPolicy(b, Options{}), clinicSession())
	if r != nil {
		b.Fatal(r)
	}
	for _, c := range []struct {
		name     string
		distinct int
	}{{"repeated", 1000}, {"distinct", 1 << 20}} {
		b.Run(c.name, func(b *testing.B) {
			rows := make([][]byte, 0, 1<<14)
			text := []byte("a text of twelve")
			for n := range cap(rows) {
				v := fmt.Sprintf("value-%07d", n%c.distinct)
				rows = append(rows, body(wrapped(p, v), wrapped(p, v), wrapped(p, v), text, text, text, text, text, text, text))
			}
			m, err := p.Masker(mask.NewPass(p.Actions), nil)
			if err != nil {
				b.Fatal(err)
			}
			var dst []byte
			b.ReportAllocs()
			n := 0
			for b.Loop() {
				if dst, err = m.AppendDataRow(dst[:0], rows[n%len(rows)]); err != nil {
					b.Fatal(err)
				}
				n++
			}
		})
	}
}
