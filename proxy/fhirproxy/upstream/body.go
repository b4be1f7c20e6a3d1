package upstream

import (
	"errors"
	"io"
	"strings"

	"github.com/klauspost/compress/gzip"
	models "github.com/samply/golang-fhir-models/fhir-models/fhir"

	"github.com/veil-proxy/veil/proxy/fhirproxy/outcome"
)

// Reader returns the body of a file that is masked while it arrives, with its content
// encoding removed. Reading fails if the body ends early or grows too large. No line says
// that it is the last, so the response must say where it ends.
func (r *Response) Reader() (io.Reader, *outcome.Problem) {
	if r.resp.Header.ContentLength() < -1 {
		return nil, outcome.Failed(502, models.IssueTypeStructure, "upstream framing", "the FHIR server does not say where its file ends")
	}
	return r.reader()
}

// reader returns the body of a response whose text shows where it ends, such as a
// Bundle's. Such a body can be read even if it ends with its connection.
func (r *Response) reader() (io.Reader, *outcome.Problem) {
	stream := r.resp.BodyStream()
	if stream == nil { // of a status without a body
		return strings.NewReader(""), nil
	}
	body := &wholeBody{r: stream, left: r.resp.Header.ContentLength()}
	switch r.coding() {
	case identity:
		return body, nil
	case gzipped:
		packed := &counter{r: body}
		z, err := gzip.NewReader(packed)
		if err != nil {
			return nil, outcome.Failed(502, models.IssueTypeStructure, "content encoding", "the FHIR server's compressed response cannot be read")
		}
		return &ratioBound{r: z, packed: packed}, nil
	}
	return nil, unknownCoding()
}

// The content encodings that are read.
const (
	identity = "identity"
	gzipped  = "gzip"
)

// coding is the content encoding of a response: names have no case, and gzip has two.
func (r *Response) coding() string {
	switch name := strings.ToLower(strings.TrimSpace(string(r.resp.Header.ContentEncoding()))); name {
	case "":
		return identity
	case "x-gzip":
		return gzipped
	default:
		return name
	}
}

// wholeBody reads a body of a stated length and fails if it is shorter. Other bodies,
// whose length is negative, mark their own end.
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

// ratioBound fails if a compressed file becomes more than maxGzipRatio times as large.
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
