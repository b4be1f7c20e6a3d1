// Package pandas filters the metadata that pandas stores in the schemas of Arrow and
// Parquet files under the key "pandas": which columns are the index, and their pandas
// types. The metadata can also contain anything that a program has put there
// (DataFrame.attrs), so it is not copied: [Filter] writes the known parts anew.
package pandas

import (
	"encoding/json"
	"regexp"
	"slices"

	"github.com/veil-proxy/veil/internal/lazyregexp"
)

// Key is the key of the metadata.
const Key = "pandas"

// Column describes a column of the output.
type Column struct {
	// Same reports that the column's type has not changed, so that its metadata can pass.
	// Otherwise PandasType and NumpyType are the types of its new values; if they are
	// empty, the column is left out.
	Same                  bool
	PandasType, NumpyType string
	// TimeZone is the time zone of its Arrow type.
	TimeZone string
}

// description is the metadata of a table.
type description struct {
	IndexColumns  []any          `json:"index_columns"`
	ColumnIndexes []entry        `json:"column_indexes"`
	Columns       []entry        `json:"columns"`
	Attributes    map[string]any `json:"attributes"`
	Creator       *creator       `json:"creator,omitempty"`
	PandasVersion string         `json:"pandas_version,omitempty"`
}

// entry describes a column, or a level of the names of columns.
type entry struct {
	Name       any            `json:"name"`
	FieldName  *string        `json:"field_name"`
	PandasType string         `json:"pandas_type"`
	NumpyType  string         `json:"numpy_type"`
	Metadata   map[string]any `json:"metadata"`
}

type creator struct {
	Library string `json:"library"`
	Version string `json:"version"`
}

// Types and versions that pass: all others could be anything.
var (
	types = lazyregexp.New(`^((list\[)*((u?int|U?Int)(8|16|32|64)|[fF]loat(16|32|64)|halffloat|float|double|bool|boolean|object|str|string|unicode|bytes|mixed|empty|` +
		`date|time|datetime|datetimetz|timedelta|timedeltatz|decimal|categorical|category|(datetime64|timedelta64)(\[(s|ms|us|ns)\])?|string\[(python|pyarrow)\]|period\[[A-Z]{1,2}(-[A-Z]{3})?\])\]*)$`)
	version = regexp.MustCompile(`^\d{1,4}(\.\d{1,4}){0,3}$`)
)

// Filter returns the metadata of the remaining columns, which column looks up by field
// name. It leaves out range indexes and names of levels, since pandas numbers the rows
// itself. ok is false if text is not such metadata.
func Filter(text []byte, column func(field string) (c Column, ok bool)) (out []byte, ok bool) {
	var in description
	if json.Unmarshal(text, &in) != nil {
		return nil, false
	}
	d := description{IndexColumns: []any{}, ColumnIndexes: []entry{}, Columns: []entry{}, Attributes: map[string]any{}}
	var mentioned []string
	for _, e := range in.Columns {
		name, _ := e.Name.(string)
		if e.FieldName == nil {
			e.FieldName = &name // as old versions write it
		}
		c, ok := column(*e.FieldName)
		if ok && e.filter(c) {
			d.Columns = append(d.Columns, e)
			mentioned = append(mentioned, *e.FieldName)
		}
	}
	for _, index := range in.IndexColumns {
		if name, ok := index.(string); ok && slices.Contains(mentioned, name) {
			d.IndexColumns = append(d.IndexColumns, name)
		}
	}
	for _, level := range in.ColumnIndexes {
		if types().MatchString(level.PandasType) && types().MatchString(level.NumpyType) {
			d.ColumnIndexes = append(d.ColumnIndexes, entry{PandasType: level.PandasType, NumpyType: level.NumpyType, Metadata: encoding(level)})
		}
	}
	if c := in.Creator; c != nil && slices.Contains([]string{"pyarrow", "fastparquet"}, c.Library) && version.MatchString(c.Version) {
		d.Creator = c
	}
	if version.MatchString(in.PandasVersion) {
		d.PandasVersion = in.PandasVersion
	}
	out, err := json.Marshal(d)
	return out, err == nil
}

// filter reduces an entry to what it may say about a column. It reports false if nothing
// is left.
func (e *entry) filter(c Column) bool {
	if e.Name != nil && e.Name != *e.FieldName {
		e.Name = nil
	}
	if !c.Same {
		e.PandasType, e.NumpyType, e.Metadata = c.PandasType, c.NumpyType, nil
		return c.PandasType != ""
	}
	var metadata map[string]any
	keep := func(key string, ok bool) {
		if ok {
			metadata = map[string]any{key: e.Metadata[key]}
		}
	}
	switch e.PandasType {
	case "categorical":
		ordered, ok := e.Metadata["ordered"].(bool)
		metadata = map[string]any{"ordered": ok && ordered}
	case "datetimetz":
		zone, ok := e.Metadata["timezone"].(string)
		keep("timezone", ok && zone == c.TimeZone)
	case "unicode", "string":
		metadata = encoding(*e)
	}
	e.Metadata = metadata
	return types().MatchString(e.PandasType) && types().MatchString(e.NumpyType)
}

// encoding is the metadata of a text column.
func encoding(e entry) map[string]any {
	if e.Metadata["encoding"] != "UTF-8" {
		return nil
	}
	return map[string]any{"encoding": "UTF-8"}
}
