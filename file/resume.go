package file

import (
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"io/fs"
	"os"
	"strings"
	"time"

	"github.com/veil-proxy/veil/mask"
)

// RunOperation is the operation in the records of a run as a whole.
const RunOperation = "run"

// begin makes the record of the run's start durable. end does so at its end, and
// returns the error of the run, or its own.
func (r *run) begin(ctx context.Context) (end func(error) error, err error) {
	if r.Sink == nil {
		return func(err error) error { return err }, nil
	}
	started := time.Now()
	record := func(result, reason string) *mask.Record {
		pass := mask.NewPass(r.Plan)
		pass.Begin(mask.Origin{RequestID: r.id, Consumer: r.consumer(), Door: "file", Operation: RunOperation})
		rec := pass.Record(result, reason)
		rec.Time, rec.Run, rec.Program = started.UTC(), r.id, r.Program
		rec.DurationMicros = time.Since(started).Microseconds()
		return rec
	}
	if err := r.Sink.Append(ctx, record("started", "")); err != nil {
		return nil, err
	}
	return func(err error) error {
		result, reason := "complete", ""
		switch {
		case err != nil:
			result, reason = "failed", "the run was ended by an error"
		case r.counts.Failed > 0:
			result, reason = "failed", "files could not be masked"
		case r.counts.Bad > 0:
			reason = "parts of files could not be masked"
		}
		rec := record(result, reason)
		for _, c := range []mask.Count{{Name: "failed", N: r.counts.Failed}, {Name: "files", N: r.counts.Files}, {Name: "resumed", N: r.counts.Resumed}} {
			if c.N > 0 {
				rec.Resources = append(rec.Resources, c)
			}
		}
		if appendErr := r.Sink.Append(context.WithoutCancel(ctx), rec); err == nil {
			return appendErr
		}
		return err // which may be a failure to write the log
	}, nil
}

// sweep removes incomplete outputs of a killed run.
func (r *run) sweep() error {
	root, err := os.OpenRoot(r.Out)
	if err != nil {
		return err
	}
	defer func() { _ = root.Close() }() // only read
	return fs.WalkDir(root.FS(), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasPrefix(d.Name(), temporaryPrefix) || !abandoned(root, path) {
			return err
		}
		return root.Remove(path)
	})
}

// resumed reports whether an earlier run has masked the input: its output exists, and
// is known as that of this input.
func (r *run) resumed(in *input) (bool, error) {
	if r.Earlier == nil || in.name == "-" {
		return false, nil
	}
	path := r.outputName(in.outputs[0])
	output, err := r.digest(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	opened, err := r.open(in, true)
	if err != nil {
		return false, unreadable{Problem{File: in.display, What: cause(err)}}
	}
	defer opened.close()
	defer r.progress(in)
	if !r.Earlier(opened.digest(r.Keys), output) {
		return false, existsError{Problem{Field: "Out", What: shown(path) + " exists, but was not made with this ruleset and key from " + in.display, Hint: "remove it, or use another directory"}}
	}
	r.counts.Resumed++
	return true, nil
}

// Digest returns what a record contains for an output that is a file.
func Digest(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	return digestOf(f)
}

// digestObject is Digest of an output that is an object.
func digestObject(ctx context.Context, s Store, url string) (string, error) {
	r, err := s.Open(ctx, url)
	if err != nil {
		return "", err
	}
	return digestOf(r)
}

// digest returns the digest of an output.
func (r *run) digest(output string) (string, error) {
	if isURL(output) {
		return digestObject(r.paths.ctx, r.Store, output)
	}
	return Digest(output)
}

func digestOf(f io.ReadCloser) (string, error) {
	defer func() { _ = f.Close() }() // only read
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return OutputDigest(h), nil
}
