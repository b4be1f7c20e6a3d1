package text

import "testing"

// TestParseDate: a date is written again the same way for itself and for another day.
func TestParseDate(t *testing.T) {
	t.Parallel()
	other := Day{2021, 11, 3}
	for _, tc := range []struct {
		in    string
		day   Day
		other string
	}{
		{"2020-03-14", Day{2020, 3, 14}, "2021-11-03"},
		{"3/14/2020", Day{2020, 3, 14}, "11/3/2021"},
		{"03/14/20", Day{2020, 3, 14}, "11/03/21"},
		{"14.3.1960", Day{1960, 3, 14}, "3.11.2021"},
		{"3/4/2020", Day{2020, 3, 4}, "11/3/2021"},
		{"March 14th, 2020", Day{2020, 3, 14}, "November 3rd, 2021"},
		{"the 14th of March 2020", Day{2020, 3, 14}, "the 3rd of November 2021"},
		{"SATURDAY, MARCH 14, 2020", Day{2020, 3, 14}, "WEDNESDAY, NOVEMBER 3, 2021"},
		{"14Mar2020", Day{2020, 3, 14}, "3Nov2021"},
		{"14. März 2020", Day{2020, 3, 14}, "3. November 2021"},
		{"14 de marzo de 2020", Day{2020, 3, 14}, "3 de noviembre de 2021"},
		{"3/14", Day{0, 3, 14}, "11/3"},
		{"May 5", Day{0, 5, 5}, "November 3"},
	} {
		day, form, ok := ParseDate(tc.in, false)
		if !ok || day != tc.day {
			t.Errorf("%s: got %v, %v, want %v", tc.in, day, ok, tc.day)
			continue
		}
		if got := string(form.Append(nil, other)); got != tc.other {
			t.Errorf("%s: another day is %s, want %s", tc.in, got, tc.other)
		}
	}
	for _, bad := range []string{"", "March 2020", "2020-02-30", "14/13/2020", "3-5 March 2020", "last Tuesday", "2020-03-14T10:00", "Monday, March 3", "febrero y abril de 2002"} {
		if day, _, ok := ParseDate(bad, false); ok {
			t.Errorf("%s: took %v", bad, day)
		}
	}
	if day, _, ok := ParseDate("3/4/2020", true); !ok || day != (Day{2020, 4, 3}) {
		t.Errorf("day first: got %v", day)
	}
}
