package pgdump

import "time"

// appendUTC appends a timestamp with time zone in UTC, as rules know it. pg_dump writes it
// in the time zone of its session.
func appendUTC(dst, v []byte) ([]byte, bool) {
	const layout = "2006-01-02 15:04:05"
	if len(v) < len(layout)+3 || string(v[len(v)-3:]) == "+00" {
		return v, len(v) >= len(layout)+3
	}
	zone := len(layout)
	for zone < len(v) && v[zone] != '+' && v[zone] != '-' {
		zone++
	}
	t, err := time.Parse("2006-01-02 15:04:05.999999", string(v[:zone]))
	if err != nil {
		return dst, false // another era, or a year of five digits: no method reads it
	}
	offset, ok := offsetOf(v[zone:])
	if !ok {
		return dst, false
	}
	t = t.Add(-offset)
	if t.Year() < 1 || t.Year() > 9999 {
		return dst, false
	}
	return append(t.AppendFormat(dst, "2006-01-02 15:04:05.999999"), "+00"...), true
}

// offsetOf reads +HH, +HH:MM and +HH:MM:SS.
func offsetOf(v []byte) (time.Duration, bool) {
	for _, layout := range []string{"-07", "-07:00", "-07:00:00"} {
		if len(v) == len(layout) {
			t, err := time.Parse(layout, string(v))
			if err != nil {
				return 0, false
			}
			_, seconds := t.Zone()
			return time.Duration(seconds) * time.Second, true
		}
	}
	return 0, false
}
