package audit

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/veil-proxy/veil/mask"
)

// formatVersion is written in header lines.
const formatVersion = 1

var zeroHash = strings.Repeat("0", 2*sha256.Size)

// Line is one line of the log as it is read back.
type Line struct {
	Seq  uint64 `json:"seq"`
	Prev string `json:"prev"`
	// Kind is header, record, detail or recovered.
	Kind           string         `json:"kind"`
	Time           time.Time      `json:"time"`
	Version        int            `json:"version,omitempty"`
	RequestID      string         `json:"requestId,omitempty"`
	Consumer       string         `json:"consumer,omitempty"`
	Client         string         `json:"client,omitempty"`
	Project        string         `json:"project,omitempty"`
	Door           string         `json:"door,omitempty"`
	Operation      string         `json:"operation,omitempty"`
	Statement      string         `json:"statement,omitempty"`
	Relations      []string       `json:"relations,omitempty"`
	Run            string         `json:"run,omitempty"`
	Program        string         `json:"program,omitempty"`
	File           string         `json:"file,omitempty"`
	FileName       string         `json:"fileName,omitempty"`
	InputDigest    string         `json:"inputDigest,omitempty"`
	OutputDigest   string         `json:"outputDigest,omitempty"`
	Result         string         `json:"result,omitempty"`
	Reason         string         `json:"reason,omitempty"`
	Ruleset        string         `json:"ruleset,omitempty"`
	RulesetSHA256  string         `json:"rulesetSha256,omitempty"`
	KeyFingerprint string         `json:"keyFingerprint,omitempty"`
	Resources      []mask.Count   `json:"resources,omitempty"`
	Applied        []mask.Applied `json:"applied,omitempty"`
	DurationMicros int64          `json:"durationMicros,omitempty"`
	// Resource, Path, Rule and Outcome are of a detail.
	Resource string `json:"resource,omitempty"`
	Path     string `json:"path,omitempty"`
	Rule     string `json:"rule,omitempty"`
	Outcome  string `json:"outcome,omitempty"`
	// TornBytes is how much of a half-written line was set aside.
	TornBytes int64  `json:"tornBytes,omitempty"`
	Hash      string `json:"hash"`
}

// longestText bounds the texts that come from outside, in bytes.
const longestText = 256

// clean keeps a text from outside to one line of bounded length.
func clean(s string) string {
	if len(s) > longestText {
		s = s[:longestText]
		for len(s) > 0 && !utf8.ValidString(s) {
			s = s[:len(s)-1]
		}
	}
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == utf8.RuneError {
			return '?'
		}
		return r
	}, s)
}

// chain is the end of the log so far.
type chain struct {
	seq  uint64 // of the last line
	hash string // of the last line, hex
}

var hashMember = []byte(`,"hash":"`)

// append appends a line to dst and moves the chain on.
func (c *chain) append(dst []byte, l *Line) []byte { return c.appendMembers(dst, l.appendMembers(nil)) }

// appendMembers appends the line that has these members beside its number and its
// hashes, and moves the chain on.
func (c *chain) appendMembers(dst, members []byte) []byte {
	c.seq++
	start := len(dst)
	dst = strconv.AppendUint(append(dst, `{"seq":`...), c.seq, 10)
	dst = append(append(append(dst, `,"prev":"`...), c.hash...), '"')
	dst = append(dst, members...)
	sum := sha256.Sum256(dst[start:])
	c.hash = hex.EncodeToString(sum[:])
	dst = append(append(dst, hashMember...), c.hash...)
	return append(dst, '"', '}', '\n')
}

var (
	errLineForm = errors.New("the line is not of the log's form")
	errLineHash = errors.New("the line's bytes do not have the hash it states")
)

// parseLine reads a line without its line feed and checks its hash.
func parseLine(b []byte) (*Line, error) {
	const tail = 64 + len(`"}`)
	n := len(b) - tail - len(hashMember)
	if n < 0 || !bytes.Equal(b[n:n+len(hashMember)], hashMember) || b[len(b)-2] != '"' || b[len(b)-1] != '}' {
		return nil, errLineForm
	}
	stated := b[n+len(hashMember) : len(b)-2]
	sum := sha256.Sum256(b[:n])
	if hex.EncodeToString(sum[:]) != string(stated) {
		return nil, errLineHash
	}
	var l Line
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(&l); err != nil || d.More() {
		return nil, errLineForm
	}
	return &l, nil
}

// lines returns the lines of a record: its details, then the record itself.
func lines(r *mask.Record) []*Line {
	var out []*Line
	for _, d := range r.Details {
		out = append(out, &Line{Kind: "detail", Time: r.Time, RequestID: clean(r.RequestID),
			Resource: clean(d.Resource), Path: clean(d.Path), Rule: d.Rule, Outcome: d.Outcome.String()})
	}
	var relations []string
	for _, name := range r.Relations {
		relations = append(relations, clean(name))
	}
	return append(out, &Line{
		Kind: "record", Time: r.Time, RequestID: clean(r.RequestID), Consumer: clean(r.Consumer), Client: clean(r.Client), Project: clean(r.Project),
		Door: clean(r.Door), Operation: clean(r.Operation),
		Statement: clean(r.Statement), Relations: relations,
		Run: clean(r.Run), Program: clean(r.Program), File: clean(r.File), FileName: clean(r.FileName), InputDigest: clean(r.InputDigest), OutputDigest: clean(r.OutputDigest),
		Result: clean(r.Result), Reason: clean(r.Reason),
		Ruleset: clean(r.Ruleset), RulesetSHA256: clean(r.RulesetSHA256), KeyFingerprint: clean(r.KeyFingerprint),
		Resources: r.Resources, Applied: r.Applied, DurationMicros: r.DurationMicros,
	})
}

func segmentName(first uint64) string {
	s := strconv.FormatUint(first, 10)
	return "veil-" + strings.Repeat("0", 20-len(s)) + s + segmentEnding
}

const segmentEnding = ".jsonl"
