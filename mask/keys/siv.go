package keys

import (
	"crypto/cipher"
	"crypto/subtle"
)

// siv is AES-SIV, deterministic authenticated encryption (RFC 5297): the
// synthetic initialisation vector is a CMAC (NIST SP 800-38B) over associated
// data and plaintext, and the ciphertext is AES in counter mode from it. Equal
// plaintexts under equal associated data give equal ciphertexts, which is what a
// pseudonym is; they reveal nothing else. A forgery opens with odds of
// 2^-128.
//
// The associated data that a key always has is folded in once. A siv must not be used
// concurrently: it has scratch space, so that sealing allocates nothing.
type siv struct {
	mac, ctr cipher.Block
	k1, k2   [16]byte // CMAC subkeys
	fixed    [16]byte // S2V over the fixed associated data
	x, y, v  [16]byte
}

const sivTag = 16

// newSIV returns an AES-SIV for the two halves of a key, given as ciphers.
func newSIV(mac, ctr cipher.Block, fixed ...[]byte) *siv {
	s := &siv{mac: mac, ctr: ctr}
	mac.Encrypt(s.k1[:], s.k1[:])
	double(&s.k1)
	s.k2 = s.k1
	double(&s.k2)
	var zero [16]byte
	s.fixed = s.cmac(zero[:], nil)
	for _, ad := range fixed {
		s.fixed = s.fold(s.fixed, ad)
	}
	return s
}

// double multiplies by x in the field of CMAC.
func double(b *[16]byte) {
	carry := b[0] >> 7
	for i := range 15 {
		b[i] = b[i]<<1 | b[i+1]>>7
	}
	b[15] = b[15]<<1 ^ carry*0x87
}

// cmac returns the CMAC of data, with end added to its last 16 bytes if it is
// given.
func (s *siv) cmac(data, end []byte) [16]byte {
	clear(s.x[:])
	n := max(1, (len(data)+15)/16)
	for block := range n {
		start := block * 16
		part := data[min(start, len(data)):min(start+16, len(data))]
		subtle.XORBytes(s.x[:], s.x[:], part)
		// end covers the last 16 bytes, which may span two blocks.
		if from := max(start, len(data)-16); end != nil && from < start+len(part) {
			covered := s.x[from-start : len(part)]
			subtle.XORBytes(covered, covered, end[from-(len(data)-16):])
		}
		if block == n-1 {
			key := &s.k1
			if len(part) < 16 {
				s.x[len(part)] ^= 0x80
				key = &s.k2
			}
			subtle.XORBytes(s.x[:], s.x[:], key[:])
		}
		s.mac.Encrypt(s.x[:], s.x[:])
	}
	return s.x
}

// fold is a step of S2V (RFC 5297, 2.4) for one more string.
func (s *siv) fold(d [16]byte, ad []byte) [16]byte {
	double(&d)
	m := s.cmac(ad, nil)
	subtle.XORBytes(d[:], d[:], m[:])
	return d
}

// tag is S2V over the fixed associated data, ad if it is not nil, and the
// plaintext.
func (s *siv) tag(plain, ad []byte) [16]byte {
	d := s.fixed
	if ad != nil {
		d = s.fold(d, ad)
	}
	if len(plain) >= 16 {
		s.v = d
		return s.cmac(plain, s.v[:])
	}
	double(&d)
	subtle.XORBytes(d[:], d[:], plain)
	d[len(plain)] ^= 0x80
	s.v = d
	return s.cmac(s.v[:], nil)
}

// crypt adds the key stream of a tag to data.
func (s *siv) crypt(tag [16]byte, data []byte) {
	s.x = tag
	s.x[8] &= 0x7f
	s.x[12] &= 0x7f
	for len(data) > 0 {
		s.ctr.Encrypt(s.y[:], s.x[:])
		n := subtle.XORBytes(data, data[:min(16, len(data))], s.y[:])
		data = data[n:]
		for i := 15; i >= 0; i-- {
			if s.x[i]++; s.x[i] != 0 {
				break
			}
		}
	}
}

// seal writes tag and ciphertext of data to dst, which must have room for both.
// dst[sivTag:] and data may be the same.
func (s *siv) seal(dst, data, ad []byte) int {
	t := s.tag(data, ad)
	n := copy(dst[sivTag:], data)
	s.crypt(t, dst[sivTag:sivTag+n])
	copy(dst, t[:])
	return sivTag + n
}

// open decrypts sealed in place and returns the plaintext, or reports false.
func (s *siv) open(sealed, ad []byte) ([]byte, bool) {
	if len(sealed) < sivTag {
		return nil, false
	}
	stated := [16]byte(sealed[:sivTag])
	data := sealed[sivTag:]
	s.crypt(stated, data)
	t := s.tag(data, ad)
	return data, subtle.ConstantTimeCompare(t[:], stated[:]) == 1
}
