package schema

import (
	"compress/gzip"
	_ "embed"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
)

//go:embed tables/r4.schema
var r4Schema string

//go:embed tables/r4.search
var r4Search string

// Tables of versions that few deployments have are compressed.
var (
	//go:embed tables/r4b.schema.gz
	r4bSchema string
	//go:embed tables/r4b.search.gz
	r4bSearch string
)

// release is a version of FHIR that there are tables of.
type release struct {
	name, number string
	schema       func() *Schema
}

// releases are the versions of FHIR that there are tables of. Another one is the two
// files that fhir/gen makes of HL7's definitions, and a line here.
var releases = []release{{"R4", R4Version, R4}, {"R4B", "4.3.0", R4B}}

// R4Version is the Version of R4, for callers that do not need the tables.
const R4Version = "4.0.1"

// R4 returns the tables of FHIR R4 (4.0.1).
var R4 = sync.OnceValue(func() *Schema { return embedded("R4", r4Schema, r4Search) })

// R4B returns the tables of FHIR R4B (4.3.0).
var R4B = sync.OnceValue(func() *Schema { return embedded("R4B", unpacked(r4bSchema), unpacked(r4bSearch)) })

func unpacked(packed string) string {
	var out strings.Builder
	z, err := gzip.NewReader(strings.NewReader(packed))
	if err == nil {
		_, err = io.Copy(&out, z) //nolint:gosec // the binary's own table
	}
	if err != nil {
		panic("schema: an embedded table: " + err.Error()) // generated and tested
	}
	return out.String()
}

func embedded(name, types, search string) *Schema {
	s, err := Parse(name, types, search)
	if err != nil {
		panic("schema: embedded tables of " + name + ": " + err.Error()) // generated and tested
	}
	return s
}

// Named returns the tables of a version of FHIR by its name, such as "R4", or its
// number, such as "4.0.1" or "4.0". The empty name stands for R4.
func Named(version string) (*Schema, error) {
	if version == "" {
		return R4(), nil
	}
	var names []string
	for _, r := range releases {
		if version == r.name || version == r.number || version == short(r.number) {
			return r.schema(), nil
		}
		names = append(names, r.name)
	}
	slices.Sort(names)
	return nil, fmt.Errorf("unknown version of FHIR %q: expected %s", version, strings.Join(names, " or "))
}

// Is reports whether number is the number of the version, with or without its last
// part.
func (s *Schema) Is(number string) bool { return number == s.Version || number == s.short() }

// short returns the number of the version without its last part, such as "4.0", as
// the parameter fhirVersion of media types has it.
func (s *Schema) short() string { return short(s.Version) }

func short(number string) string { return number[:strings.LastIndexByte(number, '.')] }
