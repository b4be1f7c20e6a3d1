package pgdump_test

import (
	"strings"
	"testing"
)

// TestTimeArrays holds masked arrays of times as they once were: what they are is promised.
func TestTimeArrays(t *testing.T) {
	t.Parallel()
	r := rules(t, `
veil: 1
name: arrays
referenceDate: 2025-06-30
tables:
  default: keep
  rules:
    - {id: shifted, match: [{column: days}, {column: times}, {column: moments}, {column: day}], method: date, mode: shift, entity: patient}
    - {id: months, match: {column: months}, method: date, mode: month}
    - {id: numbers, match: {column: numbers}, method: date, mode: year, as: number}
`)
	table := "CREATE TABLE public.visits (\n    patient text,\n    day date,\n    days date[],\n    times timestamp(3) without time zone[],\n    moments timestamp with time zone[],\n    months date[],\n    numbers date[]\n);\n"
	row := strings.Join([]string{
		"pat-1", "2020-02-29", "[0:3]={2020-02-29,NULL,infinity,9989-01-01}", `{{"2020-02-29 10:00:00.5"},{"2021-01-01 00:00:00"}}`,
		`{"2020-02-29 05:45:00+05:45","0044-03-15 12:00:00+00 BC"}`, "{2020-02-29,NULL}", "{2020-02-29}",
	}, "\t")
	masked := strings.Join([]string{
		"pat-1", "2020-06-10", `[0:3]={"2020-06-10",NULL,NULL,NULL}`, `{{"2020-06-10 10:00:00.5"},{"2021-04-13 00:00:00"}}`, `{"2020-06-10 00:00:00+00",NULL}`, `{"2020-02-01",NULL}`, `\N`,
	}, "\t")
	out, _, _ := run(t, r, begin+table+"COPY public.visits (patient, day, days, times, moments, months, numbers) FROM stdin;\n"+row+"\n\\.\n\n"+end, 1)
	contains(t, out, `"days" date[]`, `"times" timestamp without time zone[]`, `"moments" timestamp with time zone[]`, `"months" date[]`, masked)
	for _, bad := range []string{"2020-02-29", "{2020-02-29", "{{2020-02-29}", "{2020-02-29}}", "[0:0]{2020-02-29}"} {
		out, _, _ := run(t, r, begin+table+"COPY public.visits (patient, days) FROM stdin;\npat-1\t"+bad+"\n\\.\n\n"+end, 1)
		contains(t, out, "\npat-1\t\\N\n")
	}
}
