// Package media negotiates the format of a response, FHIR R4 in JSON or XML, and writes
// the response in it.
package media

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"

	"github.com/beevik/etree"
	models "github.com/samply/golang-fhir-models/fhir-models/fhir"

	"github.com/veil-proxy/veil/fhir/fhirxml"
	"github.com/veil-proxy/veil/fhir/guard"
	"github.com/veil-proxy/veil/proxy/fhirproxy/outcome"
	"github.com/veil-proxy/veil/proxy/fhirproxy/parse"
)

const (
	// JSON is the content type of a response in JSON.
	JSON = "application/fhir+json; charset=utf-8"
	// XML is the content type of a response in XML.
	XML = "application/fhir+xml; charset=utf-8"
)

// Format is the format of a response.
type Format struct {
	XML, pretty bool
	// Param is the requested _format; links repeat it.
	Param string
}

// Pretty reports whether the response is indented.
func (f *Format) Pretty() bool { return f.pretty }

// Negotiate removes _format and _pretty from the parameters and finds the format that
// the consumer accepts. _format takes precedence over the Accept header (FHIR R4,
// http.html#parameters).
func (f *Format) Negotiate(t *parse.Target, accept string) *outcome.Problem {
	formats := map[string]bool{}
	kept := t.Params[:0]
	for _, p := range t.Params {
		switch p.Name {
		case "_format":
			// An unescaped plus sign was decoded as a space.
			accept = plusInName(p.Value)
			formats[accept] = true
		case "_pretty":
			f.pretty = p.Value == "true"
		default:
			kept = append(kept, p)
		}
	}
	t.Params = kept
	if len(formats) > 1 {
		return outcome.Refused(400, models.IssueTypeInvalid, "format", "the request has more than one _format")
	}
	inJSON, inXML := Weigh(accept)
	if inJSON == 0 && inXML == 0 {
		return NotR4()
	}
	f.XML = inXML > inJSON
	if len(formats) > 0 {
		f.Param = "json"
		if f.XML {
			f.Param = "xml"
		}
	}
	return nil
}

// Weigh returns how much a list of media ranges (RFC 9110, 12.5.1) wants FHIR JSON and
// FHIR XML, from 0 to 1; a range that names a format takes precedence over one that
// includes it. An empty list accepts both.
func Weigh(accept string) (inJSON, inXML float64) {
	if strings.TrimSpace(accept) == "" {
		return 1, 1
	}
	named := [2]int{}
	take := func(i int, how int, q float64, weight *float64) {
		if how > named[i] || how == named[i] && q > *weight {
			named[i], *weight = how, q
		}
	}
	for _, item := range strings.Split(accept, ",") {
		name, params, _ := strings.Cut(item, ";")
		q := quality(params)
		if !IsR4(params) {
			continue
		}
		switch strings.ToLower(strings.TrimSpace(name)) {
		case "*/*":
			take(0, 1, q, &inJSON)
			take(1, 1, q, &inXML)
		case "application/*":
			take(0, 2, q, &inJSON)
			take(1, 2, q, &inXML)
		case "application/fhir+json", "application/json", "application/json+fhir", "text/json", "json":
			take(0, 3, q, &inJSON)
		case "application/fhir+xml", "application/xml", "application/xml+fhir", "text/xml", "xml":
			take(1, 3, q, &inXML)
		}
	}
	return inJSON, inXML
}

// plusInName restores the plus sign in the name of a media type if it was decoded as a
// space.
func plusInName(mediaType string) string {
	name, params, found := strings.Cut(mediaType, ";")
	name = strings.ReplaceAll(strings.TrimSpace(name), " ", "+")
	if found {
		name += ";" + params
	}
	return name
}

// IsR4 reports whether the parameters of a media type allow FHIR R4 in UTF-8: another
// fhirVersion (FHIR R4, http.html#version-parameter) or charset means something else.
func IsR4(params string) bool {
	version, given := Param(params, "fhirVersion")
	if given && version != "4.0" && version != "4.0.1" {
		return false
	}
	charset, given := Param(params, "charset")
	return !given || strings.EqualFold(charset, "utf-8") || charset == "*"
}

// TakesR4 reports whether a list of media ranges has one for FHIR R4, or is empty.
func TakesR4(accept string) bool {
	if strings.TrimSpace(accept) == "" {
		return true
	}
	for item := range strings.SplitSeq(accept, ",") {
		if _, params, _ := strings.Cut(item, ";"); IsR4(params) {
			return true
		}
	}
	return false
}

// NotR4 is the refusal of a request for a format that is not served.
func NotR4() *outcome.Problem {
	return outcome.Refused(406, models.IssueTypeNotSupported, "format",
		"FHIR R4 is served, as JSON and as XML in UTF-8: request application/fhir+json or application/fhir+xml, without fhirVersion or with fhirVersion=4.0")
}

// Param finds a parameter of a media type (RFC 9110, 5.6.6).
func Param(params, want string) (value string, given bool) {
	for p := range strings.SplitSeq(params, ";") {
		name, value, _ := strings.Cut(p, "=")
		if strings.EqualFold(strings.TrimSpace(name), want) {
			return strings.Trim(strings.TrimSpace(value), `"`), true
		}
	}
	return "", false
}

// quality reads the weight among the parameters of a media range; an invalid one is
// ignored.
func quality(params string) float64 {
	if value, given := Param(params, "q"); given {
		if q, err := strconv.ParseFloat(value, 64); err == nil && q >= 0 && q <= 1 {
			return q
		}
	}
	return 1
}

// largestPretty bounds the responses that are indented, since indentation grows with
// depth.
const largestPretty = 1 << 20

// Render writes a resource, given as FHIR JSON that Veil made or masked, in the format.
// w writes XML; it must not be used by anyone else meanwhile.
func (f Format) Render(body []byte, w *fhirxml.Writer) (out []byte, contentType string, ok bool) {
	f.pretty = f.pretty && len(body) <= largestPretty
	if f.XML {
		out, err := w.AppendXML(make([]byte, 0, len(body)+len(body)/3+1024), body)
		if err == nil && f.pretty {
			out, err = indent(out)
		}
		return out, XML, err == nil
	}
	if f.pretty {
		var b bytes.Buffer
		if json.Indent(&b, body, "", "  ") != nil {
			return nil, "", false
		}
		body = b.Bytes()
	}
	return body, JSON, true
}

// indent indents XML.
func indent(src []byte) ([]byte, error) {
	doc := etree.NewDocument()
	if err := doc.ReadFromBytes(src); err != nil {
		return nil, err
	}
	doc.Indent(2)
	return doc.WriteToBytes()
}

// Prefer holds the preferences of a request (RFC 7240) that Veil knows.
type Prefer struct {
	Handling guard.Handling
	Async    bool
}

// PreferOf parses the values of the Prefer header.
func PreferOf(values []string) Prefer {
	var p Prefer
	for _, v := range values {
		for _, item := range strings.FieldsFunc(v, func(r rune) bool { return r == ',' || r == ';' }) {
			switch strings.ToLower(strings.ReplaceAll(strings.TrimSpace(item), " ", "")) {
			case "handling=lenient":
				p.Handling = guard.Lenient
			case "handling=strict":
				p.Handling = guard.Strict
			case "respond-async":
				p.Async = true
			}
		}
	}
	return p
}
