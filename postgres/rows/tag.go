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

// TaintBytes is the length of what Tainted looks for: whoever looks at rows in pieces
// lets them overlap by as much.
const TaintBytes = 17

// Tainted reports whether bytes that came from upstream hold a tag: in a row of a plan
// that Passes there must be none.
func Tainted(b []byte) bool { return bytes.Contains(b, []byte(processTag)) }

// NewTag returns the mark of one plan's wrappers.
func NewTag() string { return processTag + randomText(5) }

func randomText(n int) string {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails: crypto/rand ends the process instead
	return strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(b))
}
