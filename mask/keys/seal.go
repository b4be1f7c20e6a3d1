package keys

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"strconv"
)

// Sealed ids.
//
// A sealed id is a FHIR id that only the holder of the key can open: the same
// id in the same domain always gives the same sealed id, nothing is stored, and
// a string that was not sealed does not open. FHIR ids have 64 symbols
// (A-Z a-z 0-9 - .) and at most 64 characters (FHIR R4, datatypes.html#id), so
// a sealed id has at most 48 bytes, written in base 64 with that alphabet.
//
// The id is packed: a header byte and
//
//	0x00  a UUID in lower case             16 bytes
//	0x01  a decimal number below 2^64      8 bytes, big-endian, no leading zero
//	n     any other id of n (2+1..) chars  6 bits a character, padded with zeros;
//	                                       the header is 0x40+n, n at most 40
//
// The packed id is sealed with deterministic authenticated encryption: AES-SIV
// with two keys of 256 bits (RFC 5297, AEAD_AES_SIV_CMAC_512) and the associated
// data project and domain; the sealed id is tag and ciphertext. A UUID makes 33
// bytes, 44 characters. A forged id opens with odds of 2^-128.
//
// Ids of 41 to 63 characters have no room for a tag. They fill a block of 48
// bytes: 6 bits for the length, 6 bits a character, zeros. A lower-case
// hexadecimal id of 64 characters (a SHA-256) is the length 0, 32 bytes, and
// zeros. The block goes through a Feistel network of four rounds over two
// halves of 24 bytes, with HMAC-SHA-512 of the round and the half as round
// function (Luby and Rackoff, 1988): a strong pseudo-random permutation. A
// changed id opens to a random block, which is refused unless its length and
// zeros are right; for ids of 63 characters that check is weak (one in 64
// passes) and what opens is an id that does not exist.
//
// Other ids of 64 characters leave no bit free. They become an irreversible
// pseudonym of 43 characters, which never opens: such a resource cannot be read
// by its id, only found by a search.
//
// Example, with the secret 00 01 … 1f, the project "example" and the domain
// "Patient": see testdata/vectors/mask-seal.json.

const (
	headerUUID    = 0x00
	headerDecimal = 0x01
	headerText    = 0x40 // plus the number of characters
	longestText   = 40
	wideSize      = 48
	wideRounds    = 4
)

var idEncoding = base64.NewEncoding("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-.").
	WithPadding(base64.NoPadding).Strict()

// idValue has the value of each symbol of ids, and 255 for other bytes.
var idValue = func() (v [256]byte) {
	for i := range v {
		v[i] = 255
	}
	for i, c := range []byte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-.") {
		v[c] = byte(i)
	}
	return v
}()

const idSymbols = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-."

// AppendSealed appends the sealed form of a FHIR id. It reports false, and appends
// nothing, if id is not a FHIR id. With the slot of an imported key, it appends a
// pseudonym that cannot be opened.
func (p *Pseudonymizer) AppendSealed(dst []byte, s Slot, id []byte) ([]byte, bool) {
	if len(id) == 0 || len(id) > 64 {
		return dst, false
	}
	for _, c := range id {
		if idValue[c] == 255 {
			return dst, false
		}
	}
	st := p.state(s)
	if st.siv == nil {
		return p.AppendImported(dst, s, id), true
	}
	if n := p.pack(id); n > 0 {
		n = st.siv.seal(p.decoded[:], p.plain[:n], nil)
		return idEncoding.AppendEncode(dst, p.decoded[:n]), true
	}
	if !p.packWide(id) {
		st.mac.Reset()
		p.write(st.mac, []byte("irreversible"))
		p.write(st.mac, id)
		st.mac.Sum(p.sum[:0])
		return idEncoding.AppendEncode(dst, p.sum[:32]), true
	}
	for round := range wideRounds {
		p.feistel(st, byte(round))
	}
	return idEncoding.AppendEncode(dst, p.plain[:wideSize]), true
}

