package pgdump_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/veil-proxy/veil/internal/lanestest"
	"github.com/veil-proxy/veil/postgres/script"
)

// lanesDump is rows as a dump with COPY, or with INSERT statements of so many rows.
func lanesDump(rows [][]string, perInsert int) string {
	var b strings.Builder
	b.WriteString(begin + "CREATE TABLE public.lanes (\n    " + strings.ReplaceAll(strings.Join(lanestest.Columns, " text,\n    "), "left", `"left"`) + " text\n);\n\n")
	names := strings.ReplaceAll(strings.Join(lanestest.Columns, ", "), "left", `"left"`)
	if perInsert == 0 {
		b.WriteString("COPY public.lanes (" + names + ") FROM stdin;\n")
	}
	for i, row := range rows {
		cells := make([]string, len(row))
		for k, v := range row {
			switch {
			case perInsert == 0 && v == lanestest.Null:
				cells[k] = script.Null
			case perInsert == 0:
				cells[k] = string(script.AppendEscaped(nil, []byte(v)))
			case v == lanestest.Null:
				cells[k] = "NULL"
			default:
				cells[k] = string(script.AppendQuoted(nil, []byte(v)))
			}
		}
		switch {
		case perInsert == 0:
			b.WriteString(strings.Join(cells, "\t") + "\n")
			continue
		case i%perInsert == 0:
			b.WriteString("INSERT INTO public.lanes VALUES ")
		default:
			b.WriteString(",\n\t")
		}
		fmt.Fprintf(&b, "(%s)", strings.Join(cells, ", "))
		if i%perInsert == perInsert-1 || i == len(rows)-1 {
			b.WriteString(";\n")
		}
	}
	if perInsert == 0 {
		b.WriteString("\\.\n")
	}
	return b.String() + "\n\n" + end
}

// FuzzBatches holds that rows are masked in batches as one by one, whatever they are.
func FuzzBatches(f *testing.F) {
	for seed := range uint64(4) {
		f.Add(seed, uint16(seed*97), uint8(seed*seed))
	}
	f.Add(uint64(7), uint16(399), uint8(200))
	f.Fuzz(func(t *testing.T, seed uint64, n uint16, perInsert uint8) {
		rows := int(n % 400)
		text := lanesDump(lanestest.Rows(seed, rows), int(perInsert))
		r := rules(t, "veil: 1\nname: lanes\nreferenceDate: 2025-06-30\ntables:\n  rules: ["+lanestest.Rules+"]\n")
		lanestest.Alike(t, rows, func() string {
			out, counts, reports := run(t, r, text, 1)
			return fmt.Sprint(out, counts, reports)
		})
	})
}
