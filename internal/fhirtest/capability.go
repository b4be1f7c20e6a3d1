package fhirtest

import "slices"

// capability is the CapabilityStatement: what the Source does, and no more.
func (s *Source) capability() []byte {
	code := func(list ...string) arr {
		var a arr
		for _, c := range list {
			a = append(a, obj{"code", c})
		}
		return a
	}
	var resources arr
	for _, typ := range s.pop.Types() {
		var params, includes, revincludes arr
		for _, p := range paramsOf(typ) {
			params = append(params, obj{"name", p.name, "type", string(p.typ)})
			if p.typ == referenceParam {
				includes = append(includes, typ+":"+p.name)
			}
		}
		if typ == "Patient" {
			for _, other := range s.pop.Types() {
				if slices.ContainsFunc(paramsOf(other), func(p param) bool { return p.name == "patient" }) {
					revincludes = append(revincludes, other+":patient")
				}
			}
		}
		resources = append(resources, obj{
			"type", typ,
			"profile", fhirDef + typ,
			"interaction", code("read", "vread", "search-type"),
			"versioning", "versioned",
			"readHistory", false,
			"updateCreate", false,
			"searchInclude", optional(includes != nil, includes),
			"searchRevInclude", optional(revincludes != nil, revincludes),
			"searchParam", params,
			"operation", optional(typ == "Patient", arr{obj{"name", "everything", "definition", "http://hl7.org/fhir/OperationDefinition/Patient-everything"}}),
		})
	}
	w := writer{plant: func([]byte, string, string, string) {}, plain: func(string) {}}
	w.value(obj{
		"resourceType", "CapabilityStatement",
		"status", "active",
		"date", today.Format("2006-01-02"),
		"publisher", "Bramblewood Community Hospital",
		"kind", "instance",
		"software", obj{"name", "Bramblewood EHR", "version", "6.8.3"},
		"implementation", obj{"description", "FHIR endpoint of ehr-db-07", "url", s.base},
		"fhirVersion", "4.0.1",
		"format", arr{"application/fhir+json", "json"},
		"rest", arr{obj{"mode", "server", "resource", resources}},
	})
	return w.buf
}
