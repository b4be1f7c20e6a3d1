package fhirtest

import (
	_ "embed"
	"strings"
	"sync"
)

// Code is one code of a published terminology with a display that is right
// for it.
type Code struct {
	System, Code, Display string
}

//go:embed codes.tsv
var codesTSV string

// terms parses codes.tsv once; its result is never modified.
var terms = sync.OnceValue(func() termTable {
	t := termTable{bySystem: map[string]map[string]string{}}
	for line := range strings.Lines(codesTSV) {
		f := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		if len(f) != 3 {
			panic("fhirtest: codes.tsv: want three columns")
		}
		t.list = append(t.list, Code{System: f[0], Code: f[1], Display: f[2]})
		if t.bySystem[f[0]] == nil {
			t.bySystem[f[0]] = map[string]string{}
		}
		t.bySystem[f[0]][f[1]] = f[2]
	}
	return t
})

type termTable struct {
	list     []Code
	bySystem map[string]map[string]string
}

// Codes returns every code that Generate uses together with a display, in the
// order of codes.tsv.
func Codes() []Code {
	return append([]Code(nil), terms().list...)
}

// Code systems by the short names that the generator uses.
const (
	hl7    = "http://terminology.hl7.org/CodeSystem/"
	loinc  = "http://loinc.org"
	snomed = "http://snomed.info/sct"
	icd10  = "http://hl7.org/fhir/sid/icd-10-cm"
	rxnorm = "http://www.nlm.nih.gov/research/umls/rxnorm"
	cvx    = "http://hl7.org/fhir/sid/cvx"
	ucum   = "http://unitsofmeasure.org"
	omb    = "urn:oid:2.16.840.1.113883.6.238"
	bcp47  = "urn:ietf:bcp:47"
	nucc   = "http://nucc.org/provider-taxonomy"
	dicom  = "http://dicom.nema.org/resources/ontology/DCM"
)

// display returns the display of a code of codes.tsv. A code that is not
// there is a mistake in this package.
func display(system, code string) string {
	d, ok := terms().bySystem[system][code]
	if !ok {
		panic("fhirtest: codes.tsv has no " + system + "|" + code)
	}
	return d
}

// coding is a Coding of codes.tsv.
func coding(system, code string) obj {
	return obj{"system", system, "code", code, "display", display(system, code)}
}

// concept is a CodeableConcept of one coding, its text the coding's display.
func concept(system, code string) obj {
	return obj{"coding", arr{coding(system, code)}, "text", display(system, code)}
}

// concepts is an array of one CodeableConcept.
func concepts(system, code string) arr { return arr{concept(system, code)} }
