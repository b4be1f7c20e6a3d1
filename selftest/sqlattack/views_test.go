package sqlattack

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/veil-proxy/veil/internal/masktest"
	"github.com/veil-proxy/veil/internal/pgtest"
	"github.com/veil-proxy/veil/selftest"
)

// viewCanaries are originals of the first patient, in the columns of a schema.
func viewCanaries(schema string) *selftest.Canaries {
	c := &selftest.Canaries{}
	for _, v := range [][4]string{
		{"patients", "id", "880000001", "880099999"}, {"patients", "mrn", "MRN-4471001", "MRN-9999001"}, {"patients", "ssn", "900-11-4001", "900-11-9990"},
		{"patients", "last_name", "Qzorvathba", "Ybnobybnob"}, {"patients", "birth_date", "1941-05-05", "1941-05-06"}, {"patients", "vip", "mayor Qzorvathenko", "mayor Nobodynobody"},
	} {
		c.Postgres = append(c.Postgres, selftest.Canary{Schema: schema, Table: v[0], Column: v[1], Value: v[2], Absent: v[3]})
	}
	return c
}

// byKind counts the attacks that found something, and all, by kind.
func byKind(r *selftest.Report) (found, all map[string]int) {
	found, all = map[string]int{}, map[string]int{}
	worst := map[string]bool{} // kind and id
	for _, p := range r.Probes {
		if _, known := worst[p.Kind+" "+p.ID]; !known {
			worst[p.Kind+" "+p.ID] = false
			all[p.Kind]++
		}
		if p.Outcome == selftest.Fail && !worst[p.Kind+" "+p.ID] {
			worst[p.Kind+" "+p.ID] = true
			found[p.Kind]++
		}
	}
	return found, all
}

// TestMaskingViews compares masking by plain views, as articles advise it, with Veil over
// the same tables: the runner finds much at the views, and nothing at Veil. With -v it
// prints the table of docs/selftest.md.
func TestMaskingViews(t *testing.T) {
	t.Parallel()
	pg := pgtest.Start(t)
	db := pg.CreateDatabase(t, "selftest_views")
	db.Exec(t, string(pgtest.ReadTestdata(t, "sql", "views.sql")))
	db.Exec(t, `CREATE ROLE selftest_views LOGIN PASSWORD 'views'; GRANT USAGE ON SCHEMA masked TO selftest_views; GRANT SELECT ON ALL TABLES IN SCHEMA masked TO selftest_views; ANALYZE`)
	t.Cleanup(func() { db.Exec(t, "DROP OWNED BY selftest_views; DROP ROLE selftest_views") })
	views := attack(t, db.DSN(pgtest.User{Name: "selftest_views", Password: "views"}), viewCanaries("masked"))
	if views.Grade != "F" {
		t.Errorf("grade %s of masking views", views.Grade)
	}
	for _, id := range []string{"digest.md5", "digest.sha256", "partial.last-four", "definition.views", "definition.enums", "definition.checks", "definition.comments", "write.do"} {
		if !slices.ContainsFunc(views.Failed(), func(p selftest.Probe) bool { return p.ID == prefix+id }) {
			t.Errorf("%s finds nothing at the views", id)
		}
	}
	veil := attack(t, serve(t, db.DSN(pgtest.Owner), masktest.Policy(t, string(pgtest.ReadTestdata(t, "sql", "views.yaml"))), db.Name), viewCanaries("hospital"))
	for _, p := range veil.Failed() {
		t.Errorf("Veil: %s %s: %s", p.ID, p.Of, p.Seen)
	}
	originals := attack(t, db.DSN(pgtest.Owner), viewCanaries("hospital"))
	var b strings.Builder
	bare, all := byKind(originals)
	atViews, _ := byKind(views)
	atVeil, _ := byKind(veil)
	total := [4]int{}
	for _, k := range originals.Kinds {
		if k.Kind == "controls" || k.Kind == "transport" {
			continue
		}
		row := [4]int{all[k.Kind], bare[k.Kind], atViews[k.Kind], atVeil[k.Kind]}
		for i := range total {
			total[i] += row[i]
		}
		fmt.Fprintf(&b, "| %s | %d | %d | %d | %d |\n", k.Kind, row[0], row[1], row[2], row[3])
	}
	t.Logf("\n| attacks | all | nothing masked | masking views | Veil |\n|---|---|---|---|---|\n%s| all | %d | %d | %d | %d |", b.String(), total[0], total[1], total[2], total[3])
}
