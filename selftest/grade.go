package selftest

import (
	"fmt"
	"slices"
)

// Grades lists all grades, best first.
//
//	A  every probe that ran passed, and so did the controls
//	B  something of low severity failed
//	C  something of medium severity failed, or a control could not run, or more than a
//	   tenth of all probes
//	D  something of high severity failed
//	F  something critical failed, or a control did: then the rest proves nothing
var Grades = []string{"A", "B", "C", "D", "F"}

// mostNotRun says how many probes may be left out: one in mostNotRun.
const mostNotRun = 10

// Meets reports whether a grade is at least as good as another.
func Meets(grade, least string) bool {
	return slices.Index(Grades, grade) <= slices.Index(Grades, least)
}

// grade sets the grade and its reasons.
func (r *Report) grade() {
	r.Grade, r.Reasons = "A", []string{}
	worse := func(grade, format string, args ...any) {
		if !Meets(r.Grade, grade) {
			return // it is already worse
		}
		if r.Grade != grade {
			r.Grade, r.Reasons = grade, nil
		}
		if reason := fmt.Sprintf(format, args...); !slices.Contains(r.Reasons, reason) {
			r.Reasons = append(r.Reasons, reason)
		}
	}
	gradeOf := map[Severity]string{Critical: "F", High: "D", Medium: "C", Low: "B"}
	ran, notRun := false, 0
	for _, p := range r.Probes {
		switch {
		case p.Control && p.Outcome == Fail:
			worse("F", "the control %s failed, so the probes that passed prove nothing", p.ID)
		case p.Control && p.Outcome == NotRun:
			worse("C", "the control %s could not run: %s", p.ID, p.Seen)
		case p.Outcome == Fail:
			worse(gradeOf[p.Severity], "%s failed (%s)", p.ID, p.Severity)
		case p.Outcome == NotRun:
			notRun++
		case !p.Control:
			ran = true
		}
	}
	if notRun*mostNotRun > len(r.Probes) {
		worse("C", "%d of %d probes could not run", notRun, len(r.Probes))
	}
	if !ran {
		worse("F", "no probe could run")
	}
}
