package fhirdoor

import (
	models "github.com/samply/golang-fhir-models/fhir-models/fhir"

	"github.com/veil-proxy/veil/fhir"
)

// kickOff begins a bulk export.
func (x *exchange) kickOff(a *ask, path string, query *fhir.Query) (*answer, *problem) {
	return nil, refused(501, models.IssueTypeNotSupported, "bulk export", "bulk export is not served")
}

// export answers the status, the files and the end of a bulk export.
func (x *exchange) export(a *ask) (*answer, *problem) {
	return nil, refused(501, models.IssueTypeNotSupported, "bulk export", "bulk export is not served")
}
