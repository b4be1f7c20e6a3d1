package text

import "testing"

func TestFindKnown(t *testing.T) {
	t.Parallel()
	var b KnownBuilder
	b.AddName("John Q Parkinson")
	b.AddID("W123456789")
	b.AddPhone("(503) 555-0142")
	b.AddAddress("12 Lake Street")
	b.AddDate(1946, 8, 16)
	known := b.Build()
	s := New(Options{}).Scanner()
	for _, tc := range []struct{ in, want string }{
		{"Seen by Dr. Parkinson.", "Seen by Dr. [NAME]."},
		{"PARKINSON, JOHN has Parkinson's disease", "[NAME] has Parkinson's disease"},
		{"J. Parkinson's wife", "[NAME]'s wife"},
		{"Pt J.P. slept", "Pt [NAME] slept"},
		{"Mr. Parkisnon slept", "Mr. [NAME] slept"},
		{"id W 123 456 789 and 503.555.0142 or 555 0142", "id [ID] and [PHONE] or [PHONE]"},
		{"born 16.8.1946 or 08/16/46 or August 16th", "born [DATE] or [DATE] or [DATE]"},
		{"lives at 12 Lake Street", "lives at [LOCATION]"},
		{"write to j.p@example.org, see https://a.example/x?y=1.", "write to [EMAIL], see [URL]."},
	} {
		got := string(Replace(nil, []byte(tc.in), s.Find(nil, []byte(tc.in), known), Labels))
		if got != tc.want {
			t.Errorf("%s:\n got %s\nwant %s", tc.in, got, tc.want)
		}
	}
}

func BenchmarkLoad(b *testing.B) {
	for b.Loop() {
		load()
	}
}
