package markup

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/veil-proxy/veil/text"
)

func scrubber() *Scrubber {
	var b text.KnownBuilder
	b.AddName("Zoë Halworth")
	b.AddID("48151623")
	return &Scrubber{Scanner: text.New(text.Options{}).Scanner(), Known: b.Build()}
}

func TestAppendHTML(t *testing.T) {
	t.Parallel()
	s := scrubber()
	for _, tc := range []struct{ name, in, want string }{
		{"across inline tags", `<div>Seen: Zo&#235; <b>Hal</b>worth, <i>well</i></div>`, `<div>Seen: [NAME]<b></b>, <i>well</i></div>`},
		{"cells are apart", `<table><tr><td>4815</td><td colspan="2">1623</td></tr></table>`, `<table><tr><td>[ID]</td><td colspan="2"></td></tr></table>`},
		{"attributes", `<p title="Zoë Halworth" style="x" class="Halworth">a &lt; b</p>`, `<p>a &lt; b</p>`},
		{"hidden", `<p>ok<!-- Halworth --><script>Halworth<b></script><img alt="Halworth"/><br/></p>`, `<p>ok<br/></p>`},
		{"namespace", `<div xmlns="http://www.w3.org/1999/xhtml"><p>Halworth's</p></div>`, `<div xmlns="http://www.w3.org/1999/xhtml"><p>[NAME]&#39;s</p></div>`},
	} {
		got, err := s.AppendHTML(nil, []byte(tc.in))
		if err != nil || string(got) != tc.want {
			t.Errorf("%s: got %s, %v\nwant %s", tc.name, got, err, tc.want)
		}
	}
}

func TestAppendRTF(t *testing.T) {
	t.Parallel()
	s := scrubber()
	for _, tc := range []struct{ name, in, want string }{
		{"escapes", `{\rtf1\ansi Zo\'eb Halworth, \u233?\par done}`, `{\rtf1 \ansi [NAME], \u233?\par done}`},
		{"across control words", `{\rtf1 Zo\u235?\b  Hal\b0 worth {\i 4815}1623}`, `{\rtf1 [NAME]\b \b0  {\i [ID]}}`},
		{"hidden groups", `{\rtf1{\info{\author Halworth}}{\*\x Halworth}{\pict 00}ok}`, `{\rtf1 ok}`},
		{"unknown control words", `{\rtf1\Halworth\rsid48151623\b ok}`, `{\rtf1 \b ok}`},
		{"braces", `{\rtf1 a \{Halworth\} b}`, `{\rtf1 a \{[NAME]\} b}`},
	} {
		got, err := s.AppendRTF(nil, []byte(tc.in))
		if err != nil || string(got) != tc.want {
			t.Errorf("%s: got %s, %v\nwant %s", tc.name, got, err, tc.want)
		}
	}
	for _, bad := range []string{"", "Halworth", `{\rtf1`, `{\rtf1 \'zz}`, `{\rtf1}}`[:6], `{\rtf1 \ansicpg932 a}`, `{\rtf1 \bin3 abc}`} {
		if got, err := s.AppendRTF(nil, []byte(bad)); err == nil || strings.Contains(err.Error(), "Halworth") {
			t.Errorf("%s: got %s, %v, want an error without the text", bad, got, err)
		}
	}
}

func TestMoreSpans(t *testing.T) {
	t.Parallel()
	s := scrubber()
	s.More = func(plain []byte) ([]text.Span, error) {
		return []text.Span{{Start: 0, End: 4, Label: text.Other}}, nil
	}
	if got, err := s.AppendText(nil, []byte("some Halworth")); err != nil || string(got) != "[OTHER] [NAME]" {
		t.Errorf("got %s, %v", got, err)
	}
	s.More = func([]byte) ([]text.Span, error) { return nil, errors.New("no answer") }
	if got, err := s.AppendHTML(nil, []byte("some Halworth")); err == nil || len(got) > 0 {
		t.Errorf("got %s, %v, want an error and no text", got, err)
	}
}

// FuzzMarkup: what is known is in no output, whatever the markup; XHTML stays well formed.
func FuzzMarkup(f *testing.F) {
	f.Add("<div><p>Seen Zoë <b>Hal</b>worth</p></div>")
	f.Add(`{\rtf1 Zo\'eb Halworth\par 48151623}`)
	f.Add("<p>a&amp;b <br/> &#x48;alworth</p>")
	s := scrubber()
	f.Fuzz(func(t *testing.T, in string) {
		if strings.Contains(in, "[") {
			return
		}
		got, err := s.AppendHTML(nil, []byte(in))
		if err != nil {
			t.Skip()
		}
		if bytes.Contains(got, []byte("48151623")) {
			t.Errorf("a known value is left: %q", got)
		}
		if wellFormed(in) && !wellFormed(string(got)) {
			t.Errorf("not well formed any more: %q", got)
		}
		if got, err := s.AppendRTF(nil, []byte(in)); err == nil && bytes.Contains(got, []byte("48151623")) {
			t.Errorf("a known value is left: %q", got)
		}
	})
}

// wellFormed reports whether XHTML of lower-case tags is well formed.
func wellFormed(in string) bool {
	d := xml.NewDecoder(strings.NewReader(in))
	d.Entity = xml.HTMLEntity
	for {
		tok, err := d.Token()
		if err != nil {
			return errors.Is(err, io.EOF)
		}
		switch e := tok.(type) {
		case xml.StartElement:
			switch e.Name.Local {
			case "p", "div", "b", "i", "table", "tr", "td", "span":
			default:
				return false
			}
		case xml.ProcInst, xml.Directive:
			return false
		}
	}
}
