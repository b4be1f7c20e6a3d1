package scrub_test

import (
	"encoding/base64"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/veil-proxy/veil/internal/masktest"
	"github.com/veil-proxy/veil/mask"
	"github.com/veil-proxy/veil/text"
	"github.com/veil-proxy/veil/text/scrub"
)

// newMethod makes the method scrub with arguments.
func newMethod(t testing.TB, args mask.Args) mask.Method {
	t.Helper()
	m, err := scrub.Methods(nil)[0].New(mask.Env{Keys: masktest.Keyring(t, "test")}, args)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// knownOf is what is known of somebody of a family name.
func knownOf(family string) *text.Known {
	var b text.KnownBuilder
	b.AddPerson([]string{"Ottoline"}, family)
	b.AddID("ZQ-481516")
	b.AddDate(1950, 3, 4)
	return b.Build()
}

// apply masks a text, and returns what was found in it.
func apply(t testing.TB, m mask.Method, src string, in *mask.Input) (string, mask.Outcome, []mask.FoundCount) {
	t.Helper()
	found := &mask.Found{}
	in.Found = found
	if in.Keys == nil {
		in.Keys = masktest.Keyring(t, "test").NewPseudonymizer()
	}
	out, outcome, err := m.Append([]byte("before "), []byte(src), in)
	if err != nil || !strings.HasPrefix(string(out), "before ") {
		t.Fatalf("%q, %v", out, err)
	}
	return string(out[len("before "):]), outcome, found.Counts()
}

const rtfNote = `{\rtf1\ansi Seen: {\b Ottoline} Quarringt\'f6n. Stable.}`

// TestScrub has a case for each way to read a text, and for what removes one.
func TestScrub(t *testing.T) {
	t.Parallel()
	encoded := func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }
	for name, c := range map[string]struct {
		args      mask.Args
		src, want string
		outcome   mask.Outcome
	}{
		"text":                     {nil, "Ottoline Quarrington (zq 481516), born 04.03.1950, is stable.", "[NAME] ([ID]), born [DATE], is stable.", mask.Replaced},
		"nothing found":            {nil, "Is stable.", "Is stable.", mask.Replaced},
		"html":                     {mask.Args{"as": "html"}, "<p>Mrs <b>Quarr</b>ington is <i>stable</i>.<!-- Quarrington --></p>", "<p>Mrs <b>[NAME]</b> is <i>stable</i>.</p>", mask.Replaced},
		"xhtml":                    {mask.Args{"as": "xhtml"}, `<div xmlns="http://www.w3.org/1999/xhtml">Quarrington<br/>stable</div>`, `<div xmlns="http://www.w3.org/1999/xhtml">[NAME]<br/>stable</div>`, mask.Replaced},
		"rtf":                      {mask.Args{"as": "rtf"}, rtfNote, `{\rtf1 \ansi Seen: {\b [NAME]}. Stable.}`, mask.Replaced},
		"base64":                   {mask.Args{"encoding": "base64"}, encoded("Quarrington is stable."), encoded("[NAME] is stable."), mask.Replaced},
		"base64 of html":           {mask.Args{"encoding": "base64", "as": "html"}, encoded("<b>Quarrington</b>"), encoded("<b>[NAME]</b>"), mask.Replaced},
		"times":                    {mask.Args{"times": "remove"}, "Seen at 14:35 today.", "Seen at [DATE] today.", mask.Replaced},
		"times kept":               {nil, "Seen at 14:35 today.", "Seen at 14:35 today.", mask.Replaced},
		"no base64":                {mask.Args{"encoding": "base64"}, "***", "", mask.Removed},
		"no UTF-8":                 {nil, "Quarrington \xff", "", mask.Removed},
		"base64 of no UTF-8":       {mask.Args{"encoding": "base64"}, encoded("\xff\xfe"), "", mask.Removed},
		"no RTF":                   {mask.Args{"as": "rtf"}, "Quarrington", "", mask.Removed},
		"RTF with binary data":     {mask.Args{"as": "rtf"}, `{\rtf1 {\bin3 abc}}`, "", mask.Removed},
		"empty":                    {nil, "", "", mask.Replaced},
		"RTF that is never closed": {mask.Args{"as": "rtf"}, `{\rtf1 Quarrington`, "", mask.Removed},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newMethod(t, c.args)
			for range 2 {
				got, outcome, _ := apply(t, m, c.src, &mask.Input{Known: knownOf("Quarrington")})
				if got != c.want || outcome != c.outcome {
					t.Errorf("got %q, %v, want %q", got, outcome, c.want)
				}
			}
			if got, outcome, _ := apply(t, m, c.src, &mask.Input{}); got != "" || outcome != mask.Removed {
				t.Errorf("the people could not be had, and it passes: %q", got)
			}
		})
	}
}

