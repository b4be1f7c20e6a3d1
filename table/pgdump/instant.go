package pgdump

import "github.com/veil-proxy/veil/table/cells"

// appendUTC appends a timestamp with time zone in UTC, as rules know it. pg_dump writes it
// in the time zone of its session.
func appendUTC(dst, v []byte) ([]byte, bool) {
	seconds, nanos, ok := cells.ParseTimestamp(v)
	if !ok {
		return dst, false // infinity, which no method can read
	}
	return cells.AppendTimestamp(dst, seconds, nanos, true), true
}
