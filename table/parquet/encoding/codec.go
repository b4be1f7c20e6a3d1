package encoding

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/snappy"
	"github.com/klauspost/compress/zstd"
	"github.com/parquet-go/parquet-go/compress"
	brotlicodec "github.com/parquet-go/parquet-go/compress/brotli"
	gzipcodec "github.com/parquet-go/parquet-go/compress/gzip"
	lz4codec "github.com/parquet-go/parquet-go/compress/lz4"
	snappycodec "github.com/parquet-go/parquet-go/compress/snappy"
	zstdcodec "github.com/parquet-go/parquet-go/compress/zstd"
	"github.com/parquet-go/parquet-go/format"
	"github.com/pierrec/lz4/v4"
)

// MaxPage is the maximum size of a page in bytes.
const MaxPage = 256 << 20

// compressors compress pages. They do not decompress: that must not take more memory than
// a page says that it needs.
var compressors = map[format.CompressionCodec]compress.Codec{
	format.Snappy: &snappycodec.Codec{},
	format.Gzip:   &gzipcodec.Codec{Level: gzip.DefaultCompression},
	format.Brotli: &brotlicodec.Codec{Quality: 5, LGWin: 22},
	format.Zstd:   &zstdcodec.Codec{},
	format.Lz4Raw: &lz4codec.Codec{Level: lz4codec.Fastest},
}

// CheckCodec returns an error if a codec is not supported.
func CheckCodec(c format.CompressionCodec) error {
	if compressors[c] == nil && c != format.Uncompressed {
		return fmt.Errorf("the compression %s is not supported", c)
	}
	return nil
}

// Inflater decompresses pages. It is not for concurrent use.
type Inflater struct {
	buf    []byte
	gzip   *gzip.Reader
	brotli *brotli.Reader
}

// zstdDecoder is for all: whole pages can be decompressed at the same time.
var zstdDecoder = sync.OnceValues(func() (*zstd.Decoder, error) {
	return zstd.NewReader(nil, zstd.WithDecoderConcurrency(0), zstd.WithDecodeAllCapLimit(true), zstd.WithDecoderMaxMemory(MaxPage))
})

var errInflate = errors.New("the page is damaged: it cannot be decompressed")

// Inflate returns the decompressed form of src, which must have n bytes. It is valid
// until the next call.
func (d *Inflater) Inflate(c format.CompressionCodec, src []byte, n int) ([]byte, error) {
	if c == format.Uncompressed {
		if len(src) != n {
			return nil, errInflate
		}
		return src, nil
	}
	d.buf = Grow(d.buf, n)
	ok := false
	switch c {
	case format.Snappy:
		if size, err := snappy.DecodedLen(src); err == nil && size == n {
			_, err := snappy.Decode(d.buf, src)
			ok = err == nil
		}
	case format.Lz4Raw:
		size, err := lz4.UncompressBlock(src, d.buf)
		ok = err == nil && size == n || n == 0
	case format.Zstd:
		ok = d.inflateZstd(src, n)
	case format.Gzip:
		ok = d.inflateGzip(src)
	case format.Brotli:
		if d.brotli == nil {
			d.brotli = brotli.NewReader(nil)
		}
		ok = d.brotli.Reset(bytes.NewReader(src)) == nil && fills(d.brotli, d.buf)
	}
	if !ok {
		return nil, errInflate
	}
	return d.buf, nil
}

func (d *Inflater) inflateZstd(src []byte, n int) bool {
	decoder, err := zstdDecoder()
	if err != nil {
		return false
	}
	out, err := decoder.DecodeAll(src, d.buf[:0:n])
	return err == nil && len(out) == n
}

func (d *Inflater) inflateGzip(src []byte) (ok bool) {
	var err error
	if d.gzip == nil {
		d.gzip, err = gzip.NewReader(bytes.NewReader(src))
	} else {
		err = d.gzip.Reset(bytes.NewReader(src))
	}
	if err != nil {
		d.gzip = nil
		return false
	}
	return fills(d.gzip, d.buf)
}

// fills reports whether a reader has exactly as many bytes as b.
func fills(r io.Reader, b []byte) bool {
	if _, err := io.ReadFull(r, b); err != nil {
		return false
	}
	var more [1]byte
	_, err := io.ReadFull(r, more[:])
	return errors.Is(err, io.EOF)
}

// Deflate appends the compressed form of src. buf is scratch memory, which it returns
// as used.
func Deflate(dst, buf []byte, c format.CompressionCodec, src []byte) (out, used []byte, err error) {
	codec := compressors[c]
	if codec == nil {
		return append(dst, src...), buf, nil
	}
	buf, err = codec.Encode(slices.Grow(buf[:0], len(src)/2)[:cap(buf)], src)
	return append(dst, buf...), buf, err
}
