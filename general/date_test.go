package general

import (
	"testing"

	"github.com/veil-proxy/veil/mask"
)

// TestShiftCopiesTimesAlone holds that what stands behind a shifted date is a time of
// day, whole, and that a value with anything else is removed.
func TestShiftCopiesTimesAlone(t *testing.T) {
	t.Parallel()
	k := testKeys(t)
	for _, mode := range []string{"shift", "year", "month", "quarter"} {
		m, err := newDate(mask.Env{Keys: k}, mask.Args{"mode": mode})
		if err != nil {
			t.Fatal(err)
		}
		outcome := func(rest string) mask.Outcome {
			_, o, err := m.Append(nil, []byte("2020-01-02"+rest), &mask.Input{Keys: k.NewPseudonymizer(), Entity: []byte("Patient/1")})
			if err != nil {
				t.Fatal(err)
			}
			return o
		}
		for _, rest := range []string{"", "T12:34", " 12:34", "T12:34:56", "T12:34:56.789", " 23:59:60.123456789+05:30", "T00:00Z", "T12:34:56+00", " 12:34:56-0330", " 12:34:56+00:19:32"} {
			if o := outcome(rest); o != mask.Replaced {
				t.Errorf("%s: a time is removed: %q", mode, rest)
			}
		}
		for _, rest := range []string{
			"T12:34 -- 555-12-3456", "T12:34 5551234567", "T12:34:56.5551234567890", "T12:34-555-12-3456", "T12:34+5551234", "T55:12", "T12:34:56 +01", "T12:34:56.",
			"T12:34:", "T12:34ZZ", "T12:34+01:02:03:04", " 12:34 ", "T1234", " 12", "T12:34:56:78", "T12:34.5", "T12:34+1", "T12:34+16:00", "T12:34-",
		} {
			if o := outcome(rest); o != mask.Removed {
				t.Errorf("%s: passes: %q", mode, rest)
			}
		}
	}
}

// TestNoiseHidesTheFraction holds that a noisy number has no digit behind those of
// within: they would be the original's.
func TestNoiseHidesTheFraction(t *testing.T) {
	t.Parallel()
	k := testKeys(t)
	for _, c := range []struct{ within, in string }{
		{"50", "1003.17"}, {"50", "1006.34"}, {"0.5", "36.789123"}, {"5", "-0.1234567890123"}, {"0.25", "1.5"}, {"5", "2.5"},
	} {
		m, err := newNoise(mask.Env{Keys: k}, mask.Args{"within": c.within})
		if err != nil {
			t.Fatal(err)
		}
		step, err := readStep(c.within)
		if err != nil {
			t.Fatal(err)
		}
		out, o, err := m.Append(nil, []byte(c.in), &mask.Input{Keys: k.NewPseudonymizer(), Entity: []byte("Patient/1")})
		got, ok := readStepDigits(string(out))
		if err != nil || o != mask.Replaced || !ok || got > step.digits {
			t.Errorf("%s within %s: %s, with %d digits", c.in, c.within, out, got)
		}
		a, _ := readNumber(c.in)
		b, _ := readNumber(string(out))
		if a.Sub(a, b); a.Abs(a).Cmp(step.value) > 0 {
			t.Errorf("%s within %s: %s is farther off", c.in, c.within, out)
		}
	}
}

// readStepDigits counts the digits behind the point of a number.
func readStepDigits(s string) (int, bool) {
	if _, ok := readNumber(s); !ok {
		return 0, false
	}
	for i := range len(s) {
		if s[i] == '.' {
			return len(s) - i - 1, true
		}
	}
	return 0, true
}
