package selftest

import (
	"strings"
	"testing"
)

func TestGrade(t *testing.T) {
	t.Parallel()
	pass := Probe{ID: "x", Kind: "k", Outcome: Pass, Severity: Critical}
	fail := func(s Severity) Probe { return Probe{ID: "y." + string(s), Kind: "k", Outcome: Fail, Severity: s} }
	control := func(o Outcome) Probe {
		return Probe{ID: "c", Kind: "controls", Outcome: o, Severity: Critical, Control: true, Seen: "why"}
	}
	for _, tt := range []struct {
		name   string
		probes []Probe
		grade  string
		reason string
	}{
		{"all well", []Probe{control(Pass), pass}, "A", ""},
		{"low", []Probe{pass, fail(Low)}, "B", "y.low"},
		{"medium", []Probe{pass, fail(Low), fail(Medium)}, "C", "y.medium"},
		{"high", []Probe{fail(High), fail(Medium), pass}, "D", "y.high"},
		{"critical", []Probe{pass, fail(Critical), fail(High)}, "F", "y.critical"},
		{"a control fails", []Probe{pass, control(Fail)}, "F", "control c failed"},
		{"a control cannot run", []Probe{pass, control(NotRun)}, "C", "control c could not run: why"},
		{"too many did not run", []Probe{pass, pass, {ID: "z", Kind: "k", Outcome: NotRun, Severity: Low, Seen: "why"}}, "C", "1 of 3 probes could not run"},
		{"nothing ran", []Probe{control(Pass)}, "F", "no probe"},
		{"nothing at all", nil, "F", "no probe"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := NewReport("v")
			for _, p := range tt.probes {
				r.Add(p)
			}
			r.Finish()
			if r.Grade != tt.grade || tt.reason == "" && len(r.Reasons) > 0 || !strings.Contains(strings.Join(r.Reasons, " "), tt.reason) {
				t.Errorf("grade %s, %q; want %s, %q", r.Grade, r.Reasons, tt.grade, tt.reason)
			}
		})
	}
	if Meets("B", "A") || !Meets("A", "B") || !Meets("C", "C") {
		t.Error("grades are in another order")
	}
}

func TestOriginals(t *testing.T) {
	t.Parallel()
	o := NewOriginals([]string{"Qzorvath-Meyer", "1951-07-23", "4471182", "abc", "Brandt"})
	for text, want := range map[string]bool{
		"Dr. QZORVATH-MEYER":             true,
		"reyem-htavrozq":                 true,
		"517a6f72766174682d4d65796572":   true, // hex
		"UXpvcnZhdGgtTWV5ZXI=":           true, // base 64
		"eFF6b3J2YXRoLU1leWVy":           true, // base 64, one byte on
		"19510723":                       true,
		"07/23/1951":                     true,
		"id=4471182,":                    true,
		"94471182":                       false, // a part of another number
		"abc":                            false, // too short to be looked for
		"Brandt":                         true,
		"Brandtner":                      false,
		"1951":                           false,
		"born in 1951-01-01, Zip 941":    false,
		"a masked name: Qzorvata Meyers": false,
	} {
		if got := o.Found([]byte(text), ""); got != want {
			t.Errorf("%s: %v", text, got)
		}
	}
	if o.Found([]byte("no patient Qzorvath-Meyer"), "name=Qzorvath-Meyer") || o.Found([]byte("Qzorvath-Meyer"), "?name=Qzorvath%2DMeyer") {
		t.Error("what the request has counts")
	}
}

func TestAbsent(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]string{"Meyer-1": "Zrlre-6", "1980-03-31": "1980-03-30", "1980-03-17": "1980-03-18", "666-11-0001": "111-66-5556", "2013-03-05 11:00:00+00": "2013-03-06 11:00:00+00", "ca11-07f": "1f66-5c4"} {
		if got := Absent(value); got != want {
			t.Errorf("%s: %s, want %s", value, got, want)
		}
	}
}

func TestParseCanaries(t *testing.T) {
	t.Parallel()
	c, err := ParseCanaries("c.yaml", []byte("veil: 1\npostgres:\n  - {column: public.patients.family, value: Qzorvath}\nfhir:\n  - {element: Patient.name.family, value: Qzorvath, absent: Nobody}\n  - {element: Patient.id, value: 4711-a}\n"))
	if err != nil || len(c.Postgres) != 1 || len(c.FHIR) != 2 || c.Postgres[0].Of() != "public.patients.family" || c.FHIR[0].Parameter != "family" || c.FHIR[0].Absent != "Nobody" || c.FHIR[1].Parameter != "_id" || c.Postgres[0].Absent != "Dmbeingu" {
		t.Fatalf("%+v, %v", c, err)
	}
	for text, want := range map[string]string{
		"postgres: []": "veil: 1",
		"veil: 1":      "expected canaries",
		"veil: 1\npostgres: [{column: a.b, value: abcdef}]":                    "schema.table.column",
		"veil: 1\npostgres: [{column: a.b.c, value: SECR}]":                    "at least 5",
		"veil: 1\nfhir: [{element: Patient, value: SECRET}]":                   "Patient.name.family",
		"veil: 1\nfhir: [{element: Patient.x, value: SECRET, absent: SECRET}]": "a value of the same form",
		"veil: 1\nfhir: [{elment: Patient.x, value: SECRET}]":                  `did you mean "element"`,
	} {
		_, err := ParseCanaries("c.yaml", []byte(text))
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "SECR") {
			t.Errorf("%s: %v", text, err)
		}
	}
}
