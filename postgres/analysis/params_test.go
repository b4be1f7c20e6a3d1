package analysis

import (
	"fmt"
	"strings"
	"testing"
)

// parameterized is a statement with n parameters in one list.
func parameterized(n int) string {
	places := make([]string, n)
	for i := range places {
		places[i] = fmt.Sprintf("$%d", i+1)
	}
	return "SELECT sex FROM patients WHERE id IN (" + strings.Join(places, ", ") + ")"
}

// TestParametersCostAlike holds the analysis of a list of parameters to a number of
// allocations a parameter, and of bytes of rewritten text, that does not grow with the
// list.
func TestParametersCostAlike(t *testing.T) {
	c, p, s := clinicCatalog(t), clinicPolicy(t, Options{}), clinicSession()
	cost := func(n int) (allocations float64, size int) {
		sql := parameterized(n)
		allocations = testing.AllocsPerRun(2, func() {
			plan, r := analyze(sql, c, p, s)
			if r != nil || len(plan.Params) != n || !plan.Params[n-1].Sealed {
				t.Fatalf("%v, %+v", r, plan)
			}
			size = len(plan.SQL)
		})
		return allocations, size
	}
	few, short := cost(500)
	many, long := cost(2000)
	if each := (many - few) / 1500; each > 120 {
		t.Errorf("a parameter takes %.0f allocations", each)
	}
	if each := (long - short) / 1500; each > 20 {
		t.Errorf("a parameter takes %d bytes of rewritten text", each)
	}
}
