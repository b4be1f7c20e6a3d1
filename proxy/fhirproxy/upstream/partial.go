package upstream

import (
	"errors"
	"io"
	"slices"
	"time"

	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/gzip"
	models "github.com/samply/golang-fhir-models/fhir-models/fhir"

	"github.com/veil-proxy/veil/proxy/fhirproxy/outcome"
	"github.com/veil-proxy/veil/proxy/trace"
)

// GetStream requests a path under the base and reads at most most bytes of the response, decoded,
// into Body. It is traced in a span. If whole is false, continue with More.
func (u *Server) GetStream(path string, most int, timeout time.Duration, in trace.Span) (r *Response, whole bool, p *outcome.Problem) {
	until := time.Now().Add(timeout)
	if r, p = u.Request(&Request{Path: path, Stream: true, Timeout: timeout, Span: in}); p != nil {
		return nil, false, p
	}
	if r.src, p = r.reader(); p == nil {
		r.buf = u.buffers.Get().(*[]byte)
		r.Body = (*r.buf)[:0]
		whole, p = r.readUpTo(most, until)
	}
	if p != nil {
		r.Release()
		return nil, false, p
	}
	return r, whole, nil
}

// ReadAll reads the rest of a GetStream response into Body, within the limit.
func (r *Response) ReadAll(timeout time.Duration) *outcome.Problem {
	whole, p := r.readUpTo(r.up.config.ResponseBytes+1, time.Now().Add(timeout))
	if p == nil && !whole {
		return r.up.TooLarge()
	}
	return p
}

// readUpTo reads until Body has n bytes, and reports whether it is complete before that.
func (r *Response) readUpTo(most int, until time.Time) (whole bool, p *outcome.Problem) {
	if n := r.resp.Header.ContentLength(); n > 0 && cap(r.Body) < most {
		r.Body = slices.Grow(r.Body, min(n+1, most)-len(r.Body)) // one more, to see the end
	}
	for len(r.Body) < most {
		if len(r.Body) == cap(r.Body) {
			r.Body = slices.Grow(r.Body, max(len(r.Body), firstRead))
		}
		n, err := r.src.Read(r.Body[len(r.Body):min(cap(r.Body), most)])
		r.Body = r.Body[:len(r.Body)+n]
		switch {
		case errors.Is(err, io.EOF):
			return true, nil
		case err != nil:
			return false, r.up.broken(err)
		case time.Now().After(until):
			return false, timedOut()
		}
	}
	return false, nil
}

// More reads what has arrived of the rest of a GetStream response. At its end, it returns
// io.EOF.
func (r *Response) More(into []byte) (n int, err error) { return r.src.Read(into) }

// firstRead is the size of a buffer for a response that does not state its length.
const firstRead = 16 << 10

// largestBuffer bounds the buffers that are kept for the next response.
const largestBuffer = 256 << 10

// broken returns the problem of a response that ended early.
func (u *Server) broken(err error) *outcome.Problem {
	if errors.Is(err, errInflated) {
		return u.TooLarge()
	}
	if isCoding(err) {
		return outcome.Failed(502, models.IssueTypeStructure, "content encoding", "the FHIR server's compressed response cannot be read")
	}
	return u.unreachable(err)
}

// isCoding reports whether an error is due to an invalid compressed body.
func isCoding(err error) bool {
	var corrupt flate.CorruptInputError
	return errors.Is(err, gzip.ErrHeader) || errors.Is(err, gzip.ErrChecksum) || errors.As(err, &corrupt)
}
