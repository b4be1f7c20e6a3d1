package parse

import (
	"bytes"

	models "github.com/samply/golang-fhir-models/fhir-models/fhir"
	"github.com/valyala/fasthttp"

	"github.com/veil-proxy/veil/proxy/fhirproxy/outcome"
)

// Framing refuses headers that two servers could read in two ways (RFC 9112, 11.2):
// both kinds of length, a repeated length, folded lines, bare line feeds, space before
// the colon, and versions other than 1.0 and 1.1. fasthttp refuses some of these by
// itself and repairs others; a proxy in front of it may have repaired them differently.
// Chunked bodies are refused altogether (RFC 9112, 6.3): their extensions and trailers
// would already have been read and dropped.
func Framing(h *fasthttp.RequestHeader) *outcome.Problem {
	lengths, codings := 0, 0
	if v := string(h.Protocol()); v != "HTTP/1.1" && v != "HTTP/1.0" {
		return ambiguous()
	}
	for raw := h.RawHeaders(); len(raw) > 0; {
		end := bytes.IndexByte(raw, '\n')
		if end < 1 || raw[end-1] != '\r' {
			return ambiguous()
		}
		line := raw[:end-1]
		raw = raw[end+1:]
		if len(line) == 0 {
			continue
		}
		colon := bytes.IndexByte(line, ':')
		if colon < 1 || bytes.IndexByte(line, '\r') >= 0 || bytes.ContainsAny(line[:colon], " \t") {
			return ambiguous()
		}
		switch name := line[:colon]; {
		case bytes.EqualFold(name, []byte("Content-Length")):
			lengths++
		case bytes.EqualFold(name, []byte("Transfer-Encoding")):
			codings++
		}
	}
	switch {
	case lengths+codings > 1:
		return ambiguous()
	case codings > 0:
		return outcome.Refused(411, models.IssueTypeStructure, "no length", "a request body needs a Content-Length")
	}
	return nil
}

func ambiguous() *outcome.Problem {
	return outcome.Refused(400, models.IssueTypeStructure, "ambiguous framing", "the request's headers can be read in more than one way")
}
