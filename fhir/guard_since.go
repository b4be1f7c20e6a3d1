package fhir

import (
	"fmt"
	"regexp"
	"time"
)

// timeForm is a FHIR date, dateTime or instant.
var timeForm = regexp.MustCompile(`^[0-9]{4}(-[0-9]{2}(-[0-9]{2}(T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?(Z|[+-][0-9]{2}:[0-9]{2}))?)?)?$`)

// yearOfTime returns the year in UTC in which a date or time begins.
func yearOfTime(value string) (year int, ok bool) {
	if !timeForm.MatchString(value) {
		return 0, false
	}
	for _, layout := range []string{"2006", "2006-01", time.DateOnly, time.RFC3339Nano} {
		if t, err := time.Parse(layout, value); err == nil && t.UTC().Year() > 0 {
			return t.UTC().Year(), true
		}
	}
	return 0, false
}

// Since judges the time of _since for resources of a type, and returns it as it
// may go upstream: where the consumer sees of meta.lastUpdated but the year, the
// time is taken back to the beginning of its year in UTC, so that the answer has
// all that was asked for and possibly more. The error is a *Refusal.
func (g *Guard) Since(resourceType, value string) (string, error) {
	year, ok := yearOfTime(value)
	if !ok {
		return "", &Refusal{Param: "_since", Reason: "the value must be an instant, such as 2024-01-01T00:00:00Z"}
	}
	sp, ok := g.param(resourceType, "_lastUpdated")
	if !ok {
		return "", &Refusal{Param: "_since", Reason: "the time of the last change is not known"}
	}
	if v := g.judge(resourceType, sp); v.class != classYear {
		return "", &Refusal{Param: "_since", Rule: v.rule, Reason: "it would tell more of the time of the last change than is shown"}
	}
	return fmt.Sprintf("%04d-01-01T00:00:00Z", year), nil
}
