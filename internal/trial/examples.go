package trial

import (
	"bytes"
	"encoding/json"
	"fmt"
	"sync"

	"github.com/veil-proxy/veil/fhir/fhirxml"
	"github.com/veil-proxy/veil/fhir/schema"
	"github.com/veil-proxy/veil/internal/fhirtest"
)

// Example is a synthetic text to try. It is not about a real person.
type Example struct{ Name, Text string }

// seed is the seed of the population that examples are taken from.
const seed = 17

// Examples returns synthetic resources: one of each type that a generated population has,
// a Bundle, and a Patient in XML.
var Examples = sync.OnceValue(func() []Example {
	p := fhirtest.Generate(seed, 2)
	id := p.PatientIDs()[0]
	var out []Example
	add := func(name string, text []byte) {
		var b bytes.Buffer
		if json.Indent(&b, text, "", "  ") == nil {
			text = b.Bytes()
		}
		out = append(out, Example{name, string(text)})
	}
	patient, _ := p.Get("Patient", id)
	add("Patient", patient.JSON)
	if x, err := fhirxml.NewWriter(schema.R4(), false).AppendXML(nil, patient.JSON); err == nil {
		add("Patient in XML", x)
	}
	for _, typ := range p.Types() {
		if typ == "Patient" {
			continue
		}
		for _, r := range p.Resources() {
			if r.Type == typ && (r.Patient == id || r.Patient == "") {
				add(typ, r.JSON)
				break
			}
		}
	}
	var bundle bytes.Buffer
	bundle.WriteString(`{"resourceType":"Bundle","type":"collection","entry":[`)
	fmt.Fprintf(&bundle, `{"resource":%s}`, patient.JSON)
	n := 0
	for _, r := range p.Resources() {
		if r.Patient == id && r.Type != "Patient" && n < 4 {
			fmt.Fprintf(&bundle, `,{"resource":%s}`, r.JSON)
			n++
		}
	}
	bundle.WriteString(`]}`)
	add("Bundle", bundle.Bytes())
	return out
})

// Tables are definitions of tables to try statements with where there is no upstream.
const Tables = `create table patients (
  id bigint primary key,
  family_name text,
  birth_date date,
  zip text,
  phone text
);
create table visits (
  id bigint primary key,
  patient_id bigint,
  started timestamptz,
  ward text
);
`
