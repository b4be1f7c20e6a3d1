package sqlflow

import (
	"github.com/veil-proxy/veil/mask"
)

// Options are the parts of a consumer's policy that a ruleset does not have.
type Options struct {
	// Relations limits the consumer to the relations whose schema.table one of
	// these globs matches. Empty: all that the ruleset lets exist.
	Relations []string
	// Functions are functions of the database, as schema.name, that the operator
	// vouches for: they may be called with values that are not sealed.
	Functions []string
	// Explain permits EXPLAIN without ANALYZE. Row estimates tell of originals.
	Explain bool
	// Document is the method "fhir": it masks a JSON, JSONB or XML value that is a
	// FHIR resource. Without it such columns are removed.
	Document mask.Method
}

// Policy is a ruleset's tables section that runs, for one consumer. It is
// immutable and safe for concurrent use.
type Policy struct {
	masks   *mask.Policy
	options Options
}

// NewPolicy lays the options over a ruleset's policy. The error says which option
// is wrong.
func NewPolicy(p *mask.Policy, o Options) (*Policy, error) {
	return &Policy{masks: p, options: o}, nil
}
