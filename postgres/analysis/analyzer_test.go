package analysis

import (
	"strings"
	"testing"
)

// TestPlansOfTwoViewsStay holds that a statement that is run under two policies, or with
// two search paths, is analysed once for each.
func TestPlansOfTwoViewsStay(t *testing.T) {
	t.Parallel()
	c, a := clinicCatalog(t), NewAnalyzer(64)
	defer a.Close()
	policies := []*Policy{clinicPolicy(t, Options{}), clinicPolicy(t, Options{Explain: true})}
	paths := [][]string{{"clinic"}, {"clinic", "public"}}
	const sql = "SELECT patient_id, ward FROM clinic.visits"
	var first []*Plan
	for round := range 3 {
		n := 0
		for _, p := range policies {
			for _, path := range paths {
				s := *clinicSession()
				s.SearchPath = path
				plan, r := a.Analyze(sql, c, p, &s)
				if r != nil {
					t.Fatal(r)
				}
				a.plans.Wait()
				if round == 0 {
					first = append(first, plan)
				} else if plan != first[n] {
					t.Errorf("round %d: the plan under policy and path %d was made anew", round, n)
				}
				n++
			}
		}
	}
}

// TestFaultsLeaveAStack holds that a panic in the analysis refuses the statement and says
// where it happened, without a word of the statement.
func TestFaultsLeaveAStack(t *testing.T) {
	t.Parallel()
	s := clinicSession()
	s.Prepared = func(string) *Plan { panic("SECRET") }
	_, r := analyze("EXECUTE secretname", clinicCatalog(t), clinicPolicy(t, Options{}), s)
	if r == nil || r.Code != "XX000" || !strings.Contains(r.Stack, "TestFaultsLeaveAStack") || !strings.Contains(r.Stack, ".execute") || strings.Contains(strings.ToLower(r.Stack+r.Message), "secret") {
		t.Errorf("got %+v", r)
	}
}
