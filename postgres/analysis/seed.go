package analysis

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"strconv"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/veil-proxy/veil/postgres/catalog"
)

// Seeds of the hashes that define Veil's own order. They appear in no statement. A
// statement has a public number for each purpose, and PostgreSQL computes the seed from
// that, once for each statement, with a key that the session has as a setting
// (keyedhash.go).

// orderSetting names the setting of the key that seeds are derived from.
var orderSetting = settingPrefix + "s"

// orderKey is the value of the setting. It has many more bits than a seed, so that it
// cannot be computed from seeds.
func (p *Policy) orderKey() string {
	return hex.EncodeToString(p.masks.Keys.MACKey("sql-order", "session"))
}

// seedFor returns the public number of one of the two seeds of a label.
func seedFor(label string, n int) string {
	sum := sha256.Sum256([]byte(label))
	return strconv.FormatInt(int64(binary.BigEndian.Uint64(sum[8*n:])), 10)
}

// seed writes one of the two seeds of a label.
func seed(label string, n int) *pg.Node {
	return selectOnce(call("hashtextextended", call("current_setting", text(orderSetting)), text(seedFor(label, n))))
}

// seedSQL returns a seed as the text of an expression.
func seedSQL(label string, n int) string {
	return "(SELECT pg_catalog.hashtextextended(pg_catalog.current_setting(" + catalog.QuoteLiteral(orderSetting) + "), '" + seedFor(label, n) + "'))"
}
