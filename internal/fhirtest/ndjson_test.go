package fhirtest

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"
)

func TestWriteNDJSON(t *testing.T) {
	p := Generate(1, 3)
	for _, tc := range []struct {
		name  string
		types []string
		want  int
	}{
		{"all", nil, len(p.Resources())},
		{"patients", []string{"Patient"}, 3},
		{"two types", []string{"Patient", "Practitioner"}, 3 + practitioners},
		{"an absent type", []string{"Basic"}, 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var b bytes.Buffer
			if err := p.WriteNDJSON(&b, tc.types...); err != nil {
				t.Fatal(err)
			}
			if got := bytes.Count(b.Bytes(), []byte("\n")); got != tc.want {
				t.Errorf("%d lines, want %d", got, tc.want)
			}
		})
	}
}

func TestBigNDJSONHasNewIDsThatAgree(t *testing.T) {
	p := Generate(1, 2)
	var once, b bytes.Buffer
	if err := p.WriteNDJSON(&once); err != nil {
		t.Fatal(err)
	}
	size := int64(3*once.Len() + once.Len()/2)
	n, err := p.BigNDJSON(&b, size)
	if err != nil || n != int64(b.Len()) || n < size || n > size+100_000 {
		t.Fatalf("wrote %d bytes, %v; want about %d", n, err, size)
	}
	if !bytes.HasPrefix(b.Bytes(), once.Bytes()) {
		t.Error("the first round is not the population itself")
	}
	ids := map[string]bool{}
	var refs []string
	lines := bufio.NewScanner(&b)
	lines.Buffer(nil, 1<<20)
	for count := 0; lines.Scan(); count++ {
		var doc map[string]any
		if err := json.Unmarshal(lines.Bytes(), &doc); err != nil {
			t.Fatal(err)
		}
		key := doc["resourceType"].(string) + "/" + doc["id"].(string)
		if ids[key] {
			t.Fatalf("line %d repeats an id", count+1)
		}
		ids[key] = true
		if count < 3*len(p.Resources()) { // of the last round, some are missing
			eachReference(doc, func(s string) { refs = append(refs, s) })
		}
	}
	for _, s := range refs {
		key, _, _ := strings.Cut(strings.TrimPrefix(s, Base+"/"), "/_history/")
		if !ids[key] && s[0] != '#' {
			t.Fatal("a reference of a later round dangles")
		}
	}
}

// shortWriter fails after a number of bytes.
type shortWriter int

func (w *shortWriter) Write(b []byte) (int, error) {
	if *w -= shortWriter(len(b)); *w < 0 {
		return 0, errors.New("full")
	}
	return len(b), nil
}

func TestWritersReportErrors(t *testing.T) {
	p := Generate(1, 1)
	w := shortWriter(10_000)
	if err := p.WriteNDJSON(&w); err == nil {
		t.Error("WriteNDJSON reports no error")
	}
	w = 10_000
	if _, err := p.BigNDJSON(&w, 1<<40); err == nil {
		t.Error("BigNDJSON reports no error")
	}
	if n, err := (&Population{}).BigNDJSON(&w, 100); n != 0 || err != nil {
		t.Error("an empty population writes something")
	}
}

func BenchmarkBigNDJSON(b *testing.B) {
	p := Generate(1, 10)
	b.ReportAllocs()
	b.SetBytes(10 << 20)
	for b.Loop() {
		if _, err := p.BigNDJSON(io.Discard, 10<<20); err != nil {
			b.Fatal(err)
		}
	}
}
