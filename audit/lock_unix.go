//go:build unix

package audit

import (
	"errors"
	"io"
	"os"
	"syscall"
)

// lockDir takes the lock of a log. The system releases it when the process ends, however
// it ends.
func lockDir(path string) (io.Closer, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		_ = f.Close()
		return nil, errors.New("another process has it open for writing")
	}
	return lock{f}, nil
}

type lock struct{ *os.File }

// Close gives the lock up. Closing the file alone would leave it to a program that another
// goroutine is just starting, until that has closed its copy.
func (l lock) Close() error {
	return errors.Join(syscall.Flock(int(l.Fd()), syscall.LOCK_UN), l.File.Close())
}
