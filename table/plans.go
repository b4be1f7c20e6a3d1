package table

import (
	"fmt"
	"strings"
	"sync"
)

// Plans has the plans of the tables seen so far: files of one table share a plan, and so
// their maskers. It is safe for concurrent use.
type Plans struct {
	rules   *Rules
	options Options

	mu    sync.Mutex
	known map[string]*Plan
}

// NewPlans returns a Plans that has seen no table.
func NewPlans(r *Rules, o Options) *Plans {
	return &Plans{rules: r, options: o, known: map[string]*Plan{}}
}

// Of returns the plan of a source whose cells are not lists. Sources with the same
// name, columns and types share one.
func (p *Plans) Of(s Source) (*Plan, error) {
	var key strings.Builder
	fmt.Fprintf(&key, "%q %q", s.Schema, s.Table)
	for _, c := range s.Columns {
		fmt.Fprintf(&key, " %q %d %q %t", c.Name, c.Type, c.Within, c.Repeated)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if plan := p.known[key.String()]; plan != nil {
		return plan, nil
	}
	plan, err := p.rules.Plan(s, p.options)
	if err == nil {
		p.known[key.String()] = plan
	}
	return plan, err
}
