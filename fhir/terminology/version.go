package terminology

import (
	"bytes"

	"github.com/veil-proxy/veil/fhir/lexical"
)

// A version passes in the form that its code system's versions have: a free text
// otherwise, it could be a number of a person. Nothing longer than what the system
// has passes, and no date but those of releases.

// versionForms are the forms of systems that have one of their own.
var versionForms = map[string]func(v []byte) bool{
	SNOMED:                           IsSNOMEDVersion,
	LOINC:                            isLOINCVersion,
	UCUM:                             func(v []byte) bool { return IsReleaseNumber(v, 2) },
	"http://hl7.org/fhir/sid/ndc":    func([]byte) bool { return false },
	"http://www.ama-assn.org/go/cpt": IsReleaseYear,
}

// v3Versions are the dates that versions of HL7's v3 code systems are.
var v3Versions = lexical.Words(`2014-03-26 2016-11-11 2018-08-12 2019-03-20`)

// IsVersion reports whether v is a version of a system that passes: one in the system's
// own form, a release number of two or three parts, or a year.
func IsVersion(system, v []byte) bool {
	if form := versionForms[string(SystemURL(system))]; form != nil {
		return form(v)
	}
	return IsReleaseYear(v) || IsReleaseNumber(v, 3) || IsV3Version(system, v)
}

// IsSNOMEDVersion checks the URI of an edition, with or without its version
// (SNOMED CT URI Standard, 2.4).
func IsSNOMEDVersion(v []byte) bool {
	rest, ok := bytes.CutPrefix(v, []byte("http://snomed.info/sct/"))
	if !ok {
		return false
	}
	module, date, versioned := bytes.Cut(rest, []byte("/version/"))
	return IsSNOMED(module) && (!versioned || isReleaseDate(date))
}

// isReleaseDate checks YYYYMMDD on a day on which SNOMED CT is released: the first
// or last of a month, the 15th, or one of those that national editions have. The
// year is one of this century.
func isReleaseDate(d []byte) bool {
	return len(d) == 8 && lexical.IsDigits(d, 8, 8) && d[0] == '2' && d[1] == '0' && (d[4] == '0' && d[5] >= '1' || d[4] == '1' && d[5] <= '2') &&
		(d[6] == '0' && d[7] == '1' || d[6] == '1' && d[7] == '5' || d[6] == '3' || d[6] == '2' && d[7] >= '8')
}

// isLOINCVersion checks n.nn.
func isLOINCVersion(v []byte) bool {
	return len(v) >= 3 && len(v) <= 4 && v[0] >= '1' && v[0] <= '2' && v[1] == '.' && lexical.IsDigits(v[2:], 1, 2)
}

// IsReleaseYear checks a release that is a year.
func IsReleaseYear(v []byte) bool {
	return lexical.IsDigits(v, 4, 4) && (string(v) >= "1990" && string(v) <= "2049")
}

// releaseLabels are what stands behind the number of a release that is none yet.
var releaseLabels = lexical.Words(`ballot ballot2 ballot3 draft snapshot1 snapshot2 snapshot3 cibuild preview trial-use draft-final sequence`)

// IsReleaseNumber checks a release number: up to most numbers of one or two digits,
// joined by points, with or without one of HL7's labels.
func IsReleaseNumber(v []byte, most int) bool {
	number, label, labelled := bytes.Cut(v, []byte("-"))
	if labelled && !releaseLabels[string(label)] {
		return false
	}
	parts := 0
	for len(number) > 0 {
		part, rest, more := bytes.Cut(number, []byte("."))
		if parts++; parts > most || !lexical.IsDigits(part, 1, 2) || more && len(rest) == 0 {
			return false
		}
		number = rest
	}
	return parts > 0 && (parts > 1 || len(v) < 3)
}

// IsV3Version reports whether v is a version of one of HL7's v3 code systems or
// value sets, which system must be.
func IsV3Version(system, v []byte) bool {
	return bytes.Contains(system, []byte("/v3-")) && v3Versions[string(v)]
}
