package fhir

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"github.com/veil-proxy/veil/mask"
	"github.com/veil-proxy/veil/rulesets"
)

// identifiers are numbers and names of people as they are written, some of each kind
// made by a generator of its own.
func identifiers() map[string][]string {
	r := rand.New(rand.NewPCG(1, 2))
	ids := map[string][]string{
		"name": {"John Smith", "John-Smith", "Smith", "Anna", "JOHN SMITH", "smith.john", "O'Neill", "Müller"},
		"mail": {"john.smith@example.org"},
		"ZIP":  {"02139", "03601", "07030"},
		"IP":   {"10.1.2.3", "192.168.100.24", "2001:db8::1"},
		"URL":  {"http://example.org/john-smith"},
	}
	for range 40 {
		a, b, c := 100+r.IntN(800), 10+r.IntN(90), 1000+r.IntN(9000)
		ids["SSN"] = append(ids["SSN"], fmt.Sprintf("%03d-%02d-%04d", a, b, c), fmt.Sprintf("%03d %02d %04d", a, b, c))
		n, x, l := 200+r.IntN(800), 200+r.IntN(800), r.IntN(10000)
		ids["telephone"] = append(ids["telephone"], fmt.Sprintf("%03d-%03d-%04d", n, x, l), fmt.Sprintf("(%03d) %03d-%04d", n, x, l), fmt.Sprintf("%03d%03d%04d", n, x, l),
			fmt.Sprintf("1%03d%03d%04d", n, x, l), fmt.Sprintf("+1-%03d-%03d-%04d", n, x, l), fmt.Sprintf("%03d.%03d.%04d", n, x, l), fmt.Sprintf("+49 30 %d", 1000000+r.IntN(9000000)))
		y, m, d := 1910+r.IntN(110), 1+r.IntN(12), 1+r.IntN(27)
		ids["date"] = append(ids["date"], fmt.Sprintf("%d-%02d-%02d", y, m, d), fmt.Sprintf("%02d/%02d/%d", m, d, y), fmt.Sprintf("%02d.%02d.%d", d, m, y), fmt.Sprintf("%02d-%02d-%d", m, d, y))
		ids["date"] = append(ids["date"], fmt.Sprintf("%d%02d%02d", y, m, d))
		ids["ZIP"] = append(ids["ZIP"], fmt.Sprintf("%05d-%04d", 1000+r.IntN(98000), r.IntN(10000)))
		ids["MRN"] = append(ids["MRN"], fmt.Sprintf("MRN%07d", r.IntN(10000000)), fmt.Sprintf("M-%07d", r.IntN(10000000)), fmt.Sprintf("%08d", 20000000+r.IntN(79999999)), fmt.Sprintf("A%08d", r.IntN(100000000)))
	}
	return ids
}

