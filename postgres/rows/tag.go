package rows

import (
	"bytes"
	"crypto/rand"
	"encoding/base32"
	"strings"
)

// processTag begins the tag of every plan: 80 random bits that no one outside the
// process knows, in letters and digits. It enters no masked byte.
var processTag = "v" + randomText(10)

// TaintBytes is the length of the text that Tainted looks for. A caller that checks
// rows in pieces must let them overlap by as much.
const TaintBytes = 17

// Tainted reports whether bytes from the upstream contain a tag. Rows of a plan that
// Passes must not contain one.
func Tainted(b []byte) bool { return bytes.Contains(b, []byte(processTag)) }

// NewTag returns a random tag for one plan's wrappers.
func NewTag() string { return processTag + randomText(5) }

func randomText(n int) string {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails: crypto/rand ends the process instead
	return strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(b))
}
