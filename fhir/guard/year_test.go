package guard_test

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/veil-proxy/veil/fhir/guard"
	"github.com/veil-proxy/veil/internal/masktest"
)

// span is what a date or a search value covers (FHIR R4, search.html#date), its end
// not included.
type span struct{ from, to int64 }

// spanOf reads a date, dateTime or instant; without a zone it is in UTC.
func spanOf(t *testing.T, s string) span {
	t.Helper()
	for layout, next := range map[string]func(time.Time) time.Time{
		"2006":                func(at time.Time) time.Time { return at.AddDate(1, 0, 0) },
		"2006-01":             func(at time.Time) time.Time { return at.AddDate(0, 1, 0) },
		"2006-01-02":          func(at time.Time) time.Time { return at.AddDate(0, 0, 1) },
		"2006-01-02T15:04:05": func(at time.Time) time.Time { return at.Add(time.Second) },
	} {
		if at, err := time.Parse(layout, s); err == nil {
			return span{at.UnixMilli(), next(at).UnixMilli()}
		}
	}
	at, err := time.Parse(time.RFC3339, s)
	if err != nil {
		t.Fatalf("%q: %v", s, err)
	}
	return span{at.UnixMilli(), at.UnixMilli() + 1}
}

// readings are how servers compare a search value v with a target d. Each follows
// FHIR R4 for gt, lt, sa, eb, eq and ne, and they differ in ge and le.
var readings = map[string]func(prefix string, v, d span) bool{
	"by the letter": byTheLetter,
	"by ends": func(prefix string, v, d span) bool {
		switch prefix {
		case "ge":
			return d.to > v.from
		case "le":
			return d.from < v.to
		}
		return byTheLetter(prefix, v, d)
	},
	"as instants": func(prefix string, v, d span) bool { // but times, as HAPI does
		coarse := v.to-v.from > 1000
		switch {
		case prefix == "ge" && coarse:
			return d.to >= v.to
		case prefix == "le" && coarse:
			return d.from <= v.from
		}
		return byTheLetter(prefix, v, d)
	},
}

func byTheLetter(prefix string, v, d span) bool {
	above, below, within := d.to > v.to, d.from < v.from, d.from >= v.from && d.to <= v.to
	switch prefix {
	case "gt":
		return above
	case "lt":
		return below
	case "ge":
		return above || within
	case "le":
		return below || within
	case "sa":
		return d.from >= v.to
	case "eb":
		return d.to <= v.from
	case "ne":
		return !within
	}
	return within
}

// TestYearsMeanTheSameEverywhere compares what servers of every reading find by what
// goes upstream with the years that are shown.
func TestYearsMeanTheSameEverywhere(t *testing.T) {
	t.Parallel()
	a := masktest.Shipped(t, "safe-harbor")
	g, keys := guard.New(a), a.Policy.Keys.NewPseudonymizer()
	points := []string{"2019-12-31", "2020", "2020-01", "2020-01-01", "2020-01-01T00:00:00Z", "2020-06-15T12:00:00Z", "2020-12", "2020-12-31", "2020-12-31T23:59:59Z", "2021-01-01", "2021-01-01T00:00:00Z", "2021-12-31"}
	type datum struct {
		span
		first, last int // the years that are shown
	}
	var data []datum
	shown := func(s string) int {
		var y int
		if _, err := fmt.Sscanf(s, "%4d", &y); err != nil {
			t.Fatal(err)
		}
		return y
	}
	for i, from := range points {
		s := spanOf(t, from)
		data = append(data, datum{s, shown(from), shown(from)},
			datum{span{s.from, math.MaxInt64}, shown(from), 9999}, datum{span{math.MinInt64, s.to}, 0, shown(from)})
		for _, to := range points[i:] {
			if e := spanOf(t, to); e.to > s.from {
				data = append(data, datum{span{s.from, e.to}, shown(from), shown(to)})
			}
		}
	}
	holds := map[string]func(d datum, y int) bool{
		"":   func(d datum, y int) bool { return d.first == y && d.last == y },
		"eq": func(d datum, y int) bool { return d.first == y && d.last == y },
		"ne": func(d datum, y int) bool { return d.first != y || d.last != y },
		"gt": func(d datum, y int) bool { return d.last > y },
		"ge": func(d datum, y int) bool { return d.last >= y },
		"lt": func(d datum, y int) bool { return d.first < y },
		"le": func(d datum, y int) bool { return d.first <= y },
		"sa": func(d datum, y int) bool { return d.first > y },
		"eb": func(d datum, y int) bool { return d.last < y },
	}
	spellings := map[string][]string{
		"ge": {"-01", "-01-01", "-01-01T00:00", "-01-01T00:00:00Z", "-01-01T00:00:00.000+01:00"}, "gt": {"-12", "-12-31", "-12-31T23:59", "-12-31T23:59:59Z", "-12-31T23:59:59.999-05:00"},
	}
	spellings["lt"], spellings["eb"], spellings["le"], spellings["sa"] = spellings["ge"], spellings["ge"], spellings["gt"], spellings["gt"]
	for prefix, hold := range holds {
		for y := 2018; y <= 2022; y++ {
			for _, rest := range append([]string{""}, spellings[prefix]...) {
				value := fmt.Sprintf("%s%d%s", prefix, y, rest)
				for _, param := range []struct{ typ, name string }{{"Encounter", "date"}, {"Patient", "_lastUpdated"}} {
					q, err := g.Search(keys, nil, param.typ, []guard.Param{{Name: param.name, Value: value}}, guard.Strict)
					if err != nil {
						t.Errorf("%s: %v", value, err)
						continue
					}
					for name, reading := range readings {
						for _, d := range data {
							instant := d.to-d.from == 1
							if param.name == "_lastUpdated" && !instant {
								continue
							}
							found := true
							for _, p := range q.Upstream {
								one := false
								for _, item := range strings.Split(p.Value, ",") {
									by, at := "", item
									if item[0] > '9' {
										by, at = item[:2], item[2:]
									}
									one = one || reading(by, spanOf(t, at), d.span)
								}
								found = found && one
							}
							if found != hold(d, y) {
								t.Fatalf("%s=%s goes upstream as %v, which %s finds %v of %d to %d", param.name, value, q.Upstream, name, found, d.first, d.last)
							}
						}
					}
				}
			}
		}
	}
}

