package sqlflow_test

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/veil-proxy/veil/fhir"
	"github.com/veil-proxy/veil/general"
	"github.com/veil-proxy/veil/mask"
	"github.com/veil-proxy/veil/rulesets"
	"github.com/veil-proxy/veil/safeharbor"
	"github.com/veil-proxy/veil/sqlflow"
)

func devPolicy(t testing.TB) *sqlflow.Policy {
	src, err := os.ReadFile("../testdata/sql/ruleset.yaml")
	if err != nil {
		t.Fatal(err)
	}
	methods, err := mask.NewMethods(general.Methods(), safeharbor.Methods(), fhir.Methods(), sqlflow.Methods())
	if err != nil {
		t.Fatal(err)
	}
	rs, err := mask.ParseRuleset("ruleset.yaml", src, methods, rulesets.Open)
	if err != nil {
		t.Fatal(err)
	}
	keys, _ := mask.NewKeyring([]byte("0123456789abcdef0123456789abcdef"), "dev")
	mp, err := mask.NewPolicy(rs, methods, keys)
	if err != nil {
		t.Fatal(err)
	}
	p, err := sqlflow.NewPolicy(mp, sqlflow.Options{Explain: true})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestDev(t *testing.T) {
	ctx := context.Background()
	cfg, _ := pgx.ParseConfig("host=/tmp/sf port=54399 user=postgres dbname=clinic")
	cfg.RuntimeParams = sqlflow.SessionSettings()
	conn, err := pgx.ConnectConfig(ctx, cfg)
	if err != nil {
		t.Fatal(err)
	}
	cat, err := sqlflow.LoadCatalog(ctx, conn)
	if err != nil {
		t.Fatal(err)
	}
	p := devPolicy(t)
	an := sqlflow.NewAnalyzer(100)
	if os.Getenv("TREAT") != "" {
		for _, c := range p.Treatments(cat) {
			fmt.Println(c.Schema, c.Relation, c.Column, c.Treatment, c.Rule, c.Method, c.Note)
		}
	}
	s := &sqlflow.Session{SearchPath: []string{"clinic", "public"}, User: "joe", Database: "clinic"}
	src, _ := os.ReadFile(os.Getenv("SQLFILE"))
	for _, q := range strings.Split(string(src), ";;") {
		q = strings.TrimSpace(q)
		if q == "" {
			continue
		}
		fmt.Println("==", q)
		plan, r := an.Analyze(q, cat, p, s)
		if r != nil {
			fmt.Printf("   REFUSED %s %s | %s @%d\n", r.Code, r.Message, r.Hint, r.Position)
			continue
		}
		if os.Getenv("SHOWSQL") != "" {
			fmt.Println("   ->", plan.SQL)
		}
		if plan.SQL == "" || plan.Kind == sqlflow.CopyOut {
			fmt.Println("   kind", plan.Kind, plan.Answer)
			continue
		}
		pass := mask.NewPass(plan.Actions)
		rows, err := plan.Rows(pass, nil)
		if err != nil {
			t.Fatal(err)
		}
		res := conn.PgConn().ExecParams(ctx, plan.SQL, nil, nil, nil, nil)
		var fields []sqlflow.Field
		for _, f := range res.FieldDescriptions() {
			fields = append(fields, sqlflow.Field{Table: f.TableOID, Column: int16(f.TableAttributeNumber), Type: f.DataTypeOID})
		}
		if len(plan.Columns) > 0 && len(fields) > 0 {
			if err := plan.CheckRow(fields); err != nil {
				fmt.Println("   CHECKROW", err, fields)
			}
		}
		n := 0
		for res.NextRow() {
			n++
			if n > 3 {
				continue
			}
			out, err := rows.AppendDataRow(nil, encode(res.Values()))
			if err != nil {
				fmt.Println("   ROW", err)
				continue
			}
			fmt.Println("  ", show(out))
		}
		_, err = res.Close()
		if err != nil {
			e := err.(*pgconn.PgError)
			fmt.Println("   UPSTREAM", e.Code, e.Message, e.Hint, "\n  ", plan.SQL)
		}
		fmt.Println("   rows", n)
	}
}

func encode(cells [][]byte) []byte {
	b := []byte{byte(len(cells) >> 8), byte(len(cells))}
	for _, c := range cells {
		n := len(c)
		if c == nil {
			n = -1
		}
		b = append(b, byte(n>>24), byte(n>>16), byte(n>>8), byte(n))
		b = append(b, c...)
	}
	return b
}

func show(f []byte) string {
	if len(f) == 0 {
		return "(no row)"
	}
	f = f[7:]
	var out []string
	for len(f) > 0 {
		n := int(int32(uint32(f[0])<<24 | uint32(f[1])<<16 | uint32(f[2])<<8 | uint32(f[3])))
		f = f[4:]
		if n < 0 {
			out = append(out, "NULL")
			continue
		}
		out = append(out, string(f[:n]))
		f = f[n:]
	}
	return strings.Join(out, " | ")
}
