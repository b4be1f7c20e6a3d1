package analysis

import (
	"regexp"
	"strings"
	"testing"
)

// TestDatesOfTwoItemsAreHeldToOnePerson holds that the dates of two FROM items meet only
// behind a comparison of the persons' ids: PostgreSQL may judge the conditions of a
// statement in any order, and an error would tell what they gave.
func TestDatesOfTwoItemsAreHeldToOnePerson(t *testing.T) {
	t.Parallel()
	for _, sql := range []string{
		"SELECT a.seen - b.seen FROM visits a JOIN visits b ON a.patient_id = b.patient_id",
		"SELECT 1 FROM visits a, visits b WHERE a.patient_id = b.patient_id AND a.seen < b.seen",
		"SELECT 1 FROM visits a JOIN visits b USING (patient_id) WHERE a.seen >= b.seen + interval '2 hours'",
	} {
		p := planOf(t, sql)
		if sql := strings.ReplaceAll(p.SQL, p.tagText(), "v"); !meeting.MatchString(sql) {
			t.Errorf("%s: no guard in\n%s", sql, p.SQL)
		}
	}
	if p := planOf(t, "SELECT seen - seen FROM visits"); strings.Count(p.SQL, "= v") > 0 {
		t.Errorf("one row needs no guard: %s", p.SQL)
	}
}

// meeting is two dates behind a comparison of two ids.
var meeting = regexp.MustCompile(`CASE WHEN v_\d+\.v_\d+ = v_\d+\.v_\d+ THEN \(?v_\d+\.v_\d+\)? (?:-|<|>=) `)

func (p *Plan) tagText() string { return string(p.Tag) }

func TestIntervalSeconds(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ sql, want string }{
		{"interval '30 days'", "2592000.000000"},
		{"INTERVAL '30' DAY", "2592000.000000"},
		{"'1 week 2 hours'::interval", "612000.000000"},
		{"interval '-90 minutes'", "-5400.000000"},
		{"interval '1.5 hours'", "5400.000000"},
		{"interval '1 month'", ""},
		{"interval '1 year 2 days'", ""},
		{"interval '1-2'", ""},
		{"interval '30'", ""},
		{"interval '9999999 weeks'", ""},
		{"interval 'P1D'", ""},
		{"interval '1 day' YEAR", ""},
		{"interval '2 days ago'", ""},
		{"1", ""},
		{"(SELECT interval '1 day')", ""},
		{"interval ''", ""},
	} {
		got, ok := intervalSeconds(parseFragment(c.sql))
		if ok != (c.want != "") || ok && got != c.want {
			t.Errorf("%s: got %q, %v, want %q", c.sql, got, ok, c.want)
		}
	}
}
