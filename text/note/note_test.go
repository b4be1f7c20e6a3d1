package note_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/veil-proxy/veil/file"
	"github.com/veil-proxy/veil/internal/masktest"
	"github.com/veil-proxy/veil/text"
	"github.com/veil-proxy/veil/text/note"
)

// format is that of a ruleset with a text section.
func format(t testing.TB, section string, anyName bool) file.Format {
	t.Helper()
	var b text.KnownBuilder
	b.AddName("Ottoline Quarrington")
	list, err := note.Formats(masktest.Policy(t, "veil: 1\nname: test\nreferenceDate: 2026-12-31\n"+section), anyName, b.Build())
	if err != nil {
		t.Fatal(err)
	}
	if len(list) == 0 {
		return nil
	}
	return list[0]
}

// TestFormats: without a rule for texts, or with one that removes them, no file is a text.
func TestFormats(t *testing.T) {
	t.Parallel()
	for section, want := range map[string]bool{"": false, "text: {method: remove}\n": false, "text: {method: scrub}\n": true, "text: {method: keep}\n": true} {
		if got := format(t, section, false) != nil; got != want {
			t.Errorf("%q: %v, want %v", section, got, want)
		}
	}
}

func TestDetect(t *testing.T) {
	t.Parallel()
	named, all := format(t, "text: {method: scrub}\n", false), format(t, "text: {method: scrub}\n", true)
	for _, c := range []struct {
		name, beginning string
		named, all      bool
	}{
		{"letter.txt", "Dear", true, true}, {"LETTER.TXT", "Dear", true, true}, {"a.md", "#", true, true}, {"a.rst", "", true, true},
		{"a.csv", "a,b", false, true}, {"letter", "Dear", false, true}, {"a.txt", "a\x00b", false, false},
	} {
		if got := named.Detect(c.name, []byte(c.beginning)); got != c.named {
			t.Errorf("%s: %v", c.name, got)
		}
		if got := all.Detect(c.name, []byte(c.beginning)); got != c.all {
			t.Errorf("%s of any name: %v", c.name, got)
		}
	}
}

// mask masks a text as a file of a job.
func mask(t testing.TB, f file.Format, src string) (out string, r file.Result, m file.Masker) {
	t.Helper()
	d, err := f.Open(file.Source{Reader: strings.NewReader(src)})
	if err != nil {
		t.Fatal(err)
	}
	m = d.NewMasker(false)
	var whole bytes.Buffer
	if err := d.Split(func() []byte { return nil }, func(b file.Block) error {
		whole.Write(m.AppendMasked(nil, b, &r))
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return whole.String(), r, m
}

func TestMask(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ section, src, want, bad string }{
		"scrubbed":        {"{method: scrub}", "Ottoline Quarrington came on 3/4/2020.\r\nStable.\n", "[NAME] came on [DATE].\r\nStable.\n", ""},
		"a mark of UTF-8": {"{method: scrub}", "\ufeffQuarrington.", "[NAME].", ""},
		"kept":            {"{method: keep}", "Quarrington.", "Quarrington.", ""},
		"options":         {"{method: scrub, times: remove}", "At 14:35, stable.", "At [DATE], stable.", ""},
		"no UTF-8":        {"{method: scrub}", "Quarrington \xff", "", "not UTF-8"},
		"nobody's":        {"{method: scrub, replace: surrogate}", "Quarrington came.", "[NAME] came.", ""},
		"not of its kind": {"{method: scrub, as: rtf}", "Quarrington", "", "cannot be masked"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			out, r, m := mask(t, format(t, "text: "+c.section+"\n", false), c.src)
			if out != c.want {
				t.Errorf("got %q, want %q", out, c.want)
			}
			if c.bad == "" && (len(r.Bad) > 0 || r.Masked != 1 || m.Pass().Counts[0] != 1) {
				t.Errorf("%+v, counts %v", r, m.Pass().Counts)
			}
			if c.bad != "" && (len(r.Bad) != 1 || !strings.Contains(r.Bad[0].What, c.bad) || strings.Contains(r.Bad[0].What, "Quarrington")) {
				t.Errorf("%+v", r)
			}
		})
	}
}

// endless is a text without an end.
type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'x'
	}
	return len(p), nil
}

// TestLimit: a text that is too large is an error, and is not read to its end.
func TestLimit(t *testing.T) {
	t.Parallel()
	d, err := format(t, "text: {method: scrub}\n", false).Open(file.Source{Reader: endless{}})
	if err != nil {
		t.Fatal(err)
	}
	err = d.Split(nil, func(file.Block) error { return nil })
	if err == nil || !strings.Contains(err.Error(), "larger than") {
		t.Errorf("%v", err)
	}
}

// FuzzMask: whatever the text is, a known name is gone, or the file is bad.
func FuzzMask(f *testing.F) {
	f.Add("Seen: ", " today.")
	f.Add("\ufeff", "\x00")
	scrubbing := format(f, "text: {method: scrub}\n", true)
	f.Fuzz(func(t *testing.T, before, after string) {
		out, r, _ := mask(t, scrubbing, before+" Quarrington "+after)
		if len(r.Bad) == 0 && strings.Contains(out, "Quarrington") && !strings.Contains(before+after, "arrington") {
			t.Errorf("%q", out)
		}
	})
}
