package fhirdoor

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	models "github.com/samply/golang-fhir-models/fhir-models/fhir"

	"github.com/veil-proxy/veil/fhir"
)

// maxBatch is how many requests a batch may have.
const maxBatch = 100

// batchEntry is what an entry of a batch may have. An entry with anything else,
// such as a resource, is refused.
type batchEntry struct {
	FullURL string `json:"fullUrl"`
	Request *struct {
		Method string `json:"method"`
		URL    string `json:"url"`
	} `json:"request"`
}

// batch answers a Bundle of reads (FHIR R4, http.html#transaction). Each entry
// is judged, asked, masked and recorded like a request of its own.
func (x *exchange) batch(a *ask) (*answer, *problem) {
	x.operation = "batch"
	entries, p := readBatch(a.body)
	if p != nil {
		if p.status == 405 {
			x.operation = "write"
		}
		return nil, p
	}
	out := models.Bundle{Type: models.BundleTypeBatchResponse}
	for i, e := range entries {
		response, p := x.entry(i, e)
		if p != nil {
			return nil, p
		}
		out.Entry = append(out.Entry, response)
	}
	body, err := json.Marshal(out)
	if err != nil {
		return nil, failed(500, models.IssueTypeException, "internal", "the batch's answer could not be written")
	}
	return &answer{status: 200, body: body}, x.note("complete", "", 200, "Bundle")
}

// readBatch reads a batch strictly.
func readBatch(body []byte) ([]batchEntry, *problem) {
	bad := func(text string) ([]batchEntry, *problem) {
		return nil, refused(400, models.IssueTypeInvalid, "malformed batch", text)
	}
	body = bytes.TrimSpace(body)
	if len(body) > 0 && body[0] == '<' {
		var err error
		if body, err = fhir.R4().AppendJSONFromXML(nil, body); err != nil {
			return bad("the body is not a Bundle in FHIR XML")
		}
	}
	var b struct {
		ResourceType string            `json:"resourceType"`
		ID           string            `json:"id"`
		Meta         json.RawMessage   `json:"meta"`
		Type         string            `json:"type"`
		Entry        []json.RawMessage `json:"entry"`
	}
	if strictly(body, &b) != nil || b.ResourceType != "Bundle" {
		return bad("the body is not a Bundle of type batch: only batches of GETs are taken here")
	}
	if b.Type != "batch" {
		return nil, readOnly()
	}
	if len(b.Entry) > maxBatch {
		return bad(fmt.Sprintf("a batch may have %d entries", maxBatch))
	}
	entries := make([]batchEntry, len(b.Entry))
	for i, raw := range b.Entry {
		if strictly(raw, &entries[i]) != nil || entries[i].Request == nil {
			return bad(fmt.Sprintf("entry[%d] must have a request of method GET and nothing else", i))
		}
		if m := entries[i].Request.Method; m != "GET" && m != "HEAD" {
			return nil, readOnly()
		}
	}
	return entries, nil
}

// strictly reads JSON of listed members.
func strictly(src []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(src))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return err
	}
	if d.More() {
		return fmt.Errorf("more text behind the value")
	}
	return nil
}

// entry answers one entry. Only the failure of the audit log fails the batch.
func (x *exchange) entry(i int, e batchEntry) (models.BundleEntry, *problem) {
	sub := *x
	sub.requestID = x.requestID + "." + strconv.Itoa(i)
	sub.operation, sub.rule = "unknown", ""
	a, p := sub.answerEntry(e)
	if p != nil {
		a = sub.refuse(p)
	}
	status := strconv.Itoa(a.status)
	response := models.BundleEntryResponse{Status: status}
	if a.status >= 400 {
		response.Outcome = a.body
		return models.BundleEntry{Response: &response}, nil
	}
	return models.BundleEntry{Resource: a.body, Response: &response}, nil
}

func (x *exchange) answerEntry(e batchEntry) (*answer, *problem) {
	url := strings.TrimPrefix(e.Request.URL, x.s.base)
	t, err := parseTarget("/"+strings.TrimPrefix(url, "/"), "")
	if err != nil {
		return nil, refused(400, models.IssueTypeInvalid, "malformed target", err.Error())
	}
	a := &ask{target: t, method: "GET", format: &format{}}
	if p := a.format.negotiate(&a.target, ""); p != nil {
		return nil, p
	}
	if n := len(t.segments); n > 0 && t.segments[n-1] == "$export" || a.link() != "" && a.link() != linkPage {
		x.operation = "export"
		return nil, refused(400, models.IssueTypeNotSupported, "unsupported in a batch", "a bulk export is asked for by itself")
	}
	return x.answer(a)
}
