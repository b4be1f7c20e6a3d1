// Package keyfile keeps API keys in a file of their own, which both the console and
// people can edit:
//
//	veil: 1
//	keys:
//	  - {name: "ann", view: "cardio", sha256: "…", made: "2026-11-30T10:00:00Z", by: "ops"}
//
// As in the configuration, a key is only known by its SHA-256.
//
// Invariants: a change keeps every other line unchanged, even one that was edited in the
// meantime; the file is always either the old or the new one, complete; a change that
// would not have its intended effect is refused.
package keyfile

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/veil-proxy/veil/internal/strictyaml"
	"github.com/veil-proxy/veil/proxy/consumer"
	"github.com/veil-proxy/veil/textfile"
)

// Entry is a key in the file.
type Entry struct {
	consumer.Key
	// Made says when, and By which operator made it; empty if a person wrote the entry.
	Made, By string

	line, column int // of its first member
}

// maxBytes bounds the file.
const maxBytes = 4 << 20

// Read reads a key file, which others must not be able to read.
func Read(path string) ([]Entry, error) {
	src, err := textfile.ReadSecret(path, maxBytes)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return parse(path, src)
}

// parse reads the text of a file. The error is strictyaml.Problems.
func parse(path string, src []byte) ([]Entry, error) {
	if blank(src) {
		return nil, nil
	}
	var problems strictyaml.Problems
	t, root := strictyaml.Parse(path, src, &problems)
	if root.IsZero() {
		return nil, problems.Err()
	}
	var all []Entry
	t.Mapping(root, map[string]strictyaml.Field{
		"veil": func(n strictyaml.Node) { t.Word(n, "1") },
		"keys": func(n strictyaml.Node) {
			if n.IsNull() {
				return
			}
			t.Sequence(n, func(item strictyaml.Node) { all = append(all, entry(t, item)) })
		},
	}, nil)
	return all, problems.Err()
}

// blank reports whether a text has nothing but comments.
func blank(src []byte) bool {
	for line := range bytes.Lines(src) {
		if s := bytes.TrimSpace(line); len(s) > 0 && s[0] != '#' {
			return false
		}
	}
	return true
}

// entry reads an item.
func entry(t strictyaml.Tree, item strictyaml.Node) Entry {
	at := t.At(item)
	e := Entry{line: at.Line, column: at.Column}
	text := func(to *string) strictyaml.Field {
		return func(n strictyaml.Node) { *to, _ = t.Text(n) }
	}
	before := len(*t.Problems)
	t.Mapping(item, map[string]strictyaml.Field{
		"name": text(&e.Name), "view": text(&e.View), "scopes": text(&e.Scopes), "sha256": text(&e.SHA256), "made": text(&e.Made), "by": text(&e.By),
		"limits": func(n strictyaml.Node) {
			t.Mapping(n, map[string]strictyaml.Field{
				"ratePerSecond": func(n strictyaml.Node) { e.Limits.RatePerSecond = number(t, n) },
				"burst":         func(n strictyaml.Node) { e.Limits.Burst = int(number(t, n)) },
				"concurrent":    func(n strictyaml.Node) { e.Limits.Concurrent = int(number(t, n)) },
			}, nil)
		},
	}, nil)
	if len(*t.Problems) > before {
		return e
	}
	if _, err := consumer.New(context.Background(), consumer.Config{Keys: []consumer.Key{e.Key}}); err != nil {
		t.Bad(item, "%s", strings.ReplaceAll(err.Error(), "keys[0].", ""))
	}
	return e
}

func number(t strictyaml.Tree, n strictyaml.Node) float64 {
	s, ok := t.Text(n)
	f, err := strconv.ParseFloat(s, 64)
	if ok && (err != nil || !(f >= 0)) {
		t.Bad(n, "expected a number of 0 or more")
	}
	return f
}

// String returns the entry as a line of the file.
func (e *Entry) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "{name: %q", e.Name)
	for _, m := range [...]struct{ name, value string }{{"view", e.View}, {"scopes", e.Scopes}} {
		if m.value != "" {
			fmt.Fprintf(&b, ", %s: %q", m.name, m.value)
		}
	}
	if l := e.Limits; l != (consumer.Limits{}) {
		fmt.Fprintf(&b, ", limits: {ratePerSecond: %g, burst: %d, concurrent: %d}", l.RatePerSecond, l.Burst, l.Concurrent)
	}
	fmt.Fprintf(&b, ", sha256: %q, made: %q, by: %q}", e.SHA256, e.Made, e.By)
	return b.String()
}

// Fingerprint returns the part of a key that is shown: the first and last 8 hex digits
// of its SHA-256.
func Fingerprint(sha256hex string) string {
	s := strings.ToLower(sha256hex)
	if len(s) < 16 {
		return ""
	}
	return s[:8] + "…" + s[len(s)-8:]
}

var (
	// errUnknown: the file has no such key.
	errUnknown = errors.New("the file has no such key: it may have been revoked")
	// errForm: the file is written in a form that Change does not support.
	errForm = errors.New("the file is written in a form that cannot be changed from here: edit it by hand")
)

