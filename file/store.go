package file

import (
	"context"
	"errors"
	"io"
	"net/url"
	"path"
	"path/filepath"
	"strings"
)

// Store has files that are not on this machine, such as objects in buckets. Its files
// have URLs. Errors contain no credentials.
type Store interface {
	// List returns the objects that a URL names: one object, those below a prefix, or
	// those that match a pattern. It is an error if there are none.
	List(ctx context.Context, url string) ([]Object, error)
	// Open reads an object.
	Open(ctx context.Context, url string) (io.ReadCloser, error)
	// At reads anywhere in an object.
	At(ctx context.Context, url string) io.ReaderAt
	// Exists reports whether there is an object.
	Exists(ctx context.Context, url string) (bool, error)
	// Create writes a new object, which appears only when it is closed. If the object
	// exists by then, it is not changed, and Close returns ErrExists. If ctx is cancelled
	// before, nothing is written.
	Create(ctx context.Context, url string) (io.WriteCloser, error)
}

// Object is an object in a store.
type Object struct {
	URL string
	// Name is the object's name, below the prefix or pattern by which it was found, with
	// slashes.
	Name string
	Size int64 // -1 if it is not known
}

// isURL reports whether a name is the URL of an object.
func isURL(name string) bool {
	scheme, _, ok := strings.Cut(name, "://")
	return ok && len(scheme) > 1 && !strings.ContainsAny(scheme, `/\.`)
}

// local returns the path of a file: URL, and any other name as it is.
func local(name string) string {
	if rest, ok := strings.CutPrefix(name, "file://"); ok {
		if u, err := url.Parse(name); err == nil && (u.Host == "" || u.Host == "localhost") {
			return filepath.FromSlash(u.Path)
		}
		return filepath.FromSlash(rest)
	}
	return name
}

// shown returns a URL without its parameters, which may be confidential.
func shown(name string) string {
	if !isURL(name) {
		return name
	}
	name, _, _ = strings.Cut(name, "?")
	return name
}

// below returns the URL of an object below a prefix. Parameters stay at the end.
func below(prefix, name string) string {
	prefix, params, ok := strings.Cut(prefix, "?")
	name = strings.TrimSuffix(prefix, "/") + "/" + (&url.URL{Path: "/" + name}).EscapedPath()[1:]
	if ok {
		name += "?" + params
	}
	return name
}

// objects adds the objects that a URL names.
func (p *paths) objects(name string) error {
	if p.job.Store == nil {
		return Problem{Field: "Inputs", What: shown(name) + ": object stores are not available"}
	}
	list, err := p.job.Store.List(p.ctx, name)
	if err != nil {
		return Problem{Field: "Inputs", What: shown(name) + ": " + err.Error()}
	}
	if len(list) > 1 && p.job.Out == "" {
		return Problem{Field: "Out", What: shown(name) + " names several objects, which need an output directory"}
	}
	for _, o := range list {
		rel := filepath.FromSlash(o.Name)
		if !filepath.IsLocal(rel) || path.Clean(o.Name) != o.Name {
			p.unread = append(p.unread, Problem{File: shown(o.URL), What: "the name of the object is no name of a file"})
			continue
		}
		in := newInput(o.URL, rel, nil)
		in.packing, in.base = packingOf(path.Base(o.Name))
		in.display, in.object, in.bytes = shown(o.URL), true, o.Size
		p.inputs = append(p.inputs, in)
	}
	return nil
}

// outputName returns where the output of a name is written.
func (j *Job) outputName(name string) string {
	if isURL(j.Out) {
		return below(j.Out, filepath.ToSlash(name))
	}
	return filepath.Join(j.Out, name)
}

// upload is an output that is an object.
type upload struct {
	io.WriteCloser
	cancel context.CancelFunc
}

// newUpload starts writing an object; abort discards it.
func (r *run) newUpload(ctx context.Context, url string) (*upload, error) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	w, err := r.Store.Create(ctx, url)
	if err != nil {
		cancel()
		return nil, err
	}
	return &upload{w, cancel}, nil
}

// abort discards the object.
func (u *upload) abort() {
	u.cancel()
	_ = u.Close() // the error that led here counts
}

// absentObjects refuses outputs that exist in the store.
func (p *paths) absentObjects() error {
	j := p.job
	if j.Store == nil {
		return Problem{Field: "Out", What: "object stores are not available"}
	}
	if j.Earlier != nil {
		return nil // an output that exists is checked when its turn comes
	}
	for _, in := range p.inputs {
		for _, name := range in.outputs {
			url := j.outputName(name)
			there, err := j.Store.Exists(p.ctx, url)
			switch {
			case err != nil:
				return Problem{Field: "Out", What: shown(url) + ": " + err.Error()}
			case there:
				return existsError{Problem{Field: "Out", What: shown(url) + " already exists and will not be overwritten", Hint: "use another prefix, or remove the object"}}
			}
		}
	}
	return nil
}

// errNoStore is the error of a URL where only a local file is allowed.
var errNoStore = errors.New("must be on this machine, not in an object store")
