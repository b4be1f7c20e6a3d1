// Package fhirjson reads the JSON text of FHIR resources in place. It has a strict
// scanner, a table of member names, and a splitter of NDJSON files. It knows nothing of
// FHIR's types.
package fhirjson

import (
	"encoding/binary"
	"math/bits"
	"unicode/utf8"
)

// The scanner reads JSON (RFC 8259) from a byte slice in place. Every function
// takes an index and returns the next one; a negative index is a syntax error,
// and the scanner's fault says which and where. Nothing is decoded that need
// not be.

// MaxDepth is the maximum nesting depth of objects and arrays in one resource. HL7's
// deepest example nests 20 deep.
const MaxDepth = 200

// Fault is the first fault in a text.
type Fault struct {
	Offset int
	What   string
}

const (
	ones  = 0x0101010101010101
	highs = 0x8080808080808080
)

// stopBits marks, in the top bit of its byte, the first byte of x that ends a plain run
// of string text: a quote, a backslash, a control character or a byte over 0x7f. Bits
// above the first are unreliable: subtraction may borrow there.
func stopBits(x uint64) uint64 {
	// Go gives -, | and ^ one precedence: the parentheses matter.
	return (((x ^ (ones * '"')) - ones) | ((x ^ (ones * '\\')) - ones) | (x - ones*0x20) | x) & highs
}

// SkipSpace skips white space. It returns len(src) at the end.
func SkipSpace(src []byte, i int) int {
	for i < len(src) && src[i] <= ' ' && (src[i] == ' ' || src[i] == '\n' || src[i] == '\r' || src[i] == '\t') {
		i++
	}
	return i
}

// ScanString reads the string whose opening quote is at src[i], and returns the index
// after its closing quote and whether it has escapes. It checks the text: no control
// characters, no unknown escapes, valid UTF-8 (RFC 3629), surrogate escapes in pairs.
func ScanString(src []byte, i int, f *Fault) (end int, escaped bool) {
	return scanString(src, i, i+1, f)
}

const (
	notClosed = "string is not closed"
	inString  = "control character in a string"
	noUTF8    = "invalid UTF-8"
)

// scanString reads on at src[i] in the string that begins at src[start]; everything
// before src[i] is plain.
func scanString(src []byte, start, i int, f *Fault) (end int, escaped bool) {
	for {
		for i+8 <= len(src) {
			m := stopBits(binary.LittleEndian.Uint64(src[i:]))
			if m != 0 {
				i += bits.TrailingZeros64(m) >> 3
				break
			}
			i += 8
		}
		if i >= len(src) {
			return Fail(f, start, notClosed), false
		}
		switch c := src[i]; {
		case c == '"':
			return i + 1, escaped
		case c == '\\':
			escaped = true
			if i = scanEscape(src, i, f); i < 0 {
				return -1, false
			}
		case c < 0x20:
			return Fail(f, i, inString), false
		case c < utf8.RuneSelf:
			i++
		default:
			r, n := utf8.DecodeRune(src[i:])
			if r == utf8.RuneError && n <= 1 {
				return Fail(f, i, noUTF8), false
			}
			i += n
		}
	}
}

// scanEscape reads one escape, or a surrogate pair of two, at src[i].
func scanEscape(src []byte, i int, f *Fault) int {
	if i+1 >= len(src) {
		return Fail(f, i, notClosed)
	}
	switch src[i+1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return i + 2
	case 'u':
		r := hex4(src, i+2)
		switch {
		case r < 0:
			return Fail(f, i, "escape is not \\u and four hex digits")
		case r >= 0xdc00 && r < 0xe000:
			return Fail(f, i, "second half of a surrogate pair without its first")
		case r >= 0xd800 && r < 0xdc00:
			if i+12 > len(src) || src[i+6] != '\\' || src[i+7] != 'u' {
				return Fail(f, i, "first half of a surrogate pair without its second")
			}
			if low := hex4(src, i+8); low < 0xdc00 || low >= 0xe000 {
				return Fail(f, i, "first half of a surrogate pair without its second")
			}
			return i + 12
		}
		return i + 6
	}
	return Fail(f, i, "unknown escape in a string")
}

