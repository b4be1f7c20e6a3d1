package ruletest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/veil-proxy/veil/fhir"
	rulesets "github.com/veil-proxy/veil/internal/rules"
	"github.com/veil-proxy/veil/mask"
	"github.com/veil-proxy/veil/table"
)

// row masks the input of a test of the tables section, an object with the columns of one
// row, and returns the masked row as an object, with the rules that had a part in it. A
// column's type is that of its JSON value, and of a string that of what it looks like: a
// date, a timestamp, or a text. Conditions on other tables cannot be judged, so that the
// strictest rule acts.
func (t test) row(a *fhir.Automaton) (masked []byte, rules []string, err error) {
	source := table.Source{Name: table.ParseName(t.table)}
	var cells table.Cells
	d := json.NewDecoder(strings.NewReader(t.input))
	d.UseNumber()
	if tok, err := d.Token(); err != nil || tok != json.Delim('{') {
		return nil, nil, errors.New("input is not a JSON object with the columns of a row")
	}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return nil, nil, err
		}
		var value any
		if err := d.Decode(&value); err != nil {
			return nil, nil, err
		}
		typ, text, err := cell(value)
		if err != nil {
			return nil, nil, fmt.Errorf("column %v: %w", name, err)
		}
		source.Columns = append(source.Columns, table.Column{Name: name.(string), Type: typ})
		cells = append(cells, text)
	}
	if _, err := d.Token(); err != nil {
		return nil, nil, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, nil, errors.New("unexpected data after the row")
	}
	plan, err := table.NewRules(a.Policy).Plan(source, table.Options{Document: fhir.NewDocuments(a), Documents: rulesets.Documents(a.Policy)})
	if err != nil {
		return nil, nil, err
	}
	for _, c := range plan.Columns {
		rules = append(rules, strings.Split(c.Action.Rule, ", ")...)
	}
	masker := plan.Masker(mask.NewPass(plan.Actions))
	masker.Begin(cells)
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
			return nil, nil, err
		}
		typ := c.Masked
		if c.Treatment == table.Clear {
			typ = c.Type
		}
		out = appendValue(out, text, ok, typ)
	}
	return append(out, '}'), rules, nil
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
