package fhir_test

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"testing"

	models "github.com/samply/golang-fhir-models/fhir-models/fhir"

	"github.com/veil-proxy/veil/fhir"
	"github.com/veil-proxy/veil/fhir/fhirxml"
	"github.com/veil-proxy/veil/fhir/schema"
	"github.com/veil-proxy/veil/internal/fhirtest"
	"github.com/veil-proxy/veil/internal/masktest"
	"github.com/veil-proxy/veil/mask"
)

// benchBundles returns compact Bundles to measure with: of the folder $CORPUS,
// the five largest files; without one, Bundles of synthetic patients.
func benchBundles(b *testing.B) [][]byte {
	b.Helper()
	var all [][]byte
	dir := os.Getenv("CORPUS")
	if dir == "" {
		p := fhirtest.Generate(1, 40)
		ids := p.PatientIDs()
		for i := 0; i < 40; i += 10 {
			var one bytes.Buffer
			one.WriteString(`{"resourceType":"Bundle","type":"collection","entry":[`)
			for k := range 10 {
				var v struct{ Entry []json.RawMessage }
				if err := json.Unmarshal(p.PatientBundle(ids[i+k], fhirtest.Collection), &v); err != nil {
					b.Fatal(err)
				}
				for n, e := range v.Entry {
					if k+n > 0 {
						one.WriteByte(',')
					}
					one.Write(e)
				}
			}
			one.WriteString("]}")
			all = append(all, one.Bytes())
		}
		return all
	}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".json") {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		var c bytes.Buffer
		if json.Compact(&c, text) == nil && bytes.Contains(c.Bytes()[:min(c.Len(), 100)], []byte(`"resourceType":"Bundle"`)) {
			all = append(all, c.Bytes())
		}
		return nil
	})
	if err != nil || len(all) == 0 {
		b.Fatalf("no Bundles in %s: %v", dir, err)
	}
	sort.Slice(all, func(i, j int) bool { return len(all[i]) > len(all[j]) })
	return all[:min(5, len(all))]
}

// run measures f over the Bundles in turn.
func run(b *testing.B, bundles [][]byte, f func(src []byte)) {
	b.Helper()
	var size int64
	for _, s := range bundles {
		size += int64(len(s))
		f(s)
	}
	b.SetBytes(size)
	b.ReportAllocs()
	b.ResetTimer()
	for b.Loop() {
		for _, s := range bundles {
			f(s)
		}
	}
}

func benchMask(b *testing.B, ruleset string, memory fhir.Memory, before func(w *fhir.Walker)) {
	bundles := benchBundles(b)
	a := masktest.Shipped(b, ruleset)
	w, pass := fhir.NewWalker(a, memory), mask.NewPass(a.Plan)
	var dst []byte
	run(b, bundles, func(src []byte) {
		before(w)
		pass.Begin(mask.Origin{})
		var err error
		if dst, err = w.AppendJSON(dst[:0], src, pass, nil); err != nil {
			b.Fatal(err)
		}
	})
}

// BenchmarkMask is full Safe Harbor masking of one Bundle a request, on one
// core: warm remembers across requests; objects does but for whole resources, as where the
// same resource does not come again; request remembers within one; nothing not at all.
// research is warm under a ruleset that keys names and dates by person.
func BenchmarkMask(b *testing.B) {
	b.Run("warm", func(b *testing.B) { benchMask(b, "safe-harbor", fhir.RememberAlways, func(*fhir.Walker) {}) })
	b.Run("objects", func(b *testing.B) { benchMask(b, "safe-harbor", fhir.RememberAlways, (*fhir.Walker).ForgetResources) })
	b.Run("request", func(b *testing.B) { benchMask(b, "safe-harbor", fhir.RememberAlways, (*fhir.Walker).Forget) })
	b.Run("nothing", func(b *testing.B) { benchMask(b, "safe-harbor", fhir.RememberNothing, func(*fhir.Walker) {}) })
	b.Run("research", func(b *testing.B) { benchMask(b, "research", fhir.RememberAlways, func(*fhir.Walker) {}) })
}

