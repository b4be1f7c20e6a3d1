package safeharbor

import "testing"

// TestYearOfDatesAlone holds that no year is taken of a number that is merely written
// like a date.
func TestYearOfDatesAlone(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"5551-23-45", "1987-00-01", "1987-13-01", "1987-13", "1987-12-00", "1987-12-32", "1987-12-32T10:00:00Z"} {
		if y, ok := yearOf([]byte(s)); ok {
			t.Errorf("%s: year %d", s, y)
		}
	}
	for _, s := range []string{"1987", "1987-01", "1987-12-31", "1987-12-31T10:00:00Z", "1987-12-31 10:00:00+00"} {
		if y, ok := yearOf([]byte(s)); !ok || y != 1987 {
			t.Errorf("%s: no year", s)
		}
	}
}
