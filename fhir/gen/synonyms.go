package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
)

// identifiers are those of a definition; the package of HL7's definitions has one
// where the terminology has a list.
type identifiers []struct{ System, Value string }

// UnmarshalJSON implements json.Unmarshaler.
func (ids *identifiers) UnmarshalJSON(text []byte) error {
	if text[0] == '{' {
		text = append(append([]byte{'['}, text...), ']')
	}
	return json.Unmarshal(text, (*[]struct{ System, Value string })(ids))
}

// others are names of code systems whose definitions give none: OIDs of HL7's
// registry.
var others = map[string]string{
	"2.16.840.1.113883.6.1":       "http://loinc.org",
	"2.16.840.1.113883.6.96":      "http://snomed.info/sct",
	"2.16.840.1.113883.6.88":      "http://www.nlm.nih.gov/research/umls/rxnorm",
	"2.16.840.1.113883.12.292":    "http://hl7.org/fhir/sid/cvx",
	"2.16.840.1.113883.6.59":      "http://hl7.org/fhir/sid/cvx",
	"2.16.840.1.113883.12.227":    "http://hl7.org/fhir/sid/mvx",
	"2.16.840.1.113883.6.60":      "http://hl7.org/fhir/sid/mvx",
	"2.16.840.1.113883.6.69":      "http://hl7.org/fhir/sid/ndc",
	"2.16.840.1.113883.6.3":       "http://hl7.org/fhir/sid/icd-10",
	"2.16.840.1.113883.6.90":      "http://hl7.org/fhir/sid/icd-10-cm",
	"2.16.840.1.113883.6.4":       "http://www.cms.gov/Medicare/Coding/ICD10",
	"2.16.840.1.113883.6.103":     "http://hl7.org/fhir/sid/icd-9-cm",
	"2.16.840.1.113883.6.104":     "http://hl7.org/fhir/sid/icd-9-cm",
	"2.16.840.1.113883.6.12":      "http://www.ama-assn.org/go/cpt",
	"2.16.840.1.113883.6.14":      "https://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets",
	"2.16.840.1.113883.6.285":     "https://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets",
	"2.16.840.1.113883.6.73":      "http://www.whocc.no/atc",
	"2.16.840.1.113883.6.8":       "http://unitsofmeasure.org",
	"2.16.840.1.113883.6.101":     "http://nucc.org/provider-taxonomy",
	"2.16.840.1.113883.6.301.3":   "https://www.nubc.org/CodeSystem/RevenueCodes",
	"2.16.840.1.113883.6.301.5":   "http://www.nubc.org/patient-discharge",
	"2.16.840.1.113883.6.121":     "urn:ietf:bcp:47",
	"2.16.840.1.113883.6.316":     "urn:ietf:bcp:47",
	"2.16.840.1.113883.6.13":      "http://www.ada.org/cdt",
	"2.16.840.1.113883.6.163":     "https://www.meddra.org",
	"2.16.840.1.113883.3.26.1.1":  "http://ncicb.nci.nih.gov/xml/owl/EVS/Thesaurus.owl",
	"2.16.840.1.113883.4.9":       "http://fdasis.nlm.nih.gov",
	"2.16.840.1.113883.6.24":      "urn:iso:std:iso:11073:10101",
	"1.2.840.10008.2.16.4":        "http://dicom.nema.org/resources/ontology/DCM",
	"1.3.6.1.4.1.12559.11.10.1.3": "http://www.orpha.net",
	"0.4.0.127.0.16.1.1.2.1":      "http://standardterms.edqm.eu",
	// CDC's race and ethnicity has its OID as its URL; a v2 table claims it too.
	"2.16.840.1.113883.6.238": "urn:oid:2.16.840.1.113883.6.238",
	"1.0.3166.1.2.2":          "urn:iso:std:iso:3166",
}

// commonUnits writes the codes of HL7's value set of common units, one a line.
func (d *definitions) commonUnits() []byte {
	codes := map[string]bool{}
	d.expand("http://hl7.org/fhir/ValueSet/ucum-common", codes, map[string]bool{}, 0)
	return []byte("# The codes of HL7's value set ucum-common, by fhir/gen.\n" + strings.Join(sortedKeys(codes), "\n") + "\n")
}

// synonyms writes the other names of code systems, one a line, each with the system's
// URL.
func (d *definitions) synonyms() []byte {
	m := map[string]string{}
	for oid, url := range others {
		m["urn:oid:"+oid] = url
		if rest, ok := strings.CutPrefix(url, "http://"); ok { // a common misspelling
			m["https://"+rest], m[url+"/"], m["https://"+rest+"/"] = url, url, url
		}
	}
	for _, url := range sortedKeys(d.codeSystems) {
		if len(d.codeSystems[url].Concept) == 0 {
			continue
		}
		for _, id := range d.codeSystems[url].Identifier {
			if strings.HasPrefix(id.Value, "urn:oid:") && d.codeSystems[id.Value] == nil && m[id.Value] == "" {
				m[id.Value] = url
			}
		}
		name, ok := strings.CutPrefix(url, "http://terminology.hl7.org/CodeSystem/")
		if !ok {
			continue
		}
		old := name
		for _, v := range []string{"v2", "v3"} {
			if rest, ok := strings.CutPrefix(name, v+"-"); ok {
				old = v + "/" + rest
			}
		}
		if old = "http://hl7.org/fhir/" + old; d.codeSystems[old] == nil {
			m[old] = url
		}
	}
	var out bytes.Buffer
	out.WriteString("# Other names of code systems, by fhir/gen.\n")
	for _, other := range sortedKeys(m) {
		if other != m[other] {
			fmt.Fprintf(&out, "%s\t%s\n", other, m[other])
		}
	}
	return out.Bytes()
}
