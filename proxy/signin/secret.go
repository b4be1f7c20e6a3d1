package signin

import (
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/veil-proxy/veil/textfile"
)

// Secret says where a secret is: either in a file or in an environment variable. It is
// never the secret itself.
type Secret struct {
	// File is a file that other users cannot read, as package textfile checks. A line
	// break at its end is not part of the secret. The file is read again from time to
	// time, so that the secret can be changed while Veil runs.
	File string
	// Env is the name of an environment variable.
	Env string
}

func (s Secret) isZero() bool { return s == Secret{} }

// maxSecret bounds a secret, in bytes.
const maxSecret = 64 << 10

const (
	// secretFresh is how old a secret from a file may be before it is read again;
	// secretPause is the minimum time between two readings, whatever happens.
	secretFresh = time.Minute
	secretPause = time.Second
)

// read returns the secret. Its errors are fixed words, since a path or a name may be a
// secret in the wrong field.
func (s Secret) read() (string, error) {
	var text string
	switch {
	case (s.File == "") == (s.Env == ""):
		return "", errors.New("expected either file or env")
	case s.Env != "":
		value, ok := os.LookupEnv(s.Env)
		if !ok {
			return "", errors.New("the environment variable is not set")
		}
		text = value
	default:
		value, err := textfile.ReadSecret(s.File, maxSecret)
		if err != nil {
			return "", err
		}
		text = string(value)
	}
	text = strings.TrimRight(text, "\r\n")
	if text == "" {
		return "", errors.New("the secret is empty")
	}
	return text, nil
}

// fileError describes an error in reading a file, without its path.
func fileError(err error) error {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return errors.New("there is no such file")
	case errors.Is(err, fs.ErrPermission):
		return errors.New("permission denied")
	}
	return errors.New("the file cannot be read")
}

// kept is a value that is made from files and read again when it is old. If that fails,
// it keeps its value, since a file may be incompletely written.
type kept[T any] struct {
	where string
	log   *slog.Logger
	load  func() (T, error)

	mu    sync.Mutex
	value T
	read  time.Time // zero: read again
}

// keep loads a value for the first time and notes a problem with it.
func keep[T any](b *builder, where string, load func() (T, error)) *kept[T] {
	k := &kept[T]{where: where, log: b.log, load: load}
	value, err := load()
	if err != nil {
		b.problems = append(b.problems, under(where, err)...)
	}
	k.value, k.read = value, time.Now()
	return k
}

// get returns the value, at most secretFresh old if its files can be read.
func (k *kept[T]) get() T {
	k.mu.Lock()
	defer k.mu.Unlock()
	if now := time.Now(); now.Sub(k.read) >= secretFresh {
		value, err := k.load()
		if err != nil {
			k.log.Warn("credentials could not be read again", "setting", k.where, "error", err)
		} else {
			k.value = value
		}
		k.read = now
	}
	return k.value
}

// stale makes the next get read the files again, unless they were just read.
func (k *kept[T]) stale() {
	k.mu.Lock()
	defer k.mu.Unlock()
	if time.Since(k.read) >= secretPause {
		k.read = time.Time{}
	}
}

// settingError is a problem of one part of a setting.
type settingError struct {
	part string // such as "password"
	err  error
}

func (e settingError) Error() string { return e.part + ": " + e.err.Error() }

// under puts problems under a setting: each one of those that errors.Join joined.
func under(where string, err error) []error {
	if joined, ok := err.(interface{ Unwrap() []error }); ok { //nolint:errorlint // the error itself, not one that it wraps
		var all []error
		for _, one := range joined.Unwrap() {
			all = append(all, under(where, one)...)
		}
		return all
	}
	switch part, ok := err.(settingError); { //nolint:errorlint // likewise
	case ok && where != "":
		return []error{settingError{where + "." + part.part, part.err}}
	case ok:
		return []error{part}
	}
	return []error{settingError{where, err}}
}
