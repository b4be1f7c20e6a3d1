package analysis

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"strconv"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/veil-proxy/veil/postgres/catalog"
)

// Seeds of the hashes that give Veil's own order. No statement has one. It has a public
// number of what the seed is for, and PostgreSQL computes the seed from that, once a
// statement, with a key that the session has as a setting (keyedhash.go).

// orderSetting names the setting of the key that seeds are derived from.
var orderSetting = settingPrefix + "s"

// orderKey is the value of the setting. It has many more bits than a seed, so that seeds
// that were found would not give it.
func (p *Policy) orderKey() string {
	return hex.EncodeToString(p.masks.Keys.MACKey("sql-order", "session"))
}

// seedFor is the public number of one of the two seeds of a label.
func seedFor(label string, n int) string {
	sum := sha256.Sum256([]byte(label))
	return strconv.FormatInt(int64(binary.BigEndian.Uint64(sum[8*n:])), 10)
}

// seed is one of the two seeds of a label.
func seed(label string, n int) *pg.Node {
	return selectOnce(call("hashtextextended", call("current_setting", text(orderSetting)), text(seedFor(label, n))))
}

// seedSQL is a seed as the text of an expression.
func seedSQL(label string, n int) string {
	return "(SELECT pg_catalog.hashtextextended(pg_catalog.current_setting(" + catalog.QuoteLiteral(orderSetting) + "), '" + seedFor(label, n) + "'))"
}
