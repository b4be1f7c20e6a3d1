package sqltest

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/veil-proxy/veil/internal/masktest"
	"github.com/veil-proxy/veil/internal/pgtest"
	"github.com/veil-proxy/veil/internal/veiltest"
)

// TestRealPages holds that object mappers page right through a table of 10,000 rows by its
// sealed id, by keys and by OFFSET: what they print, which has a digest of all rows, is
// what they print over a masked dump.
func TestRealPages(t *testing.T) {
	if os.Getenv("VEIL_TEST_ALL") != "1" {
		t.Skip("set VEIL_TEST_ALL=1 to run real clients")
	}
	pg := pgtest.Start(t)
	db := pg.CreateDatabase(t, "pages")
	db.Exec(t, `CREATE SCHEMA k; CREATE TABLE k.things AS SELECT 7000000000 + i * 37 % 10007 AS id, i % 7 AS kind, 'label ' || i AS label FROM generate_series(1, 10000) i;
		ALTER TABLE k.things ADD PRIMARY KEY (id); ANALYZE`)
	p := masktest.Policy(t, strings.Replace(keysetRules, "column: kind", `column: "*"`, 1))
	listener := openListener(t, db.DSN(pgtest.Owner), p, nil)
	copied := dumpedCopy(t, db, p, "pages_masked")
	scripts, err := filepath.Glob(veiltest.Testdata(t, "clients", "pages-*", "run"))
	if err != nil || len(scripts) < 3 {
		t.Fatalf("got %d clients (%v), want at least 3", len(scripts), err)
	}
	host, port, err := net.SplitHostPort(listener.addr)
	if err != nil {
		t.Fatal(err)
	}
	h := &harness{pg: pg}
	for _, script := range scripts {
		t.Run(filepath.Base(filepath.Dir(script)), func(t *testing.T) {
			want := play(t, h, script, pg.Host, fmt.Sprint(pg.Port), pgtest.Owner.Name, pgtest.Owner.Password, copied.Name)
			got := play(t, h, script, host, port, consumerName, password, listener.database)
			if why := firstDifference(got, want); why != "" {
				t.Error(why)
			}
			if strings.Contains(got, "alse") || !strings.Contains(got, "10000 10000") {
				t.Errorf("rows are missing or in two orders:\n%s", got)
			}
		})
	}
	listener.quiet(t)
}
