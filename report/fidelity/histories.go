package fidelity

import (
	"maps"
	"slices"
)

// histories have the dates of persons, for the time from one date to the next. They keep
// the first persons, up to a bound: if both sides have the same order, these are the same
// persons.
type histories struct {
	dates map[uint64][]float64
	n     int
	whole bool // no person has been left out
}

const (
	mostPersons = 200_000
	mostDates   = 2_000_000
)

func newHistories() *histories { return &histories{dates: map[uint64][]float64{}, whole: true} }

func (h *histories) add(person uint64, dates []float64) {
	if len(dates) == 0 {
		return
	}
	list, known := h.dates[person]
	if h.n >= mostDates || !known && len(h.dates) >= mostPersons {
		h.whole = false
		return
	}
	h.n += len(dates)
	h.dates[person] = append(list, dates...)
}

// intervals returns the days between each date of a person and the next.
func (h *histories) intervals() *numbers {
	d := newNumbers(mostDistinct)
	for _, person := range slices.Sorted(maps.Keys(h.dates)) {
		list := h.dates[person]
		slices.Sort(list)
		for i := 1; i < len(list); i++ {
			d.add((list[i] - list[i-1]) / day)
		}
	}
	return d
}
