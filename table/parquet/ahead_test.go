package parquet_test

import (
	"bytes"
	"fmt"
	"testing"

	pq "github.com/parquet-go/parquet-go"

	"github.com/veil-proxy/veil/internal/lanestest"
)

// lanesFile is rows as a Parquet file: columns with dictionaries, and without.
func lanesFile(t testing.TB, rows [][]string) []byte {
	group := pq.Group{}
	for i, name := range lanestest.Columns {
		node := pq.Optional(pq.String())
		if i%2 == 1 {
			node = pq.Encoded(node, &pq.RLEDictionary)
		}
		group[name] = node
	}
	schema := pq.NewSchema("lanes", group)
	var b bytes.Buffer
	w := pq.NewGenericWriter[map[string]any](&b, schema, pq.MaxRowsPerRowGroup(150), pq.PageBufferSize(2000))
	for _, row := range rows {
		m := map[string]any{}
		for i, v := range row {
			if v != lanestest.Null {
				m[lanestest.Columns[i]] = v
			}
		}
		if _, err := w.Write([]map[string]any{m}); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// FuzzBatches holds that rows are masked in batches as one by one, whatever they are.
func FuzzBatches(f *testing.F) {
	for seed := range uint64(4) {
		f.Add(seed, uint16(seed*97))
	}
	f.Fuzz(func(t *testing.T, seed uint64, n uint16) {
		rows := int(n % 400)
		in := lanesFile(t, lanestest.Rows(seed, rows))
		r := parseRules(t, lanestest.Rules)
		lanestest.Alike(t, rows, func() string {
			o := maskFile(t, in, r, 1)
			return fmt.Sprint(string(o.bytes), o.reports, o.counts)
		})
	})
}
