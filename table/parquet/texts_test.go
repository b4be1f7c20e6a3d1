package parquet_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	pq "github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/deprecated"
	"github.com/parquet-go/parquet-go/format"

	"github.com/veil-proxy/veil/mask"
	"github.com/veil-proxy/veil/table"
)

// typed is a row whose cells have texts in PostgreSQL.
type typed struct {
	ID      string           `parquet:"id"`
	Int     int32            `parquet:"int"`
	Uint    uint64           `parquet:"uint"`
	Small   int64            `parquet:"small,decimal(2:18)"`
	Big     [16]byte         `parquet:"big,decimal(4:38)"`
	Float   float32          `parquet:"float"`
	Double  float64          `parquet:"double"`
	Bool    bool             `parquet:"bool"`
	Date    int32            `parquet:"date,date"`
	Millis  time.Time        `parquet:"millis,timestamp(millisecond)"`
	Micros  int64            `parquet:"micros,timestamp(microsecond:local)"`
	Int96   deprecated.Int96 `parquet:"int96"`
	UUID    [16]byte         `parquet:"uuid,uuid"`
	Missing *string          `parquet:"missing,optional"`
}

// TestTextsAreThoseOfTables holds that cells of every type are masked as the texts that
// PostgreSQL has for them, and so as in the PostgreSQL proxy, in CSV and in Arrow files.
func TestTextsAreThoseOfTables(t *testing.T) {
	t.Parallel()
	row := typed{
		ID: "p1", Int: -42, Uint: 1 << 63, Small: -150, Float: 0.1, Double: 1e15, Bool: true, Date: 19782,
		Millis: time.UnixMilli(1.7e12 + 7).UTC(), Micros: 1_700_000_000_000_042, Int96: deprecated.Int96{0, 0, 2440589}, UUID: [16]byte{0x00, 0x11, 0x22, 15: 0xff},
	}
	for i := range row.Big {
		row.Big[i] = 0xff
	}
	row.Big[15] = 0x38 // -200
	texts := []struct {
		name string
		typ  table.Type
		text string
	}{
		{"id", table.Text, "p1"}, {"int", table.Integer, "-42"}, {"uint", table.Integer, "9223372036854775808"}, {"small", table.Decimal, "-1.50"}, {"big", table.Decimal, "-0.0200"},
		{"float", table.Float, "0.1"}, {"double", table.Float, "1e+15"}, {"bool", table.Bool, "true"}, {"date", table.Date, "2024-02-29"},
		{"millis", table.TimestampTZ, "2023-11-14 22:13:20.007+00"}, {"micros", table.Timestamp, "2023-11-14 22:13:20.000042"}, {"int96", table.Timestamp, "1970-01-02 00:00:00"},
		{"uuid", table.UUID, "00112200-0000-0000-0000-0000000000ff"}, {"missing", table.Text, ""},
	}
	source := table.Source{Name: table.Name{Table: "t"}}
	cells := table.Cells{}
	for _, c := range texts {
		source.Columns = append(source.Columns, table.Column{Name: c.name, Type: c.typ})
		cells = append(cells, []byte(c.text))
	}
	cells[len(cells)-1] = nil
	in := write(t, []typed{row, row})
	numbers := `[{column: int}, {column: small}, {column: big}, {column: float}, {column: double}]`
	for _, list := range []string{
		`{id: a, match: {column: "*"}, method: pseudonym}`,
		`{id: a, match: {column: "*"}, method: imitate, kind: ssn}`,
		`{id: a, match: {column: "*"}, method: substring, length: 3}`,
		`{id: a, match: {column: "*"}, method: surrogate, kind: family, entity: id}`,
		`{id: a, match: ` + numbers + `, method: round, to: "0.5"}`,
		`{id: a, match: ` + numbers + `, method: noise, within: "10", entity: id}`,
		`{id: a, match: [{column: date}, {column: millis}, {column: micros}, {column: int96}], method: year}`,
		`{id: a, match: [{column: date}, {column: millis}, {column: micros}, {column: int96}], method: date, mode: shift, entity: id}`,
		`{id: a, match: [{column: date}, {column: millis}], method: year, as: number}`,
		`{id: a, match: {column: int}, method: pseudonym, shape: int}, {id: b, match: {column: uuid}, method: pseudonym, shape: uuid}`,
		`{id: a, match: {column: "*"}, method: fixed, value: X, where: {column: small, equals: "-1.5"}}, {id: b, match: {column: "*"}, method: remove}`,
	} {
		rules := parseRules(t, list)
		plan, err := rules.Plan(source, table.Options{})
		if err != nil {
			t.Fatal(err)
		}
		out := maskFile(t, in, rules, 1)
		if out.bytes == nil {
			t.Errorf("%s: %s", list, out.reports)
			continue
		}
		m := plan.Masker(mask.NewPass(plan.Actions))
		m.Begin(cells)
		got := shown(t, out.bytes)
		for _, i := range plan.Out {
			want := "NULL"
			text, ok, err := m.AppendCell(nil, i)
			if err != nil {
				t.Fatal(err)
			}
			if ok {
				want = string(text)
			}
			if g := got[texts[i].name]; !sameText(g, want) {
				t.Errorf("%s: %s is %q, want %q", list, texts[i].name, g, want)
			}
		}
	}
}

