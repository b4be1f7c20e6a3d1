package cells

import (
	"bytes"
	"encoding/hex"
	"strconv"
)

const (
	daySeconds = 24 * 60 * 60
	dayNanos   = daySeconds * 1_000_000_000
)

// AppendDate appends the date that is days days after 1970-01-01.
func AppendDate(dst []byte, days int64) []byte {
	year, month, day := civil(days)
	bc := year <= 0
	if bc {
		year = 1 - year
	}
	dst = appendPadded(dst, year, 4)
	dst = appendPadded(append(dst, '-'), int64(month), 2)
	dst = appendPadded(append(dst, '-'), int64(day), 2)
	if bc {
		dst = append(dst, " BC"...)
	}
	return dst
}

// civil returns the year, month and day of the Gregorian calendar. It lets years begin in
// March, so that the leap day is the last one.
func civil(days int64) (year int64, month, day int) {
	days += 719468
	era := floorDiv(days, 146097)
	doe := days - era*146097
	yoe := (doe - doe/1460 + doe/36524 - doe/146096) / 365
	doy := doe - (365*yoe + yoe/4 - yoe/100)
	mp := (5*doy + 2) / 153
	day = int(doy - (153*mp+2)/5 + 1)
	month = int(mp + 3)
	year = yoe + era*400
	if month > 12 {
		month -= 12
		year++
	}
	return year, month, day
}

