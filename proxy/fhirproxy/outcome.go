package fhirproxy

import (
	"encoding/json"

	models "github.com/samply/golang-fhir-models/fhir-models/fhir"
)

// header is a field of a response.
type header struct{ name, value string }

// problem is what a consumer is told instead of a resource: an HTTP status and
// an OperationOutcome. Its texts are fixed or made of names of parameters, rules
// and types, never of values.
type problem struct {
	status int
	code   models.IssueType
	text   string
	// result and reason go to the audit record: refused or failed, and why in
	// fixed words.
	result, reason string
	// more are further issues, without texts.
	more   []models.OperationOutcomeIssue
	header []header
	close  bool // nothing more can be read from the connection
}

// with adds a header.
func (p *problem) with(name, value string) *problem {
	p.header = append(p.header, header{name: name, value: value})
	return p
}

// closing ends the connection with the answer.
func (p *problem) closing() *problem {
	p.close = true
	return p
}

func refused(status int, code models.IssueType, reason, text string) *problem {
	return &problem{status: status, code: code, text: text, result: "refused", reason: reason}
}

func failed(status int, code models.IssueType, reason, text string) *problem {
	return &problem{status: status, code: code, text: text, result: "failed", reason: reason}
}

// notFound is the one answer for an id that does not exist, a pseudonym that
// does not open, and a resource that is withheld.
func notFound() *problem {
	return refused(404, models.IssueTypeNotFound, "not found", "no such resource")
}

// outcome renders the problem as an OperationOutcome.
func (p *problem) outcome() []byte {
	o := models.OperationOutcome{Issue: append([]models.OperationOutcomeIssue{{
		Severity:    models.IssueSeverityError,
		Code:        p.code,
		Diagnostics: &p.text,
	}}, p.more...)}
	b, err := json.Marshal(o)
	if err != nil {
		// Only fixed types go in, so this is never reached; it is still an answer.
		return []byte(`{"resourceType":"OperationOutcome","issue":[{"severity":"fatal","code":"exception"}]}`)
	}
	return b
}

// upstreamIssues reads the severities and codes of an OperationOutcome. Texts,
// details, locations and expressions are left behind: they can hold values.
func upstreamIssues(body []byte) []models.OperationOutcomeIssue {
	var o struct {
		ResourceType string `json:"resourceType"`
		Issue        []struct {
			Severity string `json:"severity"`
			Code     string `json:"code"`
		} `json:"issue"`
	}
	if json.Unmarshal(body, &o) != nil || o.ResourceType != "OperationOutcome" {
		return nil
	}
	const most = 10
	var issues []models.OperationOutcomeIssue
	for _, i := range o.Issue {
		var severity models.IssueSeverity
		var code models.IssueType
		if severity.UnmarshalJSON([]byte(`"`+i.Severity+`"`)) != nil || code.UnmarshalJSON([]byte(`"`+i.Code+`"`)) != nil || len(issues) == most {
			continue
		}
		issues = append(issues, models.OperationOutcomeIssue{Severity: severity, Code: code})
	}
	return issues
}