// AppendOpened appends the id that was sealed with this key, or with a retired one
// before its date, or reports false.
func (p *Pseudonymizer) AppendOpened(dst []byte, s Slot, sealed []byte) ([]byte, bool) {
	if out, ok := p.appendOpened(dst, s, sealed); ok {
		return out, true
	}
	if before, slot := p.retired(s); before != nil {
		return before.AppendOpened(dst, slot, sealed)
	}
	return dst, false
}

func (p *Pseudonymizer) appendOpened(dst []byte, s Slot, sealed []byte) ([]byte, bool) {
	if len(sealed) > 64 {
		return dst, false
	}
	n, err := idEncoding.Decode(p.decoded[:], sealed)
	if err != nil || n <= sivTag {
		return dst, false
	}
	st := p.state(s)
	if st.siv == nil {
		return dst, false
	}
	if n == wideSize {
		copy(p.plain[:], p.decoded[:wideSize])
		for round := wideRounds - 1; round >= 0; round-- {
			p.unfeistel(st, byte(round))
		}
		return p.unpackWide(dst)
	}
	packed, ok := st.siv.open(p.decoded[:n], nil)
	if !ok {
		return dst, false
	}
	return unpack(dst, packed)
}

// pack writes the packed id to p.plain and returns its size, or 0 if it is too long.
func (p *Pseudonymizer) pack(id []byte) int {
	if len(id) == 36 && packUUID(p.plain[1:17], id) {
		p.plain[0] = headerUUID
		return 17
	}
	if v, ok := packDecimal(id); ok {
		p.plain[0] = headerDecimal
		binary.BigEndian.PutUint64(p.plain[1:], v)
		return 9
	}
	if len(id) > longestText {
		return 0
	}
	p.plain[0] = headerText + byte(len(id))
	size := 1 + (len(id)*6+7)/8
	packBits(p.plain[1:size], id, 0)
	return size
}

// packBits writes 6 bits a character from a bit offset on; what is not written
// is zero.
func packBits(dst, id []byte, offset int) {
	clear(dst)
	for _, c := range id {
		v := uint16(idValue[c]) << 10 >> (offset % 8)
		at := offset / 8
		dst[at] |= byte(v >> 8)
		if at+1 < len(dst) {
			dst[at+1] |= byte(v)
		}
		offset += 6
	}
}

// unpackBits appends n characters of 6 bits each from a bit offset on.
func unpackBits(dst, src []byte, offset, n int) []byte {
	for range n {
		at := offset / 8
		v := uint16(src[at]) << 8
		if at+1 < len(src) {
			v |= uint16(src[at+1])
		}
		dst = append(dst, idSymbols[v<<(offset%8)>>10])
		offset += 6
	}
	return dst
}

func packUUID(dst, id []byte) bool {
	k := 0
	for i := 0; i < len(id); i += 2 {
		if i == 8 || i == 13 || i == 18 || i == 23 {
			if id[i] != '-' {
				return false
			}
			i++
		}
		hi, lo := hexDigit(id[i]), hexDigit(id[i+1])
		if hi|lo > 15 {
			return false
		}
		dst[k] = hi<<4 | lo
		k++
	}
	return true
}

func hexDigit(c byte) byte {
	switch {
	case c >= '0' && c <= '9':
		return c - '0'
	case c >= 'a' && c <= 'f':
		return c - 'a' + 10
	}
	return 255
}

// packDecimal reads a number below 2^64 without leading zeros.
func packDecimal(id []byte) (uint64, bool) {
	if len(id) > 20 || id[0] == '0' && len(id) > 1 {
		return 0, false
	}
	var v uint64
	for _, c := range id {
		if c < '0' || c > '9' {
			return 0, false
		}
		d := uint64(c - '0')
		if v > (1<<64-1-d)/10 {
			return 0, false
		}
		v = v*10 + d
	}
	return v, true
}

