package pgproxy

import (
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/veil-proxy/veil/internal/masktest"
	"github.com/veil-proxy/veil/internal/pgtest"
	"github.com/veil-proxy/veil/mask"
	"github.com/veil-proxy/veil/mask/forms"
)

// backwards is a method that no engine knows.
type backwards struct{}

func (backwards) Append(dst, src []byte, _ *mask.Input) ([]byte, mask.Outcome, error) {
	return append(dst, turned(string(src))...), mask.Replaced, nil
}

func turned(s string) string {
	runes := []rune(s)
	slices.Reverse(runes)
	return string(runes)
}

// initial keeps the first character, which engines can do themselves.
type initial struct{}

func (initial) Append(dst, src []byte, _ *mask.Input) ([]byte, mask.Outcome, error) {
	if len(src) == 0 {
		return dst, mask.Removed, nil
	}
	return append(dst, string([]rune(string(src))[:1])...), mask.Replaced, nil
}

// TestNewMethods holds that methods of which this package knows nothing mask: one whose
// form nobody knows is applied row by row, one that declares a known form in SQL.
func TestNewMethods(t *testing.T) {
	t.Parallel()
	methods, err := mask.NewMethods([]mask.Definition{
		{Name: "backwards", Form: func(mask.Args) mask.Form { return "a form that nobody knows" }, New: func(mask.Env, mask.Args) (mask.Method, error) { return backwards{}, nil }},
		{Name: "initial", Form: func(mask.Args) mask.Form { return forms.Substring{Length: 1} }, New: func(mask.Env, mask.Args) (mask.Method, error) { return initial{}, nil }},
	})
	if err != nil {
		t.Fatal(err)
	}
	policy, err := masktest.ParsePolicy(t, `
veil: 1
name: new
referenceDate: 2025-06-30
tables:
  default: keep
  rules:
    - {id: turned, match: {table: people, column: name}, method: backwards}
    - {id: first, match: {table: people, column: city}, method: initial}
`, methods)
	if err != nil {
		t.Fatal(err)
	}
	db := pgtest.Start(t).CreateDatabase(t, "newmethods")
	db.Exec(t, "CREATE SCHEMA clinic; CREATE TABLE clinic.people (id int, name text, city text); INSERT INTO clinic.people VALUES (1, 'Smith', 'Boston'), (2, 'Müller', 'Zürich'), (3, NULL, '')")
	db.GrantRead(t, "clinic")
	l := startListenerOver(t, db.DSN(pgtest.Reader), func(c *Config) {
		c.Policy.Views = map[string]View{"plain": {Policy: policy}, "few": {Policy: policy}}
	})
	conn := l.connect(t).PgConn()
	query := func(sql string) string {
		t.Helper()
		results, err := conn.Exec(t.Context(), sql).ReadAll()
		if err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
		var b strings.Builder
		for _, row := range results[0].Rows {
			for i, v := range row {
				b.WriteString([]string{"", "|"}[min(i, 1)])
				if v == nil {
					v = []byte("NULL")
				}
				b.Write(v)
			}
			b.WriteString("\n")
		}
		return b.String()
	}
	if got, want := query("SELECT id, name, city FROM people ORDER BY id"), "1|htimS|B\n2|rellüM|Z\n3|NULL|NULL\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := query("SELECT id FROM people WHERE city = 'Z'"); got != "2\n" {
		t.Errorf("a form that SQL knows is not computed there: %q", got)
	}
	_, err = conn.Exec(t.Context(), "SELECT id FROM people WHERE name = 'htimS'").ReadAll()
	if e, ok := err.(*pgconn.PgError); !ok || e.Code != "42501" && e.Code != "0A000" {
		t.Errorf("the original of a column that is masked row by row is compared: %v", err)
	}
}
