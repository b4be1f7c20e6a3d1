package values

import (
	"net/netip"
	"strings"
)

func email(v *value) bool {
	at := strings.IndexByte(v.text, '@')
	if at < 1 || v.spaces > 0 || at != strings.LastIndexByte(v.text, '@') {
		return false
	}
	dot := strings.LastIndexByte(v.text, '.')
	return dot > at+1 && dot < len(v.text)-2
}

func isURL(v *value) bool {
	s := v.folded
	return v.spaces == 0 && (strings.HasPrefix(s, "http://") || strings.HasPrefix(s, "https://") || strings.HasPrefix(s, "ftp://") ||
		strings.HasPrefix(s, "www.") && strings.Count(s, ".") > 1)
}

func ip(v *value) bool {
	s, _, _ := strings.Cut(v.text, "/")
	if len(s) < 3 || strings.Count(s, ".") != 3 && strings.Count(s, ":") < 2 || v.spaces > 0 {
		return false
	}
	_, err := netip.ParseAddr(s)
	return err == nil
}

func mac(v *value) bool {
	return matchesAny(v.text, "XX:XX:XX:XX:XX:XX", "XX-XX-XX-XX-XX-XX") && onlyHex(v.text, ":-")
}

func isUUID(v *value) bool {
	return len(v.text) == 36 && v.text[8] == '-' && v.text[13] == '-' && v.text[18] == '-' && v.text[23] == '-' && onlyHex(v.text, "-")
}

// hex reports whether a value is a digest: an even number of hexadecimal digits, at
// least 16, letters among them.
func hex(v *value) bool {
	return len(v.text) >= 16 && len(v.text)%2 == 0 && v.letters > 0 && len(v.digits) > 0 && (v.lower == 0 || v.upper == 0) && onlyHex(v.text, "")
}

func onlyHex(s, also string) bool {
	for i := range len(s) {
		c := s[i]
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') && (c < 'A' || c > 'F') && strings.IndexByte(also, c) < 0 {
			return false
		}
	}
	return true
}

// version reports whether a value is numbers with dots: 1.2.3. With four of them it is
// rather an IP address if the first two are larger than those of versions are.
func version(v *value) bool {
	if _, kind := parseDate(v); kind != notDate {
		return false
	}
	n := 0
	numbers := [5]int{}
	for part := range strings.SplitSeq(strings.TrimPrefix(v.folded, "v"), ".") {
		if len(part) == 0 || len(part) > 4 {
			return false
		}
		for i := range len(part) {
			if part[i] < '0' || part[i] > '9' {
				return false
			}
		}
		if n < len(numbers) {
			numbers[n] = number(part)
		}
		n++
	}
	if n == 4 && (numbers[0] > 40 || numbers[1] > 60) {
		return false
	}
	return n >= 3 && n <= 5
}

// phone reports whether a value has the form of a phone number: seven to fifteen digits
// with signs that phone numbers have, and whether it is as many digits alone.
func phone(v *value) (form, digits bool) {
	s := v.text
	n := len(v.digits)
	if cut := strings.LastIndexAny(v.folded, "x"); cut > 0 && v.letters <= 3 {
		s = strings.TrimSpace(strings.TrimSuffix(strings.ToLower(s[:min(cut, len(s))]), "e"))
		n = countDigits(s)
	} else if v.letters > 0 {
		return false, false
	}
	if n < 7 || n > 15 || matches(v.text, "999-99-9999") {
		return false, false
	}
	if v.allDigits {
		return false, n >= 9 && n <= 11
	}
	if _, kind := parseDate(v); kind != notDate {
		return false, false
	}
	groups, run := 0, 0
	for i := range len(s) {
		switch c := s[i]; {
		case c >= '0' && c <= '9':
			if run++; run == 1 {
				groups++
			}
			continue
		case strings.IndexByte("+()-./ ", c) < 0:
			return false, false
		}
		run = 0
	}
	switch {
	case s[0] == '+', strings.HasPrefix(s, "00") && groups > 1, strings.HasPrefix(s, "(") && groups > 1:
		return true, false
	case groups < 2 || groups > 6:
		return false, false
	case s[0] == '0':
		return true, false
	case matchesAny(s, "999-999-9999", "999.999.9999", "999 999 9999", "9-999-999-9999", "999-9999", "999/999-9999", "9 999 999 9999",
		"999 9999999", "99999 99999", "99 9999 9999", "99 99999 9999", "99 99999-9999", "99 9999-9999", "9999 9999999", "9999-9999999"):
		return true, false
	case groups >= 3 && n == 9 && s[0] >= '2' && strings.Count(s, " ") == groups-1: // 612 34 56 78
		return true, false
	}
	return false, false
}

func countDigits(s string) (n int) {
	for i := range len(s) {
		if s[i] >= '0' && s[i] <= '9' {
			n++
		}
	}
	return n
}
