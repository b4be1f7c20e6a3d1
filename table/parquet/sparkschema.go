package parquet

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"

	"github.com/parquet-go/parquet-go/format"

	"github.com/veil-proxy/veil/internal/lazyregexp"
	"github.com/veil-proxy/veil/table"
)

// sparkKey has the schema of the data frame that Spark wrote.
const sparkKey = "org.apache.spark.sql.parquet.row.metadata"

// sparkCalendar has the keys that tell Spark which calendar old dates use: without them
// it refuses to read such dates.
var sparkCalendar = []struct {
	key   string
	known func(string) (string, error)
}{
	{"org.apache.spark.version", knownIf(regexp.MustCompile(`^\d{1,2}(\.\d{1,3}){1,3}(-SNAPSHOT)?$`).MatchString)},
	{"org.apache.spark.legacyDateTime", knownIf(isEmpty)},
	{"org.apache.spark.legacyINT96", knownIf(isEmpty)},
	{"org.apache.spark.timeZone", knownIf(isTimeZone)},
}

func isEmpty(s string) bool { return s == "" }

// knownIf lets known values pass.
func knownIf(known func(string) bool) func(string) (string, error) {
	return func(s string) (string, error) {
		if !known(s) {
			return "", errNotKnown
		}
		return s, nil
	}
}

// sparkField is a field of Spark's structures. Its metadata is not read: it can hold
// anything.
type sparkField struct {
	Name     string          `json:"name"`
	Type     json.RawMessage `json:"type"`
	Nullable bool            `json:"nullable"`
	Metadata struct{}        `json:"metadata"`
}

// sparkType is a type of Spark that contains others.
type sparkType struct {
	Type              string          `json:"type"`
	Fields            []sparkField    `json:"fields,omitempty"`
	ElementType       json.RawMessage `json:"elementType,omitempty"`
	ContainsNull      *bool           `json:"containsNull,omitempty"`
	KeyType           json.RawMessage `json:"keyType,omitempty"`
	ValueType         json.RawMessage `json:"valueType,omitempty"`
	ValueContainsNull *bool           `json:"valueContainsNull,omitempty"`
}

// sparkSchema returns Spark's schema with the columns of the output.
func (d *document) sparkSchema(value string) (string, error) {
	p := sparkPruner{document: d}
	out, ok, err := p.typ(json.RawMessage(value), "")
	if err != nil || !ok || !slices.Equal(p.found, d.out) {
		return "", errNotKnown
	}
	return string(out), nil
}

// sparkPruner removes hidden columns from Spark's schema.
type sparkPruner struct {
	*document
	found []*outColumn
}

// typ returns the output's form of the type at a path. ok is false if nothing is left of
// it.
func (p *sparkPruner) typ(raw json.RawMessage, path string) (out json.RawMessage, ok bool, err error) {
	var name string
	if json.Unmarshal(raw, &name) == nil {
		return p.leaf(name, path)
	}
	var t sparkType
	if err := json.Unmarshal(raw, &t); err != nil {
		return nil, false, errNotKnown
	}
	switch t.Type {
	case "struct":
		err = p.structure(&t, path)
		ok = len(t.Fields) > 0
	case "array":
		yes := true
		t.ContainsNull = &yes
		t.ElementType, ok, err = p.typ(t.ElementType, path)
	case "map":
		ok, err = p.mapping(&t, path)
	default:
		err = errNotKnown // a user-defined type
	}
	if err != nil || !ok {
		return nil, false, err
	}
	out, err = json.Marshal(t)
	return out, true, err
}

func (p *sparkPruner) structure(t *sparkType, path string) error {
	var fields []sparkField
	for _, f := range t.Fields {
		typ, ok, err := p.typ(f.Type, table.Join(path, f.Name))
		if err != nil {
			return err
		}
		if ok {
			fields = append(fields, sparkField{Name: f.Name, Type: typ, Nullable: true})
		}
	}
	t.Fields = fields
	return nil
}

func (p *sparkPruner) mapping(t *sparkType, path string) (ok bool, err error) {
	key, hasKey, err := p.typ(t.KeyType, table.Join(path, "key"))
	if err != nil {
		return false, err
	}
	value, hasValue, err := p.typ(t.ValueType, table.Join(path, "value"))
	yes := true
	*t = sparkType{Type: "map", KeyType: key, ValueType: value, ValueContainsNull: &yes}
	return hasKey && hasValue, err
}

// sparkTypes matches the names of types without parameters or with numeric ones.
var sparkTypes = lazyregexp.New(`^(string|binary|boolean|byte|short|integer|long|float|double|date|timestamp|timestamp_ntz|void|null|variant|decimal\(\d{1,2},-?\d{1,2}\)|(var)?char\(\d{1,9}\)|interval( (year|month|day|hour|minute|second)( to (month|hour|minute|second))?)?)$`)

func (p *sparkPruner) leaf(name, path string) (json.RawMessage, bool, error) {
	if !sparkTypes().MatchString(name) {
		return nil, false, errNotKnown
	}
	c := p.named(path)
	if c == nil {
		return nil, false, nil
	}
	p.found = append(p.found, c)
	if !c.treated.Own {
		name = sparkTypeOf(c)
	}
	out, err := json.Marshal(name)
	return out, true, err
}

// sparkTypeOf returns Spark's name for the type of a masked column.
func sparkTypeOf(c *outColumn) string {
	switch l := c.outLogical().(type) {
	case *format.DecimalType:
		return fmt.Sprintf("decimal(%d,%d)", l.Precision, l.Scale)
	case *format.DateType:
		return "date"
	case *format.TimestampType:
		if l.IsAdjustedToUTC {
			return "timestamp"
		}
		return "timestamp_ntz"
	}
	switch c.out.physical {
	case format.Boolean:
		return "boolean"
	case format.Int64:
		return "long"
	case format.Float:
		return "float"
	case format.Double:
		return "double"
	}
	return "string"
}
