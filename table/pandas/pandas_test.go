package pandas

import (
	"strings"
	"testing"
)

// TestFilter holds what of the metadata of pandas passes: what is known of columns that
// are left, and nothing that a program has put there.
func TestFilter(t *testing.T) {
	t.Parallel()
	columns := map[string]Column{
		"a": {Same: true}, "c": {Same: true}, "t": {Same: true, TimeZone: "UTC"}, "z": {Same: true, TimeZone: "UTC"}, "odd": {Same: true}, "__index_level_0__": {Same: true},
		"m": {PandasType: "unicode", NumpyType: "object"}, "gone": {},
	}
	const in = `{"index_columns": ["__index_level_0__", "gone", "hidden", {"kind": "range", "name": "MARKER", "start": 770001, "stop": 9, "step": 1}],
"column_indexes": [{"name": "MARKER", "field_name": "MARKER", "pandas_type": "unicode", "numpy_type": "object", "metadata": {"encoding": "UTF-8"}}, {"pandas_type": "MARKER", "numpy_type": "str"}],
"columns": [
{"name": "a", "field_name": "a", "pandas_type": "int64", "numpy_type": "Int64", "metadata": {"note": "MARKER"}},
{"name": "c", "field_name": "c", "pandas_type": "categorical", "numpy_type": "int8", "metadata": {"num_categories": 770002, "ordered": true}},
{"name": "t", "field_name": "t", "pandas_type": "datetimetz", "numpy_type": "datetime64[ns]", "metadata": {"timezone": "UTC"}},
{"name": "z", "field_name": "z", "pandas_type": "datetimetz", "numpy_type": "datetime64[ns]", "metadata": {"timezone": "MARKER"}},
{"name": "odd", "field_name": "odd", "pandas_type": "object", "numpy_type": "MARKER", "metadata": null},
{"name": "m", "field_name": "m", "pandas_type": "int64", "numpy_type": "int64", "metadata": {"x": "MARKER"}},
{"name": "gone", "field_name": "gone", "pandas_type": "int64", "numpy_type": "int64", "metadata": null},
{"name": "hidden", "field_name": "hidden", "pandas_type": "int64", "numpy_type": "int64", "metadata": null},
{"name": "MARKER", "field_name": "__index_level_0__", "pandas_type": "int64", "numpy_type": "int64", "metadata": null}],
"attributes": {"k": "MARKER"}, "creator": {"library": "pyarrow", "version": "26.0.1"}, "pandas_version": "MARKER", "more": "MARKER"}`
	const want = `{"index_columns":["__index_level_0__"],"column_indexes":[{"name":null,"field_name":null,"pandas_type":"unicode","numpy_type":"object","metadata":{"encoding":"UTF-8"}}],` +
		`"columns":[{"name":"a","field_name":"a","pandas_type":"int64","numpy_type":"Int64","metadata":null},` +
		`{"name":"c","field_name":"c","pandas_type":"categorical","numpy_type":"int8","metadata":{"ordered":true}},` +
		`{"name":"t","field_name":"t","pandas_type":"datetimetz","numpy_type":"datetime64[ns]","metadata":{"timezone":"UTC"}},` +
		`{"name":"z","field_name":"z","pandas_type":"datetimetz","numpy_type":"datetime64[ns]","metadata":null},` +
		`{"name":"m","field_name":"m","pandas_type":"unicode","numpy_type":"object","metadata":null},` +
		`{"name":null,"field_name":"__index_level_0__","pandas_type":"int64","numpy_type":"int64","metadata":null}],` +
		`"attributes":{},"creator":{"library":"pyarrow","version":"26.0.1"}}`
	out, ok := Filter([]byte(in), func(field string) (Column, bool) { c, ok := columns[field]; return c, ok })
	if string(out) != want || !ok {
		t.Errorf("got\n%s\nwant\n%s", out, want)
	}
	if strings.Contains(string(out), "MARKER") || strings.Contains(string(out), "77000") {
		t.Error("a marker passed")
	}
	for _, bad := range []string{"", "MARKER", `{"columns": "MARKER"}`, "[]"} {
		if out, ok := Filter([]byte(bad), func(string) (Column, bool) { return Column{Same: true}, true }); ok {
			t.Errorf("%q gives %s", bad, out)
		}
	}
}
