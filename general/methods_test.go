package general

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/veil-proxy/veil/mask"
	"github.com/veil-proxy/veil/mask/keys"
)

var update = flag.Bool("update", false, "write vectors anew")

// A vector file has the cases of one method, under the secret 00 01 … 1f and the
// project "example". Frozen: added to, never edited.
type vectorFile struct {
	Method  string   `json:"method"`
	Vectors []vector `json:"vectors"`
}

type vector struct {
	Name    string         `json:"name"`
	Args    map[string]any `json:"args,omitempty"`
	In      string         `json:"in"`
	Entity  string         `json:"entity,omitempty"`
	Outcome string         `json:"outcome"`
	Out     string         `json:"out,omitempty"`
}

func testKeys(t testing.TB) *keys.Keyring {
	t.Helper()
	secret := make([]byte, keys.MinSecret)
	for i := range secret {
		secret[i] = byte(i)
	}
	k, err := keys.NewKeyring(secret, "example")
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// makeMethod makes a method from arguments as JSON gives them.
func makeMethod(t testing.TB, name string, given map[string]any, keys *keys.Keyring) mask.Method {
	t.Helper()
	for _, d := range Methods() {
		if d.Name != name {
			continue
		}
		args := mask.Args{}
		for k, v := range given {
			switch v := v.(type) {
			case float64:
				args[k] = int64(v)
			case []any:
				var list []string
				for _, s := range v {
					list = append(list, s.(string))
				}
				args[k] = list
			case map[string]any:
				m := map[string]string{}
				for mk, mv := range v {
					m[mk] = mv.(string)
				}
				args[k] = m
			default:
				args[k] = v
			}
		}
		if err := d.Check(args); err != nil {
			t.Fatal(err)
		}
		m, err := d.New(mask.Env{Keys: keys}, args)
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	t.Fatalf("no method %q", name)
	return nil
}

func TestVectors(t *testing.T) {
	files, err := filepath.Glob("../testdata/vectors/general-*.json")
	if err != nil || len(files) != len(Methods()) {
		t.Fatalf("%d vector files for %d methods: %v", len(files), len(Methods()), err)
	}
	keys := testKeys(t)
	for _, path := range files {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var f vectorFile
		if err := json.Unmarshal(b, &f); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		for i := range f.Vectors {
			v := &f.Vectors[i]
			t.Run(f.Method+"/"+v.Name, func(t *testing.T) {
				m := makeMethod(t, f.Method, v.Args, keys)
				in := &mask.Input{Entity: []byte(v.Entity), Keys: keys.NewPseudonymizer()}
				out, outcome, err := m.Append([]byte("x"), []byte(v.In), in)
				if err != nil {
					t.Fatal(err)
				}
				got := strings.TrimPrefix(string(out), "x")
				if outcome != mask.Replaced && got != "" {
					t.Errorf("%v, but %q was appended", outcome, got)
				}
				if *update && v.Outcome == "" {
					v.Outcome, v.Out = outcome.String(), got
				}
				if outcome.String() != v.Outcome || got != v.Out {
					t.Errorf("got %v %q, want %v %q", outcome, got, v.Outcome, v.Out)
				}
				again, _, _ := m.Append(nil, []byte(v.In), in)
				if outcome == mask.Replaced && string(again) != got {
					t.Errorf("the second time it is %q", again)
				}
			})
		}
		if *update {
			text, err := json.MarshalIndent(f, "", " ")
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, append(text, '\n'), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func TestIntPseudonymIsOneToOne(t *testing.T) {
	keys := testKeys(t)
	m := makeMethod(t, "pseudonym", map[string]any{"shape": "int"}, keys)
	in := &mask.Input{Keys: keys.NewPseudonymizer()}
	seen := map[string]bool{}
	for n := 100; n < 1000; n++ {
		out, outcome, err := m.Append(nil, appendUint(nil, uint64(n)), in)
		if err != nil || outcome != mask.Replaced || len(out) != 3 || out[0] == '0' || seen[string(out)] {
			t.Fatalf("%d becomes %q, %v, %v", n, out, outcome, err)
		}
		seen[string(out)] = true
	}
}

// TestImitationsPassTheirChecks computes each check digit by another way.
func TestImitationsPassTheirChecks(t *testing.T) {
	keys := testKeys(t)
	in := &mask.Input{Keys: keys.NewPseudonymizer()}
	luhnOK := func(s string) bool {
		sum := 0
		for i := range s {
			d := int(s[len(s)-1-i] - '0')
			if i%2 == 1 {
				d *= 2
			}
			sum += d/10 + d%10
		}
		return sum%10 == 0
	}
	for i := range 200 {
		digits := func(n int) []byte {
			out := make([]byte, n)
			for k := range out {
				out[k] = '0' + byte((i*7+k*3+i/10)%10)
			}
			return out
		}
		get := func(kind string, src []byte) string {
			out, outcome, err := makeMethod(t, "imitate", map[string]any{"kind": kind}, keys).Append(nil, src, in)
			if err != nil || outcome != mask.Replaced || len(out) != len(src) {
				t.Fatalf("%s of %q: %q, %v, %v", kind, src, out, outcome, err)
			}
			return string(out)
		}
		if s := get("luhn", digits(16)); !luhnOK(s) {
			t.Errorf("luhn: %s", s)
		}
		if s := get("npi", digits(10)); !luhnOK("80840"+s) || s[0] != '1' && s[0] != '2' {
			t.Errorf("npi: %s", s)
		}
		if s := get("ssn", digits(9)); s[0] != '9' || s[3:5] == "00" || s[5:] == "0000" {
			t.Errorf("ssn: %s", s)
		}
		s := get("nhs", digits(10))
		sum := 0
		for k := range 9 {
			sum += int(s[k]-'0') * (10 - k)
		}
		if (sum+int(s[9]-'0'))%11 != 0 || s[:3] != "999" {
			t.Errorf("nhs: %s", s)
		}
	}
}

func TestShiftKeepsIntervalsAndWeekdays(t *testing.T) {
	keys := testKeys(t)
	m := makeMethod(t, "date", map[string]any{"mode": "shift", "window": 182.0, "weekday": true}, keys)
	for _, entity := range []string{"Patient/1", "Patient/2", "Patient/3"} {
		in := &mask.Input{Entity: []byte(entity), Keys: keys.NewPseudonymizer()}
		_, first, _, _ := splitDate([]byte("2020-02-27"))
		_, second, _, _ := splitDate([]byte("2020-03-03"))
		a, _, _ := m.Append(nil, []byte("2020-02-27"), in)
		b, _, _ := m.Append(nil, []byte("2020-03-03T10:00:00+02:00"), in)
		_, da, _, oka := splitDate(a)
		_, db, rest, okb := splitDate(b)
		if !oka || !okb || string(rest) != "T10:00:00+02:00" {
			t.Fatalf("%s, %s", a, b)
		}
		if db.Days()-da.Days() != second.Days()-first.Days() || (da.Days()-first.Days())%7 != 0 || da == first {
			t.Errorf("%s: %s and %s", entity, a, b)
		}
	}
}

func TestSurrogatesHideFrequencies(t *testing.T) {
	keys := testKeys(t)
	m := makeMethod(t, "surrogate", map[string]any{"kind": "family"}, keys)
	p := keys.NewPseudonymizer()
	seen := map[string]int{}
	for i := range 300 {
		out, _, _ := m.Append(nil, []byte("Smith"), &mask.Input{Entity: appendUint([]byte("Patient/"), uint64(i)), Keys: p})
		seen[string(out)]++
	}
	for name, n := range seen {
		if n > 12 {
			t.Errorf("%d of 300 Smiths become %s", n, name)
		}
	}
}

func TestEveryLocaleHasEverySurrogate(t *testing.T) {
	keys := testKeys(t)
	for _, l := range locales() {
		for _, kind := range surrogateKinds() {
			m := makeMethod(t, "surrogate", map[string]any{"kind": kind, "locale": l}, keys)
			out, outcome, err := m.Append(nil, []byte("x"), &mask.Input{Entity: []byte("Patient/1"), Keys: keys.NewPseudonymizer()})
			if err != nil || outcome != mask.Replaced || len(out) == 0 || !utf8.Valid(out) {
				t.Errorf("%s %s: %q, %v, %v", l, kind, out, outcome, err)
			}
		}
	}
}

// FuzzSame: the pseudonym has the format of its input and shows none of it but
// its punctuation.
func FuzzSame(f *testing.F) {
	keys := testKeys(f)
	m := makeMethod(f, "pseudonym", map[string]any{"shape": "same"}, keys)
	in := &mask.Input{Keys: keys.NewPseudonymizer()}
	for _, s := range []string{"MRN-00123", "a1", "ÄÖ12", "123-45-6789", ""} {
		f.Add(s)
	}
	class := func(c byte) int {
		switch {
		case c >= '0' && c <= '9':
			return 1
		case c >= 'a' && c <= 'z':
			return 2
		case c >= 'A' && c <= 'Z':
			return 3
		}
		return int(c) + 4
	}
	f.Fuzz(func(t *testing.T, s string) {
		out, outcome, err := m.Append(nil, []byte(s), in)
		if err != nil {
			t.Fatal(err)
		}
		if outcome != mask.Replaced {
			return
		}
		if len(out) != len(s) {
			t.Fatal("another length")
		}
		for i := range out {
			if class(out[i]) != class(s[i]) {
				t.Fatalf("another format at %d", i)
			}
		}
	})
}

func TestShiftIsUndoneForAKnownPersonOnly(t *testing.T) {
	keys := testKeys(t)
	m := makeMethod(t, "date", map[string]any{"mode": "shift"}, keys)
	in := &mask.Input{Keys: keys.NewPseudonymizer()}
	for _, s := range []string{"2020-02-27", "2020-02-27T10:00:00.5+02:00", "2020-02", "2020", "x", ""} {
		if original, ok := m.(mask.Inverter).Invert(nil, []byte(s), in); ok {
			t.Errorf("%q of no one is made of %q", s, original)
		}
	}
	in.Entity = []byte("Patient/1")
	for _, s := range []string{"2020-02", "2020", "x", "", "2020-02-30"} {
		if original, ok := m.(mask.Inverter).Invert(nil, []byte(s), in); ok {
			t.Errorf("%q is made of %q", s, original)
		}
	}
	if original, ok := m.(mask.Inverter).Invert(nil, []byte("2020-02-27T10:00:00Z"), in); !ok || strings.HasPrefix(string(original), "2020-02-27") || !strings.HasSuffix(string(original), "T10:00:00Z") {
		t.Errorf("got %q", original)
	}
	for _, mode := range []string{"year", "month", "quarter"} {
		if _, ok := makeMethod(t, "date", map[string]any{"mode": mode}, keys).(mask.Inverter); ok {
			t.Errorf("%s can be undone", mode)
		}
	}
}

func FuzzDate(f *testing.F) {
	keys := testKeys(f)
	m := makeMethod(f, "date", map[string]any{"mode": "shift"}, keys)
	in := &mask.Input{Entity: []byte("Patient/1"), Keys: keys.NewPseudonymizer()}
	for _, s := range []string{"1980", "1980-03", "1980-03-05", "1980-03-05T10:00:00Z", "9999-12-31", "0001-01-01", "1980-02-30"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		out, outcome, err := m.Append(nil, []byte(s), in)
		if err != nil {
			t.Fatal(err)
		}
		if outcome == mask.Replaced {
			if _, _, _, ok := splitDate(out); !ok {
				t.Errorf("%q becomes %q, which is no date", s, out)
			}
		}
		// What is requested of shifted dates is requested of the originals.
		original, ok := m.(mask.Inverter).Invert(nil, []byte(s), in)
		if !ok {
			return
		}
		if out, outcome, _ := m.Append(nil, original, in); outcome != mask.Replaced || string(out) != s {
			t.Errorf("%q is made of %q, which becomes %q", s, original, out)
		}
	})
}

func BenchmarkMethods(b *testing.B) {
	keys := testKeys(b)
	for _, bm := range []struct {
		name, method, in string
		args             map[string]any
	}{
		{"pseudonym/base32", "pseudonym", "MRN-00123", nil},
		{"pseudonym/same", "pseudonym", "MRN-00123", map[string]any{"shape": "same"}},
		{"surrogate/family", "surrogate", "Smith", map[string]any{"kind": "family"}},
		{"date/shift", "date", "2020-02-27", map[string]any{"mode": "shift"}},
		{"imitate/ssn", "imitate", "123-45-6789", map[string]any{"kind": "ssn"}},
	} {
		b.Run(bm.name, func(b *testing.B) {
			m := makeMethod(b, bm.method, bm.args, keys)
			in := &mask.Input{Entity: []byte("Patient/1"), Keys: keys.NewPseudonymizer()}
			src := []byte(bm.in)
			var dst []byte
			b.ReportAllocs()
			for b.Loop() {
				dst, _, _ = m.Append(dst[:0], src, in)
			}
		})
	}
}
