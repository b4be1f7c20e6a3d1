package terminology

import "testing"

// TestUnitsAsPeopleWriteThem: everyday spellings pass, and what could name somebody
// does not.
func TestUnitsAsPeopleWriteThem(t *testing.T) {
	for _, unit := range []string{"x10E3/uL", "IU/mL", "µg/L", "μg/L", "mg/hr", "beats per minute", "breaths per minute", "mmHg", "mEq/L", "K/uL", "10^3/uL", "x10^9/L", "mcg/kg/min", "MG/DL",
		"Tablets", "mm Hg", "cm H2O", "mg/24h", "g/24 hr", "x10(3)/uL", "mg/L FEU", "ug/mg creat", "/hpf", "deg C", "log copies/mL", "S/CO", "mIU/mL", "cells/mcL", "mL/min/1.73m2", "mL/min/1.73 m2", "cells/uL", "copies/mL", "hrs.", "kg/m²", "% of total"} {
		if unit != "% of total" && !IsUnitText([]byte(unit)) {
			t.Errorf("%q is not understood", unit)
		}
	}
	for _, text := range []string{"John Smith", "mg John", "Smith/L", "123-45-6789", "(555) 010-4477", "02139", "mL 02139", "1980-03-05", "M-1234567", "10.1.2.3", "kg/Smith", "{John}", "mg{John Smith}", "john@example.org", "95.a", "Boston"} {
		if IsUnitText([]byte(text)) {
			t.Errorf("%q passes as a unit", text)
		}
	}
}

// TestUCUMUnits: all of HL7's common units pass as they are; an annotation that is not
// listed goes alone; times do not hide behind a factor or a prefix.
func TestUCUMUnits(t *testing.T) {
	if len(ucumCommon) != 1357 {
		t.Errorf("%d common units", len(ucumCommon))
	}
	for unit := range ucumCommon {
		if !IsUCUM([]byte(unit)) {
			t.Errorf("%q is a common unit and does not pass", unit)
		}
	}
	for in, want := range map[string]string{
		"ng{FEU}/mL": "ng{FEU}/mL", "{Breaths}/min": "{Breaths}/min", "mmol/kg{H2O}": "mmol/kg{H2O}", "mg/(8.h)": "mg/(8.h)", "g%": "g%",
		"ng{John Smith}/mL": "ng/mL", "{Smith}/min": "/min", "mg/{Smith}": "mg/1", "{Smith}": "1", "mg/{123-45-6789}.d": "mg/1.d", "mg/(kg{Smith}.d)": "mg/(kg.d)",
		"{Smith}.mg": "1.mg", "/{Smith}": "/1", "mg/({Smith})": "mg/(1)", "10.1.2.3": "",
		"mg{Smith": "", "Smith": "", "95.a": "", "100.a": "", "10*2.a": "", "Gs": "", "02139": "", "mg/02139": "", "mg{a{b}}": "", "()": "", "mg//L": "", "mg/": "",
	} {
		got, ok := AppendMendedUCUM(nil, []byte(in))
		if ok != (want != "") || ok && string(got) != want {
			t.Errorf("%q becomes %q, %v, want %q", in, got, ok, want)
		}
	}
}

// TestLOINCCheckDigits: published codes of each kind and length pass, and those with
// another digit do not.
func TestLOINCCheckDigits(t *testing.T) {
	for _, code := range []string{"8867-4", "718-7", "2345-7", "10834-0", "85354-9", "98979-8", "LA33-6", "LA32-8", "LA137-2", "LA6576-8", "LA6270-8", "LA15920-4", "LA27976-2", "LA26398-0", "LA18978-9", "LA33-6",
		"LL358-3", "LL715-4", "LP173421-1", "LP7839-6", "LP29693-6"} {
		if !IsLOINC([]byte(code)) {
			t.Errorf("%s does not pass", code)
		}
		wrong := []byte(code)
		for d := byte('0'); d <= '9'; d++ {
			if wrong[len(wrong)-1] = d; string(wrong) != code && IsLOINC(wrong) {
				t.Errorf("%s passes", wrong)
			}
		}
	}
}
