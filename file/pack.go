package file

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/therootcompany/xz"
)

// packing is a compression of files, known by their extension, or for streams by their
// first bytes.
type packing struct {
	name, ext string
	magic     []byte
	// out is the compression of outputs of such inputs.
	out    string
	reader func(io.Reader) (io.Reader, error)
	writer func(io.Writer) (io.WriteCloser, error)
}

// longestMagic is the length of the longest magic number.
const longestMagic = 6

var packings = []packing{
	{
		name: "gzip", ext: ".gz", magic: []byte("\x1f\x8b"), out: ".gz",
		reader: func(r io.Reader) (io.Reader, error) { return gzip.NewReader(r) },
		writer: func(w io.Writer) (io.WriteCloser, error) { return gzip.NewWriter(w), nil },
	},
	{
		name: "zstd", ext: ".zst", magic: []byte("\x28\xb5\x2f\xfd"), out: ".zst",
		reader: func(r io.Reader) (io.Reader, error) {
			return zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(mostWindow))
		},
		writer: func(w io.Writer) (io.WriteCloser, error) { return zstd.NewWriter(w, zstd.WithEncoderConcurrency(1)) },
	},
	{
		name: "xz", ext: ".xz", magic: []byte("\xfd7zXZ\x00"), out: ".zst",
		reader: func(r io.Reader) (io.Reader, error) { return xz.NewReader(bufio.NewReader(r), mostWindow) },
	},
}

// packingOf returns the compression of a file, by its name, and the name without that
// extension; nil if it is not compressed.
func packingOf(name string) (p *packing, base string) {
	for i := range packings {
		if base, ok := strings.CutSuffix(name, packings[i].ext); ok {
			return &packings[i], base
		}
	}
	return nil, name
}

// packingOfText returns the compression of a text that begins with these bytes.
func packingOfText(beginning []byte) *packing {
	for i := range packings {
		if bytes.HasPrefix(beginning, packings[i].magic) {
			return &packings[i]
		}
	}
	return nil
}

// outputPacking returns the packing that outputs have whose inputs have p, nil for
// none.
func outputPacking(p *packing) *packing {
	if p == nil {
		return nil
	}
	for i := range packings {
		if packings[i].ext == p.out {
			return &packings[i]
		}
	}
	return nil
}

// A file that grows beyond this ratio when it is decompressed is refused: it is the
// maximum of deflate, and no data set compresses as well.
const (
	mostGrowth = 1100
	freeGrowth = 256 << 20 // bytes that are always allowed
	// mostWindow bounds the window that decompression may need in memory. It is the default
	// limit of the programs xz and zstd.
	mostWindow = 128 << 20
)

// inflated reads a decompressed text and compares its size with that of its source.
type inflated struct {
	io.Reader
	packed, text int64
}

func (c *inflated) Read(b []byte) (int, error) {
	n, err := c.Reader.Read(b)
	c.text += int64(n)
	if c.text > freeGrowth && c.text/mostGrowth > c.packed {
		return 0, fmt.Errorf("the file grows to more than %d times its size when it is decompressed", mostGrowth)
	}
	return n, windowError(err)
}

// errWindow is the error of a file that needs too large a window.
var errWindow = fmt.Errorf("the file needs more than %d MiB of memory to be decompressed: compress it with a smaller window", mostWindow>>20)

func windowError(err error) error {
	if errors.Is(err, zstd.ErrWindowSizeExceeded) || errors.Is(err, xz.ErrMemlimit) {
		return errWindow
	}
	return err
}

// packedReader counts what is read of the compressed file.
type packedReader struct {
	io.Reader
	n *int64
}

func (p packedReader) Read(b []byte) (int, error) {
	n, err := p.Reader.Read(b)
	*p.n += int64(n)
	return n, err
}

// unpack returns the text of a compressed file.
func (p *packing) unpack(r io.Reader) (io.Reader, error) {
	c := &inflated{}
	var err error
	c.Reader, err = p.reader(packedReader{r, &c.packed})
	return c, windowError(err)
}
