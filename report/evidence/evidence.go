// Package evidence reports what Veil did in a period, for those who must decide whether
// data may be used and cannot look into Veil: privacy officers, ethics boards, auditors.
//
//	e, err := evidence.Gather(ctx, options)
//	asJSON, err := signed.JSON(evidence.Kind, e, signer)
//	asHTML, err := e.HTML(signer)
//
// Figures come from audit logs, which are verified while they are read, in memory that
// does not grow with them. Each line says on what it rests: a Basis. The report has names
// of rules, consumers and rulesets, fixed words and numbers; there is no value of data in
// an audit log, and what a log or a result has beyond that is not taken over.
//
// The report says what was measured. It never says that data is anonymous, that a law is
// complied with, or that nothing was missed: provisions of law (provisions*.go) are shown
// beside the sections that concern them, with what remains the organisation's own to do.
package evidence

import (
	"time"

	"github.com/veil-proxy/veil/report/signed"
)

// Kind is what evidence is signed as.
const Kind = "evidence"

// Basis is what a line rests on.
type Basis string

// The bases.
const (
	// Measured is what Veil has counted or computed itself, from logs whose chain was
	// verified, from rulesets that it compiled, or in a result that it has signed.
	Measured Basis = "measured by Veil"
	// Stated is what the operator says, such as in a configuration or an unsigned file.
	Stated Basis = "stated by the operator"
	// NotCovered is what this report says nothing about.
	NotCovered Basis = "not covered"
)

// Evidence is the report. Its JSON has a member for each section.
type Evidence struct {
	Kind    string    `json:"kind"`
	Version string    `json:"version"` // of Veil
	Time    time.Time `json:"time"`    // when it was made
	Period  Period    `json:"period"`
	// VerifierKey verifies the report. Whoever verifies takes it from elsewhere.
	VerifierKey   string         `json:"verifierKey"`
	Totals        Totals         `json:"totals"`
	Logs          []Log          `json:"logs"`
	Rulesets      []Ruleset      `json:"rulesets"`
	Identifiers   []Identifier   `json:"identifiers"`
	Applications  []Application  `json:"applications"`
	Requests      []Request      `json:"requests"`
	Days          []Day          `json:"days"`
	Delivered     []Delivered    `json:"delivered"`
	Refusals      []Problem      `json:"refusals"`
	Consumers     []Consumer     `json:"consumers"`
	Keys          []Key          `json:"keys"`
	Rotations     []Rotation     `json:"rotations"`
	Runs          Runs           `json:"runs"`
	Openings      []Opening      `json:"openings"`
	Configuration *Configuration `json:"configuration,omitempty"`
	Discovery     *Discovery     `json:"discovery,omitempty"`
	Drift         *Drift         `json:"drift,omitempty"`
	SelfTest      *Embedded      `json:"selftest,omitempty"`
	Fidelity      *Embedded      `json:"fidelity,omitempty"`
	Risk          *Embedded      `json:"risk,omitempty"`
	Provisions    []Provision    `json:"provisions"`
}

// Period is the time that is reported: from From on and before To, in days of UTC.
type Period struct {
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
}

// MostYears bounds a period, so that charts have a bounded number of bars.
const MostYears = 20

func (p *Period) has(t time.Time) bool { return !t.Before(p.From) && t.Before(p.To) }

// Totals are those of the period.
type Totals struct {
	Basis        Basis  `json:"basis"`
	Records      uint64 `json:"records"`
	Exchanges    uint64 `json:"exchanges"`
	Complete     uint64 `json:"complete"`
	Refused      uint64 `json:"refused"`
	Failed       uint64 `json:"failed"`
	Interrupted  uint64 `json:"interrupted"`
	FailedLogins uint64 `json:"failedLogins"`
	Applications uint64 `json:"applications"`
}

// Log is an audit log and what its verification found.
type Log struct {
	Basis    Basis     `json:"basis"`
	Name     string    `json:"name"`
	Segments int       `json:"segments"`
	Lines    uint64    `json:"lines"`
	Records  uint64    `json:"records"`
	First    time.Time `json:"first"` // of its records
	Last     time.Time `json:"last"`
	// Recovered is how often a line that a crash left half written was set aside.
	Recovered int `json:"recovered"`
	// LastHash is the hash of the line Lines: the end of the chain when it was read.
	LastHash string `json:"lastHash"`
	// Checkpoint is the line up to which a signed checkpoint vouches for the log, and
	// CheckpointKey the key that verified it; 0 where none was verified.
	Checkpoint      uint64 `json:"checkpoint"`
	CheckpointKey   string `json:"checkpointKey,omitempty"`
	CheckpointBasis Basis  `json:"checkpointBasis"`
	// InPeriod is the number of its records in the period.
	InPeriod uint64 `json:"inPeriod"`
}

