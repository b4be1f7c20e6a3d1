package scrub

import (
	"bytes"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/veil-proxy/veil/general"
	"github.com/veil-proxy/veil/mask"
	"github.com/veil-proxy/veil/mask/civil"
	"github.com/veil-proxy/veil/mask/keys"
	"github.com/veil-proxy/veil/text"
)

// surrogates has the methods that replace what is found: the same that rules use for
// structured fields, so that a text and its record agree.
type surrogates struct {
	given, family, person, street, city, phone, email, url, org, id mask.Method

	shift    mask.Method
	patient  keys.Slot // of sealed ids
	dayFirst bool
}

// likeFields lists the arguments that should equal those of the rules of fields.
func likeFields(args mask.Args) []mask.Like {
	if !putsSurrogates(args) {
		return nil
	}
	return []mask.Like{
		{Method: "surrogate", Args: []mask.LikeArg{{Own: "locale", Other: "locale", Default: "en-US", OtherDefault: "en-US"}}},
		{Method: "pseudonym", With: mask.Args{"shape": "same"}, Args: []mask.LikeArg{{Own: "idDomain", Other: "domain", Default: "identifier", OtherDefault: ""}}},
		{Method: "date", With: mask.Args{"mode": "shift"}, Args: []mask.LikeArg{
			{Own: "window", Other: "window", Default: int64(365), OtherDefault: int64(365)}, {Own: "weekday", Other: "weekday", Default: false, OtherDefault: false}, {Own: "domain", Other: "domain", Default: "", OtherDefault: ""},
		}},
	}
}

// newSurrogates creates the methods with the arguments of scrub.
func newSurrogates(env mask.Env, args mask.Args) (*surrogates, error) {
	methods, err := mask.NewMethods(general.Methods())
	if err != nil {
		return nil, err
	}
	s := &surrogates{patient: env.Keys.SealSlot("Patient"), dayFirst: args.String("dates", "") == "day-first"}
	locale := args.String("locale", "en-US")
	if locale != "en-US" && args.String("dates", "") == "" {
		s.dayFirst = true
	}
	for kind, m := range map[string]*mask.Method{
		"given": &s.given, "family": &s.family, "person": &s.person, "street": &s.street, "city": &s.city, "phone": &s.phone,
		"email": &s.email, "url": &s.url, "organization": &s.org,
	} {
		if *m, err = methods["surrogate"].New(env, mask.Args{"kind": kind, "locale": locale}); err != nil {
			return nil, err
		}
	}
	if s.id, err = methods["pseudonym"].New(env, mask.Args{"shape": "same", "domain": args.String("idDomain", "identifier")}); err != nil {
		return nil, err
	}
	s.shift, err = methods["date"].New(env, mask.Args{
		"mode": "shift", "window": args.Int("window", 365), "weekday": args.Bool("weekday", false), "domain": args.String("domain", ""),
	})
	return s, err
}

// replacer replaces identifiers by surrogates, in one text after the other.
type replacer struct {
	*surrogates
	known  *text.Known
	in     mask.Input
	words  []text.NameWord
	masked []byte
}

// AppendReplacement implements text.Replacer. A value without a surrogate is replaced by
// its label.
func (r *replacer) AppendReplacement(dst []byte, span text.Span, original []byte) []byte {
	from := len(dst)
	var ok bool
	if span.Encoded {
		return text.Labels.AppendReplacement(dst, span, original)
	}
	switch span.Label {
	case text.Name:
		dst, ok = r.name(dst, original)
	case text.Date:
		dst, ok = r.date(dst, span, original)
	case text.Age:
		dst, ok = r.age(dst, original)
	case text.Phone:
		dst, ok = r.number(dst, span, original, r.phone)
	case text.ID:
		dst, ok = r.number(dst, span, original, r.id)
	case text.Email, text.URL:
		dst, ok = r.address(dst, span, original)
	case text.Location:
		dst, ok = r.place(dst, span, original)
	case text.Org:
		dst, ok = r.organization(dst, span, original)
	}
	if !ok {
		return text.Labels.AppendReplacement(dst[:from], span, original)
	}
	return dst
}

// apply applies a method to a value of somebody, and puts the result into r.masked. ok is
// false if nothing is left.
func (r *replacer) apply(m mask.Method, value, owner string) (ok bool) {
	in := r.in
	if owner != "" {
		in.Entity = []byte(owner)
	}
	out, outcome, err := m.Append(r.masked[:0], []byte(value), &in)
	r.masked = out
	return err == nil && outcome == mask.Replaced && len(out) > 0
}

// origin returns the known value of a span: its text and its owner. Without a known value,
// it returns the text of the span, owned by the person that the text is about.
func (r *replacer) origin(span text.Span, original []byte) (o text.Origin, known bool) {
	o, known = r.known.Origin(span.Value, string(r.in.Entity))
	if !known || o.Text == "" {
		return text.Origin{Text: strings.ToLower(string(original))}, false
	}
	return o, true
}

