package file

import (
	"context"
	"io"
	"os"

	"github.com/veil-proxy/veil/mask"
)

// Format is a format of files that can be masked: one form of FHIR, CSV, Parquet. It
// is immutable and can be used from concurrent goroutines.
type Format interface {
	// Info says what does not depend on a file.
	Info() Info
	// Detect reports whether a file is of this format, by its base name, without .gz,
	// and its beginning, of up to 1 MiB.
	Detect(name string, beginning []byte) bool
	// Open reads what of a file decides how it is masked, such as the names of its
	// columns. The error says what is wrong with the file.
	Open(in Source) (Document, error)
}

// Surveyor is a Format that reads all files of a job before the first is masked, for what
// one file says of others. Files that can be read only once, such as standard input, are
// left out.
type Surveyor interface {
	Format
	// Survey returns what reads them, or nil if nothing needs to be read.
	Survey() Survey
}

// Survey reads the files of a job before the first is masked.
type Survey interface {
	// Open opens a file for Read, as Format.Open does for masking.
	Open(in Source) (Document, error)
	// Read reads a document. Its error ends the job.
	Read(doc Document) error
	// Unread is called for each file that cannot be read so far that its format is known: it
	// may be of this one.
	Unread()
	// Missed says, once all files are masked, what had to be left out for want of what no
	// file has.
	Missed() []string
}

// Document is a file of a format. A job reads it in blocks, masks them in parallel and
// puts them together in their order.
type Document interface {
	// Plan has the actions that the passes of maskers count. Documents with the same
	// plan are masked by the same maskers.
	Plan() *mask.Plan
	// Split reads the file and calls emit for each block, in order. It takes the memory
	// of a block's text from buffer and does not touch it after emit. It stops at the
	// first error of either.
	Split(buffer func() []byte, emit func(Block) error) error
	// NewMasker returns what masks blocks. Each worker has one of its own, which masks
	// blocks of all files with this plan.
	NewMasker(detail bool) Masker
	// NewMerger returns what puts the masked blocks of the file together.
	NewMerger(out io.Writer) Merger
}

// Sequential is a Document that can be too large for a block although nothing of it can be
// masked for itself: it is masked from its beginning to its end by one masker.
type Sequential interface {
	Document
	// MaskAll masks the file into out. It reports false if the file is to be read in blocks.
	// Its error is the input's, and out is as it was then.
	MaskAll(ctx context.Context, m Masker, out io.Writer) (r Result, done bool, err error)
}

// Info is what is known of a format without a file.
type Info struct {
	// Name is that of the format, Unit that of one of the things that it counts, such
	// as "resource" or "row".
	Name, Unit string
	// Extension is that of an output whose input has no name, such as ".ndjson".
	Extension string
	// Empty says of a file without units what is wrong with it; empty if nothing is.
	Empty string
	// Losses are things that masking can leave out as a whole, in the order in which
	// they are reported.
	Losses []string
}

// Source is a file that is read, decompressed.
type Source struct {
	io.Reader
	// Name is the base name of the file, without .gz, or stdin.
	Name string
	// At reads anywhere in the file, whose size is Size. It is nil for streams and for
	// files that are compressed.
	At   io.ReaderAt
	Size int64
	// Temporary returns a new file for what a format has to read at any place. Only the
	// owner can read it, and it is gone when the source is closed.
	Temporary func() (*os.File, error)
}

// Block is a part of a file that is masked at a time.
type Block struct {
	Text []byte
	// Line is the number of the block's first line, from 1.
	Line int
	// Head is what the format needs of the file for every block, such as how it is
	// written.
	Head any
}

// Masker masks blocks. It cannot be used from concurrent goroutines.
type Masker interface {
	// AppendMasked appends the masked form of a block to dst. What of it cannot be
	// masked is left out, and in the result. It keeps nothing of the block.
	AppendMasked(dst []byte, b Block, r *Result) []byte
	// Pass counts what was done since its Begin.
	Pass() *mask.Pass
}

// Merger puts masked blocks together.
type Merger interface {
	// Append takes the next masked block: it is called once for each, in order. The error
	// is an InputError where the input is to blame.
	Append(masked []byte) error
	// Close writes what comes after the last block. It does not close the file.
	Close() error
}

// OutputError is an error of MaskAll that is the output's: the job ends.
type OutputError struct{ Err error }

func (e *OutputError) Error() string { return e.Err.Error() }

// Unwrap returns what is wrong.
func (e *OutputError) Unwrap() error { return e.Err }

// InputError is an error of a merger that is the input's: the file cannot be masked, and
// the others are.
type InputError struct{ Err error }

func (e *InputError) Error() string { return e.Err.Error() }

// Unwrap returns what is wrong.
func (e *InputError) Unwrap() error { return e.Err }

// Result is what became of a block.
type Result struct {
	Masked, Withheld uint64
	// Lost are numbers of things that were left out, by the index in Info.Losses; nil
	// for none.
	Lost []uint64
	Bad  []Bad
}

// Bad is a part of a file that could not be masked.
type Bad struct {
	Line, Column int
	What         string
	Text         []byte // original data; nil if it is too large to be kept
}

// Concatenate returns a merger of formats whose blocks only follow one another.
func Concatenate(out io.Writer) Merger { return concatenation{out} }

type concatenation struct{ out io.Writer }

func (c concatenation) Append(masked []byte) error {
	_, err := c.out.Write(masked)
	return err
}

func (concatenation) Close() error { return nil }
