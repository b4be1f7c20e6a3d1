// Package textfile reads the text files that an operator writes or mounts:
// configurations, rulesets, keys, passwords, certificates.
//
//	text, err := textfile.Read("veil.yaml")
//	secret, err := textfile.ReadSecret("/etc/veil/project.key", 4096)
//
// A byte order mark, which editors on Windows write, is not part of the text. A secret
// is a regular file, after following symbolic links, that only its owner can read; if
// root owns it, a group may read it too. So a secret that Kubernetes mounts for a group
// (fsGroup, defaultMode 0440) can be read by a process that does not run as root. This
// is the rule of PostgreSQL for private keys.
//
// Invariant: no error contains any part of a file's text. Errors of ReadSecret do not
// name the file either, because the name may be a secret in the wrong field; a caller
// that may show the name adds it.
package textfile

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

var (
	utf8Mark  = []byte("\xef\xbb\xbf")
	utf16LE   = []byte("\xff\xfe")
	utf16BE   = []byte("\xfe\xff")
	errUTF16  = errors.New("the file is UTF-16: save it as UTF-8")
	errFolder = errors.New("this is a folder, not a file")
)

// Read returns the text of a file without its byte order mark.
func Read(path string) ([]byte, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	if text, err = plain(text); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return text, nil
}

// plain returns a text without the byte order mark before it. The error says that
// it is not UTF-8.
func plain(b []byte) ([]byte, error) {
	if bytes.HasPrefix(b, utf16LE) || bytes.HasPrefix(b, utf16BE) {
		return nil, errUTF16
	}
	return bytes.TrimPrefix(b, utf8Mark), nil
}

// ReadSecret returns the text of a file that has a secret. A file that others can
// read, or with more than most bytes, is refused.
func ReadSecret(path string, most int) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, reason(path, err)
	}
	// Check before opening: a pipe would block.
	if err := regular(info); err != nil {
		return nil, err
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, reason(path, err)
	}
	defer func() { _ = f.Close() }()
	if info, err = f.Stat(); err != nil {
		return nil, reason(path, err)
	}
	if err := private(info); err != nil {
		return nil, err
	}
	text, err := io.ReadAll(io.LimitReader(f, int64(most)+1))
	if err != nil {
		return nil, reason(path, err)
	}
	if len(text) > most {
		return nil, fmt.Errorf("the file is too large: it has more than %d bytes", most)
	}
	return plain(text)
}

func regular(info fs.FileInfo) error {
	switch {
	case info.IsDir():
		return errFolder
	case !info.Mode().IsRegular():
		return errors.New("this is not a regular file")
	}
	return nil
}

// private refuses a file that others can read.
func private(info fs.FileInfo) error {
	if err := regular(info); err != nil {
		return err
	}
	owner, known := ownerOf(info)
	if mode := info.Mode().Perm(); !permitted(mode, known && owner == 0) {
		return fmt.Errorf("others can read the file (chmod 600; 640 where root owns it): its mode is %04o", mode)
	}
	return nil
}

// permitted reports whether a mode keeps a secret: 0600 or less, and 0640 or less
// where root owns the file.
func permitted(mode fs.FileMode, ofRoot bool) bool {
	if ofRoot {
		return mode&0o037 == 0
	}
	return mode&0o077 == 0
}

// reason says what is wrong with a file without its name.
func reason(path string, err error) error {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return errors.New("there is no such file")
	case errors.Is(err, fs.ErrPermission):
		if info, serr := os.Stat(path); serr == nil {
			if owner, known := ownerOf(info); known {
				return fmt.Errorf("permission denied: the file is of user %d with mode %04o, and this process runs as user %d (in Kubernetes: fsGroup and defaultMode 0440)",
					owner, info.Mode().Perm(), os.Geteuid())
			}
		}
		return errors.New("permission denied")
	}
	return errors.New("the file cannot be read")
}
