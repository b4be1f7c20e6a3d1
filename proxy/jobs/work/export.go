package work

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/veil-proxy/veil/file"
	"github.com/veil-proxy/veil/proxy/fhirproxy/outcome"
	"github.com/veil-proxy/veil/proxy/fhirproxy/upstream"
	"github.com/veil-proxy/veil/proxy/jobs/queue"
)

// Bulk export (FHIR Bulk Data Access 2.0.0): the upstream exports, and each of its files is
// masked while it arrives. No original is stored.

// errNoUpstream is the error of a job that needs a FHIR upstream.
var errNoUpstream = &Error{Field: "/kind", What: "there is no FHIR upstream", Hint: "set fhir.upstream"}

// checkExport checks whether an export could begin, and returns the name of its target.
func (w *World) checkExport(s *Spec, v View) (string, error) {
	if w.Upstream == nil {
		return "", errNoUpstream
	}
	if _, err := kickOff(s.Export); err != nil {
		return "", err
	}
	to, err := place(w.Targets, s.Target, "/target")
	if err != nil {
		return "", err
	}
	_, target, err := to.output(s.Target.Path)
	if err != nil {
		return "", &Error{Field: "/target/path", What: err.Error()}
	}
	_, err = w.formats(s, v)
	return target, err
}

// kickOff is the request that begins an export.
func kickOff(e *ExportSpec) (string, error) {
	if e == nil {
		e = &ExportSpec{}
	}
	path := map[string]string{"": "/$export", "system": "/$export", "patient": "/Patient/$export", "group": "/Group/" + e.Group + "/$export"}[e.Level]
	switch {
	case e.Level == "group" && e.Group == "":
		return "", &Error{Field: "/export/group", What: "the export of a group needs its id"}
	case e.Level != "group" && e.Group != "":
		return "", &Error{Field: "/export/group", What: "a group is given, but the level is not group", Hint: "use level group"}
	}
	query := url.Values{"_outputFormat": {"application/fhir+ndjson"}}
	if len(e.Types) > 0 {
		query.Set("_type", strings.Join(e.Types, ","))
	}
	if e.Since != nil {
		query.Set("_since", e.Since.UTC().Format(time.RFC3339))
	}
	return path + "?" + query.Encode(), nil
}

// begun is what later starts of an export need to know.
type begun struct {
	// Status is the path of its status at the upstream.
	Status string `json:"status"`
}

// export makes the upstream export, and masks the files.
func (w *World) export(ctx context.Context, a *queue.Attempt, s *Spec, v View) (err error) {
	if w.Upstream == nil {
		return errNoUpstream
	}
	to, err := place(w.Targets, s.Target, "/target")
	if err != nil {
		return err
	}
	out, _, err := to.output(s.Target.Path)
	if err != nil {
		return err
	}
	requested, err := kickOff(s.Export)
	if err != nil {
		return err
	}
	var b begun
	if _, err := a.Memory(ctx, &b); err != nil {
		return &queue.TransientError{Err: err}
	}
	if b.Status == "" {
		if b.Status, err = w.begin(requested); err != nil {
			return err
		}
		if err := a.Remember(ctx, b); err != nil {
			w.end(b.Status)
			return &queue.TransientError{Err: err}
		}
	}
	list, err := w.manifest(ctx, a, b.Status)
	if errors.Is(err, errGone) { // since the last start
		err = errors.Join(a.Remember(ctx, begun{}), &queue.TransientError{Err: err})
	}
	if err != nil {
		if errors.Is(context.Cause(ctx), queue.ErrCancelled) {
			w.end(b.Status)
		}
		return err
	}
	job, err := w.job(s, v)
	if err != nil {
		return err
	}
	store := &exported{Store: w.Store, up: w.Upstream, files: list}
	job.Store, job.Inputs, job.Out = store, []string{exportURL}, out
	err = w.run(ctx, a, s, v, &masking{job, named(out, "target", exportURL)})
	if err != nil && store.broken.Load() {
		var transient *queue.TransientError
		if !errors.As(err, &transient) && ctx.Err() == nil {
			err = &queue.TransientError{Err: err}
		}
	}
	var transient *queue.TransientError
	if cause := context.Cause(ctx); !errors.As(err, &transient) && (cause == nil || errors.Is(cause, queue.ErrCancelled)) {
		w.end(b.Status) // the upstream need no longer keep the files
	}
	return err
}

// exportTimeout bounds the time until the upstream begins a response.
const exportTimeout = time.Minute

// refused returns the error if the upstream did not respond as expected. The error is
// transient if the upstream could not be reached or is busy.
func refused(p *outcome.Problem, status int) error {
	err := fmt.Errorf("the FHIR upstream: %s", p.Text)
	if status == 0 || status == 429 || status >= 500 {
		return &queue.TransientError{Err: err}
	}
	return err
}

// begin begins an export and returns the path of its status.
func (w *World) begin(requested string) (string, error) {
	r, p := w.Upstream.Request(&upstream.Request{Path: requested, Async: true, Timeout: exportTimeout})
	if p != nil {
		return "", refused(p, 0)
	}
	defer r.Release()
	if r.Status != 202 {
		if p := r.Check(); p != nil {
			return "", refused(p, r.Status)
		}
		return "", errors.New("the FHIR upstream did not begin a bulk export: it may not support $export")
	}
	status, ok := w.Upstream.Below(r.Header("Content-Location"), requested, false)
	if !ok {
		return "", errors.New("the FHIR upstream did not return the URL of the export's status, or that URL is not below its base URL: list the base URL that it writes into its links in fhir.upstreamAliases")
	}
	return status, nil
}

