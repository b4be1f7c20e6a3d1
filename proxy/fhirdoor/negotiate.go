package fhirdoor

import (
	"strconv"
	"strings"

	models "github.com/samply/golang-fhir-models/fhir-models/fhir"
)

const fhirJSON = "application/fhir+json; charset=utf-8"

// negotiate takes _format and _pretty off the parameters and makes sure that
// the consumer takes FHIR JSON. _format goes before the Accept header; _pretty
// changes nothing (FHIR R4, http.html#parameters).
func negotiate(t *target, accept string) *problem {
	formats := 0
	kept := t.params[:0]
	for _, p := range t.params {
		switch p.Name {
		case "_format":
			formats++
			// A plus sign that was not escaped was read as a space.
			accept = strings.ReplaceAll(p.Value, " ", "+")
		case "_pretty":
		default:
			kept = append(kept, p)
		}
	}
	t.params = kept
	if formats > 1 {
		return refused(400, models.IssueTypeInvalid, "format", "the request has more than one _format")
	}
	if !takesJSON(accept) {
		return refused(406, models.IssueTypeNotSupported, "format", "only FHIR JSON is served: ask for application/fhir+json")
	}
	return nil
}

// takesJSON reports whether a list of media ranges (RFC 9110, 12.5.1) has one
// that FHIR JSON is in. An empty one takes all.
func takesJSON(accept string) bool {
	if strings.TrimSpace(accept) == "" {
		return true
	}
	for _, item := range strings.Split(accept, ",") {
		name, params, _ := strings.Cut(item, ";")
		switch strings.ToLower(strings.TrimSpace(name)) {
		case "*/*", "application/*", "application/fhir+json", "application/json", "application/json+fhir", "text/json", "json":
			if !unwanted(params) {
				return true
			}
		}
	}
	return false
}

// unwanted reports whether the parameters of a media range say q=0.
func unwanted(params string) bool {
	for _, p := range strings.Split(params, ";") {
		name, value, _ := strings.Cut(strings.TrimSpace(p), "=")
		if strings.EqualFold(strings.TrimSpace(name), "q") {
			q, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
			return err == nil && q == 0
		}
	}
	return false
}
