package analysis

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/veil-proxy/veil/mask/forms"
	"github.com/veil-proxy/veil/postgres/catalog"
)

// Keyed hashes in SQL. HMAC-SHA-512 consists of two hashes, and PostgreSQL has
// sha512(bytea). It needs two blocks derived from the key by two paddings. They appear in
// no statement: the upstream's session has them as its own settings from its first
// message on, so that no view of statements, log or plan shows them. A statement of a
// client reads no setting that is not listed (system.go), and nothing resets these: RESET
// ALL goes back to what the session began with. Their names are random, for functions of
// the database that read the setting that they are told to.

// settingPrefix begins the names of the settings. It is the same for the whole process,
// so that plans of one policy are equal. Names that a statement computes cannot begin
// with it: see currentSetting.
var settingPrefix = "veilkey.k" + strings.ToLower(rand.Text()) + "_"

// mostHashKeys is how many keys a session is given: the message that begins it is bounded.
const mostHashKeys = 12

// hashBlock is the length of a block of SHA-512.
const hashBlock = 128

// hashKey has the names of the settings of one key.
type hashKey struct{ inner, outer string }

// nameHashKeys names the keys that the forms of a policy's rules need: first those of
// dates and numbers, which are used most in computations. Forms whose keys exceed the
// maximum are left to their methods.
func (p *Policy) nameHashKeys() {
	p.hashKeys = map[forms.Keyed]hashKey{}
	add := func(k forms.Keyed) {
		if _, ok := p.hashKeys[k]; !ok && k.Purpose != "" && len(p.hashKeys) < mostHashKeys {
			name := fmt.Sprintf("%s%d", settingPrefix, len(p.hashKeys)+1)
			p.hashKeys[k] = hashKey{name + "i", name + "o"}
		}
	}
	for i := range p.rules.All() {
		switch f := p.rules.All()[i].Form.(type) {
		case forms.Shift:
			add(f.Keyed)
		case forms.Noise:
			add(f.Keyed)
		}
	}
	for i := range p.rules.All() {
		if f, ok := p.rules.All()[i].Form.(forms.Pseudonym); ok && inSQLShapes[f.Shape] {
			add(f.Keyed)
		}
	}
}

// SessionKeys returns settings that the upstream session must have from its beginning.
// They contain keys, which no statement, log or error may show.
func (p *Policy) SessionKeys() map[string]string {
	out := map[string]string{orderSetting: p.orderKey()}
	for k, names := range p.hashKeys {
		key := p.masks.Keys.MACKey(k.Purpose, k.Domain)
		out[names.inner] = `\x` + hex.EncodeToString(padded(key, 0x36))
		out[names.outer] = `\x` + hex.EncodeToString(padded(key, 0x5c))
	}
	return out
}

// padded is a key's block for one of the two hashes of HMAC (RFC 2104).
func padded(key []byte, with byte) []byte {
	block := make([]byte, hashBlock)
	copy(block, key)
	for i := range block {
		block[i] ^= with
	}
	return block
}

// keyedHash says how values of columns are computed by a keyed hash, once for each row.
type keyedHash struct {
	// sql is a SELECT over the columns of the row, of one column and at most one row.
	sql string
}

// hash computes a value from x.n, which of is of the keyed hash of texts. There is none
// where the condition does not hold, over e.b1, e.b2 … of the texts' bytes. Each text is
// mentioned once: what PostgreSQL remembers a result by are all mentions of columns. The
// settings are sub-selects, which PostgreSQL computes once a statement, and not once a hash.
func (k hashKey) hash(value string, of func(sum string) string, condition string, texts ...string) *keyedHash {
	var columns, message []string
	for i, t := range texts {
		columns = append(columns, fmt.Sprintf("pg_catalog.convert_to(%s, 'UTF8') AS b%d", t, i+1))
		message = append(message, fmt.Sprintf("pg_catalog.int4send(pg_catalog.octet_length(e.b%[1]d)) || e.b%[1]d", i+1))
	}
	return &keyedHash{sql: fmt.Sprintf("SELECT %s FROM (SELECT %s AS n FROM (SELECT %s OFFSET 0) AS e WHERE %s OFFSET 0) AS x OFFSET 0",
		value, of(k.sum(strings.Join(message, " || "))), strings.Join(columns, ", "), condition)}
}

