package arrow

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"path/filepath"
	"slices"
	"strings"

	"github.com/veil-proxy/veil/file"
	"github.com/veil-proxy/veil/table"
)

// Config says how Arrow data is masked.
type Config struct {
	Rules   *table.Rules
	Options table.Options
	// Table names the table that a file holds, by the file's base name.
	Table func(name string) table.Name
	// Inspect opens tables even if no rule covers any column, to show that.
	Inspect bool
	// Any treats every file as Arrow data, whatever its name.
	Any bool
}

// New returns the format.
func New(c Config) file.Format { return &format{Config: c, plans: table.NewPlans(c.Rules, c.Options)} }

type format struct {
	Config
	plans *table.Plans
}

// losses are what masking leaves out besides columns.
var losses = []string{"entry of the metadata of the schema or a field"}

// Info implements file.Format.
func (f *format) Info() file.Info {
	return file.Info{Name: "Arrow", Unit: "row", Extension: ".arrow", Losses: losses}
}

// Detect implements file.Format.
func (f *format) Detect(name string, beginning []byte) bool {
	if f.Any || bytes.HasPrefix(beginning, []byte(fileMagic)) || bytes.HasPrefix(beginning, []byte(featherMagic)) {
		return true
	}
	if slices.Contains([]string{".arrow", ".arrows", ".feather", ".ipc"}, strings.ToLower(filepath.Ext(name))) {
		return true
	}
	return len(beginning) >= 8 && binary.LittleEndian.Uint32(beginning) == marker
}

// featherMagic begins files of the first version of Feather, which is another format.
const featherMagic = "FEA1"

// Open implements file.Format. It reads the schema.
func (f *format) Open(in file.Source) (file.Document, error) {
	text := bufio.NewReaderSize(in, 64<<10)
	magic, _ := text.Peek(len(fileMagic)) // what is shorter has another
	d := &document{format: f, pending: map[uint64]result{}}
	switch {
	case len(magic) == 0:
		return nil, errors.New("the file is empty")
	case bytes.HasPrefix(magic, []byte(featherMagic)):
		return nil, errors.New("this is Feather version 1: convert it to Arrow (Feather version 2)")
	case string(magic) != fileMagic:
		return d, d.openStream(text, f.Table(in.Name))
	}
	d.file = true
	return d, d.openFile(in, text, f.Table(in.Name))
}
