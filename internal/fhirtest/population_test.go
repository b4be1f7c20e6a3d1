package fhirtest

import (
	"bytes"
	"strings"
	"testing"
)

func TestPlantedValuesStandInTheirRecords(t *testing.T) {
	p := Generate(1, 12)
	records := map[string]*bytes.Buffer{}
	for _, r := range p.Resources() {
		if records[r.Patient] == nil {
			records[r.Patient] = &bytes.Buffer{}
		}
		records[r.Patient].Write(r.JSON)
		records[r.Patient].WriteByte('\n')
	}
	kinds := map[string]int{}
	for _, v := range p.Planted() {
		kinds[v.Kind]++
		if !bytes.Contains(records[v.Patient].Bytes(), []byte(v.Raw)) {
			t.Errorf("%s (%s) is not in the record", v.Path, v.Kind)
		}
		if len(v.Value) < minPlanted {
			t.Errorf("%s (%s) is too short to be listed", v.Path, v.Kind)
		}
	}
	for _, kind := range strings.Fields(`account attachment city county date email employer geo id ip
		license local-code lot member mrn name note npi occupation organization passport phone
		photo provider serial signature ssn street udi url zip`) {
		if kinds[kind] == 0 {
			t.Errorf("nothing of kind %s is planted", kind)
		}
	}
	if p.Planted()[0].Path == "" || !strings.Contains(p.Planted()[0].Path, ".") {
		t.Errorf("path of the first planted value is %q", p.Planted()[0].Path)
	}
}

func TestFind(t *testing.T) {
	p := Generate(1, 12)
	distinct := map[string]bool{}
	for _, v := range p.Planted() {
		distinct[v.Value] = true
	}
	for _, tc := range []struct {
		name string
		data []byte
		want int
	}{
		{"nothing", nil, 0},
		{"vocabulary", []byte(`{"resourceType":"Patient","gender":"female","state":"VT","code":"8480-6","display":"Systolic blood pressure"}`), 0},
		{"short value in a word", []byte("xx05901yy"), 0},
		{"short value alone", []byte(`"05901"`), 1},
		{"short value at both ends of the data", []byte("05901"), 1},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := p.Find(tc.data); len(got) != tc.want {
				t.Errorf("found %d values, want %d", len(got), tc.want)
			}
		})
	}
	var all bytes.Buffer
	for _, r := range p.Resources() {
		all.Write(r.JSON)
		all.WriteByte('\n')
	}
	found := map[string]bool{}
	for _, v := range p.Find(all.Bytes()) {
		found[v.Value] = true
	}
	if len(found) < len(distinct)*99/100 {
		t.Errorf("found %d of %d values in the raw data", len(found), len(distinct))
	}
}

func BenchmarkFind(b *testing.B) {
	p := Generate(1, 50)
	var text bytes.Buffer
	for range 200_000 {
		text.WriteString(`{"system":"http://loinc.org","code":"8480-6"}`)
	}
	b.SetBytes(int64(text.Len()))
	for b.Loop() {
		p.Find(text.Bytes())
	}
}
