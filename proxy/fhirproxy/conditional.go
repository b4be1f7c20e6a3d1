package fhirproxy

import (
	"strings"

	"github.com/veil-proxy/veil/fhir/edit"
	"github.com/veil-proxy/veil/proxy/fhirproxy/outcome"
)

// A read says which version it returns by its ETag (FHIR R4, http.html#versioning): the
// sealed version id, which the resource has in its meta too. A consumer that names that
// version in If-None-Match gets a 304 instead. Veil decides this by the masked resource
// alone. So nothing from the consumer is compared with an original, and an ETag that does
// not match, such as a forged one, has no effect. If-Modified-Since is ignored: times of
// changes are masked.

// versionTag returns the ETag of a masked resource; empty if it shows no version.
func versionTag(masked []byte) string {
	from, to, ok := edit.Member(masked, "meta")
	if !ok {
		return ""
	}
	version := edit.StringMember(masked[from:to], "versionId")
	if version == "" || strings.ContainsAny(version, "\"\\ \r\n") { // a sealed one has none of these
		return ""
	}
	return `W/"` + version + `"`
}

// matches reports whether a field If-None-Match names a weak tag. "*" does not match: it
// would only reveal that the resource exists.
func matches(field, tag string) bool {
	opaque := strings.TrimPrefix(tag, "W/")
	for _, item := range strings.Split(field, ",") {
		if strings.TrimPrefix(strings.TrimSpace(item), "W/") == opaque {
			return true
		}
	}
	return false
}

// notModified responds to a read whose version the consumer has.
func (x *exchange) notModified(tag string) (*response, *outcome.Problem) {
	x.Operation += " not modified"
	return &response{status: 304, header: []outcome.Header{{Name: "ETag", Value: tag}}}, x.note("complete", "", 304, "")
}
