package sqltest

import (
	"fmt"
	"testing"
	"time"

	"github.com/veil-proxy/veil/internal/masktest"
	"github.com/veil-proxy/veil/internal/pgtest"
)

const shiftedBenchRules = `veil: 1
name: shifted-bench
referenceDate: 2025-06-30
tables:
  default: keep
  rules:
    - {id: patients, match: {table: stays, column: patient}, method: seal, domain: Patient}
    - {id: dates, match: [{table: stays, column: admitted}, {table: stays, column: discharged}], method: date, mode: shift, window: 182, weekday: true, entity: patient}
`

// shiftedBench are statements over stays, with how they are named.
var shiftedBench = []struct{ name, sql string }{
	{"range", "SELECT count(*) FROM stays WHERE admitted >= '2016-01-01' AND admitted < '2016-07-01'"},
	{"range, avg", "SELECT avg(discharged - admitted) FROM stays WHERE admitted BETWEEN '2016-01-01' AND '2016-12-31' AND ward = 'w3'"},
	{"range, by index", "SELECT avg(discharged - admitted) FROM stays WHERE discharged BETWEEN '2016-01-01' AND '2016-03-31'"},
	{"half", "SELECT count(*) FROM stays WHERE admitted < '2017-01-01'"},
	{"readmission", "SELECT count(*) FROM (SELECT admitted - lag(discharged) OVER (PARTITION BY patient ORDER BY admitted) AS gap FROM stays) x WHERE gap BETWEEN 0 AND 30"},
	{"readmission, join", "SELECT count(DISTINCT a.id) FROM stays a JOIN stays b ON b.patient = a.patient AND b.admitted > a.discharged AND b.admitted <= a.discharged + 30"},
	{"months", "SELECT date_trunc('month', admitted), count(*) FROM stays GROUP BY 1 ORDER BY 1"},
	{"extremes", "SELECT min(admitted), max(discharged) FROM stays"},
}

// BenchmarkShifted runs statements over shifted dates through Veil, and over the originals
// as they are, and reports PostgreSQL's time as a part of that through Veil.
func BenchmarkShifted(b *testing.B) {
	rows := setting(b, "VEIL_BENCH_ROWS", benchRows)
	pg := pgtest.Start(b)
	db := pg.CreateDatabase(b, fmt.Sprintf("bench_%d", time.Now().UnixNano()))
	db.Exec(b, fmt.Sprintf(`CREATE TABLE stays (id int8 PRIMARY KEY, patient text, admitted date, discharged date, ward text);
		INSERT INTO stays SELECT i, 'pat-' || (i * 7919::int8) %% (%[1]d / 20), d, d + (i %% 14)::int, 'w' || i %% 9
			FROM (SELECT i, date '2012-01-01' + ((i * 104729::int8) %% 3650)::int AS d FROM generate_series(1, %[1]d) i) x;
		CREATE INDEX ON stays (discharged); CREATE INDEX ON stays (patient); ANALYZE stays`, rows))
	d := openListener(b, db.DSN(pgtest.Owner), masktest.Policy(b, shiftedBenchRules), nil)
	plain, veil := connect(b, db.DSN(pgtest.Owner)), connect(b, d.dsn())
	defer plain.close()
	defer veil.close()
	if a := veil.run(modes[0], "SET search_path = public", nil); a.err != nil {
		b.Fatal(a.said())
	}
	best := make([][2]float64, len(shiftedBench))
	for b.Loop() {
		for range benchRounds {
			for i, st := range shiftedBench {
				for k, s := range []*session{plain, veil} {
					start := time.Now()
					if a := s.run(modes[0], st.sql, nil); a.err != nil {
						b.Fatalf("%s: %s", st.name, a.said())
					}
					if took := time.Since(start).Seconds(); best[i][k] == 0 || took < best[i][k] {
						best[i][k] = took
					}
				}
			}
		}
	}
	for i, st := range shiftedBench {
		b.Logf("%-18s plain %6.0f ms, Veil %6.0f ms, %.2f", st.name, 1000*best[i][0], 1000*best[i][1], best[i][0]/best[i][1])
	}
	b.ReportMetric(best[0][0]/best[0][1], "range/plain")
	b.ReportMetric(best[4][0]/best[4][1], "readmission/plain")
}
