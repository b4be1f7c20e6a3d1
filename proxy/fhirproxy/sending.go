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
	// body is FHIR JSON, masked or of Veil's own, unless contentType says what
	// else it is.
	body        []byte
	contentType string
	// stream is a body that is masked while it arrives.
	stream *stream
	header []outcome.Header
	close  bool // the connection ends with it
}

// largestKept is how large a buffer may be and still be kept for the next
// answer. Buffers of responses stay with the connections that they went out on.
const largestKept = 256 << 10

// sending is a large response on its way out. It is in memory until the consumer
// took it, so what is on its way is bounded: consumers that ask for much and read
// slowly find the listener busy, and the others do not notice. Until then it counts
// as under way for the consumer's limits, too.
type sending struct {
	bytes.Reader
	done func()
}

// Close is called when the response is sent, or cannot be.
func (s *sending) Close() error {
	s.done()
	return nil
}

// send sends a response larger than largestKept, compressed if the consumer takes
// it: what compresses small responses cannot tell when one is sent. Where too much
// is on its way already it reports the problem.
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
