package fhirjson

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
)

// Form is how a file holds resources.
type Form uint8

const (
	// OneResource is where the whole file is one resource, such as a Bundle.
	OneResource Form = iota
	// NDJSON is where each line is a resource (FHIR Bulk Data Access, "ndjson").
	NDJSON
	// OneXMLResource is where the whole file is one resource in the XML form.
	OneXMLResource
)

// DetectForm looks at the beginning of a file. It is XML where it begins with "<",
// behind white space and a byte order mark, and NDJSON where its first line
// is a whole JSON object, also if it has but that line, or where its second line
// begins another object: inside an object a line cannot begin with a brace, so
// the first one is a line of its own, if a broken one. An object that goes on
// behind what is seen, on one line, counts as NDJSON too: a line is read whole
// either way.
func DetectForm(beginning []byte) Form {
	beginning = bytes.TrimPrefix(beginning, ByteOrderMark)
	i := SkipSpace(beginning, 0)
	if i < len(beginning) && beginning[i] == '<' {
		return OneXMLResource
	}
	end := bytes.IndexByte(beginning[i:], '\n')
	if end < 0 {
		return NDJSON
	}
	var f Fault
	line := beginning[i : i+end]
	if after := SkipValue(line, 0, 0, &f); after >= 0 && SkipSpace(line, after) == len(line) {
		return NDJSON
	}
	if next := SkipSpace(beginning, i+end); next < len(beginning) && beginning[next] == '{' {
		return NDJSON
	}
	return OneResource
}

// ErrLineTooLong is returned by SplitNDJSON for a line over its limit.
var ErrLineTooLong = errors.New("the line is longer than a resource may be")

// SplitNDJSON reads lines and calls each with blocks of about size bytes that
// end at a line's end, and the number of the block's first line, from 1. The
// block is the callee's: it comes from buffer and is not used again. A line
// longer than limit is an error. It stops at the first error of each.
func SplitNDJSON(r io.Reader, size, limit int, buffer func() []byte, each func(block []byte, line int) error) error {
	br := bufio.NewReaderSize(r, 1<<16)
	line := 1
	for {
		block, lines, err := readBlock(br, buffer()[:0], size, limit)
		if len(block) > 0 {
			if eerr := each(block, line); eerr != nil {
				return eerr
			}
		}
		line += lines
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("line %d: %w", line, err)
		}
	}
}

func readBlock(br *bufio.Reader, block []byte, size, limit int) (_ []byte, lines int, err error) {
	start := 0 // of the line under way
	for {
		part, err := br.ReadSlice('\n')
		if len(block)+len(part)-start > limit {
			return block[:start], lines, ErrLineTooLong
		}
		block = append(block, part...)
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case err != nil:
			return block, lines + 1, err
		}
		lines++
		start = len(block)
		if len(block) >= size {
			return block, lines, nil
		}
	}
}