// sum writes the keyed hash of a message.
func (k hashKey) sum(message string) string {
	setting := func(name string) string {
		return "(SELECT pg_catalog.current_setting(" + catalog.QuoteLiteral(name) + ")::pg_catalog.bytea)"
	}
	return "pg_catalog.sha512(" + setting(k.outer) + " || pg_catalog.sha512(" + setting(k.inner) + " || " + message + "))"
}

// firstNumber is the number that the first eight bytes of a hash are, less 2^63: SQL has no
// whole number of 64 bits without a sign, and the sign is turned.
func firstNumber(sum string) string {
	return "('x' || pg_catalog.encode(pg_catalog.substr(" + sum + ", 1, 8), 'hex'))::pg_catalog.bit(64)::pg_catalog.int8 # '-9223372036854775808'::pg_catalog.int8"
}

// remainder writes the number of firstNumber modulo n.
func remainder(number string, n int64) string {
	half := int64(uint64(1) << 63 % uint64(n))
	return fmt.Sprintf("((%[1]s) %% %[2]d + %[3]d) %% %[2]d", number, n, half+n)
}

// hashColumn represents the hash in the expression of a column.
const hashColumn = "veil_hash"

// branchHash represents the i-th hash in the expression of a column with several rules.
func branchHash(i int) string { return fmt.Sprintf("%s_%d", hashColumn, i+1) }

// hashed writes an expression with a hash in it: it is a column of a sub-select beside the
// table. PostgreSQL remembers what such a sub-select gave for equal columns of the row,
// where it expects them to come again.
func (t *tableItem) hashed(n *pg.Node, stands string, h *keyedHash) *pg.Node {
	if t.hashes == nil {
		t.hashes = map[string][2]string{}
	}
	name, ok := t.hashes[h.sql]
	if !ok {
		name = [2]string{t.shadowName(), t.shadowName()}
		t.hashes[h.sql] = name
		t.beside(pg.JoinType_JOIN_LEFT, name, t.fragment("("+h.sql+")").GetSubLink().Subselect.GetSelectStmt())
	}
	return replaced(n, stands, func() *pg.Node { return column(name[0], name[1]) })
}

// replaced returns a copy of an expression with nodes in place of a name.
func replaced(n *pg.Node, name string, by func() *pg.Node) *pg.Node {
	n = clone(n)
	walk(n.ProtoReflect(), func(m any) {
		if x, ok := m.(*pg.Node); ok && bareName(x) == name {
			x.Node = by().Node
		}
	})
	return n
}

// beside joins a query over the row's columns to the table. What is compared with its result
// is judged behind an outer join, and not in it: there each comparison would make a hash
// another sub-select, which is not remembered.
func (t *tableItem) beside(kind pg.JoinType, name [2]string, s *pg.SelectStmt) {
	right := subselect(s, &pg.Alias{Aliasname: name[0], Colnames: names(name[1])})
	right.GetRangeSubselect().Lateral = true
	j := &pg.JoinExpr{Jointype: kind, Larg: t.stmt.FromClause[0], Rarg: right, Quals: boolean(true)}
	t.joins[j] = true
	t.joined = true
	t.stmt.FromClause[0] = &pg.Node{Node: &pg.Node_JoinExpr{JoinExpr: j}}
}

// qualify adds the table's name to its system columns. In a join they are not found
// without it. They occur only in nodes made for this statement: shared nodes have none.
func (t *tableItem) qualify() {
	name := t.source.Relname
	if t.source.Alias != nil {
		name = t.source.Alias.Aliasname
	}
	for _, n := range t.stmt.TargetList {
		qualifySystem(n, name)
	}
	if t.stmt.WhereClause != nil {
		qualifySystem(t.stmt.WhereClause, name)
	}
}

// qualifySystem writes a table's system columns in an expression with its name, except
// for those in sub-selects, which have their own tables.
func qualifySystem(n *pg.Node, table string) {
	inner := map[*pg.Node]bool{}
	walk(n.ProtoReflect(), func(m any) {
		if s, ok := m.(*pg.SelectStmt); ok {
			walk(s.ProtoReflect(), func(m any) {
				if x, ok := m.(*pg.Node); ok {
					inner[x] = true
				}
			})
		}
	})
	walk(n.ProtoReflect(), func(m any) {
		x, ok := m.(*pg.Node)
		if !ok || inner[x] {
			return
		}
		switch name := bareName(x); name {
		case "ctid", "tableoid", "xmin":
			x.Node = column(table, name).Node
		}
	})
}
