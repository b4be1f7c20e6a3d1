package mask

import (
	"crypto/rand"
	"encoding/hex"
	"slices"
	"strings"
	"time"

	"github.com/veil-proxy/veil/mask/keys"
)

// Pass is one exchange under one plan: it owns the hash states, counts every
// application by action number, and makes the record. It is not safe for concurrent
// use; work that is split among goroutines uses one Pass for each and merges them
// before the record is made.
type Pass struct {
	plan *Plan
	// Keys holds the hash states of this pass.
	Keys *keys.Pseudonymizer
	// Counts has the number of applications by action number.
	Counts []uint64
	// Detail records one Details entry for each application.
	Detail  bool
	Details []Detail
	// Found counts what detectors found in texts.
	Found Found

	Origin    Origin
	resources map[string]uint64
	started   time.Time
	used      []Use // of the last record, reused for the next one
}

// Origin identifies the exchange that a pass belongs to.
type Origin struct {
	RequestID string
	Consumer  string
	Door      string
	Operation string
}

// NewPass returns the reusable state of an exchange. Keep it and call Begin for the
// next one.
func NewPass(plan *Plan) *Pass {
	return &Pass{
		plan:      plan,
		Keys:      plan.Keys.NewPseudonymizer(),
		Counts:    make([]uint64, len(plan.Actions)),
		resources: map[string]uint64{},
	}
}

// Begin clears the pass for a new exchange.
func (p *Pass) Begin(o Origin) {
	clear(p.Counts)
	clear(p.resources)
	clear(p.Found.n)
	p.Details = p.Details[:0]
	p.Origin = o
	p.started = time.Now()
}

// CountResource counts a delivered resource or row of the named type.
func (p *Pass) CountResource(name string) { p.resources[name]++ }

// CountResources counts n delivered resources or rows of the named type.
func (p *Pass) CountResources(name string, n uint64) { p.resources[name] += n }

// Merge adds the counts of q to p and clears q.
func (p *Pass) Merge(q *Pass) {
	for i, n := range q.Counts {
		p.Counts[i] += n
	}
	for name, n := range q.resources {
		p.resources[name] += n
	}
	p.Details = append(p.Details, q.Details...)
	p.Found.Merge(&q.Found)
	clear(q.Counts)
	clear(q.resources)
	q.Details = q.Details[:0]
}

// Record returns the record of the exchange so far, with its result and a reason. It
// contains no value.
func (p *Pass) Record(result, reason string) *Record {
	r := &Record{
		Time:           p.started.UTC(),
		RequestID:      p.Origin.RequestID,
		Consumer:       p.Origin.Consumer,
		Project:        p.plan.Keys.Project(),
		Door:           p.Origin.Door,
		Operation:      p.Origin.Operation,
		Result:         result,
		Reason:         reason,
		Ruleset:        p.plan.Ruleset,
		RulesetSHA256:  p.plan.RulesetSHA256,
		KeyFingerprint: p.plan.Keys.Fingerprint(),
		DurationMicros: time.Since(p.started).Microseconds(),
		plan:           p.plan,
	}
	if len(p.resources) > 0 {
		r.Resources = make([]Count, 0, len(p.resources))
	}
	for name, n := range p.resources {
		r.Resources = append(r.Resources, Count{Name: name, N: n})
	}
	slices.SortFunc(r.Resources, func(a, b Count) int { return strings.Compare(a.Name, b.Name) })
	p.used = p.used[:0]
	for i := p.nextUsed(0); i < len(p.Counts); i = p.nextUsed(i + 1) {
		p.used = append(p.used, Use{&p.plan.Actions[i], p.Counts[i]})
	}
	r.Used = append(make([]Use, 0, len(p.used)), p.used...)
	r.Found = p.Found.Counts()
	if p.Detail {
		r.Details = append([]Detail(nil), p.Details...)
	}
	return r
}

// nextUsed returns the first used action from i on, or the number of actions. Of several
// thousand, a response uses a few dozen.
func (p *Pass) nextUsed(i int) int {
	c := p.Counts
	for ; i < len(c); i++ {
		if i+8 <= len(c) && c[i]|c[i+1]|c[i+2]|c[i+3]|c[i+4]|c[i+5]|c[i+6]|c[i+7] == 0 {
			i += 7
			continue
		}
		if c[i] != 0 {
			break
		}
	}
	return i
}

// NewRequestID returns 32 hex digits from the system's random source. It
// names an exchange and never enters masked bytes.
func NewRequestID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails: crypto/rand ends the process instead
	return hex.EncodeToString(b[:])
}
