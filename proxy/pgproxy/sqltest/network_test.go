package sqltest

import "testing"

// networkRulesets are the dates' rules of the rulesets that the research networks are read
// under.
var networkRulesets = map[string]string{
	"safe-harbor": `
    - {id: births, match: [{column: birth_date}], method: birthYear}
    - {id: dates, match: [{column: "*_date"}], method: year}
`,
	"research": `
    - {id: patids-dates, match: [{schema: pcornet, column: "*_date"}], method: date, mode: shift, entity: patid}
    - {id: nums-dates, match: [{schema: crc, column: "*_date"}], method: date, mode: shift, entity: patient_num}
    - {id: quantities, match: [{column: rx_quantity}], method: noise, within: "2.0", entity: patid}
`,
	"limited-dataset": `
    - {id: nums-dates, match: [{schema: crc, column: "*_date"}], method: date, mode: shift, weekday: true, window: 182, entity: patient_num}
    - {id: months, match: [{column: "enr_*_date"}, {table: death, column: death_date}], method: date, mode: month}
`,
}

// TestNetwork runs what the tools of two research networks, dashboards, object mappers and
// clients send over large tables, under three rulesets.
func TestNetwork(t *testing.T) {
	t.Parallel()
	compareUnder(t, "network", []string{"pcornet", "crc"}, networkRulesets)
}
