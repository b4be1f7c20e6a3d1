package text

import (
	"encoding/base64"
	"fmt"
	"maps"
	"mime"
	"mime/quotedprintable"
	"net/url"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf16"

	"golang.org/x/text/encoding/charmap"
)

// A wrapping writes a value in an encoding, or returns "" if that cannot hold it. What
// stands between \x01 and \x02 is markup, which need not be taken.
type wrapping func(v string) string

// eachRune writes characters one by one; those that f has no other form of stay.
func eachRune(f func(r rune) string) wrapping {
	return func(v string) string {
		var b strings.Builder
		for _, r := range v {
			if s := f(r); s != "" {
				b.WriteString(s)
			} else {
				b.WriteRune(r)
			}
		}
		return b.String()
	}
}

func foreign(format string) wrapping {
	return eachRune(func(r rune) string {
		if r < 0x80 {
			return ""
		}
		return fmt.Sprintf(format, r)
	})
}

// inWord puts something between two letters or digits in the middle of a value.
func inWord(by string) wrapping {
	return func(v string) string {
		r := []rune(v)
		plain := func(c rune) bool { return unicode.IsLetter(c) || unicode.IsDigit(c) }
		for d := range r {
			for _, i := range []int{len(r)/2 + d, len(r)/2 - d} {
				if i > 0 && i < len(r) && plain(r[i-1]) && plain(r[i]) {
					return string(r[:i]) + by + string(r[i:])
				}
			}
		}
		return ""
	}
}

func blanks(by string) wrapping {
	return func(v string) string { return strings.ReplaceAll(v, " ", by) }
}

// latin returns a value in Windows-1252, or "".
func latin(v string) string {
	out, err := charmap.Windows1252.NewEncoder().String(v)
	if err != nil {
		return ""
	}
	return out
}

