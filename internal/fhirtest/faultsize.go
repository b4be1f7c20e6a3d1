package fhirtest

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// sizeFaults send more than a client should take, in little memory of their
// own.
func sizeFaults() []Fault {
	return []Fault{
		{Name: "gzip bomb", Handler: http.HandlerFunc(bomb)},
		{Name: "gzip cut off", Handler: zipped(func(b []byte) []byte { return b[:len(b)-12] })},
		{Name: "gzip with a wrong sum", Handler: zipped(func(b []byte) []byte { b[len(b)-6] ^= 1; return b })},
		{Name: "gzip that is none", Handler: zipped(func([]byte) []byte { return []byte(faultyPatient) })},
		{Name: "endless body", Handler: http.HandlerFunc(endless)},
		{Name: "endless space", Handler: streamed(faultyPatient[:20], strings.Repeat(" ", 1<<16), -1, "")},
		{Name: "deep nesting", Handler: answer(200, fhirJSON, nested(FaultDepth))},
		{Name: "deep arrays", Handler: answer(200, fhirJSON, `{"resourceType":"Patient","name":`+strings.Repeat("[", FaultDepth)+`"`+Marker+`"`+strings.Repeat("]", FaultDepth)+`}`)},
		{Name: "long string", Handler: streamed(`{"resourceType":"Patient","id":"zq-1","name":[{"family":"`, strings.Repeat(Marker, 10_000), FaultString/(10_000*len(Marker))+1, `"}]}`)},
		{Name: "long number", Handler: streamed(`{"resourceType":"Patient","multipleBirthInteger":1`, strings.Repeat("0", 1<<16), 1<<10, `}`)},
		{Name: "long key", Handler: streamed(`{"resourceType":"Patient","`, strings.Repeat(Marker, 1<<12), 1<<9, `":1}`)},
	}
}

// nested is a Patient with extensions within extensions.
func nested(depth int) string {
	const open = `"extension":[{"url":"http://example.org/x",`
	return `{"resourceType":"Patient",` + strings.Repeat(open, depth) + `"valueString":"` + Marker + `"` + strings.Repeat("}]", depth) + "}"
}

// streamed sends a head, a part so many times (without end if that is
// negative) and a tail.
func streamed(head, part string, times int, tail string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", fhirJSON)
		_, err := io.WriteString(w, head)
		for n := 0; n != times && err == nil; n++ {
			_, err = io.WriteString(w, part)
		}
		if err == nil {
			_, _ = io.WriteString(w, tail)
		}
	})
}

// endless sends a Bundle whose entries do not end; each is as it should be.
func endless(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", fhirJSON)
	_, err := io.WriteString(w, `{"resourceType":"Bundle","type":"searchset","entry":[`)
	for n := 0; err == nil; n++ {
		comma := ","
		if n == 0 {
			comma = ""
		}
		_, err = fmt.Fprintf(w, `%s{"fullUrl":"%s/Patient/zq-%d","resource":{"resourceType":"Patient","id":"zq-%d","name":[{"family":"%s"}]}}`, comma, Base, n, n, Marker)
	}
}

// compressed is one member of a gzip file.
func compressed(parts ...string) []byte {
	var b bytes.Buffer
	z, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	for _, p := range parts {
		if err == nil {
			_, err = io.WriteString(z, p)
		}
	}
	if err = errors.Join(err, z.Close()); err != nil {
		panic(err) // a bytes.Buffer takes all
	}
	return b.Bytes()
}

// bomb sends a string of FaultBomb bytes as about a thousandth of that: gzip
// members, of which all but the first and last are one and the same.
func bomb(w http.ResponseWriter, _ *http.Request) {
	const block = 4 << 20
	w.Header().Set("Content-Type", fhirJSON)
	w.Header().Set("Content-Encoding", "gzip")
	_, err := w.Write(compressed(`{"resourceType":"Patient","id":"zq-1","name":[{"family":"` + Marker))
	member := compressed(strings.Repeat("a", block))
	for sent := int64(0); sent < FaultBomb && err == nil; sent += block {
		_, err = w.Write(member)
	}
	if err == nil {
		_, _ = w.Write(compressed(`"}]}`))
	}
}

// zipped sends a Patient as gzip after something was done to it.
func zipped(spoil func([]byte) []byte) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", fhirJSON)
		w.Header().Set("Content-Encoding", "gzip")
		_, _ = w.Write(spoil(compressed(faultyPatient)))
	})
}
