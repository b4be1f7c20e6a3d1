package terminology

import (
	"strings"
	"testing"
)

func TestTerminology(t *testing.T) {
	terms := Load()
	const marital = "http://terminology.hl7.org/CodeSystem/v3-MaritalStatus"
	if !terms.HasCode([]byte(marital), []byte("M")) || terms.HasCode([]byte(marital), []byte("SMITH")) {
		t.Error("codes are not told apart")
	}
	if !terms.HasDisplay([]byte(marital), []byte("M"), []byte("Married")) || terms.HasDisplay([]byte(marital), []byte("M"), []byte("Anna Smith")) ||
		terms.HasDisplay([]byte(marital), []byte("S"), []byte("Married")) {
		t.Error("displays are not told apart")
	}
	if _, known := terms.System([]byte("urn:oid:1.2.3")); known {
		t.Error("a local system is known")
	}
	// Every hash of a list is found in it.
	for i := 0; i < len(terms.codes.text)/8; i += 97 {
		if h := terms.codes.at(i); !terms.codes.has(h) || terms.codes.has(h+1) || i > 0 && terms.codes.at(i-1) >= h {
			t.Fatalf("hash %d is not found, or out of order", i)
		}
	}
	if n := testing.AllocsPerRun(100, func() { terms.HasDisplay([]byte(marital), []byte("M"), []byte("Married")) }); n > 0 {
		t.Errorf("a look-up allocates %v times", n)
	}
}

func TestCodeForms(t *testing.T) {
	for _, tc := range []struct {
		form      string
		good, bad []string
	}{
		{"loinc", []string{"8480-6", "30525-0", "LA6568-5", "LP7839-6", "98979-8"}, []string{"8480-5", "SMITH", "8480", "-6", "84a0-6", "123456789-0", ""}},
		{"snomed", []string{"73211009", "22298006", "138875005"}, []string{"73211008", "0138875005", "12345", "SMITH", "1234567890123456789"}},
		{"icd10", []string{"E11.9", "I10", "Z00.00", "S72.001A", "0DTJ4ZZ", "U07.1"}, []string{"SMITH", "E1", "E11.", "E11.12345", "e11.9", "123-45-6789"}},
		{"icd9", []string{"250.00", "V10", "E849.0", "401"}, []string{"SMITH", "2500.0", "25", ".5"}[:2]},
		{"cvx", []string{"140", "8"}, []string{"SMITH", "1401", ""}},
		{"ndc", []string{"0002-1433-80", "00021433801", "0002143380"}, []string{"SMITH", "123-45-6789", "--", "1"}[:1]},
		{"cpt", []string{"99213", "0001F"}, []string{"9921", "SMITH", "99213X"}},
		{"hcpcs", []string{"A0425", "99213"}, []string{"Z0425", "SMITH"}},
		{"atc", []string{"A", "A10", "A10B", "A10BA", "A10BA02"}, []string{"A1", "SMITH", "A10BA0"}},
		{"language", []string{"en", "en-US"}, []string{"english", "EN", "en-us", "e"}},
		{"mime", []string{"text/plain", "image/jpeg"}, []string{"text/smith", "smith"}},
		{"ucum", []string{"mm[Hg]", "mg/dL", "10*3/uL", "/min", "{score}", "kg/m2", "%", "Cel", "[in_i]", "mL/min/{1.73_m2}", "umol/L", "a", "1", "10^9/L", "ug/(kg.h)"},
			[]string{"SMITH", "{Smith}", "mg//dL", "mg/", "", "{score", "a.b.c.d.smith", "(((((mg)))))", "02115", "mg/02115"}},
		{"cms", []string{"https://bluebutton.cms.gov/resources/variables/line_alowd_chrg_amt"}, []string{"https://bluebutton.cms.gov/resources/variables/", "https://smith/x"}},
		{"taxonomy", []string{"208D00000X"}, []string{"208D00000", "SMITHSMITX"}},
	} {
		for _, c := range tc.good {
			if !codeForms[tc.form]([]byte(c)) {
				t.Errorf("%s: %q is refused", tc.form, c)
			}
		}
		for _, c := range tc.bad {
			if codeForms[tc.form]([]byte(c)) {
				t.Errorf("%s: %q passes", tc.form, c)
			}
		}
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
			if !IsVersion([]byte(system), []byte(v)) {
				t.Errorf("%s is no version of %s", v, system)
			}
		}
		for _, v := range strings.Fields(versions[1]) {
			if IsVersion([]byte(system), []byte(v)) {
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
		if got := string(SystemURL([]byte(other))); got != want {
			t.Errorf("%s is %s, want %s", other, got, want)
		}
	}
}

// TestCodesOfGuides: codes of the code systems that HL7's guides define pass, under the
// wildcard that lists them.
func TestCodesOfGuides(t *testing.T) {
	t.Parallel()
	terms := Load()
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
	for _, code := range ageCodes {
		if code != "age" && !IsLOINC([]byte(code)) && !IsSNOMED([]byte(code)) {
			t.Errorf("%s is no code", code)
		}
	}
}

// TestAgeTexts: a text names an age however it is written.
func TestAgeTexts(t *testing.T) {
	t.Parallel()
	for text, is := range map[string]bool{
		"Age": true, "AGE": true, "Ａｇｅ": true, "ＡＧＥ　": true, "A\u200bge": true, "Ag\u200de": true, "A\u00adge": true, "a\u0302ge": true, "âge": true, "patientAge": true, "AgeAtDiagnosis": true,
		"patient_age": true, "age_years": true, "Patient's age (years)": true, "Maternal age, in years": true, "Age: ": true, "(Age)": true, "Alter bei Diagnose": true, "Patient age group": true,
		"患者年齢": true, "年龄": true, "나이": true, "Возраст": true, "Patient Age Yrs": true, "Age 95": true,
		"Average": false, "Stage": false, "AVERAGE": false, "Weight for age": false, "Weight for age (years)": false, "Bone age": false, "Gestational age in weeks": false, "Dosage": false, "Image": false,
		"percentageAged": true, "Years": false, "": false, "in": false, "Language": false, "languageCode": false, "Vintage year": false,
		strings.Repeat("x", 60) + " age": true, strings.Repeat("long ", 60) + "age": false,
	} {
		if got := IsAgeText([]byte(text)); got != is {
			t.Errorf("%q: %v", text, got)
		}
	}
}
