package ruletest

import (
	"io/fs"

	"github.com/veil-proxy/veil/rulesets"
	"github.com/veil-proxy/veil/textfile"
)

// Read reads files of tests, or, without names, the shipped ones.
func Read(names []string) ([]*File, error) {
	read := textfile.Read
	if len(names) == 0 {
		var err error
		if names, err = fs.Glob(rulesets.Tests(), "*.test.yaml"); err != nil {
			return nil, err
		}
		read = func(name string) ([]byte, error) { return fs.ReadFile(rulesets.Tests(), name) }
	}
	var files []*File
	for _, name := range names {
		src, err := read(name)
		if err != nil {
			return nil, err
		}
		f, err := Parse(name, src)
		if err != nil {
			return nil, err
		}
		files = append(files, f)
	}
	return files, nil
}
