package suite

import (
	"errors"
	"strings"
	"testing"

	"github.com/veil-proxy/veil/selftest"
)

// TestEach: an attack runs for what it is over, and each time with the first canary that
// fits.
func TestEach(t *testing.T) {
	t.Parallel()
	canaries := []selftest.Canary{
		{Schema: "public", Table: "patients", Column: "name", Value: "unfit"},
		{Schema: "public", Table: "patients", Column: "name", Value: "a"},
		{Schema: "public", Table: "patients", Column: "name", Value: "b"},
		{Schema: "public", Table: "patients", Column: "mrn", Value: "c"},
		{Type: "Patient", Element: "name", Value: "d"},
		{Type: "Patient", Element: "id", Value: "e"},
	}
	for over, want := range map[Over]string{
		Once:       "=",
		EachTable:  "public.patients=a Patient=d",
		EachColumn: "public.patients.name=a public.patients.mrn=c Patient.name=d Patient.id=e",
		EachCanary: "public.patients.name=a public.patients.name=b public.patients.mrn=c Patient.name=d Patient.id=e",
	} {
		a := &Attack{Over: over}
		var got []string
		err := a.Each(canaries, func(c *selftest.Canary) bool { return c.Value != "unfit" }, func(c *selftest.Canary) error {
			value := ""
			if c != nil {
				value = c.Value
			}
			got = append(got, a.Of(c)+"="+value)
			return nil
		})
		if err != nil || strings.Join(got, " ") != want {
			t.Errorf("over %q: %v, %v, want %s", over, got, err, want)
		}
	}
	stop := errors.New("stop")
	for _, over := range []Over{Once, EachCanary} {
		n := 0
		a := &Attack{Over: over}
		if err := a.Each(canaries, func(*selftest.Canary) bool { return true }, func(*selftest.Canary) error { n++; return stop }); !errors.Is(err, stop) || n != 1 {
			t.Errorf("over %q: %d attempts, %v", over, n, err)
		}
	}
}