// TestNoFormHasRoomForAnIdentifier: what names a person or is a number of one does not
// pass as a code, a version or a canonical URL of any system that safe-harbor lists.
// Codes with a check digit let one in ten or fewer pass; eight digits in a row may be
// one of those. Five digits that begin with 0 and 0 or 1, or another digit, are a ZIP code
// or a CPT code: none can tell.
func TestNoFormHasRoomForAnIdentifier(t *testing.T) {
	t.Parallel()
	_, text, err := rulesets.Open("safe-harbor")
	if err != nil {
		t.Fatal(err)
	}
	var rs struct {
		FHIR struct {
			Canonicals  []string
			CodeSystems []struct{ System, Form, Pattern, Display string } `yaml:"codeSystems"`
		}
	}
	if err := yaml.Unmarshal(text, &rs); err != nil {
		t.Fatal(err)
	}
	var list []mask.CodeSystem
	for _, s := range rs.FHIR.CodeSystems {
		list = append(list, mask.CodeSystem{System: s.System, Form: s.Form, Pattern: s.Pattern, Display: s.Display})
	}
	var problems mask.Problems
	systems := newCodeSystems(list, &problems)
	if err := problems.Err(); err != nil {
		t.Fatal(err)
	}
	checked := regexp.MustCompile(`^[0-9]{8}$`)
	for kind, ids := range identifiers() {
		for system, s := range systems.exact {
			passed := 0
			for _, id := range ids {
				if systems.codeMayPass(s, []byte(system), []byte(id)) {
					if passed++; !checked.MatchString(id) {
						t.Errorf("%s %q is a code of %s", kind, id, system)
					}
				}
				if versionMayPass([]byte(system), []byte(id)) {
					t.Errorf("%s %q is a version of %s", kind, id, system)
				}
				if unit := []byte(id); isUnitText(unit) {
					t.Errorf("%s %q is a unit", kind, id)
				}
			}
			if passed > len(ids)/8 {
				t.Errorf("%d of %d %ss are codes of %s", passed, len(ids), kind, system)
			}
		}
		for _, id := range ids {
			for _, base := range []string{"http://hl7.org/fhir/uv/", "http://hl7.org/fhir/us/core/", "http://terminology.hl7.org/", "http://hl7.org/fhir/StructureDefinition/", "http://hl7.org/fhir/us/davinci-"} {
				for _, form := range []string{"%s", "StructureDefinition/x|%s", "StructureDefinition/x/%s", "%s/x"} {
					if url := base + fmt.Sprintf(form, id); definitionMayPass(rs.FHIR.Canonicals, []byte(url)) && kind != "name" {
						t.Errorf("%s passes as a canonical", url)
					}
				}
				if kind != "name" {
					if url := base + "StructureDefinition/" + id; definitionMayPass(rs.FHIR.Canonicals, []byte(url)) {
						t.Errorf("%s passes as a canonical", url)
					}
				}
			}
		}
	}
	for kind, ids := range identifiers() {
		for _, form := range []string{"http://loinc.org|%s", "http://loinc.org/%s", "http://loinc.org/vs/%s", "http://loinc.org/vs/LL%s", "http://snomed.info/sct/%s", "http://snomed.info/sct?fhir_vs=%s",
			"http://snomed.info/sct?fhir_vs=isa/%s", "http://snomed.info/sct?fhir_vs=refset/%s", "http://snomed.info/sct?fhir_vs=ecl/%s", "http://snomed.info/sct/%s?fhir_vs", "http://snomed.info/sct|%s"} {
			passed := 0
			for _, id := range ids {
				if systems.canonicalMayPass(fmt.Appendf(nil, form, id)) {
					passed++
				}
			}
			if passed > len(ids)/8 {
				t.Errorf("%d of %d %ss pass as %s", passed, len(ids), kind, form)
			}
		}
	}
	if definitionMayPass(rs.FHIR.Canonicals, []byte("http://hl7.org/fhir/uv/John-Smith.555-12-3456")) || definitionMayPass(rs.FHIR.Canonicals, []byte("http://hl7.org/fhir/uv/John-Smith")) {
		t.Error("a name passes as a guide")
	}
}

// TestFormsTakeTrueCodes: published codes of each system pass.
func TestFormsTakeTrueCodes(t *testing.T) {
	t.Parallel()
	for form, codes := range map[string]string{
		"ndc": "0002-1433-80 50242-041-21 12345-6789-1 12345-6789-12 0002-1433 50242-041 00002143380 00781150610", "rxnorm": "313782 1049502 198240", "cpt": "99213 99213-25 0001U 00100 90715",
		"hcpcs": "J1885 G0439 99213-25 J1885-JW", "icd10": "E11.9 S72.001A S72001A O31.11X0 O3111X0 I10 J45.909 0BH17EZ C50.911 A09 XW033E5", "unii": "R16CO5Y76E 059QF0KO0R 362O9ITL9D",
		"language": "de en-US bfi sr-Latn zh-Hans-CN es-419 pt-BR fil sgn", "country": "US DEU 840 GB", "currency": "USD EUR", "mvx": "PFR MOD SKB", "modality": "CT MR US", "ops": "5-470.11 1-632 8-980 5-820.00 8-98g.11",
		"pzn": "27580899 04114918", "drg": "470", "taxonomy": "207Q00000X 2080P0216X 390200000X 261QM0801X 1041C0700X 1223G0001X", "loinc": "LA27976-2 LP173421-1 LG33055-1",
	} {
		for _, code := range strings.Fields(codes) {
			if !codeForms[form]([]byte(code)) {
				t.Errorf("%s is no %s", code, form)
			}
		}
	}
	for form, codes := range map[string]string{"ndc": "123-45-6789 5550104477 12345-6789 15550104477", "language": "xx-Smith john EN en_US english qqq-Zzzx en-x-john", "country": "LEE KIM ZZZ", "currency": "LEE KIM SMI", "mvx": "LEE KIM",
		"modality": "LEE JOHN", "icd10": "M123456 1234567", "pzn": "19800305", "unii": "5550104477", "loinc": "123456789-0", "snomed": "57943003", "taxonomy": "123456789X SMITHSMITX", "cms": "https://bluebutton.cms.gov/resources/variables/john_123456789"} {
		for _, code := range strings.Fields(codes) {
			if codeForms[form]([]byte(code)) {
				t.Errorf("%s is one of %s", code, form)
			}
		}
	}
}