// note is a text of at least n bytes with two known names, an identifier and a date.
func note(n int) string {
	return "Ottoline Quarrington, ZQ-481516, 1950-03-04. Quarrington: " + strings.Repeat("stable, ", n/8) + "and well."
}

// TestRemembered: a text that comes again is scrubbed and counted the same, and never with
// what belongs to others: other people, other options.
func TestRemembered(t *testing.T) {
	t.Parallel()
	plain, times := newMethod(t, nil), newMethod(t, mask.Args{"times": "remove"})
	src := note(400) + " At 14:35 with Blytheson."
	counts := []mask.FoundCount{{Detector: "known-date", Label: "DATE", N: 1}, {Detector: "known-id", Label: "ID", N: 1}, {Detector: "known-name", Label: "NAME", N: 2}, {Detector: "name", Label: "NAME", N: 1}}
	for range 3 {
		got, _, found := apply(t, plain, src, &mask.Input{Known: knownOf("Quarrington")})
		if strings.Contains(got, "Quarrington") || !strings.Contains(got, "14:35") || !reflect.DeepEqual(found, counts) {
			t.Errorf("got %q, found %v", got, found)
		}
		if got, _, _ := apply(t, times, src, &mask.Input{Known: knownOf("Quarrington")}); strings.Contains(got, "14:35") {
			t.Errorf("with another option: %q", got)
		}
		if got, _, _ := apply(t, plain, src, &mask.Input{Known: knownOf("Blytheson")}); strings.Contains(got, "Blytheson") {
			t.Errorf("of others: %q", got)
		}
		scrub.WaitRemembered()
	}
	if hits := scrub.Remembered(plain, []byte(src), knownOf("Quarrington")); !hits {
		t.Error("the text is not remembered")
	}
	if hits := scrub.Remembered(plain, []byte(src), knownOf("Somebody")); hits {
		t.Error("the text is remembered for anybody")
	}
}

// kept is a mask.Later that keeps what is left.
type kept struct {
	work    map[[32]byte]func() any
	results map[[32]byte]any
}

func (k *kept) Result(key [32]byte) any { return k.results[key] }

func (k *kept) Leave(key [32]byte, work func() any) bool {
	k.work[key] = work
	return true
}

// TestLeft: a long text is left, and what comes of it is what comes of it at once.
func TestLeft(t *testing.T) {
	m, again := newMethod(t, nil), newMethod(t, nil)
	src := []byte(note(5000))
	want, _, counts := apply(t, again, string(src), &mask.Input{Known: knownOf("Quarrington")})
	later := &kept{map[[32]byte]func() any{}, map[[32]byte]any{}}
	in := &mask.Input{Known: knownOf("Quarrington"), Later: later}
	if !scrub.Leaves() {
		t.Skip("there is one processor")
	}
	if got, outcome, found := apply(t, m, string(src), in); got != "" || outcome != mask.Removed || found != nil || len(later.work) != 1 {
		t.Fatalf("%q, %v, %v, left %d", got, outcome, found, len(later.work))
	}
	for key, work := range later.work {
		later.results[key] = work()
	}
	if got, outcome, found := apply(t, m, string(src), in); got != want || outcome != mask.Replaced || !reflect.DeepEqual(found, counts) {
		t.Errorf("%q, %v, %v", got, outcome, found)
	}
	if got, _, _ := apply(t, m, "Quarrington", in); got != "[NAME]" || len(later.work) != 1 {
		t.Errorf("a short text is left: %q", got)
	}
}

// FuzzScrub: a known value is gone from whatever text it stands in, the second time too.
func FuzzScrub(f *testing.F) {
	f.Add("Seen: ", ", stable.", uint8(0))
	f.Add("<p>", "</p>", uint8(1))
	f.Add(`{\rtf1 `, "}", uint8(2))
	ms := []mask.Method{newMethod(f, nil), newMethod(f, mask.Args{"as": "html"}), newMethod(f, mask.Args{"as": "rtf"})}
	f.Fuzz(func(t *testing.T, before, after string, how uint8) {
		src := fmt.Sprintf("%s 48151623 %s", before, after)
		var b text.KnownBuilder
		b.AddID("48151623")
		in := &mask.Input{Known: b.Build()}
		m := ms[int(how)%len(ms)]
		first, outcome, found := apply(t, m, src, in)
		if strings.Contains(strings.ReplaceAll(first, "&#", ""), "48151623") && !strings.Contains(before+after, "48151623") {
			t.Errorf("%q becomes %q", src, first)
		}
		second, again, foundAgain := apply(t, m, src, in)
		if second != first || again != outcome || !reflect.DeepEqual(found, foundAgain) {
			t.Errorf("%q becomes %q, then %q", src, first, second)
		}
	})
}
