package work

import (
	"errors"
	"io/fs"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// Place is a folder, or a prefix of an object store, that jobs may read or write.
type Place struct {
	Name string
	// Dir is the folder. URL is the URL of the prefix, such as
	// s3://bucket/exports?region=eu-west-1.
	Dir, URL string
}

// object reports whether the place is in an object store.
func (p *Place) object() bool { return p.URL != "" }

// The errors of paths. They do not contain the path.
var (
	errPath    = errors.New("expected a relative path without .., empty elements or hidden names")
	errOutside = errors.New("the path leaves the place through a symbolic link")
	errAbsent  = errors.New("there is no such file or folder")
	errRoot    = errors.New("the folder of the place cannot be read: check operator.jobs and the mode of the folder")
	errLinks   = errors.New("the folder contains a symbolic link: jobs write only into folders without symbolic links")
)

// clean checks the path of a location and returns it relative to the place; "." is the
// place itself.
func clean(rel string) (string, error) {
	rel = strings.TrimSuffix(rel, "/")
	if rel == "" {
		return ".", nil
	}
	if path.Clean(rel) != rel || !filepath.IsLocal(filepath.FromSlash(rel)) || strings.ContainsAny(rel, "\\\x00") {
		return "", errPath
	}
	for part := range strings.SplitSeq(rel, "/") {
		if strings.HasPrefix(part, ".") || strings.ContainsFunc(part, func(r rune) bool { return r < ' ' || r == 0x7f || r == 0xfffd }) {
			return "", errPath
		}
	}
	return rel, nil
}

// urlOf returns the URL of an object or a prefix below the place.
func (p *Place) urlOf(rel string, folder bool) string {
	base, params, ok := strings.Cut(p.URL, "?")
	base = strings.TrimSuffix(base, "/") + "/"
	if rel != "." {
		base += (&url.URL{Path: "/" + rel}).EscapedPath()[1:]
	} else {
		folder = false // the slash is there
	}
	if folder {
		base += "/"
	}
	if ok {
		base += "?" + params
	}
	return base
}

// inputs returns the inputs of a job for a location: paths inside the place, or a URL.
func (p *Place) inputs(rel string) ([]string, error) {
	rel, err := clean(rel)
	if err != nil {
		return nil, err
	}
	if p.object() {
		return []string{p.urlOf(rel, false)}, nil
	}
	root, err := os.OpenRoot(p.Dir)
	if err != nil {
		return nil, errRoot
	}
	defer func() { _ = root.Close() }() // only read
	names := []string{rel}
	if _, err := root.Lstat(filepath.FromSlash(rel)); errors.Is(err, fs.ErrNotExist) && strings.ContainsAny(rel, "*?[") {
		if names, err = fs.Glob(root.FS(), rel); err != nil {
			return nil, errPath
		}
	}
	if len(names) == 0 {
		return nil, errAbsent
	}
	for i, name := range names {
		// Files are opened later by their paths, so these are checked too.
		if _, err := root.Stat(filepath.FromSlash(name)); errors.Is(err, fs.ErrNotExist) {
			return nil, errAbsent
		} else if err != nil {
			return nil, reason(err)
		}
		if names[i], err = inside(p.Dir, name); err != nil {
			return nil, err
		}
	}
	return names, nil
}

// reason returns why a path below a place cannot be used.
func reason(err error) error {
	switch {
	case errors.Is(err, fs.ErrPermission):
		return errors.New("the file or folder cannot be read or written: check its mode")
	case strings.Contains(err.Error(), "escapes"): // os.Root exports no such error
		return errOutside
	}
	return errAbsent
}

// inside returns the path of a name below a folder, without symbolic links, if it stays
// inside. If the path does not exist, the part of it that exists is checked.
func inside(dir, name string) (string, error) {
	top, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return "", errRoot
	}
	at, rest := filepath.Join(top, filepath.FromSlash(name)), ""
	for {
		followed, err := filepath.EvalSymlinks(at)
		if err == nil {
			if rel, err := filepath.Rel(top, followed); err != nil || !filepath.IsLocal(rel) {
				return "", errOutside
			}
			return filepath.Join(followed, rest), nil
		}
		if !errors.Is(err, fs.ErrNotExist) || at == top {
			return "", reason(err)
		}
		if _, err := os.Lstat(at); err == nil {
			return "", errOutside // a dangling link
		}
		at, rest = filepath.Dir(at), filepath.Join(filepath.Base(at), rest)
	}
}

// output returns where a job writes for a location, and a name for the target, which two
// jobs must not share.
func (p *Place) output(rel string) (out, target string, err error) {
	if rel, err = clean(rel); err != nil {
		return "", "", err
	}
	if p.object() {
		out = p.urlOf(rel, true)
		target, _, _ = strings.Cut(out, "?")
		return out, strings.TrimSuffix(target, "/"), nil
	}
	if out, err = inside(p.Dir, rel); err != nil {
		return "", "", err
	}
	return out, "file:" + filepath.ToSlash(out), withoutLinks(out)
}

// withoutLinks refuses a folder in which a symbolic link could lead outputs elsewhere.
func withoutLinks(dir string) error {
	err := filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil
		case err != nil:
			return reason(err)
		case d.Type()&fs.ModeSymlink != 0:
			return errLinks
		}
		return nil
	})
	return err
}
