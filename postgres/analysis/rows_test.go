package analysis

import (
	"bytes"
	"encoding/binary"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgtype"

	"github.com/veil-proxy/veil/mask"
	"github.com/veil-proxy/veil/postgres/catalog"
	"github.com/veil-proxy/veil/postgres/rows"
)

// body makes the body of a DataRow; a nil cell is NULL.
func body(cells ...[]byte) []byte {
	b := binary.BigEndian.AppendUint16(nil, uint16(len(cells)))
	for _, c := range cells {
		if c == nil {
			b = binary.BigEndian.AppendUint32(b, 1<<32-1)
			continue
		}
		b = binary.BigEndian.AppendUint32(b, uint32(len(c)))
		b = append(b, c...)
	}
	return b
}

// cellsOf reads a whole DataRow message.
func cellsOf(t *testing.T, frame []byte) (cells [][]byte) {
	t.Helper()
	if frame[0] != 'D' || int(binary.BigEndian.Uint32(frame[1:])) != len(frame)-1 {
		t.Fatalf("no DataRow: %q", frame)
	}
	frame = frame[7:]
	for len(frame) > 0 {
		n := int32(binary.BigEndian.Uint32(frame))
		frame = frame[4:]
		if n < 0 {
			cells = append(cells, nil)
			continue
		}
		cells = append(cells, frame[:n])
		frame = frame[n:]
	}
	return cells
}

// carried is a wrapper of the plan in text form.
func wrapped(p *Plan, members ...string) []byte {
	b := []byte("(" + string(p.Tag))
	for _, m := range members {
		b = append(b, ',')
		if m == "" || strings.ContainsAny(m, "\"\\(), \n\t") {
			m = `"` + strings.NewReplacer(`"`, `""`, `\`, `\\`).Replace(m) + `"`
		}
		b = append(b, m...)
	}
	return append(b, ')')
}

func masker(t *testing.T, p *Plan, formats ...int16) (*rows.Masker, *mask.Pass) {
	t.Helper()
	pass := mask.NewPass(p.Actions)
	m, err := p.Masker(pass, formats)
	if err != nil {
		t.Fatal(err)
	}
	return m, pass
}

func TestDataRow(t *testing.T) {
	p := planOf(t, "SELECT id, sex, name, zip FROM (SELECT * FROM patients) x")
	m, pass := masker(t, p)
	id := sealed(t, "Patient", "123")
	for range 3 {
		frame, err := m.AppendDataRow([]byte("before"), body(wrapped(p, "123"), []byte("f"), wrapped(p, "O\"Hara, Ann\\", "123"), nil))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.HasPrefix(frame, []byte("before")) {
			t.Fatal("what was there is gone")
		}
		cells := cellsOf(t, frame[6:])
		if string(cells[0]) != id || string(cells[1]) != "f" || len(cells[2]) == 0 || bytes.Contains(cells[2], []byte("Hara")) || cells[3] != nil {
			t.Errorf("%q", cells)
		}
	}
	want := map[string]uint64{"ids": 3, "name": 3, "zip": 3}
	for i, n := range pass.Counts {
		if rule := p.Actions.Actions[i].Rule; n != want[rule] {
			t.Errorf("rule %s counted %d times, want %d", rule, n, want[rule])
		}
	}
	frame, err := m.AppendDataRow(nil, body(nil, nil, nil, nil))
	if err != nil || !slices.EqualFunc(cellsOf(t, frame), [][]byte{nil, nil, nil, nil}, bytes.Equal) {
		t.Errorf("%q %v", frame, err)
	}
}

// TestSurrogateIsThePatients holds that a name is keyed by the sealed domain's patient,
// as it is on the FHIR side.
func TestSurrogateIsThePatients(t *testing.T) {
	p := planOf(t, "SELECT name FROM patients")
	m, pass := masker(t, p)
	frame, err := m.AppendDataRow(nil, body(wrapped(p, "Chalmers", "123")))
	if err != nil {
		t.Fatal(err)
	}
	in := mask.Input{Entity: []byte("Patient/123"), Keys: pass.Keys}
	want, _, err := p.Columns[0].Masking.Method.Append(nil, []byte("Chalmers"), &in)
	if err != nil || !bytes.Equal(cellsOf(t, frame)[0], want) {
		t.Errorf("got %q, want %q", cellsOf(t, frame)[0], want)
	}
}

// TestTaintEndsTheStatement tries every way in which an original could come where it is
// not expected.
func TestTaintEndsTheStatement(t *testing.T) {
	p := planOf(t, "SELECT id, sex FROM (SELECT * FROM patients) x")
	plain := planOf(t, "SELECT sex FROM patients")
	other := planOf(t, "SELECT mrn, sex FROM (SELECT * FROM patients) x")
	for _, c := range []struct {
		name string
		plan *Plan
		body []byte
	}{
		{"a wrapper in a clear column", p, body(wrapped(p, "1"), wrapped(p, "2"))},
		{"a wrapper in a plan that has none", plain, body(wrapped(p, "1"))},
		{"a wrapper within a text", p, body(nil, append([]byte("x"), wrapped(p, "1")...))},
		{"no wrapper in a keyed column", p, body([]byte("123"), nil)},
		{"a record of no tag", p, body([]byte("(x,123)"), nil)},
		{"a wrapper of another plan", p, body(wrapped(other, "123"), nil)},
		{"a member too few", p, body([]byte("("+string(p.Tag)+")"), nil)},
		{"a member too many", p, body(wrapped(p, "1", "2"), nil)},
		{"a NULL member", p, body([]byte("("+string(p.Tag)+",)"), nil)},
		{"the tag twice", p, body(wrapped(p, string(p.Tag)), nil)},
		{"a column too few", p, body(nil)},
		{"a column too many", p, body(nil, nil, nil)},
		{"bytes behind", p, append(body(nil, nil), 0)},
		{"a length beyond the end", p, append(body(nil)[:2], 0, 0, 0, 9, 'x')},
		{"a negative length", p, []byte{0, 2, 0xff, 0xff, 0xff, 0xfe, 0xff, 0xff, 0xff, 0xff}},
		{"nothing", p, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			m, _ := masker(t, c.plan)
			if out, err := m.AppendDataRow(nil, c.body); !errors.Is(err, rows.ErrTaint) {
				t.Errorf("passed: %q %v", out, err)
			}
		})
	}
}

