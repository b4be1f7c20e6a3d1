package csv

import (
	"bufio"
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/veil-proxy/veil/file"
	"github.com/veil-proxy/veil/mask"
	"github.com/veil-proxy/veil/table"
)

// Config says how delimited text is read and masked. Unset fields are detected.
type Config struct {
	Rules   *table.Rules
	Options table.Options
	// Table names the table that a file holds, by the file's base name.
	Table func(name string) table.Name

	Delimiter byte // 0: detected
	// Quote encloses a cell, and Escape precedes a quote inside one. They are detected unless Quoting
	// is set.
	Quoting       bool
	Quote, Escape byte
	Header        Header
	Encoding      string
	Nulls         []string
	// Inspect opens tables of which no column is covered, to show that.
	Inspect bool
	// Guess decides by the rows below whether the first line has column names, if no rule
	// decides it.
	Guess bool
	// Any treats every file as delimited text, whatever its name.
	Any bool
	// Named tells ReadRows whether a table has a column of this name; nil if none is known.
	Named func(column string) bool
}

// New returns the format.
func New(c Config) (file.Format, error) {
	f, err := newFormat(c)
	if err != nil {
		return nil, err
	}
	f.plans = table.NewPlans(c.Rules, c.Options)
	return f, nil
}

func newFormat(c Config) (*format, error) {
	f := &format{Config: c}
	if c.Encoding != "" {
		e, err := parseEncoding(c.Encoding)
		if err != nil {
			return nil, err
		}
		f.encoding = &e
	}
	return f, nil
}

type format struct {
	Config
	encoding *charset // nil: detected
	plans    *table.Plans
}

// Info implements file.Format.
func (f *format) Info() file.Info {
	return file.Info{Name: "CSV", Unit: "row", Extension: ".csv"}
}

// Detect implements file.Format: delimited text is known by the name of its file.
func (f *format) Detect(name string, _ []byte) bool {
	return f.Any || slices.Contains([]string{".csv", ".tsv", ".tab", ".psv"}, strings.ToLower(filepath.Ext(name)))
}

// sampleBytes is how much of a file is used for detection.
const sampleBytes = 256 << 10

// Open implements file.Format. It reads the header.
func (f *format) Open(in file.Source) (file.Document, error) {
	d, sample, whole, err := f.begin(in)
	if err != nil {
		return nil, err
	}
	return d, d.readHeader(sample, whole, f.Table(in.Name))
}

// begin detects the syntax of a text. The sample is its beginning, or all of it.
func (f *format) begin(in io.Reader) (d *document, sample []byte, whole bool, err error) {
	raw := bufio.NewReaderSize(in, sampleBytes)
	sample, err = raw.Peek(sampleBytes)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, nil, false, err
	}
	d = &document{format: f}
	d.encoding = detectEncoding(sample)
	if f.encoding != nil {
		d.encoding = charset{Name: f.encoding.Name, BOM: d.encoding.BOM && d.encoding.Name == f.encoding.Name}
	}
	text, err := d.encoding.Reader(raw)
	if err != nil {
		return nil, nil, false, err
	}
	d.text = bufio.NewReaderSize(text, sampleBytes)
	sample, err = d.text.Peek(sampleBytes)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, nil, false, err
	}
	whole = err != nil
	d.dialect = detectDialect(sample, whole)
	if f.Delimiter != 0 {
		d.dialect.Delimiter = f.Delimiter
	}
	if f.Quoting {
		d.dialect.Quote, d.dialect.Escape = f.Quote, f.Escape
	}
	d.dialect.Nulls = f.Nulls
	if len(bytes.TrimSpace(sample)) == 0 {
		return nil, nil, false, errors.New("the file is empty")
	}
	return d, sample, whole, nil
}

// document is a file of delimited text.
type document struct {
	*format
	encoding charset
	dialect  dialect
	text     *bufio.Reader
	plan     *table.Plan
	header   bool
}

// readHeader finds the names of the columns, and the plan for them.
func (d *document) readHeader(sample []byte, whole bool, name table.Name) error {
	unsure := fmt.Errorf("no rule names a column of table %s, so the first line may be data: use --header if it has the names of columns, --no-header if not, or --table for rules of another table", name)
	switch {
	case len(d.Rules.Matches()) == 0 && !d.Guess && !d.Inspect && d.Rules.Default() == "refuse":
		return d.Rules.Uncovered(name)
	case d.Guess:
		unsure = errors.New("the first line may be data: use --header if it has the names of columns, --no-header if not")
	}
	names, err := d.readNames(sample, whole, func(column string) bool { return d.names(name, column) }, unsure)
	if err != nil {
		return err
	}
	if d.plan, err = d.planFor(name, names); err != nil {
		return err
	}
	if len(d.plan.Out) == 0 && !d.Inspect {
		return cmp.Or(oddFirst(sample, names), d.Rules.Uncovered(name))
	}
	return nil
}

// oddFirst says what is wrong with a first line that no rule matches, if there is more to
// say; it does not quote the line, which may be data.
func oddFirst(line []byte, first []string) error {
	if bytes.HasPrefix(line, []byte("#")) {
		return errors.New("the first line begins with #: if it is a comment, remove the comments above the names of columns")
	}
	seen := map[string]int{}
	for i, v := range first {
		v = strings.ToLower(strings.TrimSpace(v))
		if before, twice := seen[v]; twice && v != "" {
			return fmt.Errorf("columns %d and %d have the same text in the first line: rename one, or use --no-header if the line is data", before, i+1)
		}
		seen[v] = i + 1
	}
	return nil
}

