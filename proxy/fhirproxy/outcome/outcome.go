// Package outcome makes what a consumer gets instead of a resource: an HTTP status and
// an OperationOutcome.
//
// Invariant: texts are fixed or made of names of parameters, rules and types, never of
// values. Only the codes of an upstream OperationOutcome pass.
package outcome

import (
	"encoding/json"

	models "github.com/samply/golang-fhir-models/fhir-models/fhir"
)

// Header is a header field of a response.
type Header struct{ Name, Value string }

// Problem is what a consumer is sent instead of a resource: an HTTP status and
// an OperationOutcome. Its texts are fixed or made of names of parameters, rules
// and types, never of values.
type Problem struct {
	Status int
	Code   models.IssueType
	Text   string
	// Result and Reason are for the audit record: refused or failed, and why, in fixed
	// words.
	Result, Reason string
	// More are further issues, without texts.
	More   []models.OperationOutcomeIssue
	Header []Header
	Close  bool // nothing more can be read from the connection
}

// With adds a header.
func (p *Problem) With(name, value string) *Problem {
	p.Header = append(p.Header, Header{Name: name, Value: value})
	return p
}

// Closing makes the connection end with the response.
func (p *Problem) Closing() *Problem {
	p.Close = true
	return p
}

// Refused returns a problem with the request: what it asks for is not served.
func Refused(status int, code models.IssueType, reason, text string) *Problem {
	return &Problem{Status: status, Code: code, Text: text, Result: "refused", Reason: reason}
}

// Failed returns a problem with Veil or the upstream.
func Failed(status int, code models.IssueType, reason, text string) *Problem {
	return &Problem{Status: status, Code: code, Text: text, Result: "failed", Reason: reason}
}

// NotFound is the one response for an id that does not exist, a pseudonym that does not
// open, and a resource that is withheld.
func NotFound() *Problem {
	return Refused(404, models.IssueTypeNotFound, "not found", "no such resource")
}

// Resource renders the problem as an OperationOutcome.
func (p *Problem) Resource() []byte {
	o := models.OperationOutcome{Issue: append([]models.OperationOutcomeIssue{{
		Severity:    models.IssueSeverityError,
		Code:        p.Code,
		Diagnostics: &p.Text,
	}}, p.More...)}
	b, err := json.Marshal(o)
	if err != nil {
		// Never reached, since only fixed types are marshalled, but still a valid response.
		return []byte(`{"resourceType":"OperationOutcome","issue":[{"severity":"fatal","code":"exception"}]}`)
	}
	return b
}

// Issues reads the severities and codes of an OperationOutcome. Texts,
// details, locations and expressions are left behind: they can hold values.
func Issues(body []byte) []models.OperationOutcomeIssue {
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
