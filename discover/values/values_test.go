package values

import (
	"fmt"
	"strings"
	"testing"
)

// TestKinds: a value is of the kinds that are listed, and of none of those behind "!".
func TestKinds(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		value string
		is    []Kind
		not   []Kind
	}{
		{"078-05-1120", []Kind{SSN}, []Kind{Phone, Date}},
		{"000-12-3456", nil, []Kind{SSN}},
		{"jo.miller@example.org", []Kind{Email}, []Kind{URL, Username}},
		{"https://example.org/a", []Kind{URL}, []Kind{Email, Path}},
		{"192.168.7.20", []Kind{IP}, []Kind{Phone, Version}},
		{"2001:db8::7", []Kind{IP}, nil},
		{"12.4.1", []Kind{Version}, []Kind{IP, Decimal}},
		{"(217) 555-0142", []Kind{Phone}, nil},
		{"+49 761 203 4567", []Kind{Phone}, nil},
		{"06 12 34 56 78", []Kind{Phone}, nil},
		{"0221/445566", []Kind{Phone}, nil},
		{"217-555-0142 x31", []Kind{Phone}, nil},
		{"2024-01-31", []Kind{Date}, []Kind{Phone, Timestamp}},
		{"31.01.2024", []Kind{Date}, []Kind{Phone, Version}},
		{"1/31/24", []Kind{Date}, nil},
		{"31-Jan-24", []Kind{Date}, nil},
		{"Jan 31, 2024", []Kind{Date}, []Kind{Street}},
		{"3. März 2024", []Kind{Date}, nil},
		{"2024-01-31T09:05:00.250+02:00", []Kind{Date, Timestamp}, nil},
		{"09:05", []Kind{Time}, []Kind{Date}},
		{"20240131", []Kind{CompactDate}, nil},
		{"1961", []Kind{Year, PersonYear}, nil},
		{"2023-13-45", nil, []Kind{Date}},
		{"12345678Z", []Kind{NationalForm, NationalChecked}, nil},
		{"12345678A", []Kind{NationalForm}, []Kind{NationalChecked}},
		{"X1234567L", []Kind{NationalChecked}, nil},
		{"RSSMRA85T10A562S", []Kind{NationalChecked}, nil},
		{"9434765919", []Kind{NationalChecked}, nil},
		{"943 476 5919", []Kind{NationalForm, NationalChecked}, nil},
		{"111222333", []Kind{NationalChecked}, nil},
		{"529.982.247-25", []Kind{NationalForm, NationalChecked}, nil},
		{"44051401359", []Kind{NationalChecked}, nil},
		{"86095742719", []Kind{NationalChecked}, nil},
		{"756.9217.0769.85", []Kind{NationalForm, NationalChecked}, nil},
		{"255081416802538", []Kind{NationalForm, NationalChecked}, nil},
		{"046 454 286", []Kind{NationalForm, NationalChecked}, nil},
		{"85.07.30-033.28", []Kind{NationalForm, NationalChecked}, nil},
		{"1234567T", []Kind{NationalChecked}, nil},
		{"736028/5163", []Kind{NationalChecked}, nil},
		{"11010519491231002X", []Kind{NationalChecked}, nil},
		{"811218-9876", []Kind{NationalChecked}, nil},
		{"131052-308T", []Kind{NationalChecked}, nil},
		{"15070649C103", []Kind{NationalForm, NationalChecked}, nil},
		{"A123456780", []Kind{NationalChecked, MedicareID}, nil},
		{"AB123456C", []Kind{NationalForm}, nil},
		{"1EG4-TE5-MK73", []Kind{MedicareID}, nil},
		{"1234567893", []Kind{NPI}, nil},
		{"1234567894", nil, []Kind{NPI}},
		{"DE89 3704 0044 0532 0130 00", []Kind{IBANForm, IBANChecked}, []Kind{Phone}},
		{"GB82WEST12345698765432", []Kind{IBANForm, IBANChecked}, nil},
		{"4111 1111 1111 1111", []Kind{CardForm, CardChecked}, nil},
		{"4111111111111112", []Kind{CardForm}, []Kind{CardChecked}},
		{"1M8GDM9AXKP042788", []Kind{VINForm, VINChecked}, nil},
		{"K-AB 123", []Kind{Plate}, nil},
		{"(01)00884838000254(11)221018", []Kind{UDI}, nil},
		{"00:1A:2B:3C:4D:5E", []Kind{MAC}, []Kind{IP}},
		{"742 Evergreen Terrace", []Kind{Street}, []Kind{PersonName}},
		{"Lindenallee 12a", []Kind{Street}, nil},
		{"rue de la Paix, 4", []Kind{Street}, nil},
		{"Calle Mayor 3, 2ºB", []Kind{Street}, nil},
		{"Via Garibaldi 8", []Kind{Street}, nil},
		{"P.O. Box 881", []Kind{Street}, nil},
		{"Apt 4", []Kind{Unit}, nil},
		{"Halle (Saale)", []Kind{CityName}, nil},
		{"St. Louis", []Kind{CityName}, nil},
		{"King County", []Kind{DistrictName}, nil},
		{"SW1A 1AA", []Kind{Postcode}, nil},
		{"1012 AB", []Kind{Postcode}, nil},
		{"02139-4307", []Kind{Zip, Zip4}, nil},
		{"Nordrhein-Westfalen", []Kind{StateName}, nil},
		{"Frankreich", []Kind{CountryName}, nil},
		{"Heinrich", []Kind{GivenName}, nil},
		{"Müller-Lüdenscheidt", nil, []Kind{PersonName}},
		{"O'Brien", []Kind{FamilyName}, nil},
		{"Dr. Emma Schröder", []Kind{PersonName}, nil},
		{"GARCIA LOPEZ, MARIA", []Kind{PersonName}, nil},
		{"SMITH^JOHN^A", []Kind{PersonName}, nil},
		{"Foley catheter", nil, []Kind{PersonName}},
		{"St. Mary's Hospital", []Kind{OrgName}, nil},
		{"Klinikum Jena", []Kind{OrgName}, nil},
		{"weiblich", []Kind{Sex}, nil},
		{"célibataire", []Kind{Marital}, nil},
		{"E11.9", []Kind{ICD10}, nil},
		{"4548-4", []Kind{LOINC}, nil},
		{"22298006", []Kind{SNOMED}, nil},
		{"C09AA03", []Kind{ATC}, nil},
		{"mg/dL", []Kind{MeasureUnit}, nil},
		{"Pt seen on 3/4/24 for cough, denies fever.", []Kind{Sentence, TextWithIdentifier}, nil},
		{"Essential hypertension", []Kind{Phrase}, []Kind{TextWithIdentifier, PersonName}},
		{`{"resourceType": "Patient"}`, []Kind{JSON, FHIR}, nil},
		{`\x89504e470d0a`, []Kind{ImageData, Bytes}, nil},
		{"MSH|^~\\&|LAB|X", []Kind{HL7}, nil},
		{"batch/claims_88.csv", []Kind{Path}, nil},
		{"jmiller7", []Kind{Username}, nil},
		{"-12.75", []Kind{Decimal}, []Kind{Integer}},
	} {
		v := newValue(tc.value)
		k, _ := v.kinds()
		for _, kind := range tc.is {
			if !k.has(kind) {
				t.Errorf("%q: not %q", tc.value, kind)
			}
		}
		for _, kind := range tc.not {
			if k.has(kind) {
				t.Errorf("%q: %q", tc.value, kind)
			}
		}
	}
}