func hex4(src []byte, i int) rune {
	if i+4 > len(src) {
		return -1
	}
	var r rune
	for _, c := range src[i : i+4] {
		switch {
		case c >= '0' && c <= '9':
			r = r<<4 | rune(c-'0')
		case c >= 'a' && c <= 'f':
			r = r<<4 | rune(c-'a'+10)
		case c >= 'A' && c <= 'F':
			r = r<<4 | rune(c-'A'+10)
		default:
			return -1
		}
	}
	return r
}

// ScanNumber reads a number of any length.
func ScanNumber(src []byte, i int, f *Fault) int {
	start := i
	if i < len(src) && src[i] == '-' {
		i++
	}
	switch {
	case i < len(src) && src[i] == '0':
		i++
	case i < len(src) && src[i] >= '1' && src[i] <= '9':
		i = digits(src, i)
	default:
		return Fail(f, start, "not a number")
	}
	if i < len(src) && src[i] == '.' {
		j := digits(src, i+1)
		if j == i+1 {
			return Fail(f, start, "number has no digits after its point")
		}
		i = j
	}
	if i < len(src) && (src[i] == 'e' || src[i] == 'E') {
		i++
		if i < len(src) && (src[i] == '+' || src[i] == '-') {
			i++
		}
		j := digits(src, i)
		if j == i {
			return Fail(f, start, "number has no digits in its exponent")
		}
		i = j
	}
	return i
}

func digits(src []byte, i int) int {
	for i < len(src) && src[i] >= '0' && src[i] <= '9' {
		i++
	}
	return i
}

// ScanLiteral reads true, false or null.
func ScanLiteral(src []byte, i int, f *Fault) int {
	rest := src[i:]
	switch {
	case len(rest) >= 4 && string(rest[:4]) == "true", len(rest) >= 4 && string(rest[:4]) == "null":
		return i + 4
	case len(rest) >= 5 && string(rest[:5]) == "false":
		return i + 5
	}
	return Fail(f, i, "not a JSON value")
}

// ScanScalar reads a string, number or literal.
func ScanScalar(src []byte, i int, f *Fault) int { return (*Stops)(nil).ScanScalar(src, i, f) }

// ScanScalar reads a string, number or literal.
func (s *Stops) ScanScalar(src []byte, i int, f *Fault) int {
	if i >= len(src) {
		return Fail(f, i, "unexpected end of input, expected a value")
	}
	switch c := src[i]; {
	case c == '"':
		end, _ := s.ScanString(src, i, f)
		return end
	case c == '-' || c >= '0' && c <= '9':
		return ScanNumber(src, i, f)
	}
	return ScanLiteral(src, i, f)
}

// SkipValue reads any value strictly and returns the index after it. depth is the
// nesting depth of src[i]. It does not look for duplicate member names, since none of
// the skipped members are used.
func SkipValue(src []byte, i, depth int, f *Fault) int {
	return (*Stops)(nil).SkipValue(src, i, depth, f)
}

// SkipValue is the function of this name.
func (s *Stops) SkipValue(src []byte, i, depth int, f *Fault) int {
	if i >= len(src) || src[i] != '{' && src[i] != '[' {
		return s.ScanScalar(src, i, f)
	}
	var open containers
	end := byte(0) // of the object or array that holds the value
	base := depth
	for i >= 0 {
		if i < len(src) && (src[i] == '{' || src[i] == '[') {
			if depth >= MaxDepth {
				return Fail(f, i, "nested too deep")
			}
			inner := src[i] + 2 // '}' or ']'
			if i = SkipSpace(src, i+1); i >= len(src) || src[i] != inner {
				end = inner
				open.set(depth, end)
				depth++
				i = s.startItem(src, i, end, f)
				continue
			}
			i++
		} else if i = s.ScanScalar(src, i, f); i < 0 {
			return -1
		}
		// After a value, and then after each object or array that ends with it.
		for depth > base {
			i = SkipSpace(src, i)
			if i >= len(src) {
				return Fail(f, i, "unexpected end of input inside an object or array")
			}
			if src[i] == ',' {
				break
			}
			if src[i] != end {
				return Fail(f, i, "expected a comma or the end of the object or array")
			}
			i++
			depth--
			end = open.end(depth - 1)
		}
		if depth == base {
			return i
		}
		i = s.startItem(src, SkipSpace(src, i+1), end, f)
	}
	return -1
}