// TestYearBoundsThatSplitAYear holds that nothing finer than a year passes, nor a
// spelling that names a year which is hidden.
func TestYearBoundsThatSplitAYear(t *testing.T) {
	t.Parallel()
	a := masktest.Shipped(t, "safe-harbor")
	g, keys := guard.New(a), a.Policy.Keys.NewPseudonymizer()
	for _, value := range []string{
		"2022-01-01", "eq2022-01-01", "ne2022-01-01", "2022-01", "ge2022-12-31", "ge2022-02-01", "ge2022-01-02", "ge2022-01-01T00:00:01Z", "ge2022-01-01T00:01", "ge2022-01-01T00:00:00.001Z", "ge2022-01-01T01:00:00Z",
		"lt2022-12-31", "lt2022-12-31T23:59:59Z", "gt2022-01-01", "gt2022-12-30", "gt2022-12-31T23:59:58Z", "gt2022-12-31T23:58", "gt2022-12-31T23:59:59.99Z0", "gt2022-12-31T00:00:00Z", "gt2022-12-31T23:59:59.998Z", "le2022-01-01", "le2022-01-01T00:00:00Z",
		"sa2022-01-01", "eb2022-12-31", "ap2022", "ap2022-01-01", "ge1936-01-01", "gt1936-12-31", "lt1936-01-01", "le1936-12-31", "sa1936-12-31", "eb1936-01-01", "le9999", "gt9999-12-31", "ge2022-01-01T00:00:00+1:00", "ge2022-01-01 00:00", "ge2022-01-01T00", "ge2022-1-1", "ge02022-01-01",
	} {
		for _, p := range []struct{ typ, name string }{
			{"Patient", "birthdate"}, {"Encounter", "date"}, {"Observation", "date"}, {"Patient", "_lastUpdated"}, {"Observation", "subject:Patient.birthdate"},
			{"Patient", "_has:Observation:patient:date"}, {"MedicationRequest", "date"}, {"ServiceRequest", "occurrence"},
		} {
			if q, err := g.Search(keys, nil, p.typ, []guard.Param{{Name: p.name, Value: value}}, guard.Lenient); err == nil {
				t.Errorf("%s?%s=%s goes upstream as %v", p.typ, p.name, value, q.Upstream)
			}
			filter := p.typ + "?" + p.name + "=" + strings.ReplaceAll(value, "+", "%2B")
			if q, err := g.Operation(keys, nil, "$export", "", []guard.Param{{Name: "_typeFilter", Value: filter}}, guard.Lenient); err == nil {
				t.Errorf("%s goes upstream as %v", filter, q.Upstream)
			}
		}
	}
	// In what is about many resources at once, a year is not two comparisons.
	for name, value := range map[string]string{"_has:Encounter:patient:_lastUpdated": "2022", "_lastUpdated": "2022,2023"} {
		if q, err := g.Search(keys, nil, "Patient", []guard.Param{{Name: name, Value: value}}, guard.Strict); err == nil {
			t.Errorf("%s=%s goes upstream as %v", name, value, q.Upstream)
		}
	}
}
