package parquet

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"

	"github.com/veil-proxy/veil/file"
	"github.com/veil-proxy/veil/table"
)

// Config says how Parquet files are masked.
type Config struct {
	Rules   *table.Rules
	Options table.Options
	// Table names the table that a file holds, by the file's base name.
	Table func(name string) table.Name
	// Inspect opens tables of which no column is covered, to show that.
	Inspect bool
	// Any treats every file as Parquet, whatever it begins with.
	Any bool
}

// New returns the format.
func New(c Config) file.Format {
	return &parquetFormat{Config: c, plans: table.NewPlans(c.Rules, c.Options)}
}

type parquetFormat struct {
	Config
	plans *table.Plans
}

// Info implements file.Format. A file without rows is one: programs that write in
// parallel leave such files.
func (f *parquetFormat) Info() file.Info {
	return file.Info{Name: "Parquet", Unit: "row", Extension: ".parquet", Losses: []string{"key-value metadata that Veil does not know"}}
}

// Detect implements file.Format.
func (f *parquetFormat) Detect(_ string, beginning []byte) bool {
	return f.Any || bytes.HasPrefix(beginning, magic) || bytes.HasPrefix(beginning, magicEncrypted)
}

// Open implements file.Format. It reads the footer. What cannot be read at any place is
// copied to a temporary file first.
func (f *parquetFormat) Open(in file.Source) (doc file.Document, err error) {
	defer func() {
		if recover() != nil { // its text can hold a value
			doc, err = nil, errors.New("the file is damaged, or there is a fault in Veil")
		}
	}()
	if in.At == nil {
		if err := spool(&in); err != nil {
			return nil, err
		}
	}
	meta, end, err := readFooter(in.At, in.Size)
	if err != nil {
		return nil, err
	}
	root, leaves, err := readSchema(meta.Schema)
	if err != nil {
		return nil, err
	}
	d := &document{parquetFormat: f, at: in.At, end: end, meta: meta, leaves: leaves, zones: map[string]string{}}
	name := f.Table(in.Name)
	if d.plan, err = f.plans.Of(table.Source{Name: name, Columns: f.spelled(leaves)}); err != nil {
		return nil, err
	}
	if len(d.plan.Out) == 0 {
		if f.Inspect {
			return d, nil
		}
		return nil, f.Rules.Uncovered(name)
	}
	if d.schema, d.out, d.tree, err = outputSchema(root, leaves, d.plan); err != nil {
		return nil, err
	}
	d.keyValues()
	return d, nil
}

// spool copies the file to a temporary one, which can be read at any place.
func spool(in *file.Source) error {
	if in.Temporary == nil {
		return errors.New("a Parquet file cannot be read as a stream")
	}
	t, err := in.Temporary()
	if err != nil {
		return err
	}
	in.At = t
	in.Size, err = io.Copy(t, in.Reader)
	return err
}

// spelled are the columns with their names as the rules spell them.
func (f *parquetFormat) spelled(leaves []*leaf) []table.Column {
	columns := make([]table.Column, len(leaves))
	names := make([]string, len(leaves))
	for i, l := range leaves {
		columns[i], names[i] = l.column, l.column.Name
	}
	for i, name := range f.Rules.Spelled(names) {
		c := &columns[i]
		if name == c.Name {
			continue
		}
		c.Name, c.Within = name, slices.Clone(c.Within)
		for k, record := range c.Within {
			c.Within[k] = strings.ToLower(record)
		}
	}
	return columns
}
