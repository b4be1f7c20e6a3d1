package keys

import (
	"bytes"
	"testing"
	"time"

	"github.com/veil-proxy/veil/mask/civil"
)

// TestRetiredKeyOpensInItsTime: after a change of key, what the old one sealed
// opens until the stated day and not after; nothing new is sealed with it.
func TestRetiredKeyOpensInItsTime(t *testing.T) {
	ring := func(fill byte, project string) *Keyring {
		k, err := NewKeyring(bytes.Repeat([]byte{fill}, MinSecret), project)
		if err != nil {
			t.Fatal(err)
		}
		// Slots need not be in the same order.
		for range fill % 3 {
			k.SealSlot("filler")
		}
		return k
	}
	day := func(days int) civil.Date {
		y, m, d := time.Now().UTC().AddDate(0, 0, days).Date()
		return civil.Date{Year: y, Month: m, Day: d}
	}
	for _, tc := range []struct {
		name  string
		until civil.Date
		opens bool
	}{
		{"in its time", day(2), true},
		{"after it", day(0), false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			old, current := ring(1, "p"), ring(2, "p")
			if err := current.Retire(old, tc.until); err != nil {
				t.Fatal(err)
			}
			op, np := old.NewPseudonymizer(), current.NewPseudonymizer()
			for _, id := range []string{"17", "0f3c9d1e-6a50-4b7e-9d0f-000000000001", "a-name-of-more-than-forty-characters-that-is-wide"} {
				sealed, _ := op.AppendSealed(nil, old.SealSlot("Patient"), []byte(id))
				got, ok := np.AppendOpened(nil, current.SealSlot("Patient"), sealed)
				if ok != tc.opens || tc.opens && string(got) != id {
					t.Errorf("%s opens: %v, %q", id, ok, got)
				}
				if _, ok := np.AppendOpened(nil, current.SealSlot("Observation"), sealed); ok {
					t.Errorf("%s opens as of another type", id)
				}
				again, _ := np.AppendSealed(nil, current.SealSlot("Patient"), []byte(id))
				if bytes.Equal(again, sealed) {
					t.Error("the old key still seals")
				}
				if got, ok := np.AppendOpened(nil, current.SealSlot("Patient"), again); !ok || string(got) != id {
					t.Errorf("its own seal does not open: %q", got)
				}
			}
			token := op.AppendSealedToken(nil, old.SealSlot("page"), []byte("/Patient?x=1"), []byte("ad"))
			if got, ok := np.AppendOpenedToken(nil, current.SealSlot("page"), token, []byte("ad")); ok != tc.opens || tc.opens && string(got) != "/Patient?x=1" {
				t.Errorf("token opens: %v, %q", ok, got)
			}
			if _, ok := np.AppendOpenedToken(nil, current.SealSlot("page"), token, []byte("another")); ok {
				t.Error("token opens for another consumer")
			}
		})
	}
	if err := ring(2, "p").Retire(ring(1, "q"), day(1)); err == nil {
		t.Error("a key of another project can be retired")
	}
}
