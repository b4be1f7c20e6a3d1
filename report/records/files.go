package records

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/veil-proxy/veil/file"
)

// openFiles opens a file, or the files below a directory, except hidden ones.
func openFiles(name string, o Options) (*Set, error) {
	s := &Set{Name: filepath.Base(name), options: o}
	info, err := os.Stat(name)
	switch {
	case err != nil:
		var p *fs.PathError
		if errors.As(err, &p) {
			err = p.Err
		}
		return nil, fmt.Errorf("%s: %w", name, err)
	case !info.IsDir():
		source, err := newFile(name)
		if err != nil {
			return nil, err
		}
		s.sources = append(s.sources, source)
		return s, nil
	}
	err = filepath.WalkDir(name, func(path string, d fs.DirEntry, err error) error {
		hidden := path != name && strings.HasPrefix(d.Name(), ".")
		switch {
		case err != nil:
			return err
		case d.IsDir() && hidden:
			return fs.SkipDir
		case d.IsDir() || hidden || !d.Type().IsRegular():
			return nil
		}
		source, err := newFile(path)
		if err == nil {
			s.sources = append(s.sources, source)
		}
		return err
	})
	if err == nil && len(s.sources) == 0 {
		err = fmt.Errorf("%s: the directory has no files", name)
	}
	return s, err
}

// reader reads the rows of an open file.
type reader func(ctx context.Context, s *Set, f *file.Opened, t *told, emit func(*Table, Row) error) error

// fileSource is a file.
type fileSource struct {
	path string
	size int64
	read reader
}

// newFile finds the format of a file.
func newFile(path string) (*fileSource, error) {
	f, err := file.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	s := &fileSource{path: path}
	if info, err := os.Stat(path); err == nil {
		s.size = info.Size()
	}
	switch ext := strings.ToLower(filepath.Ext(f.Name)); {
	case len(f.Beginning) == 0:
		return nil, fmt.Errorf("%s: the file is empty", path)
	case ext == ".csv" || ext == ".tsv" || ext == ".tab" || ext == ".psv":
		s.read = readCSV
	case bytes.HasPrefix(f.Beginning, []byte("PAR1")):
		s.read = readParquet
	case bytes.HasPrefix(f.Beginning, []byte("ARROW1")), bytes.HasPrefix(f.Beginning, []byte("\xff\xff\xff\xff")):
		s.read = readArrow
	case bytes.HasPrefix(bytes.TrimLeft(bytes.TrimPrefix(f.Beginning, []byte("\xef\xbb\xbf")), " \t\r\n"), []byte("{")):
		s.read = readFHIR
	default:
		return nil, fmt.Errorf("%s: unknown format: expected CSV or TSV (by the name of the file), Parquet, Arrow, or FHIR as NDJSON", path)
	}
	return s, nil
}

// each implements source. If a library fails, its text is left out of the error, since it
// may contain a value.
func (s *fileSource) each(ctx context.Context, set *Set, emit func(*Table, Row) error) (err error) {
	f, err := file.Open(s.path)
	if err != nil {
		return err
	}
	defer f.Close()
	t := &told{Set: set, what: filepath.Base(s.path), size: s.size, read: f.BytesRead}
	var later error
	err = s.read(ctx, set, f, t, func(table *Table, r Row) error {
		if later = t.row(ctx); later == nil {
			later = emit(table, r)
		}
		return later
	})
	if err == nil || errors.Is(err, later) {
		return err
	}
	return fmt.Errorf("%s: %w", s.path, err)
}

// tableOf returns the table in a file, by the file's name.
func tableOf(f *file.Opened) string {
	return strings.TrimSuffix(f.Name, filepath.Ext(f.Name))
}

// readCSV reads delimited text.
func readCSV(_ context.Context, s *Set, f *file.Opened, _ *told, emit func(*Table, Row) error) error {
	t := s.table(tableOf(f))
	var row Row
	var numbers []int
	header := func(names []string) error {
		if err := t.lay(names); err != nil {
			return err
		}
		for _, n := range names {
			numbers = append(numbers, t.column(n))
		}
		return nil
	}
	return s.options.CSV.ReadRows(f.Source, header, func(values [][]byte) error {
		row.reset()
		for i, v := range values {
			if v != nil {
				row.add(numbers[i], v)
			}
		}
		return emit(t, row)
	})
}
