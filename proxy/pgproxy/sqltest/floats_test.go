package sqltest

import (
	"bytes"
	"fmt"
	"math"
	"strconv"
	"strings"
	"testing"

	"github.com/veil-proxy/veil/internal/masktest"
	"github.com/veil-proxy/veil/internal/pgtest"
)

// floatSums are aggregates and window functions over floating-point numbers.
var floatSums = []string{
	"SELECT sum(v), avg(v), stddev(v), stddev_pop(v), variance(v), var_pop(v) FROM s.%s",
	"SELECT sum(r), avg(r), var_samp(r) FROM s.%s",
	"SELECT kind, sum(v), avg(r) FROM s.%s GROUP BY kind ORDER BY kind",
	"SELECT sum(v * 2 + kind), avg(v / 3), sum(-v), sum(r + 1), sum(r * r), avg(v + r) FROM s.%s WHERE kind < 9",
	"SELECT avg(CASE WHEN kind < 3 THEN v END), sum(coalesce(v, 0)), sum(coalesce(r, 0.5)), avg(abs(v)), sum(greatest(v, r)) FROM s.%s WHERE kind < 9",
	"SELECT sum(kind::float8 / 7), avg(kind::real), sum(n::double precision) FROM s.%s",
	"SELECT sum(v) FILTER (WHERE kind > 2), avg(v) FILTER (WHERE false) FROM s.%s WHERE kind < 9",
	"SELECT kind, sum(v) AS total FROM s.%s GROUP BY kind HAVING sum(v) > 0 ORDER BY total, 1",
	"SELECT DISTINCT kind, sum(v) OVER (PARTITION BY kind), avg(v) OVER (PARTITION BY kind) FROM s.%s ORDER BY kind",
	"SELECT n, sum(v) OVER w, avg(r) OVER (PARTITION BY kind ORDER BY n ROWS 3 PRECEDING) FROM s.%s WHERE kind = 3 WINDOW w AS (ORDER BY n) ORDER BY n",
	"SELECT n, sum(v), avg(v), sum(r) FROM s.%s WHERE kind < 3 GROUP BY n ORDER BY n",
	"SELECT x.kind, (SELECT avg(y.v) FROM s.%[1]s y WHERE y.kind = x.kind) FROM s.%[1]s x WHERE x.n < 20 ORDER BY 1, 2",
	"SELECT sum(tiny), variance(tiny), sum(huge), avg(lost), sum(lost), stddev(lost), sum(lost) FILTER (WHERE kind < 9 AND lost < 'Infinity') FROM s.%s",
}

// TestFloatSumsTellNoOrder holds that sums of floating-point numbers come to the same
// bytes in whatever order the rows lie, and to PostgreSQL's result but for its rounding.
func TestFloatSumsTellNoOrder(t *testing.T) {
	t.Parallel()
	db := pgtest.Start(t).CreateDatabase(t, "floats")
	const rows = `SELECT i AS id, i AS n, i %% 11 AS kind, (CASE i %% 3 WHEN 0 THEN 1e16 WHEN 1 THEN 1 ELSE -1e16 END / (i / 3 + 1))::float8 AS v, (1.0 / i)::real AS r,
		1e-200::float8 / i AS tiny, 1e300::float8 / i AS huge, (CASE WHEN i %% 97 = 5 THEN 'Infinity' ELSE i / 7.0 END)::float8 AS lost
		FROM generate_series(1, 1200) i ORDER BY %s`
	db.Exec(t, "CREATE SCHEMA s;"+fmt.Sprintf("CREATE TABLE s.up AS "+rows+";", "i")+fmt.Sprintf("CREATE TABLE s.down AS "+rows+";", "-i")+fmt.Sprintf("CREATE TABLE s.by_value AS "+rows, "4"))
	s := connect(t, openListener(t, db.DSN(pgtest.Owner), masktest.Policy(t, placesRuleset), nil).dsn())
	defer s.close()
	direct := connect(t, db.DSN(pgtest.Owner))
	defer direct.close()
	for _, digits := range []string{"1", "3", "0", "-10"} {
		for _, x := range []*session{s, direct} {
			if a := x.run(modes[0], "SET extra_float_digits = "+digits, nil); a.err != nil {
				t.Fatal(a.said())
			}
		}
		for _, q := range floatSums {
			for _, m := range modes {
				got := s.run(m, fmt.Sprintf(q, "up"), nil)
				if got.err != nil {
					t.Fatalf("%s: %s", q, got.said())
				}
				for _, other := range []string{"down", "by_value"} {
					if a := s.run(m, fmt.Sprintf(q, other), nil); !bytes.Equal(flatten(a), flatten(got)) {
						t.Errorf("the order of the rows shows with extra_float_digits %s: %s\n%q\n%q", digits, q, a.rows, got.rows)
					}
				}
				want := direct.run(m, fmt.Sprintf(q, "up"), nil)
				if fmt.Sprint(got.names, got.types) != fmt.Sprint(want.names, want.types) {
					t.Errorf("%s: names and types %v %v, PostgreSQL has %v %v", q, got.names, got.types, want.names, want.types)
				}
				if m.binary {
					continue
				}
				// One value is its own sum; of several, PostgreSQL rounds each step.
				exactly := strings.Contains(q, "GROUP BY n") && !strings.Contains(q, "sum(v), avg(r)")
				for i, row := range want.rows {
					for k, cell := range row {
						if g := string(got.rows[i][k]); g != string(cell) && (exactly || !near(g, string(cell), digits)) {
							t.Errorf("%s with extra_float_digits %s: %s, PostgreSQL has %s", q, digits, g, cell)
						}
					}
				}
			}
		}
	}
}

// near reports whether two numbers are one but for what rounding leaves.
func near(a, b, digits string) bool {
	x, errX := strconv.ParseFloat(a, 64)
	y, errY := strconv.ParseFloat(b, 64)
	most := 1e-4
	if digits == "-10" {
		most = 0.1
	}
	// The first aggregates are over terms of 1e16 that cancel.
	return errX == nil && errY == nil && (math.Abs(x-y) <= most*math.Max(math.Abs(x), math.Abs(y)) || math.Abs(x-y) < 64)
}

func flatten(a *answer) (out []byte) {
	for _, row := range a.rows {
		for _, cell := range row {
			out = append(append(out, cell...), 0)
		}
		out = append(out, '\n')
	}
	return out
}
