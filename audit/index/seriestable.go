package index

import (
	"encoding/binary"
	"maps"
	"slices"
	"strconv"

	"github.com/veil-proxy/veil/audit"
)

// Metric is what is counted by time. Databases contain the numbers.
type Metric uint8

// The metrics, and their labels.
const (
	Requests     Metric = iota + 1 // outcomes
	Rows                           // types of resources, or rows
	Applications                   // categories, as in rules
	Refusals                       // reasons
	Failures                       // reasons
	Latency                        // upper bounds in seconds
)

// bounds are those of latencies, in microseconds.
var bounds = [...]int64{1000, 2500, 5000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 2_500_000, 5_000_000, 10_000_000}

// noBound is the label of latencies above all bounds.
const noBound = "+Inf"

// boundLabels are the labels of the bounds, and of what is above them.
var boundLabels = func() (all [len(bounds) + 1]string) {
	for i, bound := range bounds {
		all[i] = strconv.FormatFloat(float64(bound)/1e6, 'f', -1, 64)
	}
	all[len(bounds)] = noBound
	return all
}()

func boundOf(micros int64) string {
	i, _ := slices.BinarySearch(bounds[:], micros)
	return boundLabels[i]
}

// source identifies the records that a series counts.
type source struct{ consumer, listener, project, ruleset string }

// series is one thing that is counted.
type series struct {
	source
	metric Metric
	label  string
}

// seriesTable numbers series, and counts for them.
type seriesTable struct {
	numbered[series]
	sources map[source]*sourceSeries
	last    *sourceSeries // of the previous record
	// sums are the counts by series, and counted the series with counts, until they are
	// taken.
	sums    []uint64
	counted []uint32
}

// sourceSeries are the series of a source.
type sourceSeries struct {
	source
	ids map[label]uint32
	// first are the first labels of each metric, which usually has few, and their ids.
	first [Latency + 1][]firstLabel
	// applications are the series of applications, by number; zero means not known yet.
	applications []uint32
}

// firstLabel is a label that is found without a map, and mostFirst bounds their number.
type firstLabel struct {
	text string
	id   uint32
}

const mostFirst = 8

// label is what is counted of a source.
type label struct {
	metric Metric
	text   string
}

func newSeriesTable() *seriesTable {
	return &seriesTable{numbered: newNumbered[series](), sources: map[source]*sourceSeries{}, last: &sourceSeries{}}
}

// count counts a record.
func (t *seriesTable) count(l *audit.Scanned) {
	from := t.of(source{l.Consumer, l.Door, l.Project, l.Ruleset})
	one := func(m Metric, text string, n uint64) {
		if n > 0 {
			t.add(t.id(from, m, text), n)
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
	for i := range l.Uses {
		u := &l.Uses[i]
		switch {
		case u.N == 0:
		case u.Number < 0:
			one(Applications, u.Category, u.N)
		case u.Number >= len(from.applications) || from.applications[u.Number] == 0:
			from.applications = reaching(from.applications, u.Number)
			from.applications[u.Number] = t.id(from, Applications, u.Category)
			fallthrough
		default:
			t.add(from.applications[u.Number], u.N)
		}
	}
}

// of returns the series of a source.
func (t *seriesTable) of(from source) *sourceSeries {
	if t.last.ids == nil || t.last.source != from {
		s := t.sources[from]
		if s == nil {
			s = &sourceSeries{source: from, ids: map[label]uint32{}}
			t.sources[from] = s
		}
		t.last = s
	}
	return t.last
}

// id returns the number of a series.
func (t *seriesTable) id(from *sourceSeries, m Metric, text string) uint32 {
	for _, f := range from.first[m] {
		if f.text == text {
			return f.id
		}
	}
	id := from.ids[label{m, text}]
	if id == 0 {
		id = t.number(series{from.source, m, text})
		from.ids[label{m, text}] = id
		if len(from.first[m]) < mostFirst {
			from.first[m] = append(from.first[m], firstLabel{text, id})
		}
	}
	return id
}

// add adds to the sum of a series.
func (t *seriesTable) add(id uint32, n uint64) {
	t.sums = reaching(t.sums, int(id))
	if t.sums[id] == 0 {
		t.counted = append(t.counted, id)
	}
	t.sums[id] += n
}

// take calls a function for each count since the last call.
func (t *seriesTable) take(each func(series uint32, n uint64)) {
	for _, id := range t.counted {
		each(id, t.sums[id])
		t.sums[id] = 0
	}
	t.counted = t.counted[:0]
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

// eachCount reads what appendCounts wrote.
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
