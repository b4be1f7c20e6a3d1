package analysis

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	pg "github.com/pganalyze/pg_query_go/v6"
	"github.com/veil-proxy/veil/postgres/catalog"
	"github.com/veil-proxy/veil/postgres/rows"
	pgquery "github.com/wasilibs/go-pgquery"
)

// holds is a checker of rewritten statements that shares nothing with the rewriter but
// the form of a tag: every relation stands alone in a sub-select of FROM, whose targets
// are clear columns, expressions, wrappers, or shadow columns under a name with the tag; and no
// shadow column is a target of the statement itself.
func holds(t testing.TB, p *Plan, plain map[string]bool) {
	t.Helper()
	if p.SQL == "" || p.Kind == Transaction || p.Kind == Set || p.Kind == CloseCursor || p.Kind == Deallocate || p.Kind == Discard || p.Command == "SHOW" {
		return
	}
	tree, err := pgquery.Parse(p.SQL)
	if err != nil || len(tree.Stmts) != 1 {
		t.Fatalf("%s: %v", p.SQL, err)
	}
	root := tree.Stmts[0].Stmt
	ours := map[*pg.SelectStmt]bool{}
	ctes := map[string]bool{}
	walk(root.ProtoReflect(), func(m any) {
		switch x := m.(type) {
		case *pg.RangeSubselect:
			ours[x.Subquery.GetSelectStmt()] = true
		case *pg.CommonTableExpr:
			ctes[x.Ctename] = true
		}
	})
	wrapped := map[*pg.RangeVar]bool{}
	// originals are the columns that sub-selects have under names of Veil's, and
	// whether an index alone could give them.
	type original struct {
		column  string
		indexed bool
	}
	originals := map[string]original{}
	walk(root.ProtoReflect(), func(m any) {
		s, ok := m.(*pg.SelectStmt)
		if !ok || len(s.FromClause) != 1 {
			return
		}
		f := s.FromClause[0]
		for f.GetJoinExpr() != nil && f.GetJoinExpr().Rarg.GetRangeSubselect().GetLateral() {
			f = f.GetJoinExpr().Larg // what is computed beside a table
		}
		if ts := f.GetRangeTableSample(); ts != nil {
			f = ts.Relation
		}
		v := f.GetRangeVar()
		if v == nil || v.Schemaname == "" {
			return
		}
		if !ours[s] {
			if v.Schemaname != "pg_catalog" {
				t.Fatalf("relation %s outside of a sub-select: %s", v.Relname, p.SQL)
			}
			return
		}
		wrapped[v] = true
		if catalog.IsSystem(v.Schemaname) {
			return
		}
		for _, n := range s.TargetList {
			target := n.GetResTarget()
			if ref := target.Val.GetColumnRef(); ref != nil {
				name := ref.Fields[0].GetString_().GetSval()
				if strings.HasPrefix(target.Name, string(p.Tag)) {
					originals[target.Name] = original{name, s.WhereClause == nil}
				}
				if name != target.Name && !strings.HasPrefix(target.Name, string(p.Tag)) || name == target.Name && !plain[v.Relname+"."+name] {
					t.Fatalf("column %s.%s is bare: %s", v.Relname, name, p.SQL)
				}
			}
		}
	})
	given := map[string]bool{}
	walk(root.ProtoReflect(), func(m any) {
		if f, ok := m.(*pg.RangeFunction); ok {
			givenColumns(f, p, given)
		}
	})
	walk(root.ProtoReflect(), func(m any) {
		if v, ok := m.(*pg.RangeVar); ok && !wrapped[v] && !(v.Schemaname == "" && ctes[v.Relname]) && v.Schemaname != "pg_catalog" {
			t.Fatalf("relation %s is not wrapped: %s", v.Relname, p.SQL)
		}
	})
	top := root.GetSelectStmt()
	if c := root.GetCopyStmt(); c != nil {
		top = c.Query.GetSelectStmt()
	}
	for top != nil && top.Larg != nil {
		top = top.Larg
	}
	for i, n := range top.GetTargetList() {
		if ref := n.GetResTarget().GetVal().GetColumnRef(); ref != nil {
			name, _ := lastName(ref.Fields)
			if !strings.HasPrefix(name, string(p.Tag)) || given[name] {
				continue
			}
			// Only where the plan says so, of a SELECT, and of the column it says.
			o, ok := originals[name]
			if p.Kind != Rows || p.Explain || i >= len(p.Columns) || !p.Columns[i].Bare || !ok || o.indexed || !strings.HasSuffix(p.Columns[i].Masking.Action.Path, "."+o.column) {
				t.Fatalf("an original is selected: %s", p.SQL)
			}
		}
	}
}

// givenColumns adds the columns of unnested arrays that the client itself gives, and their
// ordinal: not those of originals or a query, and not the parameters whose pseudonyms are opened.
func givenColumns(f *pg.RangeFunction, p *Plan, given map[string]bool) {
	columns := f.GetAlias().GetColnames()
	ordinal := len(columns) - 1
	if !f.Ordinality {
		ordinal = len(columns)
	}
	if ordinal != len(f.Functions) {
		return
	}
	for i, n := range columns {
		own := true
		if i != ordinal {
			call := f.Functions[i].GetList().GetItems()[0].GetFuncCall()
			name, _ := lastName(call.GetFuncname())
			own = name == "unnest"
			walk(call.ProtoReflect(), func(m any) {
				switch x := m.(type) {
				case *pg.ColumnRef:
					name, _ := lastName(x.Fields)
					own = own && !strings.HasPrefix(name, string(p.Tag))
				case *pg.SubLink:
					own = false
				case *pg.ParamRef:
					own = own && int(x.Number) <= len(p.Params) && !p.Params[x.Number-1].Sealed
				}
			})
		}
		if own {
			given[n.GetString_().GetSval()] = true
		}
	}
}