// end tells the upstream that an export is no longer needed.
func (w *World) end(status string) {
	if r, p := w.Upstream.Request(&upstream.Request{Path: status, Method: "DELETE", Timeout: exportTimeout}); p == nil {
		r.Release() // the response does not matter: exports also expire
	}
}

// errGone says that the upstream no longer knows the export.
var errGone = errors.New("the FHIR upstream no longer knows the export: it is restarted")

// Bounds of the time between two requests of the status.
const (
	shortestPoll = 100 * time.Millisecond
	longestPoll  = time.Minute
)

// manifest waits until an export is complete and returns its files, by name.
func (w *World) manifest(ctx context.Context, a *queue.Attempt, status string) (map[string]string, error) {
	for wait := shortestPoll; ; wait = min(2*wait, longestPoll) {
		r, p := w.Upstream.Request(&upstream.Request{Path: status, Accept: "application/json, " + upstream.MIMETypes, Timeout: exportTimeout})
		if p != nil {
			return nil, refused(p, 0)
		}
		done, text, after := r.Status, append([]byte(nil), r.Body...), r.Header("Retry-After")
		switch done {
		case 200:
			r.Release()
			return w.files(a, text, status)
		case 202:
			r.Release()
		case 404, 410:
			r.Release()
			return nil, errGone
		default:
			err := errors.New("the FHIR upstream did not return the status of the export")
			if p := r.Check(); p != nil {
				err = refused(p, done)
			}
			r.Release()
			return nil, err
		}
		if seconds, err := strconv.Atoi(after); err == nil && seconds > 0 {
			wait = min(max(time.Duration(seconds)*time.Second, shortestPoll), longestPoll)
		}
		t := time.NewTimer(wait)
		select {
		case <-t.C:
		case <-ctx.Done():
			t.Stop()
			return nil, ctx.Err()
		}
	}
}

// files reads a manifest.
func (w *World) files(a *queue.Attempt, text []byte, status string) (map[string]string, error) {
	var manifest struct {
		Output []struct{ Type, URL string }
		Error  []json.RawMessage
	}
	if json.Unmarshal(text, &manifest) != nil {
		return nil, errors.New("the FHIR upstream did not return a manifest of the export in JSON")
	}
	if n := len(manifest.Error); n > 0 {
		a.Problem(queue.Problem{What: fmt.Sprintf("the FHIR upstream reports %d files of errors: some resources may be missing", n), Hint: "see its log"})
	}
	list, numbers := map[string]string{}, map[string]int{}
	for _, o := range manifest.Output {
		path, p := w.Upstream.FileAt(o.URL, status)
		if p != nil {
			return nil, errors.New("the FHIR upstream: " + p.Text)
		}
		if !typeName(o.Type) {
			return nil, errors.New("the FHIR upstream names a file of an unknown resource type")
		}
		numbers[o.Type]++
		list[fmt.Sprintf("%s.%d.ndjson", o.Type, numbers[o.Type])] = path
	}
	if len(list) == 0 {
		return nil, errors.New("the export has no resources: check its types, and what the upstream lets Veil read")
	}
	return list, nil
}

// typeName reports whether a text is the name of a resource type, so that it is safe in a
// file name.
func typeName(s string) bool {
	return s != "" && len(s) <= 64 && strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") == ""
}

// exportURL is the URL under which the job sees the files of an export.
const exportURL = "export://upstream/"

// exported is a store with the files of an export. Other files belong to another store.
type exported struct {
	file.Store
	up     *upstream.Server
	files  map[string]string // paths at the upstream, by name
	broken atomic.Bool       // a file could not be read completely
}

// List implements file.Store.
func (e *exported) List(ctx context.Context, name string) ([]file.Object, error) {
	if name != exportURL {
		return e.Store.List(ctx, name)
	}
	var list []file.Object
	for _, one := range sortedNames(e.files) {
		list = append(list, file.Object{URL: exportURL + one, Name: one, Size: -1})
	}
	return list, nil
}

// Open implements file.Store.
func (e *exported) Open(ctx context.Context, name string) (io.ReadCloser, error) {
	path, ours := e.files[strings.TrimPrefix(name, exportURL)]
	if !ours || !strings.HasPrefix(name, exportURL) {
		return e.Store.Open(ctx, name)
	}
	r, p := e.up.Request(&upstream.Request{Path: path, Accept: "application/fhir+ndjson", Stream: true, Timeout: exportTimeout})
	if p != nil {
		e.broken.Store(true)
		return nil, errors.New("the FHIR upstream: " + p.Text)
	}
	if r.Status != 200 {
		e.broken.Store(r.Status == 429 || r.Status >= 500)
		r.Release()
		return nil, errors.New("the FHIR upstream did not send the file")
	}
	body, p := r.Reader()
	if p != nil {
		r.Release()
		return nil, errors.New("the FHIR upstream: " + p.Text)
	}
	return &exportFile{ctx, body, r, e}, nil
}

// exportFile is a file that is being received.
type exportFile struct {
	ctx  context.Context //nolint:containedctx // io.Reader has none
	body io.Reader
	r    *upstream.Response
	of   *exported
}

func (f *exportFile) Read(p []byte) (int, error) {
	if err := f.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := f.body.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		f.of.broken.Store(true)
		err = errors.New("the file of the FHIR upstream ended early")
	}
	return n, err
}

func (f *exportFile) Close() error {
	f.r.Release()
	return nil
}
