package sqltest

import (
	"encoding/base64"
	"encoding/hex"
	"testing"

	"github.com/veil-proxy/veil/internal/veiltest"
)

func corpus(t testing.TB, name string) []Entry {
	t.Helper()
	entries, err := ReadCorpus(veiltest.Testdata(t, "sql", name))
	if err != nil {
		t.Fatal(err)
	}
	return entries
}

func TestCorporaAreLargeEnough(t *testing.T) {
	for name, want := range map[string]int{"attacks": 300, "legit": 600} {
		if got := len(corpus(t, name)); got < want {
			t.Errorf("%s: got %d entries, want at least %d", name, got, want)
		}
	}
}

func TestCanary(t *testing.T) {
	name := []byte("Dr CANARYNAME0001")
	for _, tt := range []struct {
		name string
		in   string
		want bool
	}{
		{"text", string(name), true},
		{"lower case", "canaryname", true},
		{"backwards", "1000EMANYRANAC", true},
		{"hex", hex.EncodeToString(name), true},
		{"base 64", base64.StdEncoding.EncodeToString(name), true},
		{"base 64 one on", base64.StdEncoding.EncodeToString(name[1:]), true},
		{"base 64 two on", base64.StdEncoding.EncodeToString(name[2:]), true},
		{"SSN", "(666-11-0001)", true},
		{"id", `"Patient/770000123"`, true},
		{"id in a row", "D\x00\x00\x00\x13\x00\x01\x00\x00\x00\x09770000123C", true},
		{"binary id", "\x00\x00\x00\x08\x00\x00\x00\x00\x2d\xe5\x44\x81", true},
		{"binary UUID", "\xca\x11\xa7\xee\x00\x00\x40\x00", true},
		{"day", "1950-03-17", true},
		{"time", "2022-01-01 08:17:43+00", true},
		{"postal code", "90210-7777", true},
		{"address", "10.99.0.4", true},
		{"balance", "770001.13", true},
		{"masked", "Maria Lopez, 1950-01-01, 902, 000-12-3456", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := Canary([]byte(tt.in)); (got != nil) != tt.want {
				t.Errorf("got %q, want one: %v", got, tt.want)
			}
		})
	}
}

func TestParseCorpus(t *testing.T) {
	entries, err := parseCorpus("x.sql", "-- about the file\n\n--- one\n-- why\n--: refused 42501 25006 or empty\nSELECT 1\n\n--- two\n--: masked unordered\n--: param a b\nBEGIN\n--;\nSELECT '{{a|b}}' -- not prose\n")
	if err != nil {
		t.Fatal(err)
	}
	if len(entries) != 2 {
		t.Fatalf("got %d entries, want 2", len(entries))
	}
	one, two := entries[0], entries[1]
	if !one.Expects("refused") || !one.Expects("empty") || one.Expects("masked") || len(one.Expect[0].Codes) != 2 || one.Steps[0] != "SELECT 1" {
		t.Errorf("got %+v", one)
	}
	if !two.Unordered || len(two.Steps) != 2 || two.Params[0] != "a b" || two.Line != 8 {
		t.Errorf("got %+v", two)
	}
	if got := Fill(two.Steps[1], true, nil); got != "SELECT 'b' -- not prose" {
		t.Errorf("got %q", got)
	}
	for name, src := range map[string]string{
		"no outcome":                 "--- a\nSELECT 1",
		"unknown outcome":            "--- a\n--: passed\nSELECT 1",
		"bad name":                   "--- A b\n--: empty\nSELECT 1",
		"no statement":               "--- a\n--: empty\n",
		"empty step":                 "--- a\n--: empty\nSELECT 1\n--;\n",
		"statement before the first": "SELECT 1\n--- a\n--: empty\nSELECT 1",
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := parseCorpus("x.sql", src); err == nil {
				t.Error("it is taken")
			}
		})
	}
}
