package ruleset

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"github.com/veil-proxy/veil/internal/strictyaml"
	"github.com/veil-proxy/veil/mask"
	"github.com/veil-proxy/veil/mask/civil"
)

// Ruleset is a ruleset as a person writes it: parsed, checked, and with everything it
// extends resolved. It is immutable.
type Ruleset struct {
	Name        string `json:"name"`
	Title       string `json:"title,omitempty"`
	Description string `json:"description,omitempty"`
	// Overlay reports that the ruleset only adds to others, which come before it under
	// extends, and does not work alone.
	Overlay bool `json:"-"`
	// ReferenceDate is the date at which ages are counted.
	ReferenceDate civil.Date  `json:"referenceDate"`
	FHIR          FHIRSection `json:"fhir"`
	// Tables is nil if the ruleset says nothing about tables.
	Tables *TablesSection `json:"tables,omitempty"`
	// Documents is nil if the ruleset says nothing about documents.
	Documents *DocumentsSection `json:"documents,omitempty"`
	// Text is nil if the ruleset says nothing about files of plain text.
	Text *TextSection `json:"text,omitempty"`

	sha256 string
	file   string
}

// File returns the name of the file that was read, not of those that it extends.
func (rs *Ruleset) File() string { return rs.file }

// SHA256 returns the ruleset's identity: the hash, in hex, of its canonical JSON form
// with everything it extends resolved. Layout, comments and the order of keys do not
// change it; the order of rules does.
func (rs *Ruleset) SHA256() string { return rs.sha256 }

// Opener returns the text of the ruleset that extends names, and the file
// name to use in errors.
type Opener func(name string) (file string, src []byte, err error)

// Parse reads a ruleset, checks all of it against methods and resolves what it extends.
// The error is strictyaml.Problems with every problem found.
func Parse(file string, src []byte, methods mask.Methods, open Opener) (*Ruleset, error) {
	var problems strictyaml.Problems
	rs := parseRuleset(file, src, methods, open, &problems, 0)
	if err := problems.Err(); err != nil {
		return nil, err
	}
	canonical, err := json.Marshal(rs)
	if err != nil {
		return nil, fmt.Errorf("%s: canonical form: %w", file, err)
	}
	sum := sha256.Sum256(canonical)
	rs.sha256, rs.file = hex.EncodeToString(sum[:]), file
	return rs, nil
}

// Canonical returns the bytes whose SHA-256 is the ruleset's identity,
// indented for reading when indent is true.
func (rs *Ruleset) Canonical(indent bool) []byte {
	b, _ := json.Marshal(rs) // strings, numbers and maps of them: cannot fail
	if !indent {
		return b
	}
	var buf bytes.Buffer
	_ = json.Indent(&buf, b, "", "  ")
	return append(buf.Bytes(), '\n')
}
