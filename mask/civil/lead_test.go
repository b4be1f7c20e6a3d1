package civil

import (
	"fmt"
	"regexp"
	"testing"
)

var leading = regexp.MustCompile(`^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])`)

// holdLead compares Lead with a regular expression.
func holdLead(t *testing.T, text []byte) {
	t.Helper()
	year, ok := Lead(text)
	want := leading.Match(text) && string(text[:4]) != "0000"
	if ok != want || ok && fmt.Sprintf("%04d", year) != string(text[:4]) {
		t.Fatalf("%q: year %d, %v; want %v", text, year, ok, want)
	}
}

// TestLead: every year, month and day that two digits can say is read, and nothing that has
// any other byte in one place.
func TestLead(t *testing.T) {
	t.Parallel()
	for year := range 10000 {
		holdLead(t, fmt.Appendf(nil, "%04d-12-31", year))
	}
	for month := range 100 {
		for day := range 100 {
			holdLead(t, fmt.Appendf(nil, "2024-%02d-%02dT", month, day))
		}
	}
	for at := range len("2024-05-16") {
		for c := range 256 {
			text := []byte("2024-05-16T07:08:09Z")
			text[at] = byte(c)
			holdLead(t, text)
			holdLead(t, text[:at+1])
		}
	}
}

func FuzzLead(f *testing.F) {
	f.Add([]byte("2024-05-16"))
	f.Add([]byte("2024-05"))
	f.Fuzz(holdLead)
}
