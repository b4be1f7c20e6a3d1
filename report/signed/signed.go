// Package signed writes and verifies reports that are signed with Ed25519: JSON
// documents and HTML pages.
//
//	file, err := signed.JSON("evidence", document, signer)
//	doc, err := signed.Open(file, verifierKey)
//
// # Format
//
// A file is a body and, at its end, a signature: a C2SP signed note
// (https://c2sp.org/signed-note), as audit checkpoints are. The text of the note is
//
//	veil-report/1
//	<kind> json
//	<bytes of the body>
//	<SHA-256 of the body, hex>
//	<SHA-256, hex> <part>
//	…
//
// with a line for each part of the body, in order; the parts are the whole body. Thus
// anyone with the note can tell which part was changed. In JSON, a part is a member of the
// document, and the signature is its last member, "signature": the lines of the note. In
// HTML, a part begins with the line <!-- veil:part NAME --> and the signature is a comment
// after the page.
//
// The form of the signature is fixed to the byte. So every byte of a file is either signed
// or has only one possible value.
package signed

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/mod/sumdb/note"
)

// noteHead is the first line of the note's text.
const noteHead = "veil-report/1"

// format says how a body is divided into parts, and how a signature is embedded in a
// file.
type format struct {
	name string
	// head and foot enclose the note.
	head, foot string
	// part returns the name of the part that a line begins.
	part func(line []byte) (name string, begins bool)
	// lines writes the note, and note reads it.
	lines func(note string) string
	note  func(lines string) (string, error)
}

var formats = []*format{&jsonFormat, &htmlFormat}

var jsonFormat = format{
	name: "json", head: ",\n  \"signature\": [\n", foot: "\n  ]\n}\n",
	part: func(line []byte) (string, bool) {
		rest, ok := bytes.CutPrefix(line, []byte(`  "`))
		name, _, closed := bytes.Cut(rest, []byte{'"'})
		return string(name), ok && closed
	},
	lines: func(text string) string {
		lines := strings.Split(text, "\n")
		for i, l := range lines {
			b, _ := json.Marshal(l) // encoding a string cannot fail
			lines[i] = "    " + string(b)
		}
		return strings.Join(lines, ",\n")
	},
	note: func(text string) (string, error) {
		var lines []string
		err := json.Unmarshal([]byte("["+text+"]"), &lines)
		return strings.Join(lines, "\n"), err
	},
}

var htmlFormat = format{
	name: "html", head: "\n<!-- veil-signature\n", foot: "-->\n",
	part: func(line []byte) (string, bool) {
		rest, ok := bytes.CutPrefix(line, []byte(partHead))
		name, closed := bytes.CutSuffix(bytes.TrimSuffix(rest, []byte{'\n'}), []byte(partFoot))
		return string(name), ok && closed
	},
	lines: func(text string) string { return text },
	note:  func(text string) (string, error) { return text, nil },
}

const (
	partHead = "<!-- veil:part "
	partFoot = " -->"
)

// first is the name of the text before the first named part.
const first = "beginning"

// part is a part of a body.
type part struct {
	name, sum   string
	line, lines int // where it is
}

// parts divides a body into parts.
func (f *format) parts(body []byte) (all []part) {
	name, start, line := first, 0, 1
	began := line
	add := func(end int) {
		if end > start {
			all = append(all, part{name, digest(body[start:end]), began, line - began})
		}
	}
	for at := 0; at < len(body); line++ {
		end := len(body)
		if i := bytes.IndexByte(body[at:], '\n'); i >= 0 {
			end = at + i + 1
		}
		if next, begins := f.part(body[at:end]); begins {
			add(at)
			name, start, began = next, at, line
		}
		at = end
	}
	add(len(body))
	return all
}

func digest(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// sign returns a body with its signature.
func (f *format) sign(kind string, body []byte, signer note.Signer) ([]byte, error) {
	if strings.Contains(signer.Name(), "--") {
		return nil, errors.New("the name of the signing key contains \"--\", which a report cannot contain: create a key with another --name")
	}
	var text strings.Builder
	fmt.Fprintf(&text, "%s\n%s %s\n%d\n%s\n", noteHead, kind, f.name, len(body), digest(body))
	for _, p := range f.parts(body) {
		fmt.Fprintf(&text, "%s %s\n", p.sum, p.name)
	}
	signed, err := note.Sign(&note.Note{Text: text.String()}, signer)
	if err != nil {
		return nil, err
	}
	return append(bytes.Clone(body), f.head+f.lines(string(signed))+f.foot...), nil
}

// JSON returns a document as a signed JSON file. Without a signer, the file is the
// document alone.
func JSON(kind string, document any, signer note.Signer) ([]byte, error) {
	var buf bytes.Buffer
	e := json.NewEncoder(&buf)
	e.SetIndent("", "  ")
	if err := e.Encode(document); err != nil {
		return nil, err
	}
	if signer == nil {
		return buf.Bytes(), nil
	}
	body, ok := bytes.CutSuffix(buf.Bytes(), []byte("\n}\n"))
	if !ok {
		return nil, errors.New("a signed document must be an object that is not empty")
	}
	return jsonFormat.sign(kind, body, signer)
}

// HTML returns a page as a signed file. The page ends with a line feed.
func HTML(kind string, page []byte, signer note.Signer) ([]byte, error) {
	return htmlFormat.sign(kind, bytes.TrimSuffix(page, []byte{'\n'}), signer)
}

// Part returns the line that begins a part of a page.
func Part(name string) string { return partHead + name + partFoot }
