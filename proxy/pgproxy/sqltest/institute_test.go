package sqltest

import "testing"

// instituteRulesets are the dates' rules of the rulesets that the institute is read under.
var instituteRulesets = map[string]string{
	"safe-harbor": `
    - {id: births, match: [{column: brthdtc}, {column: birth_date}, {column: "fødselsdato"}], method: birthYear}
    - {id: dates, match: [{column: "*dtc"}, {column: "*dt"}, {column: fill_date}, {column: "*_at"}, {column: start}, {column: slut}, {column: statusdato}, {column: tidspunkt}], method: year}
`,
	"research": `
    - {id: subjects-dates, match: [{column: "*dtc"}, {column: "*dt"}], method: date, mode: shift, entity: usubjid}
    - {id: members-dates, match: [{column: birth_date}, {column: fill_date}, {column: received_at, table: claim}, {column: decided_at}], method: date, mode: shift, entity: member_id}
    - {id: persons-dates, match: [{column: "fødselsdato"}, {column: statusdato}, {column: start}, {column: slut}], method: date, mode: shift, entity: cpr}
    - {id: samples-dates, match: [{table: sample, column: "*_at"}], method: date, mode: shift, entity: patient_ref}
    - {id: other-dates, match: [{column: tidspunkt}, {column: verified_at}], method: date, mode: year}
    - {id: costs, match: [{column: ingredient_cost}], method: noise, within: "5.0", entity: member_id}
`,
	"limited-dataset": `
    - {id: subjects-dates, match: [{column: "*dtc"}, {column: "*dt"}], method: date, mode: shift, weekday: true, window: 182, entity: usubjid}
    - {id: months, match: [{column: fill_date}, {column: decided_at}, {column: statusdato}], method: date, mode: month}
`,
}

// TestInstitute runs what statisticians, pharmacists, registry researchers, laboratories, their
// tools and attackers send over trials, claims, a registry and samples, under three rulesets.
func TestInstitute(t *testing.T) {
	t.Parallel()
	compareUnder(t, "institute", []string{"sdtm", "adam", "rx", "lpr", "lims"}, instituteRulesets)
}
