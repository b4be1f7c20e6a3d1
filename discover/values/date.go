package values

import "strings"

// dateKind is how a value is a date.
type dateKind uint8

const (
	notDate dateKind = iota
	fullDate
	withTime
	timeOfDay
	compact // 20240131
	yearMonth
)

// parseDate reads a date as people and programs write it. The year is 0 where it is not
// known, such as of a time of day.
func parseDate(v *value) (year int, kind dateKind) {
	s := v.folded
	if len(v.digits) < 3 || v.letters > 12 || len(s) > 40 {
		return 0, notDate
	}
	if v.allDigits {
		return digitsDate(v.digits)
	}
	day, clock := s, ""
	if i := strings.IndexByte(s, ':'); i > 0 {
		// What comes before the hour is the day.
		j := strings.LastIndexAny(s[:i], " t")
		day, clock = strings.TrimSpace(s[:max(j, 0)]), s[j+1:]
		if !clockLike(clock) {
			return 0, notDate
		}
		if day == "" {
			return 0, timeOfDay
		}
	}
	year, kind = parseDay(strings.TrimSuffix(day, ","))
	if kind == fullDate && clock != "" {
		kind = withTime
	}
	return year, kind
}

// clockLike reports whether a text is a time: 9:05, 09:05:00.123+02, 9:05 PM.
func clockLike(s string) bool {
	if i := strings.IndexByte(s, ':'); i < 1 || i > 2 || countDigits(s[:i]) != i || len(s) < i+3 {
		return false
	}
	for _, r := range strings.ToLower(s) {
		if (r < '0' || r > '9') && !strings.ContainsRune(":.,+-zampt utc", r) {
			return false
		}
	}
	return true
}

// digitsDate reads eight digits, year first or last, or fourteen with a time.
func digitsDate(d string) (int, dateKind) {
	if len(d) == 14 || len(d) == 12 {
		d = d[:8]
	}
	if len(d) == 6 { // 202401
		if y := number(d[:4]); y >= 1950 && y <= 2035 && validMonthDay(d[4:], "01") {
			return y, compact
		}
		return 0, notDate
	}
	if len(d) != 8 {
		return 0, notDate
	}
	if y := number(d[:4]); y >= 1850 && y <= 2100 && validMonthDay(d[4:6], d[6:]) {
		return y, compact
	}
	if y := number(d[4:]); y >= 1900 && y <= 2035 && (validMonthDay(d[:2], d[2:4]) || validMonthDay(d[2:4], d[:2])) {
		return y, compact
	}
	return 0, notDate
}

// parseDay reads a day whose parts are divided by signs: 2024-01-31, 31.01.2024,
// 1/31/24, 31-Jan-2024, Jan 31, 2024, 31JAN2024, 2024-01.
func parseDay(s string) (int, dateKind) {
	var parts []string
	start := -1
	kindOf := func(c byte) int {
		switch {
		case c >= '0' && c <= '9':
			return 1
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= 0x80:
			return 2
		}
		return 0
	}
	for i := 0; i <= len(s); i++ {
		if start >= 0 && (i == len(s) || kindOf(s[i]) != kindOf(s[start])) {
			parts = append(parts, strings.ToLower(s[start:i]))
			start = -1
		}
		if i == len(s) {
			break
		}
		if kindOf(s[i]) == 0 {
			if strings.IndexByte("-/. ,", s[i]) < 0 {
				return 0, notDate
			}
			continue
		}
		if start < 0 {
			start = i
		}
	}
	if len(parts) == 2 {
		return monthOf(parts)
	}
	if len(parts) != 3 {
		return 0, notDate
	}
	var day, month, year string
	switch a, b, c := parts[0], parts[1], parts[2]; {
	case isMonth(b):
		day, month, year = a, "01", c
		if len(a) == 4 {
			day, year = c, a
		}
	case isMonth(a):
		day, month, year = b, "01", c
	case countDigits(a) == 4:
		day, month, year = c, b, a
	default:
		day, month, year = a, b, c
		if number2(b) > 12 {
			day, month = b, a
		}
	}
	if countDigits(day) != len(day) || countDigits(month) != len(month) || countDigits(year) != len(year) {
		return 0, notDate
	}
	d, m, y := number2(day), number2(month), number2(year)
	if len(day) > 2 || len(month) > 2 || len(year) != 2 && len(year) != 4 || d < 1 || d > 31 || m < 1 || m > 12 {
		return 0, notDate
	}
	if len(year) == 2 {
		if y += 2000; y > 2035 {
			y -= 100
		}
	}
	if strings.Count(s, ".") == 2 && len(year) == 2 && len(day)+len(month) < 4 {
		return 0, notDate // rather a version
	}
	if y < 1850 || y > 2150 {
		return 0, notDate
	}
	return y, fullDate
}

// monthOf reads a month of a year: 2024-01, Jan 2024.
func monthOf(parts []string) (int, dateKind) {
	a, b := parts[0], parts[1]
	if len(b) == 4 && countDigits(b) == 4 {
		a, b = b, a
	}
	if len(a) != 4 || countDigits(a) != 4 || number(a) < 1850 || number(a) > 2100 {
		return 0, notDate
	}
	if isMonth(b) || len(b) == 2 && countDigits(b) == 2 && number(b) >= 1 && number(b) <= 12 {
		return number(a), yearMonth
	}
	return 0, notDate
}

func number2(s string) int {
	if countDigits(s) != len(s) || len(s) > 6 {
		return -1
	}
	return number(s)
}

func isMonth(s string) bool {
	return len(s) >= 3 && countDigits(s) == 0 && within("month", s)
}
