package text

import (
	"strings"
	"testing"
)

// TestNoteForms: what notes write in their own way. Between ‹ and › stands what is found as a
// whole, and nothing else is.
func TestNoteForms(t *testing.T) {
	t.Parallel()
	s := New(Options{}).Scanner()
	for _, marked := range []string{
		// Days behind events, in cells, as quarters and in words.
		"MDT ‹13/11› agreed, bloods ‹4/6› were fine.",
		"She was told that the shop is open 24/7, BiPAP 18/8, and it was.",
		"Seen today.\n‹1/9› | stable\n‹2/6› | well",
		"We will see her again in ‹early March 2021› or ‹Q3 2024›.",
		"Die Kontrolle ist ‹Ende Juni 2022› und nicht im ‹2. Quartal 2023›.",
		"Madame est venue le ‹cinq mars› et elle ne va pas bien.",
		"La paciente acude el ‹tres de abril› y está bien.",
		// Who signed.
		"The wound is clean. Signed: ‹jquorvane›",
		"L'image est normale. Validé par ‹SGh›.",
		"Die Wunde ist sauber. Hz: ‹KrM›",
		// Tables whose heads say what a column holds.
		"Date|Provider|Note\n‹3/1›|‹Quorvane›|review\n‹4/1›|‹Hobbrix-Oyelaran›|review",
		// Work and homes.
		"He is a driver for ‹Hobbrix Freight› and was well.",
		"Elle est comptable à la ‹Mutuelle Quorvane› depuis dix ans.",
		"Die Bewohnerin ist in ‹Haus Quorvane› und es geht ihr gut.",
		"He lives at ‹Flat 9, Quorvane Hse, Wapping›. She is well.",
	} {
		in := strings.NewReplacer("‹", "", "›", "").Replace(marked)
		want := marked
		var got strings.Builder
		at := 0
		for _, p := range s.Find(nil, []byte(in), nil) {
			got.WriteString(in[at:p.Start] + "‹" + in[p.Start:p.End] + "›")
			at = p.End
		}
		if got.WriteString(in[at:]); got.String() != want {
			t.Errorf("got  %s\nwant %s", got.String(), want)
		}
	}
}

// TestFindingsStay: unknown names of scales, signs, devices and products stay before a result, a
// grade, a score or a thing, and are names elsewhere.
func TestFindingsStay(t *testing.T) {
	t.Parallel()
	s := New(Options{}).Scanner()
	frames := []string{"It was tender, % neg.", "He walked; % 38.", "He was seen; % curettes in situ.", "El resultado es bueno. % descartado.", "Die Untersuchung: % o.B., sonst gut."}
	for _, name := range []string{"Quorvane", "Hobbrix", "Quorvane-Hobbrix"} {
		for _, frame := range frames {
			in := strings.Replace(frame, "%", name, 1)
			if got := string(Replace(nil, []byte(in), s.Find(nil, []byte(in), nil), Labels)); got != in {
				t.Errorf("%s\n got %s", in, got)
			}
		}
		if in := "It is grade II, " + strings.TrimSuffix(name, "-Hobbrix") + " IIb."; len(s.Find(nil, []byte(in), nil)) > 0 {
			t.Errorf("%s is not left alone", in)
		}
		in := "I met " + name + " at the ward."
		if got := string(Replace(nil, []byte(in), s.Find(nil, []byte(in), nil), Labels)); !strings.HasPrefix(got, "I met [NAME]") {
			t.Errorf("%s\n got %s", in, got)
		}
	}
}
