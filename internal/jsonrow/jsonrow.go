// Package jsonrow masks a row of a table that is written as a JSON object.
//
//	row, err := jsonrow.Read([]byte(`{"id": 7, "born": "1980-02-03"}`))
//	masked, err := row.Mask(automaton, table.ParseName("clinic.patients"), nil)
//
// It is for tests of rulesets and for trials: nothing is streamed. No error has a value.
package jsonrow

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/veil-proxy/veil/fhir"
	"github.com/veil-proxy/veil/internal/rules"
	"github.com/veil-proxy/veil/mask"
	"github.com/veil-proxy/veil/table"
)

// Row is a row that was read.
type Row struct {
	columns []table.Column
	cells   table.Cells
}

// Masked is the result of masking a row.
type Masked struct {
	// JSON is the masked row, an object with the columns that are not hidden.
	JSON []byte
	// Plan has the treatment of each column, and Pass counts how often each rule acted.
	Plan *table.Plan
	Pass *mask.Pass
	// Outcomes has the outcome for each cell, by the index of its column.
	Outcomes []mask.Outcome
}

// Read reads an object with the columns of one row. A column's type is that of its JSON
// value, and of a string that of what it looks like: a date, a timestamp, or a text.
func Read(text []byte) (*Row, error) {
	r := &Row{}
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	if tok, err := d.Token(); err != nil || tok != json.Delim('{') {
		return nil, errors.New("input is not a JSON object with the columns of a row")
	}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return nil, err
		}
		var value any
		if err := d.Decode(&value); err != nil {
			return nil, err
		}
		typ, text, err := cell(value)
		if err != nil {
			return nil, fmt.Errorf("column %v: %w", name, err)
		}
		r.columns = append(r.columns, table.Column{Name: name.(string), Type: typ})
		r.cells = append(r.cells, text)
	}
	if _, err := d.Token(); err != nil {
		return nil, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("unexpected data after the row")
	}
	return r, nil
}

// Mask masks the row as a row of a table. types overrides the types of columns; it may be
// nil. Conditions on other tables cannot be evaluated, so the strictest rule acts.
func (r *Row) Mask(a *fhir.Automaton, name table.Name, types func(column string) (table.Type, bool)) (*Masked, error) {
	source := table.Source{Name: name, Columns: append([]table.Column(nil), r.columns...)}
	if types != nil {
		for i := range source.Columns {
			if typ, ok := types(source.Columns[i].Name); ok {
				source.Columns[i].Type = typ
			}
		}
	}
	plan, err := table.NewRules(a.Policy).Plan(source, table.Options{Document: fhir.NewDocuments(a), Documents: rules.Documents(a.Policy)})
	if err != nil {
		return nil, err
	}
	m := &Masked{Plan: plan, Pass: mask.NewPass(plan.Actions), Outcomes: make([]mask.Outcome, len(plan.Columns))}
	for i := range m.Outcomes {
		m.Outcomes[i] = mask.Removed // the column is hidden
	}
	masker := plan.Masker(m.Pass)
	masker.Begin(r.cells)
	out := []byte{'{'}
	for k, i := range plan.Out {
		if k > 0 {
			out = append(out, ',')
		}
		c := plan.Columns[i]
		name, _ := json.Marshal(c.Name) // a string cannot fail
		out = append(append(out, name...), ':')
		text, ok, err := masker.AppendCell(nil, i)
		if err != nil {
			return nil, err
		}
		typ := c.Masked
		switch {
		case c.Treatment == table.Clear, ok && bytes.Equal(text, r.cells[i]), r.cells[i] == nil:
			m.Outcomes[i] = mask.Kept
		case ok:
			m.Outcomes[i] = mask.Replaced
		}
		if c.Treatment == table.Clear {
			typ = c.Type
		}
		out = appendValue(out, text, ok, typ)
	}
	m.JSON = append(out, '}')
	return m, nil
}

// cell is the type and text of a column's value; nil is NULL.
func cell(value any) (table.Type, []byte, error) {
	switch v := value.(type) {
	case nil:
		return table.Text, nil, nil
	case bool:
		return table.Bool, fmt.Append(nil, v), nil
	case json.Number:
		if strings.ContainsAny(v.String(), ".eE") {
			return table.Decimal, []byte(v), nil
		}
		return table.Integer, []byte(v), nil
	case string:
		for _, form := range []struct {
			layout string
			typ    table.Type
		}{{"2006-01-02", table.Date}, {"2006-01-02 15:04:05", table.Timestamp}, {"2006-01-02 15:04:05+00", table.TimestampTZ}} {
			if _, err := time.Parse(form.layout, v); err == nil {
				return form.typ, []byte(v), nil
			}
		}
		return table.Text, []byte(v), nil
	case map[string]any, []any:
		text, err := json.Marshal(v)
		return table.JSON, text, err
	}
	return table.Other, nil, fmt.Errorf("unexpected %T", value)
}

// appendValue appends a cell as JSON.
func appendValue(dst, text []byte, ok bool, typ table.Type) []byte {
	if !ok {
		return append(dst, "null"...)
	}
	if typ.IsNumber() || typ == table.Float || typ == table.Bool || typ == table.JSON {
		if json.Valid(text) {
			return append(dst, bytes.TrimSpace(text)...)
		}
	}
	quoted, _ := json.Marshal(string(text)) // likewise
	return append(dst, quoted...)
}
