package arrow

import (
	"github.com/apache/arrow-go/v18/arrow"

	"github.com/veil-proxy/veil/table/pandas"
)

// Keys of metadata of fields that can pass, with those of package pandas. All other
// metadata could contain anything and is left out.
const (
	keyExtensionName     = "ARROW:extension:name"
	keyExtensionMetadata = "ARROW:extension:metadata"
)

// extensions are the extension types that are kept, without parameters. A column of
// another extension type becomes one of its storage type.
var extensions = map[string]bool{extensionUUID: true, extensionJSON: true, "arrow.bool8": true}

// fieldMetadata returns the metadata of a field that passes, and how many entries do not.
func fieldMetadata(f *field, same bool) (out arrow.Metadata, dropped uint64) {
	keys, values := []string{}, []string{}
	name := extensionName(&f.Field)
	for i, key := range f.Metadata.Keys() {
		value := f.Metadata.Values()[i]
		switch isExtension := key == keyExtensionName || key == keyExtensionMetadata && (value == "" || value == "{}"); {
		case isExtension && extensions[name] && same:
			keys, values = append(keys, key), append(values, value)
		case isExtension && extensions[name], !f.shown:
		default:
			dropped++
		}
	}
	return arrow.NewMetadata(keys, values), dropped
}

// schemaMetadata returns the metadata of a schema that passes, and how many entries do
// not.
func schemaMetadata(s *schema) (out arrow.Metadata, dropped uint64) {
	for i, key := range s.Metadata().Keys() {
		if key == pandas.Key {
			if text, ok := pandas.Filter([]byte(s.Metadata().Values()[i]), s.pandasColumn); ok {
				out = arrow.NewMetadata([]string{key}, []string{string(text)})
				continue
			}
		}
		dropped++
	}
	return out, dropped
}

// pandasColumn returns the pandas description of a column of the output.
func (s *schema) pandasColumn(name string) (c pandas.Column, ok bool) {
	for _, f := range s.fields {
		if f.Name != name || !f.shown {
			continue
		}
		if t, ok := f.Type.(*arrow.TimestampType); ok {
			c.TimeZone = t.TimeZone
		}
		switch {
		case arrow.TypeEqual(f.out.Type, bare(f.Type)):
			c.Same = f.as != removed
		case isText(f.out.Type):
			c.PandasType, c.NumpyType = "unicode", "object"
		case f.out.Type.ID() == arrow.INT64:
			c.PandasType, c.NumpyType = "int64", "int64"
		}
		return c, true
	}
	return c, false
}
