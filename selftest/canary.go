package selftest

import (
	"slices"
	"strings"

	"github.com/veil-proxy/veil/internal/strictyaml"
	"github.com/veil-proxy/veil/textfile"
)

// Canary is an original value that the operator knows to be in the source.
type Canary struct {
	// Schema, Table and Column are where a consumer would see it in SQL.
	Schema, Table, Column string
	// Type and Element are where a consumer would see it in FHIR. Parameter is the search
	// parameter that would find it. The element "id" makes it an id.
	Type, Element, Parameter string
	// Value is the original, Absent a value of the same form that does not occur.
	Value, Absent string
}

// Of returns the name of the column or element that the canary is in.
func (c *Canary) Of() string {
	if c.Column != "" {
		return c.Container() + "." + c.Column
	}
	return c.Container() + "." + c.Element
}

// Container returns the name of the table or resource type that the canary is in.
func (c *Canary) Container() string {
	if c.Column != "" {
		return c.Schema + "." + c.Table
	}
	return c.Type
}

// Canaries are the known originals of both sources.
type Canaries struct{ Postgres, FHIR []Canary }

// Values returns the values of all canaries.
func (c *Canaries) Values() (values []string) {
	for _, one := range slices.Concat(c.Postgres, c.FHIR) {
		values = append(values, one.Value)
	}
	return values
}

// ReadCanaries reads a file of canaries:
//
//	veil: 1
//	postgres:
//	  - {column: public.patients.family, value: Qzorvath, absent: Qzorvaty}
//	fhir:
//	  - {element: Patient.name.family, value: Qzorvath, parameter: family}
//	  - {element: Patient.id, value: 4711-a}
func ReadCanaries(path string) (*Canaries, error) {
	src, err := textfile.Read(path)
	if err != nil {
		return nil, err
	}
	return ParseCanaries(path, src)
}

// ParseCanaries parses the text of a file of canaries. The error has all problems, and
// no value.
func ParseCanaries(file string, src []byte) (*Canaries, error) {
	var problems strictyaml.Problems
	t, root := strictyaml.Parse(file, src, &problems)
	c := &Canaries{}
	if !root.IsZero() {
		version := false
		t.Mapping(root, map[string]strictyaml.Field{
			"veil": func(n strictyaml.Node) { version = true; t.Word(n, "1") },
			"postgres": func(n strictyaml.Node) {
				t.Sequence(n, func(n strictyaml.Node) { c.Postgres = append(c.Postgres, readCanary(t, n, "column")) })
			},
			"fhir": func(n strictyaml.Node) {
				t.Sequence(n, func(n strictyaml.Node) { c.FHIR = append(c.FHIR, readCanary(t, n, "element")) })
			},
		}, nil)
		if !version {
			t.Bad(root, `expected "veil: 1", the version of the format`)
		}
		if len(c.Postgres)+len(c.FHIR) == 0 {
			t.Bad(root, "expected canaries under postgres or fhir")
		}
	}
	return c, problems.Err()
}

// readCanary reads a canary whose location is given by a key: column or element.
func readCanary(t strictyaml.Tree, n strictyaml.Node, place string) (c Canary) {
	at := ""
	fields := map[string]strictyaml.Field{
		place:    func(n strictyaml.Node) { at, _ = t.Text(n) },
		"value":  func(n strictyaml.Node) { c.Value, _ = t.Text(n) },
		"absent": func(n strictyaml.Node) { c.Absent, _ = t.Text(n) },
	}
	if place == "element" {
		fields["parameter"] = func(n strictyaml.Node) { c.Parameter, _ = t.Text(n) }
	}
	t.Mapping(n, fields, nil)
	if len(c.Value) < MinCanary {
		t.Bad(n, "value: expected at least %d bytes, since a shorter value can occur in masked data by chance", MinCanary)
	}
	if c.Absent == "" {
		c.Absent = Absent(c.Value)
	}
	if c.Absent == c.Value && c.Value != "" {
		t.Bad(n, "absent: expected a value of the same form as the original that nobody has")
	}
	if place == "element" {
		c.Type, c.Element, _ = strings.Cut(at, ".")
		if c.Element == "" {
			t.Bad(n, "element: expected a path such as Patient.name.family")
		}
		if c.Parameter == "" {
			c.Parameter = ParameterOf(c.Element)
		}
		return c
	}
	parts := strings.Split(at, ".")
	if len(parts) != 3 {
		t.Bad(n, "column: expected schema.table.column, as consumers see it")
		return c
	}
	c.Schema, c.Table, c.Column = parts[0], parts[1], parts[2]
	return c
}

// parameters maps elements of persons to the search parameters that find them.
var parameters = map[string]string{
	"id": "_id", "name": "name", "name.family": "family", "name.given": "given", "name.text": "name", "identifier": "identifier", "identifier.value": "identifier",
	"telecom": "telecom", "telecom.value": "telecom", "address": "address", "address.line": "address", "address.city": "address-city", "address.postalCode": "address-postalcode",
	"birthDate": "birthdate", "deceased": "death-date", "deceasedDateTime": "death-date", "text": "_text", "text.div": "_text",
}

// ParameterOf returns the R4 search parameter that finds an element of a person, or
// nothing if none is known.
func ParameterOf(element string) string { return parameters[element] }
