package guard_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/veil-proxy/veil/fhir"
	"github.com/veil-proxy/veil/fhir/guard"
	"github.com/veil-proxy/veil/internal/masktest"
)

// TestGuardOfShiftedDates: a time is shifted back where the search names the
// patient, so that the response is the one that the shifted times would give; where
// it does not, or where a date may be partial, the search is refused.
func TestGuardOfShiftedDates(t *testing.T) {
	a := masktest.Shipped(t, "research")
	g, m := guard.New(a), masktest.NewMasker(a, fhir.RememberAlways)
	keys := a.Policy.Keys.NewPseudonymizer()
	seal := func(typ, id string) string {
		s, _ := keys.AppendSealed(nil, a.Policy.Keys.SealSlot(typ), []byte(id))
		return string(s)
	}
	p1, p2 := "Patient/"+seal("Patient", "1"), "Patient/"+seal("Patient", "2")
	const at = "2024-05-01T10:00:00+02:00"
	// What is sent upstream, masked, must be what was requested.
	masked := func(resource string) string {
		t.Helper()
		out, err := m.Mask([]byte(resource))
		if err != nil {
			t.Fatal(err)
		}
		return string(out)
	}
	for _, tc := range []struct{ name, typ, query, date, resource string }{
		{"by patient", "DocumentReference", "patient=" + p1 + "&date=ge" + at, "date", `"subject":{"reference":"Patient/1"},"date":%q`},
		{"by subject", "DocumentReference", "date=" + at + "&subject=" + p2, "date", `"subject":{"reference":"Patient/2"},"date":%q`},
		{"by subject and type", "DocumentReference", "subject:Patient=" + strings.TrimPrefix(p1, "Patient/") + "&date=lt" + at, "date", `"subject":{"reference":"Patient/1"},"date":%q`},
		{"by the patient's id", "Patient", "_id=" + strings.TrimPrefix(p1, "Patient/") + "&_lastUpdated=ge" + at, "_lastUpdated", `"id":"1","meta":{"lastUpdated":%q}`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			q, err := g.Search(keys, nil, tc.typ, asked(t, strings.ReplaceAll(tc.query, "+", "%2B")), guard.Strict)
			if err != nil {
				t.Fatal(err)
			}
			for _, p := range q.Upstream {
				if p.Name != tc.date {
					continue
				}
				original := strings.TrimLeft(p.Value, "gelt")
				if original == at || !strings.HasSuffix(original, "T10:00:00+02:00") {
					t.Errorf("%s goes upstream", p.Value)
				}
				if out := masked(fmt.Sprintf(`{"resourceType":%q,`+tc.resource+`}`, tc.typ, original)); !strings.Contains(out, `"`+at+`"`) {
					t.Errorf("%s is seen as %s", original, out)
				}
			}
		})
	}
	for _, tc := range []struct{ name, typ, query, reason string }{
		{"no patient", "DocumentReference", "date=ge" + at, "must name the patient"},
		{"two patients", "DocumentReference", "patient=" + p1 + "," + p2 + "&date=ge" + at, "must name the patient"},
		{"two patients' ids", "Patient", "_id=" + strings.TrimPrefix(p1, "Patient/") + "," + strings.TrimPrefix(p2, "Patient/") + "&_lastUpdated=ge" + at, "must name the patient"},
		{"one of several subjects", "Account", "subject=" + p1 + "&_lastUpdated=ge" + at, "no search of Account"},
		{"another reference to the patient", "DocumentReference", "author=" + p1 + "&date=ge" + at, "must name the patient"},
		{"a group", "DocumentReference", "subject=Group/" + seal("Group", "1") + "&date=ge" + at, "must name the patient"},
		{"who it is not", "DocumentReference", "subject:missing=false&date=ge" + at, "must name the patient"},
		{"one of several participants", "Appointment", "patient=" + p1 + "&_lastUpdated=ge" + at, "no search of Appointment"},
		{"in a chain", "Observation", "patient=" + p1 + "&subject:Patient._lastUpdated=ge" + at, "must name the patient"},
		{"a date that may be a month", "Observation", "patient=" + p1 + "&date=ge2024-05-01", "would reveal the shift"},
		{"a month", "DocumentReference", "patient=" + p1 + "&date=ge2024-05", "a day or an instant"},
		{"about a day", "DocumentReference", "patient=" + p1 + "&date=ap2024-05-01", "a day or an instant"},
		{"no date", "DocumentReference", "patient=" + p1 + "&date=Smith-Smith-Smith", "a day or an instant"},
		{"missing", "DocumentReference", "patient=" + p1 + "&date:missing=true", "modifier"},
		{"sorted", "DocumentReference", "patient=" + p1 + "&_sort=date", "sorting"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			q, err := g.Search(keys, nil, tc.typ, asked(t, strings.ReplaceAll(tc.query, "+", "%2B")), guard.Strict)
			var r *guard.Refusal
			if !errors.As(err, &r) || !strings.Contains(r.Reason, tc.reason) || strings.Contains(err.Error(), "Smith") {
				t.Errorf("got %+v, %v", q, err)
			}
		})
	}
	if _, err := g.Since("Patient", at); err == nil {
		t.Error("_since passes where times are shifted")
	}
}
