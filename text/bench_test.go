package text

import (
	"fmt"
	"strings"
	"syscall"
	"testing"
)

const benchNote = `DISCHARGE SUMMARY
Patient: Halworth, Jessica   MRN: 877-195-9   DOB: 16Aug1946
Mrs. Halworth is a 76yo female with a history of hypertension who presented to Lakeview Clinic with chest pain. She was last seen by Dr. Allen on 05-07-2021. O2 sat 98% on RA, stage 3b on arrival.
The patient was started on Percocet and improved. Foley removed on May 28. Her daughter Nancy was updated by phone at 503 500 0807. Discharge weight 72.4 kg; blood cultures were negative and lactate was normal.
Home to Winston-Salem, NC with services. Follow up with Dr. Peterson on 7/6/2023. Call (512)323-4739 with questions.
`

func benchKnown() *Known {
	var b KnownBuilder
	for _, n := range []string{"Jessica Halworth", "Nancy Halworth", "Mary Peterson", "April Allen", "John Smith"} {
		b.AddName(n)
	}
	for _, v := range []string{"877-195-9", "W123456789", "402-11-9988", "55512345", "AB-99812"} {
		b.AddID(v)
	}
	for _, v := range []string{"503 500 0807", "(512)323-4739", "217-555-0199"} {
		b.AddPhone(v)
	}
	for _, v := range []string{"2005 Lake Street", "Winston-Salem", "27101", "12 Elm Ave"} {
		b.AddAddress(v)
	}
	b.AddDate(1946, 8, 16)
	b.AddDate(2023, 5, 25)
	b.AddDate(2023, 6, 11)
	return b.Build()
}

// cpuTime is the processor time that the process has taken, in seconds.
func cpuTime(b *testing.B) float64 {
	b.Helper()
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		b.Fatal(err)
	}
	return float64(r.Utime.Nano()+r.Stime.Nano()) / 1e9
}

// reportCPU reports megabytes a second of processor time, which other programs on the
// machine do not change as they change the time of the clock.
func reportCPU(b *testing.B, start float64, size int) {
	b.Helper()
	b.ReportMetric(float64(size)*float64(b.N)/1e6/(cpuTime(b)-start), "cpuMB/s")
}

// BenchmarkFind: notes of 4 KB with 20 known values each, which are compiled for each.
func BenchmarkFind(b *testing.B) {
	note := []byte(strings.Repeat(benchNote, 5))
	s := New(Options{}).Scanner()
	var spans []Span
	b.SetBytes(int64(len(note)))
	b.ReportAllocs()
	start := cpuTime(b)
	for b.Loop() {
		spans = s.Find(spans[:0], note, benchKnown())
	}
	reportCPU(b, start, len(note))
}

// BenchmarkNear: notes of several lengths with one name of a file, which is read in another
// way than the rest: near it, and in the whole of the note.
func BenchmarkNear(b *testing.B) {
	known := benchKnown()
	for _, size := range []int{512, 4 << 10, 60 << 10} {
		note := strings.Repeat(benchNote, size/len(benchNote)+1)[:size/2]
		note += "\nScan Halworth_Jessica_2.pdf\n" + note
		for name, near := range map[string]int{"near": near, "whole": 1 << 40} {
			b.Run(fmt.Sprintf("%d/%s", size, name), func(b *testing.B) {
				s := New(Options{}).Scanner()
				s.near = near
				var spans []Span
				b.SetBytes(int64(len(note)))
				start := cpuTime(b)
				for b.Loop() {
					spans = s.Find(spans[:0], []byte(note), known)
				}
				reportCPU(b, start, len(note))
			})
		}
	}
}

// BenchmarkHostile: texts that make matchers slow.
func BenchmarkHostile(b *testing.B) {
	s := New(Options{}).Scanner()
	known := benchKnown()
	for name, unit := range map[string]string{"digits": "1", "capitals": "A", "letter": "a", "words": "Anna ", "pairs": "1 ", "dots": "a.", "at": "a@", "colons": "1:",
		"encodings": `&#65;%41=41\u0041<b>-` + "\n| Ã¼ |\n", "tags": "<a", "escapes": `\`, "base64": "QUJD",
		"addresses": "Lives at 1 Quarrington, ", "heads": "| Name | Seen by ", "tables": "| Name | Site |\n| Anna B | Hill |\n", "signed": "Signed by Anna. ", "work": "works for Alpha Beta, ", "events": "bloods 4/6 MDT 13/11, "} {
		text := []byte(strings.Repeat(unit, 10<<20/len(unit)))
		b.Run(name, func(b *testing.B) {
			var spans []Span
			b.SetBytes(int64(len(text)))
			start := cpuTime(b)
			for b.Loop() {
				spans = s.Find(spans[:0], text, known)
			}
			reportCPU(b, start, len(text))
		})
	}
}

// BenchmarkKnown: 20 known values are compiled.
func BenchmarkKnown(b *testing.B) {
	b.ReportAllocs()
	start := cpuTime(b)
	for b.Loop() {
		benchKnown()
	}
	b.ReportMetric((cpuTime(b)-start)*1e6/float64(b.N), "cpu-µs")
}
