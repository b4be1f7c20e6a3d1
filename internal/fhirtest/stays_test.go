package fhirtest

import (
	"encoding/json"
	"testing"

	"github.com/veil-proxy/veil/internal/veiltest"
)

// TestStaysAreFrozen: the same seed gives the same stays, of which docs state figures.
func TestStaysAreFrozen(t *testing.T) {
	t.Parallel()
	veiltest.Golden(t, "testdata/stays-1-50.sha256", digest(Stays(1, 50)), *update)
}

// TestStaysHaveASignal: more of those with kidney disease come back than of those with a
// new knee, and every second stay follows a first one within thirty days.
func TestStaysHaveASignal(t *testing.T) {
	t.Parallel()
	type stay struct {
		Subject struct{ Reference string }
		Period  struct{ Start, End string }

		ReasonCode      []struct{ Coding []struct{ Code string } }
		Hospitalization struct {
			ReAdmission struct{ Coding []struct{ Code string } }
		}
	}
	first, stays, back := map[string]stay{}, map[string]int{}, map[string]int{}
	for _, r := range Stays(1, 800).Resources() {
		if r.Type != "Encounter" {
			continue
		}
		var s stay
		if err := json.Unmarshal(r.JSON, &s); err != nil {
			t.Fatal(err)
		}
		reason := s.ReasonCode[0].Coding[0].Code
		if s.Hospitalization.ReAdmission.Coding == nil {
			first[s.Subject.Reference] = s
			stays[reason]++
			continue
		}
		back[reason]++
		before, ok := first[s.Subject.Reference]
		if !ok || s.Period.Start <= before.Period.End {
			t.Errorf("%s: a readmission does not follow a stay", r.ID)
		}
	}
	if n := len(first); n != 800 {
		t.Errorf("%d stays of 800 patients", n)
	}
	share := func(reason string) float64 { return float64(back[reason]) / float64(stays[reason]) }
	if share("N18.30") < 2*share("M17.9") {
		t.Errorf("%.2f of those with kidney disease come back, and %.2f of those with a new knee", share("N18.30"), share("M17.9"))
	}
}