// BenchmarkJSON is what encoding/json takes for the same Bundles.
func BenchmarkJSON(b *testing.B) {
	b.Run("Valid", func(b *testing.B) {
		run(b, benchBundles(b), func(src []byte) {
			if !json.Valid(src) {
				b.Fatal("not JSON")
			}
		})
	})
	b.Run("UnmarshalMarshal", func(b *testing.B) {
		run(b, benchBundles(b), func(src []byte) {
			var v any
			if err := json.Unmarshal(src, &v); err != nil {
				b.Fatal(err)
			}
			if _, err := json.Marshal(v); err != nil {
				b.Fatal(err)
			}
		})
	})
}

// BenchmarkSamply is a round trip of the same Bundles through typed models: the
// Bundle, and each resource of the commonest types in it.
func BenchmarkSamply(b *testing.B) {
	b.Run("UnmarshalMarshal", func(b *testing.B) {
		run(b, benchBundles(b), func(src []byte) {
			bundle, err := models.UnmarshalBundle(src)
			if err != nil {
				b.Fatal(err)
			}
			for i := range bundle.Entry {
				if err := samplyRoundTrip(bundle.Entry[i].Resource); err != nil {
					b.Fatal(err)
				}
			}
			if _, err := json.Marshal(bundle); err != nil {
				b.Fatal(err)
			}
		})
	})
}

func samplyRoundTrip(src []byte) error {
	var head struct{ ResourceType string }
	if err := json.Unmarshal(src, &head); err != nil {
		return err
	}
	var v any
	switch head.ResourceType {
	case "Patient":
		v = new(models.Patient)
	case "Observation":
		v = new(models.Observation)
	case "Encounter":
		v = new(models.Encounter)
	case "Condition":
		v = new(models.Condition)
	case "Procedure":
		v = new(models.Procedure)
	case "Claim":
		v = new(models.Claim)
	case "ExplanationOfBenefit":
		v = new(models.ExplanationOfBenefit)
	case "MedicationRequest":
		v = new(models.MedicationRequest)
	case "DiagnosticReport":
		v = new(models.DiagnosticReport)
	case "Immunization":
		v = new(models.Immunization)
	default:
		return nil
	}
	if err := json.Unmarshal(src, v); err != nil {
		return err
	}
	_, err := json.Marshal(v)
	return err
}

// BenchmarkMaskXML is BenchmarkMask/warm of the same Bundles in the XML form, and
// what the ways there and back take of it.
func BenchmarkMaskXML(b *testing.B) {
	var bundles, jsonForms [][]byte
	for _, src := range benchBundles(b) {
		bundles = append(bundles, toXML(b, src))
		jsonForms = append(jsonForms, src)
	}
	var dst []byte
	var err error
	b.Run("mask", func(b *testing.B) {
		a := masktest.Shipped(b, "safe-harbor")
		w, pass := fhir.NewWalker(a, fhir.RememberAlways), mask.NewPass(a.Plan)
		run(b, bundles, func(src []byte) {
			pass.Begin(mask.Origin{})
			if dst, err = w.AppendXML(dst[:0], src, pass, nil); err != nil {
				b.Fatal(err)
			}
		})
	})
	b.Run("read", func(b *testing.B) {
		run(b, bundles, func(src []byte) {
			if dst, err = fhirxml.AppendJSON(schema.R4(), dst[:0], src); err != nil {
				b.Fatal(err)
			}
		})
	})
	b.Run("write", func(b *testing.B) {
		run(b, jsonForms, func(src []byte) {
			if dst, err = fhirxml.AppendXML(schema.R4(), dst[:0], src); err != nil {
				b.Fatal(err)
			}
		})
	})
}
