package csv

import (
	"bytes"
	stdcsv "encoding/csv"
	"io"
	"reflect"
	"strings"
	"testing"
)

// values reads a text as records of values; NULL is "∅", a bad record "!".
func values(d dialect, text string) [][]string {
	var out [][]string
	b := []byte(text)
	var cells []cell
	var buf []byte
	for len(b) > 0 {
		n := d.Record(b)
		if n == 0 {
			n = len(b)
		}
		record, _ := trimNewline(b[:n])
		b = b[n:]
		var err error
		if cells, err = d.Split(cells[:0], record); err != nil {
			out = append(out, []string{"!" + err.Error()})
			continue
		}
		row := []string{}
		for _, c := range cells {
			var v []byte
			v, buf = d.Value(buf, record, c)
			if d.IsNull(record, c) {
				v = []byte("∅")
			}
			row = append(row, string(v))
		}
		out = append(out, row)
	}
	return out
}

func TestRecords(t *testing.T) {
	t.Parallel()
	backslash := dialect{Delimiter: ',', Quote: '"', Escape: '\\', Newline: "\n"}
	tabs := dialect{Delimiter: '\t', Newline: "\n", Nulls: []string{`\N`}}
	mac := dialect{Delimiter: ';', Quote: '"', Escape: '"', Newline: "\r"}
	for _, tc := range []struct {
		name string
		d    dialect
		text string
		want [][]string
	}{
		{"plain", standardDialect, "a,b\n1,2\n", [][]string{{"a", "b"}, {"1", "2"}}},
		{"no line end at the end", standardDialect, "a,b\n1,2", [][]string{{"a", "b"}, {"1", "2"}}},
		{"carriage returns", standardDialect, "a,b\r\n1,2\r\n", [][]string{{"a", "b"}, {"1", "2"}}},
		{"old Macintosh", mac, "a;b\r1;\"x\ry\"\r", [][]string{{"a", "b"}, {"1", "x\ry"}}},
		{"empty cells are NULL, quoted ones are not", standardDialect, "a,,\"\"\n", [][]string{{"a", "∅", ""}}},
		{"line ends, delimiters and quotes in quotes", standardDialect, "\"a\n\"\"b\"\",c\",d\n", [][]string{{"a\n\"b\",c", "d"}}},
		{"only quotes", standardDialect, `"""",""""""` + "\n", [][]string{{`"`, `""`}}},
		{"backslashes", backslash, `"a\"b\\",c\d` + "\n", [][]string{{`a"b\`, `c\d`}}},
		{"a backslash that escapes nothing", backslash, `"C:\dir"` + "\n", [][]string{{`C:\dir`}}},
		{"no quoting", tabs, "5\" pipe\t\\N\t\n", [][]string{{`5" pipe`, "∅", ""}}},
		{"bare quote", standardDialect, "5\" pipe,b\nc,d\n", [][]string{{"!bare quote in a cell without quotes"}, {"c", "d"}}},
		{"data after a quote", standardDialect, "\"a\"b,c\nd,e\n", [][]string{{"!unexpected data after the closing quote"}, {"d", "e"}}},
		{"quote that stays open", standardDialect, "a,\"b\nc,d\n", [][]string{{"!quoted cell without a closing quote"}}},
		{"spaces belong to the cell", standardDialect, " a , b\n", [][]string{{" a ", " b"}}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := values(tc.d, tc.text); !reflect.DeepEqual(got, tc.want) {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}

func TestAppendCell(t *testing.T) {
	t.Parallel()
	tabs := dialect{Delimiter: '\t', Newline: "\n", Nulls: []string{`\N`}}
	named := standardDialect
	named.Nulls = []string{"NULL", "NA"}
	backslash := dialect{Delimiter: ',', Quote: '"', Escape: '\\', Newline: "\n"}
	for _, tc := range []struct {
		name   string
		d      dialect
		value  string
		quoted bool
		want   string
		ok     bool
	}{
		{"plain", standardDialect, "a", false, "a", true},
		{"as it was", standardDialect, "a", true, `"a"`, true},
		{"delimiter", standardDialect, "a,b", false, `"a,b"`, true},
		{"quote", standardDialect, `a"b`, false, `"a""b"`, true},
		{"empty text is not NULL", standardDialect, "", false, `""`, true},
		{"spelled like NULL", named, "NA", false, `"NA"`, true},
		{"empty beside named NULLs", named, "", false, "", true},
		{"escapes", backslash, `a"\,`, false, `"a\"\\,"`, true},
		{"no quoting", tabs, `a"b`, false, `a"b`, true},
		{"no quoting and a delimiter", tabs, "a\tb", false, "", false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, ok := tc.d.AppendCell(nil, []byte(tc.value), tc.quoted)
			if string(got) != tc.want || ok != tc.ok {
				t.Errorf("got %q %v, want %q %v", got, ok, tc.want, tc.ok)
			}
		})
	}
}

func TestDetect(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, text string
		delimiter  byte
		quote      byte
		escape     byte
		newline    string
	}{
		{"commas", "a,b,c\n1,2,3\n4,5,6\n", ',', '"', '"', "\n"},
		{"semicolons with decimal commas", "a;b;c\n1,5;2,5;3,5\n4,1;5;6\n", ';', '"', '"', "\n"},
		{"tabs", "a\tb\tc\n1, 2\tx\ty\nd\te\tf\n", '\t', '"', '"', "\n"},
		{"bars", "a|b|c\n1|2|3\n", '|', '"', '"', "\n"},
		{"quoted notes with commas", "id,note\n1,\"a, b, c\"\n2,\"d \"\"e\"\"\"\n", ',', '"', '"', "\n"},
		{"backslashes", "id,note\n1,\"a \\\"b\\\", c\"\n2,\"d\"\n", ',', '"', '\\', "\n"},
		{"apostrophes", "id,note\n1,'a, b'\n2,'c, d'\n", ',', '\'', '\'', "\n"},
		{"names with apostrophes", "id,name\n1,O'Hara\n2,D'Arcy\n", ',', '"', '"', "\n"},
		{"inches in tabs", "id\tsize\n1\t5\" pipe\n2\t6\" pipe\n", '\t', 0, 0, "\n"},
		{"Windows", "a,b\r\n1,2\r\n", ',', '"', '"', "\r\n"},
		{"old Macintosh", "a,b\r1,2\r", ',', '"', '"', "\r"},
		{"one column", "id\n1\n2\n", ',', '"', '"', "\n"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			d := detectDialect([]byte(tc.text), true)
			if d.Delimiter != tc.delimiter || d.Quote != tc.quote || d.Escape != tc.escape || d.Newline != tc.newline {
				t.Errorf("delimiter %q quote %q escape %q newline %q", d.Delimiter, d.Quote, d.Escape, d.Newline)
			}
		})
	}
}

func TestDetectHeader(t *testing.T) {
	t.Parallel()
	known := func(name string) bool { return name == "id" || name == "birth_date" }
	for _, tc := range []struct {
		name  string
		first string
		want  Header
	}{
		{"names", "id,name,birth_date", HeaderPresent},
		{"an index of pandas", ",id,name", HeaderPresent},
		{"data", "17,Smith,1980-03-05", HeaderAbsent},
		{"data that could be names", "Smith,Anna,Boston", HeaderUnknown},
		{"names that no rule has", "key,surname", HeaderUnknown},
		{"a name twice", "id,x,x", HeaderUnknown},
		{"an address among names", "id,ann@example.org", HeaderUnknown},
		{"years", "2020,2021", HeaderAbsent},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := detectHeader(strings.Split(tc.first, ","), known); got != tc.want {
				t.Errorf("got %d, want %d", got, tc.want)
			}
		})
	}
}

func TestEncodings(t *testing.T) {
	t.Parallel()
	const text = "name,ort\nMüller,Köln\nО’Hara,–\n"
	for _, tc := range []struct {
		name, encoding string
		bom            bool
		in, out        string
	}{
		{"UTF-8", "utf-8", false, text, text},
		{"with a mark", "utf-8", true, "\ufeff" + text, "\ufeff" + text},
		{"Windows", "windows-1252", false, "a,b\nM\xfcller,\x96\n", "a,b\nMüller,–\n"},
	} {
		t.Run(tc.name, func(t *testing.T) { roundTrip(t, tc.encoding, tc.bom, tc.in, tc.out) })
	}
	for name, e := range map[string]charset{"utf-16le": {"utf-16le", true}, "utf-16be": {"utf-16be", true}} {
		t.Run(name, func(t *testing.T) {
			var file bytes.Buffer
			w, err := e.Writer(&file)
			if err != nil {
				t.Fatal(err)
			}
			_, _ = io.WriteString(w, text)
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
			roundTrip(t, name, true, file.String(), file.String())
			// Without a mark, the zeros tell.
			if got := detectEncoding([]byte("x,y\n1,2\n")); got.Name != "utf-8" {
				t.Error(got)
			}
		})
	}
	if got := detectEncoding([]byte("a\x00,\x00b\x00\n\x00")); got.Name != "utf-16le" || got.BOM {
		t.Error(got)
	}
	if got := detectEncoding([]byte("a,M\xc3")); got.Name != "utf-8" {
		t.Errorf("a sample that ends in a character: %v", got)
	}
	if _, err := parseEncoding("ebcdic"); err == nil || !strings.Contains(err.Error(), "windows-1252") {
		t.Error(err)
	}
}

// roundTrip detects the encoding of a text, reads it and writes it again.
func roundTrip(t *testing.T, encoding string, bom bool, in, out string) {
	t.Helper()
	e := detectEncoding([]byte(in))
	if e.Name != encoding || e.BOM != bom {
		t.Fatalf("detected %v", e)
	}
	r, err := e.Reader(strings.NewReader(in))
	if err != nil {
		t.Fatal(err)
	}
	var file bytes.Buffer
	w, err := e.Writer(&file)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(w, r); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if file.String() != out {
		t.Errorf("got %q, want %q", file.String(), out)
	}
}

// FuzzCopy: a text whose cells are read and written again is the same text, and
// where Go's own reader accepts it, the values are the same.
func FuzzCopy(f *testing.F) {
	for _, s := range []string{"a,b\n1,2\n", "\"a\n\"\"b\",c\n", "a,\"\"\n,\n", "\"a\"b\n", "a\"b\nc", "\r\n\n", "\"", "a,\"b\nc\",d\ne"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		d := standardDialect
		var out, buf []byte
		var cells []cell
		var got [][]string
		clean := true
		for b := []byte(text); len(b) > 0; {
			n := d.Record(b)
			if n == 0 {
				n = len(b)
			}
			record, end := trimNewline(b[:n])
			b = b[n:]
			var err error
			if cells, err = d.Split(cells[:0], record); err != nil {
				clean = false
				out = append(append(out, record...), end...)
				continue
			}
			var row []string
			for i, c := range cells {
				if i > 0 {
					out = append(out, d.Delimiter)
				}
				var v []byte
				v, buf = d.Value(buf, record, c)
				row = append(row, string(v))
				if d.IsNull(record, c) {
					out = d.AppendNull(out)
				} else {
					out, _ = d.AppendCell(out, v, c.Quoted)
				}
			}
			out = append(out, end...)
			if len(record) > 0 {
				got = append(got, row)
			}
		}
		if string(out) != text {
			t.Fatalf("%q was written as %q", text, out)
		}
		if !clean || strings.Contains(text, "\r") {
			return // Go's reader rewrites carriage returns
		}
		r := stdcsv.NewReader(strings.NewReader(text))
		r.FieldsPerRecord = -1
		want, err := r.ReadAll()
		if err != nil {
			return
		}
		if len(want)+len(got) > 0 && !reflect.DeepEqual(got, want) {
			t.Fatalf("%q: got %q, Go reads %q", text, got, want)
		}
	})
}

// TestRecordNeedsNoWholeFile: a record is found as soon as it is whole, whatever
// follows.
func TestRecordNeedsNoWholeFile(t *testing.T) {
	t.Parallel()
	text := []byte("a,\"b\nc\",d\ne,f\n")
	for i := range text {
		want := 0
		if i >= 10 {
			want = 10
		}
		if got := standardDialect.Record(text[:i]); got != want {
			t.Errorf("of %q: %d, want %d", text[:i], got, want)
		}
	}
}