func eachByte(v, format string, all bool) string {
	var b strings.Builder
	for i := range len(v) {
		if c := v[i]; all || c >= 0x80 || c == '=' || c == '%' || c == '\\' {
			fmt.Fprintf(&b, format, c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

var named = strings.NewReplacer("ü", "&uuml;", "é", "&eacute;", "á", "&aacute;", "ß", "&szlig;", "Ñ", "&Ntilde;", "ñ", "&ntilde;", "ç", "&ccedil;", "É", "&Eacute;", "Æ", "&AElig;", "ó", "&oacute;", "ë", "&euml;",
	"ł", "&lstrok;", "Ż", "&Zdot;", "Þ", "&THORN;", "Μ", "&Mu;", "'", "&rsquo;", " ", "&nbsp;", "-", "&hyphen;", "(", "&lpar;", ")", "&rpar;", "+", "&plus;")

func toUTF16(v, format string, signed bool) string {
	var b strings.Builder
	for _, r := range v {
		if r < 0x80 {
			b.WriteRune(r)
			continue
		}
		for _, u := range utf16.Encode([]rune{r}) {
			if signed {
				fmt.Fprintf(&b, format, int16(u))
			} else {
				fmt.Fprintf(&b, format, u)
			}
		}
	}
	return b.String()
}

func quotedPrintable(v string) string {
	var b strings.Builder
	w := quotedprintable.NewWriter(&b)
	_, _ = w.Write([]byte(v))
	_ = w.Close()
	return strings.ReplaceAll(b.String(), "\r\n", "\n")
}

// misreadAs is UTF-8 that was read as Windows-1252.
func misreadAs(v string) string {
	var b strings.Builder
	for i := range len(v) {
		r := charmap.Windows1252.DecodeByte(v[i])
		if r == unicode.ReplacementChar {
			r = rune(v[i])
		}
		b.WriteRune(r)
	}
	return b.String()
}

func then(f, g wrapping) wrapping { return func(v string) string { return g(f(v)) } }

var wrappings = map[string]wrapping{
	"as it is":          func(v string) string { return v },
	"named entities":    named.Replace,
	"decimal entities":  foreign("&#%d;"),
	"all decimal":       eachRune(func(r rune) string { return fmt.Sprintf("&#%d;", r) }),
	"hex entities":      foreign("&#x%x;"),
	"hex upper, padded": eachRune(func(r rune) string { return fmt.Sprintf("&#X%06X;", r) }),
	"escaped twice":     then(foreign("&#%d;"), func(v string) string { return strings.ReplaceAll(v, "&", "&amp;") }),
	"bold inside":       inWord("\x01<b>\x02"),
	"end of bold":       func(v string) string { return "\x01<b>\x02" + inWord("\x01</b>\x02")(v) },
	"span inside":       inWord("\x01<span class=\"x\">\x02"),
	"comment inside":    inWord("\x01<!-- note -->\x02"),
	"breaks":            blanks("\x01<br/>\x02"),
	"cells of HTML":     blanks("\x01</td><td>\x02"),
	"entities in tags":  then(foreign("&#%d;"), func(v string) string { return "\x01<i>\x02" + v + "\x01</i>\x02" }),
	"RTF bytes":         func(v string) string { return eachByte(latin(v), `\'%02x`, false) },
	"RTF Unicode":       func(v string) string { return toUTF16(v, `\u%d?`, true) },
	"RTF Unicode, byte": func(v string) string { return toUTF16(v, `\u%d\'3f`, true) },
	"RTF Unicode, uc0":  func(v string) string { return "\x01\\uc0 \x02" + toUTF16(v, `\u%d `, true) },
	"RTF group":         func(v string) string { return "\x01{\\b \x02" + inWord("\x01}\x02")(v) },
	"RTF control word":  inWord("\x01\\b0 \x02"),
	"RTF blanks":        blanks(`\~`),
	"quoted-printable":  quotedPrintable,
	"all quoted":        func(v string) string { return eachByte(v, "=%02X", true) },
	"quoted Latin":      func(v string) string { return eachByte(latin(v), "=%02x", false) },
	"soft line break":   inWord("=\n"),
	"soft, CRLF":        inWord("=\r\n"),
	"word Q":            func(v string) string { return mime.QEncoding.Encode("utf-8", v) },
	"word B":            func(v string) string { return mime.BEncoding.Encode("UTF-8", v) },
	"JSON":              func(v string) string { return toUTF16(v, `\u%04x`, false) },
	"JSON upper":        func(v string) string { return toUTF16(v, `\u%04X`, false) },
	"JSON in JSON":      func(v string) string { return toUTF16(v, `\\u%04x`, false) },
	"braces":            foreign(`\u{%x}`),
	"bytes":             func(v string) string { return eachByte(v, `\x%02x`, false) },
	"octal":             func(v string) string { return eachByte(v, `\%03o`, false) },
	"behind \\n":        func(v string) string { return "\x01\\n\x02" + v },
	"escaped marks": func(v string) string {
		return strings.NewReplacer("-", `\-`, "'", `\'`, ".", `\.`, "/", `\/`, "(", `\(`, ")", `\)`).Replace(v)
	},
	"URL":                url.PathEscape,
	"form":               url.QueryEscape,
	"URL twice":          then(url.PathEscape, url.PathEscape),
	"URL Latin":          func(v string) string { return eachByte(latin(v), "%%%02x", false) },
	"escape()":           func(v string) string { return toUTF16(v, "%%u%04X", false) },
	"HL7 hex":            eachRune(func(r rune) string { return map[bool]string{true: fmt.Sprintf(`\X%X\`, string(r))}[r >= 0x80] }),
	"HL7 highlight":      inWord("\x01\\H\\\x02"),
	"HL7 components":     blanks("^"),
	"HL7 break":          blanks("\x01\\.br\\\x02"),
	"hyphen":             inWord("-\n"),
	"soft hyphen":        inWord("\u00ad\n"),
	"hyphen, CRLF":       inWord("-\r\n"),
	"hyphen, quoted":     inWord("-\n> "),
	"hyphen, deep":       inWord("-\n> > > "),
	"hyphen, indented":   inWord("-\n            "),
	"wrapped, quoted":    blanks("\n> > "),
	"wrapped, indented":  blanks("\n                    "),
	"misread":            misreadAs,
	"misread, entities":  then(misreadAs, foreign("&#%d;")),
	"quoted entities":    then(foreign("&#%d;"), func(v string) string { return eachByte(v, "=%02X", true) }),
	"hyphen in entities": then(inWord("-\n"), foreign("&#%d;")),
}

var encodedFrames = []string{
	"Seen today: %s, well.", "%s", "From: %s\nSubject: x", "PID|1||77|%s|F", "<td>%s</td>", `{"name": "%s"}`, "http://x.example/?q=%s&b=1", "> %s\n> ok", "a,\"%s\",b", "name: %s;", "<p title=\"%s\">x</p>",
	"+-----+-----+\n| %s | x |\n+-----+-----+", "OBX|1|TX|^^||%s||||||F",
}

// knownValues are values of each kind in many scripts.
var knownValues = map[Kind][]string{
	KnownName: {"Ann Smith", "Seán O'Brien", "Jean-François D'Aubigné", "Gül İpek", "Strauß Weiß", "Ægir Þórsson", "Łukasz Żółć", "Nguyễn Thị Hồng Ánh", "Мария Иванова-Петрова", "Γιώργος Παπαδόπουλος", "محمد بن سلمان",
		"דוד לוי", "王小明", "田中 太郎", "김민준", "राम कुमार", "สมชาย ใจดี", "María José Ñáñez", "Zoë Müller-Lüdenscheidt", "Jörg Groß"},
	KnownID:      {"12345678", "AB-123/45", "MRN0001234", "123-45-6789", "9876 543 210", "X1234567L"},
	KnownPhone:   {"0044 20 7946 0958", "503-555-0142", "06 39 98 01 42", "0171/5550142"},
	KnownAddress: {"12 O'Connell Street, Dublin", "Straße des 17. Juni 135", "ул. Ленина, д. 5", "北京市朝阳区建国路88号"},
	KnownOrg:     {"St. Mary's Hospital", "Klinik am Ring", "Łódź Medical Group"},
	KnownEmail:   {"ann.smith@example.org"},
}

func (b *KnownBuilder) addAs(kind Kind, v string) {
	switch kind {
	case KnownName:
		b.AddName(v)
	case KnownID:
		b.AddID(v)
	case KnownPhone:
		b.AddPhone(v)
	case KnownAddress:
		b.AddAddress(v)
	case KnownOrg:
		b.AddOrg(v)
	case KnownEmail:
		b.AddEmail(v)
	}
}

// TestKnownEncoded: a known value is found whole in any encoding that a text may have inside.
func TestKnownEncoded(t *testing.T) {
	t.Parallel()
	s := New(Options{}).Scanner()
	for _, kind := range slices.Sorted(maps.Keys(knownValues)) {
		for _, v := range knownValues[kind] {
			var b KnownBuilder
			b.addAs(kind, v)
			known := b.Build()
			for how, write := range wrappings {
				wrapped := write(v)
				if wrapped == "" {
					continue
				}
				for _, frame := range encodedFrames {
					before, after, _ := strings.Cut(frame, "%s")
					in := before
					var parts [][2]int
					for i, piece := range strings.FieldsFunc(wrapped, func(r rune) bool { return r == 1 || r == 2 }) {
						isMarkup := (i%2 == 0) == strings.HasPrefix(wrapped, "\x01")
						if !isMarkup {
							parts = append(parts, [2]int{len(in), len(in) + len(piece)})
						}
						in += piece
					}
					in += after
					spans := s.Find(nil, []byte(in), known)
					for _, p := range parts {
						if !covered([]byte(in), spans, p[0], p[1]) {
							t.Errorf("%s, %s, in %q: %q not found whole: %v", v, how, frame, in, spans)
							break
						}
					}
				}
			}
		}
	}
}

// TestKnownInCells: a known value is found whole in a cell of a drawn table that breaks it
// over two lines, between words or inside one.
func TestKnownInCells(t *testing.T) {
	t.Parallel()
	s := New(Options{}).Scanner()
	for kind, values := range knownValues {
		for _, v := range values {
			var b KnownBuilder
			b.addAs(kind, v)
			known := b.Build()
			for how, mark := range map[string]string{"between words": "\x03", "inside a word": "-\x03"} {
				split := inWord(mark)(v)
				if how == "between words" {
					split = strings.Replace(v, " ", "\x03", 1)
				}
				first, second, ok := strings.Cut(split, "\x03")
				if !ok {
					continue
				}
				for _, table := range []string{
					"| %-24s | ok |\n| %-24s |    |\n", "Seen:\n+---+---+\n| a | b | c |\n+===+===+\n| x | %s | y |\n|   | %s |   |\n+---+---+\nend", "| x | %s |\r\n|   | %s |\r\n", "  x | %s | well,\n    | %s | today\n",
				} {
					in := fmt.Sprintf(table, first, second)
					one, two := strings.Index(in, first), strings.LastIndex(in, second)
					spans := s.Find(nil, []byte(in), known)
					if !covered([]byte(in), spans, one, one+len(first)) || !covered([]byte(in), spans, two, two+len(second)) {
						t.Errorf("%s, %s, not found whole in %q: %v", v, how, in, spans)
					}
				}
			}
		}
	}
}

// TestKnownBase64: base64 in which a known value is goes as a whole.
func TestKnownBase64(t *testing.T) {
	t.Parallel()
	s := New(Options{}).Scanner()
	wrap := func(v string, width int, by string) string {
		var b strings.Builder
		for len(v) > width {
			b.WriteString(v[:width] + by)
			v = v[width:]
		}
		return b.String() + v
	}
	for kind, values := range knownValues {
		for _, v := range values {
			var b KnownBuilder
			b.addAs(kind, v)
			known := b.Build()
			long := strings.Repeat("Der Befund ist unauffällig. ", 9) + v + strings.Repeat(", das EKG ohne Befund", 9)
			for how, enc := range map[string]string{
				"short": base64.StdEncoding.EncodeToString([]byte(v)), "no padding": base64.RawStdEncoding.EncodeToString([]byte(v)), "for URLs": base64.URLEncoding.EncodeToString([]byte("a " + v)),
				"long": base64.StdEncoding.EncodeToString([]byte(long)), "wrapped": wrap(base64.StdEncoding.EncodeToString([]byte(long)), 76, "\n"), "CRLF": wrap(base64.StdEncoding.EncodeToString([]byte(long)), 76, "\r\n"),
				"quoted": wrap(base64.StdEncoding.EncodeToString([]byte(long)), 72, "\n> "), "HTML": base64.StdEncoding.EncodeToString([]byte("<p>" + foreign("&#%d;")(v) + "</p>")),
				"Latin": base64.StdEncoding.EncodeToString([]byte(latin(v) + ", seen today")),
			} {
				if how == "Latin" && latin(v) == "" {
					continue
				}
				for _, frame := range []string{"%s", "Content-Transfer-Encoding: base64\n\n%s\n\n--x", "data:text/plain;base64,%s", `{"data":"%s"}`, "(%s)"} {
					before, after, _ := strings.Cut(frame, "%s")
					in := before + enc + after
					if !covered([]byte(in), s.Find(nil, []byte(in), known), len(before), len(in)-len(after)) {
						t.Errorf("%s, %s, in %q: not found whole: %q", v, how, frame, in)
					}
				}
			}
		}
	}
}
