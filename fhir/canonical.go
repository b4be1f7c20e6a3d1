package fhir

import (
	"bytes"

	"github.com/veil-proxy/veil/fhir/lexical"
	"github.com/veil-proxy/veil/fhir/terminology"
)

// definitionTypes are the types of resources that canonical URLs name.
var definitionTypes = lexical.Words(`ActivityDefinition CapabilityStatement ChargeItemDefinition CodeSystem CompartmentDefinition ConceptMap EffectEvidenceSynthesis EventDefinition
	Evidence EvidenceVariable ExampleScenario GraphDefinition ImplementationGuide Library Measure MessageDefinition NamingSystem ObservationDefinition OperationDefinition PlanDefinition Questionnaire
	ResearchDefinition ResearchElementDefinition RiskEvidenceSynthesis SearchParameter SpecimenDefinition StructureDefinition StructureMap
	TerminologyCapabilities TestScript ValueSet`)

const (
	longestCanonical = 200
	longestName      = 80
)

// canonicalMayPass reports whether a canonical URL is that of a definition that the
// ruleset's canonicals allow, or names a code system that the ruleset lists or an
// implicit value set of one.
func (a *Automaton) canonicalMayPass(url []byte) bool {
	return definitionMayPass(a.canon, url) || a.codes.canonicalMayPass(url)
}

// canonicalMayPass reports whether a canonical URL is that of a code system whose codes
// may pass, with or without a version of the system's form, or that of a value set that
// R4 defines by a system's codes (FHIR R4, snomedct.html#implicit, loinc.html#implicit,
// ucum.html#implicit).
func (cs *codeSystems) canonicalMayPass(url []byte) bool {
	if len(url) > longestCanonical {
		return false
	}
	if system, version, versioned := bytes.Cut(url, []byte("|")); cs.find(system) != nil {
		return !versioned || terminology.IsVersion(system, version)
	}
	if rest, ok := bytes.CutPrefix(url, []byte(terminology.LOINC+"/vs")); ok && cs.find([]byte(terminology.LOINC)) != nil {
		return len(rest) == 0 || len(rest) > 3 && rest[0] == '/' && rest[1] == 'L' && rest[2] != 'A' && terminology.IsLOINC(rest[1:])
	}
	if string(url) == terminology.UCUM+"/vs" {
		return cs.find([]byte(terminology.UCUM)) != nil
	}
	edition, set, ok := bytes.Cut(url, []byte("?fhir_vs"))
	if !ok || cs.find([]byte(terminology.SNOMED)) == nil || string(edition) != terminology.SNOMED && !terminology.IsSNOMEDVersion(edition) {
		return false
	}
	for _, kind := range []string{"=isa/", "=refset/"} {
		if concept, ok := bytes.CutPrefix(set, []byte(kind)); ok {
			return terminology.IsSNOMED(concept)
		}
	}
	return len(set) == 0 || string(set) == "=refset"
}

// definitionMayPass reports whether a canonical URL begins with one of the allowed
// prefixes and has the form of a definition's URL: parts of a guide's name, the type of
// the definition, its name and, optionally, a version. Neither name can hide a person's
// number: they may have at most four digits in a row and six in all.
func definitionMayPass(allowed []string, url []byte) bool {
	if len(url) > longestCanonical {
		return false
	}
	if i := bytes.IndexByte(url, '|'); i >= 0 {
		if v := url[i+1:]; !terminology.IsReleaseNumber(v, 3) && !terminology.IsReleaseYear(v) && !terminology.IsV3Version(url[:i], v) {
			return false
		}
		url = url[:i]
	}
	for _, prefix := range allowed {
		if rest, ok := bytes.CutPrefix(url, []byte(prefix)); ok {
			// The part of the prefix that belongs to the first name comes from the ruleset itself.
			last := prefix[bytes.LastIndexByte([]byte(prefix), '/')+1:]
			return isDefinitionPath(url[len(url)-len(rest)-len(last):], prefix)
		}
	}
	return false
}

// isDefinitionPath checks what follows the last slash of an allowed prefix: {guide "/"}
// type "/" name, where the prefix may end with the type.
func isDefinitionPath(path []byte, prefix string) bool {
	head := bytes.TrimSuffix([]byte(prefix), []byte("/"))
	typed := len(head) < len(prefix) && definitionTypes[string(head[bytes.LastIndexByte(head, '/')+1:])]
	for range 5 {
		part, rest, more := bytes.Cut(path, []byte("/"))
		switch {
		case typed:
			return !more && isDefinitionName(part)
		case !more:
			return false
		case definitionTypes[string(part)]:
			typed = true
		case !isGuidePart(part):
			return false
		}
		path = rest
	}
	return false
}

// isDefinitionName checks the id of a definition: it begins with a letter. In v2 tables
// their number follows.
func isDefinitionName(name []byte) bool {
	return len(name) > 0 && len(name) <= longestName && lexical.IsLetter(name[0]) && lexical.FewDigits(name) && lexical.EachByte(name, func(c byte) bool { return lexical.IsWord(c) || c == '-' || c == '.' })
}

// isGuidePart checks a part of the path before the type, in lower case, or a
// release such as STU3.1, R4 or 2024.
func isGuidePart(part []byte) bool {
	if v, ok := bytes.CutPrefix(part, []byte("STU")); ok {
		return terminology.IsReleaseNumber(v, 3)
	}
	if v, ok := bytes.CutPrefix(part, []byte("R")); ok {
		return lexical.IsDigits(v, 1, 1)
	}
	return terminology.IsReleaseNumber(part, 3) || terminology.IsReleaseYear(part) ||
		len(part) > 0 && len(part) <= 32 && lexical.FewDigits(part) && lexical.EachByte(part, func(c byte) bool { return c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '-' })
}
