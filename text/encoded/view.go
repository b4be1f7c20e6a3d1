// Package encoded decodes encodings inside a plain text: entities and tags, escapes of
// JSON, RTF and HL7, quoted-printable, URLs, words decoded in the wrong character set,
// words broken at the end of a line, cells of drawn tables, file names, base64. Each
// encoding gives a View: the decoded text, with the positions that it comes from.
package encoded

import (
	"slices"
	"unicode/utf8"
)

// An Encoding is a way in which a part of a text may be encoded.
type Encoding uint8

// The encodings.
const (
	Entities Encoding = iota
	Tags
	Escapes // of JSON and programs
	RTF
	HL7
	QuotedPrintable
	URL
	Mojibake
	Breaks // words broken at the end of a line
	Cells  // of drawn tables
	Names  // of files, with joined words
	// Count is the number of encodings.
	Count
)

// View is a text with one of the encodings decoded. The zero value is ready to use; its
// memory is reused.
type View struct {
	Text []byte
	// Sure reports that the text certainly has the encoding, so that it is worth looking for
	// more than known values.
	Sure   bool
	pieces []piece
	bytes  []byte // of a run of encoded bytes
}

// piece is a part of the view and the part of the text that it comes from. In the view, it
// ends where the next begins.
type piece struct {
	at       int // in the view
	from, to int // in the text
	// literal means that both are equal.
	literal bool
	// apart means that it follows markup that is in the text but not in the view. The
	// markup stays.
	apart bool
}

// Range is a part of the text that a view comes from.
type Range struct {
	Start, End int
	// Decoded reports that the text spells it differently from the view.
	Decoded bool
}

// readers finds encodings. Each reports whether it found anything.
var readers = [Count]func(v *View, text []byte) bool{
	Entities: readEntities, Tags: readTags, Escapes: readEscapes, RTF: readRTF, HL7: readHL7, QuotedPrintable: readQuotedPrintable,
	URL: readURL, Mojibake: readMojibake, Breaks: readBreaks, Cells: readCells, Names: readNames,
}

// Read decodes a text, and reports whether any part of it is in the encoding.
func (v *View) Read(e Encoding, text []byte) bool {
	v.Text, v.pieces, v.Sure = v.Text[:0], v.pieces[:0], false
	return readers[e](v, text)
}

// keep adds a part of the text as it is.
func (v *View) keep(text []byte, from, to int) {
	if from >= to {
		return
	}
	if n := len(v.pieces); n == 0 || !v.pieces[n-1].literal || v.pieces[n-1].to != from {
		v.pieces = append(v.pieces, piece{at: len(v.Text), from: from, to: to, literal: true})
	} else {
		v.pieces[n-1].to = to
	}
	v.Text = append(v.Text, text[from:to]...)
}

// drop leaves out markup, which stays in the text. by, if not 0, replaces it in the view.
func (v *View) drop(by byte) {
	v.pieces = append(v.pieces, piece{at: len(v.Text), apart: true})
	if n := len(v.Text); by != 0 && (n == 0 || v.Text[n-1] != by) {
		v.Text = append(v.Text, by)
	}
}

// put adds the decoded form of a part of the text.
func (v *View) put(from, to int, out ...byte) {
	v.pieces = append(v.pieces, piece{at: len(v.Text), from: from, to: to})
	v.Text = append(v.Text, out...)
}

func (v *View) putRune(from, to int, r rune) {
	v.pieces = append(v.pieces, piece{at: len(v.Text), from: from, to: to})
	v.Text = utf8.AppendRune(v.Text, r)
}

// Source appends the ranges of the text that a part of the view comes from. There are
// several if there is markup in between.
func (v *View) Source(dst []Range, start, end int) []Range {
	i, _ := slices.BinarySearchFunc(v.pieces, start, func(p piece, at int) int { return p.at - at })
	for i > 0 && (i == len(v.pieces) || v.pieces[i].at > start) {
		i--
	}
	apart := true
	for ; i < len(v.pieces) && v.pieces[i].at < end; i++ {
		p := &v.pieces[i]
		until := len(v.Text)
		if i+1 < len(v.pieces) {
			until = v.pieces[i+1].at
		}
		switch {
		case p.apart:
			apart = true
			continue
		case until <= start:
			continue
		}
		r := Range{p.from, p.to, !p.literal}
		if p.literal {
			r.Start, r.End = p.from+max(start-p.at, 0), p.from+min(end, until)-p.at
		}
		if apart {
			dst = append(dst, r)
			apart = false
			continue
		}
		last := &dst[len(dst)-1]
		last.Decoded = last.Decoded || r.Decoded || last.End != r.Start
		last.End = r.End
	}
	return dst
}
