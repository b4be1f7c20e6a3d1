package civil

import "time"

// Days of the proleptic Gregorian calendar as numbers, for arithmetic.

// Days returns the number of days from 1970-01-01 to d.
func (d Date) Days() int {
	y, m := d.Year, int(d.Month)
	if m <= 2 { // years begin with March, so that a leap day ends one
		y, m = y-1, m+12
	}
	era := y / 400
	if y < 0 {
		era = (y - 399) / 400
	}
	ofEra := y - era*400
	return era*daysOfEra + ofEra*365 + ofEra/4 - ofEra/100 + (153*(m-3)+2)/5 + d.Day - 1 - daysTo1970
}

const (
	daysOfEra  = 146097 // of 400 years
	daysTo1970 = 719468 // from 0000-03-01
)

// OfDays returns the date that is days days after 1970-01-01.
func OfDays(days int) Date {
	days += daysTo1970
	era := days / daysOfEra
	if days < 0 {
		era = (days - daysOfEra + 1) / daysOfEra
	}
	day := days - era*daysOfEra
	year := (day - day/1460 + day/36524 - day/146096) / 365
	day -= 365*year + year/4 - year/100
	m := (5*day + 2) / 153
	d := Date{Year: year + era*400, Month: time.Month(m + 3), Day: day - (153*m+2)/5 + 1}
	if d.Month > 12 {
		d.Year, d.Month = d.Year+1, d.Month-12
	}
	return d
}

// Read reads YYYY-MM-DD of the years 1 to 9999, strictly.
func Read(s []byte) (d Date, ok bool) {
	if len(s) != 10 || s[4] != '-' || s[7] != '-' {
		return d, false
	}
	for i, c := range s {
		if i != 4 && i != 7 && (c < '0' || c > '9') {
			return d, false
		}
	}
	two := func(i int) int { return int(s[i]-'0')*10 + int(s[i+1]-'0') }
	d = Date{Year: two(0)*100 + two(2), Month: time.Month(two(5)), Day: two(8)}
	return d, d.Year > 0 && d.Month >= 1 && d.Month <= 12 && d.Day >= 1 && d.Day <= daysIn(d.Year, d.Month)
}

func daysIn(year int, month time.Month) int {
	switch month {
	case time.February:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	case time.April, time.June, time.September, time.November:
		return 30
	}
	return 31
}

// Append appends YYYY-MM-DD of a year from 0 to 9999.
func (d Date) Append(dst []byte) []byte {
	digit := func(n int) byte { return byte('0' + n%10) }
	return append(dst, digit(d.Year/1000), digit(d.Year/100), digit(d.Year/10), digit(d.Year), '-',
		digit(int(d.Month)/10), digit(int(d.Month)), '-', digit(d.Day/10), digit(d.Day))
}
