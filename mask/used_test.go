package mask

import (
	"fmt"
	"testing"
)

// manyActions is a pass of a plan as large as that of FHIR, and every tenth of its first
// thousand actions.
func manyActions(t testing.TB) (p *Pass, used []int) {
	t.Helper()
	plan := &Plan{Keys: ring(t)}
	for i := range 5200 {
		if _, err := plan.Add(Action{Rule: "r", Category: fmt.Sprint("c", i%18), Path: fmt.Sprint("Patient.", i), Method: "remove"}); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 100 {
		used = append(used, 10*i)
	}
	return NewPass(plan), used
}

// TestUsedIsAllocatedOnce: the actions of a record take one piece of memory, however many the
// record before it had. It is not parallel, since it counts what the process allocates.
func TestUsedIsAllocatedOnce(t *testing.T) {
	p, used := manyActions(t)
	n := 0
	got := testing.AllocsPerRun(100, func() {
		p.Begin(Origin{})
		n = (n + 37) % len(used)
		for _, i := range used[:n+1] {
			p.Counts[i] = 1
		}
		r := p.Record("complete", "")
		if len(r.Used) != n+1 || cap(r.Used) != n+1 || r.Used[n].Number() != used[n] {
			t.Errorf("%d uses of %d, the last of action %d", len(r.Used), n+1, r.Used[n].Number())
		}
	})
	if got > 2 { // the record and its actions
		t.Errorf("a record takes %.0f allocations", got)
	}
}

func BenchmarkRecord(b *testing.B) {
	p, used := manyActions(b)
	b.ReportAllocs()
	for b.Loop() {
		p.Begin(Origin{})
		for _, i := range used {
			p.Counts[i] = 1
		}
		p.Record("complete", "")
	}
}
