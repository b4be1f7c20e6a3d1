package evidence

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/veil-proxy/veil/audit"
)

// Options say what to report on.
type Options struct {
	Version string
	Time    time.Time
	Period  Period
	// Logs are the folders of audit logs, one per process.
	Logs []string
	// CheckpointKey verifies the checkpoints of the logs; empty for none. A log without a
	// checkpoint is an error only if NeedCheckpoint is set.
	CheckpointKey  string
	NeedCheckpoint bool
	// Lines limits how many lines of each log are counted, if there are more by now; nil
	// means all.
	Lines []uint64
	// VerifierKey verifies the report's signature.
	VerifierKey string
	// Rulesets are the available rulesets.
	Rulesets []Known
	// Configuration, Discovery, Drift, SelfTest, Fidelity and Risk may be nil.
	Configuration            *Configuration
	Discovery                *Discovery
	Drift                    *Drift
	SelfTest, Fidelity, Risk *Embedded
	// Progress is called with the number of bytes read and their total, unless nil.
	Progress func(read, all int64)
}

// Known is an available ruleset.
type Known struct {
	Name, SHA256 string
	// Configured says that the configuration names it.
	Configured bool
	// Coverage computes what it acts on, when needed.
	Coverage func() (*Coverage, error)
}

// Gather reads the logs and makes the report. A log that is not intact is an error.
func Gather(ctx context.Context, o *Options) (*Evidence, error) {
	e := &Evidence{Kind: Kind, Version: o.Version, Time: o.Time.UTC().Truncate(time.Second), Period: o.Period, VerifierKey: o.VerifierKey}
	t := newTally(o.Period)
	p := progress{told: o.Progress}
	for _, dir := range o.Logs {
		n, err := audit.Size(dir)
		if err != nil {
			return nil, err
		}
		p.all += n
	}
	for i, dir := range o.Logs {
		key, lines := o.CheckpointKey, uint64(math.MaxUint64)
		if !o.NeedCheckpoint && !audit.HasCheckpoint(dir) {
			key = ""
		}
		if o.Lines != nil {
			lines = o.Lines[i]
		}
		l, err := readLog(ctx, dir, key, lines, t, &p)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", dir, err)
		}
		l.Name = fmt.Sprintf("log %d", i+1)
		e.Logs = append(e.Logs, *l)
	}
	if t.totals.Records == 0 {
		return nil, empty(e.Logs, o.Period)
	}
	t.fill(e)
	if err := e.cover(o.Rulesets); err != nil {
		return nil, err
	}
	e.Configuration, e.Discovery, e.Drift = o.Configuration, o.Discovery, o.Drift
	e.SelfTest, e.Fidelity, e.Risk = o.SelfTest, o.Fidelity, o.Risk
	e.Provisions = e.provisions()
	return e, nil
}

// empty is the error of a period without records.
func empty(logs []Log, p Period) error {
	var first, last time.Time
	for _, l := range logs {
		switch {
		case l.Records == 0:
		case first.IsZero():
			first, last = l.First, l.Last
		default:
			first, last = earlier(first, l.First), later(last, l.Last)
		}
	}
	if first.IsZero() {
		return errors.New("the audit log has no record: there is nothing to report")
	}
	return fmt.Errorf("the log has no record between %s and %s: its first is from %s, its last from %s",
		p.From.Format(time.RFC3339), p.To.Format(time.RFC3339), first.Format(time.RFC3339), last.Format(time.RFC3339))
}

// progress tracks the progress of reading.
type progress struct {
	read, all, next int64
	told            func(read, all int64)
}

// progressEvery is how many bytes are read between two reports.
const progressEvery = 8 << 20

func (p *progress) add(n int) {
	p.read += int64(n)
	if p.told != nil && (p.read >= p.next || p.read >= p.all) {
		p.next = p.read + progressEvery
		p.told(p.read, p.all)
	}
}

// readLog verifies a log and counts its records, up to a line.
func readLog(ctx context.Context, dir, key string, upTo uint64, t *tally, p *progress) (*Log, error) {
	l := &Log{Basis: Measured, CheckpointBasis: NotCovered}
	open, before, segment := begun{}, t.totals.Records, 0
	rep, err := audit.VerifyEach(dir, key, func(line *audit.Line, n int) error {
		p.add(n)
		if line.Seq > upTo {
			return ctx.Err()
		}
		l.Lines, l.LastHash = line.Seq, line.Hash
		switch line.Kind {
		case "header":
			segment++
		case "recovered":
			l.Recovered++
		case "record":
			if l.Records++; l.Records == 1 {
				l.First, l.Last = line.Time, line.Time
			}
			l.First, l.Last = earlier(l.First, line.Time), later(l.Last, line.Time)
			t.record(line, open)
		}
		return ctx.Err()
	})
	if err != nil {
		return nil, err
	}
	t.interrupted(open)
	l.Segments, l.InPeriod = segment, t.totals.Records-before
	if key != "" {
		l.Checkpoint, l.CheckpointKey, l.CheckpointBasis = rep.Checkpoint, key, Measured
	}
	return l, nil
}

// cover adds the coverage of available rulesets to the rulesets that were used. A
// configured ruleset that was not used in the period is added.
func (e *Evidence) cover(known []Known) error {
	for i := range known {
		k := &known[i]
		at := slices.IndexFunc(e.Rulesets, func(r Ruleset) bool { return r.SHA256 == k.SHA256 })
		if at < 0 {
			if !k.Configured {
				continue
			}
			e.Rulesets = append(e.Rulesets, Ruleset{Basis: Stated, Name: k.Name, SHA256: k.SHA256})
			at = len(e.Rulesets) - 1
		}
		r := &e.Rulesets[at]
		r.Configured = r.Configured || k.Configured
		if r.Coverage != nil {
			continue
		}
		var err error
		if r.Coverage, err = k.Coverage(); err != nil {
			return fmt.Errorf("ruleset %s: %w", k.Name, err)
		}
		r.CoverageBasis = Measured
	}
	slices.SortStableFunc(e.Rulesets, func(a, b Ruleset) int { return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.SHA256, b.SHA256)) })
	for i := range e.Identifiers {
		rules := map[string]bool{}
		for _, r := range e.Rulesets {
			if r.Coverage == nil {
				continue
			}
			for _, id := range r.Coverage.Identifiers {
				if id.Letter == e.Identifiers[i].Letter {
					for _, rule := range id.Rules {
						rules[rule] = true
					}
				}
			}
		}
		e.Identifiers[i].ConfiguredRules = len(rules)
	}
	return nil
}

// hasLetter reports whether a category, such as DEF, has an identifier.
func hasLetter(category, letter string) bool { return strings.Contains(category, letter) }
