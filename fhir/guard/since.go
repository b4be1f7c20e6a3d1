package guard

import (
	"fmt"
	"time"

	"github.com/veil-proxy/veil/fhir/lexical"
	"github.com/veil-proxy/veil/internal/lazyregexp"
)

// timeForm is a FHIR date, dateTime or instant.
var timeForm = lazyregexp.New(`^[0-9]{4}(-[0-9]{2}(-[0-9]{2}(T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?(Z|[+-][0-9]{2}:[0-9]{2}))?)?)?$`)

// yearOfTime returns the year in UTC in which a date or time begins.
func yearOfTime(value string) (year int, ok bool) {
	value = plus(value)
	if !timeForm().MatchString(value) {
		return 0, false
	}
	for _, layout := range []string{"2006", "2006-01", time.DateOnly, time.RFC3339Nano} {
		if t, err := time.Parse(layout, value); err == nil && t.UTC().Year() > 0 {
			return t.UTC().Year(), true
		}
	}
	return 0, false
}

// since judges the time of _since for resources of a type, and returns it as it may go
// upstream: where the consumer sees only the year of meta.lastUpdated, the time is moved
// back to the beginning of its year in UTC, so that the response has all that was
// requested and possibly more. The error is a *Refusal.
func (g *Guard) since(resourceType, value string) (string, error) {
	year, ok := yearOfTime(value)
	if !ok {
		return "", &Refusal{Param: "_since", Reason: "the value must be an instant, such as 2024-01-01T00:00:00Z"}
	}
	sp, ok := g.param(resourceType, "_lastUpdated")
	if !ok {
		return "", &Refusal{Param: "_since", Reason: "the time of the last change is not known"}
	}
	if v := g.judge(resourceType, sp); v.class != classYear {
		return "", &Refusal{Param: "_since", Rule: v.rule, Reason: "it would reveal more of the time of the last change than is shown"}
	}
	return fmt.Sprintf("%04d-01-01T00:00:00Z", year), nil
}

// History judges the parameters of a history of resources of the given types (FHIR R4,
// http.html#history), and returns them as they may go upstream. If there are several
// types, all must treat the time of _since alike. The error is a *Refusal.
func (g *Guard) History(types []string, params []Param, handling Handling) (*Query, error) {
	q := &Query{}
	seen := map[string]bool{}
	for _, p := range params {
		written := p
		if seen[p.Name] {
			return nil, &Refusal{Param: printable(p.Name), Reason: "it is given more than once"}
		}
		seen[p.Name] = true
		switch p.Name {
		case "_count":
			if !lexical.IsDigits([]byte(p.Value), 1, 4) {
				return nil, &Refusal{Param: "_count", Reason: "the value must be a number up to 9999"}
			}
		case "_since":
			since := ""
			for _, typ := range types {
				at, err := g.since(typ, p.Value)
				if err != nil {
					return nil, err
				}
				if since != "" && at != since {
					return nil, &Refusal{Param: "_since", Reason: "the ruleset treats the times of types differently; request the history of one type"}
				}
				since = at
			}
			p.Value = since
		default:
			r := &Refusal{Param: printable(p.Name), Reason: "a history takes _count and _since"}
			if !leavesElsewhere(p, handling, r) {
				return nil, r
			}
			q.Dropped = append(q.Dropped, r)
			continue
		}
		q.Upstream, q.Self = append(q.Upstream, p), append(q.Self, written)
	}
	return q, nil
}
