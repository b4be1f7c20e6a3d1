package fhirproxy

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	models "github.com/samply/golang-fhir-models/fhir-models/fhir"

	"github.com/veil-proxy/veil/proxy"
	"github.com/veil-proxy/veil/proxy/fhirproxy/media"
	"github.com/veil-proxy/veil/proxy/fhirproxy/outcome"
	"github.com/veil-proxy/veil/proxy/fhirproxy/parse"
	"github.com/veil-proxy/veil/proxy/trace"
)

// maxBatch is how many requests a batch may have.
const maxBatch = 100

// batch handles a Bundle of reads (FHIR R4, http.html#transaction). Each entry is
// checked, sent upstream, masked and recorded like a separate request.
func (x *exchange) batch(a *request) (*response, *outcome.Problem) {
	x.Operation = "batch"
	urls, p := readBatch(a.body)
	if p != nil {
		if p.Status == 405 {
			x.Operation = "write"
		}
		return nil, p
	}
	out := models.Bundle{Type: models.BundleTypeBatchResponse}
	size := 0
	for i, url := range urls {
		entry := x.entry(i, url, size)
		size += len(entry.Resource)
		out.Entry = append(out.Entry, entry)
	}
	body, err := json.Marshal(out)
	if err != nil {
		return nil, outcome.Failed(500, models.IssueTypeException, "internal", "the batch's response could not be written")
	}
	return &response{status: 200, body: body}, x.note("complete", "", 200, "Bundle")
}

// readBatch reads a batch strictly and returns the URLs of its entries. Anything in an
// entry other than a request, such as a resource or a condition, is refused.
func readBatch(body []byte) ([]string, *outcome.Problem) {
	bad := func(text string) ([]string, *outcome.Problem) {
		return nil, outcome.Refused(400, models.IssueTypeInvalid, "malformed batch", text)
	}
	body, err := parse.JSON(version(), body)
	if err != nil {
		return bad("the body is not a Bundle in FHIR XML")
	}
	var typ, kind string
	var entries []json.RawMessage
	bundle, err := parse.Members(body)
	for name, value := range bundle {
		switch name {
		case "resourceType":
			err = errors.Join(err, json.Unmarshal(value, &typ))
		case "type":
			err = errors.Join(err, json.Unmarshal(value, &kind))
		case "entry":
			err = errors.Join(err, json.Unmarshal(value, &entries))
		case "id", "meta":
		default:
			err = parse.ErrBody
		}
	}
	if err != nil || typ != "Bundle" {
		return bad("the body is not a Bundle of type batch: only batches of GET requests are accepted here")
	}
	if kind != "batch" {
		return nil, readOnly()
	}
	if len(entries) > maxBatch {
		return bad(fmt.Sprintf("a batch may have %d entries", maxBatch))
	}
	urls := make([]string, len(entries))
	for i, raw := range entries {
		entry, err := parse.Members(raw)
		if entry["request"] == nil || len(entry) > 1 && (len(entry) > 2 || entry["fullUrl"] == nil) {
			err = parse.ErrBody
		}
		var method string
		if err != nil || parse.Texts(entry["request"], map[string]*string{"method": &method, "url": &urls[i]}) != nil {
			return bad(fmt.Sprintf("entry[%d] must have a request of method GET and nothing else", i))
		}
		if method != "GET" {
			return nil, readOnly()
		}
	}
	return urls, nil
}

// entry handles one entry. size is the size of the responses before it. They are all held
// in memory, so together they have the limit of one response.
func (x *exchange) entry(i int, url string, size int) models.BundleEntry {
	sub := *x
	sub.Exchange = x.Next(x.ID+"."+strconv.Itoa(i), "unknown")
	sub.Span = x.Span.Child(trace.BatchEntry)
	defer sub.Span.End()
	a, p := sub.respondEntry(i, url, size)
	if p != nil {
		a = sub.refuse(p)
	}
	response := models.BundleEntryResponse{Status: strconv.Itoa(a.status)}
	if a.status >= 400 {
		response.Outcome = a.body
		return models.BundleEntry{Response: &response}
	}
	return models.BundleEntry{Resource: a.body, Response: &response}
}

func (x *exchange) respondEntry(i int, url string, size int) (*response, *outcome.Problem) {
	if size >= x.s.limits.ResponseBytes {
		return nil, outcome.Refused(413, models.IssueTypeTooLong, "batch too large", "the responses of the batch are too large together; request fewer at once")
	}
	if i > 0 && !x.Who.Count() { // the batch itself has been counted
		return nil, outcome.Refused(429, models.IssueTypeThrottled, proxy.ReasonLimits, "too many requests: this consumer's limit is reached")
	}
	url = strings.TrimPrefix(url, x.s.base)
	t, err := parse.TargetOf("/"+strings.TrimPrefix(url, "/"), "")
	if err != nil {
		return nil, outcome.Refused(400, models.IssueTypeInvalid, "malformed target", err.Error())
	}
	a := &request{Target: t, method: "GET", format: &media.Format{}}
	if p := a.format.Negotiate(&a.Target, ""); p != nil {
		return nil, p
	}
	if n := len(t.Segments); n > 0 && t.Segments[n-1] == "$export" || a.link() != "" && a.link() != linkPage {
		x.Operation = "export"
		return nil, outcome.Refused(400, models.IssueTypeNotSupported, "unsupported in a batch", "a bulk export cannot be part of a batch: request it by itself")
	}
	return x.dispatch(a)
}
