//go:build linux || darwin || freebsd

package audit

import "syscall"

// freeBytes returns the space available to an ordinary user on the disk of a folder.
func freeBytes(dir string) (free uint64, known bool) {
	var st syscall.Statfs_t
	if err := syscall.Statfs(dir, &st); err != nil {
		return 0, false
	}
	return uint64(max(st.Bavail, 0)) * uint64(st.Bsize), true //nolint:unconvert // signed on FreeBSD
}
