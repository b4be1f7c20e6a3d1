package sqltest

import "testing"

// consortiumRulesets are the dates' rules of the rulesets that the consortium is read under.
var consortiumRulesets = map[string]string{
	"safe-harbor": `
    - {id: births, match: [{column: year_of_birth}, {column: birth_datetime}, {column: birth_date}, {column: birthdate}, {column: date_of_birth}], method: birthYear}
    - {id: dates, match: [{column: "*_date"}, {column: "*time"}, {column: "*_at"}, {column: "*_on"}, {column: dod}, {column: last_contact}], method: year}
`,
	"research": `
    - {id: persons-dates, match: [{column: "*_date"}, {column: "*_datetime"}], method: date, mode: shift, entity: [person_id, subject_id, patient_num]}
    - {id: subjects-dates, match: [{schema: mimiciv, column: "*time"}, {column: dod}], method: date, mode: shift, entity: subject_id}
    - {id: cases-dates, match: [{schema: tumor, column: "*_on"}, {column: last_contact}], method: date, mode: shift, entity: patient_no}
    - {id: births-years, match: [{column: date_of_birth}, {column: birth_datetime}, {column: birth_date}], method: birthYear}
    - {id: patients-dates, match: [{schema: portal, column: "*_at"}, {column: birthdate}], method: date, mode: shift, entity: [patient_id, id]}
`,
	"limited-dataset": `
    - {id: subjects-dates, match: [{schema: mimiciv, column: "*time"}, {column: dod}], method: date, mode: shift, weekday: true, window: 182, entity: subject_id}
    - {id: months, match: [{schema: portal, column: "*_at"}, {column: diagnosed_on}, {column: death_date}], method: date, mode: month}
    - {id: sizes, match: [{column: size_mm}], method: noise, within: "2.0", entity: patient_no}
`,
}

// TestConsortium runs what study packages, concept queries, query tools, registrars, an
// application, dashboards and attackers send over a consortium's tables, under three rulesets.
func TestConsortium(t *testing.T) {
	t.Parallel()
	compareUnder(t, "consortium", []string{"omop", "results", "mimiciv", "i2b2data", "tumor", "openmrs", "portal"}, consortiumRulesets)
}
