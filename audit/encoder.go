package audit

import (
	"crypto/sha256"
	"sync"
	"time"

	"github.com/veil-proxy/veil/mask"
)

// encoder writes the lines of a record, without what depends on the lines before them.
type encoder struct {
	line Line
	text []byte
	ends []int // of each line in text
	// record is the record of the last line; its applications are in a range of text.
	record  *mask.Record
	applied [2]int
}

var encoders = sync.Pool{New: func() any { return new(encoder) }}

// members returns the members of a line.
func (e *encoder) members(i int) []byte {
	start := 0
	if i > 0 {
		start = e.ends[i-1]
	}
	return e.text[start:e.ends[i]]
}

// appliedIn returns the range of the record's applications in its line with these
// members.
func (e *encoder) appliedIn(line, members []byte) [2]int {
	// The members are preceded by the line's number and a hash, and followed by the line's
	// own hash.
	behind := len(hashMember) + 2*sha256.Size + len("\"}\n")
	ahead := len(line) - behind - len(members) - (len(e.text) - len(members))
	return [2]int{ahead + e.applied[0], ahead + e.applied[1]}
}

// encode writes the lines of a record: its details, then the record itself.
func (e *encoder) encode(r *mask.Record) {
	if cap(e.text) > mostKept {
		e.text = nil
	}
	e.reset()
	for i := range r.Details {
		d := &r.Details[i]
		e.add(&Line{Kind: "detail", Time: r.Time, RequestID: clean(r.RequestID),
			Resource: clean(d.Resource), Path: clean(d.Path), Rule: d.Rule, Outcome: d.Outcome.String()}, nil)
	}
	relations := e.line.Relations[:0]
	for _, name := range r.Relations {
		relations = append(relations, clean(name))
	}
	e.add(&Line{
		Kind: "record", Time: r.Time, RequestID: clean(r.RequestID), Consumer: clean(r.Consumer), Client: clean(r.Client), Project: clean(r.Project),
		Door: clean(r.Door), Operation: clean(r.Operation),
		Statement: clean(r.Statement), Relations: relations,
		Run: clean(r.Run), Program: clean(r.Program), File: clean(r.File), FileName: clean(r.FileName), InputDigest: clean(r.InputDigest), OutputDigest: clean(r.OutputDigest),
		Result: clean(r.Result), Reason: clean(r.Reason),
		Ruleset: clean(r.Ruleset), RulesetSHA256: clean(r.RulesetSHA256), KeyFingerprint: clean(r.KeyFingerprint),
		Resources: r.Resources, Found: r.Found, DurationMicros: r.DurationMicros,
	}, r.Used)
	e.line.Resources, e.line.Found = nil, nil // the caller's
	e.record = r
}

// pruned writes the line for a removed segment.
func (e *encoder) pruned(now time.Time, end chain) {
	e.reset()
	e.add(&Line{Kind: "pruned", Time: now, PrunedSeq: end.seq, PrunedHash: end.hash}, nil)
}

func (e *encoder) reset() { e.text, e.ends, e.record = e.text[:0], e.ends[:0], nil }

func (e *encoder) add(l *Line, used []mask.Use) {
	e.line = *l
	e.text, e.applied = e.line.appendRecord(e.text, used)
	e.ends = append(e.ends, len(e.text))
}
