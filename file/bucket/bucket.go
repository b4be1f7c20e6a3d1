// Package bucket is a file.Store for buckets of Amazon S3 (and compatible stores),
// Google Cloud Storage and Azure Blob Storage:
//
//	s3://bucket/key, gs://bucket/key, azblob://container/key
//
// The providers' libraries find credentials by themselves: in the environment, in the
// files of their command-line tools, or from the machine's role. URL parameters are
// those of gocloud.dev/blob, such as s3://bucket/key?region=eu-west-1.
//
// A key that ends in "/", or that no object has, is a prefix. A key with "*" or "[" that
// no object has is a pattern, in which a star does not cross a slash.
package bucket

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"
	"sync"

	"gocloud.dev/blob"
	"gocloud.dev/gcerrors"

	_ "gocloud.dev/blob/azureblob" // azblob
	_ "gocloud.dev/blob/gcsblob"   // gs
	_ "gocloud.dev/blob/memblob"   // mem
	_ "gocloud.dev/blob/s3blob"    // s3

	"github.com/veil-proxy/veil/file"
)

// Store opens buckets as URLs name them. It is safe for concurrent use.
type Store struct {
	mu   sync.Mutex
	open map[string]*blob.Bucket // by URL without the key
}

var _ file.Store = (*Store)(nil)

// New returns a store without open buckets.
func New() *Store { return &Store{open: map[string]*blob.Bucket{}} }

// schemes are those of URLs. mem is memory, for tests.
var schemes = []string{"s3", "gs", "azblob", "mem"}

// Close closes the buckets.
func (s *Store) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var errs []error
	for _, b := range s.open {
		errs = append(errs, b.Close())
	}
	return failure(errors.Join(errs...))
}

// bucket returns the bucket of a URL, and the key.
func (s *Store) bucket(ctx context.Context, name string) (b *blob.Bucket, key string, err error) {
	u, err := url.Parse(strings.NewReplacer("[", "%5B", "]", "%5D").Replace(name))
	if err != nil {
		return nil, "", errors.New("the URL cannot be read")
	}
	if !slices.Contains(schemes, u.Scheme) {
		return nil, "", fmt.Errorf("unknown scheme %s: use s3, gs, azblob or file", u.Scheme)
	}
	key = strings.TrimPrefix(u.Path, "/")
	u.Path, u.RawPath = "", ""
	if q := u.Query(); u.Scheme == "s3" && !q.Has("response_checksum_validation") {
		// Otherwise the library prints a line for each object without a checksum.
		q.Set("response_checksum_validation", "when_required")
		u.RawQuery = q.Encode()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if b = s.open[u.String()]; b != nil {
		return b, key, nil
	}
	if b, err = blob.OpenBucket(ctx, u.String()); err != nil {
		return nil, "", failure(err)
	}
	s.open[u.String()] = b
	return b, key, nil
}

// List implements file.Store. It omits objects with a path element that begins with a
// dot, as for hidden files.
func (s *Store) List(ctx context.Context, name string) ([]file.Object, error) {
	b, key, err := s.bucket(ctx, name)
	if err != nil {
		return nil, err
	}
	if key != "" && !strings.HasSuffix(key, "/") {
		if a, err := b.Attributes(ctx, key); err == nil {
			return []file.Object{{URL: name, Name: path.Base(key), Size: a.Size}}, nil
		} else if gcerrors.Code(err) != gcerrors.NotFound {
			return nil, failure(err)
		}
	}
	prefix, pattern := key, ""
	if i := strings.IndexAny(key, "*["); i >= 0 {
		prefix, pattern = key[:i], key
	} else if key != "" && !strings.HasSuffix(key, "/") {
		prefix += "/"
	}
	base := prefix[:strings.LastIndexByte(prefix, '/')+1]
	var list []file.Object
	for it := b.List(&blob.ListOptions{Prefix: prefix}); ; {
		o, err := it.Next(ctx)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, failure(err)
		}
		rel := strings.TrimPrefix(o.Key, base)
		switch {
		case o.IsDir, rel == "", strings.HasSuffix(o.Key, "/"), strings.HasPrefix(rel, "."), strings.Contains(rel, "/."):
			continue
		case pattern != "":
			if ok, err := path.Match(pattern, o.Key); err != nil || !ok {
				continue
			}
			rel = path.Base(o.Key)
		}
		list = append(list, file.Object{URL: object(name, o.Key), Name: rel, Size: o.Size})
	}
	if len(list) == 0 {
		return nil, absent("there is no such object")
	}
	return list, nil
}

