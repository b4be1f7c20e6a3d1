package fidelity

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/veil-proxy/veil/report/records"
)

// Options say how the sides are compared.
type Options struct {
	// Limit is the distance at which a column has drifted; 0 means DefaultLimit.
	Limit float64
	// Person is the column that says whom a row belongs to; if empty, one with a usual
	// name.
	Person string
}

// DefaultLimit is the default distance at which a column has drifted.
const DefaultLimit = 0.1

// Compare compares two sets.
func Compare(ctx context.Context, original, masked *records.Set, o Options) (*Report, error) {
	if o.Limit == 0 {
		o.Limit = DefaultLimit
	}
	sets := [2]*records.Set{original, masked}
	var profiles [2]*profile
	err := sides(ctx, func(ctx context.Context, side int) (err error) {
		profiles[side], err = newProfile(ctx, sets[side])
		return err
	})
	if err != nil {
		return nil, err
	}
	r := &Report{Original: original.Name, Masked: masked.Name, Limit: o.Limit}
	plans, err := r.match(profiles, o.Person)
	if err != nil {
		return nil, err
	}
	passes := [2]pass{{side: 0, tables: map[string]*tablePass{}}, {side: 1, tables: map[string]*tablePass{}}}
	for _, p := range plans {
		for side, t := range p.sides {
			passes[side].tables[t.table.Name] = newTablePass(p, side)
		}
	}
	err = sides(ctx, func(ctx context.Context, side int) error { return passes[side].run(ctx, sets[side]) })
	if err != nil {
		return nil, err
	}
	r.Joins = joins(plans)
	for _, p := range plans {
		r.Tables = append(r.Tables, p.result([2]*tablePass{passes[0].tables[p.sides[0].table.Name], passes[1].tables[p.sides[1].table.Name]}))
	}
	r.judge()
	return r, nil
}

// sides runs f for both sides in parallel.
func sides(ctx context.Context, do func(ctx context.Context, side int) error) error {
	g, ctx := errgroup.WithContext(ctx)
	for side := range 2 {
		g.Go(func() error { return do(ctx, side) })
	}
	return g.Wait()
}

// match plans the tables that both sides have. If each side has one table, they are
// matched regardless of their names.
func (r *Report) match(profiles [2]*profile, person string) (plans []*tablePlan, err error) {
	a, b := profiles[0], profiles[1]
	for side, p := range profiles {
		if len(p.tables) == 0 {
			return nil, fmt.Errorf("%s: it has no tables", [2]string{r.Original, r.Masked}[side])
		}
	}
	single := len(a.tables) == 1 && len(b.tables) == 1
	columns := 0
	for _, t := range a.tables {
		o := b.byName[t.table.Name]
		if single {
			o = b.tables[0]
		}
		if o == nil {
			r.Missing = append(r.Missing, t.table.Name)
			continue
		}
		p := newPlan(t, o, person)
		columns += len(p.columns)
		plans = append(plans, p)
	}
	for _, t := range b.tables {
		if !slices.ContainsFunc(plans, func(p *tablePlan) bool { return p.sides[1] == t }) {
			r.Added = append(r.Added, t.table.Name)
		}
	}
	switch {
	case len(plans) == 0:
		return nil, errors.New("the two sides have no table in common: tables are matched by file name, resource type or table name")
	case columns == 0:
		return nil, errors.New("the two sides have no column in common: columns are matched by name")
	case person != "" && !slices.ContainsFunc(plans, func(p *tablePlan) bool { return p.person >= 0 }):
		return nil, fmt.Errorf("no table has the column %q on both sides", person)
	}
	return plans, nil
}

// result returns the result for a table.
func (p *tablePlan) result(passes [2]*tablePass) Table {
	a, b := p.sides[0], p.sides[1]
	t := Table{Name: p.name, Rows: Both{float64(a.rows), float64(b.rows)}, PairRows: Both{float64(passes[0].sampled), float64(passes[1].sampled)}, Unrelated: p.left}
	for _, name := range a.table.Columns {
		if !slices.Contains(b.table.Columns, name) {
			t.Missing = append(t.Missing, name)
		}
	}
	for _, name := range b.table.Columns {
		if !slices.Contains(a.table.Columns, name) {
			t.Added = append(t.Added, name)
		}
	}
	for _, c := range p.columns {
		t.Columns = append(t.Columns, c.result(a.rows, b.rows))
	}
	for i := range passes[0].pairs {
		x, y := &passes[0].pairs[i], &passes[1].pairs[i]
		pair := Pair{X: p.columns[x.x].name, Y: p.columns[x.y].name, Information: Both{x.information(), y.information()}}
		pair.Pearson = correlations(x.values, y.values)
		pair.Spearman = correlations(x.ranks, y.ranks)
		t.Pairs = append(t.Pairs, pair)
	}
	for i, s := range p.spans {
		t.Intervals = appendInterval(t.Intervals, p.columns[s[0]].name+" to "+p.columns[s[1]].name, passes[0].gaps[i], passes[1].gaps[i])
	}
	for i := range passes[0].histories {
		x, y := passes[0].histories[i], passes[1].histories[i]
		name := p.columns[p.dates[i]].name + " to the next of the same " + p.columns[p.person].name
		if !x.whole || !y.whole {
			name += " (of the first persons)"
		}
		t.Intervals = appendInterval(t.Intervals, name, x.intervals(), y.intervals())
	}
	return t
}

// correlations returns those of both sides; nil if the originals have none, and 0 if the
// masked side has lost it.
func correlations(a, b comoments) *Both {
	x, y := a.correlation(), b.correlation()
	if math.IsNaN(x) {
		return nil
	}
	if math.IsNaN(y) {
		y = 0
	}
	return &Both{x, y}
}

func appendInterval(list []Interval, name string, a, b *numbers) []Interval {
	if a.n == 0 {
		return list
	}
	i := Interval{Name: name, Count: Both{float64(a.n), float64(b.n)}, shapes: shapes(a, b)}
	i.KS, i.Wasserstein = sampledDistances(a, b)
	return append(list, i)
}

// sampledDistances returns the distances of all numbers if they are known, or else of
// samples, with the tolerance by which two samples of one distribution differ in 19 of 20
// cases.
func sampledDistances(a, b *numbers) (ks, w Distance) {
	ks.Value, w.Value = exactDistances(a, b)
	if a.exact() && b.exact() {
		return ks, w
	}
	n, m := float64(len(a.sample)), float64(len(b.sample))
	ks.Tolerance = 1.36 * math.Sqrt((n+m)/(n*m))
	w.Tolerance = 1.96 * math.Sqrt(a.deviation()*a.deviation()/n+b.deviation()*b.deviation()/m)
	return ks, w
}