func TestGivenColumns(t *testing.T) {
	tree, err := pgquery.Parse(`SELECT FROM clinic.patients p,
		ROWS FROM (unnest($1::text[]), unnest($2::text[]), unnest(ARRAY[1]), unnest(ARRAY[p.tag_1]), unnest(ARRAY[p.clear]), unnest(ARRAY(SELECT 1)), lower('a')) WITH ORDINALITY a(opened, bound, written, original, clear, query, other, ordinal),
		unnest($2::text[]) WITH ORDINALITY b(short)`)
	if err != nil {
		t.Fatal(err)
	}
	given := map[string]bool{}
	walk(tree.Stmts[0].Stmt.ProtoReflect(), func(m any) {
		if f, ok := m.(*pg.RangeFunction); ok {
			givenColumns(f, &Plan{Layout: rows.Layout{Tag: []byte("tag"), Params: []rows.Param{{Sealed: true}, {}}}}, given)
		}
	})
	if got := slices.Sorted(maps.Keys(given)); !slices.Equal(got, []string{"bound", "clear", "ordinal", "written"}) {
		t.Errorf("given: %v", got)
	}
}

// clearColumns are those that may stand bare in a sub-select.
func clearColumns(t testing.TB, c *catalog.Catalog, p *Policy) map[string]bool {
	t.Helper()
	out := map[string]bool{}
	for _, x := range p.Treatments(c) {
		if x.Treatment == Clear && x.Column != "" {
			out[x.Relation+"."+x.Column] = true
		}
	}
	return out
}

// corpus returns the statements of the SQL corpora, for seeds.
func corpus(t testing.TB) (out []string) {
	t.Helper()
	files, err := filepath.Glob("../../testdata/sql/*/*.sql")
	if err != nil || len(files) == 0 {
		t.Fatalf("no corpora: %v", err)
	}
	placeholder := regexp.MustCompile(`\{\{([^|}]*)[^}]*\}\}`)
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		for _, entry := range regexp.MustCompile(`(?m)^--(-.*|;)$`).Split(string(b), -1) {
			out = append(out, placeholder.ReplaceAllString(entry, "$1"))
		}
	}
	return out
}

// TestRewrittenStatementsHold runs the checker over the corpora and the accepted
// statements of these tests.
func TestRewrittenStatementsHold(t *testing.T) {
	c, p := clinicCatalog(t), clinicPolicy(t, Options{Explain: true, Document: upper{}})
	plain := clearColumns(t, c, p)
	accepted := 0
	for _, sql := range corpus(t) {
		plan, r := analyze(sql, c, p, clinicSession())
		if r != nil {
			if r.Reason == "internal" {
				t.Errorf("%s\n%v", sql, r)
			}
			continue
		}
		accepted++
		holds(t, plan, plain)
	}
	if accepted < 50 {
		t.Errorf("only %d statements were accepted", accepted)
	}
}

// TestCheckerFinds holds that the analysis' own last check refuses what is not
// rewritten.
func TestCheckerFinds(t *testing.T) {
	for _, sql := range []string{
		"SELECT id FROM clinic.patients",
		"SELECT id FROM (SELECT id FROM clinic.patients) x",
		"SELECT (SELECT id FROM clinic.patients)",
		"SELECT 1 FROM patients",
	} {
		tree, err := pgquery.Parse(sql)
		if err != nil {
			t.Fatal(err)
		}
		func() {
			defer func() {
				if r, ok := recover().(*Refusal); !ok || r.Reason != "internal" {
					t.Errorf("%s passes", sql)
				}
			}()
			(&analysis{subselects: map[*pg.SelectStmt]bool{}}).check(tree.Stmts[0].Stmt, sql)
		}()
	}
	tree, err := pgquery.Parse("SELECT 1")
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if r, ok := recover().(*Refusal); !ok || r.Reason != "internal" {
			t.Error("another text passes")
		}
	}()
	(&analysis{}).check(tree.Stmts[0].Stmt, "SELECT 2")
}

// FuzzAnalyze holds, for any text: no fault of the analysis, and of what is accepted
// that the checker finds nothing.
func FuzzAnalyze(f *testing.F) {
	if err := Warm(); err != nil { // it takes longer than a fuzzing process may hang
		f.Fatal(err)
	}
	for _, sql := range corpus(f) {
		f.Add(sql)
	}
	c, p := clinicCatalog(f), clinicPolicy(f, Options{Explain: true, Document: upper{}})
	plain := clearColumns(f, c, p)
	f.Fuzz(func(t *testing.T, sql string) {
		if len(sql) > 4096 {
			return
		}
		if list, r := Split(sql); r == nil {
			for _, s := range list {
				if _, r := analyze(s.SQL, c, p, clinicSession()); r != nil && r.Reason == "internal" {
					t.Fatalf("%v", r)
				}
			}
		}
		plan, r := analyze(sql, c, p, clinicSession())
		if r != nil {
			if r.Reason == "internal" {
				t.Fatalf("%v", r)
			}
			return
		}
		holds(t, plan, plain)
	})
}
