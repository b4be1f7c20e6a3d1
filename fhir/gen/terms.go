package main

import (
	"encoding/binary"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/veil-proxy/veil/fhir/termhash"
)

// terms writes the terminology table: four arrays of 64-bit hashes in order,
// each preceded by its length as a little-endian 64-bit number: complete
// systems, other systems with content, codes, displays.
func (d *definitions) terms(displaysFile string) ([]byte, error) {
	var complete, partial, codes, displays []uint64
	for _, url := range sortedKeys(d.codeSystems) {
		cs := d.codeSystems[url]
		if len(cs.Concept) == 0 || thirdParty(cs) {
			continue
		}
		if cs.Content == "complete" {
			complete = append(complete, termhash.System(url))
		} else {
			partial = append(partial, termhash.System(url))
		}
		each(cs.Concept, func(c *concept) {
			codes = append(codes, termhash.Code(url, c.Code))
			if c.Display != "" {
				displays = append(displays, termhash.Display(url, c.Code, c.Display))
			}
			for _, x := range c.Designation {
				if x.Language == "" || strings.HasPrefix(x.Language, "en") {
					displays = append(displays, termhash.Display(url, c.Code, x.Value))
				}
			}
		})
	}
	if displaysFile != "" {
		text, err := os.ReadFile(displaysFile)
		if err != nil {
			return nil, err
		}
		for i, line := range strings.Split(strings.TrimRight(string(text), "\n"), "\n") {
			if line == "" || line[0] == '#' {
				continue
			}
			cols := strings.Split(line, "\t")
			if len(cols) < 3 {
				return nil, fmt.Errorf("%s:%d: want system, code and display", displaysFile, i+1)
			}
			codes = append(codes, termhash.Code(cols[0], cols[1]))
			displays = append(displays, termhash.Display(cols[0], cols[1], cols[2]))
		}
	}
	var out []byte
	for _, list := range [][]uint64{complete, partial, codes, displays} {
		slices.Sort(list)
		list = slices.Compact(list)
		out = binary.LittleEndian.AppendUint64(out, uint64(len(list)))
		for _, h := range list {
			out = binary.LittleEndian.AppendUint64(out, h)
		}
	}
	return out, nil
}

// thirdParty reports whether a code system's content belongs to someone whose
// terms are not HL7's: its codes are checked by form alone.
func thirdParty(cs *codeSystem) bool {
	if !strings.HasPrefix(cs.URL, "http://terminology.hl7.org/") && !strings.HasPrefix(cs.URL, "http://hl7.org/fhir/") &&
		cs.URL != "urn:oid:2.16.840.1.113883.6.238" {
		return true
	}
	for _, owner := range []string{"SNOMED", "IHTSDO", "Regenstrief", "American Medical", "American Dental", "World Health", "X12", "NCPDP", "NUBC", "NUCC", "WHO "} {
		if strings.Contains(cs.Copyright, owner) {
			return true
		}
	}
	return false
}
