package sqltest

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"regexp"
)

// originals is what originals of testdata/sql/schema.sql look like, in text and,
// where they have one of their own, in binary form.
var originals = []*regexp.Regexp{
	regexp.MustCompile(`(?i)canary|yranac`),
	regexp.MustCompile(`\b900-\d\d-\d{4}\b|\b\d{4}-\d\d-009\b`),         // SSN, and backwards
	regexp.MustCompile(`\b770000[0-3]\d\d\b`),                           // patients' ids
	regexp.MustCompile(`\x00\x00\x00\x00\x2d\xe5[\x44\x45][\x00-\xff]`), // the same as int8
	regexp.MustCompile(`(?i)ca11a7ee-?0000|\xca\x11\xa7\xee\x00\x00`),   // encounters' ids
	regexp.MustCompile(`\b(?:19|20)\d\d-\d\d-17\b`),                     // days
	regexp.MustCompile(`:17:43\b`),                                      // times
	regexp.MustCompile(`\b\d{5}-7777\b`),                                // postal codes
	regexp.MustCompile(`\b10\.99\.\d+\.\d+\b`),                          // addresses
	regexp.MustCompile(`\b77\d{4}\.13\b`),                               // salaries, balances
}

// encoded are the ways in which CANARY is written by functions that hide it.
var encoded = func() [][]byte {
	word := []byte("CANARY")
	forms := [][]byte{[]byte(hex.EncodeToString(word)), bytes.ToUpper([]byte(hex.EncodeToString(word)))}
	// In base 64, at each of the three places it may begin at, without the
	// symbols it shares with its neighbours.
	for offset := range 3 {
		s := base64.StdEncoding.EncodeToString(append(make([]byte, offset), word...))
		from := (offset*8 + 5) / 6
		to := (offset + len(word)) * 8 / 6
		forms = append(forms, []byte(s[from:to]))
	}
	return forms
}()

// Canary returns what in b looks like an original, or nil. Whatever contains one
// was not masked.
func Canary(b []byte) []byte {
	for _, re := range originals {
		if m := re.Find(b); m != nil {
			return m
		}
	}
	for _, form := range encoded {
		if i := bytes.Index(b, form); i >= 0 {
			return b[i : i+len(form)]
		}
	}
	return nil
}
