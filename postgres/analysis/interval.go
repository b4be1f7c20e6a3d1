package analysis

import (
	"math/big"
	"regexp"
	"strconv"
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"
)

// Constant intervals of a fixed length. Those with months or years have none.

var intervalPart = regexp.MustCompile(`^\s*([+-]?[0-9]{1,7}(?:\.[0-9]{1,6})?)\s*([a-z]+)\s*`)

// longest bounds intervals, so that adding one never moves a date out of PostgreSQL's
// range: the error would reveal the date.
var longest = big.NewRat(10_000_000_000, 1)

// secondsOf has the units of a fixed length, by PostgreSQL's words for them.
var secondsOf = map[string]int64{
	"d": 86400, "day": 86400, "days": 86400, "w": 604800, "week": 604800, "weeks": 604800,
	"h": 3600, "hr": 3600, "hrs": 3600, "hour": 3600, "hours": 3600,
	"min": 60, "mins": 60, "minute": 60, "minutes": 60, "s": 1, "sec": 1, "secs": 1, "second": 1, "seconds": 1,
}

// Masks of an interval's fields (src/include/utils/timestamp.h, datetime.h).
var intervalFields = map[int32]string{1 << 3: "day", 1 << 10: "hour", 1 << 11: "minute", 1 << 12: "second"}

// intervalSeconds reads a constant interval: interval '30 days', '30' day.
func intervalSeconds(n *pg.Node) (string, bool) {
	c := n.GetTypeCast()
	if c == nil || lastPart(c.TypeName.GetNames()) != "interval" || len(c.TypeName.ArrayBounds) > 0 {
		return "", false
	}
	s, ok := constantText(c.Arg)
	if !ok || c.Arg.GetAConst() == nil {
		return "", false
	}
	s = strings.ToLower(s)
	if len(c.TypeName.Typmods) > 0 {
		unit := intervalFields[c.TypeName.Typmods[0].GetAConst().GetIval().GetIval()]
		if unit == "" || len(c.TypeName.Typmods) > 1 {
			return "", false
		}
		s += " " + unit
	}
	total := new(big.Rat)
	for found := false; ; found = true {
		if strings.TrimSpace(s) == "" {
			return total.FloatString(6), found && total.Cmp(longest) < 0 && total.Cmp(new(big.Rat).Neg(longest)) > 0
		}
		m := intervalPart.FindStringSubmatch(s)
		if m == nil || secondsOf[m[2]] == 0 {
			return "", false
		}
		v, ok := new(big.Rat).SetString(m[1])
		if !ok {
			return "", false
		}
		total.Add(total, v.Mul(v, new(big.Rat).SetInt64(secondsOf[m[2]])))
		s = s[len(m[0]):]
	}
}

// wholeDays reads a constant number of days that is added to a date.
func wholeDays(n *pg.Node) (int64, bool) {
	if n.GetAConst() == nil {
		return 0, false
	}
	c, ok := constantOf(n)
	if !ok || !c.number {
		return 0, false
	}
	days, err := strconv.ParseInt(c.text, 10, 32)
	return days, err == nil && days < 1_000_000
}
