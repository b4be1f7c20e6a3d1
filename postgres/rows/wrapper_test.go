package rows

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/veil-proxy/veil/postgres/catalog"
)

func TestWrapperReader(t *testing.T) {
	for _, c := range []struct {
		in   string
		want []string
	}{
		{"(a,b)", []string{"a", "b"}},
		{`(a,"")`, []string{"a", ""}},
		{`(a,"x ""y"" \\ z",c)`, []string{"a", `x "y" \ z`, "c"}},
		{`(a,"x""","y""")`, []string{"a", `x"`, `y"`}},
		{"(a,)", nil}, {"(,a)", nil}, {"()", nil}, {"(a", nil}, {"a)", nil}, {"", nil}, {`(a,"b)`, nil}, {`(a,b"c)`, nil}, {`(a,"b"c)`, nil},
		{"(" + strings.Repeat("1,", maxMembers) + "2)", nil},
	} {
		var r wrapperReader
		ok := r.readText([]byte(c.in))
		if ok != (c.want != nil) {
			t.Errorf("%s: %v", c.in, ok)
			continue
		}
		for i, w := range c.want {
			if string(r.members[i]) != w || r.n != len(c.want) {
				t.Errorf("%s: member %d is %q", c.in, i, r.members[i])
			}
		}
	}
}

func TestArrays(t *testing.T) {
	for _, c := range []struct {
		in   string
		want [][]byte
		ok   bool
	}{
		{"{}", [][]byte{}, true},
		{`{a,"b,\"\\c",NULL,"NULL",""}`, [][]byte{[]byte("a"), []byte(`b,"\c`), nil, []byte("NULL"), {}}, true},
		{"{{a},{b}}", nil, false}, {"[0:1]={a}", nil, false}, {"{a", nil, false}, {`{"a}`, nil, false}, {"{a,}", nil, false}, {"", nil, false},
	} {
		got, ok := ParseArray([]byte(c.in))
		if ok != c.ok || ok && !slices.EqualFunc(got, c.want, func(a, b []byte) bool { return (a == nil) == (b == nil) && bytes.Equal(a, b) }) {
			t.Errorf("%s: %q %v", c.in, got, ok)
		}
		if ok {
			if again, ok := ParseArray(AppendArray(nil, got)); !ok || len(again) != len(got) {
				t.Errorf("%s: does not come back", c.in)
			}
			if again, ok := readBinaryArray(appendBinaryArray(nil, got, catalog.OIDText)); !ok || len(again) != len(got) {
				t.Errorf("%s: does not come back from binary", c.in)
			}
		}
	}
}

// TestMapArray holds that arrays keep their shape, whatever becomes of their elements.
func TestMapArray(t *testing.T) {
	for _, c := range []struct {
		in, want string
		valid    bool
	}{
		{"{}", "{}", true},
		{"{a,NULL,gone,b}", `{"a!",NULL,NULL,"b!"}`, true},
		{`{"a,}\"\\",null,"NULL",""}`, `{"a,}\"\\!",NULL,"NULL!","!"}`, true},
		{"{{a,b},{gone,NULL}}", `{{"a!","b!"},{NULL,NULL}}`, true},
		{"[0:1][-3:-3]={{a},{b}}", `[0:1][-3:-3]={{"a!"},{"b!"}}`, true},
		{"", "", false}, {"a", "", false}, {"{", "", false}, {"{a", "", false}, {`{"a}`, "", false}, {"{a,}", "", false}, {"{,a}", "", false}, {"{a}}", "", false},
		{"{a}b", "", false}, {"{a{b}}", "", false}, {"{{a}b}", "", false}, {"{a}{b}", "", false}, {"[a]={b}", "", false}, {"[0:1]=", "", false}, {`{a"b"}`, "", false}, {`{a\b}`, "", false},
	} {
		got, valid, err := MapArray([]byte("before"), []byte(c.in), func(dst, e []byte) ([]byte, bool, error) {
			return append(append(dst, e...), '!'), string(e) != "gone", nil
		})
		if err != nil || valid != c.valid || string(got) != "before"+c.want {
			t.Errorf("%s: %s %v %v", c.in, got, valid, err)
		}
	}
	fails := errors.New("fails")
	got, valid, err := MapArray(nil, []byte("{a}"), func(dst, e []byte) ([]byte, bool, error) { return append(dst, e...), true, fails })
	if !errors.Is(err, fails) || valid || len(got) > 0 {
		t.Errorf("%q %v %v", got, valid, err)
	}
}

// FuzzWrapper holds the fast reader of composite wrappers and arrays within their bounds, and
// that what is written comes back.
func FuzzWrapper(f *testing.F) {
	for _, s := range []string{"(a,b)", `(a,"b""\\")`, "{a,NULL}", "{}", "(", `{"`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		var r wrapperReader
		r.readText(src)
		r.readBinary(src)
		readBinaryArray(src)
		same := func(dst, e []byte) ([]byte, bool, error) { return append(dst, e...), true, nil }
		if once, ok, _ := MapArray(nil, src, same); ok {
			if again, ok, _ := MapArray(nil, once, same); !ok || !bytes.Equal(once, again) {
				t.Fatalf("%q became %q and %q", src, once, again)
			}
		}
		if list, ok := ParseArray(src); ok {
			again, ok := ParseArray(AppendArray(nil, list))
			if !ok || len(again) != len(list) {
				t.Fatalf("%q", src)
			}
		}
		for _, format := range []*CopyFormat{{Format: "text", Delimiter: '\t', Null: []byte(`\N`)}, {Format: "csv", Delimiter: ',', Quote: '"', Escape: '"'}} {
			field := format.appendField(nil, src, false)
			if n, ok := format.field(field); !ok || n != len(field) {
				t.Fatalf("%s: %q is not one field: %q", format.Format, src, field)
			}
			if back := format.unescape(nil, field); string(back) != string(src) {
				t.Fatalf("%s: %q came back as %q", format.Format, src, back)
			}
		}
	})
}
