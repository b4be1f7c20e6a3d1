package fhirproxy

import (
	"bytes"
	"encoding/json"
	"fmt"
	"testing"

	"github.com/dgraph-io/ristretto/v2"

	"github.com/veil-proxy/veil/fhir"
	"github.com/veil-proxy/veil/internal/fhirtest"
	"github.com/veil-proxy/veil/mask"
)

// BenchmarkMaskedCache measures what a cache of masked resources could save, and
// is why there is none: a search page of 20 resources masked by the walker, beside
// the least that a cache would have to do if every resource were in it, by type,
// id and version: find those three in the upstream's bytes, look them up, copy
// what is found and add its counts to the record. Where each resource ends is
// given to it; finding that out takes a scan of the response, as encoding/json's is
// (scan). The upstream must be queried anyway, since only it knows the
// version.
func BenchmarkMaskedCache(b *testing.B) {
	a := safeHarbor(b)
	var page [][]byte
	var bundle []byte
	for _, r := range fhirtest.Generate(3, 10).Resources() {
		if delivered(r.Type) && len(page) < 20 {
			page = append(page, r.JSON)
		}
	}
	bundle = append(bundle, `{"resourceType":"Bundle","type":"searchset","entry":[`...)
	for i, r := range page {
		if i > 0 {
			bundle = append(bundle, ',')
		}
		bundle = fmt.Appendf(bundle, `{"resource":%s}`, r)
	}
	bundle = append(bundle, "]}"...)
	b.Run("walker", func(b *testing.B) {
		w, pass := fhir.NewWalker(a, fhir.RememberAlways), mask.NewPass(a.Plan)
		var dst []byte
		b.SetBytes(int64(len(bundle)))
		for b.Loop() {
			pass.Begin(mask.Origin{})
			var err error
			if dst, err = w.AppendJSON(dst[:0], bundle, pass, nil); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("scan", func(b *testing.B) {
		b.SetBytes(int64(len(bundle)))
		for b.Loop() {
			if !json.Valid(bundle) {
				b.Fatal("not JSON")
			}
		}
	})
	type cachedResource struct {
		body   []byte
		counts []uint32 // action, applications
	}
	b.Run("lookups", func(b *testing.B) {
		cache, err := ristretto.NewCache(&ristretto.Config[string, *cachedResource]{NumCounters: 1e5, MaxCost: 1 << 28, BufferItems: 64})
		if err != nil {
			b.Fatal(err)
		}
		defer cache.Close()
		w, pass := fhir.NewWalker(a, fhir.RememberAlways), mask.NewPass(a.Plan)
		key := make([]byte, 0, 128)
		for _, r := range page {
			pass.Begin(mask.Origin{})
			body, err := w.AppendJSON(nil, r, pass, nil)
			if err != nil {
				b.Fatal(err)
			}
			c := &cachedResource{body: body}
			for action, n := range pass.Counts {
				if n > 0 {
					c.counts = append(c.counts, uint32(action), uint32(n))
				}
			}
			cache.Set(string(appendCacheKey(key[:0], r)), c, int64(len(body)))
		}
		cache.Wait()
		var dst []byte
		b.SetBytes(int64(len(bundle)))
		for b.Loop() {
			pass.Begin(mask.Origin{})
			dst = dst[:0]
			for _, r := range page {
				key = appendCacheKey(key[:0], r)
				c, ok := cache.Get(string(key))
				if !ok {
					b.Fatal("not in the cache")
				}
				dst = append(dst, c.body...)
				for i := 0; i < len(c.counts); i += 2 {
					pass.Counts[c.counts[i]] += uint64(c.counts[i+1])
				}
			}
		}
	})
}

// appendCacheKey finds type, id and version where fhirtest writes them, near the
// start.
func appendCacheKey(dst, resource []byte) []byte {
	for _, member := range []string{`"resourceType":"`, `"id":"`, `"versionId":"`} {
		i := bytes.Index(resource, []byte(member))
		if i < 0 {
			continue
		}
		rest := resource[i+len(member):]
		dst = append(append(dst, rest[:bytes.IndexByte(rest, '"')]...), '/')
	}
	return dst
}