// readNames finds the names of the columns; unsure is the error if the first line may be
// data. named reports whether a rule names a column.
func (d *document) readNames(sample []byte, whole bool, named func(column string) bool, unsure error) ([]string, error) {
	n := d.dialect.Record(sample)
	if n == 0 {
		if !whole {
			return nil, fmt.Errorf("the first line is longer than %d bytes", sampleBytes)
		}
		n = len(sample)
	}
	record, _ := trimNewline(sample[:n])
	cells, err := d.dialect.Split(nil, record)
	if err != nil {
		return nil, fmt.Errorf("line 1: %w", err)
	}
	if bytes.HasPrefix(bytes.ToLower(record), []byte("sep=")) && len(record) <= len("sep=;") {
		return nil, errors.New("the first line names the delimiter (sep=), as spreadsheets write it, and is no row: remove it")
	}
	var first []string
	for _, c := range cells {
		v, _ := d.dialect.Value(nil, record, c)
		first = append(first, string(v))
	}
	if d.Rules != nil {
		first = d.Rules.Spelled(first)
	}
	header := d.Header
	if header == HeaderUnknown {
		header = detectHeader(first, named)
	}
	if header == HeaderUnknown && d.Guess && guessHeader(&d.dialect, first, sample[n:]) {
		header = HeaderPresent
	}
	switch header {
	case HeaderUnknown:
		return nil, cmp.Or(oddFirst(record, first), unsure)
	case HeaderAbsent:
		for i := range first {
			first[i] = fmt.Sprintf("column%d", i+1)
		}
	}
	d.header = header == HeaderPresent
	return first, nil
}

// names reports whether a rule names a column: with a name, or with a pattern that has at
// least three literal characters. A pattern that matches anything says nothing about the
// first line.
func (f *format) names(t table.Name, column string) bool {
	fits := func(glob, name string) bool {
		ok, err := path.Match(cmp.Or(glob, "*"), name)
		return ok && err == nil
	}
	return slices.ContainsFunc(f.Rules.Matches(), func(m table.Match) bool {
		literal := strings.NewReplacer("*", "", "?", "").Replace(m.Column)
		return fits(m.Schema, t.Schema) && fits(m.Table, t.Table) && fits(m.Column, column) && (literal == m.Column && literal != "" || len(literal) >= 3)
	})
}

// planFor returns the plan of a table with these columns. Cells are texts, since a text
// file does not state the types of columns.
func (f *format) planFor(name table.Name, columns []string) (*table.Plan, error) {
	s := table.Source{Name: name}
	for _, c := range columns {
		s.Columns = append(s.Columns, table.Column{Name: c, Type: table.Text})
	}
	return f.plans.Of(s)
}

// Columns returns what becomes of the columns.
func (d *document) Columns() *table.Plan { return d.plan }

// Plan implements file.Document.
func (d *document) Plan() *mask.Plan { return d.plan.Actions }

// maxRecord is the longest record that is masked, since records are kept in memory.
const maxRecord = 32 << 20

// Split implements file.Document: blocks are of whole records.
func (d *document) Split(buffer func() []byte, emit func(file.Block) error) error {
	line := 1
	block := buffer()[:0]
	for {
		// Read up to the size of a block, or further if one record is longer.
		n := max(file.BlockBytes, len(block)+len(block)/2)
		if n > maxRecord {
			return fmt.Errorf("line %d: the row is longer than %d MiB: is a quote missing?", line, maxRecord>>20)
		}
		block = slices.Grow(block, n-len(block))
		read, err := io.ReadFull(d.text, block[len(block):n])
		block = block[:len(block)+read]
		end := len(block)
		last := errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
		if !last {
			if err != nil {
				return err
			}
			if end = d.dialect.lastRecord(block); end == 0 {
				continue
			}
		}
		var rest []byte
		if !last {
			rest = append(buffer()[:0], block[end:]...)
		}
		if end > 0 {
			lines := bytes.Count(block[:end], []byte{d.dialect.lineEnd()})
			if err := emit(file.Block{Text: block[:end], Line: line, Head: d}); err != nil {
				return err
			}
			line += lines
		}
		if last {
			return nil
		}
		block = rest
	}
}

// lastRecord returns the end of the last complete record of b.
func (d *dialect) lastRecord(b []byte) int {
	if d.Quote == 0 || bytes.IndexByte(b, d.Quote) < 0 {
		return bytes.LastIndexByte(b, d.lineEnd()) + 1
	}
	end := 0
	for {
		n := d.Record(b[end:])
		if n == 0 {
			return end
		}
		end += n
	}
}

// NewMerger implements file.Document.
func (d *document) NewMerger(out io.Writer) file.Merger {
	return &merger{document: d, out: out}
}

// merger writes blocks in the encoding of the file.
type merger struct {
	*document
	out io.Writer
	w   io.WriteCloser
}

func (m *merger) Append(masked []byte) (err error) {
	if m.w == nil {
		if m.w, err = m.encoding.Writer(m.out); err != nil {
			return err
		}
	}
	_, err = m.w.Write(masked)
	return err
}

func (m *merger) Close() error {
	if m.w == nil {
		return nil
	}
	return m.w.Close()
}
