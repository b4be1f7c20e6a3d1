package fhir

import "bytes"

// definitionTypes are the types of resources that canonical URLs name.
var definitionTypes = set(`ActivityDefinition CapabilityStatement ChargeItemDefinition CodeSystem CompartmentDefinition ConceptMap EffectEvidenceSynthesis EventDefinition
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

// canonicalMayPass reports whether a canonical URL is a code system's whose codes may
// pass, with a version of the form that it has or without, or that of a value set
// that R4 defines by a system's codes (FHIR R4, snomedct.html#implicit,
// loinc.html#implicit, ucum.html#implicit).
func (cs *codeSystems) canonicalMayPass(url []byte) bool {
	if len(url) > longestCanonical {
		return false
	}
	if system, version, versioned := bytes.Cut(url, []byte("|")); cs.find(system) != nil {
		return !versioned || versionMayPass(system, version)
	}
	if rest, ok := bytes.CutPrefix(url, []byte(loincSystem+"/vs")); ok && cs.find([]byte(loincSystem)) != nil {
		return len(rest) == 0 || len(rest) > 3 && rest[0] == '/' && rest[1] == 'L' && rest[2] != 'A' && isLOINC(rest[1:])
	}
	if string(url) == ucumSystem+"/vs" {
		return cs.find([]byte(ucumSystem)) != nil
	}
	edition, set, ok := bytes.Cut(url, []byte("?fhir_vs"))
	if !ok || cs.find([]byte(snomedSystem)) == nil || string(edition) != snomedSystem && !isSNOMEDVersion(edition) {
		return false
	}
	for _, kind := range []string{"=isa/", "=refset/"} {
		if concept, ok := bytes.CutPrefix(set, []byte(kind)); ok {
			return isSNOMED(concept)
		}
	}
	return len(set) == 0 || string(set) == "=refset"
}

const (
	loincSystem  = "http://loinc.org"
	snomedSystem = "http://snomed.info/sct"
)

// definitionMayPass reports whether a canonical URL begins with one of the allowed
// beginnings and has the form of a definition's: parts of a guide's name, the type
// of the definition, its name, and a version or none. Neither name has room for a
// number of a person: no more than four digits in a row and six in all.
func definitionMayPass(allowed []string, url []byte) bool {
	if len(url) > longestCanonical {
		return false
	}
	if i := bytes.IndexByte(url, '|'); i >= 0 {
		if v := url[i+1:]; !isReleaseNumber(v, 3) && !isReleaseYear(v) && !(bytes.Contains(url[:i], []byte("/v3-")) && v3Versions[string(v)]) {
			return false
		}
		url = url[:i]
	}
	for _, prefix := range allowed {
		if rest, ok := bytes.CutPrefix(url, []byte(prefix)); ok {
			// What of the beginning belongs to the first part is the ruleset's own.
			last := prefix[bytes.LastIndexByte([]byte(prefix), '/')+1:]
			return isDefinitionPath(url[len(url)-len(rest)-len(last):], prefix)
		}
	}
	return false
}

// isDefinitionPath checks what stands behind the last slash of an allowed
// beginning: {guide "/"} type "/" name, where the beginning may end with the type.
func isDefinitionPath(path []byte, prefix string) bool {
	head := bytes.TrimSuffix([]byte(prefix), []byte("/"))
	typed := len(head) < len(prefix) && definitionTypes[string(head[bytes.LastIndexByte(head, '/')+1:])]
	for parts := 0; parts < 5; parts++ {
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

// isDefinitionName checks the id of a definition: it begins with a letter. v2 tables
// have their number behind it.
func isDefinitionName(name []byte) bool {
	return len(name) > 0 && len(name) <= longestName && isLetter(name[0]) && fewDigits(name) && eachByte(name, func(c byte) bool { return isWord(c) || c == '-' || c == '.' })
}

// isGuidePart checks a part of the path before the type, in lower case, or a
// release such as STU3.1, R4 or 2024.
func isGuidePart(part []byte) bool {
	if v, ok := bytes.CutPrefix(part, []byte("STU")); ok {
		return isReleaseNumber(v, 3)
	}
	if v, ok := bytes.CutPrefix(part, []byte("R")); ok {
		return isDigits(v, 1, 1)
	}
	return isReleaseNumber(part, 3) || isReleaseYear(part) ||
		len(part) > 0 && len(part) <= 32 && fewDigits(part) && eachByte(part, func(c byte) bool { return c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '-' })
}
