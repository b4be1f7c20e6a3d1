package fhir_test

import (
	"strings"
	"testing"

	"github.com/veil-proxy/veil/fhir"
	"github.com/veil-proxy/veil/internal/masktest"
)

// TestConditions holds what each test and combination means, with the members in either
// order, in JSON and, warm, with what was remembered.
func TestConditions(t *testing.T) {
	t.Parallel()
	const (
		home   = `"use":"home","system":"phone","rank":1`
		work   = `"use":"work","system":"email"`
		none   = `"system":"phone"`
		period = `"use":"home","period":{"start":"2020","end":"2021"}`
	)
	all := []string{home, work, none, period}
	for _, tc := range []struct {
		where string
		holds []string
	}{
		{"use = 'home'", []string{home, period}},
		{"use != 'home'", []string{work}},
		{"use in ('home' | 'work')", []string{home, work, period}},
		{"use.exists()", []string{home, work, period}},
		{"use.exists().not()", []string{none}},
		{"use.empty()", []string{none}},
		{"use.empty().not()", []string{home, work, period}},
		{"period.start.exists()", []string{period}},
		{"period.start.empty()", []string{home, work, none}},
		{"period.start = '2020'", []string{period}},
		{"period.start != '2020'", nil},
		{"use.startsWith('ho')", []string{home, period}},
		{"use.startsWith('o')", nil},
		{"use.matches('^w.*k$')", []string{work}},
		{"use.matches('o')", []string{home, work, period}},
		{"use = 'home' and system = 'phone'", []string{home}},
		{"use = 'home' or system = 'phone'", []string{home, none, period}},
		{"use = 'work' or use = 'home' and system.empty()", []string{work, period}},
		{"(use = 'work' or use = 'home') and system.empty()", []string{period}},
		{"use != 'home' and system = 'phone'", nil},
		{"use.empty() and system = 'phone'", []string{none}},
		{"((use = 'home'))", []string{home, period}},
		{"period.start.exists() and period.end.exists()", []string{period}},
	} {
		t.Run(tc.where, func(t *testing.T) {
			t.Parallel()
			a, err := masktest.Compile(t, "veil: 1\nname: test\nreferenceDate: 2026-12-31\nfhir:\n  rules:\n"+
				"    - {id: rest, match: [nodesByType('code'), nodesByType('dateTime'), nodesByType('positiveInt')], method: keep}\n"+
				"    - {id: value, match: \"ContactPoint.where("+tc.where+").value\", method: keep}\n")
			if err != nil {
				t.Fatal(err)
			}
			m := masktest.NewMasker(a, fhir.RememberAlways)
			for range 2 {
				for _, point := range all {
					want := false
					for _, h := range tc.holds {
						want = want || h == point
					}
					for _, members := range []string{point + `,"value":"SHOWN"`, `"value":"SHOWN",` + point} {
						out, err := m.Mask([]byte(`{"resourceType":"Patient","gender":"male","telecom":[{` + members + `}]}`))
						if err != nil {
							t.Fatal(err)
						}
						if got := strings.Contains(string(out), "SHOWN"); got != want {
							t.Errorf("{%s}: shown %t, want %t", members, got, want)
						}
					}
				}
			}
		})
	}
}

// TestConditionsOfRowsOfCodes holds conditions on repeated members, on booleans, and on
// the element itself.
func TestConditionsOfRowsOfCodes(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, match, src string
		shown            bool
	}{
		{"one of several", "Observation.where(code.coding.code = 'b').value.ofType(string)", `{"resourceType":"Observation","code":{"coding":[{"code":"a"},{"code":"b"}]},"valueString":"SHOWN"}`, true},
		{"not one of several", "Observation.where(code.coding.code != 'b').value.ofType(string)", `{"resourceType":"Observation","code":{"coding":[{"code":"a"},{"code":"b"}]},"valueString":"SHOWN"}`, false},
		{"none of several", "Observation.where(code.coding.code != 'c').value.ofType(string)", `{"resourceType":"Observation","code":{"coding":[{"code":"a"},{"code":"b"}]},"valueString":"SHOWN"}`, true},
		{"null is nothing", "Observation.where(code.coding.code.exists()).value.ofType(string)", `{"resourceType":"Observation","code":{"coding":[{"code":null}]},"valueString":"SHOWN"}`, false},
		{"true", "Patient.where(active = true).language", `{"resourceType":"Patient","language":"SHOWN","active":true}`, true},
		{"not true", "Patient.where(active = true).language", `{"resourceType":"Patient","language":"SHOWN","active":false}`, false},
		{"the element itself", "Patient.contact.where(gender.exists() and relationship.empty())", `{"resourceType":"Patient","contact":[{"gender":"male","organization":{"display":"SHOWN"}}]}`, true},
		{"not the element itself", "Patient.contact.where(gender.exists() and relationship.empty())", `{"resourceType":"Patient","contact":[{"gender":"male","relationship":[{}],"organization":{"display":"SHOWN"}}]}`, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			method := "keep"
			rest := "nodesByType('code')"
			if strings.HasSuffix(tc.match, "))") {
				method, rest = "descend", "Reference.display"
			}
			rules := "    - {id: value, match: \"" + tc.match + "\", method: " + method + "}\n"
			if method == "descend" {
				rules += "    - {id: others, match: Patient.contact, method: remove}\n"
			}
			if !strings.Contains(tc.match, "language") {
				rules += "    - {id: rest, match: \"" + rest + "\", method: keep}\n"
			}
			a, err := masktest.Compile(t, "veil: 1\nname: test\nreferenceDate: 2026-12-31\nfhir:\n  rules:\n"+rules)
			if err != nil {
				t.Fatal(err)
			}
			out, err := masktest.NewMasker(a, fhir.RememberNothing).Mask([]byte(tc.src))
			if err != nil {
				t.Fatal(err)
			}
			if got := strings.Contains(string(out), "SHOWN"); got != tc.shown {
				t.Errorf("shown %t: %s", got, out)
			}
		})
	}
}