// changing is held while a file is changed by this process.
var changing sync.Mutex

// Add adds a key to a file. before is called when the new file is on disk, just before
// it is renamed into place; if it fails, nothing is changed.
func Add(path string, e Entry, before func() error) error {
	e.Made = time.Now().UTC().Format(time.RFC3339)
	return change(path, before, func(src []byte, all []Entry) ([]byte, []Entry) {
		return add(src, all, e), append(slices.Clone(all), e)
	})
}

// Revoke removes the key with a fingerprint from a file. before is as in Add.
func Revoke(path, fingerprint string, before func() error) error {
	return change(path, before, func(src []byte, all []Entry) ([]byte, []Entry) {
		i := slices.IndexFunc(all, func(e Entry) bool { return Fingerprint(e.SHA256) == fingerprint })
		if i < 0 {
			return nil, nil
		}
		return remove(src, all[i]), slices.Delete(slices.Clone(all), i, i+1)
	})
}

// tries is how often a change is retried because somebody else has changed the file.
const tries = 10

// change replaces a file by the result of edit, if it contains exactly the intended
// entries.
func change(path string, before func() error, edit func([]byte, []Entry) ([]byte, []Entry)) error {
	changing.Lock()
	defer changing.Unlock()
	path, err := filepath.EvalSymlinks(path)
	if err != nil {
		return reason(err)
	}
	for range tries {
		src, err := textfile.ReadSecret(path, maxBytes)
		if err != nil {
			return err
		}
		all, err := parse(filepath.Base(path), src)
		if err != nil {
			return err
		}
		next, want := edit(src, all)
		if next == nil {
			return errUnknown
		}
		if got, err := parse(filepath.Base(path), next); err != nil || !slices.EqualFunc(got, want, same) {
			return errForm
		}
		switch done, err := replace(path, src, next, before); {
		case err != nil:
			return err
		case done:
			return nil
		}
	}
	return errors.New("another process is changing the file: try again")
}

func same(a, b Entry) bool { return a.Key == b.Key && a.Made == b.Made && a.By == b.By }

var emptyList = regexp.MustCompile(`(?m)^keys:[ \t]*(\[[ \t]*\])?[ \t]*(#.*)?$`)

// add adds an entry after the last one, with the same indentation.
func add(src []byte, all []Entry, e Entry) []byte {
	line := []byte("  - " + e.String() + "\n")
	if len(src) > 0 && src[len(src)-1] != '\n' {
		src = append(slices.Clip(src), '\n')
	}
	switch {
	case blank(src):
		return slices.Concat(src, []byte("veil: 1\nkeys:\n"), line)
	case len(all) == 0:
		at := emptyList.FindIndex(src)
		if at == nil {
			return slices.Concat(src, []byte("keys:\n"), line)
		}
		return slices.Concat(src[:at[0]], []byte("keys:\n"), line, bytes.TrimPrefix(src[at[1]:], []byte("\n")))
	}
	lines := slices.Collect(bytes.Lines(src))
	first, end := extent(lines, all[len(all)-1])
	dash := lines[first][:indentation(lines[first])]
	line = slices.Concat(dash, bytes.TrimLeft(line, " "))
	return bytes.Join(slices.Insert(lines, end, line), nil)
}

// remove removes the lines of an entry.
func remove(src []byte, e Entry) []byte {
	lines := slices.Collect(bytes.Lines(src))
	first, end := extent(lines, e)
	return bytes.Join(slices.Delete(lines, first, end), nil)
}

// extent returns the lines of an entry: the one with the dash, and the following lines
// that are indented more.
func extent(lines [][]byte, e Entry) (first, end int) {
	first = e.line - 1
	end = e.line
	for end < len(lines) && indentation(lines[end]) > indentation(lines[first]) && len(bytes.TrimSpace(lines[end])) > 0 {
		end++
	}
	return first, end
}

func indentation(line []byte) int { return len(line) - len(bytes.TrimLeft(line, " ")) }

// replace rewrites a file, unless it no longer contains src.
func replace(path string, src, next []byte, before func() error) (done bool, err error) {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*.new") // its mode is 0600
	if err != nil {
		return false, reason(err)
	}
	defer func() {
		if !done {
			_ = os.Remove(f.Name()) // the first error says more
		}
	}()
	_, err = f.Write(next)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return false, reason(err)
	}
	now, err := textfile.ReadSecret(path, maxBytes)
	if err != nil || !bytes.Equal(now, src) {
		return false, err
	}
	if err := before(); err != nil {
		return false, err
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return false, reason(err)
	}
	return true, syncDir(filepath.Dir(path))
}

// syncDir makes the names in a directory durable.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return reason(err)
	}
	return errors.Join(d.Sync(), d.Close())
}

// reason returns the cause of an error of the system, without the path of a temporary
// file.
func reason(err error) error {
	var path *os.PathError
	var link *os.LinkError
	switch {
	case errors.As(err, &path):
		return path.Err
	case errors.As(err, &link):
		return link.Err
	}
	return err
}
