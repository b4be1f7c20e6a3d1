package discovery

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/veil-proxy/veil/discover"
	"github.com/veil-proxy/veil/discover/fhirsource"
	"github.com/veil-proxy/veil/discover/report"
	"github.com/veil-proxy/veil/internal/lazyregexp"
)

const (
	// mostResult is the largest file of a result, in bytes.
	mostResult = 64 << 20
	// mostResults bounds the files that are listed.
	mostResults = 500
)

// folder contains results of veil discover --format json.
type folder string

// List implements Source.
func (f folder) List(context.Context) ([]Result, error) {
	entries, err := os.ReadDir(string(f))
	if err != nil {
		return nil, errors.New("the folder of results cannot be read")
	}
	var out []Result
	for _, e := range entries {
		info, err := e.Info()
		if err != nil || !info.Mode().IsRegular() || !strings.HasSuffix(e.Name(), ".json") {
			continue
		}
		out = append(out, Result{ID: e.Name(), When: info.ModTime(), From: e.Name()})
	}
	slices.SortStableFunc(out, func(a, b Result) int { return b.When.Compare(a.When) })
	return out[:min(len(out), mostResults)], nil
}

// Open implements Source. It reads regular files of the folder itself alone.
func (f folder) Open(_ context.Context, id string) (*Found, error) {
	root, err := os.OpenRoot(string(f))
	if err != nil {
		return nil, errors.New("the folder of results cannot be read")
	}
	defer func() { _ = root.Close() }()
	if !strings.HasSuffix(id, ".json") || strings.ContainsAny(id, `/\`) {
		return nil, ErrNone
	}
	info, err := root.Lstat(id)
	if err != nil || !info.Mode().IsRegular() {
		return nil, ErrNone
	}
	file, err := root.Open(id)
	if err != nil {
		return nil, ErrNone
	}
	defer func() { _ = file.Close() }()
	text, err := io.ReadAll(io.LimitReader(file, mostResult+1))
	switch {
	case err != nil:
		return nil, errors.New("the file cannot be read")
	case len(text) > mostResult:
		return nil, errors.New("the file is larger than 64 MiB")
	}
	return Parse(text)
}

// Parse reads the output of veil discover --format json, signed or not. The error does
// not quote it.
func Parse(text []byte) (*Found, error) {
	var of struct {
		Columns, Types json.RawMessage
	}
	if json.Unmarshal(text, &of) != nil {
		return nil, errForm
	}
	switch {
	case of.Columns != nil:
		return parseColumns(text)
	case of.Types != nil:
		return parseResources(text)
	}
	return nil, errors.New("it has neither columns nor resource types: it is not what veil discover --format json writes")
}

var errForm = errors.New("it is not what veil discover --format json writes, or it is cut off")

func parseColumns(text []byte) (*Found, error) {
	var r report.Report
	if json.Unmarshal(text, &r) != nil {
		return nil, errForm
	}
	for i := range r.Columns {
		c := &r.Columns[i]
		if !discover.IsClass(string(c.Class)) || c.Confidence < 0 || c.Confidence > 1 {
			return nil, errors.New("a column has a class or a confidence that does not exist")
		}
	}
	return &Found{Columns: &r}, nil
}

// definition is the form of the names in results of veil discover fhir: types, paths and
// URLs of definitions. Proposed rulesets contain them.
var definition = lazyregexp.New(`^[A-Za-z0-9][A-Za-z0-9:/._\-~%#?=&+@()\[\]]{0,300}$`)

func parseResources(text []byte) (*Found, error) {
	var r fhirsource.Report
	if json.Unmarshal(text, &r) != nil {
		return nil, errForm
	}
	for _, part := range partsOf(&r) {
		for i := range part.items {
			if item := &part.items[i]; !definition().MatchString(item.Name) || item.Count < 0 || item.Codes < 0 {
				return nil, errors.New("a name is not that of a type, an element or a definition, or a count is invalid")
			}
		}
	}
	return &Found{Resources: &r}, nil
}
