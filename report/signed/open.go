package signed

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
)

// Document is a file with a verified signature.
type Document struct {
	// Kind is the kind that it was signed as, such as evidence. Format is json or html.
	Kind, Format string
	// Body is what was signed. A JSON body lacks its closing brace.
	Body []byte
	// Key is the name and hash of the key, as in the verifier key.
	Key string
	// SHA256 is the digest of the body.
	SHA256 string
}

// ErrUnsigned says that a file has no signature.
var ErrUnsigned = errors.New("the file has no signature: it is not a signed report, or the signature was removed")

// ChangedError says which part of a file was changed after it was signed.
type ChangedError struct{ What []string }

func (e *ChangedError) Error() string { return strings.Join(e.What, "\n") }

func changed(format string, args ...any) error {
	return &ChangedError{[]string{fmt.Sprintf(format, args...)}}
}

// Open verifies a file with a verifier key. If the file is at fault, the error is
// ErrUnsigned or a *ChangedError.
func Open(file []byte, verifierKey string) (*Document, error) {
	verifier, err := note.NewVerifier(verifierKey)
	if err != nil {
		return nil, fmt.Errorf("verifier key: %w", err)
	}
	f, body, tail := split(file)
	if f == nil {
		return nil, ErrUnsigned
	}
	text, err := f.open(tail, verifier)
	if err != nil {
		return nil, err
	}
	head, err := readHead(text)
	if err != nil {
		return nil, err
	}
	if head.format != f.name {
		return nil, changed("the signature is of a file of format %s, this one is %s: it was moved from another file", head.format, f.name)
	}
	if digest(body) != head.sum {
		return nil, &ChangedError{f.compare(body, head)}
	}
	return &Document{Kind: head.kind, Format: f.name, Body: body, Key: fmt.Sprintf("%s+%08x", verifier.Name(), verifier.KeyHash()), SHA256: head.sum}, nil
}

// split finds the signature of a file. If there are two, the last one counts, and
// everything before it is the body.
func split(file []byte) (f *format, body, tail []byte) {
	at := -1
	for _, candidate := range formats {
		if i := bytes.LastIndex(file, []byte(candidate.head)); i > at {
			f, at = candidate, i
		}
	}
	if f == nil {
		return nil, nil, nil
	}
	return f, file[:at], file[at:]
}

// open verifies the note of a signature.
func (f *format) open(tail []byte, verifier note.Verifier) (text string, err error) {
	inner, ok := bytes.CutPrefix(tail, []byte(f.head))
	if !ok {
		return "", ErrUnsigned
	}
	end := bytes.LastIndex(inner, []byte(f.foot))
	if end < 0 {
		return "", changed("the signature was changed: its end is missing. The file may have been cut off")
	}
	if rest := len(inner) - end - len(f.foot); rest > 0 {
		return "", changed("%d bytes were added after the signature", rest)
	}
	lines, err := f.note(string(inner[:end]))
	if err != nil {
		return "", changed("the signature was changed: it does not have the form of a signature")
	}
	n, err := note.Open([]byte(lines), note.VerifierList(verifier))
	var unverified *note.UnverifiedNoteError
	var invalid *note.InvalidSignatureError
	switch {
	case errors.As(err, &unverified) && len(unverified.Note.UnverifiedSigs) > 0:
		s := unverified.Note.UnverifiedSigs[0]
		return "", fmt.Errorf("the file is signed with another key, %s+%08x: verify it with that one if you trust it", printable(s.Name), s.Hash)
	case errors.As(err, &invalid):
		return "", changed("the signature does not verify: it was changed, or copied from another file")
	case err != nil:
		return "", changed("the signature was changed: it does not have the form of a signature")
	}
	// Only one signature in its canonical form is accepted, so that no byte can be changed.
	s := n.Sigs[0]
	b, err := base64.StdEncoding.Strict().DecodeString(s.Base64)
	if err != nil || len(n.UnverifiedSigs) > 0 || f.head+f.lines(n.Text+"\n— "+s.Name+" "+base64.StdEncoding.EncodeToString(b)+"\n")+f.foot != string(tail) {
		return "", changed("the signature was changed: it is not written as Veil writes it")
	}
	return n.Text, nil
}

// printable returns a text from an unverified file.
func printable(s string) string {
	return strings.Trim(strconv.QuoteToASCII(s[:min(len(s), 80)]), `"`)
}

// head is the contents of a note.
type head struct {
	kind, format, sum string
	size              int
	parts             []part
}

func readHead(text string) (*head, error) {
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	if len(lines) < 4 || lines[0] != noteHead {
		return nil, errors.New("the signature is valid, but what it signs is not a report, or is one of a newer version of Veil")
	}
	h := &head{sum: lines[3]}
	h.kind, h.format, _ = strings.Cut(lines[1], " ")
	var err error
	if h.size, err = strconv.Atoi(lines[2]); err != nil {
		return nil, errors.New("the signature is valid, but its size is not a number")
	}
	for _, l := range lines[4:] {
		sum, name, _ := strings.Cut(l, " ")
		h.parts = append(h.parts, part{name: name, sum: sum})
	}
	return h, nil
}

// place describes the position of a part.
func (p *part) place() string {
	if p.lines <= 1 {
		return fmt.Sprintf("line %d", p.line)
	}
	return fmt.Sprintf("lines %d to %d", p.line, p.line+p.lines-1)
}

// compare returns which parts of a body differ from its note.
func (f *format) compare(body []byte, signed *head) (what []string) {
	if n := len(body) - signed.size; n != 0 {
		what = append(what, fmt.Sprintf("the file was changed: it has %d bytes, %d were signed", len(body), signed.size))
	}
	has := f.parts(body)
	for i := range signed.parts {
		s := &signed.parts[i]
		at := slices.IndexFunc(has, func(p part) bool { return p.name == s.name })
		switch {
		case at < 0:
			what = append(what, fmt.Sprintf("the part %q was removed, or its first line was changed", s.name))
		case has[at].sum != s.sum:
			what = append(what, fmt.Sprintf("the part %q was changed: %s", s.name, has[at].place()))
		}
	}
	for _, p := range has {
		if !slices.ContainsFunc(signed.parts, func(s part) bool { return s.name == p.name }) {
			what = append(what, fmt.Sprintf("a part was added at line %d", p.line))
		}
	}
	if len(what) == 0 {
		what = append(what, "the parts of the file were moved")
	}
	return what
}
