package index

import (
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"math"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// fileName is the name of the database in its folder.
const fileName = "audit-index.sqlite"

const (
	// applicationID marks databases of this package ("VeiX"), version their format.
	applicationID = 0x56656958
	version       = 1
)

// The keys of sets, times, places, requests, minutes and hours consist of an upper half,
// such as the number of a value or of a minute, and the number of a block. Each row ends
// with a checksum over its key and its bytes.
const schema = `
CREATE TABLE value   (id INTEGER PRIMARY KEY, kind INTEGER NOT NULL, text TEXT NOT NULL, sum INTEGER NOT NULL);
CREATE TABLE series  (id INTEGER PRIMARY KEY, consumer TEXT NOT NULL, listener TEXT NOT NULL, project TEXT NOT NULL, ruleset TEXT NOT NULL,
                      metric INTEGER NOT NULL, label TEXT NOT NULL, sum INTEGER NOT NULL);
CREATE TABLE block   (id INTEGER PRIMARY KEY, segment TEXT NOT NULL, n INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL,
                      "from" INTEGER NOT NULL, "to" INTEGER NOT NULL, offset INTEGER NOT NULL, bytes INTEGER NOT NULL, hash TEXT NOT NULL, sum INTEGER NOT NULL);
CREATE TABLE sets    (id INTEGER PRIMARY KEY, bytes BLOB NOT NULL);
CREATE TABLE times   (id INTEGER PRIMARY KEY, bytes BLOB NOT NULL);
CREATE TABLE places  (id INTEGER PRIMARY KEY, bytes BLOB NOT NULL);
CREATE TABLE request (id INTEGER PRIMARY KEY, bytes BLOB NOT NULL);
CREATE TABLE minute  (id INTEGER PRIMARY KEY, bytes BLOB NOT NULL);
CREATE TABLE hour    (id INTEGER PRIMARY KEY, bytes BLOB NOT NULL);
`

// The errors of a database. Each is shown as it is.
var (
	errDamaged = errors.New("the index is damaged")
	errVersion = errors.New("the index was made by another version of Veil")
	errOther   = errors.New("the index belongs to another audit log, or the log was replaced")
	errFull    = errors.New("the index cannot be written: no space is left on its disk")
	errLocked  = errors.New("the index is in use by another process: give each process a directory of its own with audit.index")
)

// canBuild reports whether rebuilding the index fixes an error.
func canBuild(err error) bool {
	return errors.Is(err, errDamaged) || errors.Is(err, errVersion) || errors.Is(err, errOther)
}

// background is the context of statements: they are short, and never interrupted.
var background = context.Background()

// store is an open database. Only one process has it open.
type store struct {
	db *sql.DB
}

// openStore opens the database in a folder, and creates it if there is none.
func openStore(dir string) (*store, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	path, err := filepath.Abs(filepath.Join(dir, fileName)) // in a URL, a relative path would name a host
	if err != nil {
		return nil, err
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600) // SQLite would create it with another mode
	if err != nil {
		return nil, plain(err)
	}
	size, err := f.Seek(0, io.SeekEnd)
	if err = errors.Join(err, f.Close()); err != nil {
		return nil, err
	}
	if size > 0 && !isIndex(path) {
		return nil, errDamaged // not even opened, since it may be somebody else's file
	}
	db, err := sql.Open("sqlite", (&url.URL{Scheme: "file", Path: path}).String())
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	s := &store{db}
	if err := s.prepare(); err != nil {
		return nil, errors.Join(plain(err), db.Close())
	}
	return s, nil
}

// prepare locks the database, and either checks that it is an undamaged index or creates
// the tables.
func (s *store) prepare() error {
	for _, statement := range []string{
		"PRAGMA locking_mode=EXCLUSIVE",
		// Mark the file before anything else is written, so that it is recognized after a
		// crash.
		fmt.Sprintf("PRAGMA application_id=%d", applicationID),
		"PRAGMA journal_mode=WAL", "PRAGMA synchronous=NORMAL", "PRAGMA cache_size=-16384", "PRAGMA temp_store=MEMORY", "PRAGMA trusted_schema=OFF",
	} {
		if _, err := s.db.ExecContext(background, statement); err != nil {
			return err
		}
	}
	var form, tables int
	if err := s.db.QueryRowContext(background, "SELECT (SELECT user_version FROM pragma_user_version), (SELECT count(*) FROM sqlite_schema)").Scan(&form, &tables); err != nil {
		return err
	}
	if tables == 0 {
		return s.within(func(tx *sql.Tx) error {
			_, err := tx.ExecContext(background, schema+fmt.Sprintf("PRAGMA user_version=%d;", version))
			return err
		})
	}
	switch {
	case form != version:
		return errVersion
	case tables != strings.Count(schema, "CREATE TABLE"):
		return errDamaged
	}
	var found string
	if err := s.db.QueryRowContext(background, "PRAGMA quick_check(1)").Scan(&found); err != nil {
		return err
	}
	if found != "ok" {
		return errDamaged
	}
	return nil
}

// bound limits the pages of the database; zero means no limit.
func (s *store) bound(pages int) error {
	if pages == 0 {
		return nil
	}
	_, err := s.db.ExecContext(background, fmt.Sprintf("PRAGMA max_page_count=%d", pages))
	return plain(err)
}

func (s *store) close() error { return s.db.Close() }

// within runs a function in a transaction.
func (s *store) within(do func(*sql.Tx) error) error {
	tx, err := s.db.BeginTx(background, nil)
	if err != nil {
		return err
	}
	if err := do(tx); err != nil {
		return errors.Join(err, tx.Rollback())
	}
	return tx.Commit()
}

// plain translates an error of SQLite into this package's words. SQLite's own texts
// contain nothing of the rows.
func plain(err error) error {
	var e *sqlite.Error
	switch {
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		return fmt.Errorf("the index cannot be written: its file or directory is read-only (%w)", err)
	case errors.Is(err, syscall.ENOSPC):
		return errFull
	case !errors.As(err, &e):
		return err
	}
	switch e.Code() & 0xff {
	case sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_FORMAT, sqlite3.SQLITE_ERROR, sqlite3.SQLITE_MISMATCH:
		return fmt.Errorf("%w: %w", errDamaged, err)
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
		return errLocked
	case sqlite3.SQLITE_FULL:
		return errFull
	case sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM, sqlite3.SQLITE_CANTOPEN:
		return errors.New("the index cannot be written: its file or directory is read-only")
	}
	return fmt.Errorf("the index cannot be read or written: %w", err)
}

// Remove removes the index in a folder, if there is one, and nothing else. The index must not
// be open.
func Remove(dir string) error {
	if _, err := os.Stat(filepath.Join(dir, fileName)); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	s, err := openStore(dir) // not while another process has it
	switch {
	case err == nil:
		err = s.close()
	case canBuild(err):
		err = nil
	}
	if err != nil {
		return err
	}
	return plain(setAside(dir))
}

// setAside makes room for a new database. One of this package is removed; a file that may be
// something else is kept under another name.
func setAside(dir string) error {
	path := filepath.Join(dir, fileName)
	for _, beside := range []string{"-wal", "-shm", "-journal"} {
		if err := os.Remove(path + beside); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	if isIndex(path) {
		return os.Remove(path)
	}
	for n := 1; ; n++ {
		kept := path + ".damaged"
		if n > 1 {
			kept += "." + strconv.Itoa(n)
		}
		if _, err := os.Lstat(kept); errors.Is(err, fs.ErrNotExist) {
			return os.Rename(path, kept)
		}
	}
}

// isIndex reports whether the beginning of a file is that of a database of this package.
func isIndex(path string) bool {
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer func() { _ = f.Close() }() // only read
	var head [72]byte
	if n, err := f.ReadAt(head[:], 0); n < len(head) {
		return n == 0 && err != nil // an empty file may be replaced
	}
	return string(head[:16]) == "SQLite format 3\x00" && binary.BigEndian.Uint32(head[68:]) == applicationID
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// checked appends the checksum to the bytes of a row.
func checked(id int64, b []byte) []byte {
	return binary.LittleEndian.AppendUint32(b, sumOf(id, b))
}

func sumOf(id int64, b []byte) uint32 {
	var key [8]byte
	binary.LittleEndian.PutUint64(key[:], uint64(id)) //nolint:gosec // the same bits
	return crc32.Update(crc32.Checksum(key[:], castagnoli), castagnoli, b)
}

// check verifies and removes the checksum.
func check(id int64, b []byte) ([]byte, error) {
	n := len(b) - 4
	if n < 0 || binary.LittleEndian.Uint32(b[n:]) != sumOf(id, b[:n]) {
		return nil, errDamaged
	}
	return b[:n], nil
}

// rowSum is the checksum of a row of other columns.
func rowSum(columns ...any) int64 {
	return int64(sumOf(0, fmt.Appendf(nil, "%q", columns)))
}

// key returns the key of a row: an upper half and the number of a block.
func key(upper int64, block uint32) int64 { return upper<<32 | int64(block) }

// blockOf is the number of a block in a key, upperOf the upper half.
func blockOf(key int64) uint32 { return uint32(key & math.MaxUint32) } //nolint:gosec // the lower half
func upperOf(key int64) int64  { return key >> 32 }
