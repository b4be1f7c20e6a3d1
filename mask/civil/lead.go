package civil

import "encoding/binary"

// Lead returns the year of the date YYYY-MM-DD that a text begins with: a year from 1, a month
// from 1 to 12, a day from 1 to 31. It reads eight bytes at once, since dates are many.
func Lead(text []byte) (year int, ok bool) {
	if len(text) < len("YYYY-MM-DD") {
		return 0, false
	}
	// Each byte of d is the value of a digit, or 0 for a hyphen, if it is what it should be;
	// if not, the top bit of its byte is set in d or in the sum. Bytes over 0x80, from which the
	// sum carries into the next one, are set in d.
	const zeros, most, highs = 0x2d30302d30303030, 0x7f76767f76767676, 0x8080808080808080
	d := binary.LittleEndian.Uint64(text) ^ zeros
	tens, ones := text[8]-'0', text[9]-'0'
	if (d|(d+most))&highs != 0 || tens > 3 || ones > 9 {
		return 0, false
	}
	year = int(d&0xff)*1000 + int(d>>8&0xff)*100 + int(d>>16&0xff)*10 + int(d>>24&0xff)
	month, day := d>>40&0xff*10+d>>48&0xff, tens*10+ones
	return year, year > 0 && month-1 < 12 && day-1 < 31
}
