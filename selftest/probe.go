package selftest

import (
	"cmp"
	"slices"
	"sync"
)

// Outcome is the outcome of a probe.
type Outcome string

// The outcomes.
const (
	Pass   Outcome = "pass"
	Fail   Outcome = "fail"
	NotRun Outcome = "not run"
)

// Severity says how serious a failed probe is.
type Severity string

// The severities.
const (
	Critical Severity = "critical" // an original was seen, or the next request can have one
	High     Severity = "high"     // an original can be tested, or a defence is missing
	Medium   Severity = "medium"   // part of an original can be learned, or a defence is weak
	Low      Severity = "low"      // worth knowing
)

// Probe is one thing that was tried or examined. None of its texts contains a value of
// the data.
type Probe struct {
	// ID is the same in every run: "postgres.predicate.like", "role.superuser".
	ID string `json:"id"`
	// Kind is the group that it is counted in.
	Kind string `json:"kind"`
	// Of is what it is about: a column, an element, a view, a file. It may be empty.
	Of       string   `json:"of,omitempty"`
	Outcome  Outcome  `json:"outcome"`
	Severity Severity `json:"severity"`
	// Control marks a positive control: if one fails, the other probes prove nothing.
	Control bool `json:"control,omitempty"`
	// Seen says what was seen, Do what to do about it.
	Seen string `json:"seen,omitempty"`
	Do   string `json:"do,omitempty"`
}

// Report is what a self-test found.
type Report struct {
	Veil string `json:"veil"` // version of the program
	// Grade is A to F, with the reasons why it is no better.
	Grade   string   `json:"grade"`
	Reasons []string `json:"reasons"`
	// Suites are the names and versions of the suites that ran.
	Suites []string `json:"suites"`
	// Canaries is how many originals were known.
	Canaries int     `json:"canaries"`
	Kinds    []Kind  `json:"kinds"`
	Probes   []Probe `json:"probes"`

	mu sync.Mutex
}

// Kind counts the probes of a kind.
type Kind struct {
	Kind   string `json:"kind"`
	Passed int    `json:"passed"`
	Failed int    `json:"failed"`
	NotRun int    `json:"notRun"`
}

// NewReport returns an empty report by a version of Veil.
func NewReport(version string) *Report { return &Report{Veil: version} }

// Add adds a probe.
func (r *Report) Add(p Probe) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.Probes = append(r.Probes, p)
}

// Ran records that a suite ran.
func (r *Report) Ran(suite string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.Suites = append(r.Suites, suite)
}

// Failed returns the failed probes, worst first.
func (r *Report) Failed() []Probe {
	var failed []Probe
	for _, p := range r.Probes {
		if p.Outcome == Fail {
			failed = append(failed, p)
		}
	}
	slices.SortStableFunc(failed, func(a, b Probe) int { return cmp.Compare(a.rank(), b.rank()) })
	return failed
}

func (p *Probe) rank() int {
	if p.Control {
		return -1
	}
	return slices.Index([]Severity{Critical, High, Medium, Low}, p.Severity)
}

// Finish counts the probes and grades them.
func (r *Report) Finish() {
	r.Kinds = nil
	at := map[string]int{}
	for _, p := range r.Probes {
		i, ok := at[p.Kind]
		if !ok {
			i = len(r.Kinds)
			at[p.Kind], r.Kinds = i, append(r.Kinds, Kind{Kind: p.Kind})
		}
		switch k := &r.Kinds[i]; p.Outcome {
		case Pass:
			k.Passed++
		case Fail:
			k.Failed++
		case NotRun:
			k.NotRun++
		}
	}
	r.grade()
}
