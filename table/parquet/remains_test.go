package parquet_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	pq "github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/deprecated"
	"github.com/parquet-go/parquet-go/format"

	"github.com/veil-proxy/veil/table/parquet"
)

// everything is a row with a column of each type.
type everything struct {
	Text    string            `parquet:"text"`
	Dict    string            `parquet:"dict,dict"`
	Delta   string            `parquet:"delta,delta"`
	Enum    string            `parquet:"enum,enum"`
	JSON    string            `parquet:"json,json"`
	Bytes   []byte            `parquet:"bytes"`
	Fixed   [12]byte          `parquet:"fixed"`
	UUID    [16]byte          `parquet:"uuid,uuid"`
	Int32   int32             `parquet:"int32"`
	Int64   int64             `parquet:"int64"`
	Uint64  uint64            `parquet:"uint64"`
	Deltas  int64             `parquet:"deltas,delta"`
	Decimal int64             `parquet:"decimal,decimal(2:18)"`
	Float   float32           `parquet:"float"`
	Double  float64           `parquet:"double"`
	Split   float64           `parquet:"split,split"`
	Date    int32             `parquet:"date,date"`
	Stamp   time.Time         `parquet:"stamp,timestamp(microsecond)"`
	Int96   deprecated.Int96  `parquet:"int96"`
	Null    *string           `parquet:"null,optional"`
	List    []string          `parquet:"list,list"`
	Repeat  []string          `parquet:"repeat"`
	Map     map[string]string `parquet:"map"`
	Struct  struct {
		Inner string `parquet:"inner"`
	} `parquet:"struct"`
	Kept string `parquet:"kept"`
}

// number is a marker among numbers: its bytes are ASCII letters.
func number(i int) int64 { return int64(binary.LittleEndian.Uint64([]byte("QMRKNUM\x00")) + uint64(i)) }

// planted returns rows whose cells are all markers but those of the column kept.
func planted(n int) (rows []everything) {
	for i := range n {
		m := func(name string) string { return fmt.Sprintf("QMARKER-%s-%d", name, i%9) }
		e := everything{
			Text: m("text"), Dict: m("dict"), Delta: m("delta"), Enum: m("enum"), JSON: `{"a": "` + m("json") + `"}`, Bytes: []byte(m("bytes")),
			Int32: int32(number(i)), Int64: number(i), Uint64: uint64(number(i)), Deltas: number(i), Decimal: number(i) >> 8,
			Float: math.Float32frombits(uint32(number(i))), Double: math.Float64frombits(uint64(number(i))), Split: math.Float64frombits(uint64(number(i))),
			Date: int32(number(i)), Stamp: time.UnixMicro(number(i) >> 8), Int96: deprecated.Int96{uint32(number(i)), 0x4d51, 2440588},
			List: []string{m("list"), m("list2")}, Repeat: []string{m("repeat")}, Map: map[string]string{m("key"): m("value")}, Kept: fmt.Sprintf("kept %d", i),
		}
		copy(e.Fixed[:], "QMARKERFIXED")
		copy(e.UUID[:], "QMARKERUUIDBYTES")
		if i%2 == 0 {
			s := m("null")
			e.Null = &s
		}
		e.Struct.Inner = m("inner")
		rows = append(rows, e)
	}
	return rows
}

// remains looks for markers in bytes.
func remains(b []byte) string {
	for _, m := range []string{"QMARKER", "QMRKNUM", "QMRK"} {
		if i := bytes.Index(b, []byte(m)); i >= 0 {
			return string(b[i:min(i+40, len(b))])
		}
	}
	return ""
}

// TestNothingOfTheOriginalsRemains plants markers in the cells of every type, and so in
// statistics, indexes, bloom filters and dictionaries, and in every kind of metadata. None
// is in the output, whether the columns are hidden, removed or masked.
func TestNothingOfTheOriginalsRemains(t *testing.T) {
	t.Parallel()
	kept := `{id: kept, match: {column: kept}, method: keep}`
	for name, rules := range map[string]string{
		"hidden":  kept,
		"removed": kept + `, {id: r, match: {column: "*"}, method: remove}`,
		"fixed":   kept + `, {id: r, match: {column: "*"}, method: fixed, value: X}`,
		"keyed":   kept + `, {id: r, match: {column: "*"}, method: pseudonym}`,
		"persons": kept + `, {id: r, match: {column: "*"}, method: surrogate, kind: family, entity: kept}`,
		"by row":  kept + `, {id: k, match: {column: map.key}, method: fixed, value: X}, {id: r, match: {column: "*"}, method: fixed, value: X, where: {column: kept, equals: "kept 3"}}, {id: s, match: {column: "*"}, method: remove}`,
	} {
		rules := parseRules(t, rules)
		for i, o := range [][]pq.WriterOption{
			{pq.Compression(&pq.Uncompressed), pq.DataPageVersion(1)}, {pq.Compression(&pq.Uncompressed)},
			{pq.Compression(&pq.Snappy), pq.DataPageVersion(1)}, {pq.Compression(&pq.Gzip)}, {pq.Compression(&pq.Zstd)}, {pq.Compression(&pq.Lz4Raw)}, {pq.Compression(&pq.Brotli)},
		} {
			o = append(o, pq.PageBufferSize(600), pq.MaxRowsPerRowGroup(60), pq.KeyValueMetadata("QMARKERKEY", "QMARKER"), pq.CreatedBy("QMARKER", "1", "QMARKER"),
				pq.KeyValueMetadata("pandas", `{"attributes": {"a": "QMARKER"}, "columns": [{"name": "QMARKER", "field_name": "kept", "pandas_type": "QMARKER"}]}`),
				pq.KeyValueMetadata("org.apache.spark.sql.parquet.row.metadata", `{"type":"struct","fields":[{"name":"kept","type":"string","nullable":true,"metadata":{"comment":"QMARKER"}},{"name":"QMARKER","type":"string","nullable":true,"metadata":{}}]}`),
				pq.BloomFilters(pq.SplitBlockFilter(10, "text"), pq.SplitBlockFilter(10, "dict"), pq.SplitBlockFilter(10, "kept")))
			in := withFooter(t, write(t, planted(200), o...), func(m *format.FileMetaData) {
				m.Schema[0].Name = "QMARKER"
				for g := range m.RowGroups {
					for k := range m.RowGroups[g].Columns {
						m.RowGroups[g].Columns[k].MetaData.KeyValueMetadata = []format.KeyValue{{Key: "QMARKER", Value: "QMARKER"}}
					}
				}
			})
			if remains(in) == "" {
				t.Fatal("no marker is planted")
			}
			out := maskFile(t, in, rules, 2)
			if out.bytes == nil {
				t.Errorf("%s, %d: %s", name, i, out.reports)
				continue
			}
			pages, err := parquet.Unpacked(out.bytes)
			if err != nil {
				t.Fatal(err)
			}
			for _, b := range append(pages, out.bytes, []byte(out.reports)) {
				if found := remains(b); found != "" {
					t.Errorf("%s, %d: %q remains", name, i, found)
					break
				}
			}
			if !bytes.Contains(bytes.Join(pages, nil), []byte("kept 7")) || !strings.Contains(out.reports, "key-value metadata") {
				t.Errorf("%s, %d: what is kept is not there: %s", name, i, out.reports)
			}
			read[struct {
				Kept string `parquet:"kept"`
			}](t, out.bytes)
		}
	}
}
