package upstream

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	models "github.com/samply/golang-fhir-models/fhir-models/fhir"
	"github.com/valyala/fasthttp"

	"github.com/veil-proxy/veil/proxy"
	"github.com/veil-proxy/veil/proxy/fhirproxy/outcome"
	"github.com/veil-proxy/veil/proxy/trace"
)

// Request is a request to the upstream. Nothing else of a consumer's request
// reaches it.
type Request struct {
	Path   string // and query, below the base; of a stream also a URL at a file host
	Method string // GET when it is empty
	Accept string // FHIR when it is empty
	Async  bool   // Prefer: respond-async
	Stream bool
	// Timeout bounds the whole response, or the beginning of a stream.
	Timeout time.Duration
	// Span is the span that the request is traced in.
	Span trace.Span
}

// Response is a response of the upstream with its body decoded. It is valid until
// Release.
type Response struct {
	up     *Server
	resp   *fasthttp.Response
	flated *inflater
	src    io.Reader // of GetStream
	buf    *[]byte   // the buffer of Body then
	Status int
	Body   []byte
}

// Release releases what the response holds.
func (r *Response) Release() {
	if r.resp != nil {
		if r.resp.IsBodyStream() {
			_ = r.resp.CloseBodyStream() // a connection that is not read to its end is closed
		}
		fasthttp.ReleaseResponse(r.resp)
	}
	if r.flated != nil && cap(r.flated.out) <= largestInflater {
		r.up.inflaters.Put(r.flated)
	}
	if r.buf != nil {
		if cap(r.Body) <= largestBuffer {
			*r.buf = r.Body[:0]
		}
		r.up.buffers.Put(r.buf)
	}
	r.resp, r.flated, r.src, r.buf, r.Body = nil, nil, nil, nil, nil
}

// Get requests a path under the base, such as "/Patient/1". It is traced in a span.
func (u *Server) Get(path []byte, timeout time.Duration, in trace.Span) (*Response, *outcome.Problem) {
	return u.Request(&Request{Path: string(path), Timeout: timeout, Span: in})
}

// Request sends a request, and repeats it once if the credentials were not accepted.
func (u *Server) Request(q *Request) (*Response, *outcome.Problem) {
	r, p := u.once(q)
	if p == nil && (r.Status == 401 || r.Status == 403) && u.config.Credentials != nil && u.hostOf(q.Path) == nil {
		r.Release()
		u.config.Credentials.Refused()
		r, p = u.once(q)
	}
	return r, p
}

// MIMETypes are the media types of FHIR for the Accept header of a request.
const MIMETypes = "application/fhir+json, application/fhir+xml;q=0.5"

func (u *Server) once(q *Request) (*Response, *outcome.Problem) {
	req := fasthttp.AcquireRequest()
	defer fasthttp.ReleaseRequest(req)
	host := u.hostOf(q.Path)
	if host != nil {
		req.SetRequestURI(q.Path)
	} else {
		req.SetRequestURI(u.base + q.Path)
	}
	req.Header.SetMethod(fasthttp.MethodGet)
	if q.Method != "" {
		req.Header.SetMethod(q.Method)
	}
	req.Header.Set("Accept", MIMETypes)
	if q.Accept != "" {
		req.Header.Set("Accept", q.Accept)
	}
	req.Header.Set("Accept-Encoding", "gzip")
	if q.Async {
		req.Header.Set("Prefer", "respond-async")
	}
	if u.config.Credentials != nil && host == nil {
		ctx, cancel := context.WithTimeout(context.Background(), q.Timeout)
		defer cancel()
		if u.config.Credentials.Authorize(ctx, req) != nil {
			return nil, outcome.Failed(502, models.IssueTypeSecurity, "upstream credentials", "Veil could not obtain its credentials for the FHIR server")
		}
	}
	client := u.client
	if q.Stream {
		client = u.streams
	}
	if host != nil {
		client = host.client
	}
	span := q.Span.Child(trace.Upstream)
	defer span.End()
	if parent := span.Parent(); parent != "" && host == nil {
		req.Header.Set("traceparent", parent)
	}
	r := &Response{up: u, resp: fasthttp.AcquireResponse()}
	requested := time.Now()
	if err := client.DoTimeout(req, r.resp, q.Timeout); err != nil {
		u.config.Metrics.Upstream(0, time.Since(requested))
		r.Release()
		p := u.unreachable(err)
		span.Describe(trace.Facts{Outcome: "failed", Reason: p.Reason})
		return nil, p
	}
	r.Status = r.resp.StatusCode()
	u.config.Metrics.Upstream(r.Status, time.Since(requested))
	span.Describe(trace.Facts{Status: r.Status})
	if q.Stream {
		return r, nil
	}
	if p := u.decode(r); p != nil {
		r.Release()
		return nil, p
	}
	return r, nil
}

// unreachable returns the problem if there is no response. The error itself may contain
// addresses, so it is dropped.
func (u *Server) unreachable(err error) *outcome.Problem {
	var timed interface{ Timeout() bool }
	switch {
	case errors.Is(err, fasthttp.ErrBodyTooLarge):
		return u.TooLarge()
	case errors.Is(err, fasthttp.ErrNoFreeConns):
		return outcome.Failed(503, models.IssueTypeThrottled, "upstream busy", "too many requests to the FHIR server are in progress")
	case errors.As(err, &timed) && timed.Timeout():
		return timedOut()
	}
	return outcome.Failed(502, models.IssueTypeTransient, "upstream "+proxy.Cause(err), "the FHIR server could not be reached or did not complete its response")
}