// date shifts a date by the shift of the person that the text is about, and writes it in
// its own form. A known date of birth or death is replaced by its label, since records keep
// less of it than a shifted date.
func (r *replacer) date(dst []byte, span text.Span, original []byte) ([]byte, bool) {
	day, form, ok := text.ParseDate(string(original), r.dayFirst)
	o, known := r.known.Origin(span.Value, string(r.in.Entity))
	if known = known && o.Kind == text.KnownDate; known && o.Text != isoOf(day) {
		day, form, ok = text.ParseDate(string(original), !r.dayFirst) // the record shows which number is the month
	}
	iso := isoOf(day)
	if !known {
		o, known = r.known.Find(text.KnownDate, iso, string(r.in.Entity))
	}
	if !ok || day.Year < 1000 || len(r.in.Entity) == 0 || known && o.Part == text.PartLife {
		return dst, false
	}
	if !r.apply(r.shift, iso, "") {
		return dst, false
	}
	shifted, ok := civil.Read(r.masked)
	if !ok {
		return dst, false
	}
	return form.Append(dst, text.Day{Year: shifted.Year, Month: int(shifted.Month), Day: shifted.Day}), true
}

func isoOf(d text.Day) string {
	return civil.Date{Year: d.Year, Month: time.Month(d.Month), Day: d.Day}.String()
}

// age replaces a number over 89 by 90, as rules for ages do.
func (r *replacer) age(dst, original []byte) ([]byte, bool) {
	digits := 0
	for digits < len(original) && original[digits] >= '0' && original[digits] <= '9' {
		digits++
	}
	if n := original[:digits]; digits < 2 || digits > 3 || digits == 2 && n[0] < '9' {
		return dst, false
	}
	if bytes.ContainsAny(original[digits:], "0123456789") {
		return dst, false
	}
	return append(append(dst, "90"...), original[digits:]...), true
}

// number replaces a telephone number or an identifier. It is formatted as in the text if it
// has the same number of letters and digits there.
func (r *replacer) number(dst []byte, span text.Span, original []byte, m mask.Method) ([]byte, bool) {
	o, known := r.origin(span, original)
	if !known {
		o.Text = string(original)
		if span.Label == text.Phone {
			o.Text = digitsOf(original)
		}
	}
	if o.Part == text.PartResourceID {
		var ok bool
		if r.masked, ok = r.in.Keys.AppendSealed(r.masked[:0], r.patient, []byte(o.Text)); !ok {
			return dst, false
		}
	} else if !r.apply(m, o.Text, o.Owner) {
		return dst, false
	}
	return appendAs(dst, r.masked, original), true
}

func digitsOf(original []byte) string {
	return strings.Map(func(c rune) rune {
		if c < '0' || c > '9' {
			return -1
		}
		return c
	}, string(original))
}

// appendAs appends a number with the punctuation of another, if both have the same number
// of letters and digits; otherwise it is appended unchanged.
func appendAs(dst, number, written []byte) []byte {
	isDigit := func(c byte) bool { return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' }
	var buf [64]byte
	plain := buf[:0]
	for _, c := range number {
		if isDigit(c) {
			plain = append(plain, c)
		}
	}
	n := 0
	for _, c := range written {
		switch {
		case c >= utf8.RuneSelf:
			return append(dst, number...)
		case isDigit(c):
			n++
		}
	}
	skip := 0
	if n == len(plain)+1 && len(number) > 0 && number[0] == '(' { // a country code before a telephone number
		skip = 1
	}
	if n-skip != len(plain) {
		return append(dst, number...)
	}
	i := 0
	for _, c := range written {
		if isDigit(c) {
			if skip > 0 {
				skip--
			} else {
				c = plain[i]
				i++
			}
		}
		dst = append(dst, c)
	}
	return dst
}

// address replaces a network address.
func (r *replacer) address(dst []byte, span text.Span, original []byte) ([]byte, bool) {
	o, known := r.origin(span, original)
	m := r.email
	if o.Part == text.PartURL || !known && span.Label == text.URL {
		m = r.url
	}
	if !r.apply(m, o.Text, o.Owner) {
		return dst, false
	}
	return append(dst, r.masked...), true
}

// place replaces a known street or city.
func (r *replacer) place(dst []byte, span text.Span, original []byte) ([]byte, bool) {
	o, known := r.origin(span, original)
	m := map[string]mask.Method{text.PartStreet: r.street, text.PartCity: r.city}[o.Part]
	if !known || m == nil || !r.apply(m, o.Text, o.Owner) {
		return dst, false
	}
	return appendCased(dst, r.masked, original), true
}

// organization replaces the name of an organisation.
func (r *replacer) organization(dst []byte, span text.Span, original []byte) ([]byte, bool) {
	o, _ := r.origin(span, original)
	if !r.apply(r.org, o.Text, o.Owner) {
		return dst, false
	}
	return appendCased(dst, r.masked, original), true
}

// appendCased appends a surrogate in capitals or lower case if the original is written that
// way.
func appendCased(dst, surrogate, original []byte) []byte {
	upper, lower := 0, 0
	for _, c := range string(original) {
		switch {
		case unicode.IsUpper(c):
			upper++
		case unicode.IsLower(c):
			lower++
		}
	}
	switch {
	case lower == 0 && upper > 1:
		return append(dst, strings.ToUpper(string(surrogate))...)
	case upper == 0 && lower > 0:
		return append(dst, strings.ToLower(string(surrogate))...)
	}
	return append(dst, surrogate...)
}
