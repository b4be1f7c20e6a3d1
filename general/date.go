package general

import (
	"bytes"
	"encoding/binary"
	"strconv"
	"time"

	"github.com/veil-proxy/veil/mask"
	"github.com/veil-proxy/veil/mask/civil"
	"github.com/veil-proxy/veil/mask/forms"
	"github.com/veil-proxy/veil/mask/keys"
)

// date makes dates coarser or shifts them. It reads FHIR's date, dateTime and
// instant (FHIR R4, datatypes.html#dateTime) and SQL dates and timestamps.
//
//	year     YYYY
//	quarter  YYYY-MM of the quarter's first month
//	month    YYYY-MM
//	shift    the date moved by a number of days that is the same for all dates of
//	         a person, from -window to +window and never 0; a multiple of seven
//	         where weekday is set. The time of day and zone stay as they are.
//
// Dates and dateTimes come out short. FHIR's instant has no shorter form; there
// the walker completes what comes out to the first moment of it, in UTC. A date that is less precise than the
// result passes. A date of YYYY or YYYY-MM cannot be shifted by
// days: only its year is left. Where the person is not known, shift falls back
// to the year. A date to shift of a year before 12 or after 9988 is Removed: it is
// one that stands for no date, such as 9999-12-31. What is no date is Removed.
//
// Shifted dates are not Safe Harbor. One true date of a
// person gives the shift away, and with it all other dates.
type date struct {
	slot  keys.Slot
	mode  string
	shift forms.Shift
}

func newDate(env mask.Env, args mask.Args) (mask.Method, error) {
	by := shiftForm(args)
	d := date{slot: env.Keys.MACSlot(by.Purpose, by.Domain), mode: args.String("mode", ""), shift: by}
	if d.mode == "shift" {
		return &shift{d}, nil
	}
	return &d, nil
}

// shiftForm is how far dates are shifted: by days, or by whole weeks.
func shiftForm(args mask.Args) forms.Shift {
	f := forms.Shift{Keyed: forms.Keyed{Purpose: "date-shift", Domain: args.String("domain", "")}, Steps: args.Int("window", 365), Days: 1}
	if args.Bool("weekday", false) {
		f.Steps, f.Days = max(1, f.Steps/7), 7
	}
	return f
}

func dateForm(args mask.Args) mask.Form {
	switch mode := args.String("mode", ""); mode {
	case "shift":
		return shiftForm(args)
	case "year", "quarter", "month":
		return forms.Period{Unit: forms.Unit(mode), Number: mode == "year" && args.String("as", "date") == "number"}
	}
	return nil
}

// shift is the mode of date that can be undone.
type shift struct{ date }

// Invert implements mask.Inverter for dates of a day or finer.
func (d *shift) Invert(dst, src []byte, in *mask.Input) ([]byte, bool) {
	precision, day, rest, ok := splitDate(src)
	if !ok || precision < 3 || len(in.Entity) == 0 {
		return dst, false
	}
	day = civil.OfDays(day.Days() - d.days(in))
	if !shiftable(day.Year) {
		return dst, false
	}
	return append(day.Append(dst), rest...), true
}

// Queue implements mask.Queuer.
func (d *shift) Queue(src []byte, in *mask.Input) {
	if len(src) >= len(time.DateOnly) && len(in.Entity) > 0 {
		in.Keys.Queue1(d.slot, in.Entity)
	}
}

// Append implements mask.Method.
func (d *date) Append(dst, src []byte, in *mask.Input) ([]byte, mask.Outcome, error) {
	precision, day, rest, ok := splitDate(src)
	if !ok {
		return dst, mask.Removed, nil
	}
	mode := d.mode
	if mode == "shift" {
		if year, _ := strconv.Atoi(string(src[:4])); !shiftable(year) {
			return dst, mask.Removed, nil
		}
		if len(in.Entity) == 0 || precision < 3 {
			mode = "year"
		}
	}
	switch mode {
	case "year":
		if precision == 1 {
			return dst, mask.Kept, nil
		}
		return append(dst, src[:4]...), mask.Replaced, nil
	case "month":
		if precision <= 2 {
			return dst, mask.Kept, nil
		}
		return append(dst, src[:7]...), mask.Replaced, nil
	case "quarter":
		if precision == 1 {
			return dst, mask.Kept, nil
		}
		month := (int(src[5]-'0')*10 + int(src[6]-'0') - 1) / 3 * 3
		return append(append(dst, src[:5]...), '0'+byte((month+1)/10), '0'+byte((month+1)%10)), mask.Replaced, nil
	}
	day = civil.OfDays(day.Days() + d.days(in))
	return append(day.Append(dst), rest...), mask.Replaced, nil
}