// TestVersionsBySystem: a version passes in the form that its system has.
func TestVersionsBySystem(t *testing.T) {
	t.Parallel()
	for system, versions := range map[string][2]string{
		"http://loinc.org":       {"2.77 2.7", "123-45-6789 2024 20240101 2.777 10.1 1980-03-05"},
		"http://snomed.info/sct": {"http://snomed.info/sct/900000000000207008 http://snomed.info/sct/731000124108/version/20240301", "20240301 2024 http://snomed.info/sct/123456789 http://snomed.info/sct/731000124108/version/19800305 http://snomed.info/sct/731000124108/version/5550104"},
		"http://terminology.hl7.org/CodeSystem/observation-category": {"1.0.0 4.0.1 5.0.0-ballot 2024", "1980-03-05 123-45-6789 1.2.3.4 1937 555.010.4477 4.0.1-smith"},
		"http://terminology.hl7.org/CodeSystem/v3-ActCode":           {"2018-08-12 9.0.0", "2018-08-13"},
		"http://hl7.org/fhir/sid/icd-10-cm":                          {"2024", "202 20240 1935"},
	} {
		for _, v := range strings.Fields(versions[0]) {
			if !versionMayPass([]byte(system), []byte(v)) {
				t.Errorf("%s is no version of %s", v, system)
			}
		}
		for _, v := range strings.Fields(versions[1]) {
			if versionMayPass([]byte(system), []byte(v)) {
				t.Errorf("%s is a version of %s", v, system)
			}
		}
	}
}

// TestSynonymsOfSystems: a system passes by its other names as well.
func TestSynonymsOfSystems(t *testing.T) {
	t.Parallel()
	for other, want := range map[string]string{
		"urn:oid:2.16.840.1.113883.6.1": "http://loinc.org", "urn:oid:2.16.840.1.113883.6.96": "http://snomed.info/sct", "http://hl7.org/fhir/v3/RoleCode": "http://terminology.hl7.org/CodeSystem/v3-RoleCode",
		"http://hl7.org/fhir/v2/0203": "http://terminology.hl7.org/CodeSystem/v2-0203", "urn:oid:2.16.840.1.113883.5.111": "http://terminology.hl7.org/CodeSystem/v3-RoleCode",
		"http://hl7.org/fhir/observation-category": "http://terminology.hl7.org/CodeSystem/observation-category", "urn:oid:2.16.840.1.113883.6.238": "urn:oid:2.16.840.1.113883.6.238", "http://loinc.org": "http://loinc.org", "https://snomed.info/sct": "http://snomed.info/sct", "http://loinc.org/": "http://loinc.org",
	} {
		if got := string(systemOf([]byte(other))); got != want {
			t.Errorf("%s is %s, want %s", other, got, want)
		}
	}
}

// TestCodesOfGuides: codes of the code systems that HL7's guides define pass, under the
// wildcard that lists them.
func TestCodesOfGuides(t *testing.T) {
	t.Parallel()
	terms := Terminology()
	for system, code := range map[string]string{
		"http://hl7.org/fhir/uv/genomics-reporting/CodeSystem/tbd-codes-cs": "diagnostic-implication",
		"http://hl7.org/fhir/questionnaire-item-control":                    "drop-down",
	} {
		if !terms.HasCode([]byte(system), []byte(code)) || terms.HasCode([]byte(system), []byte("Smith")) {
			t.Errorf("%s of %s", code, system)
		}
	}
}

// TestAgeCodesAreCodes: each code of the table has its check digit.
func TestAgeCodesAreCodes(t *testing.T) {
	t.Parallel()
	for code := range ageCodes {
		if code != "age" && !isLOINC([]byte(code)) && !isSNOMED([]byte(code)) {
			t.Errorf("%s is no code", code)
		}
	}
}
