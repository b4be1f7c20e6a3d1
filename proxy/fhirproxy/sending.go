package fhirproxy

import (
	"bytes"

	models "github.com/samply/golang-fhir-models/fhir-models/fhir"
	"github.com/valyala/fasthttp"

	"github.com/veil-proxy/veil/proxy/fhirproxy/outcome"
)

// response is what a consumer gets.
type response struct {
	status int
	// body is FHIR JSON, masked or created by Veil, unless contentType says otherwise.
	body        []byte
	contentType string
	// stream is a body that is masked while it arrives.
	stream *stream
	header []outcome.Header
	close  bool // the connection ends with it
}

// largestKept bounds the buffers that are kept for the next response. They stay with the
// connections that used them.
const largestKept = 256 << 10

// sending is a large response that is being sent. It is in memory until the consumer has
// read it, so the total is bounded: consumers that request much and read slowly find the
// listener busy, while others are not affected. Until then, it also counts towards the
// consumer's limits.
type sending struct {
	bytes.Reader
	done func()
}

// Close is called when the response is sent, or cannot be.
func (s *sending) Close() error {
	s.done()
	return nil
}

// send sends a response larger than largestKept, compressed if the consumer takes it: the
// code that compresses small responses cannot tell when one has been sent. If too much is
// being sent already, it returns a problem.
func (x *exchange) send(ctx *fasthttp.RequestCtx, body []byte) *outcome.Problem {
	if ctx.Request.Header.HasAcceptEncoding("gzip") {
		body = fasthttp.AppendGzipBytesLevel(nil, body, fasthttp.CompressBestSpeed)
		ctx.Response.Header.SetContentEncoding("gzip")
		ctx.Response.Header.Add("Vary", "Accept-Encoding")
	}
	size := int64(cap(body))
	if s := x.s; s.unsent.Add(size) > int64(s.limits.ResponseBytes)*int64(s.limits.Exchanges) {
		s.unsent.Add(-size)
		ctx.Response.Header.Del("Content-Encoding")
		return &outcome.Problem{Status: 503, Code: models.IssueTypeThrottled, Text: "too many large responses are being sent; try again later", Header: []outcome.Header{{Name: "Retry-After", Value: "5"}}}
	}
	release := x.TakeRelease()
	out := &sending{done: func() {
		x.s.unsent.Add(-size)
		release()
	}}
	out.Reset(body)
	ctx.Response.SetBodyStream(out, len(body))
	return nil
}
