package auditshow

import (
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/veil-proxy/veil/file"
	"github.com/veil-proxy/veil/mask/keys"
)

// OfFile makes the filter select the records of a file, by its digests: as an output,
// and, with a key, as an input.
func (f *Filter) OfFile(path string, ring *keys.Keyring) error {
	in, err := os.Open(path)
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }() // only read
	sum := sha256.New()
	if _, err := io.Copy(sum, in); err != nil {
		return err
	}
	f.Digests = []string{file.OutputDigest(sum)}
	if ring != nil {
		f.Digests = append(f.Digests, file.InputDigest(ring, sum))
	}
	return nil
}

// ParseTime parses a date, a time or an age. An empty text is the zero time.
func ParseTime(s string, now time.Time) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	if age, err := time.ParseDuration(s); err == nil && age >= 0 {
		return now.Add(-age), nil
	}
	for _, layout := range []string{time.DateOnly, time.RFC3339} {
		if at, err := time.Parse(layout, s); err == nil {
			return at, nil
		}
	}
	return time.Time{}, fmt.Errorf("invalid time %q: expected a date such as 2026-11-29, a time such as 2026-11-29T08:00:00Z, or an age such as 24h", s)
}