func timedOut() *outcome.Problem {
	return outcome.Failed(504, models.IssueTypeTimeout, "upstream timeout", "the FHIR server did not respond in time")
}

// TooLarge is the problem of a response larger than ResponseBytes.
func (u *Server) TooLarge() *outcome.Problem {
	return outcome.Failed(502, models.IssueTypeTooLong, "response too large",
		fmt.Sprintf("the FHIR server's response is larger than %d bytes (in XML, than an eighth of that), or compressed more than %d-fold; request fewer resources with _count", u.config.ResponseBytes, maxGzipRatio))
}

// decode decodes the content encoding of a body, within limits.
func (u *Server) decode(r *Response) *outcome.Problem {
	switch r.coding() {
	case identity:
		r.Body = r.resp.Body()
		return nil
	case gzipped:
	default:
		return unknownCoding()
	}
	r.flated = u.inflaters.Get().(*inflater)
	err := r.flated.inflate(r.resp.Body(), u.config.ResponseBytes)
	switch {
	case errors.Is(err, errInflated):
		return u.TooLarge()
	case err != nil:
		return outcome.Failed(502, models.IssueTypeStructure, "content encoding", "the FHIR server's compressed response cannot be read")
	}
	r.Body = r.flated.out
	return nil
}

func unknownCoding() *outcome.Problem {
	return outcome.Failed(502, models.IssueTypeStructure, "content encoding", "the FHIR server used a content encoding that was not requested")
}

// Header returns a header field of the response.
func (r *Response) Header(name string) string { return string(r.resp.Header.Peek(name)) }

// MIME returns the media type of the body.
func (r *Response) MIME() string {
	mime, _, _ := strings.Cut(string(r.resp.Header.ContentType()), ";")
	return strings.ToLower(strings.TrimSpace(mime))
}

// IsJSON reports whether the response is FHIR JSON with status 200.
func (r *Response) IsJSON() bool {
	if r.Status != 200 {
		return false
	}
	switch r.MIME() {
	case "application/fhir+json", "application/json", "application/json+fhir":
		return true
	}
	return false
}

// IsXML reports whether the response is FHIR XML, with any status.
func (r *Response) IsXML() bool {
	switch r.MIME() {
	case "application/fhir+xml", "application/xml", "application/xml+fhir", "text/xml":
		return true
	}
	return false
}

// xmlShare is the part of Limits.ResponseBytes that a response in XML may have: its
// tree takes up to 60 times as much memory as its text.
const xmlShare = 8

// LargestXML returns how large an XML response, or a part of one, may be.
func (u *Server) LargestXML() int { return u.config.ResponseBytes / xmlShare }

// ToJSON converts a FHIR XML body to JSON, which the rules act on.
func (r *Response) ToJSON() *outcome.Problem {
	if !r.IsXML() {
		return nil
	}
	if len(r.Body) > r.up.LargestXML() {
		return r.up.TooLarge()
	}
	var out []byte
	var err error
	r.up.Convert(func(c *Converter) { out, err = c.Reader.AppendJSON(nil, r.Body) })
	if err != nil {
		return outcome.Failed(502, models.IssueTypeStructure, "upstream syntax", "the FHIR server's response is not valid FHIR XML")
	}
	r.Body = out
	return nil
}

// longestWait is the longest time that a busy upstream may ask a consumer to wait, in
// seconds.
const longestWait = 3600

// Check turns a response that is not a FHIR resource into a problem. Texts of
// the upstream are dropped.
func (r *Response) Check() *outcome.Problem {
	switch r.Status {
	case 200:
		if !r.IsJSON() && !r.IsXML() {
			return outcome.Failed(502, models.IssueTypeStructure, "upstream content type", "the FHIR server responded with something that is not FHIR JSON or XML")
		}
		return nil
	case 404, 410:
		return outcome.NotFound()
	case 401, 403:
		return outcome.Failed(502, models.IssueTypeSecurity, "upstream authorization", "the FHIR server denied access to Veil")
	case 301, 302, 303, 307, 308:
		return outcome.Failed(502, models.IssueTypeProcessing, "upstream redirect", "the FHIR server responded with a redirect, which is not followed")
	case 429, 503:
		p := outcome.Failed(503, models.IssueTypeThrottled, "upstream busy", "the FHIR server is busy; try again later")
		if after, err := strconv.Atoi(r.Header("Retry-After")); err == nil && after > 0 && after <= longestWait {
			return p.With("Retry-After", strconv.Itoa(after))
		}
		return p
	case 408, 504:
		return outcome.Failed(504, models.IssueTypeTimeout, "upstream timeout", "the FHIR server did not respond in time")
	}
	p := outcome.Failed(502, models.IssueTypeProcessing, "upstream error", fmt.Sprintf("the FHIR server responded with status %d", r.Status))
	if r.Status == 400 || r.Status == 422 {
		p.Status = 400
	}
	if r.IsXML() && r.ToJSON() != nil {
		return p
	}
	p.More = outcome.Issues(r.Body)
	return p
}

// Failure is like Check, for a response whose body is not read.
func (r *Response) Failure() *outcome.Problem {
	r.Body = nil
	return r.Check()
}
