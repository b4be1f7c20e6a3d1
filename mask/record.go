package mask

import (
	"context"
	"slices"
	"strconv"
	"time"
)

// Record is the account of one exchange: who requested what kind of thing, and which
// rules were applied how often. It never holds a value, an original id or text from a
// request.
type Record struct {
	Time      time.Time
	RequestID string
	// Consumer and Project name the consumer and its key space.
	Consumer, Project string
	// Client is the client's address, without its port.
	Client string
	// Door is "fhir", "postgres" or "file", or "keys" where pseudonyms were opened.
	Door string
	// Operation is an interaction or statement class, such as "read Patient".
	Operation string
	// Statement is the fingerprint of a SQL statement: the same for statements that differ
	// only in their literals. Relations are the names of the relations it reads.
	Statement string
	Relations []string
	// Result is "complete", "refused" or "failed".
	Result string
	// Reason says in fixed words why an exchange was refused or failed.
	Reason string

	// Run names the run of the job that masked the file. A run has its own records, at its
	// start and its end, with Program, the version of Veil.
	Run, Program string
	// File is a keyed pseudonym of a masked file's name, and FileName the name itself if
	// the operator has names recorded. InputDigest is a keyed digest of the input, and
	// OutputDigest the SHA-256 of the output.
	File, FileName, InputDigest, OutputDigest string

	Ruleset        string
	RulesetSHA256  string
	KeyFingerprint string

	// Resources counts the delivered resources or rows by type, in order of name.
	Resources []Count
	// Used has each action that was used, in the plan's order.
	Used []Use
	// Found counts the spans that detectors removed from texts, in order of detector and
	// label.
	Found []FoundCount
	// Details has one entry for each application, if the log is set to record them.
	Details []Detail

	DurationMicros int64

	plan *Plan // that Used refers to; nil if there is none
}

// Plan returns the plan that the record is about, or nil if it is not known.
func (r *Record) Plan() *Plan { return r.plan }

// Count is how many things have a name.
type Count struct {
	Name string `json:"name"`
	N    uint64 `json:"n"`
}

// Applied says how often a rule acted on one element path or column, and by which
// method.
type Applied struct {
	Rule     string `json:"rule"`
	Category string `json:"category,omitempty"`
	Path     string `json:"path"`
	Method   string `json:"method"`
	N        uint64 `json:"n"`
}

// Use says how often an action of a plan was used. It refers to the action instead of
// copying it, because a record has about a hundred uses, most of which are never read.
type Use struct {
	*Action
	N uint64
}

// Number returns the number of the action in the record's plan, or -1 if it is not
// known.
func (u *Use) Number() int { return int(u.number) - 1 }

// AppendJSON appends the use as encoding/json would write its Applied.
func (u *Use) AppendJSON(dst []byte) []byte {
	text := u.text
	if text == "" {
		text = u.asJSON()
	}
	return append(strconv.AppendUint(append(dst, text...), u.N, 10), '}')
}

// NewUses returns the uses for which AppendApplied appends all.
func NewUses(all ...Applied) (uses []Use) {
	for _, a := range all {
		uses = append(uses, Use{Action: &Action{Rule: a.Rule, Category: a.Category, Path: a.Path, Method: a.Method}, N: a.N})
	}
	return uses
}

// mostNumbered bounds the numbered categories of a plan.
const mostNumbered = 63

// AppendByCategory appends how often the rules of each category were applied, in the
// order of Used.
func (r *Record) AppendByCategory(dst []Count) []Count {
	begin := len(dst)
	var at [mostNumbered + 1]int // index of a numbered one, from 1
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

// AppendApplied appends the contents of Used as Applied values, which do not refer to
// the plan.
func (r *Record) AppendApplied(dst []Applied) []Applied {
	for _, u := range r.Used {
		dst = append(dst, Applied{Rule: u.Rule, Category: u.Category, Path: u.Path, Method: u.Method, N: u.N})
	}
	return dst
}

// Detail is one application of a rule, located by the resource's pseudonym and an
// indexed path.
type Detail struct {
	// Resource is the masked identity, such as "Patient/<pseudonym>".
	Resource string `json:"resource"`
	// Path is indexed, such as "Patient.name[0].given[1]".
	Path    string  `json:"path"`
	Rule    string  `json:"rule"`
	Outcome Outcome `json:"outcome"`
}

// MarshalText returns the outcome as the audit log writes it.
func (o Outcome) MarshalText() ([]byte, error) { return []byte(o.String()), nil }

// Sink stores records. Append returns once the record is durable. If it returns an
// error, the exchange must not be completed.
type Sink interface {
	Append(ctx context.Context, r *Record) error
}
