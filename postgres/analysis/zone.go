package analysis

import (
	"math"
	"regexp"
	"strconv"
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"
	"github.com/veil-proxy/veil/postgres/catalog"
)

// Time zones. What a masked value is must not depend on the session's zone: with zones of
// many hours, dates that are cut would tell on which side of a moment the original lies.

// maxZone is the most hours that a session's zone may be from UTC. PostgreSQL's own
// names go to 14, and it takes 167.
const maxZone = 15

var (
	zoneQuoted = regexp.MustCompile(`<[^<>]*>`)
	zoneNumber = regexp.MustCompile(`(^|[^0-9:.])([0-9]+)`)
)

// readZone lets zones pass that are no farther from UTC than any on earth.
func readZone(_ *analysis, v []string) ([]string, reading) {
	s := strings.TrimSpace(strings.Join(v, ", "))
	if hours, err := strconv.ParseFloat(s, 64); err == nil {
		if !(math.Abs(hours) <= maxZone) {
			return nil, unserved
		}
		return v, accepted
	}
	s, _, _ = strings.Cut(zoneQuoted.ReplaceAllString(s, ""), ",") // the days of a POSIX rule are behind the comma
	for _, m := range zoneNumber.FindAllStringSubmatch(s, -1) {
		if n, err := strconv.Atoi(m[2]); err != nil || n > maxZone {
			return nil, unserved
		}
	}
	return v, accepted
}

// originalText is the text of an original, as its method reads it. A moment is written in
// UTC, so that it is the same in every session. One that is shifted for a person keeps
// the session's zone, in which it is shown; where the person is not known it is cut to
// its year, in UTC.
func (a *analysis) originalText(s *keying) *pg.Node {
	v := column(s.column)
	own := cast(v, "text")
	if s.typ == nil || s.typ.OID != catalog.OIDTimestamptz {
		return own
	}
	utc := op("||", cast(call("timezone", cast(text("UTC"), "text"), v), "text"), cast(text("+00"), "text"))
	if s.shown != catalog.OIDTimestamptz || s.Entity == "" {
		return utc
	}
	known := op("<>", cast(column(s.Entity), "text"), cast(text(""), "text"))
	out := when(known, own)
	out.GetCaseExpr().Defresult = utc
	return out
}