// TestProfileHasNoValues: a profile printed with all that is in it has none of the
// values that it was made of, and a form that is not of most values is not kept.
func TestProfileHasNoValues(t *testing.T) {
	t.Parallel()
	s := NewSample()
	for i := range 40 {
		s.Add(fmt.Sprintf("Zyxwvu%02dplanted", i))
	}
	s.Add("QQ-rare-7")
	s.Null()
	p := s.Profile()
	text := fmt.Sprintf("%+v", *p)
	if strings.Contains(strings.ToLower(text), "planted") || strings.Contains(text, "QQ") {
		t.Errorf("a value is in the profile: %s", text)
	}
	if p.Rows != 42 || p.Nulls != 1 || p.Distinct != 41 || p.Form != "Aaaaaa99aaaaaaa" {
		t.Errorf("rows %d, nulls %d, distinct %d, form %q", p.Rows, p.Nulls, p.Distinct, p.Form)
	}
	few := NewSample()
	for i := range 9 {
		few.Add(fmt.Sprintf("AB-%d", i))
	}
	if form := few.Profile().Form; form != "" {
		t.Errorf("the form %q of nine values is kept", form)
	}
}

// TestUnsealable: values that are no FHIR ids are counted, for they cannot be sealed.
func TestUnsealable(t *testing.T) {
	t.Parallel()
	s := NewSample()
	for _, v := range []string{"A-1.2", "17", "", "x_1", "2023/4", "ÄB1", strings.Repeat("a", 65), strings.Repeat("a", 64), "N/A"} {
		s.Add(v)
	}
	if p := s.Profile(); p.Unsealable != 5 {
		t.Errorf("%d values count as unsealable, want 5", p.Unsealable)
	}
}
