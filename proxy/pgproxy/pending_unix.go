//go:build unix

package pgproxy

import (
	"errors"
	"syscall"
)

// pending reports whether a socket has something to read, including its end.
func pending(fd uintptr) bool {
	var b [1]byte
	_, _, err := syscall.Recvfrom(int(fd), b[:], syscall.MSG_PEEK)
	return !errors.Is(err, syscall.EAGAIN) && !errors.Is(err, syscall.EINTR)
}