// Ruleset is a ruleset that masked in the period.
type Ruleset struct {
	Basis   Basis     `json:"basis"`
	Name    string    `json:"name"`
	SHA256  string    `json:"sha256"`
	First   time.Time `json:"first"`
	Last    time.Time `json:"last"`
	Records uint64    `json:"records"`
	// Configured says that the configuration names it.
	Configured bool `json:"configured"`
	// Coverage is nil where no ruleset with that hash is at hand.
	Coverage      *Coverage `json:"coverage,omitempty"`
	CoverageBasis Basis     `json:"coverageBasis"`
}

// Coverage is what a compiled ruleset acts on.
type Coverage struct {
	Files []signed.Input `json:"files"` // the files that make it up
	// Paths is the number of element paths of FHIR, Passing that of those whose original
	// value can pass.
	Paths   int `json:"paths"`
	Passing int `json:"passing"`
	// FHIRRules, TableRules and DocumentRules count rules.
	FHIRRules     int `json:"fhirRules"`
	TableRules    int `json:"tableRules"`
	DocumentRules int `json:"documentRules"`
	// TableDefault is what happens to columns that no rule matches.
	TableDefault string            `json:"tableDefault,omitempty"`
	Identifiers  []IdentifierRules `json:"identifiers"`
}

// IdentifierRules are the rules of one of the eighteen identifiers.
type IdentifierRules struct {
	Letter        string   `json:"letter"`
	Rules         []string `json:"rules"`
	Paths         int      `json:"paths"`
	TableRules    int      `json:"tableRules"`
	DocumentRules int      `json:"documentRules"`
}

// Identifier is one of the eighteen identifiers of 45 CFR 164.514(b)(2)(i), with what was
// applied for it in the period.
type Identifier struct {
	Basis        Basis    `json:"basis"`
	Letter       string   `json:"letter"`
	Title        string   `json:"title"`
	Rules        []string `json:"rules"` // that were applied
	Applications uint64   `json:"applications"`
	// ConfiguredRules counts those of rulesets whose coverage is known.
	ConfiguredRules int `json:"configuredRules"`
}

// Application says how often a rule was applied, by day.
type Application struct {
	Basis    Basis    `json:"basis"`
	Rule     string   `json:"rule"`
	Category string   `json:"category,omitempty"`
	Methods  []string `json:"methods"`
	Total    uint64   `json:"total"`
	Days     Counts   `json:"days"`
}

// Counts are numbers by day, such as 2026-11-29.
type Counts map[string]uint64

// Request counts exchanges of one kind.
type Request struct {
	Basis       Basis  `json:"basis"`
	Listener    string `json:"listener"`
	Operation   string `json:"operation"`
	Complete    uint64 `json:"complete"`
	Refused     uint64 `json:"refused"`
	Failed      uint64 `json:"failed"`
	Interrupted uint64 `json:"interrupted"`
}

// Day counts the exchanges of a day.
type Day struct {
	Day         string `json:"day"`
	Complete    uint64 `json:"complete"`
	Refused     uint64 `json:"refused"`
	Failed      uint64 `json:"failed"`
	Interrupted uint64 `json:"interrupted"`
}

// Delivered counts resources and rows that were delivered.
type Delivered struct {
	Basis    Basis  `json:"basis"`
	Listener string `json:"listener"`
	Type     string `json:"type"`
	N        uint64 `json:"n"`
}

// Problem counts exchanges that were refused or failed, by reason.
type Problem struct {
	Basis    Basis  `json:"basis"`
	Listener string `json:"listener"`
	Result   string `json:"result"`
	Reason   string `json:"reason"`
	N        uint64 `json:"n"`
	Days     Counts `json:"days"`
}

// Consumer is who received data.
type Consumer struct {
	Basis       Basis     `json:"basis"`
	Name        string    `json:"name"`
	Listeners   []string  `json:"listeners"`
	Projects    []string  `json:"projects"`
	Rulesets    []string  `json:"rulesets"` // hashes
	First       time.Time `json:"first"`
	Last        time.Time `json:"last"`
	Complete    uint64    `json:"complete"`
	Refused     uint64    `json:"refused"`
	Failed      uint64    `json:"failed"`
	Interrupted uint64    `json:"interrupted"`
}

// Key is a project key, by its fingerprint.
type Key struct {
	Basis       Basis     `json:"basis"`
	Project     string    `json:"project"`
	Fingerprint string    `json:"fingerprint"`
	First       time.Time `json:"first"`
	Last        time.Time `json:"last"`
	Records     uint64    `json:"records"`
}

// Rotation is the first use of a key in a project that had another one before.
type Rotation struct {
	Basis    Basis     `json:"basis"`
	Project  string    `json:"project"`
	Previous string    `json:"previous"`
	Next     string    `json:"next"`
	Time     time.Time `json:"time"`
}

// Runs counts jobs over files.
type Runs struct {
	Basis       Basis  `json:"basis"`
	Complete    uint64 `json:"complete"`
	Failed      uint64 `json:"failed"`
	Interrupted uint64 `json:"interrupted"`
	Files       uint64 `json:"files"` // that were masked whole
}

// Opening counts how often an operator had pseudonyms opened.
type Opening struct {
	Basis    Basis  `json:"basis"`
	Operator string `json:"operator"`
	Project  string `json:"project"`
	Requests uint64 `json:"requests"`
}
