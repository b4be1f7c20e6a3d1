package risk

import (
	"context"
	"fmt"
	"math"

	"github.com/veil-proxy/veil/report/records"
)

// population estimates, after Zayatz, how many of the rows that are alone here are alone in
// the population: if classes of the population have the sizes that they have here, a class
// of i persons gives a lone row with the chance i·π·(1-π)^(i-1), where π is the share of the
// population that is here.
func (m *measurement) population(r *Report) *Population {
	p := &Population{Size: m.Population}
	share := float64(r.Rows) / float64(m.Population)
	sum := 0.0
	for i := 1; i <= zayatzSizes; i++ {
		sum += float64(m.few[i]) * float64(i) * share * math.Pow(1-share, float64(i-1))
	}
	if sum > 0 {
		p.Unique = float64(m.few[1]) * share / sum
	}
	p.Rows = p.Unique * float64(r.Unique)
	return p
}

// presence compares the classes with those of a register: rows of the register and of the
// table go into the same parts, distinguished by a number.
func (m *measurement) presence(ctx context.Context, r *Report) error {
	other := &measurement{Options: Options{Quasi: m.Quasi}, set: m.Register}
	if err := other.survey(ctx); err != nil {
		return fmt.Errorf("the population: %w", err)
	}
	p := newParts(1, m.inMemory, m.rows+other.rows)
	defer p.close()
	for side, of := range []*measurement{m, other} {
		quasi := newColumns(m.Quasi)
		var buf []byte
		err := of.set.Each(ctx, func(t *records.Table, row records.Row) error {
			if t.Name != of.table {
				return nil
			}
			var class uint64
			class, buf = classOf(buf, quasi.of(t, row))
			return p.add(class, []uint32{uint32(side)}) //nolint:gosec // 0 or 1
		})
		if err != nil {
			return err
		}
	}
	found := &Presence{Rows: other.rows, Least: 1}
	err := p.each(func(_ uint64, rows []row) error {
		var here, there uint64
		for i := range rows {
			if rows[i].values[0] == 0 {
				here++
			} else {
				there++
			}
		}
		if there == 0 {
			found.Unlisted += here
			return nil
		}
		share := min(1, float64(here)/float64(there))
		found.Least, found.Largest = min(found.Least, share), max(found.Largest, share)
		if here >= there {
			found.Certain += here
		}
		return nil
	})
	r.Presence = found
	return err
}
