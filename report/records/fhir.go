package records

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/veil-proxy/veil/file"
)

// readFHIR reads a sequence of FHIR resources in JSON: a table for each type, a column
// for each element. The resources of a Bundle count like those of a file.
func readFHIR(_ context.Context, s *Set, f *file.Opened, _ *told, emit func(*Table, Row) error) error {
	in := io.Reader(f.Source)
	dec := json.NewDecoder(skipMark(in, f.Beginning))
	dec.UseNumber()
	flat := flattener{set: s, emit: emit}
	for n := 1; ; n++ {
		var v map[string]any
		switch err := dec.Decode(&v); {
		case errors.Is(err, io.EOF):
			if n == 1 {
				return errors.New("the file has no resources")
			}
			return nil
		case err != nil:
			return fmt.Errorf("resource %d: not valid JSON", n)
		}
		if err := flat.resource(v, n); err != nil {
			return err
		}
	}
}

// skipMark skips a byte order mark.
func skipMark(in io.Reader, beginning []byte) io.Reader {
	if strings.HasPrefix(string(beginning[:min(3, len(beginning))]), "\xef\xbb\xbf") {
		_, _ = io.CopyN(io.Discard, in, 3) // a missing member is reported later
	}
	return in
}

// flattener turns resources into rows.
type flattener struct {
	set  *Set
	emit func(*Table, Row) error
	row  Row
}

// mostElements bounds the columns for the elements of a type.
const mostElements = 4000

func (f *flattener) resource(v map[string]any, n int) error {
	typ, _ := v["resourceType"].(string)
	if !isName(typ) {
		return fmt.Errorf("resource %d: it has no resourceType", n)
	}
	if typ == "Bundle" {
		entries, _ := v["entry"].([]any)
		for _, e := range entries {
			entry, _ := e.(map[string]any)
			if r, ok := entry["resource"].(map[string]any); ok {
				if err := f.resource(r, n); err != nil {
					return err
				}
			}
		}
		return nil
	}
	t := f.set.table(typ)
	f.row.reset()
	if id, ok := v["id"].(string); ok { // as references name it
		f.row.add(t.column("id"), []byte(typ+"/"+id))
	}
	delete(v, "id")
	delete(v, "resourceType")
	f.object(t, "", v)
	if len(t.Columns) > mostElements {
		return fmt.Errorf("resource %d: %s has more than %d elements", n, typ, mostElements)
	}
	return f.emit(t, f.row)
}

// object adds the members of an object in the order of their names, so that rows do not
// depend on the order in the file.
func (f *flattener) object(t *Table, path string, v map[string]any) {
	names := make([]string, 0, len(v))
	for name := range v {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		if path == "meta" && name == "security" {
			continue // masking adds labels, which are not data
		}
		shown := name
		if !isName(strings.TrimPrefix(name, "_")) {
			shown = "(not an element)" // a name that may be data
		}
		if path != "" {
			shown = path + "." + shown
		}
		f.value(t, shown, v[name])
	}
}

func (f *flattener) value(t *Table, path string, v any) {
	switch v := v.(type) {
	case map[string]any:
		f.object(t, path, v)
	case []any:
		for _, e := range v {
			f.value(t, path, e)
		}
	case string:
		if strings.HasSuffix(path, ".reference") {
			v, _, _ = strings.Cut(v, "/_history/") // a version of the resource
		}
		f.row.add(t.column(path), []byte(v))
	case json.Number:
		f.row.add(t.column(path), []byte(v))
	case bool:
		f.row.add(t.column(path), strconv.AppendBool(nil, v))
	}
}

// isName reports whether a text has the form of the name of a type or element.
func isName(s string) bool {
	if s == "" || len(s) > 64 {
		return false
	}
	for _, c := range []byte(s) {
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') {
			return false
		}
	}
	return s[0] > '9'
}
