package rows

import (
	"bytes"
	"encoding/binary"
)

// maxMembers is the maximum number of members of a composite wrapper: tag, value and its
// neighbours, or the parts of a composed value.
const maxMembers = 1 + MostParts

// wrapperReader takes composite wrappers apart. The members are valid until the next one.
type wrapperReader struct {
	members [][]byte
	n       int
	buf     []byte // of members that are written with escapes
}

// readText reads a record in text form (src/backend/utils/adt/rowtypes.c, record_out):
// (a,"b ""c""",…). No member of a wrapper is NULL. It reports false for anything that
// is not a whole record of non-NULL members.
func (c *wrapperReader) readText(src []byte) bool {
	c.n, c.buf = 0, c.buf[:0]
	if len(src) < 2 || src[0] != '(' || src[len(src)-1] != ')' {
		return false
	}
	src = src[1 : len(src)-1]
	for {
		if c.n == maxMembers {
			return false
		}
		if len(src) > 0 && src[0] == '"' {
			member, rest, ok := c.quoted(src[1:])
			if !ok {
				return false
			}
			c.add(member)
			src = rest
		} else {
			i := bytes.IndexByte(src, ',')
			if i < 0 {
				i = len(src)
			}
			if i == 0 || bytes.IndexByte(src[:i], '"') >= 0 || bytes.IndexByte(src[:i], '\\') >= 0 {
				return false
			}
			c.add(src[:i])
			src = src[i:]
		}
		if len(src) == 0 {
			return true
		}
		if src[0] != ',' {
			return false
		}
		src = src[1:]
	}
}

func (c *wrapperReader) add(member []byte) {
	if c.n == len(c.members) {
		c.members = append(c.members, nil)
	}
	c.members[c.n] = member
	c.n++
}

// quoted reads to the closing quote; "" and \x stand for one character.
func (c *wrapperReader) quoted(src []byte) (member, rest []byte, ok bool) {
	i := bytes.IndexAny(src, `"\`)
	if i < 0 {
		return nil, nil, false
	}
	if src[i] == '"' && (i+1 == len(src) || src[i+1] != '"') {
		return src[:i], src[i+1:], true
	}
	from := len(c.buf)
	for i = 0; i < len(src); i++ {
		switch src[i] {
		case '\\':
			if i++; i == len(src) {
				return nil, nil, false
			}
		case '"':
			if i+1 == len(src) || src[i+1] != '"' {
				return c.buf[from:], src[i+1:], true
			}
			i++
		}
		c.buf = append(c.buf, src[i])
	}
	return nil, nil, false
}

// readBinary reads a record in binary form (record_send): the number of members, and
// of each its type, length and bytes.
func (c *wrapperReader) readBinary(src []byte) bool {
	c.n = 0
	if len(src) < 4 {
		return false
	}
	n := binary.BigEndian.Uint32(src)
	src = src[4:]
	if n > maxMembers {
		return false
	}
	for ; n > 0; n-- {
		if len(src) < 8 {
			return false
		}
		size := int32(binary.BigEndian.Uint32(src[4:]))
		src = src[8:]
		if size < 0 || int(size) > len(src) {
			return false
		}
		c.add(src[:size])
		src = src[size:]
	}
	return len(src) == 0
}
