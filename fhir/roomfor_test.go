package fhir_test

import (
	"bytes"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/veil-proxy/veil/fhir"
	"github.com/veil-proxy/veil/internal/masktest"
	"github.com/veil-proxy/veil/mask"
)

// TestPagesThatChangeTakeNoMemory: what is remembered of a page, and of a resource, that
// comes in another state each time has its place, not a new one; and each state is masked
// as it is alone. It counts what is allocated, so nothing runs beside it.
func TestPagesThatChangeTakeNoMemory(t *testing.T) { //nolint:paralleltest // see above
	a := masktest.Shipped(t, "safe-harbor")
	warm, fresh := masktest.NewMasker(a, fhir.RememberAlways), masktest.NewMasker(a, fhir.RememberNothing)
	page := func(state int) []byte {
		var b bytes.Buffer
		fmt.Fprintf(&b, `{"resourceType":"Bundle","type":"searchset","entry":[{"fullUrl":"https://x.example/fhir/Patient/%s","resource":{"resourceType":"Patient","id":"p"}}`, strings.Repeat("p", 200))
		for n := range 12 {
			fmt.Fprintf(&b, `,{"resource":{"resourceType":"Observation","id":"%d-%s","status":"final","valueInteger":%d,"note":[{"text":"%s"}]}}`, n, strings.Repeat("o", 300), state, strings.Repeat("text ", 1000))
		}
		b.WriteString("]}")
		return b.Bytes()
	}
	size := len(page(0))
	for state := range 4 {
		if _, err := warm.Mask(page(state)); err != nil {
			t.Fatal(err)
		}
	}
	const rounds = 20
	var before, after runtime.MemStats
	total, dst := uint64(0), make([]byte, 0, size)
	for state := range rounds {
		src := page(10 + state%2)
		want, err := fresh.Mask(src)
		if err != nil {
			t.Fatal(err)
		}
		runtime.ReadMemStats(&before)
		warm.Pass.Begin(mask.Origin{})
		got, err := warm.Walker.AppendJSON(dst[:0], src, warm.Pass, warm.Site)
		runtime.ReadMemStats(&after)
		total += after.TotalAlloc - before.TotalAlloc
		if err != nil || !bytes.Equal(got, want) {
			t.Fatalf("becomes %.300s, %v\nalone %.300s", got, err, want)
		}
	}
	if limit := uint64(rounds * size / 4); total > limit {
		t.Errorf("%d pages of %d bytes took %d bytes, more than %d", rounds, size, total, limit)
	}
}
