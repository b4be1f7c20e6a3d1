//go:build !unix

package audit

import (
	"errors"
	"io"
	"os"
)

// lockDir takes the lock of a log: a file that must not exist. After a crash, it must be
// removed by hand.
func lockDir(path string) (io.Closer, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, os.ErrExist) {
		return nil, errors.New("another process has it open for writing, or ended without closing it: remove the file " + path + " if none runs")
	}
	if err != nil {
		return nil, err
	}
	return lockFile{f}, nil
}

type lockFile struct{ *os.File }

func (f lockFile) Close() error {
	if err := f.File.Close(); err != nil {
		return err
	}
	return os.Remove(f.Name())
}
