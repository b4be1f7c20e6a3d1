package general

import (
	"crypto/sha512"
	"encoding/hex"
	"unicode/utf8"

	"github.com/veil-proxy/veil/mask"
	"github.com/veil-proxy/veil/mask/forms"
	"github.com/veil-proxy/veil/mask/keys"
)

// pseudonym replaces a value by HMAC-SHA-512 of it under the key of its domain,
// cut and written in a shape:
//
//	hex     0-9a-f, 32 characters by default: 4 bits each
//	base32  a-z2-7, 26 characters by default: 5 bits each
//	digits  0-9, 16 by default, each uniform
//	uuid    a UUID of version 8 (RFC 9562): 122 bits
//	int     a whole number in the value's own number of digits, one to one
//	same    the value's own format: digits stay digits, letters stay letters in
//	        their case, other characters stay
//
// It cannot be undone without the key; with it, guesses can be tried. Two of n
// values get one pseudonym of b bits with odds of about n²/2^(b+1): for base32
// of 26 and a million values 10^-27. int is a keyed Feistel permutation of the
// numbers of that many digits, so values never fall together; it takes whole
// numbers without sign and without leading zeros, up to 18 digits, and removes
// others. same is no permutation: n values of d digits fall together like d
// random digits do, and a text shorter than four letters and digits, which has
// too few forms to hide in, is Removed. An empty value is Removed.
type pseudonym struct {
	slot   keys.Slot
	shape  string
	length int
}

func newPseudonym(env mask.Env, args mask.Args) (mask.Method, error) {
	if name := args.String("importedKey", ""); name != "" {
		return newImported(env, name, args)
	}
	f := pseudonymForm(args)
	return &pseudonym{env.Keys.MACSlot(f.Purpose, f.Domain), f.Shape, int(f.Characters())}, nil
}

func pseudonymForm(args mask.Args) forms.Pseudonym {
	f := forms.Pseudonym{Shape: args.String("shape", "base32"), Length: args.Int("length", 0)}
	if args.String("importedKey", "") == "" {
		f.Keyed = forms.Keyed{Purpose: "pseudonym", Domain: args.String("domain", "")}
	}
	return f
}

const base32Digits = "abcdefghijklmnopqrstuvwxyz234567"

// Append implements mask.Method.
func (p *pseudonym) Append(dst, src []byte, in *mask.Input) ([]byte, mask.Outcome, error) {
	if len(src) == 0 {
		return dst, mask.Removed, nil
	}
	switch p.shape {
	case "int":
		return p.integer(dst, src, in)
	case "same":
		return p.same(dst, src, in)
	}
	sum := in.Keys.MAC1(p.slot, src)
	switch p.shape {
	case "hex":
		start := len(dst)
		dst = hex.AppendEncode(dst, sum[:(p.length+1)/2])[:start+p.length]
	case "base32":
		start := len(dst)
		for i := 0; i < p.length; i += 8 { // five bytes are eight characters
			b := sum[i/8*5:]
			v := uint64(b[0])<<32 | uint64(b[1])<<24 | uint64(b[2])<<16 | uint64(b[3])<<8 | uint64(b[4])
			dst = append(dst, base32Digits[v>>35&31], base32Digits[v>>30&31], base32Digits[v>>25&31], base32Digits[v>>20&31],
				base32Digits[v>>15&31], base32Digits[v>>10&31], base32Digits[v>>5&31], base32Digits[v&31])
		}
		dst = dst[:start+p.length]
	case "digits":
		s := stream{sum: *sum}
		for range p.length {
			dst = append(dst, '0'+s.below(10))
		}
	case "uuid":
		b := [16]byte(sum[:16])
		b[6], b[8] = b[6]&0x0f|0x80, b[8]&0x3f|0x80
		for i, cut := range []int{4, 6, 8, 10, 16} {
			from := [...]int{0, 4, 6, 8, 10}[i]
			if i > 0 {
				dst = append(dst, '-')
			}
			dst = hex.AppendEncode(dst, b[from:cut])
		}
	}
	return dst, mask.Replaced, nil
}

// Queue implements mask.Queuer.
func (p *pseudonym) Queue(src []byte, in *mask.Input) {
	switch {
	case len(src) == 0:
	case p.shape == "int":
		if v, low, size, ok := readInteger(src); ok {
			in.Keys.QueueNumber(p.slot, byte(len(src)), v-low, size)
		}
	case p.shape != "same" || hasFormat(src):
		in.Keys.Queue1(p.slot, src)
	}
}

// stream draws uniform small numbers from a hash, a byte at a time, and continues with
// the hash of the hash.
type stream struct {
	sum  [64]byte
	next int
}

// below returns a uniform number from 0 to n-1; n is at most 256.
func (s *stream) below(n int) byte {
	limit := 256 - 256%n
	for {
		if s.next == len(s.sum) {
			s.sum, s.next = sha512.Sum512(s.sum[:]), 0
		}
		v := int(s.sum[s.next])
		s.next++
		if v < limit {
			return byte(v % n)
		}
	}
}

func (p *pseudonym) same(dst, src []byte, in *mask.Input) ([]byte, mask.Outcome, error) {
	if !hasFormat(src) {
		return dst, mask.Removed, nil
	}
	s := stream{sum: *in.Keys.MAC1(p.slot, src)}
	for _, c := range src {
		switch {
		case c >= '0' && c <= '9':
			c = '0' + s.below(10)
		case c >= 'a' && c <= 'z':
			c = 'a' + s.below(26)
		case c >= 'A' && c <= 'Z':
			c = 'A' + s.below(26)
		}
		dst = append(dst, c)
	}
	return dst, mask.Replaced, nil
}

// hasFormat reports whether a text has a format to keep, and enough to hide in it.
func hasFormat(src []byte) bool {
	hidden := 0
	for _, c := range src {
		if c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' {
			hidden++
		}
		if c >= utf8.RuneSelf {
			return false // other scripts are not supported
		}
	}
	return hidden >= 4 && len(src) <= 256
}

// integer permutes the numbers with a given number of digits.
func (p *pseudonym) integer(dst, src []byte, in *mask.Input) ([]byte, mask.Outcome, error) {
	v, low, size, ok := readInteger(src)
	if !ok {
		return dst, mask.Removed, nil
	}
	return appendUint(dst, in.Keys.PermuteNumber(p.slot, byte(len(src)), v-low, size)+low), mask.Replaced, nil
}

// readInteger reads a whole number, and returns the first number with as many digits, and
// how many there are.
func readInteger(src []byte) (v, low, size uint64, ok bool) {
	if len(src) > 18 || src[0] == '0' && len(src) > 1 {
		return 0, 0, 0, false
	}
	for _, c := range src {
		if c < '0' || c > '9' {
			return 0, 0, 0, false
		}
		v = v*10 + uint64(c-'0')
	}
	low, size = 0, 10
	for range len(src) - 1 {
		low, size = size, size*10
	}
	return v, low, size - low, true
}

func appendUint(dst []byte, v uint64) []byte {
	var b [20]byte
	i := len(b)
	for {
		i--
		b[i] = '0' + byte(v%10)
		if v /= 10; v == 0 {
			return append(dst, b[i:]...)
		}
	}
}
