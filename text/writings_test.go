package text

import (
	"fmt"
	"strings"
	"testing"

	"golang.org/x/text/unicode/norm"
)

// writings are ways in which systems and people write one and the same value.
var writings = map[string]func(string) string{
	"as it is":         func(v string) string { return v },
	"decomposed":       norm.NFD.String,
	"composed":         norm.NFC.String,
	"compatible":       norm.NFKC.String,
	"upper case":       strings.ToUpper,
	"lower case":       strings.ToLower,
	"soft hyphens":     inside("\u00ad"),
	"zero-width":       inside("\u200b"),
	"joiners":          inside("\u2060"),
	"marks of order":   func(v string) string { return "\u202a" + v + "\u202c" },
	"hard blanks":      replaced(" ", "\u00a0"),
	"narrow blanks":    replaced(" ", "\u202f"),
	"two blanks":       replaced(" ", "  "),
	"a new line":       replaced(" ", "\n"),
	"a quoted line":    replaced(" ", "\n> "),
	"a tab":            replaced(" ", "\t"),
	"other apostrophe": replaced("'", "’"),
	"a prime":          replaced("'", "′"),
	"a backquote":      replaced("'", "`"),
	"a letter mark":    replaced("'", "ʼ"),
	"a hard hyphen":    replaced("-", "\u2011"),
	"a dash":           replaced("-", "–"),
	"a minus":          replaced("-", "−"),
	"full width": mapped(func(r rune) rune {
		if r > ' ' && r < 0x7f {
			return r - '!' + '！'
		}
		return r
	}),
	"ligatures": func(v string) string { return strings.NewReplacer("ffi", "ﬃ", "fi", "ﬁ", "fl", "ﬂ").Replace(v) },
	"Arabic digits": mapped(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r - '0' + '٠'
		}
		return r
	}),
	"quotes around": func(v string) string { return "“" + v + "”" },
	"in brackets":   func(v string) string { return "[" + v + "]" },
}

func inside(mark string) func(string) string {
	return func(v string) string {
		r := []rune(v)
		mid := len(r) / 2
		return string(r[:mid]) + mark + string(r[mid:])
	}
}

func replaced(from, to string) func(string) string {
	return func(v string) string { return strings.ReplaceAll(v, from, to) }
}

func mapped(f func(rune) rune) func(string) string {
	return func(v string) string { return strings.Map(f, v) }
}

// TestKnownInAnyWriting: a known value is found whole in whatever way it is written, in any
// script, whatever stands around it.
func TestKnownInAnyWriting(t *testing.T) {
	t.Parallel()
	add := map[string]func(*KnownBuilder, string){
		"name":    func(b *KnownBuilder, v string) { b.AddName(v) },
		"id":      func(b *KnownBuilder, v string) { b.AddID(v) },
		"phone":   func(b *KnownBuilder, v string) { b.AddPhone(v) },
		"address": func(b *KnownBuilder, v string) { b.AddAddress(v) },
		"email":   func(b *KnownBuilder, v string) { b.AddEmail(v) },
		"org":     func(b *KnownBuilder, v string) { b.AddOrg(v) },
	}
	values := map[string][]string{
		"name": {"Ann Smith", "Seán O'Brien", "Jean-François D'Aubigné", "Gül İpek", "Işıl Yıldız", "Strauß Weiß", "Ægir Þórsson", "Łukasz Żółć", "Nguyễn Thị Hồng Ánh", "Мария Иванова-Петрова",
			"Γιώργος Παπαδόπουλος", "محمد بن سلمان", "דוד לוי", "王小明", "田中 太郎", "김민준", "राम कुमार", "สมชาย ใจดี", "Sofia Offiong", "María José Ñáñez", "Zoë Müller-Lüdenscheidt", "Joon-ho Bong", "Mark Will", "De La Cruz Ma. Luz", "Ng Wu", "Li Yu"},
		"id":      {"12345678", "AB-123/45", "A 12 B 34", "MRN0001234", "123-45-6789", "9876 543 210", "X1234567L", "00-0042", "k99", "7 83 21"},
		"phone":   {"+44 20 7946 0958", "(503) 555-0142", "06 39 98 01 42", "+49-171/5550142", "555 0164", "001 202 555 0147 ext 12"},
		"address": {"12 O'Connell Street, Dublin", "Straße des 17. Juni 135", "3-5-1 Marunouchi", "北京市朝阳区建国路88号", "ул. Ленина, д. 5", "PO Box 77", "St. Mary's Close 4"},
		"email":   {"ann.smith@example.org", "a_b+c@sub.example.co.uk"},
		"org":     {"St. Mary's Hospital", "Klinik am Ring", "Łódź Medical"},
	}
	around := []string{"Seen today: %s, well.", "%s", "pt\n%s\nok", "（%s）", "met %s yesterday", "PATIENT %s WAS SEEN", "x:%s;y", "|%s|"}
	s := New(Options{}).Scanner()
	for kind, list := range values {
		for _, v := range list {
			var b KnownBuilder
			add[kind](&b, v)
			known := b.Build()
			for how, write := range writings {
				for _, frame := range around {
					before, after, _ := strings.Cut(frame, "%s")
					written := write(v)
					in := fmt.Sprintf(frame, written)
					if !covered([]byte(in), s.Find(nil, []byte(in), known), len(before), len(in)-len(after)) {
						t.Errorf("%s %q, %s, in %q: not found whole", kind, v, how, in)
					}
				}
			}
		}
	}
}