// sameText compares a masked cell with a text: a number may have other zeros at its end,
// where its column has a number of digits.
func sameText(got, want string) bool {
	trim := func(s string) string {
		if strings.Contains(s, ".") {
			s = strings.TrimSuffix(strings.TrimRight(s, "0"), ".")
		}
		return s
	}
	return got == want || trim(got) == trim(want)
}

// shown are the cells of the first row as PostgreSQL would show them, by the logical type
// that parquet-go reads.
func shown(t *testing.T, b []byte) map[string]string {
	t.Helper()
	f, err := pq.OpenFile(strings.NewReader(string(b)), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	rows := f.RowGroups()[0].Rows()
	defer func() { _ = rows.Close() }()
	buf := make([]pq.Row, 1)
	if _, err := rows.ReadRows(buf); err != nil && len(buf[0]) == 0 {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, v := range buf[0] {
		field := f.Root().Columns()[v.Column()]
		out[field.Name()] = textOf(v, field.Type())
	}
	return out
}

func textOf(v pq.Value, typ pq.Type) string {
	if v.IsNull() {
		return "NULL"
	}
	moment := func(t time.Time, zone string) string { return t.UTC().Format("2006-01-02 15:04:05.999999999") + zone }
	if l := typ.LogicalType(); l != nil {
		switch l := l.Value.(type) {
		case *format.DateType:
			return time.Unix(int64(v.Int32())*86400, 0).UTC().Format("2006-01-02")
		case *format.TimestampType:
			zone := ""
			if l.IsAdjustedToUTC {
				zone = "+00"
			}
			return moment(time.Unix(0, v.Int64()*int64(l.Unit.Value.Duration())), zone)
		case *format.UUIDType:
			b := v.ByteArray()
			return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
		case *format.DecimalType:
			return decimalText(v, int(l.Scale))
		}
	}
	switch v.Kind() {
	case pq.Int96:
		i := v.Int96()
		return moment(time.Unix((int64(i[2])-2440588)*86400, int64(i[0])|int64(i[1])<<32), "")
	case pq.ByteArray:
		return string(v.ByteArray())
	case pq.Double:
		return strconv.FormatFloat(v.Double(), 'f', -1, 64)
	}
	return v.String()
}

func decimalText(v pq.Value, scale int) string {
	n := int64(0)
	switch v.Kind() {
	case pq.Int32, pq.Int64:
		n = v.Int64()
	default:
		for _, b := range v.ByteArray() {
			n = n<<8 | int64(b)
		}
	}
	sign := ""
	if n < 0 {
		sign, n = "-", -n
	}
	digits := fmt.Sprintf("%0*d", scale+1, n)
	if scale == 0 {
		return sign + digits
	}
	return sign + digits[:len(digits)-scale] + "." + digits[len(digits)-scale:]
}
