package decode

import (
	"testing"
	"unicode/utf8"
)

func TestDecode(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ in, want string }{
		{"Mr. O&#39;Brien and Jos&eacute;&nbsp;Garc&#xED;a, A&amp;nbsp;B, R&amp;D", "Mr. O'Brien and José\u00a0García, A\u00a0B, R&D"},
		{"John%20Smith%2C Jos%C3%A9 M%FCller%2520x a%2", "John Smith, José Müller x a%2"},
		{"name=Ann+Lee&dob=1 A+B", "name=Ann Lee&dob=1 A+B"},
		{`John\nSmith \"Z\u00f6e\" \\u00e9 \ud83d\ude00 \x4a.`, "John\nSmith \"Zöe\" é 😀 J."},
		{`John\.br\Smith R\T\D`, "John\nSmith R&D"},
		{`C:\new\John_Smith.docx \\srv\nancy`, `C:\new\John Smith docx \\srv\nancy`},
		{"<given>Ann</given><family>Lee</family> p<0.05 and x>3", " Ann Lee  p<0.05 and x>3"},
		{"scan_AnnLee.PDF, #AnnLee ann.lee.jpg", "scan Ann Lee PDF, #Ann Lee ann lee jpg"},
	} {
		var r Reader
		got, ok := r.Decode([]byte(tc.in))
		if !ok || string(got) != tc.want {
			t.Errorf("%s:\n got %q\nwant %q", tc.in, got, tc.want)
		}
	}
	for _, in := range []string{"", "A&O x3; R&D, 50% of 5%NS, #3 DVT @bedtime 3.5 mg. p<0.05, CD4+ and e.g. x_ _x", "ann_lee@example.org http://a.example/b_c"} {
		var r Reader
		if got, ok := r.Decode([]byte(in)); ok {
			t.Errorf("%s: decoded to %q", in, got)
		}
	}
}

// FuzzDecode: what stands in a decoded text as it stood in the source is where Source says,
// and offsets that grow do so in the source.
func FuzzDecode(f *testing.F) {
	f.Add("Mr. O&#39;Brien%20x \\u00fc a_b.pdf <b>c</b> #AbCd name=a+b")
	f.Add("\xff%C3<a\\ud800\\udc00%25%32%30&amp;amp;lt;")
	var used Reader
	f.Fuzz(func(t *testing.T, in string) {
		plain, ok := used.Decode([]byte(in))
		if !ok {
			return
		}
		last := 0
		for i, c := range plain {
			at := used.Source(i)
			if at < last || at > len(in) {
				t.Fatalf("character %d is at %d of %d, the one before at %d", i, at, len(in), last)
			}
			if utf8.RuneStart(c) {
				last = at
			}
		}
		if end := used.Source(len(plain)); end != len(in) {
			t.Fatalf("the end is at %d of %d", end, len(in))
		}
		var fresh Reader
		if again, _ := fresh.Decode([]byte(in)); string(again) != string(plain) {
			t.Fatalf("decoded to %q, then to %q", again, plain)
		}
	})
}
