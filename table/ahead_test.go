package table_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/veil-proxy/veil/internal/lanestest"
	"github.com/veil-proxy/veil/internal/masktest"
	"github.com/veil-proxy/veil/mask"
	"github.com/veil-proxy/veil/table"
)

// cracked is a method that panics on some values, when it looks ahead and when it masks.
type cracked struct{}

func (cracked) Append(dst, src []byte, _ *mask.Input) ([]byte, mask.Outcome, error) {
	if src[0] == '!' {
		return dst, mask.Kept, fmt.Errorf("failed")
	}
	return append(dst, 'm'), mask.Replaced, nil
}

func (cracked) Queue(src []byte, _ *mask.Input) {
	if src[0] == '!' {
		panic("the value " + string(src))
	}
}

// TestLookAhead: rows that were looked at are masked as others, in order or not, whether all
// of them are masked or not, and a method that fails while it looks ahead fails only where the
// row is masked.
func TestLookAhead(t *testing.T) {
	r := masktest.Rules(t, "veil: 1\nname: lanes\nreferenceDate: 2025-06-30\ntables:\n  rules: ["+lanestest.Rules+", {id: c, match: {column: c}, method: cracked}]\n",
		mask.Definition{Name: "cracked", New: func(mask.Env, mask.Args) (mask.Method, error) { return cracked{}, nil }})
	s := table.Source{}
	for _, name := range append(lanestest.Columns, "c") {
		s.Columns = append(s.Columns, table.Column{Name: name, Type: table.Text})
	}
	p := plan(t, r, s)
	var rows []table.Cells
	for i, row := range lanestest.Rows(3, 300) {
		cell := "fine"
		if i%50 == 49 {
			cell = "!!!"
		}
		row := cells(append(row, cell)...)
		for k := range row {
			if string(row[k]) == lanestest.Null {
				row[k] = nil
			}
		}
		rows = append(rows, row)
	}
	lanestest.Alike(t, len(rows), func() string {
		m := p.Masker(mask.NewPass(p.Actions))
		var out strings.Builder
		for from := 0; from < len(rows); from += 60 {
			batch := rows[from:min(from+60, len(rows))]
			if m.LookAhead(p.Out) {
				for _, row := range batch {
					if !m.Look(row) {
						break
					}
				}
			}
			for i, row := range batch {
				if i%7 == 3 {
					continue // not masked after all
				}
				var b table.Batch
				b.Reset(len(p.Out))
				if err := m.AppendRow(&b, row); err != nil {
					fmt.Fprintln(&out, err)
					continue
				}
				for k := range p.Out {
					fmt.Fprintf(&out, "%q ", b.Cell(0, k))
				}
			}
		}
		return out.String()
	})
}
