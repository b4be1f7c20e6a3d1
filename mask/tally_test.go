package mask

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/veil-proxy/veil/mask/keys"
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

// TestUsesInJSON: a use is written as encoding/json writes what it says, with the text that
// its plan has of it, or without one.
func TestUsesInJSON(t *testing.T) {
	t.Parallel()
	for _, a := range []Action{
		{},
		{Rule: "names", Category: "A", Path: "Patient.name", Method: "remove"},
		{Rule: "0}", Path: "a\"b\\c<d>&\u2028é\x00", Method: "\xff0}"},
	} {
		plan := &Plan{Keys: ring(t)}
		if _, err := plan.Add(a); err != nil {
			t.Fatal(err)
		}
		for _, n := range []uint64{1, 10, 1<<64 - 1} {
			p := NewPass(plan)
			p.Counts[0] = n
			r := p.Record("", "")
			all := r.AppendApplied(nil)
			want, err := json.Marshal(all[0])
			if err != nil {
				t.Fatal(err)
			}
			for _, u := range []Use{r.Used[0], NewUses(all...)[0]} {
				if got := u.AppendJSON([]byte("x")); string(got) != "x"+string(want) {
					t.Errorf("%s, want %s", got, want)
				}
			}
		}
	}
}

func ring(t testing.TB) *keys.Keyring {
	t.Helper()
	r, err := keys.NewKeyring([]byte("the key of the tests, 32 bytes!!"), "test")
	if err != nil {
		t.Fatal(err)
	}
	return r
}
