package fhir

import (
	"encoding/json"
	"fmt"
	"testing"
)

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

func TestTerminology(t *testing.T) {
	terms := Terminology()
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
	for i := 0; i < len(terms.codes)/8; i += 97 {
		if h := terms.codes.at(i); !terms.codes.has(h) || i > 0 && terms.codes.at(i-1) >= h {
			t.Fatalf("hash %d is not found, or out of order", i)
		}
	}
	if n := testing.AllocsPerRun(100, func() { terms.HasDisplay([]byte(marital), []byte("M"), []byte("Married")) }); n > 0 {
		t.Errorf("a look-up allocates %v times", n)
	}
}

func TestSchema(t *testing.T) {
	s := R4()
	if s.Version != "4.0.1" {
		t.Errorf("version is %s", s.Version)
	}
	resources := 0
	for _, typ := range s.Types() {
		if typ.Kind == ResourceKind && !typ.Abstract {
			resources++
		}
		for _, e := range typ.Elements {
			for _, et := range e.Types {
				if et.Type == nil {
					t.Errorf("%s.%s has a type without elements", typ.Name, e.Name)
				}
			}
		}
	}
	if resources != 146 {
		t.Errorf("%d resource types, want 146", resources)
	}
	value := s.Type("Observation").element("value")
	if !value.Choice || len(value.Types) != 11 || value.JSONName(value.Types[0]) != "valueQuantity" {
		t.Errorf("Observation.value is %+v", value)
	}
	gender := s.Type("Patient").element("gender")
	if gender.Binding.Strength != "required" || !gender.Binding.ValueSet.Contains([]byte("female")) || gender.Binding.ValueSet.Contains([]byte("Smith")) {
		t.Error("Patient.gender is not bound to its four codes")
	}
	if r := s.Type("Observation.component").element("referenceRange"); r.Types[0].Type.Name != "Observation.referenceRange" {
		t.Errorf("the content reference leads to %s", r.Types[0].Type.Name)
	}
	if p, ok := s.SearchParam("Patient", "_id"); !ok || p.Type != "token" {
		t.Error("_id is not found for Patient")
	}
}

// TestKeyTable finds every name of every type, and nothing else.
func TestKeyTable(t *testing.T) {
	for _, typ := range R4().Types() {
		var names []string
		for i := range typ.Elements {
			e := &typ.Elements[i]
			for _, et := range e.Types {
				names = append(names, e.JSONName(et), "_"+e.JSONName(et))
			}
		}
		if len(names) == 0 {
			continue
		}
		table := newKeyTable(names)
		for i, name := range names {
			text := []byte(fmt.Sprintf("%q:                                        ", name))
			var f fault
			end, field, escaped := table.scanKey(text, 0, &f)
			if end != len(name)+2 || escaped || names[field] != name {
				t.Fatalf("%s: %s is found as field %d", typ.Name, name, field)
			}
			if short := []byte(fmt.Sprintf("%q:", name)); i%7 == 0 {
				if _, field, _ := table.scanKey(short, 0, &f); names[field] != name {
					t.Fatalf("%s: %s at the end of the text is found as field %d", typ.Name, name, field)
				}
			}
			for _, other := range []string{name + "x", name[1:], "X" + name[1:]} {
				if k := table.find([]byte(other)); k >= 0 && names[k] != other {
					t.Fatalf("%s: %s is found as %s", typ.Name, other, names[k])
				}
			}
		}
	}
}

// FuzzScan holds the scanner and encoding/json together: they agree on what is
// JSON, but for nesting that is too deep and for UTF-8, where this one is
// stricter.
func FuzzScan(f *testing.F) {
	for _, s := range []string{`{}`, `[1,2.5e-3,"a\u00e9\ud83d\ude00"]`, `{"a":[true,false,null]}`, `"\x"`, `01`, `[1,]`, `{"a":1,}`, "\"\xff\""} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var fl fault
		i := space(text, 0)
		end := skipValue(text, i, 0, &fl)
		valid := end >= 0 && space(text, end) == len(text)
		if valid && !json.Valid(text) {
			t.Errorf("%q is taken and is not JSON", text)
		}
		if !valid && json.Valid(text) && fl.what != "nested too deep" && fl.what != "invalid UTF-8" &&
			fl.what != "first half of a surrogate pair without its second" && fl.what != "second half of a surrogate pair without its first" {
			t.Errorf("%q is refused: %s", text, fl.what)
		}
		if len(text) > 1 && text[0] == '"' && valid && end == len(text) {
			var want string
			if json.Unmarshal(text, &want) == nil {
				if got := unescape(nil, text[1:end-1]); string(got) != want {
					t.Errorf("%q is read as %q, want %q", text, got, want)
				}
				if got := appendEscaped(nil, []byte(want)); !json.Valid(append(append([]byte{'"'}, got...), '"')) {
					t.Errorf("%q is escaped as %q", want, got)
				}
			}
		}
	})
}

func FuzzMatch(f *testing.F) {
	for _, s := range []string{"Patient.name", "nodesByType('x')", "A.where(b.c in ('d' | 'e')).f.ofType(G)", "extension('u').extension('v').value", "A..b", "where("} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		p, err := parseMatch(s)
		if err == nil && p.anchor == "" && len(p.steps) == 0 {
			t.Errorf("%q matches nothing and is no error", s)
		}
	})
}
