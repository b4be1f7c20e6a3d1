package sqltest

import (
	"testing"

	"github.com/veil-proxy/veil/internal/pgtest"
	"github.com/veil-proxy/veil/postgres/analysis"
)

// TestRandomSmallCells holds that random statements over a view with a least number of
// people have the groups of the masked copy that have as many, and no others.
func TestRandomSmallCells(t *testing.T) {
	t.Parallel()
	h := start(t)
	d := openListener(t, h.originals.DSN(pgtest.Owner), h.policy, newResources(t, h.policy), func(o *analysis.Options) { o.MinCount, o.Person = smallCells, "Patient" })
	s, direct := connect(t, d.dsn()), connect(t, h.copy.DSN(pgtest.Reader))
	defer s.close()
	defer direct.close()
	n := setting(t, "VEIL_SMALL_CELLS", 150)
	first := setting(t, "VEIL_SEED", 1)
	accepted, suppressed := 0, 0
	for i := range n {
		asked, said := GenerateGrouped(uint64(first+i), smallCells)
		asked, said = Fill(asked, false, h.value(t, h.originals)), Fill(said, false, h.value(t, h.originals))
		got, want := s.run(modes[i%len(modes)], asked, nil), direct.run(modes[i%len(modes)], said, nil)
		switch {
		case got.code() == "42501", dataErrors.MatchString(got.code()), dataErrors.MatchString(want.code()):
			t.Logf("%s: %s", asked, got.said())
			continue
		case got.err != nil || want.err != nil:
			t.Errorf("seed %d: %s: %s; over the copy: %s", first+i, asked, got.said(), want.said())
			continue
		}
		if why := got.diff(want, false, nil); why != "" {
			t.Errorf("seed %d: %s: %s", first+i, asked, why)
		}
		accepted++
		if direct.run(modes[i%len(modes)], asked, nil).diff(want, false, nil) != "" {
			suppressed++
		}
	}
	if accepted < n*3/4 || suppressed < n/5 {
		t.Errorf("of %d statements %d were accepted, and %d had small groups: that proves little", n, accepted, suppressed)
	}
	d.quiet(t)
}