func unpack(dst, packed []byte) ([]byte, bool) {
	header, body := packed[0], packed[1:]
	switch {
	case header == headerUUID && len(body) == 16:
		const digits = "0123456789abcdef"
		for i, c := range body {
			if i == 4 || i == 6 || i == 8 || i == 10 {
				dst = append(dst, '-')
			}
			dst = append(dst, digits[c>>4], digits[c&15])
		}
		return dst, true
	case header == headerDecimal && len(body) == 8:
		return strconv.AppendUint(dst, binary.BigEndian.Uint64(body), 10), true
	case header > headerText && header <= headerText+longestText:
		if n := int(header - headerText); len(body) == (n*6+7)/8 {
			return unpackBits(dst, body, 0, n), true
		}
	}
	return dst, false
}

// packWide writes an id of 41 to 64 characters to the block of p.plain.
func (p *Pseudonymizer) packWide(id []byte) bool {
	block := p.plain[:wideSize]
	if len(id) < 64 {
		packBits(block, id, 6)
		block[0] |= byte(len(id)) << 2
		return true
	}
	clear(block)
	for i := 0; i < 64; i += 2 {
		hi, lo := hexDigit(id[i]), hexDigit(id[i+1])
		if hi|lo > 15 {
			return false
		}
		block[1+i/2] = hi<<4 | lo
	}
	return true
}

func (p *Pseudonymizer) unpackWide(dst []byte) ([]byte, bool) {
	block := p.plain[:wideSize]
	n := int(block[0] >> 2)
	if n == 0 {
		if block[0] != 0 || len(bytes.Trim(block[33:], "\x00")) > 0 {
			return dst, false
		}
		const digits = "0123456789abcdef"
		for _, c := range block[1:33] {
			dst = append(dst, digits[c>>4], digits[c&15])
		}
		return dst, true
	}
	if n <= longestText {
		return dst, false
	}
	for bit := 6 + 6*n; bit < 8*wideSize; bit++ {
		if block[bit/8]&(0x80>>(bit%8)) != 0 {
			return dst, false
		}
	}
	return unpackBits(dst, block, 6, n), true
}

const wideHalf = wideSize / 2

// feistel runs one round: the halves are swapped, and the round function of the old right
// half is added to the new one.
func (p *Pseudonymizer) feistel(st *keyState, round byte) {
	l, r := p.plain[:wideHalf], p.plain[wideHalf:wideSize]
	f := p.round(st, round, r)
	for i := range l {
		l[i], r[i] = r[i], l[i]^f[i]
	}
}

func (p *Pseudonymizer) unfeistel(st *keyState, round byte) {
	l, r := p.plain[:wideHalf], p.plain[wideHalf:wideSize]
	f := p.round(st, round, l)
	for i := range l {
		l[i], r[i] = r[i]^f[i], l[i]
	}
}

func (p *Pseudonymizer) round(st *keyState, round byte, half []byte) []byte {
	st.mac.Reset()
	p.out[0] = round
	p.write(st.mac, p.out[:1])
	p.write(st.mac, half)
	st.mac.Sum(p.sum[:0])
	return p.sum[:wideHalf]
}

// AppendSealedToken seals any data, such as a page link, under a slot, and appends it
// in URL-safe base64: tag and ciphertext, as for ids. ad is authenticated but not
// contained: the token opens only with the same ad.
func (p *Pseudonymizer) AppendSealedToken(dst []byte, s Slot, data, ad []byte) []byte {
	sealed := make([]byte, sivTag+len(data))
	p.state(s).siv.seal(sealed, data, notNil(ad))
	return base64.RawURLEncoding.AppendEncode(dst, sealed)
}

// AppendOpenedToken appends the data of a token, or reports false.
func (p *Pseudonymizer) AppendOpenedToken(dst []byte, s Slot, token, ad []byte) ([]byte, bool) {
	sealed, err := base64.RawURLEncoding.Strict().AppendDecode(nil, token)
	if err != nil {
		return dst, false
	}
	if data, ok := p.state(s).siv.open(sealed, notNil(ad)); ok {
		return append(dst, data...), true
	}
	if before, slot := p.retired(s); before != nil {
		return before.AppendOpenedToken(dst, slot, token, ad)
	}
	return dst, false
}

// notNil distinguishes empty associated data from none, which ids have.
func notNil(ad []byte) []byte {
	if ad == nil {
		return []byte{}
	}
	return ad
}
