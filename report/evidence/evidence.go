// Package evidence reports what Veil did in a period, for people who must decide whether
// data may be used but have no access to Veil: privacy officers, ethics boards,
// auditors.
//
//	e, err := evidence.Gather(ctx, options)
//	asJSON, err := signed.JSON(evidence.Kind, e, signer)
//	asHTML, err := e.HTML(signer)
//
// Figures come from audit logs, which are verified while they are read, in memory that
// does not grow with them. Each line states its Basis. The report contains names of
// rules, consumers and rulesets, fixed words and numbers. An audit log contains no value
// of the data, and whatever else a log or a result contains is not included.
//
// The report says what was measured. It never says that data is anonymous, that a law is
// complied with, or that nothing was missed. It shows provisions of law (provisions*.go)
// next to the sections that concern them, with what remains for the organisation to do.
package evidence

import (
	"time"

	"github.com/veil-proxy/veil/report/signed"
)

// Kind is the kind that evidence is signed as.
const Kind = "evidence"

// Basis is the basis of a line.
type Basis string

// The bases.
const (
	// Measured is what Veil itself counted or computed: from logs whose chain was
	// verified, from rulesets that it compiled, or in a result that it signed.
	Measured Basis = "measured by Veil"
	// Stated is what the operator states, such as in a configuration or an unsigned file.
	Stated Basis = "stated by the operator"
	// NotCovered is what the report does not cover.
	NotCovered Basis = "not covered"
)

// Evidence is the report. Its JSON has a member for each section.
type Evidence struct {
	Kind    string    `json:"kind"`
	Version string    `json:"version"` // of Veil
	Time    time.Time `json:"time"`    // when it was made
	Period  Period    `json:"period"`
	// VerifierKey verifies the report. Verifiers must obtain it from elsewhere.
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

// Period is the time reported on: from From, inclusive, to To, exclusive, in UTC days.
type Period struct {
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
}

// MostYears bounds a period, which bounds the number of bars in charts.
const MostYears = 20

func (p *Period) has(t time.Time) bool { return !t.Before(p.From) && t.Before(p.To) }

// Totals are the totals of the period.
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

// Log is an audit log and the result of its verification.
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
	// LastHash is the hash of line number Lines: the end of the chain when it was read.
	LastHash string `json:"lastHash"`
	// Checkpoint is the line up to which a signed checkpoint vouches for the log, or 0 if
	// none was verified. CheckpointKey is the key that verified it.
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
	// Coverage is nil if no ruleset with that hash is available.
	Coverage      *Coverage `json:"coverage,omitempty"`
	CoverageBasis Basis     `json:"coverageBasis"`
}

// Coverage is what a compiled ruleset acts on.
type Coverage struct {
	Files []signed.Input `json:"files"` // the files that make it up
	// Paths is the number of FHIR element paths, Passing the number of those whose
	// original value can pass.
	Paths   int `json:"paths"`
	Passing int `json:"passing"`
	// FHIRRules, TableRules and DocumentRules count rules.
	FHIRRules     int `json:"fhirRules"`
	TableRules    int `json:"tableRules"`
	DocumentRules int `json:"documentRules"`
	// TableDefault says what happens to columns that no rule matches.
	TableDefault string            `json:"tableDefault,omitempty"`
	Identifiers  []IdentifierRules `json:"identifiers"`
}

// IdentifierRules are the rules for one of the eighteen identifiers.
type IdentifierRules struct {
	Letter        string   `json:"letter"`
	Rules         []string `json:"rules"`
	Paths         int      `json:"paths"`
	TableRules    int      `json:"tableRules"`
	DocumentRules int      `json:"documentRules"`
}

// Identifier is one of the eighteen identifiers of 45 CFR 164.514(b)(2)(i), with the
// rules applied for it in the period.
type Identifier struct {
	Basis        Basis    `json:"basis"`
	Letter       string   `json:"letter"`
	Title        string   `json:"title"`
	Rules        []string `json:"rules"` // that were applied
	Applications uint64   `json:"applications"`
	// ConfiguredRules counts the rules of rulesets whose coverage is known.
	ConfiguredRules int `json:"configuredRules"`
}

// Application is how often a rule was applied, by day.
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

// Delivered counts delivered resources and rows.
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

// Rotation is the first use of a key in a project that used another one before.
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

// Opening counts how often an operator opened pseudonyms.
type Opening struct {
	Basis    Basis  `json:"basis"`
	Operator string `json:"operator"`
	Project  string `json:"project"`
	Requests uint64 `json:"requests"`
}
