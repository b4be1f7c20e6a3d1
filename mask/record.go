package mask

import (
	"context"
	"slices"
	"strconv"
	"time"
)

// Record is the value-free account of one exchange: who requested what kind
// of thing, and which rules were applied how often. It never holds a value,
// an original id or text from a request.
type Record struct {
	Time      time.Time
	RequestID string
	// Consumer and Project name the consumer and its key space.
	Consumer, Project string
	// Client is the address that the request came from, without its port.
	Client string
	// Door is "fhir", "postgres" or "file", or "keys" where pseudonyms were opened.
	Door string
	// Operation is an interaction or statement class, such as "read Patient".
	Operation string
	// Statement is the fingerprint of a SQL statement: the same for statements
	// that differ in their literals alone. Relations are the names of those it
	// reads.
	Statement string
	Relations []string
	// Result is "complete", "refused" or "failed".
	Result string
	// Reason says in fixed words why an exchange was refused or failed.
	Reason string

	// Run names the run of a job that masked the file; a run has records of its own,
	// at its start and its end, with Program, the version of Veil.
	Run, Program string
	// File is a keyed pseudonym of a masked file's name, and FileName the name itself
	// if the operator wants it. InputDigest is a keyed digest of what was read,
	// and OutputDigest the SHA-256 of what was written.
	File, FileName, InputDigest, OutputDigest string

	Ruleset        string
	RulesetSHA256  string
	KeyFingerprint string

	// Resources counts what was delivered, by type, in order of name.
	Resources []Count
	// Used has each action that was used, in the policy's order.
	Used []Use
	// Found counts what detectors took out of texts, in order of detector and label.
	Found []FoundCount
	// Details has one entry for each application, if the log is set to record them.
	Details []Detail

	DurationMicros int64

	plan *Plan // that Used is of; nil if it is of none
}

// Plan is what the record is of, or nil if that is not known.
func (r *Record) Plan() *Plan { return r.plan }

// Count is a number of things of one name.
type Count struct {
	Name string `json:"name"`
	N    uint64 `json:"n"`
}

// Applied says how often a rule acted on one element path or column, and
// what came of it.
type Applied struct {
	Rule     string `json:"rule"`
	Category string `json:"category,omitempty"`
	Path     string `json:"path"`
	Method   string `json:"method"`
	N        uint64 `json:"n"`
}

// Use says how often an action of a plan was used. There are about a hundred in a record,
// most of which nobody reads, so it refers to the action.
type Use struct {
	*Action
	N uint64
}

// Number is that of the action in the record's plan, or -1 if it is not known.
func (u *Use) Number() int { return int(u.number) - 1 }

// AppendJSON appends the Applied of a use as encoding/json writes it.
func (u *Use) AppendJSON(dst []byte) []byte {
	text := u.text
	if text == "" {
		text = u.asJSON()
	}
	return append(strconv.AppendUint(append(dst, text...), u.N, 10), '}')
}

// NewUses returns what AppendApplied appends, as a record has it.
func NewUses(all ...Applied) (uses []Use) {
	for _, a := range all {
		uses = append(uses, Use{Action: &Action{Rule: a.Rule, Category: a.Category, Path: a.Path, Method: a.Method}, N: a.N})
	}
	return uses
}

// mostNumbered is how many categories of a plan have numbers.
const mostNumbered = 63

// AppendByCategory appends how often rules of each category were applied, in the order in
// which Used has them.
func (r *Record) AppendByCategory(dst []Count) []Count {
	begin := len(dst)
	var at [mostNumbered + 1]int // where a numbered one is, from 1
	for i := range r.Used {
		u := &r.Used[i]
		n := at[u.category]
		if n == 0 || u.category == 0 {
			n = 1 + begin + slices.IndexFunc(dst[begin:], func(c Count) bool { return c.Name == u.Category })
			if n == begin {
				dst = append(dst, Count{Name: u.Category})
				n = len(dst)
			}
			at[u.category] = n
		}
		dst[n-1].N += u.N
	}
	return dst
}

// AppendApplied appends what Used says, without the plan.
func (r *Record) AppendApplied(dst []Applied) []Applied {
	for _, u := range r.Used {
		dst = append(dst, Applied{Rule: u.Rule, Category: u.Category, Path: u.Path, Method: u.Method, N: u.N})
	}
	return dst
}

// Detail is one application: where, by pseudonym and indexed path.
type Detail struct {
	// Resource is the masked identity, such as "Patient/<pseudonym>".
	Resource string `json:"resource"`
	// Path is indexed, such as "Patient.name[0].given[1]".
	Path    string  `json:"path"`
	Rule    string  `json:"rule"`
	Outcome Outcome `json:"outcome"`
}

// MarshalText writes the outcome's word.
func (o Outcome) MarshalText() ([]byte, error) { return []byte(o.String()), nil }

// Sink takes records. Append returns when the record is durable; when it
// returns an error the exchange must not be completed.
type Sink interface {
	Append(ctx context.Context, r *Record) error
}
