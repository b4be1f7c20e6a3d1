package rows

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strings"
	"testing"

	"github.com/veil-proxy/veil/internal/lanestest"
	"github.com/veil-proxy/veil/internal/masktest"
	"github.com/veil-proxy/veil/mask"
	"github.com/veil-proxy/veil/postgres/catalog"
	"github.com/veil-proxy/veil/table"
)

// lanesLayout has a bare column, wrappers with a neighbour and without, an array, and a clear
// column.
func lanesLayout(t testing.TB) *Layout {
	ring := masktest.Keyring(t, "test")
	method := func(name string, args mask.Args) mask.Method {
		m, err := masktest.Methods(t)[name].New(mask.Env{Keys: ring}, args)
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	masked := func(action int, m *table.Masking) Column {
		m.Type = table.Text
		return Column{Name: fmt.Sprint("c", action), Type: catalog.OIDText, Masking: m, Action: action}
	}
	bare := masked(0, &table.Masking{Method: method("pseudonym", mask.Args{})})
	bare.Bare = true
	return &Layout{
		Tag: []byte(NewTag()), Actions: &mask.Plan{Keys: ring, Actions: make([]mask.Action, 4)},
		Columns: []Column{
			bare,
			masked(1, &table.Masking{Method: method("pseudonym", mask.Args{"shape": "int"})}),
			{Name: "clear", Action: -1},
			masked(2, &table.Masking{Method: method("surrogate", mask.Args{"kind": "family"}), Neighbours: table.Neighbours{Entity: "id"}}),
			masked(3, &table.Masking{Method: method("pseudonym", mask.Args{"shape": "hex"}), Array: true}),
		},
	}
}

// lanesCells are the cells of a row as upstream sends them; nil is NULL.
func lanesCells(p *Layout, row []string) [][]byte {
	at := map[string]string{}
	for i, name := range lanestest.Columns {
		at[name] = strings.ReplaceAll(row[i], lanestest.Null, "")
	}
	wrapper := func(members ...string) []byte {
		out := "(" + string(p.Tag)
		for _, m := range members {
			out += `,"` + strings.ReplaceAll(strings.ReplaceAll(m, `\`, `\\`), `"`, `""`) + `"`
		}
		return []byte(out + ")")
	}
	cells := [][]byte{
		[]byte(at["id"]), wrapper(at["number"]), []byte(at["kind"]), wrapper(at["name"], at["id"]),
		wrapper(string(AppendArray(nil, [][]byte{[]byte(at["code"]), nil, []byte(at["note"])}))),
	}
	for i, name := range []string{"id", "number", "kind"} {
		if at[name] == "" {
			cells[i] = nil
		}
	}
	return cells
}

// dataRow is a message of cells.
func dataRow(cells [][]byte) []byte {
	out := []byte{'D', 0, 0, 0, 0, 0, byte(len(cells))}
	for _, c := range cells {
		n := len(c)
		if c == nil {
			n = -1
		}
		out = append(binary.BigEndian.AppendUint32(out, uint32(int32(n))), c...)
	}
	binary.BigEndian.PutUint32(out[1:], uint32(len(out)-1))
	return out
}

// copyData is a message of a line of COPY.
func copyData(cells [][]byte) []byte {
	f := CopyFormat{Format: "text", Delimiter: '\t'}
	out := []byte{'d', 0, 0, 0, 0}
	for i, c := range cells {
		if i > 0 {
			out = append(out, '\t')
		}
		if c == nil {
			out = append(out, `\N`...)
		} else {
			out = f.appendField(out, c, false)
		}
	}
	out = append(out, '\n')
	binary.BigEndian.PutUint32(out[1:], uint32(len(out)-1))
	return out
}

// maskMessages masks messages as a session does: it looks at as many as stand in its buffer.
func maskMessages(t testing.TB, p *Layout, messages [][]byte, buffered int) string {
	pass := mask.NewPass(p.Actions)
	m, err := p.Masker(pass, nil)
	if err != nil {
		t.Fatal(err)
	}
	var out []byte
	ahead := 0
	for i, msg := range messages {
		if ahead == 0 {
			end := min(i+buffered, len(messages))
			if ahead = m.LookAhead(bytes.Join(messages[i:end], nil)); ahead == 0 {
				ahead = end - i
			}
		}
		ahead--
		if msg[0] == 'D' {
			out, err = m.AppendDataRow(out, msg[frameHeader:])
		} else {
			out, err = m.AppendCopyData(out, msg[frameHeader:])
		}
		if err != nil {
			return string(out) + err.Error()
		}
	}
	return fmt.Sprint(string(out), pass.Counts)
}

// FuzzBatches holds that rows that are looked at ahead are masked as others, whatever they
// are, and however many stand in the buffer.
func FuzzBatches(f *testing.F) {
	for seed := range uint64(5) {
		f.Add(seed, uint16(seed*97), uint8(seed*60), uint16(0), byte(0))
	}
	f.Add(uint64(3), uint16(300), uint8(90), uint16(2000), byte(1))
	f.Fuzz(func(t *testing.T, seed uint64, n uint16, buffered uint8, at uint16, damage byte) {
		p := lanesLayout(t)
		p.Copy = &CopyFormat{Format: "text", Delimiter: '\t', Null: []byte(`\N`)}
		rows := lanestest.Rows(seed, int(n%400))
		for _, message := range []func([][]byte) []byte{dataRow, copyData} {
			var messages [][]byte
			for _, row := range rows {
				messages = append(messages, message(lanesCells(p, row)))
			}
			sure := len(rows)
			if buffered < 30 {
				sure = 0
			}
			if damage > 0 && len(rows) > 0 {
				msg := messages[int(seed%uint64(len(rows)))]
				msg[frameHeader+int(at)%(len(msg)-frameHeader)] ^= damage
				sure = 0
			}
			lanestest.Alike(t, sure, func() string { return maskMessages(t, p, messages, 1+int(buffered)) })
		}
	})
}
