package sqltest

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"regexp"
)

// mark is a form of originals of testdata/sql/schema.sql.
type mark struct {
	// literal is a part that each has: looking for it first is what makes a look
	// at megabytes cheap.
	literal string
	form    *regexp.Regexp
}

// In a message a value stands between a length and the next message's letter, so
// only digits part it from what is no original.
var marks = []mark{
	{"666-", regexp.MustCompile(`(?:^|\D)666-\d\d-\d{4}(?:\D|$)`)},               // SSN
	{"-666", regexp.MustCompile(`(?:^|\D)\d{4}-\d\d-666(?:\D|$)`)},               // the same backwards
	{"770000", regexp.MustCompile(`(?:^|\D)770000[0-3]\d\d(?:\D|$)`)},            // patients' ids
	{"ca11a7ee", regexp.MustCompile(`ca11a7ee-?0000`)},                           // encounters' ids
	{"-17", regexp.MustCompile(`(?:^|\D)(?:19\d\d|20[0-2]\d)-\d\d-17(?:\D|$)`)},  // days
	{":17:43", regexp.MustCompile(`\d:17:43(?:\D|$)`)},                           // times
	{"-7777", regexp.MustCompile(`(?:^|\D)\d{5}-7777(?:\D|$)`)},                  // postal codes
	{"10.99.", regexp.MustCompile(`(?:^|\D)10\.99\.\d+\.\d`)},                    // addresses
	{".13", regexp.MustCompile(`(?:^|\D)77\d{4}\.13(?:\D|$)`)},                   // salaries, balances
	{"\x00\x00\x00\x00\x2d\xe5\x44", nil}, {"\x00\x00\x00\x00\x2d\xe5\x45", nil}, // patients' ids as int8
	{"\xca\x11\xa7\xee\x00\x00", nil}, // encounters' ids as uuid
}

// words are the ways in which CANARY comes out, where functions hide it.
var words = func() [][]byte {
	word := []byte("CANARY")
	forms := [][]byte{
		word, []byte("canary"), []byte("Canary"), []byte("YRANAC"), []byte("yranac"),
		[]byte(hex.EncodeToString(word)), bytes.ToUpper([]byte(hex.EncodeToString(word))),
	}
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
	for _, m := range marks {
		switch i := bytes.Index(b, []byte(m.literal)); {
		case i < 0:
		case m.form == nil:
			return b[i : i+len(m.literal)]
		default:
			if found := m.form.Find(b); found != nil {
				return found
			}
		}
	}
	for _, word := range words {
		if i := bytes.Index(b, word); i >= 0 {
			return b[i:min(len(b), i+32)]
		}
	}
	return nil
}
