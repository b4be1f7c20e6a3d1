package parquet

import (
	"slices"
	"strings"
	"time"
	_ "time/tzdata" // it has the names of time zones, whatever the machine has installed

	"github.com/parquet-go/parquet-go/format"

	"github.com/veil-proxy/veil/table"
	"github.com/veil-proxy/veil/table/pandas"
)

// maxKeyValue is the length of the longest value of key-value metadata that is read.
const maxKeyValue = 4 << 20

// keyValues decides which of the file's key-value metadata passes: known descriptions of
// the schema, changed to describe that of the output. Everything else could have any
// content and is left out.
func (d *document) keyValues() {
	// The metadata of Arrow and pandas depend on each other: the types give pandas the time
	// zones, and Arrow's schema repeats the metadata of pandas.
	for _, kv := range d.meta.KeyValueMetadata {
		if kv.Key == arrowKey && len(kv.Value) <= maxKeyValue {
			_, _ = guarded(d.arrowFields, kv.Value) // what is not known has no fields
			break
		}
	}
	d.keyValue(pandas.Key, d.pandasSchema)
	d.keyValue(arrowKey, d.arrowSchema)
	d.keyValue(sparkKey, d.sparkSchema)
	for _, c := range sparkCalendar {
		d.keyValue(c.key, c.known)
	}
	d.dropped = uint64(len(d.meta.KeyValueMetadata) - len(d.values))
}

// keyValue sets the value of a key to the result of f for the file's value. What f does
// not know is left out, and so are all but the first value of a key.
func (d *document) keyValue(key string, f func(string) (string, error)) {
	for _, kv := range d.meta.KeyValueMetadata {
		if kv.Key != key {
			continue
		}
		if len(kv.Value) > maxKeyValue {
			return
		}
		if value, err := guarded(f, kv.Value); err == nil {
			d.values = append(d.values, format.KeyValue{Key: key, Value: value})
		}
		return
	}
}

// guarded calls f. A panic over a damaged value is an error.
func guarded(f func(string) (string, error), value string) (out string, err error) {
	defer func() {
		if recover() != nil {
			out, err = "", errNotKnown
		}
	}()
	return f(value)
}

// isTimeZone reports whether a text is the name of a time zone, or an offset, or empty.
func isTimeZone(s string) bool {
	if len(s) == len("+00:00") && strings.Contains("+-", s[:1]) && s[3] == ':' {
		return strings.Trim(s[1:], "0123456789:") == ""
	}
	_, err := time.LoadLocation(s)
	return err == nil && s != "Local"
}

// named finds the column of the output that has a path; nil for none.
func (d *document) named(path string) *outColumn {
	i := slices.IndexFunc(d.out, func(c *outColumn) bool { return c.column.Name == path })
	if i < 0 {
		return nil
	}
	return d.out[i]
}

// pandasSchema returns what pandas wrote with the columns of the output.
func (d *document) pandasSchema(value string) (string, error) {
	out, ok := pandas.Filter([]byte(value), d.pandasColumn)
	if !ok {
		return "", errNotKnown
	}
	return string(out), nil
}

// pandasColumn describes a field of a row as pandas does.
func (d *document) pandasColumn(name string) (c pandas.Column, ok bool) {
	if !slices.ContainsFunc(d.tree.children, func(n *node) bool { return n.element.Name == name }) {
		return c, false
	}
	o := d.named(name)
	if o == nil || o.treated.Own { // a record, or a column of the type that it had
		return pandas.Column{Same: true, TimeZone: d.zones[name]}, true
	}
	if o.column.Repeated {
		return pandas.Column{PandasType: "object", NumpyType: "object"}, true
	}
	switch o.out.neutral {
	case table.Text, table.JSON:
		return pandas.Column{PandasType: "unicode", NumpyType: "object"}, true
	case table.Decimal:
		return pandas.Column{PandasType: "decimal", NumpyType: "object"}, true
	}
	switch o.out.physical {
	case format.Int64:
		return pandas.Column{PandasType: "int64", NumpyType: "int64"}, true
	case format.Double:
		return pandas.Column{PandasType: "float64", NumpyType: "float64"}, true
	}
	return c, true
}
