package pgproxy

import (
	"strings"
	"testing"

	"github.com/veil-proxy/veil/general"
	"github.com/veil-proxy/veil/internal/pgtest"
	"github.com/veil-proxy/veil/internal/rules"
	"github.com/veil-proxy/veil/mask"
	"github.com/veil-proxy/veil/mask/keys"
	"github.com/veil-proxy/veil/mask/ruleset"
	"github.com/veil-proxy/veil/table"
)

// TestDocumentsInColumns: JSON and XML in columns are masked by the rules for a document.
func TestDocumentsInColumns(t *testing.T) {
	t.Parallel()
	methods, err := mask.NewMethods(general.Methods(), table.Methods())
	if err != nil {
		t.Fatal(err)
	}
	rs, err := ruleset.Parse("documents.yaml", []byte(`
veil: 1
name: documents
referenceDate: 2025-06-30
tables:
  default: keep
  rules:
    - {id: docs, match: {table: visits, column: "doc*"}, method: json, document: visit}
documents:
  rules:
    - {id: kinds, match: ["visit:$.kind", "visit:$[*].kind", "visit:/visit/@kind"], method: keep}
    - {id: dates, match: ["visit:$.date", "visit:/visit/date"], method: date, mode: year}
`), methods, nil)
	if err != nil {
		t.Fatal(err)
	}
	ring, err := keys.NewKeyring([]byte("a key of the proxy tests, 32 by."), "test")
	if err != nil {
		t.Fatal(err)
	}
	policy, err := ruleset.NewPolicy(rs, methods, ring)
	if err != nil {
		t.Fatal(err)
	}
	db := pgtest.Start(t).CreateDatabase(t, "documents")
	db.Exec(t, `CREATE SCHEMA clinic; CREATE TABLE clinic.visits (id int, doc jsonb, doc_json json, doc_xml xml, doc_text text);
		INSERT INTO clinic.visits VALUES
			(1, '{"kind": "x", "date": "2020-02-03", "MARKERSmith": 1}', '[{"kind":1,"name":"MARKERSmith"}]', '<visit kind="x" name="MARKERSmith"><date>2020-02-03</date></visit>', '{"kind":'),
			(2, NULL, '"MARKERSmith"', '<MARKERSmith/>', '{"kind":true}')`)
	db.GrantRead(t, "clinic")
	l := startListenerOver(t, db.DSN(pgtest.Reader), func(c *Config) {
		v := View{Policy: policy}
		v.Options.Documents = rules.Documents(policy)
		c.Policy.Views = map[string]View{"plain": v, "few": v}
	})
	conn := l.connect(t).PgConn()
	results, err := conn.Exec(t.Context(), "SELECT doc, doc_json, doc_xml, doc_text FROM visits ORDER BY id").ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	want := [][]string{
		{`{"date": "2020", "kind": "x"}`, `[{"kind":1}]`, `<visit kind="x"><date>2020</date></visit>`, "NULL"},
		{"NULL", "null", "NULL", `{"kind":true}`},
	}
	for i, row := range results[0].Rows {
		for k, v := range row {
			got := "NULL"
			if v != nil {
				got = string(v)
			}
			if got != want[i][k] || strings.Contains(got, "MARKER") {
				t.Errorf("row %d, column %d: got %s, want %s", i, k, got, want[i][k])
			}
		}
	}
	if _, err := conn.Exec(t.Context(), "SELECT doc->>'kind' FROM visits").ReadAll(); err == nil {
		t.Error("a masked document is computed with")
	}
}
