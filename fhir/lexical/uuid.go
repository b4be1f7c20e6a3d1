package lexical

// AppendHashUUID appends 16 bytes of a hash as a UUID of version 8 (RFC 9562, 5.8).
func AppendHashUUID(dst, hash []byte) []byte {
	b := [16]byte(hash)
	b[6] = b[6]&0x0f | 0x80
	b[8] = b[8]&0x3f | 0x80
	return AppendUUID(dst, &b)
}

const hexDigits = "0123456789abcdef"

// AppendUUID appends 16 bytes in the text form of a UUID (RFC 9562, 4).
func AppendUUID(dst []byte, b *[16]byte) []byte {
	for i, c := range b {
		switch i {
		case 4, 6, 8, 10:
			dst = append(dst, '-')
		}
		dst = append(dst, hexDigits[c>>4], hexDigits[c&15])
	}
	return dst
}

// ParseUUID reads the text form of a UUID in lower case, the only one that AppendUUID
// would restore.
func ParseUUID(b *[16]byte, text []byte) bool {
	if len(text) != 36 {
		return false
	}
	k := 0
	for i := 0; i < 36; i += 2 {
		if i == 8 || i == 13 || i == 18 || i == 23 {
			if text[i] != '-' {
				return false
			}
			i++
		}
		hi, lo := hexValue[text[i]], hexValue[text[i+1]]
		if hi|lo > 15 {
			return false
		}
		b[k] = hi<<4 | lo
		k++
	}
	return true
}

// hexValue has the value of a lower-case hex digit, and 255 for everything else.
var hexValue = func() (v [256]byte) {
	for i := range v {
		v[i] = 255
	}
	for i := range hexDigits {
		v[hexDigits[i]] = byte(i)
	}
	return v
}()

// URNUUID begins a URN that is a UUID.
const URNUUID = "urn:uuid:"
