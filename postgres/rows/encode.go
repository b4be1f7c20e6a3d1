package rows

import (
	"encoding/binary"
	"encoding/hex"
	"strconv"

	"github.com/jackc/pgx/v5/pgtype"
	"github.com/veil-proxy/veil/postgres/catalog"
)

// appendBinary appends the binary form of a masked value that is written as text. It
// reports false if the text is not a value of the type: the value is then NULL.
func appendBinary(dst []byte, typ uint32, src []byte, types *pgtype.Map) ([]byte, bool) {
	switch typ {
	case catalog.OIDText, catalog.OIDVarchar, catalog.OIDBpchar, catalog.OIDJSON, catalog.OIDXML:
		return append(dst, src...), true
	case catalog.OIDJSONB:
		return append(append(dst, 1), src...), true
	case catalog.OIDUUID:
		if len(src) != 36 {
			return dst, false
		}
		var digits [32]byte
		n := 0
		for i, c := range src {
			if i == 8 || i == 13 || i == 18 || i == 23 {
				continue
			}
			digits[n] = c
			n++
		}
		out, err := hex.AppendDecode(dst, digits[:])
		return out, err == nil
	case catalog.OIDTextArray, catalog.OIDVarcharArray:
		elements, ok := ParseArray(src)
		element := uint32(catalog.OIDText)
		if typ == catalog.OIDVarcharArray {
			element = catalog.OIDVarchar
		}
		return appendBinaryArray(dst, elements, element), ok
	case catalog.OIDInt4:
		v, err := strconv.ParseInt(string(src), 10, 32)
		return binary.BigEndian.AppendUint32(dst, uint32(v)), err == nil
	case catalog.OIDInt8:
		v, err := strconv.ParseInt(string(src), 10, 64)
		return binary.BigEndian.AppendUint64(dst, uint64(v)), err == nil
	}
	var v any
	switch typ {
	case catalog.OIDDate:
		v = &pgtype.Date{}
	case catalog.OIDTimestamp:
		v = &pgtype.Timestamp{}
	case catalog.OIDTimestamptz:
		v = &pgtype.Timestamptz{}
	case catalog.OIDNumeric:
		v = &pgtype.Numeric{}
	default:
		return dst, false
	}
	if err := types.Scan(typ, pgtype.TextFormatCode, src, v); err != nil {
		return dst, false
	}
	out, err := types.Encode(typ, pgtype.BinaryFormatCode, v, dst)
	if err == nil && out != nil && typ == catalog.OIDNumeric {
		out = trimNumeric(out, len(dst))
	}
	return out, err == nil && out != nil
}

// trimNumeric removes the groups of zeros at the end of the binary numeric that begins at
// an offset, as PostgreSQL does. Its zero has no group and the weight 0.
func trimNumeric(b []byte, at int) []byte {
	const head = 8 // groups, weight, sign, scale
	groups := binary.BigEndian.Uint16(b[at:])
	for groups > 0 && len(b) >= at+head+2 && b[len(b)-1] == 0 && b[len(b)-2] == 0 {
		b, groups = b[:len(b)-2], groups-1
	}
	binary.BigEndian.PutUint16(b[at:], groups)
	if sign := b[at+4]; groups == 0 && sign == 0 {
		b[at+2], b[at+3] = 0, 0
	}
	return b
}

// appendBinaryArray appends a one-dimensional array of texts in binary form (array_send).
func appendBinaryArray(dst []byte, elements [][]byte, typ uint32) []byte {
	if len(elements) == 0 {
		dst = binary.BigEndian.AppendUint32(dst, 0)
		dst = binary.BigEndian.AppendUint32(dst, 0)
		return binary.BigEndian.AppendUint32(dst, typ)
	}
	hasNull := uint32(0)
	for _, e := range elements {
		if e == nil {
			hasNull = 1
		}
	}
	for _, v := range []uint32{1, hasNull, typ, uint32(len(elements)), 1} {
		dst = binary.BigEndian.AppendUint32(dst, v)
	}
	for _, e := range elements {
		if e == nil {
			dst = binary.BigEndian.AppendUint32(dst, 1<<32-1)
			continue
		}
		dst = binary.BigEndian.AppendUint32(dst, uint32(len(e)))
		dst = append(dst, e...)
	}
	return dst
}

// readBinaryArray reads a one-dimensional array in binary form.
func readBinaryArray(src []byte) (elements [][]byte, ok bool) {
	if len(src) < 12 {
		return nil, false
	}
	dims := binary.BigEndian.Uint32(src)
	src = src[12:]
	if dims == 0 {
		return [][]byte{}, len(src) == 0
	}
	if dims != 1 || len(src) < 8 {
		return nil, false
	}
	n := binary.BigEndian.Uint32(src)
	src = src[8:]
	for ; n > 0; n-- {
		if len(src) < 4 {
			return nil, false
		}
		size := int32(binary.BigEndian.Uint32(src))
		src = src[4:]
		if size < 0 {
			elements = append(elements, nil)
			continue
		}
		if int(size) > len(src) {
			return nil, false
		}
		elements = append(elements, src[:size:size])
		src = src[size:]
	}
	return elements, len(src) == 0
}
