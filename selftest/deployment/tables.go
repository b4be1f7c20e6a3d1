package deployment

import (
	"context"
	"fmt"
	"strings"

	"github.com/veil-proxy/veil/internal/tablecheck"
	"github.com/veil-proxy/veil/postgres/analysis"
	"github.com/veil-proxy/veil/selftest"
)

// checkTables checks the rules for tables against the catalog of the upstream.
func (d *Deployment) checkTables(ctx context.Context) {
	if d.prepared == nil || d.config.Postgres.Upstream == "" {
		return
	}
	report, err := tablecheck.Run(ctx, d.prepared, "")
	if err == nil {
		err = report.Discover(ctx, d.prepared)
	}
	for i, v := range d.config.ServedViews() {
		at := viewName(v.Name)
		kept := probe{id: "ruleset.kept-column", kind: "rulesets", of: at, severity: selftest.High, do: "mask them; if they identify nobody, list them in a lexicon for veil discover"}
		unruled := probe{id: "ruleset.no-rule", kind: "rulesets", of: at, severity: selftest.High, do: "give every column a rule, and set tables.default to refuse"}
		idle := probe{id: "ruleset.no-effect", kind: "rulesets", of: at, severity: selftest.Medium, do: "correct or remove the rules; veil postgres check lists them"}
		views := probe{id: "view.unmasked", kind: "rulesets", of: at, severity: selftest.High, do: "give the materialized view rules of its own, or refuse it"}
		if err != nil || i >= len(report.Views) {
			for _, p := range []probe{kept, unruled, idle, views} {
				d.skip(p, "the upstream's catalog cannot be read")
			}
			continue
		}
		d.judgeColumns(report.Views[i].Columns, kept, unruled)
		var rules []string
		for _, f := range report.Views[i].Findings {
			if !f.Note {
				rules = append(rules, f.Rule)
			}
		}
		idle.seen = "rules have no effect on the tables as they are: " + listed(rules)
		d.add(idle, len(rules) > 0)
		d.checkDerived(ctx, report.Views[i].Columns, views)
	}
}

// judgeColumns looks for columns that pass although they look identifying, or because no
// rule covers them.
func (d *Deployment) judgeColumns(columns []tablecheck.Column, kept, unruled probe) {
	var looks, passes []string
	for _, c := range columns {
		name := c.Schema + "." + c.Relation + "." + c.Column
		if c.Column == "" || c.Treatment != analysis.Clear.String() {
			continue
		}
		if c.Opinion != "" {
			looks = append(looks, name)
		}
		if c.Rule == "" {
			passes = append(passes, name)
		}
	}
	kept.seen = "columns pass as they are that look as if they identified persons: " + listed(looks)
	d.add(kept, len(looks) > 0)
	unruled.seen = "columns pass because no rule covers them: " + listed(passes)
	d.add(unruled, len(passes) > 0)
}

// derived lists the columns of materialized views with the table columns that their
// definitions read. Ordinary views are masked through their definitions, by the rules for
// those tables.
const derived = `SELECT vn.nspname, v.relname, tn.nspname, t.relname, a.attname
FROM pg_catalog.pg_rewrite r JOIN pg_catalog.pg_class v ON v.oid = r.ev_class AND v.relkind = 'm' JOIN pg_catalog.pg_namespace vn ON vn.oid = v.relnamespace
JOIN pg_catalog.pg_depend p ON p.classid = 'pg_rewrite'::regclass AND p.objid = r.oid AND p.refclassid = 'pg_class'::regclass AND p.refobjsubid > 0 AND p.refobjid <> v.oid
JOIN pg_catalog.pg_class t ON t.oid = p.refobjid JOIN pg_catalog.pg_namespace tn ON tn.oid = t.relnamespace
JOIN pg_catalog.pg_attribute a ON a.attrelid = t.oid AND a.attnum = p.refobjsubid`

// checkDerived looks for materialized views that show a column in the clear, under its
// own name, that is masked in its table.
func (d *Deployment) checkDerived(ctx context.Context, columns []tablecheck.Column, p probe) {
	conn, err := d.upstream(ctx)
	if err != nil {
		d.skip(p, "the upstream cannot be reached from here with the configured role")
		return
	}
	defer func() { _ = conn.Close(ctx) }() // it was only read
	result, err := conn.Exec(ctx, derived).ReadAll()
	if err != nil || len(result) != 1 {
		d.skip(p, "the catalog cannot be read")
		return
	}
	treatment := map[string]string{}
	for _, c := range columns {
		treatment[c.Schema+"."+c.Relation+"."+c.Column] = c.Treatment
	}
	passes := analysis.Clear.String()
	var found []string
	for _, row := range result[0].Rows {
		own := fmt.Sprintf("%s.%s.%s", row[0], row[1], row[4])
		of := treatment[fmt.Sprintf("%s.%s.%s", row[2], row[3], row[4])]
		if of == "" { // the relation is refused, or in a system schema
			of = treatment[fmt.Sprintf("%s.%s.", row[2], row[3])]
		}
		if treatment[own] == passes && of != passes && of != "" {
			found = append(found, own)
		}
	}
	p.seen = "materialized views show columns in the clear that are masked in their tables: " + listed(found)
	d.add(p, len(found) > 0)
}

// mostListed is how many names a probe lists.
const mostListed = 8

func listed(names []string) string {
	if n := len(names); n > mostListed {
		return strings.Join(names[:mostListed], ", ") + fmt.Sprintf(" and %d more", n-mostListed)
	}
	return strings.Join(names, ", ")
}
