package civil

import (
	"testing"
	"time"
)

// TestDays holds days and their numbers to package time, over more than 400 years.
func TestDays(t *testing.T) {
	t.Parallel()
	at := time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC)
	for day := at; day.Year() < 2450; day = day.AddDate(0, 0, 1) {
		want := Date{Year: day.Year(), Month: day.Month(), Day: day.Day()}
		n := int(day.Unix() / 86400)
		if day.Unix() < 0 {
			n = -int(-day.Unix() / 86400)
		}
		if want.Days() != n || OfDays(n) != want {
			t.Fatalf("%v is %d, want %d; %d is %v", want, want.Days(), n, n, OfDays(n))
		}
	}
}

// TestRead holds the reading of dates to package time.
func TestRead(t *testing.T) {
	t.Parallel()
	for _, s := range []string{
		"2024-02-29", "2023-02-29", "1900-02-29", "2000-02-29", "0000-01-01", "0001-01-01", "9999-12-31", "2024-00-10", "2024-13-01", "2024-04-31",
		"2024-1-01", "2024-01-1", "2024/01/01", "+024-01-01", "2024-01-32", "2024-01-00", "", "2024-01-011", " 024-01-01", "202４-01-0",
	} {
		want, err := time.Parse(time.DateOnly, s)
		d, ok := Read([]byte(s))
		if wantOK := err == nil && want.Year() > 0; ok != wantOK || ok && string(d.Append(nil)) != s {
			t.Errorf("%q: %v, %t", s, d, ok)
		}
	}
}
