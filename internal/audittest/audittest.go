// Package audittest writes audit logs for tests: fast, since nothing is synced, and with
// segments of any size. Their contents are random, and the same for the same seed.
package audittest

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/veil-proxy/veil/audit"
	"github.com/veil-proxy/veil/mask"
)

// Log is a log written without package audit's writer.
type Log struct {
	t         testing.TB
	dir       string
	most      int
	seq, size int
	hash      string
	f         *os.File
	w         *bufio.Writer
}

// New begins a log in a folder, with segments of about the given size in bytes.
func New(t testing.TB, dir string, segmentBytes int) *Log {
	t.Helper()
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	return &Log{t: t, dir: dir, most: segmentBytes, hash: strings.Repeat("0", 64)}
}

// Write writes lines and sets their numbers and hashes.
func (l *Log) Write(lines ...*audit.Line) {
	for _, line := range lines {
		if l.f == nil {
			l.begin(line.Time)
		}
		l.line(line)
		if l.size >= l.most && line.Kind == "record" {
			l.Flush()
			l.check(l.f.Close())
			l.f = nil
		}
	}
}

func (l *Log) begin(at time.Time) {
	f, err := os.OpenFile(filepath.Join(l.dir, fmt.Sprintf("veil-%020d.jsonl", l.seq+1)), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	l.check(err)
	l.f, l.w, l.size = f, bufio.NewWriterSize(f, 1<<20), 0
	l.line(&audit.Line{Kind: "header", Time: at, Version: 1})
}

func (l *Log) line(line *audit.Line) {
	l.seq++
	line.Seq, line.Prev, line.Hash = uint64(l.seq), l.hash, "" //nolint:gosec // positive
	text, err := json.Marshal(line)
	l.check(err)
	text = bytes.TrimSuffix(text, []byte(`,"hash":""}`))
	sum := sha256.Sum256(text)
	line.Hash = hex.EncodeToString(sum[:])
	l.hash = line.Hash
	n, err := fmt.Fprintf(l.w, "%s,\"hash\":\"%s\"}\n", text, line.Hash)
	l.check(err)
	l.size += n
}

// Flush makes what was written visible.
func (l *Log) Flush() {
	if l.f != nil {
		l.check(l.w.Flush())
	}
}

// Close ends the log.
func (l *Log) Close() {
	l.Flush()
	if l.f != nil {
		l.check(l.f.Close())
		l.f = nil
	}
}

func (l *Log) check(err error) {
	l.t.Helper()
	if err != nil {
		l.t.Fatal(err)
	}
}

// Records makes records, each after its details, if any.
type Records struct {
	r    *rand.Rand
	at   time.Time
	open []*audit.Line // began, and have no end
}

// From returns a maker of records for a seed, starting at a time.
func From(seed uint64, at time.Time) *Records {
	return &Records{r: rand.New(rand.NewPCG(seed, 7)), at: at} //nolint:gosec // for tests, the same for the same seed
}

// What records have.
var (
	Consumers = []string{"ann", "bob", "notebook", "warehouse", "trial-7", "unknown"}
	Views     = [][2]string{{"research", "safe-harbor"}, {"trial", "research"}, {"", ""}}
	Outcomes  = []string{"complete", "complete", "complete", "complete", "refused", "failed", "started"}
	Reasons   = []string{"search parameter", "credentials", "upstream", "statement"}
	Types     = []string{"Patient", "Observation", "Condition", "Encounter"}
	applied   = []mask.Applied{
		{Rule: "names", Category: "A", Path: "Patient.name.family", Method: "remove"},
		{Rule: "names", Category: "A", Path: "Patient.name.given", Method: "remove"},
		{Rule: "dates", Category: "C", Path: "Patient.birthDate", Method: "year"},
		{Rule: "dates", Category: "C", Path: "Observation.effective[x]", Method: "shift"},
		{Rule: "ids", Category: "GHIJKLR", Path: "Patient.identifier.value", Method: "pseudonym"},
		{Rule: "zip", Category: "B", Path: "Patient.address.postalCode", Method: "zip3"},
		{Rule: "rows", Category: "R", Path: "public.patients.mrn", Method: "pseudonym"},
		{Rule: "rows", Path: "Patient.extension(http://example.org/a.b).value", Method: "remove"},
	}
)

// Next returns the lines of the next record: details, then the record.
func (s *Records) Next() []*audit.Line {
	r := s.r
	s.at = s.at.Add(time.Duration(r.Int64N(int64(3 * time.Second))))
	view := Views[r.IntN(len(Views))]
	l := &audit.Line{
		Kind: "record", Time: s.at.Add(-time.Duration(r.Int64N(int64(90 * time.Second)))), RequestID: fmt.Sprintf("%032x", r.Uint64()),
		Consumer: Consumers[r.IntN(len(Consumers))], Client: "10.0.0.1", Project: view[0], Ruleset: view[1],
		Result: Outcomes[r.IntN(len(Outcomes))], DurationMicros: 1 + r.Int64N(20_000),
	}
	kind := Types[r.IntN(len(Types))]
	if l.Door = "fhir"; r.IntN(3) == 0 {
		l.Door, l.Operation = "postgres", "select"
	} else {
		l.Operation = []string{"read ", "search "}[r.IntN(2)] + kind
	}
	if l.Result == "refused" || l.Result == "failed" {
		l.Reason = Reasons[r.IntN(len(Reasons))]
	} else {
		l.Resources = []mask.Count{{Name: kind, N: 1 + r.Uint64N(50)}}
		for _, i := range r.Perm(len(applied))[:r.IntN(5)] {
			a := applied[i]
			a.N = 1 + r.Uint64N(20)
			l.Applied = append(l.Applied, a)
		}
	}
	switch {
	case l.Result == "started":
		s.open = append(s.open, l)
	case len(s.open) > 0 && r.IntN(2) == 0:
		l.RequestID, s.open = s.open[0].RequestID, s.open[1:]
	}
	var lines []*audit.Line
	for range r.IntN(3) * r.IntN(2) {
		lines = append(lines, &audit.Line{Kind: "detail", Time: l.Time, RequestID: l.RequestID, Resource: "Patient/x", Path: "Patient.name[0]", Rule: "names", Outcome: "removed"})
	}
	return append(lines, l)
}
