package audit

import (
	"crypto/sha256"
	"encoding/hex"
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

// Line is one line of the log, as read back.
type Line struct {
	Seq  uint64 `json:"seq"`
	Prev string `json:"prev"`
	// Kind is header, record, detail, recovered or pruned.
	Kind           string            `json:"kind"`
	Time           time.Time         `json:"time"`
	Version        int               `json:"version,omitempty"`
	RequestID      string            `json:"requestId,omitempty"`
	Consumer       string            `json:"consumer,omitempty"`
	Client         string            `json:"client,omitempty"`
	Project        string            `json:"project,omitempty"`
	Door           string            `json:"door,omitempty"`
	Operation      string            `json:"operation,omitempty"`
	Statement      string            `json:"statement,omitempty"`
	Relations      []string          `json:"relations,omitempty"`
	Run            string            `json:"run,omitempty"`
	Program        string            `json:"program,omitempty"`
	File           string            `json:"file,omitempty"`
	FileName       string            `json:"fileName,omitempty"`
	InputDigest    string            `json:"inputDigest,omitempty"`
	OutputDigest   string            `json:"outputDigest,omitempty"`
	Result         string            `json:"result,omitempty"`
	Reason         string            `json:"reason,omitempty"`
	Ruleset        string            `json:"ruleset,omitempty"`
	RulesetSHA256  string            `json:"rulesetSha256,omitempty"`
	KeyFingerprint string            `json:"keyFingerprint,omitempty"`
	Resources      []mask.Count      `json:"resources,omitempty"`
	Applied        []mask.Applied    `json:"applied,omitempty"`
	Found          []mask.FoundCount `json:"found,omitempty"`
	DurationMicros int64             `json:"durationMicros,omitempty"`
	// Resource, Path, Rule and Outcome are for details.
	Resource string `json:"resource,omitempty"`
	Path     string `json:"path,omitempty"`
	Rule     string `json:"rule,omitempty"`
	Outcome  string `json:"outcome,omitempty"`
	// TornBytes is how many bytes of a half-written line were set aside.
	TornBytes int64 `json:"tornBytes,omitempty"`
	// PrunedSeq and PrunedHash are the number and hash of the last line of a removed
	// segment.
	PrunedSeq  uint64 `json:"prunedSeq,omitempty"`
	PrunedHash string `json:"prunedHash,omitempty"`
	Hash       string `json:"hash"`
}

// longestText bounds texts from outside, in bytes.
const longestText = 256

// clean reduces a text from outside to one line of bounded length.
func clean(s string) string {
	if isPlain(s) && len(s) <= longestText {
		return s
	}
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

// append appends the line with these members, its number and its hashes, and advances the
// chain.
func (h *head) append(dst, members []byte) []byte {
	h.seq++
	start := len(dst)
	dst = strconv.AppendUint(append(dst, `{"seq":`...), h.seq, 10)
	dst = append(append(append(dst, `,"prev":"`...), h.hash[:]...), '"')
	dst = append(dst, members...)
	sum := sha256.Sum256(dst[start:])
	hex.Encode(h.hash[:], sum[:])
	dst = append(append(dst, hashMember...), h.hash[:]...)
	return append(dst, '"', '}', '\n')
}

// head is a chain that lines are appended to.
type head struct {
	seq  uint64
	hash [2 * sha256.Size]byte
}

func (c chain) head() head {
	h := head{seq: c.seq}
	copy(h.hash[:], c.hash)
	return h
}

var (
	errLineForm = errors.New("the line does not have the log's format")
	errLineHash = errors.New("the line's bytes do not match its hash")
)

func segmentName(first uint64) string {
	s := strconv.FormatUint(first, 10)
	return "veil-" + strings.Repeat("0", 20-len(s)) + s + segmentEnding
}

const segmentEnding = ".jsonl"
