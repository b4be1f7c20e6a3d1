package mask

import (
	"fmt"
	"testing"
)

// TestSnapshot: what a pass counts since a moment is what is counted of it again.
func TestSnapshot(t *testing.T) {
	t.Parallel()
	newPass := func() *Pass { return &Pass{Counts: make([]uint64, 9), resources: map[string]uint64{}} }
	p, q := newPass(), newPass()
	var s Snapshot
	for range 2 { // one Snapshot serves again
		p.Counts[3] = 5
		p.CountResource("Patient")
		p.Snapshot(&s)
		p.Counts[3] += 2
		p.Counts[8]++
		p.CountResources("Patient", 4)
		p.CountResource("Encounter")
		tally := p.Since(&s)
		q.Count(&tally)
		if tally.Size() == 0 {
			t.Error("a tally takes nothing")
		}
	}
	if got := fmt.Sprint(q.Counts, q.resources); got != "[0 0 0 4 0 0 0 0 2] map[Encounter:2 Patient:8]" {
		t.Errorf("counted are %s", got)
	}
}
