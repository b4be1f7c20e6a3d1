package guard

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/veil-proxy/veil/fhir/lexical"
	"github.com/veil-proxy/veil/internal/lazyregexp"
)

// Where a date is shown as its year, a search may compare years, and what goes
// upstream must mean the same on every server. Servers disagree on ge and le with a
// year: some read them as instants, so that le1980 less lt1980 is a day. They agree
// on the last and the first day of a year with gt and lt, whatever the precision of
// the data:
//
//	geY  gt(Y-1)-12-31    gtY  gtY-12-31    saY  saY-12-31    eqY  eqY
//	leY  lt(Y+1)-01-01    ltY  ltY-01-01    ebY  ebY-01-01    neY  neY
//
// A period is found by ge where it ends in the year or later, and by le where it
// begins in the year or earlier. ap is refused: what it means is left to servers.
//
// meta.lastUpdated is an instant that the server itself writes, and one that some
// servers compare with a day in every zone of the world at once. It is compared with
// the first second of a year, in the zone of the server (FHIR R4,
// search.html#date): what is shown is the year that the server wrote in that zone.

// yearForm is the value of a comparison with a date.
var yearForm = lazyregexp.New(`^([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2})(?:T([0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,9})?)?)(?:Z|[+-][0-9]{2}:[0-9]{2})?)?)?)?$`)

// lastYear is the last that can be compared with: what follows it must have four
// digits too.
const lastYear = 9998

// yearBound reads a comparison with a whole year. A bound at the first or the last
// moment of a year, in whatever precision and zone, tests nothing finer and is read as
// one of the year, so ge2022-01-01 as ge2022. It refuses years that rules hide.
func (g *Guard) yearBound(item string) (prefix string, year int, ok bool) {
	prefix, value := cutPrefix(plus(item))
	m := yearForm().FindStringSubmatch(value)
	if m == nil || prefix == "ap" {
		return "", 0, false
	}
	year, _ = strconv.Atoi(m[1])
	month, day, clock := m[2], m[3], m[4]
	switch {
	case month == "":
	case prefix == "ge" || prefix == "lt" || prefix == "eb":
		ok := month == "01" && (day == "" || day == "01") && (clock == "" || strings.Trim(clock, "0:.") == "")
		if !ok {
			return "", 0, false
		}
	case prefix == "le" || prefix == "gt" || prefix == "sa":
		ok := month == "12" && (day == "" || day == "31") && lastMoment(clock)
		if !ok {
			return "", 0, false
		}
	default: // a month or a day is no year
		return "", 0, false
	}
	return prefix, year, year >= g.oldestYear() && year <= lastYear
}

// lastMoment reports whether nothing of a day is later than a time, to its precision.
func lastMoment(clock string) bool {
	whole, fraction, _ := strings.Cut(clock, ".")
	switch whole {
	case "", "23:59":
		return true
	case "23:59:59":
		return strings.Trim(fraction, "9") == ""
	}
	return false
}

// year rewrites a comparison with a year into what means the same everywhere.
func (g *Guard) year(v verdict, item string) (string, bool) {
	prefix, y, ok := g.yearBound(item)
	if !ok {
		return "", false
	}
	if v.stamp {
		return stampBound(prefix, y)
	}
	switch prefix {
	case "ge":
		return fmt.Sprintf("gt%04d-12-31", y-1), true
	case "gt", "sa":
		return fmt.Sprintf("%s%04d-12-31", prefix, y), true
	case "le":
		return fmt.Sprintf("lt%04d-01-01", y+1), true
	case "lt", "eb":
		return fmt.Sprintf("%s%04d-01-01", prefix, y), true
	}
	return fmt.Sprintf("%s%04d", prefix, y), true
}

// stampBound compares the time of a resource's last change. A whole year is two
// comparisons, which wholeStamp makes; none of one alone is it.
func stampBound(prefix string, y int) (string, bool) {
	const before, from = "lt%04d-01-01T00:00:00", "ge%04d-01-01T00:00:00"
	switch prefix {
	case "ge":
		return fmt.Sprintf(from, y), true
	case "gt", "sa":
		return fmt.Sprintf(from, y+1), true
	case "le":
		return fmt.Sprintf(before, y+1), true
	case "lt", "eb":
		return fmt.Sprintf(before, y), true
	case "ne":
		return fmt.Sprintf(before+","+from, y, y+1), true
	}
	return "", false
}

// wholeStamp splits _lastUpdated=Y, which no server needs to read alike, into geY and
// leY. The time of the last change is one, and so is what most references lead to, so
// that both are about the same; of the many that _has looks at they need not be.
func wholeStamp(p Param) []Param {
	prefix, year := cutPrefix(p.Value)
	about := p.Name == "_lastUpdated" || strings.HasSuffix(p.Name, "._lastUpdated") && !strings.Contains(p.Name, "_has:")
	if !about || prefix != "" && prefix != "eq" || !lexical.IsDigits([]byte(year), 4, 4) {
		return []Param{p}
	}
	return []Param{{p.Name, "ge" + year}, {p.Name, "le" + year}}
}

// criteria judges a parameter that chooses resources, as criterion does, and returns
// what goes upstream of it.
func (s *search) criteria(typ string, p Param) (out []Param, r *Refusal) {
	s.full = p.Name
	for _, one := range wholeStamp(p) {
		upstream, r := s.criterion(typ, one.Name, one.Value, 0)
		if r != nil {
			return nil, r
		}
		out = append(out, upstream)
	}
	return out, nil
}

// yearReason says what a comparison with a year must be.
func (g *Guard) yearReason(v verdict) string {
	reason := fmt.Sprintf("the value must be a whole year (YYYY) from %d on, with eq, ne, gt, ge, lt, le, sa or eb, "+
		"or the first or last moment of one, such as ge2022-01-01 or le2022-12-31", g.oldestYear())
	if v.stamp {
		reason += "; after _has or in a list, not eq"
	}
	return reason
}
