package text

import (
	"strings"
	"time"
)

// Day is a date. Its year is 0 if unknown.
type Day struct{ Year, Month, Day int }

// DateForm is the form in which a date is written, so that another date can be written in
// the same form.
type DateForm struct{ parts []datePart }

// datePart is a part of a written date.
type datePart struct {
	kind    byte   // 'y', 'm', 'd', 'M' a month by name, 'W' a weekday, 'o' the ending of an ordinal, or 0
	width   int    // minimum number of digits; of a year, 2 or 4
	names   int    // the index of the row of names
	upper   bool   // in capitals
	between string // literal text, if kind is 0
}

// monthNames and dayNames have the names by which dates are written, in full and short.
var (
	monthNames = splitNames(
		"January February March April May June July August September October November December",
		"Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec",
		"Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
		"Jan Feb Mrz Apr Mai Jun Jul Aug Sep Okt Nov Dez",
		"enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
		"janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
		"januari februari maart april mei juni juli augustus september oktober november december",
	)
	dayNames = splitNames(
		"Sunday Monday Tuesday Wednesday Thursday Friday Saturday", "Sun Mon Tue Wed Thu Fri Sat",
		"Sonntag Montag Dienstag Mittwoch Donnerstag Freitag Samstag", "domingo lunes martes miércoles jueves viernes sábado",
		"dimanche lundi mardi mercredi jeudi vendredi samedi", "zondag maandag dinsdag woensdag donderdag vrijdag zaterdag",
	)
)

func splitNames(rows ...string) (out [][]string) {
	for _, row := range rows {
		out = append(out, strings.Fields(row))
	}
	return out
}

// nameOf finds a word in rows of names.
func nameOf(rows [][]string, word string) (row, n int, ok bool) {
	folded := fold(word)
	for row, names := range rows {
		for n, name := range names {
			if fold(name) == folded {
				return row, n, true
			}
		}
	}
	return 0, 0, false
}

// ParseDate reads a date of one day, such as a span with the label DATE. dayFirst
// determines how to read 3/4/2020 if neither the text nor its form decides it. ok is false
// if the text is not a single day, or its form cannot be used for another day.
func ParseDate(original string, dayFirst bool) (day Day, form DateForm, ok bool) {
	src := []byte(original)
	var cut tokens
	cut.cut(src)
	toks := cut.toks
	var numbers []int // parts that are numbers
	at, values := 0, map[int]int{}
	for i, t := range toks {
		if int(t.start) > at {
			form.parts = append(form.parts, datePart{between: original[at:t.start]})
		}
		written := original[t.start:t.end]
		p := datePart{between: written, upper: t.shape == upper}
		switch {
		case t.kind == number && t.len() <= 4 && t.value >= 0:
			values[len(form.parts)] = int(t.value)
			numbers = append(numbers, len(form.parts))
			p.width = t.len()
		case t.kind == word && i > 0 && toks[i-1].kind == number && t.gap == joined && isEnglishOrdinal(written):
			p.kind = 'o'
		case t.kind == word:
			if row, n, found := nameOf(monthNames, written); found && day.Month == 0 {
				p.kind, p.names, day.Month = 'M', row, n+1
			} else if row, _, found := nameOf(dayNames, written); found {
				p.kind, p.names = 'W', row
			} else if fold(written) == "t" || !datesHave[fold(written)] {
				return Day{}, DateForm{}, false
			}
		}
		form.parts = append(form.parts, p)
		at = int(t.end)
	}
	if !form.order(&day, numbers, values, dayFirst || strings.Contains(original, ".")) || !day.valid() {
		return Day{}, DateForm{}, false
	}
	for _, p := range form.parts {
		if p.kind == 'W' && day.Year == 0 {
			return Day{}, DateForm{}, false // the weekday of another year is not known
		}
	}
	return day, form, true
}

// datesHave has the words that occur in dates besides names.
var datesHave = map[string]bool{"the": true, "of": true, "de": true, "del": true, "den": true}

func isEnglishOrdinal(w string) bool {
	switch fold(w) {
	case "st", "nd", "rd", "th":
		return true
	}
	return false
}

// order determines which number is the day, the month and the year.
func (f *DateForm) order(day *Day, numbers []int, values map[int]int, dayFirst bool) bool {
	year := -1
	for _, n := range numbers {
		if f.parts[n].width == 4 {
			year = n
		}
	}
	rest := numbers
	switch {
	case year >= 0 && year == numbers[0]:
		rest, dayFirst = numbers[1:], false
	case year >= 0 && year == numbers[len(numbers)-1]:
		rest = numbers[:len(numbers)-1]
	case year >= 0:
		return false
	case day.Month == 0 && len(numbers) == 3, day.Month > 0 && len(numbers) == 2:
		year = numbers[len(numbers)-1]
		rest = numbers[:len(numbers)-1]
	}
	if year >= 0 {
		f.parts[year].kind = 'y'
		day.Year = values[year]
		if f.parts[year].width == 2 {
			day.Year += 2000
			if day.Year > 2049 {
				day.Year -= 100
			}
		}
	}
	// 14 may be padded or not: the other number shows it, and ISO dates are padded.
	padded := year >= 0 && year == numbers[0]
	for _, n := range rest {
		padded = padded || f.parts[n].width == 2 && values[n] < 10
	}
	for _, n := range rest {
		if !padded {
			f.parts[n].width = 1
		}
	}
	switch {
	case day.Month > 0 && len(rest) == 1:
		f.parts[rest[0]].kind = 'd'
		day.Day = values[rest[0]]
		return true
	case day.Month > 0 || len(rest) != 2:
		return false
	}
	a, b := rest[0], rest[1]
	if values[a] > 12 || dayFirst && values[b] <= 12 {
		a, b = b, a
	}
	f.parts[a].kind, f.parts[b].kind = 'm', 'd'
	day.Month, day.Day = values[a], values[b]
	return true
}

// valid reports whether the day exists in the calendar.
func (d Day) valid() bool {
	year := d.Year
	if year == 0 {
		year = 2000
	}
	t := time.Date(year, time.Month(d.Month), d.Day, 0, 0, 0, 0, time.UTC)
	return d.Month >= 1 && d.Month <= 12 && t.Day() == d.Day && t.Month() == time.Month(d.Month)
}

// Append appends a day in the form.
func (f DateForm) Append(dst []byte, d Day) []byte {
	for _, p := range f.parts {
		s := p.between
		switch p.kind {
		case 'y':
			s = fourDigits(d.Year)
			s = s[4-min(4, max(2, p.width)):]
		case 'm', 'd':
			n := d.Month
			if p.kind == 'd' {
				n = d.Day
			}
			if s = twoDigits(n); p.width < 2 && n < 10 {
				s = s[1:]
			}
		case 'o':
			s = ordinalOf(d.Day)
		case 'M':
			s = monthNames[p.names][d.Month-1]
		case 'W':
			s = dayNames[p.names][time.Date(d.Year, time.Month(d.Month), d.Day, 0, 0, 0, 0, time.UTC).Weekday()]
		}
		if p.upper && p.kind >= 'A' {
			s = strings.ToUpper(s)
		}
		dst = append(dst, s...)
	}
	return dst
}

func ordinalOf(n int) string {
	switch {
	case n%10 == 1 && n != 11:
		return "st"
	case n%10 == 2 && n != 12:
		return "nd"
	case n%10 == 3 && n != 13:
		return "rd"
	}
	return "th"
}
