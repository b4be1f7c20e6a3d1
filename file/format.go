package file

import (
	"context"
	"io"
	"os"

	"github.com/veil-proxy/veil/mask"
)

// Format is a file format that can be masked: a form of FHIR, CSV, Parquet. It is
// immutable and safe for concurrent use.
type Format interface {
	// Info returns what does not depend on a file.
	Info() Info
	// Detect reports whether a file is of this format, by its base name, without .gz,
	// and its beginning, of up to 1 MiB.
	Detect(name string, beginning []byte) bool
	// Open reads the parts of a file that decide how it is masked, such as the names of
	// its columns. The error says what is wrong with the file.
	Open(in Source) (Document, error)
}

// Surveyor is a Format that reads all files of a job before the first is masked, because
// one file can say something about others. It skips files that can be read only once,
// such as standard input.
type Surveyor interface {
	Format
	// Survey returns the Survey that reads them, or nil if nothing needs to be read.
	Survey() Survey
}

// Survey reads the files of a job before the first is masked.
type Survey interface {
	// Open opens a file for Read, as Format.Open does for masking.
	Open(in Source) (Document, error)
	// Read reads a document. Its error ends the job.
	Read(doc Document) error
	// Unread is called for each file that cannot be read far enough to know its format. It
	// may have this one.
	Unread()
	// Missed says, once all files are masked, what had to be left out because no file had
	// what it needed.
	Missed() []string
}

// Document is a file of a format. A job reads it in blocks, masks them in parallel, and
// merges them in order.
type Document interface {
	// Plan has the actions that the passes of maskers count. Documents with the same
	// plan are masked by the same maskers.
	Plan() *mask.Plan
	// Split reads the file and calls emit for each block, in order. It takes the memory
	// for a block's text from buffer and does not touch it after emit. It stops at the
	// first error from either.
	Split(buffer func() []byte, emit func(Block) error) error
	// NewMasker returns a masker of blocks. Each worker has its own, which masks blocks of
	// all files with this plan.
	NewMasker(detail bool) Masker
	// NewMerger returns a merger of the file's masked blocks.
	NewMerger(out io.Writer) Merger
}

// Sequential is a Document that can be too large for a block although no part of it can be
// masked separately: one masker masks it from beginning to end.
type Sequential interface {
	Document
	// MaskAll masks the file into out. It reports false if the file is to be read in blocks.
	// An error is the input's, and out is then unchanged.
	MaskAll(ctx context.Context, m Masker, out io.Writer) (r Result, done bool, err error)
}

// Info is what is known about a format without a file.
type Info struct {
	// Name is the name of the format. Unit is the name of what it counts, such as
	// "resource" or "row".
	Name, Unit string
	// Extension is the extension of an output whose input has no name, such as ".ndjson".
	Extension string
	// Empty says what is wrong with a file without units; empty if nothing is.
	Empty string
	// Losses are kinds of things that masking can leave out entirely, in the order in
	// which they are reported.
	Losses []string
}

// Source is a file to read, decompressed.
type Source struct {
	io.Reader
	// Name is the base name of the file, without .gz, or stdin.
	Name string
	// At reads anywhere in the file, whose size is Size. It is nil for streams and
	// compressed files.
	At   io.ReaderAt
	Size int64
	// Temporary returns a new file, for formats that need random access. Only the owner
	// can read it, and it is removed when the source is closed.
	Temporary func() (*os.File, error)
}

// Block is a part of a file that is masked at one time.
type Block struct {
	Text []byte
	// Line is the number of the block's first line, from 1.
	Line int
	// Head is what the format needs to know about the file for every block, such as its
	// syntax.
	Head any
}

// Masker masks blocks. It is not safe for concurrent use.
type Masker interface {
	// AppendMasked appends the masked form of a block to dst. It leaves out what cannot be
	// masked, and reports that in the result. It retains nothing of the block.
	AppendMasked(dst []byte, b Block, r *Result) []byte
	// Pass returns the pass, which counts what was done since its Begin.
	Pass() *mask.Pass
}

// Merger merges masked blocks.
type Merger interface {
	// Append appends the next masked block: it is called once for each, in order. The error
	// is an InputError if the input is to blame.
	Append(masked []byte) error
	// Close writes what comes after the last block. It does not close the file.
	Close() error
}

// OutputError is an error from MaskAll that comes from the output: the job ends.
type OutputError struct{ Err error }

func (e *OutputError) Error() string { return e.Err.Error() }

// Unwrap returns what is wrong.
func (e *OutputError) Unwrap() error { return e.Err }

// InputError is an error from a merger that comes from the input: the file cannot be
// masked, but the others are.
type InputError struct{ Err error }

func (e *InputError) Error() string { return e.Err.Error() }

// Unwrap returns what is wrong.
func (e *InputError) Unwrap() error { return e.Err }

// Result is the result of masking a block.
type Result struct {
	Masked, Withheld uint64
	// Lost counts things that were left out, by index in Info.Losses; nil for none.
	Lost []uint64
	Bad  []Bad
}

// Bad is a part of a file that could not be masked.
type Bad struct {
	Line, Column int
	What         string
	Text         []byte // original data; nil if it is too large to be kept
}

// Concatenate returns a merger for formats whose blocks are simply concatenated.
func Concatenate(out io.Writer) Merger { return concatenation{out} }

type concatenation struct{ out io.Writer }

func (c concatenation) Append(masked []byte) error {
	_, err := c.out.Write(masked)
	return err
}

func (concatenation) Close() error { return nil }