// shiftable reports whether a date of a year can be shifted as far as any window goes, and
// still have a year of four digits. Dates beyond are not dates of what happened, but stand
// for "never" or "not known": shifted ones would tell the shift.
func shiftable(year int) bool { return year >= 12 && year <= 9988 }

// days is the shift of a person.
func (d *date) days(in *mask.Input) int {
	unit, steps := int(d.shift.Days), int(d.shift.Steps)
	n := int(binary.BigEndian.Uint64(in.Keys.PersonMAC(d.slot, in.Entity)[:8]) % uint64(2*steps))
	if n >= steps {
		return (n - steps + 1) * unit
	}
	return -(n + 1) * unit
}

// splitDate reads a date: its precision (1 year, 2 month, 3 day), the day, and
// what follows the day.
func splitDate(s []byte) (precision int, day civil.Date, rest []byte, ok bool) {
	switch {
	case len(s) == 4:
		_, err := time.Parse("2006", string(s))
		return 1, day, nil, err == nil && !bytes.Equal(s, []byte("0000"))
	case len(s) == 7:
		_, err := time.Parse("2006-01", string(s))
		return 2, day, nil, err == nil && !bytes.Equal(s[:4], []byte("0000"))
	case len(s) < 10:
		return 0, day, nil, false
	}
	day, ok = civil.Read(s[:10])
	rest = s[10:]
	if !ok || len(rest) > 0 && !isTime(rest) {
		return 0, day, nil, false
	}
	return 3, day, rest, true
}

// isTime checks what follows a date: T or a space, hh:mm[:ss[.f]] and a zone or none.
// All of it is read, since all of it is copied.
func isTime(s []byte) bool {
	if s[0] != 'T' && s[0] != ' ' {
		return false
	}
	s, ok := clock(s[1:], 23)
	if !ok {
		return false
	}
	if len(s) > 0 && s[0] == ':' {
		if s, ok = twoDigits(s[1:], 60); !ok {
			return false
		}
		if len(s) > 0 && s[0] == '.' {
			n := 1
			for n < len(s) && s[n] >= '0' && s[n] <= '9' {
				n++
			}
			if n == 1 || n > 10 { // nanoseconds at most
				return false
			}
			s = s[n:]
		}
	}
	return len(s) == 0 || isZone(s)
}

// isZone checks a zone: Z, or + or - and hh, hhmm, hh:mm or hh:mm:ss.
func isZone(s []byte) bool {
	if s[0] == 'Z' {
		return len(s) == 1
	}
	if s[0] != '+' && s[0] != '-' {
		return false
	}
	s, ok := twoDigits(s[1:], 15)
	if len(s) == 2 {
		s, ok = twoDigits(s, 59)
	}
	for n := 0; ok && len(s) > 0; n++ {
		if s[0] != ':' || n == 2 {
			return false
		}
		s, ok = twoDigits(s[1:], 59)
	}
	return ok
}

// clock reads hh:mm and returns what follows.
func clock(s []byte, hours int) ([]byte, bool) {
	s, ok := twoDigits(s, hours)
	if !ok || len(s) == 0 || s[0] != ':' {
		return nil, false
	}
	return twoDigits(s[1:], 59)
}

// twoDigits reads a number of two digits and returns what follows.
func twoDigits(s []byte, most int) ([]byte, bool) {
	if len(s) < 2 || s[0] < '0' || s[0] > '9' || s[1] < '0' || s[1] > '9' || int(s[0]-'0')*10+int(s[1]-'0') > most {
		return nil, false
	}
	return s[2:], true
}
