package sqltest

import "testing"

// centreRulesets are the dates' rules of the rulesets that the data centre is read under.
var centreRulesets = map[string]string{
	"safe-harbor": `
    - {id: births, match: [{column: birth_date}, {column: birthDate}], method: birthYear}
    - {id: dates, match: [{column: adate}, {column: ddate}, {column: enr_start}, {column: enr_end}, {column: rxdate}, {column: deathdt}, {column: "*datum"}, {column: "*-Datum"}, {column: startsAt}, {column: endsAt}, {column: createdAt}, {column: updatedAt}, {column: at}], method: year}
`,
	"research": `
    - {id: patids-dates, match: [{schema: scdm, column: adate}, {column: birth_date}, {column: ddate}, {column: enr_start}, {column: enr_end}, {column: rxdate}, {column: deathdt}], method: date, mode: shift, entity: patid}
    - {id: cases-dates, match: [{table: FALL, column: "*datum"}], method: date, mode: shift, entity: pat_id}
    - {id: other-dates, match: [{table: FAB, column: "*datum"}, {column: OPS-Datum}], method: date, mode: year}
    - {id: patients-dates, match: [{column: birthDate}, {column: startsAt}, {column: endsAt}, {column: createdAt}, {column: updatedAt}, {column: at}], method: date, mode: shift, entity: patientId}
    - {id: amounts, match: [{column: rxamt}], method: noise, within: "5.0", entity: patid}
`,
	"limited-dataset": `
    - {id: patids-dates, match: [{schema: scdm, column: adate}, {column: ddate}, {column: rxdate}], method: date, mode: shift, weekday: true, window: 182, entity: patid}
    - {id: months, match: [{column: "enr_*"}, {column: deathdt}], method: date, mode: month}
`,
}

// TestCentre runs what analysts, dashboards, object mappers and attackers send over intensive
// care, claims, billing and an application's own schema, under three rulesets.
func TestCentre(t *testing.T) {
	t.Parallel()
	compareUnder(t, "centre", []string{"eicu", "scdm", "p21", "app"}, centreRulesets)
}
