package script

import (
	"bytes"
	"strings"
)

// Null is a NULL field in a COPY.
const Null = `\N`

// CheckEscapes reports whether the escapes of a field are those that PostgreSQL writes.
func CheckEscapes(field []byte) bool {
	if string(field) == Null {
		return true
	}
	for rest := field; ; {
		n := bytes.IndexByte(rest, '\\')
		if n < 0 {
			return true
		}
		if n+1 == len(rest) || strings.IndexByte(`bfnrtv\`, rest[n+1]) < 0 {
			return false
		}
		rest = rest[n+2:]
	}
}

// AppendUnescaped appends the value of a field of a COPY.
func AppendUnescaped(dst, field []byte) []byte {
	for i := 0; i < len(field); i++ {
		c := field[i]
		if c == '\\' && i+1 < len(field) {
			i++
			c = field[i]
			if k := strings.IndexByte("bfnrtv", c); k >= 0 {
				c = "\b\f\n\r\t\v"[k]
			}
		}
		dst = append(dst, c)
	}
	return dst
}

// AppendEscaped appends a text as a field of a COPY.
func AppendEscaped(dst, v []byte) []byte {
	plain := 0
	for plain < len(v) && v[plain] >= ' ' && v[plain] != '\\' {
		plain++
	}
	dst = append(dst, v[:plain]...)
	for _, c := range v[plain:] {
		switch {
		case c == '\\':
			dst = append(dst, '\\', '\\')
		case c < ' ':
			if k := strings.IndexByte("\b\f\n\r\t\v", c); k >= 0 {
				dst = append(dst, '\\', "bfnrtv"[k])
				continue
			}
			dst = append(dst, c)
		default:
			dst = append(dst, c)
		}
	}
	return dst
}

// AppendQuoted appends a text as a string constant.
func AppendQuoted(dst, v []byte) []byte {
	dst = append(dst, '\'')
	for _, c := range v {
		if c == '\'' {
			dst = append(dst, '\'')
		}
		dst = append(dst, c)
	}
	return append(dst, '\'')
}
