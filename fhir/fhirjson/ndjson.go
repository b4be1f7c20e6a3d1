package fhirjson

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
)

// Form says how a file contains resources.
type Form uint8

const (
	// OneResource means that the whole file is one resource, such as a Bundle.
	OneResource Form = iota
	// NDJSON means that each line is a resource (FHIR Bulk Data Access, "ndjson").
	NDJSON
	// OneXMLResource means that the whole file is one resource in XML.
	OneXMLResource
)

// DetectForm determines the form of a file from its beginning. The file is XML if it
// begins with "<", after white space and a byte order mark. It is NDJSON if its first
// line is a whole JSON object, even if that is the only line, or if its second line
// begins another object: inside an object, a line cannot begin with a brace, so the
// first one is a line of its own, if a broken one. An object on one line that extends
// past the given beginning counts as NDJSON too: such a line is read whole either way.
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

// SplitNDJSON reads lines and calls each with blocks of about size bytes that end at
// the end of a line, and with the number of the block's first line, counted from 1.
// Blocks come from buffer and belong to the callee. A line longer than limit is an
// error. It stops at the first error of each.
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
	start := 0 // of the current line
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
