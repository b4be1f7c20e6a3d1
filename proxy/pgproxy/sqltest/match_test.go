package sqltest

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/veil-proxy/veil/internal/masktest"
	"github.com/veil-proxy/veil/internal/pgtest"
	"github.com/veil-proxy/veil/mask"
)

const matchRules = `
veil: 1
name: match
referenceDate: 2025-06-30
tables:
  default: keep
  rules:
    - {id: term, match: {table: texts, column: term}, method: term}
    - {id: number, match: {table: texts, column: number}, method: number}
    - {id: listed, match: {table: texts, column: listed}, method: pattern, pattern: "[Mm]|F|1"}
    - {id: code, match: {table: texts, column: code}, method: pattern, pattern: "[0-9]{1,18}|[0-9]{1,7}-[0-9]|[A-Z]\\d(\\.\\d{1,2})?"}
    - {id: marks, match: {table: texts, column: marks}, method: pattern, pattern: "[][^.\\\\@/:'+ -]{2,40}|(a|1?){3,}"}
    - {id: typed, match: {table: typed}, method: pattern, pattern: "-?[1-4]{1,2}|good|true"}
    - {id: real, match: {table: numbers}, method: number}
`

// TestMatchesInSQLAsTheMethod holds the methods that keep what has a form to what they show
// over SQL, for texts of pieces that forms look at, and for the types of columns.
func TestMatchesInSQLAsTheMethod(t *testing.T) {
	t.Parallel()
	p := masktest.Policy(t, matchRules)
	columns := strings.Fields("term number listed code marks")
	rng := rand.New(rand.NewPCG(3, 4))
	pieces := []string{"0", "1", "7", "42", "555", "-", ".", "/", " ", "(", "+", "@", "://", "www.", "M", "F", "a", "Smith", "é", "\n", "\x7f", "\\", "]", "[", "^", "'", "E", "e", "NaN", "Infinity", "٣", "٥", "７", "𝟗", "½", "²", "ſ"}
	texts := []string{"", "M", "F", "M\n", "NaN", "-Infinity", "1e5", "1.", ".5", ".", "44054006", "8302-2", "A1.12", "555-123-4567", strings.Repeat("é", 255), strings.Repeat("é", 256)}
	for range 3000 {
		var b strings.Builder
		for range 1 + rng.IntN(8) {
			b.WriteString(pieces[rng.IntN(len(pieces))])
		}
		texts = append(texts, b.String())
	}
	var rows []string
	for i, s := range texts {
		rows = append(rows, fmt.Sprintf("(%d%s)", i, strings.Repeat(", "+literal(s), len(columns))))
	}
	db := pgtest.Start(t).SharedDatabase(t, "match")
	db.Exec(t, `DROP SCHEMA IF EXISTS m CASCADE; CREATE SCHEMA m; CREATE TABLE m.texts (n int, `+strings.Join(columns, " text, ")+` text);
		INSERT INTO m.texts VALUES `+strings.Join(rows, ", ")+`;
		CREATE TYPE m.mood AS ENUM ('good', 'bad'); CREATE DOMAIN m.small AS int2;
		CREATE TABLE m.typed (i int, b bigint, s m.small, c char(6), v varchar(6), e m.mood, y bool, n numeric);
		INSERT INTO m.typed VALUES (12, 34, 4, 'good', 'good', 'good', true, 4.0), (5, -3, 9, 'bad', 'bad', 'bad', false, -3);
		CREATE TABLE m.numbers (i int, n numeric, f float8);
		INSERT INTO m.numbers VALUES (5551234567 % 1000, 'NaN', '-Infinity'), (1, 12.50, 1e-300)`)
	d := openListener(t, db.DSN(pgtest.Owner), p, nil)
	conn, err := pgconn.Connect(context.Background(), d.dsn())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	query := func(sql string) [][][]byte {
		results, err := conn.Exec(context.Background(), sql).ReadAll()
		if err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
		return results[0].Rows
	}
	in := &mask.Input{Keys: p.Keys.NewPseudonymizer()}
	for c, name := range columns {
		method, _ := p.TableMethod(c)
		kept := 0
		for i, row := range query("SELECT " + name + " FROM m.texts ORDER BY n") {
			_, outcome, err := method.Append(nil, []byte(texts[i]), in)
			if err != nil {
				t.Fatal(err)
			}
			if want := outcome == mask.Kept; (row[0] != nil) != want || want && string(row[0]) != texts[i] {
				t.Errorf("%s of %q: SQL shows %q, kept by the method: %v", name, texts[i], row[0], want)
			} else if want {
				kept++
			}
		}
		if kept < 10 || kept == len(texts) {
			t.Errorf("%s keeps %d of %d texts", name, kept, len(texts))
		}
	}
	for sql, want := range map[string]string{
		"SELECT i, b, s, c, v, e, y, n FROM m.typed ORDER BY v DESC NULLS LAST": "12 34 4 good good good t NULL | NULL -3 NULL NULL NULL NULL NULL -3",
		"SELECT i + b FROM m.typed WHERE i = 12":                                "46",
		"SELECT i, n, f FROM m.numbers ORDER BY i":                              "1 12.50 1e-300 | 567 NaN -Infinity",
		"SELECT count(*) FROM m.texts WHERE term = '555-123-4567'":              "0",
		"SELECT count(*) > 0 FROM m.texts WHERE code LIKE '8302%'":              "t",
	} {
		var lines []string
		for _, row := range query(sql) {
			var values []string
			for _, v := range row {
				if v == nil {
					v = []byte("NULL")
				}
				values = append(values, strings.TrimSpace(string(v)))
			}
			lines = append(lines, strings.Join(values, " "))
		}
		if got := strings.Join(lines, " | "); got != want {
			t.Errorf("%s\ngot  %s\nwant %s", sql, got, want)
		}
	}
}