// daysOf is the inverse of civil.
func daysOf(year int64, month, day int) int64 {
	if month <= 2 {
		year--
		month += 12
	}
	era := floorDiv(year, 400)
	yoe := year - era*400
	doy := int64(153*(month-3)+2)/5 + int64(day) - 1
	return era*146097 + yoe*365 + yoe/4 - yoe/100 + doy - 719468
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

func appendPadded(dst []byte, n int64, width int) []byte {
	var buf [20]byte
	digits := strconv.AppendInt(buf[:0], n, 10)
	for range width - len(digits) {
		dst = append(dst, '0')
	}
	return append(dst, digits...)
}

// AppendTimestamp appends a timestamp: seconds since 1970-01-01 00:00:00 and
// nanoseconds, which must not be negative. utc says that it has a time zone.
func AppendTimestamp(dst []byte, seconds, nanos int64, utc bool) []byte {
	days := floorDiv(seconds, daySeconds)
	dst = AppendDate(dst, days)
	bc := bytes.HasSuffix(dst, []byte(" BC"))
	if bc {
		dst = dst[:len(dst)-3]
	}
	dst = AppendTime(append(dst, ' '), (seconds-days*daySeconds)*1_000_000_000+nanos)
	if utc {
		dst = append(dst, "+00"...)
	}
	if bc {
		dst = append(dst, " BC"...)
	}
	return dst
}

// AppendTime appends a time of day, given in nanoseconds after midnight, with as many
// fractional digits as needed.
func AppendTime(dst []byte, nanos int64) []byte {
	if nanos < 0 {
		dst, nanos = append(dst, '-'), -nanos
	}
	seconds, nanos := nanos/1_000_000_000, nanos%1_000_000_000
	dst = appendPadded(dst, seconds/3600, 2)
	dst = appendPadded(append(dst, ':'), seconds/60%60, 2)
	dst = appendPadded(append(dst, ':'), seconds%60, 2)
	if nanos != 0 {
		dst = appendPadded(append(dst, '.'), nanos, 9)
		dst = bytes.TrimRight(dst, "0")
	}
	return dst
}

// AppendInterval appends an interval.
func AppendInterval(dst []byte, months, days, nanos int64) []byte {
	from := len(dst)
	part := func(n int64, one, more string) {
		if n == 0 {
			return
		}
		if len(dst) > from {
			dst = append(dst, ' ')
		}
		dst = strconv.AppendInt(dst, n, 10)
		if n == 1 {
			dst = append(dst, one...)
		} else {
			dst = append(dst, more...)
		}
	}
	part(months/12, " year", " years")
	part(months%12, " mon", " mons")
	part(days, " day", " days")
	if nanos != 0 || len(dst) == from {
		if len(dst) > from {
			dst = append(dst, ' ')
		}
		dst = AppendTime(dst, nanos)
	}
	return dst
}

// ParseDate reads a date as days after 1970-01-01.
func ParseDate(text []byte) (days int64, ok bool) {
	days, rest, ok := date(text)
	return days, ok && len(rest) == 0
}

// date reads the day that a text begins with.
func date(text []byte) (days int64, rest []byte, ok bool) {
	n := bytes.IndexByte(text, '-')
	if n < 4 || n > 6 || len(text) < n+6 || text[n+3] != '-' {
		return 0, nil, false
	}
	year, ok1 := digits(text[:n])
	month, ok2 := digits(text[n+1 : n+3])
	day, ok3 := digits(text[n+4 : n+6])
	if !ok1 || !ok2 || !ok3 || month < 1 || month > 12 || day < 1 {
		return 0, nil, false
	}
	days = daysOf(year, int(month), int(day))
	if _, m, d := civil(days); m != int(month) || d != int(day) {
		return 0, nil, false
	}
	return days, text[n+6:], true
}

// digits reads a short number made of digits only.
func digits(b []byte) (n int64, ok bool) {
	for _, c := range b {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = 10*n + int64(c-'0')
	}
	return n, len(b) > 0
}

// ParseTimestamp reads a timestamp, with or without a time zone, as seconds since
// 1970-01-01 00:00:00 UTC and nanoseconds. A date stands for its first moment.
func ParseTimestamp(text []byte) (seconds, nanos int64, ok bool) {
	days, rest, ok := date(text)
	seconds = days * daySeconds
	if !ok || len(rest) == 0 {
		return seconds, 0, ok
	}
	if rest[0] != ' ' && rest[0] != 'T' {
		return 0, 0, false
	}
	inDay, rest, ok := clock(rest[1:])
	offset, ok2 := zone(rest)
	return seconds + inDay/1_000_000_000 - offset, inDay % 1_000_000_000, ok && ok2
}

// parseTime reads a time of day as nanoseconds after midnight.
func parseTime(text []byte) (nanos int64, ok bool) {
	nanos, rest, ok := clock(text)
	return nanos, ok && len(rest) == 0 && nanos < dayNanos
}

// clock reads the time of day that a text begins with.
func clock(text []byte) (nanos int64, rest []byte, ok bool) {
	if len(text) < 8 || text[2] != ':' || text[5] != ':' {
		return 0, nil, false
	}
	hour, ok1 := digits(text[:2])
	minute, ok2 := digits(text[3:5])
	second, ok3 := digits(text[6:8])
	if !ok1 || !ok2 || !ok3 || hour > 24 || minute > 59 || second > 60 {
		return 0, nil, false
	}
	nanos = ((hour*60+minute)*60 + second) * 1_000_000_000
	rest = text[8:]
	if len(rest) > 0 && rest[0] == '.' {
		n := 1
		for unit := int64(100_000_000); n < len(rest) && rest[n] >= '0' && rest[n] <= '9'; n, unit = n+1, unit/10 {
			nanos += int64(rest[n]-'0') * unit
		}
		rest = rest[n:]
	}
	return nanos, rest, true
}

// zone reads a time zone in seconds east of UTC; a text may have none.
func zone(text []byte) (seconds int64, ok bool) {
	if len(text) == 0 || string(text) == "Z" {
		return 0, true
	}
	if len(text) < 3 || text[0] != '+' && text[0] != '-' {
		return 0, false
	}
	hours, ok := digits(text[1:3])
	seconds = hours * 3600
	// Minutes, and seconds, which zones based on local solar time have.
	unit := int64(60)
	for rest := text[3:]; ok && len(rest) > 0; unit /= 60 {
		if rest = bytes.TrimPrefix(rest, []byte(":")); len(rest) < 2 || unit == 0 {
			return 0, false
		}
		var n int64
		n, ok = digits(rest[:2])
		seconds += n * unit
		rest = rest[2:]
	}
	if text[0] == '-' {
		seconds = -seconds
	}
	return seconds, ok
}

// AppendUUID appends the text of the 16 bytes of a UUID.
func AppendUUID(dst, id []byte) []byte {
	for i, n := range []int{4, 2, 2, 2, 6} {
		if i > 0 {
			dst = append(dst, '-')
		}
		dst = hex.AppendEncode(dst, id[:n])
		id = id[n:]
	}
	return dst
}

// AppendUUIDBytes appends the 16 bytes of a UUID in its text form. ok is false if it is
// not one.
func AppendUUIDBytes(dst, text []byte) (out []byte, ok bool) {
	digits := bytes.ReplaceAll(text, []byte("-"), nil)
	if len(digits) != 32 {
		return dst, false
	}
	out, err := hex.AppendDecode(dst, digits)
	return out, err == nil
}
