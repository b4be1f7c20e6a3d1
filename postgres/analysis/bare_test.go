package analysis

import (
	"bytes"
	"errors"
	"testing"

	"github.com/veil-proxy/veil/postgres/catalog"
	"github.com/veil-proxy/veil/postgres/rows"
)

// bareColumns are the names of a plan's columns that come as they are in the table.
func bareColumns(p *Plan) string {
	out := ""
	for _, c := range p.Columns {
		if c.Bare {
			out += c.Name + " "
		}
	}
	return out
}

// TestBareOriginals says where a keyed column comes without a wrapper: selected as it
// is by the query of a statement, and nowhere else.
func TestBareOriginals(t *testing.T) {
	for sql, want := range map[string]string{
		"SELECT id, sex, mrn FROM patients":                                            "id mrn ",
		"SELECT p.mrn AS m, p.id FROM patients p ORDER BY p.height LIMIT 3":            "m id ",
		"SELECT p.id, v.uid FROM patients p LEFT JOIN visits v ON v.patient_id = p.id": "id uid ",
		"SELECT j.i FROM (patients p JOIN visits v ON v.patient_id = p.id) AS j(i)":    "",
		"SELECT name FROM patients":                                                    "", // it needs the patient
		"SELECT aliases FROM patients":                                                 "", // an array
		"SELECT doc FROM visits":                                                       "",
		"SELECT id FROM (SELECT id FROM patients) x":                                   "",
		"WITH x AS (SELECT id FROM patients) SELECT id FROM x":                         "",
		"SELECT DISTINCT id FROM patients":                                             "",
		"SELECT id FROM patients GROUP BY id":                                          "",
		"SELECT id, count(*) FROM patients GROUP BY id":                                "",
		"SELECT id FROM patients UNION ALL SELECT id FROM patients":                    "",
		"SELECT id FROM patients UNION SELECT patient_id FROM visits":                  "",
		"COPY patients (id, mrn) TO STDOUT":                                            "",
		"COPY (SELECT id FROM patients) TO STDOUT":                                     "",
		"EXPLAIN SELECT id FROM patients":                                              "",
		"DECLARE c CURSOR FOR SELECT id FROM patients":                                 "",
		"PREPARE s AS SELECT id FROM patients":                                         "",
	} {
		p := planOf(t, sql)
		got := bareColumns(p)
		if p.Inner != nil {
			got += bareColumns(p.Inner)
		}
		if got != want {
			t.Errorf("%s: %q, want %q\n%s", sql, got, want, p.SQL)
		}
	}
}

// TestBareOriginalsAreMasked holds that an original that comes bare is masked as one in
// a wrapper is.
func TestBareOriginalsAreMasked(t *testing.T) {
	bare := planOf(t, "SELECT id, mrn, sex FROM patients")
	wrapping := planOf(t, "SELECT id, mrn, sex FROM (SELECT * FROM patients) x")
	for _, formats := range [][]int16{nil, {1}} {
		m, pass := masker(t, bare, formats...)
		w, _ := masker(t, wrapping, formats...)
		for range 2 {
			for _, row := range [][2]string{{"123", "M-1"}, {"124", ""}, {"-5", "(a,\"b"}, {"123", "M-1"}} {
				got, err := m.AppendDataRow(nil, body([]byte(row[0]), []byte(row[1]), []byte("f")))
				if err != nil {
					t.Fatal(err)
				}
				second := wrapped(wrapping, row[1])
				if row[1] == "" {
					second = nil // its guard
				}
				want, err := w.AppendDataRow(nil, body(wrapped(wrapping, row[0]), second, []byte("f")))
				if err != nil {
					t.Fatal(err)
				}
				if !bytes.Equal(got, want) || bytes.Contains(got, []byte("M-1")) {
					t.Errorf("%q: %q, want %q", row, cellsOf(t, got), cellsOf(t, want))
				}
			}
		}
		if pass.Counts[bare.Columns[0].Action] != 8 {
			t.Errorf("counts %v", pass.Counts)
		}
	}
	m, _ := masker(t, bare)
	if _, err := m.AppendDataRow(nil, body(wrapped(wrapping, "123"), nil, nil)); !errors.Is(err, rows.ErrTaint) {
		t.Errorf("a wrapper where an original is expected passes: %v", err)
	}
}

// TestBareOriginalsNeedTheirOrigin tries every other description of a result.
func TestBareOriginalsNeedTheirOrigin(t *testing.T) {
	p := planOf(t, "SELECT id, sex FROM patients")
	for _, c := range []struct {
		name   string
		fields []rows.Field
		ok     bool
	}{
		{"as expected", []rows.Field{field(30001, 1, catalog.OIDInt8), field(30001, 7, catalog.OIDText)}, true},
		{"no origin told", []rows.Field{field(0, 0, catalog.OIDInt8), field(30001, 7, catalog.OIDText)}, false},
		{"a wrapper", []rows.Field{field(0, 0, catalog.OIDRecord), field(30001, 7, catalog.OIDText)}, false},
		{"another column", []rows.Field{field(30001, 4, catalog.OIDInt8), field(30001, 7, catalog.OIDText)}, false},
		{"another table", []rows.Field{field(30005, 1, catalog.OIDInt8), field(30001, 7, catalog.OIDText)}, false},
		{"the original in the clear column", []rows.Field{field(30001, 1, catalog.OIDInt8), field(30001, 1, catalog.OIDInt8)}, false},
		{"a whole row", []rows.Field{field(30001, 0, catalog.OIDRecord), field(30001, 7, catalog.OIDText)}, false},
		{"a column too few", []rows.Field{field(30001, 1, catalog.OIDInt8)}, false},
	} {
		if err := p.CheckRow(c.fields); (err == nil) != c.ok {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}