// object returns the URL of a key in the bucket of another URL.
func object(name, key string) string {
	scheme, rest, _ := strings.Cut(name, "://")
	rest, params, ok := strings.Cut(rest, "?")
	host, _, _ := strings.Cut(rest, "/")
	u := url.URL{Scheme: scheme, Host: host, Path: "/" + key}
	if ok {
		u.RawQuery = params
	}
	return u.String()
}

// Open implements file.Store.
func (s *Store) Open(ctx context.Context, name string) (io.ReadCloser, error) {
	b, key, err := s.bucket(ctx, name)
	if err != nil {
		return nil, err
	}
	r, err := b.NewReader(ctx, key, nil)
	if err != nil {
		return nil, failure(err)
	}
	return reader{r}, nil
}

// reader has errors without credentials.
type reader struct{ *blob.Reader }

func (r reader) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	return n, failure(err)
}

// At implements file.Store.
func (s *Store) At(ctx context.Context, name string) io.ReaderAt { return readerAt{ctx, s, name} }

type readerAt struct {
	ctx   context.Context //nolint:containedctx // io.ReaderAt has none
	store *Store
	name  string
}

func (r readerAt) ReadAt(p []byte, off int64) (int, error) {
	b, key, err := r.store.bucket(r.ctx, r.name)
	if err != nil {
		return 0, err
	}
	part, err := b.NewRangeReader(r.ctx, key, off, int64(len(p)), nil)
	if err != nil {
		return 0, failure(err)
	}
	n, err := io.ReadFull(part, p)
	if errors.Is(err, io.ErrUnexpectedEOF) {
		err = io.EOF
	}
	return n, errors.Join(failure(err), failure(part.Close()))
}

// Exists implements file.Store.
func (s *Store) Exists(ctx context.Context, name string) (bool, error) {
	b, key, err := s.bucket(ctx, name)
	if err != nil {
		return false, err
	}
	ok, err := b.Exists(ctx, key)
	return ok, failure(err)
}

// Create implements file.Store.
func (s *Store) Create(ctx context.Context, name string) (io.WriteCloser, error) {
	b, key, err := s.bucket(ctx, name)
	if err != nil {
		return nil, err
	}
	w, err := b.NewWriter(ctx, key, &blob.WriterOptions{IfNotExist: true, ContentType: "application/octet-stream", DisableContentTypeDetection: true})
	if err != nil {
		return nil, failure(err)
	}
	return writer{w}, nil
}

// writer has errors without credentials.
type writer struct{ *blob.Writer }

func (w writer) Write(p []byte) (int, error) {
	n, err := w.Writer.Write(p)
	return n, failure(err)
}

func (w writer) Close() error { return failure(w.Writer.Close()) }

// absent is the error for something that does not exist.
type absent string

func (a absent) Error() string { return string(a) }

// Unwrap returns fs.ErrNotExist.
func (absent) Unwrap() error { return fs.ErrNotExist }

// parameters are the parameters of URLs in errors of libraries, which may contain a
// signature.
var parameters = regexp.MustCompile(`\?[^\s"']+`)

// prefix is the library's prefix of errors of providers.
var prefix = regexp.MustCompile(`^blob (\(key [^)]*\) )?\(code=\w+\): `)

// failure makes an error of a library readable: one line, without parameters of URLs.
func failure(err error) error {
	if err == nil || errors.Is(err, io.EOF) || errors.Is(err, context.Canceled) {
		return err
	}
	text, _, _ := strings.Cut(parameters.ReplaceAllString(prefix.ReplaceAllString(err.Error(), ""), ""), "\n")
	switch gcerrors.Code(err) {
	case gcerrors.NotFound:
		return absent("there is no such object or bucket")
	case gcerrors.FailedPrecondition, gcerrors.AlreadyExists:
		return file.ErrExists
	case gcerrors.PermissionDenied:
		return fmt.Errorf("permission denied: %s", text)
	}
	return errors.New(text)
}
