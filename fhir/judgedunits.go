package fhir

import (
	"bytes"

	"github.com/veil-proxy/veil/fhir/terminology"
	"github.com/veil-proxy/veil/mask"
)

// judgedUnits are units that were judged lately in the text being masked, as codes are in
// judgedcodes.go: determining whether a unit is one of time takes longer than everything
// else that is done to a quantity.
type judgedUnits struct {
	generation uint32
	table      []judgedUnitAt
}

// judgedUnit has the findings about the code and the text of a quantity's unit.
type judgedUnit struct {
	read unitRead
	is   bool // the text is that of a unit
}

// unitRead is the unit by which a method judges a number.
type unitRead uint8

const (
	readNothing unitRead = iota
	readCode
	readText
)

type judgedUnitAt struct {
	judgedUnit
	reader     mask.UnitReader // of the method, or nil
	generation uint32
	code, text uint8 // their sizes
	buf        [longestUnits]byte
}

const (
	longestUnits = 56 // bytes of code and text
	unitSlots    = 1 << 6
)

// judgeUnit judges code and text of a quantity's unit for a method.
func (w *Walker) judgeUnit(r mask.UnitReader, code, text []byte) judgedUnit {
	if len(code)+len(text) > longestUnits {
		return newJudgedUnit(r, code, text)
	}
	t := &w.units
	if t.table == nil {
		t.table = make([]judgedUnitAt, unitSlots)
	}
	u := &t.table[(hashOfEnds(code)^hashOfEnds(text)>>1)>>58%unitSlots]
	if u.generation == t.generation && u.reader == r && string(u.buf[:u.code]) == string(code) && string(u.buf[u.code:u.code+u.text]) == string(text) {
		return u.judgedUnit
	}
	u.judgedUnit, u.reader, u.generation = newJudgedUnit(r, code, text), r, t.generation
	u.code = uint8(copy(u.buf[:], code))
	u.text = uint8(copy(u.buf[u.code:], text))
	return u.judgedUnit
}

func newJudgedUnit(r mask.UnitReader, code, text []byte) (u judgedUnit) {
	u.is = terminology.IsUnitText(text)
	if r == nil {
		return u
	}
	u.is = u.is || r.KnowsUnit(text)
	switch unit := r.ReadUnit(code, text); {
	case unit == nil:
	case bytes.Equal(unit, code):
		u.read = readCode
	default:
		u.read = readText
	}
	return u
}
