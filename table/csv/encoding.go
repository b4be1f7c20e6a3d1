package csv

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

// charset is the encoding of a file. Text is masked as UTF-8.
type charset struct {
	Name string // utf-8, utf-16le, utf-16be, windows-1252, iso-8859-1
	// BOM says that the file begins with a byte order mark.
	BOM bool
}

var encodings = map[string]encoding.Encoding{
	"utf-8":        nil,
	"utf-16le":     unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM),
	"utf-16be":     unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM),
	"windows-1252": charmap.Windows1252,
	"iso-8859-1":   charmap.ISO8859_1,
}

var marks = []struct {
	name string
	bom  []byte
}{
	{"utf-8", []byte("\xef\xbb\xbf")}, {"utf-16le", []byte("\xff\xfe")}, {"utf-16be", []byte("\xfe\xff")},
}

// parseEncoding returns the encoding with a name, in its common spellings.
func parseEncoding(name string) (charset, error) {
	switch n := strings.ToLower(strings.TrimSpace(name)); n {
	case "utf8", "utf-8", "ascii", "us-ascii":
		return charset{Name: "utf-8"}, nil
	case "utf16", "utf-16", "utf-16le":
		return charset{Name: "utf-16le"}, nil
	case "latin1", "latin-1", "iso-8859-1", "iso8859-1":
		return charset{Name: "iso-8859-1"}, nil
	case "cp1252", "windows-1252":
		return charset{Name: "windows-1252"}, nil
	case "utf-16be":
		return charset{Name: n}, nil
	}
	return charset{}, fmt.Errorf("unknown encoding %q: use utf-8, utf-16le, utf-16be, windows-1252 or iso-8859-1", name)
}

// detectEncoding returns the encoding of a text that begins with sample: by its byte
// order mark, by the zeros of UTF-16, else UTF-8 if the sample is valid UTF-8, and
// otherwise Windows-1252, which includes the characters of Latin-1.
func detectEncoding(sample []byte) charset {
	for _, m := range marks {
		if bytes.HasPrefix(sample, m.bom) {
			return charset{Name: m.name, BOM: true}
		}
	}
	var zeros [2]int
	for i, c := range sample {
		if c == 0 {
			zeros[i&1]++
		}
	}
	switch half := len(sample) / 2; {
	case half > 0 && zeros[1] > half*3/4 && zeros[0] <= half/8:
		return charset{Name: "utf-16le"}
	case half > 0 && zeros[0] > half*3/4 && zeros[1] <= half/8:
		return charset{Name: "utf-16be"}
	}
	// The sample may end inside a character.
	for cut := 0; cut < utf8.UTFMax && cut <= len(sample); cut++ {
		if utf8.Valid(sample[:len(sample)-cut]) {
			return charset{Name: "utf-8"}
		}
	}
	return charset{Name: "windows-1252"}
}

// Reader returns the text of r in UTF-8, without a byte order mark.
func (e charset) Reader(r io.Reader) (io.Reader, error) {
	if e.BOM {
		for _, m := range marks {
			if m.name == e.Name {
				if _, err := io.CopyN(io.Discard, r, int64(len(m.bom))); err != nil {
					return nil, err
				}
			}
		}
	}
	if enc := encodings[e.Name]; enc != nil {
		return transform.NewReader(r, enc.NewDecoder()), nil
	}
	return r, nil
}

// Writer returns a writer that takes UTF-8. UTF-16 is written as UTF-16; texts in
// an encoding of one byte are written as UTF-8, since what masking puts in may have
// any character. Close flushes it, and does not close w.
func (e charset) Writer(w io.Writer) (io.WriteCloser, error) {
	out := e
	if e.Name == "windows-1252" || e.Name == "iso-8859-1" {
		out = charset{Name: "utf-8"}
	}
	if out.BOM {
		for _, m := range marks {
			if m.name == out.Name {
				if _, err := w.Write(m.bom); err != nil {
					return nil, err
				}
			}
		}
	}
	if enc := encodings[out.Name]; enc != nil {
		return transform.NewWriter(w, enc.NewEncoder()), nil
	}
	return nopCloser{w}, nil
}

type nopCloser struct{ io.Writer }

func (nopCloser) Close() error { return nil }
