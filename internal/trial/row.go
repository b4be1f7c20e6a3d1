package trial

import (
	"bytes"
	"context"
	"strings"
	"unicode/utf8"

	"github.com/spf13/pflag"

	"github.com/veil-proxy/veil/fhir/fhirjson"
	"github.com/veil-proxy/veil/internal/formats"
	"github.com/veil-proxy/veil/internal/jsonrow"
	"github.com/veil-proxy/veil/internal/views"
	"github.com/veil-proxy/veil/mask"
	"github.com/veil-proxy/veil/postgres/analysis"
	"github.com/veil-proxy/veil/table"
)

// Row masks a row of a table as each view shows it: an object of JSON with the columns of
// one row, or CSV whose first line has the names of columns. Columns of JSON have the types
// that the PostgreSQL listener knows of the table, else those that they look like; cells of
// CSV are texts, as in a file.
func Row(ctx context.Context, s *views.State, name string, text []byte) ([]Result, error) {
	switch {
	case len(text) > MostBytes:
		return nil, ErrTooLarge
	case len(bytes.TrimSpace(text)) == 0:
		return nil, &Nothing{"a row as a JSON object, or CSV with a header"}
	case strings.TrimSpace(name) == "":
		return nil, &Nothing{"the name of a table, such as clinic.patients"}
	case !utf8.Valid(text):
		return nil, &Nothing{"text in UTF-8"}
	}
	ctx, cancel := context.WithTimeout(ctx, MostTime)
	defer cancel()
	if bytes.TrimSpace(text)[0] != '{' {
		return each(ctx, s, func(v *views.View, r *Result) { csvRows(v, s, name, text, r) }), nil
	}
	types, known := typesOf(ctx, s, table.ParseName(name))
	if p := wrongJSON(text); p != nil {
		return each(ctx, s, func(_ *views.View, r *Result) { r.Problem = p }), nil
	}
	row, err := jsonrow.Read(text)
	if err != nil {
		return nil, err
	}
	return each(ctx, s, func(v *views.View, r *Result) {
		if v.Automaton.Policy.Ruleset.Tables == nil {
			r.Problem = &Problem{What: noTables}
			return
		}
		m, err := row.Mask(v.Automaton, known, types)
		if err != nil {
			r.Problem = &Problem{What: err.Error()}
			return
		}
		r.Masked = m.JSON
		r.Counts = m.Pass.Record("", "").AppendApplied(nil)
		r.columns(v, m.Plan, func(i int) string {
			if m.Plan.Columns[i].Treatment == table.Hidden {
				return table.Hidden.String()
			}
			return m.Outcomes[i].String()
		})
	}), nil
}

const noTables = "the ruleset of the view has no rules for tables"

// columns explains the treatment of each column.
func (r *Result) columns(v *views.View, p *table.Plan, outcome func(i int) string) {
	why := tableReasons(v.Automaton)
	for i := range p.Columns {
		c := &p.Columns[i]
		reason := why.of(c.Action)
		if c.Action == (mask.Action{}) {
			reason = Reason{Rule: "(default)", Summary: "no rule covers the column"}
		}
		if c.Note != "" {
			reason.Summary = strings.TrimPrefix(reason.Summary+"; "+c.Note, "; ")
		}
		r.Applied = append(r.Applied, Applied{Path: c.Name, Outcome: outcome(i), Reason: reason})
	}
}

// csvRows masks CSV as veil mask does a file.
func csvRows(v *views.View, s *views.State, name string, text []byte, r *Result) {
	if v.Automaton.Policy.Ruleset.Tables == nil {
		r.Problem = &Problem{What: noTables}
		return
	}
	var o formats.Options
	flags := pflag.NewFlagSet("csv", pflag.ContinueOnError)
	o.AddFlags(flags)
	for flag, value := range map[string]string{"format": "csv", "table": name, "header": "true"} {
		if err := flags.Set(flag, value); err != nil {
			r.Problem = &Problem{What: err.Error()}
			return
		}
	}
	site := s.Site
	list, err := o.Formats(formats.Rules{Compiled: v.Automaton, Site: &site})
	if err != nil || len(list) == 0 {
		r.Problem = &Problem{What: "CSV cannot be read with this ruleset"}
		return
	}
	doc, pass := throughFormat(list[0], "rows.csv", text, false, r)
	if pass == nil {
		return
	}
	if d, ok := doc.(interface{ Columns() *table.Plan }); ok {
		plan := d.Columns()
		r.columns(v, plan, func(i int) string { return plan.Columns[i].Treatment.String() })
	}
}

// wrongJSON returns what is wrong with a JSON text, and where; nil if it is valid.
func wrongJSON(text []byte) *Problem {
	var f fhirjson.Fault
	at := fhirjson.SkipSpace(text, 0)
	end := fhirjson.SkipValue(text, at, 0, &f)
	if end >= 0 {
		rest := fhirjson.SkipSpace(text, end)
		if rest == len(text) {
			return nil
		}
		f = fhirjson.Fault{Offset: rest, What: "unexpected data after the row"}
	}
	line, column := placeOf(text, f.Offset)
	return &Problem{line, column, f.What}
}

// placeOf returns the line and column of an offset.
func placeOf(text []byte, offset int) (line, column int) {
	before := text[:min(max(offset, 0), len(text))]
	return 1 + bytes.Count(before, []byte("\n")), len(before) - bytes.LastIndexByte(before, '\n')
}

// typesOf are the types of the columns of a table that the PostgreSQL listener knows, and
// the table's name with its schema.
func typesOf(ctx context.Context, s *views.State, name table.Name) (func(column string) (table.Type, bool), table.Name) {
	if s.Catalog == nil {
		return nil, name
	}
	c, err := s.Catalog(ctx)
	if err != nil {
		return nil, name // the schema is not known: types are inferred from the row
	}
	r := c.Find(s.SearchPath, name.Schema, name.Table)
	if r == nil {
		return nil, name
	}
	return func(column string) (table.Type, bool) {
		a := r.Column(column)
		if a == nil {
			return 0, false
		}
		return analysis.TypeOf(c, a.Type), true
	}, table.Name{Schema: r.Schema, Table: r.Name}
}
