package textfile

import (
	"errors"
	"io/fs"
	"os"
)

// existsError is the error for a file that exists. It matches fs.ErrExist.
type existsError struct{ path string }

func (e existsError) Error() string { return e.path + " already exists and will not be overwritten" }

func (existsError) Is(target error) bool { return target == fs.ErrExist }

// Create writes a new file and syncs it to disk. If the file exists, Create does not
// change it, and the error is fs.ErrExist.
func Create(path, text string, mode fs.FileMode) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if errors.Is(err, fs.ErrExist) {
		return existsError{path}
	}
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	return errors.Join(err, f.Sync(), f.Close())
}
