package fhirproxy

import (
	"encoding/json"

	models "github.com/samply/golang-fhir-models/fhir-models/fhir"

	"github.com/veil-proxy/veil/fhir/guard"
	"github.com/veil-proxy/veil/proxy/fhirproxy/outcome"
)

// response is what a consumer gets.
type response struct {
	status int
	// body is FHIR JSON, masked or of Veil's own, unless contentType says what
	// else it is.
	body        []byte
	contentType string
	// stream is a body that is masked while it arrives.
	stream *stream
	header []outcome.Header
	close  bool // the connection ends with it
}

// largestKept is how large a buffer may be and still be kept for the next
// answer. Buffers of responses stay with the connections that they went out on.
const largestKept = 256 << 10

// outcomeEntry is the entry of a Bundle that says what was left out (FHIR R4,
// search.html#errors).
func outcomeEntry(dropped []*guard.Refusal) ([]byte, error) {
	var o models.OperationOutcome
	for _, r := range dropped {
		text := r.Error() + "; it was left out"
		o.Issue = append(o.Issue, models.OperationOutcomeIssue{Severity: models.IssueSeverityWarning, Code: models.IssueTypeNotSupported, Diagnostics: &text})
	}
	resource, err := json.Marshal(o)
	if err != nil {
		return nil, err
	}
	mode := models.SearchEntryModeOutcome
	return json.Marshal(models.BundleEntry{Resource: resource, Search: &models.BundleEntrySearch{Mode: &mode}})
}
