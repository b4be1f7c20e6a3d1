package audit

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"reflect"
	"testing"
	"time"

	"github.com/veil-proxy/veil/mask"
)

// bySlowPath is what encoding/json makes of a line; nil where it is not of the form.
func bySlowPath(b []byte) *Line {
	var l Line
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(&l); err != nil || d.More() {
		return nil
	}
	return &l
}

// full is a line in which every member has a value, so that one that is added to Line and
// not to the scanner fails the test below.
func full(r *rand.Rand) *Line {
	texts := []string{"", "a", "read Patient", "é<\n\"", "Patient.name[0].given"}
	l := &Line{}
	v := reflect.ValueOf(l).Elem()
	for i := range v.NumField() {
		f := v.Field(i)
		switch f.Interface().(type) {
		case string:
			f.SetString("x" + texts[r.IntN(len(texts))])
		case []string:
			f.Set(reflect.ValueOf([]string{"public.a", texts[r.IntN(len(texts))]}))
		case uint64:
			f.SetUint(1 + r.Uint64N(1e15))
		case int64, int:
			f.SetInt(1 + r.Int64N(1e15))
		case time.Time:
			f.Set(reflect.ValueOf(time.Unix(r.Int64N(2e9), r.Int64N(1e9)).UTC()))
		case []mask.Count:
			f.Set(reflect.ValueOf([]mask.Count{{Name: "Patient", N: r.Uint64N(9)}, {Name: texts[r.IntN(len(texts))], N: 1}}))
		case []mask.Applied:
			f.Set(reflect.ValueOf([]mask.Applied{{Rule: "names", Category: texts[r.IntN(2)], Path: "Patient.name", Method: "remove", N: 3}, {N: r.Uint64N(9)}}))
		case []mask.FoundCount:
			f.Set(reflect.ValueOf([]mask.FoundCount{{Detector: "d", Label: texts[r.IntN(len(texts))], N: 4}}))
		default:
			panic("a member of a kind that this test does not know: " + v.Type().Field(i).Name)
		}
	}
	return l
}

// TestLinesAreScanned: each line that is written is read without encoding/json, and gives
// the same, also with the memory of another line.
func TestLinesAreScanned(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	p := newParser()
	again := new(Line)
	for range 500 {
		want := full(r)
		v := reflect.ValueOf(want).Elem()
		for i := range v.NumField() {
			if name := v.Type().Field(i).Name; name != "Seq" && name != "Prev" && name != "Kind" && name != "Time" && name != "Hash" && r.IntN(3) == 0 {
				v.Field(i).SetZero()
			}
		}
		b, err := json.Marshal(want)
		if err != nil {
			t.Fatal(err)
		}
		s := scan{p: p, b: b}
		if !s.line(again) {
			t.Fatalf("not scanned: %s (at %s)", b, s.b)
		}
		if !reflect.DeepEqual(again, bySlowPath(b)) {
			t.Fatalf("read %+v\nof   %s", again, b)
		}
	}
}

// FuzzScan holds the scanner and encoding/json together: what the one reads, the other
// reads alike.
func FuzzScan(f *testing.F) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 20 {
		b, err := json.Marshal(full(r))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Add([]byte(`{"seq":01,"prev":"","kind":"","time":"2026-01-01T00:00:00Z","hash":""}`))
	f.Add([]byte(`{"seq":1,"relations":[],"hash":""}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		p := newParser()
		for range 2 { // what it remembers of a line must not change how it reads it again
			var l Line
			s := scan{p: p, b: b}
			if !s.line(&l) {
				return
			}
			if want := bySlowPath(b); want == nil || !reflect.DeepEqual(&l, want) {
				t.Errorf("read %+v\nwant %+v", l, want)
			}
		}
	})
}

func BenchmarkParse(b *testing.B) {
	lines := bytes.Split(bytes.TrimSpace(textOf(testRecord(1))), []byte("\n"))
	line := lines[len(lines)-1]
	b.SetBytes(int64(len(line)))
	p, l := newParser(), new(Line)
	for b.Loop() {
		if err := p.parseInto(l, line); err != nil {
			b.Fatal(err)
		}
	}
}
