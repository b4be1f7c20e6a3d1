package json

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/veil-proxy/veil/internal/documenttest"
	"github.com/veil-proxy/veil/mask"
)

// claims is a document of insurance claims, about 400 bytes each.
func claims(n int) []byte {
	var list []string
	for i := range n {
		list = append(list, fmt.Sprintf(`{"id":"c%d","patient":{"id":"%d","name":{"first":"Ann","last":"Smith"},"birth":"1970-02-%02d","zip":"02%03d"},"status":"paid","amount":%d.50,"currency":"USD","lines":[{"code":"99213","date":"2024-03-%02d","units":1,"price":%d},{"code":"85025","date":"2024-03-%02d","units":2,"price":12.5}],"notes":"Patient was seen with a cough; follow up in two weeks."}`, i, i%1000, 1+i%28, i%1000, i%900, 1+i%28, i%100, 1+i%28))
	}
	return []byte("[" + strings.Join(list, ",\n") + "]")
}

// BenchmarkDocument masks a document of claims: 3 of 14 members keyed, 3 cut, one removed.
// JSON/Valid and JSON/Decode are encoding/json on the same text.
func BenchmarkDocument(b *testing.B) {
	src := claims(3000)
	plan := documenttest.Plan(b, rules(
		"match: ['$[*].id', '$[*].patient.id'], method: seal, domain: Patient",
		"match: '$[*].patient.name.last', method: surrogate, kind: family, entity: ../id",
		"match: ['$[*].patient.birth', '$[*].lines[*].date'], method: date, mode: year",
		"match: '$[*].patient.zip', method: zip3",
		"match: ['$[*].status', '$[*].amount', '$[*].currency', '$[*].lines[*].code', '$[*].lines[*].units', '$[*].lines[*].price'], method: keep",
	))
	w := NewWalker(plan, mask.NewPass(plan.Actions))
	var dst []byte
	b.Run("Mask", func(b *testing.B) {
		b.SetBytes(int64(len(src)))
		b.ReportAllocs()
		for range b.N {
			var err error
			if dst, err = w.Append(dst[:0], src); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("JSON/Valid", func(b *testing.B) {
		b.SetBytes(int64(len(src)))
		for range b.N {
			if !json.Valid(src) {
				b.Fatal("not JSON")
			}
		}
	})
	b.Run("JSON/Decode", func(b *testing.B) {
		b.SetBytes(int64(len(src)))
		for range b.N {
			var v any
			if json.Unmarshal(src, &v) != nil {
				b.Fatal("not JSON")
			}
			if _, err := json.Marshal(v); err != nil {
				b.Fatal(err)
			}
		}
	})
}
