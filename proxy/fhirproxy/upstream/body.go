package upstream

import (
	"errors"
	"io"

	"github.com/klauspost/compress/gzip"
	models "github.com/samply/golang-fhir-models/fhir-models/fhir"

	"github.com/veil-proxy/veil/proxy/fhirproxy/outcome"
)

// Reader returns the body of a response that is masked while it arrives, with its
// content encoding taken off. It fails where the body ends early or grows too much.
func (r *Response) Reader() (io.Reader, *outcome.Problem) {
	length := r.resp.Header.ContentLength()
	if length < -1 {
		return nil, outcome.Failed(502, models.IssueTypeStructure, "upstream framing", "the FHIR server does not say where its file ends")
	}
	body := &wholeBody{r: r.resp.BodyStream(), left: length}
	switch string(r.resp.Header.ContentEncoding()) {
	case "", "identity":
		return body, nil
	case "gzip":
		packed := &counter{r: body}
		z, err := gzip.NewReader(packed)
		if err != nil {
			return nil, outcome.Failed(502, models.IssueTypeStructure, "content encoding", "the FHIR server's compressed file cannot be read")
		}
		return &ratioBound{r: z, packed: packed}, nil
	}
	return nil, unknownCoding()
}

// wholeBody reads a body of a stated length and fails where it is shorter. A
// chunked body, whose length is negative, has its own end.
type wholeBody struct {
	r    io.Reader
	left int
}

func (b *wholeBody) Read(p []byte) (int, error) {
	n, err := b.r.Read(p)
	if b.left >= 0 {
		b.left -= n
		if errors.Is(err, io.EOF) && b.left > 0 {
			err = io.ErrUnexpectedEOF
		}
	}
	return n, err
}

// counter counts what is read.
type counter struct {
	r io.Reader
	n int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}

// ratioBound fails where a compressed file becomes more than maxGzipRatio times
// as large.
type ratioBound struct {
	r      io.Reader
	packed *counter
	n      int64
}

func (b *ratioBound) Read(p []byte) (int, error) {
	n, err := b.r.Read(p)
	if b.n += int64(n); b.n > maxGzipRatio*b.packed.n+1<<20 {
		return 0, errInflated
	}
	return n, err
}
