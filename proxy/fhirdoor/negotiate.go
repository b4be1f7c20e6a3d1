package fhirdoor

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"

	"github.com/beevik/etree"
	models "github.com/samply/golang-fhir-models/fhir-models/fhir"

	"github.com/veil-proxy/veil/fhir"
)

const (
	fhirJSON = "application/fhir+json; charset=utf-8"
	fhirXML  = "application/fhir+xml; charset=utf-8"
)

// format is how an answer is written.
type format struct {
	xml, pretty bool
	// param is the _format that was asked for; links repeat it.
	param string
}

// negotiate takes _format and _pretty off the parameters and finds the format
// that the consumer takes. _format goes before the Accept header (FHIR R4,
// http.html#parameters).
func (f *format) negotiate(t *target, accept string) *problem {
	formats := 0
	kept := t.params[:0]
	for _, p := range t.params {
		switch p.Name {
		case "_format":
			formats++
			// A plus sign that was not escaped was read as a space.
			accept = strings.ReplaceAll(p.Value, " ", "+")
		case "_pretty":
			f.pretty = p.Value == "true"
		default:
			kept = append(kept, p)
		}
	}
	t.params = kept
	if formats > 1 {
		return refused(400, models.IssueTypeInvalid, "format", "the request has more than one _format")
	}
	inJSON, inXML := weigh(accept)
	if inJSON == 0 && inXML == 0 {
		return refused(406, models.IssueTypeNotSupported, "format", "FHIR JSON and FHIR XML are served: ask for application/fhir+json or application/fhir+xml")
	}
	f.xml = inXML > inJSON
	if formats > 0 {
		f.param = "json"
		if f.xml {
			f.param = "xml"
		}
	}
	return nil
}

// weigh returns how much a list of media ranges (RFC 9110, 12.5.1) wants FHIR
// JSON and FHIR XML, from 0 to 1; a range that names one stands above one that
// has it in. An empty list takes both.
func weigh(accept string) (inJSON, inXML float64) {
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

// quality reads the weight among the parameters of a media range; one that
// cannot be read counts as none given.
func quality(params string) float64 {
	for _, p := range strings.Split(params, ";") {
		name, value, _ := strings.Cut(strings.TrimSpace(p), "=")
		if strings.EqualFold(strings.TrimSpace(name), "q") {
			if q, err := strconv.ParseFloat(strings.TrimSpace(value), 64); err == nil && q >= 0 && q <= 1 {
				return q
			}
		}
	}
	return 1
}

// largestPretty is how large an answer may be and still be laid out for reading:
// what is indented grows with its depth.
const largestPretty = 1 << 20

// render writes a resource, which is FHIR JSON of Veil's own or masked, in the
// format.
func (f format) render(body []byte) (out []byte, contentType string, ok bool) {
	f.pretty = f.pretty && len(body) <= largestPretty
	if f.xml {
		out, err := fhir.R4().AppendXMLFromJSON(nil, body)
		if err == nil && f.pretty {
			out, err = indent(out)
		}
		return out, fhirXML, err == nil
	}
	if f.pretty {
		var b bytes.Buffer
		if json.Indent(&b, body, "", "  ") != nil {
			return nil, "", false
		}
		body = b.Bytes()
	}
	return body, fhirJSON, true
}

// indent lays XML out for reading.
func indent(src []byte) ([]byte, error) {
	doc := etree.NewDocument()
	if err := doc.ReadFromBytes(src); err != nil {
		return nil, err
	}
	doc.Indent(2)
	return doc.WriteToBytes()
}

// prefer are the preferences of a request (RFC 7240) that Veil knows.
type prefer struct{ lenient, async bool }

func parsePrefer(values []string) prefer {
	var p prefer
	for _, v := range values {
		for _, item := range strings.FieldsFunc(v, func(r rune) bool { return r == ',' || r == ';' }) {
			switch strings.ToLower(strings.ReplaceAll(strings.TrimSpace(item), " ", "")) {
			case "handling=lenient":
				p.lenient = true
			case "handling=strict":
				p.lenient = false
			case "respond-async":
				p.async = true
			}
		}
	}
	return p
}
