package index

import (
	"encoding/binary"
	"maps"
	"slices"
	"strconv"

	"github.com/veil-proxy/veil/audit"
)

// Metric is what is counted by time. The numbers are in databases.
type Metric uint8

// The metrics, and what their labels are.
const (
	Requests     Metric = iota + 1 // outcomes
	Rows                           // types of resources, or rows
	Applications                   // categories, as rules have them
	Refusals                       // reasons
	Failures                       // reasons
	Latency                        // upper bounds in seconds
)

// bounds are those of latencies, in microseconds.
var bounds = [...]int64{1000, 2500, 5000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 2_500_000, 5_000_000, 10_000_000}

// noBound is the label of what takes longer than all bounds.
const noBound = "+Inf"

func boundOf(micros int64) string {
	i, _ := slices.BinarySearch(bounds[:], micros)
	if i == len(bounds) {
		return noBound
	}
	return strconv.FormatFloat(float64(bounds[i])/1e6, 'f', -1, 64)
}

// source is whose records a series counts.
type source struct{ consumer, listener, project, ruleset string }

// series is one thing that is counted.
type series struct {
	source
	metric Metric
	label  string
}

// seriesTable numbers series.
type seriesTable struct {
	numbered[series]
	sums map[string]uint64 // of a record, by category
}

func newSeriesTable() *seriesTable {
	return &seriesTable{numbered: newNumbered[series](), sums: map[string]uint64{}}
}

// count counts a record.
func (t *seriesTable) count(l *audit.Line, add func(series uint32, n uint64)) {
	from := source{l.Consumer, l.Door, l.Project, l.Ruleset}
	one := func(m Metric, label string, n uint64) {
		if n > 0 {
			add(t.number(series{from, m, label}), n)
		}
	}
	one(Requests, l.Result, 1)
	one(Latency, boundOf(l.DurationMicros), 1)
	switch l.Result {
	case "refused":
		one(Refusals, l.Reason, 1)
	case "failed":
		one(Failures, l.Reason, 1)
	}
	for i := range l.Resources {
		one(Rows, l.Resources[i].Name, l.Resources[i].N)
	}
	if len(l.Applied) == 0 {
		return
	}
	clear(t.sums)
	for i := range l.Applied {
		t.sums[l.Applied[i].Category] += l.Applied[i].N
	}
	for i := range l.Applied { // in an order that is always the same
		category := l.Applied[i].Category
		one(Applications, category, t.sums[category])
		t.sums[category] = 0
	}
}

// appendCounts writes counts.
func (c counts) append(dst []byte) []byte {
	var last uint32
	for _, id := range slices.Sorted(maps.Keys(c)) {
		dst = binary.AppendUvarint(dst, uint64(id-last))
		dst = binary.AppendUvarint(dst, c[id])
		last = id
	}
	return dst
}

// eachCount reads what append wrote.
func eachCount(b []byte, each func(series uint32, n uint64)) error {
	var id uint64
	for len(b) > 0 {
		d, n := binary.Uvarint(b)
		if n <= 0 {
			return errForm
		}
		c, m := binary.Uvarint(b[n:])
		if m <= 0 {
			return errForm
		}
		id, b = id+d, b[n+m:]
		each(uint32(id), c) //nolint:gosec // as it was written
	}
	return nil
}