// field is one field of a RowDescription.
func field(table uint32, column int16, typ uint32) rows.Field {
	return rows.Field{Table: table, Column: column, Type: typ}
}

func TestCheckRow(t *testing.T) {
	p := planOf(t, "SELECT id, sex FROM (SELECT * FROM patients) x")
	for _, c := range []struct {
		name   string
		fields []rows.Field
		ok     bool
	}{
		{"as expected", []rows.Field{field(0, 0, catalog.OIDRecord), field(30001, 7, catalog.OIDText)}, true},
		{"no origin told", []rows.Field{field(0, 0, catalog.OIDRecord), field(0, 0, catalog.OIDText)}, true},
		{"no record", []rows.Field{field(0, 0, catalog.OIDText), field(30001, 7, catalog.OIDText)}, false},
		{"the table's own column", []rows.Field{field(30001, 1, catalog.OIDInt8), field(30001, 7, catalog.OIDText)}, false},
		{"another column", []rows.Field{field(0, 0, catalog.OIDRecord), field(30001, 4, catalog.OIDText)}, false},
		{"another table", []rows.Field{field(0, 0, catalog.OIDRecord), field(30005, 1, catalog.OIDText)}, false},
		{"a column too few", []rows.Field{field(0, 0, catalog.OIDRecord)}, false},
	} {
		if err := p.CheckRow(c.fields); (err == nil) != c.ok {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

func TestBinaryFormats(t *testing.T) {
	p := planOf(t, "SELECT id, uid, seen, aliases, doc FROM (SELECT * FROM patients) p, (SELECT uid, seen, doc FROM visits) v")
	types := pgtype.NewMap()
	m, _ := masker(t, p, 1)
	if got := p.UpstreamFormats(nil, []int16{1}); !slices.Equal(got, []int16{0, 0, 1, 0, 0}) {
		t.Errorf("upstream formats %v", got)
	}
	at := []byte{0, 2, 0xb5, 0xc0, 0x69, 0x5d, 0xe0, 0x10} // masked upstream
	frame, err := m.AppendDataRow(nil, body(wrapped(p, "1"), wrapped(p, "6f0e1f6e-7d3c-4d5e-8f9a-0b1c2d3e4f50"), at, wrapped(p, `{a,"b,c",NULL}`), wrapped(p, `{"resourceType": "x"}`)))
	if err != nil {
		t.Fatal(err)
	}
	cells := cellsOf(t, frame)
	if !bytes.Equal(cells[2], at) {
		t.Errorf("time %x", cells[2])
	}
	var list []pgtype.Text
	if err := types.Scan(catalog.OIDTextArray, pgtype.BinaryFormatCode, cells[3], &list); err != nil || len(list) != 3 || len(list[0].String) != 26 || list[2].Valid {
		t.Errorf("array %v %v", list, err)
	}
	if string(cells[4]) != "\x01{\"RESOURCETYPE\": \"X\"}" {
		t.Errorf("document %q", cells[4])
	}
	if want := sealed(t, "Patient", "1"); string(cells[0]) != want {
		t.Errorf("id %q", cells[0])
	}
}

func TestCopy(t *testing.T) {
	id := sealed(t, "Patient", "123")
	tab := func(p *Plan, s string) string { return strings.ReplaceAll(s, "{}", string(wrapped(p, "123"))) }
	for _, c := range []struct {
		name, sql string
		in, want  []string
	}{
		{"text", "COPY (SELECT sex, id, ward FROM patients, wards) TO STDOUT",
			[]string{"f\t{}\ta\\tb\n", "\\N\t\\N\t\\N\n"}, []string{"f\t" + id + "\ta\\tb\n", "\\N\t\\N\t\\N\n"}},
		{"text with a header", "COPY (SELECT id FROM patients) TO STDOUT (HEADER)", []string{"id\n", "{}\n"}, []string{"id\n", id + "\n"}},
		{"delimiter and null", "COPY (SELECT id, sex FROM patients) TO STDOUT (DELIMITER '|', NULL '-')", []string{"{}|x\\|y\n", "-|-\n"}, []string{id + "|x\\|y\n", "-|-\n"}},
		{"csv", "COPY (SELECT id, sex FROM patients) TO STDOUT CSV", []string{"\"{}\",\"a,\"\"b\"\"\"\n", ",\n"}, []string{id + ",\"a,\"\"b\"\"\"\n", ",\n"}},
		{"csv with quotes forced", "COPY (SELECT id FROM patients) TO STDOUT (FORMAT csv, FORCE_QUOTE *)", []string{"\"{}\"\n"}, []string{"\"" + id + "\"\n"}},
		{"csv with other characters", "COPY (SELECT id, sex FROM patients) TO STDOUT (FORMAT csv, QUOTE '$', ESCAPE '!', DELIMITER ';')", []string{"{};$a!$;$\n"}, []string{id + ";$a!$;$\n"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := planOf(t, c.sql)
			m, _ := masker(t, p)
			for i, line := range c.in {
				frame, err := m.AppendCopyData(nil, []byte(tab(p, line)))
				if err != nil || frame[0] != 'd' || int(binary.BigEndian.Uint32(frame[1:])) != len(frame)-1 || string(frame[5:]) != c.want[i] {
					t.Errorf("%q %v, want %q", frame, err, c.want[i])
				}
			}
			for _, line := range []string{"", "x", "x\ty\tz\tw\n", "{}\t{}\t{}\t{}\n", string(p.Tag) + "\n"} {
				m, _ := masker(t, p)
				if _, err := m.AppendCopyData(nil, []byte(tab(p, c.in[0]))); err != nil {
					t.Fatal(err)
				}
				if out, err := m.AppendCopyData(nil, []byte(tab(p, line))); err == nil {
					t.Errorf("%q passed: %q", line, out)
				}
			}
		})
	}
}

func TestCopyBinary(t *testing.T) {
	p := planOf(t, "COPY (SELECT sex, id FROM patients) TO STDOUT (FORMAT binary)")
	record := binary.BigEndian.AppendUint32(nil, 2)
	for _, v := range []string{string(p.Tag), "123"} {
		record = binary.BigEndian.AppendUint32(record, catalog.OIDText)
		record = binary.BigEndian.AppendUint32(record, uint32(len(v)))
		record = append(record, v...)
	}
	header := append([]byte("PGCOPY\n\xff\r\n\x00"), 0, 0, 0, 0, 0, 0, 0, 0)
	m, _ := masker(t, p)
	first, err := m.AppendCopyData(nil, append(slices.Clone(header), body([]byte("f"), record)...))
	if err != nil || string(first[5:]) != string(append(slices.Clone(header), body([]byte("f"), []byte(sealed(t, "Patient", "123")))...)) {
		t.Errorf("%q %v", first, err)
	}
	if last, err := m.AppendCopyData(nil, []byte{0xff, 0xff}); err != nil || string(last[5:]) != "\xff\xff" {
		t.Errorf("%q %v", last, err)
	}
	for _, bad := range [][]byte{body(record, record), body(nil, record[:9]), body([]byte("f")), {0}} {
		if out, err := m.AppendCopyData(nil, bad); err == nil {
			t.Errorf("passed: %q", out)
		}
	}
}

func TestParams(t *testing.T) {
	p := planOf(t, "SELECT 1 FROM patients WHERE id = $1 AND sex = $2 AND id = ANY ($3)")
	keys := p.Actions.Keys.NewPseudonymizer()
	if len(p.Params) != 3 || !p.Params[0].Sealed || p.Params[0].Type != catalog.OIDText || p.Params[1].Sealed || p.Params[2].Type != catalog.OIDTextArray {
		t.Fatalf("%+v", p.Params)
	}
	if got := p.AppendParam(nil, 0, 0, []byte(sealed(t, "Patient", "123")), keys); string(got) != "123" {
		t.Errorf("%q", got)
	}
	for _, original := range []string{"123", "", "x", sealed(t, "Visit", "123")} {
		if got := p.AppendParam(nil, 0, 0, []byte(original), keys); !bytes.Equal(got, p.Tag) {
			t.Errorf("%q opens to %q", original, got)
		}
	}
	list := "{" + sealed(t, "Patient", "1") + ",x,NULL," + sealed(t, "Patient", "no-number") + "," + sealed(t, "Patient", "-2") + "}"
	if got := p.AppendParam(nil, 2, 0, []byte(list), keys); string(got) != `{"1",NULL,"-2"}` {
		t.Errorf("%s", got)
	}
	bin, err := pgtype.NewMap().Encode(catalog.OIDTextArray, pgtype.BinaryFormatCode, []pgtype.Text{{String: sealed(t, "Patient", "7"), Valid: true}, {}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := p.AppendParam(nil, 2, 1, bin, keys); string(got) != `{"7",NULL}` {
		t.Errorf("%s", got)
	}
}

// TestExplainShowsNodesAlone holds that no condition of a plan comes out, and of costs and
// rows the power of ten, or nothing where the view counts people.
func TestExplainShowsNodesAlone(t *testing.T) {
	for minCount, want := range map[int]string{0: "  (cost=1.00..10000.00 rows=100 width=32)", 5: "  (cost=100.00..1000.00 rows=1000 width=32)"} {
		sql := "EXPLAIN SELECT count(*) FROM patients WHERE id = '" + sealed(t, "Patient", "123") + "'"
		p, r := analyze(sql, clinicCatalog(t), clinicPolicy(t, Options{Explain: true, MinCount: minCount, Person: "Patient"}), clinicSession())
		if r != nil {
			t.Fatal(r)
		}
		m, _ := masker(t, p)
		tag := string(p.Tag)
		for line, passes := range map[string]string{
			"Index Scan using patients_pkey on patients  (cost=0.29..12345.67 rows=987 width=71)": "Index Scan using patients_pkey on patients" + want,
			"  ->  Seq Scan on visits " + tag + "_1  (cost=9.99..99999.99 rows=999 width=0)":      "  ->  Seq Scan on visits" + want,
			"  Index Cond: (id = '123'::bigint)":                                                  "", "  Filter: (x)": "", "Output: 123": "", "  " + tag: "",
		} {
			out, err := m.AppendDataRow(nil, body([]byte(line)))
			if err != nil || (len(out) > 0) != (passes != "") || passes != "" && !bytes.HasSuffix(out, []byte(passes)) {
				t.Errorf("%q: %q %v, want %q", line, out, err, passes)
			}
		}
	}
}
