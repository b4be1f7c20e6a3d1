package upstream

import (
	"bytes"
	"errors"
	"io"
	"slices"

	"github.com/klauspost/compress/gzip"
)

// maxGzipRatio is how much larger a compressed body may become. FHIR JSON of thousands of
// similar resources stays below 100.
const maxGzipRatio = 200

// errInflated is returned for a body that becomes too large.
var errInflated = errors.New("decompressed body is too large")

// inflater decompresses one body at a time into a buffer that it keeps.
type inflater struct {
	z   gzip.Reader
	src bytes.Reader
	out []byte
}

// inflate decompresses src into f.out. It stops at limit bytes, or at
// maxGzipRatio times the size of src.
func (f *inflater) inflate(src []byte, limit int) error {
	limit = min(limit, maxGzipRatio*len(src)+4096)
	f.out = f.out[:0]
	f.src.Reset(src)
	defer f.src.Reset(nil)
	if err := f.z.Reset(&f.src); err != nil {
		return err
	}
	f.out = slices.Grow(f.out, min(limit, 4*len(src))+1)
	for {
		n, err := f.z.Read(f.out[len(f.out):cap(f.out)])
		f.out = f.out[:len(f.out)+n]
		switch {
		case len(f.out) > limit:
			return errInflated
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		case len(f.out) == cap(f.out):
			f.out = slices.Grow(f.out, len(f.out))
		}
	}
}

// largestInflater bounds the buffers of inflaters that are kept for the next response.
const largestInflater = 256 << 10
