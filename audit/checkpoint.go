package audit

import (
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
)

const (
	checkpointFile = "checkpoint"
	// checkpointName is what checkpoints call the log.
	checkpointName = "veil-audit"
)

// checkpoint signs the end of the log on disk.
func (l *Log) checkpoint() error {
	if l.opts.Signer == nil || l.written.seq == 0 {
		return nil
	}
	hash, err := hex.DecodeString(string(l.written.hash[:]))
	if err != nil {
		return err
	}
	text := fmt.Sprintf("%s\n%d\n%s\n", checkpointName, l.written.seq, base64.StdEncoding.EncodeToString(hash))
	signed, err := note.Sign(&note.Note{Text: text}, l.opts.Signer)
	if err != nil {
		return err
	}
	if err := ReplaceFile(filepath.Join(l.dir, checkpointFile), signed); err != nil {
		return err
	}
	l.signed = l.written.seq
	return nil
}

// ReplaceFile replaces a file atomically: a crash leaves either the old file or the new
// one, whole.
func ReplaceFile(path string, text []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*.new") // its mode is 0600
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return syncDir(filepath.Dir(path))
}

// errNoCheckpoint says that a log has none.
var errNoCheckpoint = errors.New("the log has no checkpoint")

// HasCheckpoint reports whether a log has a signed checkpoint.
func HasCheckpoint(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, checkpointFile))
	return err == nil
}

// readCheckpoint returns the position and hash in a log's checkpoint.
func readCheckpoint(dir, verifierKey string) (chain, error) {
	verifier, err := note.NewVerifier(verifierKey)
	if err != nil {
		return chain{}, fmt.Errorf("verifier key: %w", err)
	}
	b, err := os.ReadFile(filepath.Join(dir, checkpointFile))
	if errors.Is(err, os.ErrNotExist) {
		return chain{}, errNoCheckpoint
	}
	if err != nil {
		return chain{}, err
	}
	n, err := note.Open(b, note.VerifierList(verifier))
	var other *note.UnverifiedNoteError
	if errors.As(err, &other) {
		return chain{}, errors.New("the checkpoint is signed with another key, or was changed")
	}
	if err != nil {
		return chain{}, fmt.Errorf("checkpoint: %w", err)
	}
	parts := strings.Split(n.Text, "\n")
	if len(parts) < 4 {
		return chain{}, errors.New("checkpoint: expected a name, a size and a hash")
	}
	seq, err := strconv.ParseUint(parts[1], 10, 64)
	if err != nil {
		return chain{}, errors.New("checkpoint: the size is not a number")
	}
	hash, err := base64.StdEncoding.DecodeString(parts[2])
	if err != nil {
		return chain{}, errors.New("checkpoint: the hash is not base 64")
	}
	return chain{seq, hex.EncodeToString(hash)}, nil
}

// CopyCheckpoint copies a log's checkpoint into a folder that has the lines up to a number, if
// the checkpoint is for one of these lines. Otherwise the folder keeps the checkpoint that it
// has.
func CopyCheckpoint(dir, to string, upTo uint64) error {
	text, err := os.ReadFile(filepath.Join(dir, checkpointFile))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	lines := strings.SplitN(string(text), "\n", 3)
	if len(lines) < 3 {
		return errors.New("checkpoint: expected a name, a size and a hash")
	}
	if seq, err := strconv.ParseUint(lines[1], 10, 64); err != nil || seq > upTo {
		return err
	}
	return ReplaceFile(filepath.Join(to, checkpointFile), text)
}
