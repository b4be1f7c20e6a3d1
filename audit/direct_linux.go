package audit

import (
	"errors"
	"io"
	"os"
	"sync"
	"syscall"
)

// block is the alignment of writes that bypass the system's cache, in the file and in
// memory.
const block = 4096

// openFile opens a segment for writes that bypass the system's cache: data that is synced
// at once and not read soon need not be copied there, nor do the zeros ahead of it. If
// the file system refuses that, the segment is written as usual.
func openFile(path string) (file, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|syscall.O_DIRECT, 0o600)
	if errors.Is(err, syscall.EINVAL) {
		return openCached(path)
	}
	if err != nil {
		return nil, err
	}
	return &directFile{dataFile: dataFile{f}}, nil
}

// directFile writes whole blocks. The last one is padded with zeros, and written again
// when more text follows. Its earlier contents are written again unchanged, so a sector
// with them is the same whether or not the second write reaches the disk.
type directFile struct {
	dataFile
	// buf is whole pages of memory. Its first tail bytes are in the file at offset at; the
	// next text follows them.
	buf    []byte
	at     int64
	tail   int
	cached bool // the file system does not write blocks after all
}

// WriteAt writes text, mostly where the text before ended.
func (f *directFile) WriteAt(text []byte, off int64) (int, error) {
	if !f.cached && off != f.at+int64(f.tail) {
		if err := f.load(off); err != nil {
			return 0, err
		}
	}
	if f.cached {
		return f.dataFile.WriteAt(text, off)
	}
	if err := f.grow(f.tail + len(text)); err != nil {
		return 0, err
	}
	end := f.tail + copy(f.buf[f.tail:], text)
	clear(f.buf[end:blocks(end)])
	n, err := f.File.WriteAt(f.buf[:blocks(end)], f.at)
	if n == 0 && errors.Is(err, syscall.EINVAL) {
		if err := f.cache(); err != nil {
			return 0, err
		}
		return f.dataFile.WriteAt(text, off)
	}
	if n < end {
		return max(n-f.tail, 0), err
	}
	last := end / block * block
	f.at += int64(last)
	f.tail = copy(f.buf, f.buf[last:end])
	return len(text), nil
}

// load reads the block of an offset, up to that offset.
func (f *directFile) load(off int64) error {
	f.at, f.tail = off/block*block, 0
	if err := f.grow(block); err != nil {
		return err
	}
	n, err := f.ReadAt(f.buf[:block], f.at)
	if errors.Is(err, syscall.EINVAL) {
		return f.cache()
	}
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	f.tail = int(off - f.at)
	clear(f.buf[min(n, f.tail):f.tail])
	return nil
}

// Zero implements file. WriteAt has filled the block before the first whole one.
func (f *directFile) Zero(n, off int64) (int64, error) {
	if f.cached {
		return f.dataFile.Zero(n, off)
	}
	pages, err := zeroPages()
	if err != nil {
		return 0, err
	}
	from := (off + block - 1) / block * block
	written, err := f.File.WriteAt(pages[:blocks(int(n))], from)
	if written == 0 {
		return 0, err
	}
	return from + int64(written) - off, nil
}

// cache switches to writing through the cache.
func (f *directFile) cache() error {
	c, err := f.SyscallConn()
	if err != nil {
		return err
	}
	var failed syscall.Errno
	err = c.Control(func(fd uintptr) {
		var flags uintptr
		if flags, _, failed = syscall.Syscall(syscall.SYS_FCNTL, fd, syscall.F_GETFL, 0); failed == 0 {
			_, _, failed = syscall.Syscall(syscall.SYS_FCNTL, fd, syscall.F_SETFL, flags&^syscall.O_DIRECT)
		}
	})
	if err == nil && failed != 0 {
		err = os.NewSyscallError("fcntl", failed)
	}
	f.cached = err == nil
	f.drop()
	return err
}

// Close closes the file.
func (f *directFile) Close() error {
	f.drop()
	return f.dataFile.Close()
}

// drop releases the memory.
func (f *directFile) drop() {
	if f.buf != nil {
		_ = syscall.Munmap(f.buf) // it was returned by Mmap
	}
	f.buf = nil
}

// grow makes room for n bytes, in whole blocks.
func (f *directFile) grow(n int) error {
	if n = blocks(n); len(f.buf) >= n {
		return nil
	}
	buf, err := pages(n+n/4, syscall.PROT_READ|syscall.PROT_WRITE)
	if err != nil {
		return err
	}
	copy(buf, f.buf[:f.tail])
	f.drop()
	f.buf = buf
	return nil
}

// zeroPages are what Zero writes. They take no memory.
var zeroPages = sync.OnceValues(func() ([]byte, error) { return pages(mostReserved, syscall.PROT_READ) })

// pages returns memory of at least n bytes, aligned to a page, and so to a block.
func pages(n, protection int) ([]byte, error) {
	b, err := syscall.Mmap(-1, 0, blocks(n), protection, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	return b, os.NewSyscallError("mmap", err)
}

// blocks rounds a size up to whole blocks.
func blocks(n int) int { return (n + block - 1) / block * block }
