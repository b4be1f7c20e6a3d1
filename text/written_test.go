package text

import (
	"encoding/base64"
	"fmt"
	"html"
	"math/rand/v2"
	"net/url"
	"strings"
	"testing"
)

// writers are how programs write a text into another.
var writers = map[string]func(string) string{
	"references of HTML": func(s string) string {
		return each(s, func(r rune) string { return fmt.Sprintf("&#%d;", r) })
	},
	"hexadecimal references": func(s string) string {
		return each(s, func(r rune) string { return fmt.Sprintf("&#x%X;", r) })
	},
	"HTML twice":       func(s string) string { return html.EscapeString(strings.ReplaceAll(s, " ", "&nbsp;")) },
	"percent escapes":  url.PathEscape,
	"a form":           func(s string) string { return "name=" + url.QueryEscape(s) },
	"escapes of JSON":  func(s string) string { return each(s, func(r rune) string { return fmt.Sprintf(`\u%04x`, r) }) },
	"a name of a file": func(s string) string { return "scan_" + strings.ReplaceAll(s, " ", "_") + "_2.pdf" },
	"a path":           func(s string) string { return "/srv/data/" + strings.ReplaceAll(s, " ", "_") + ".dcm" },
	"elements": func(s string) string {
		return "<given>" + strings.ReplaceAll(s, " ", "</given><family>") + "</family>"
	},
	"lines of a string": func(s string) string { return "x\\n" + s + `\ny` },
}

func each(s string, write func(rune) string) string {
	var b strings.Builder
	for _, r := range s {
		if r < 0x80 && r != ' ' && r != '\'' {
			b.WriteRune(r)
			continue
		}
		b.WriteString(write(r))
	}
	return b.String()
}

// TestKnownNamesAsProgramsWriteThem: a known name of any script is found as a whole in
// whatever way a program wrote it: nothing is left that a reader could take for a part.
func TestKnownNamesAsProgramsWriteThem(t *testing.T) {
	t.Parallel()
	n := 300
	if testing.Short() {
		n = 60
	}
	s := New(Options{}).Scanner()
	for writer, write := range writers {
		r := rand.New(rand.NewPCG(15, 7))
		for range n {
			alphabet := []rune(strings.NewReplacer("ß", "", "ÿ", "").Replace(alphabets[r.IntN(3)]))
			given, family := capital(randomWord(r, alphabet, 4, 9)), capital(randomWord(r, alphabet, 5, 11))
			var b KnownBuilder
			b.AddName(given + " " + family)
			in := "Seen: " + write(given+" "+family) + " today"
			out := string(Replace(nil, []byte(in), s.Find(nil, []byte(in), b.Build()), Labels))
			for _, part := range []string{given, family} {
				if written := write(part); strings.Contains(out, part) || len(written) > 3*len(part) && strings.Contains(out, written) {
					t.Fatalf("%s: %s\n is %s", writer, in, out)
				}
			}
			if !strings.Contains(out, "[NAME]") || !strings.HasPrefix(out, "Seen:") || !strings.HasSuffix(out, " today") {
				t.Fatalf("%s: %s\n is %s", writer, in, out)
			}
		}
	}
}

// TestEncodedContentIsFound: what was encoded goes as a whole, whatever it is, alone or in
// a text, in one line or in several.
func TestEncodedContentIsFound(t *testing.T) {
	t.Parallel()
	s := New(Options{}).Scanner()
	r := rand.New(rand.NewPCG(15, 8))
	for range 500 {
		content := make([]byte, 40+r.IntN(4000))
		for i := range content {
			content[i] = byte(r.UintN(256))
		}
		encoding := base64.StdEncoding
		if r.IntN(3) == 0 {
			encoding = base64.RawURLEncoding
		}
		encoded := encoding.EncodeToString(content)
		if r.IntN(2) == 0 {
			var lines []string
			for ; len(encoded) > 76; encoded = encoded[76:] {
				lines = append(lines, encoded[:76])
			}
			encoded = strings.Join(append(lines, encoded), "\r\n")
		}
		for _, frame := range []string{"Photo: %s\nThe patient slept.", "![photo](data:image/png;base64,%s)\nThe patient slept.", "%s"} {
			in := fmt.Sprintf(frame, encoded)
			want := strings.SplitN(frame, "%s", 2)
			out := strings.NewReplacer("\r", "", "\n", "").Replace(string(Replace(nil, []byte(in), s.Find(nil, []byte(in), nil), Labels)))
			rest := strings.ReplaceAll(want[1], "\n", "")
			if ok := out == want[0]+"[ID]"+rest || out == "![photo]([URL]"+rest; !ok {
				t.Fatalf("%s\n is %s", in, out)
			}
		}
	}
}

// TestWrittenByPrograms: one text a row, and what must stay.
func TestWrittenByPrograms(t *testing.T) {
	t.Parallel()
	s := New(Options{}).Scanner()
	for _, tc := range []struct{ in, want string }{
		{"Seen by Mr. O&#39;Brien today", "Seen by [NAME] today"},
		{"John&nbsp;Smith lives at 12&nbsp;Foxglove&nbsp;Close", "[NAME] lives at [LOCATION]"},
		{"ask John%20Smith, ask john_smith@example.org, https://a.example/John_Smith", "ask [NAME], ask [EMAIL], [URL]"},
		{"see data:text/plain,John%20Smith%20lives%20here now", "see [URL] now"},
		{"=?utf-8?B?Sm9obiBTbWl0aA==?= and =?iso-8859-1?Q?J=F6hn_Smith?= wrote", "[ID] and [ID] wrote"},
		{"P<UTOSMITH<<JOHN<<<<<<<<<<<<<<<<<<<<<<<<\nok", "[ID]\nok"},
		{"/home/jsmith/x, C:\\Users\\jsmith\\Desktop\\John Smith.docx and /users/list", "/home/[ID]/x, C:\\Users\\[ID]\\Desktop\\[NAME].docx and /users/[ID]"},
		{"@johnsmith99 posted as u/john_smith", "[ID] posted as u/[NAME]"},
		{"at 42.3601,-71.0589 or 42°21'36\"N 71°3'32\"W", "at [LOCATION] or [LOCATION] [LOCATION]"},
		// What stays.
		{"Given @bedtime @0900, #3 DVT, p<0.05 and x>3, A&O x3, 5%NS, Neut%55", "Given @bedtime @0900, #3 DVT, p<0.05 and x>3, A&O x3, 5%NS, Neut%55"},
		{"flexion 90° 45 to 120°, temp 37.0 and 36.9999, CD4+CD8", "flexion 90° 45 to 120°, temp 37.0 and 36.9999, CD4+CD8"},
		{"IL-6/TNF-a/IFN-g, ObservationCategoryCodes, CHA2DS2-VASc, hydrochlorothiazide/lisinopril", "IL-6/TNF-a/IFN-g, ObservationCategoryCodes, CHA2DS2-VASc, hydrochlorothiazide/lisinopril"},
	} {
		if got := string(Replace(nil, []byte(tc.in), s.Find(nil, []byte(tc.in), nil), Labels)); got != tc.want {
			t.Errorf("%s:\n got %s\nwant %s", tc.in, got, tc.want)
		}
	}
}
