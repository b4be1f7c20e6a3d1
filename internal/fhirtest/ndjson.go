package fhirtest

import (
	"io"
	"slices"
	"strconv"
)

// WriteNDJSON writes the resources of the given types, or all of them, one per line.
func (p *Population) WriteNDJSON(w io.Writer, types ...string) error {
	var line []byte
	for _, r := range p.resources {
		if len(types) > 0 && !slices.Contains(types, r.Type) {
			continue
		}
		line = append(append(line[:0], r.JSON...), '\n')
		if _, err := w.Write(line); err != nil {
			return err
		}
	}
	return nil
}

// BigNDJSON writes the resources over and over, one per line, until at least size bytes
// are written, and returns how many bytes it wrote. Each round has new ids of the same
// form, which its references use; all else repeats. It needs no memory besides one
// line.
func (p *Population) BigNDJSON(w io.Writer, size int64) (int64, error) {
	var written int64
	var line []byte
	for round := uint64(0); len(p.resources) > 0; round++ {
		for i := range p.resources {
			if written >= size {
				return written, nil
			}
			line = append(p.resources[i].appendRound(line[:0], round), '\n')
			n, err := w.Write(line)
			written += int64(n)
			if err != nil {
				return written, err
			}
		}
	}
	return written, nil
}

// appendRound appends the resource with the ids of a round.
func (r *Resource) appendRound(dst []byte, round uint64) []byte {
	from := 0
	for _, s := range r.spans {
		dst = append(dst, r.JSON[from:s.idStart]...)
		dst = appendID(dst, r.JSON[s.idStart:s.idEnd], round)
		from = s.idEnd
	}
	return append(dst, r.JSON[from:]...)
}

// appendID appends the id that takes the place of id in a round: another UUID
// for a UUID, a longer number for a number, else a longer name.
func appendID(dst, id []byte, round uint64) []byte {
	switch {
	case round == 0:
		return append(dst, id...)
	case isUUID(id):
		const hex = "0123456789abcdef"
		h := uint32(2166136261)
		for _, c := range id[:8] {
			h = (h ^ uint32(c)) * 16777619
		}
		h ^= uint32(round * 0x9e3779b97f4a7c15 >> 32)
		for shift := 28; shift >= 0; shift -= 4 {
			dst = append(dst, hex[h>>shift&15])
		}
		return append(dst, id[8:]...)
	case id[0] >= '0' && id[0] <= '9':
		dst = strconv.AppendUint(dst, round, 10)
		return append(dst, id...)
	}
	return strconv.AppendUint(append(append(dst, id...), '-'), round, 36)
}