// containers records what is open while values are skipped: a bit for each depth says
// whether it is an object or an array.
type containers [MaxDepth/64 + 1]uint64

// set records what ends the container at a depth.
func (c *containers) set(depth int, end byte) {
	c[depth>>6] &^= 1 << (depth & 63)
	if end == '}' {
		c[depth>>6] |= 1 << (depth & 63)
	}
}

// end returns what ends the container at a depth.
func (c *containers) end(depth int) byte {
	if depth >= 0 && c[depth>>6]&(1<<(depth&63)) != 0 {
		return '}'
	}
	return ']'
}

// startItem returns the index of the value of an item in a container with this end.
func (s *Stops) startItem(src []byte, i int, end byte, f *Fault) int {
	if end == '}' {
		return s.scanName(src, i, f)
	}
	return i
}

// scanName reads a member's name and its colon and returns the index of the
// value.
func (s *Stops) scanName(src []byte, i int, f *Fault) int {
	if i >= len(src) || src[i] != '"' {
		return Fail(f, i, "expected the name of a member")
	}
	end, _ := s.ScanString(src, i, f)
	if end < 0 {
		return -1
	}
	return ScanColon(src, end, f)
}

// ScanColon reads the colon after a member's name and returns the index of the value.
func ScanColon(src []byte, i int, f *Fault) int {
	i = SkipSpace(src, i)
	if i >= len(src) || src[i] != ':' {
		return Fail(f, i, "expected a colon after the name of a member")
	}
	return SkipSpace(src, i+1)
}

// Fail records a fault and returns the index that stands for one.
func Fail(f *Fault, offset int, what string) int {
	if f.What == "" {
		f.Offset, f.What = offset, what
	}
	return -1
}

// AppendUnescaped appends the contents of a JSON string with its escapes resolved.
// inside is the string without its quotes, as ScanString has checked it.
func AppendUnescaped(dst, inside []byte) []byte {
	for i := 0; i < len(inside); {
		c := inside[i]
		if c != '\\' {
			dst = append(dst, c)
			i++
			continue
		}
		switch c = inside[i+1]; c {
		case 'b':
			dst = append(dst, '\b')
		case 'f':
			dst = append(dst, '\f')
		case 'n':
			dst = append(dst, '\n')
		case 'r':
			dst = append(dst, '\r')
		case 't':
			dst = append(dst, '\t')
		case 'u':
			r := hex4(inside, i+2)
			i += 4
			if r >= 0xd800 && r < 0xdc00 {
				r = 0x10000 + (r-0xd800)<<10 + (hex4(inside, i+4) - 0xdc00)
				i += 6
			}
			dst = utf8.AppendRune(dst, r)
		default:
			dst = append(dst, c)
		}
		i += 2
	}
	return dst
}

// AppendEscaped appends text as the contents of a JSON string, without quotes.
func AppendEscaped(dst, text []byte) []byte {
	const hex = "0123456789abcdef"
	for _, c := range text {
		switch {
		case c == '"' || c == '\\':
			dst = append(dst, '\\', c)
		case c >= 0x20:
			dst = append(dst, c)
		case c == '\n':
			dst = append(dst, '\\', 'n')
		case c == '\r':
			dst = append(dst, '\\', 'r')
		case c == '\t':
			dst = append(dst, '\\', 't')
		default:
			dst = append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		}
	}
	return dst
}

// IsPlain reports whether text can be put into a JSON string without escapes.
func IsPlain(text []byte) bool {
	for len(text) >= 8 {
		if stopBits(binary.LittleEndian.Uint64(text)) != 0 && !isPlain(text[:8]) {
			return false
		}
		text = text[8:]
	}
	return isPlain(text)
}

func isPlain(text []byte) bool {
	for _, c := range text {
		if c < 0x20 || c == '"' || c == '\\' {
			return false
		}
	}
	return true
}

// ByteOrderMark is the UTF-8 byte order mark, which may precede a text.
var ByteOrderMark = []byte("\xef\xbb\xbf")
