package encoded

import (
	"strings"
	"testing"
)

func TestRead(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		e        Encoding
		in, want string // want is "" if nothing is in the encoding
	}{
		{Entities, "M&uuml;ller &amp &#x41;&#66;", "Müller & AB"},
		{Entities, "R&D at AT&T; a && b", ""},
		{Tags, "<b>M&uuml;l</b>ler<br/>x <5 y>3<!-- a -->z", "Müller\nx <5 y>3z"},
		{Tags, "BP <140 and >90, K <3", ""},
		{Escapes, `M\u00fcller \xc3\xbc \xfc \303\274 \u{fc} \ud83d\ude00\nx\/y`, "Müller ü ü ü ü 😀\nx/y"},
		{Escapes, `s\p CABG`, ""},
		{RTF, `{\rtf1\ansicpg1250 M\'fcl{\b ler} \u322?\par x}`, "Müller ł\nx"},
		{RTF, `\uc0\u8211 a\uc1\u-10179?\u-8704?b`, "–a\U0001f600b"},
		{HL7, `Smith \T\ Sons\.br\\H\Mül\N\ler\XC3BC\`, "Smith & Sons\nMüllerü"},
		{HL7, `a \ b`, ""},
		{QuotedPrintable, "M=C3=BCl=\nler x", "Müller x"},
		{QuotedPrintable, "charset=\"koi8-r\" =C9=D7", "charset=\"koi8-r\" ив"},
		{QuotedPrintable, "K=4.5, x = y", ""},
		{URL, "?q=M%C3%BCller+Anna%20x&y=%u00fc", "?q=Müller Anna x&y=ü"},
		{URL, "98% on air, 50 %", ""},
		{Mojibake, "MÃ¼ller â Ã", "Müller â Ã"},
		{Mojibake, "Ärztin, Ångström", ""},
		{Breaks, "> Mül-\n> ler, Unter\u00ad \r\n lagen", "> Müller, Unterlagen"},
		{Breaks, "a -\nb, c\nd", ""},
		{Cells, "| a | b |\n+---+---+\n| c | d |\n", "\n\na\nc\n\nb\nd\n\n\n"},
		{Cells, "a | b\nno table", ""},
		{Names, "scan_AnnLee.PDF, #AnnLee ann.lee.jpg", "scan Ann Lee PDF, #Ann Lee ann lee jpg"},
		{Names, "#3 DVT @bedtime 3.5 mg. p<0.05 and e.g. x_ _x ann_lee@example.org http://a.example/b_c", "#3 DVT @bedtime 3.5 mg. p<0.05 and e.g. x_ _x ann_lee@example.org http://a.example/b_c"},
	} {
		var v View
		if ok := v.Read(tc.e, []byte(tc.in)); ok != (tc.want != "") || ok && string(v.Text) != tc.want {
			t.Errorf("%d, %q: got %v, %q, want %q", tc.e, tc.in, ok, v.Text, tc.want)
		}
	}
}

func TestSource(t *testing.T) {
	t.Parallel()
	in := "x M&uuml;<b>l</b>ler y"
	var v View
	v.Read(Tags, []byte(in))
	from := strings.Index(string(v.Text), "Müller")
	var got []string
	for _, r := range v.Source(nil, from, from+len("Müller")) {
		got = append(got, in[r.Start:r.End])
	}
	if strings.Join(got, "|") != "M&uuml;|l|ler" {
		t.Errorf("got %q", got)
	}
}

// FuzzViews: what a view says of where it comes from is a part of the text, in order, and the
// same where it is literal.
func FuzzViews(f *testing.F) {
	for _, s := range []string{"M&uuml;<b>l</b>ler", `{\rtf1 M\'fc\u252?}`, "=C3=BC=\n=?utf-8?B?w7w=?=", `\T\ \XC3BC\ \u00fc`, "%C3%BC+%u00fc", "Ã¼ a-\n> b", "| a | b |\n| c | d |\n", "TcO8bGxlciBzYWlkIG5vdGhpbmc="} {
		f.Add(s, 0, 9)
	}
	f.Fuzz(func(t *testing.T, in string, from, length int) {
		text := []byte(in)
		var v View
		for e := range Count {
			if !v.Read(e, text) {
				continue
			}
			start := min(max(from, 0), len(v.Text))
			end := start + min(max(length, 0), len(v.Text)-start)
			for _, r := range v.Source(nil, start, end) {
				if r.Start < 0 || r.End < r.Start || r.End > len(text) {
					t.Fatalf("%d: %v of %d bytes", e, r, len(text))
				}
				if !r.Decoded && !strings.Contains(string(v.Text), in[r.Start:r.End]) {
					t.Fatalf("%d: %v is not in the view", e, r)
				}
			}
		}
		for at := 0; at < len(text); {
			b, end, _ := v.Block(text, 0, at)
			if end < at || b.Start < 0 || b.End > len(text) || b.End < b.Start {
				t.Fatalf("block %v, end %d at %d of %d bytes", b, end, at, len(text))
			}
			at = max(end, at+1)
		}
	})
}
