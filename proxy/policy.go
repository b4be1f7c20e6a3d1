package proxy

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/veil-proxy/veil/mask"
	"github.com/veil-proxy/veil/proxy/consumer"
)

// View is what a consumer sees, as prepared by a listener for its protocol.
type View interface {
	// Plan returns the plan for records of exchanges in which nothing is masked.
	Plan() *mask.Plan
}

// Policy says who may connect, and what each consumer sees. It is immutable: a reload
// puts another one in force, and an exchange keeps the one that it began with.
type Policy struct {
	consumers *consumer.Directory
	views     map[string]View
	passes    map[string]*sync.Pool // of *mask.Pass by view, for exchanges in which nothing is masked
}

// NewPolicy checks that every view that a consumer names exists. "" is the view of
// consumers that name none.
func NewPolicy(consumers *consumer.Directory, views map[string]View) (*Policy, error) {
	if consumers == nil {
		return nil, errors.New("no consumer is configured")
	}
	var problems []error
	for _, name := range consumers.Views() {
		if views[name] == nil {
			problems = append(problems, fmt.Errorf("consumers see view %q, which is not configured: views are %s", name, names(views)))
		}
	}
	if err := errors.Join(problems...); err != nil {
		return nil, err
	}
	p := &Policy{consumers, views, map[string]*sync.Pool{}}
	for name, v := range views {
		plan := v.Plan()
		p.passes[name] = &sync.Pool{New: func() any { return mask.NewPass(plan) }}
	}
	return p, nil
}

func names(views map[string]View) string {
	var quoted []string
	for _, name := range slices.Sorted(maps.Keys(views)) {
		quoted = append(quoted, fmt.Sprintf("%q", name))
	}
	return strings.Join(quoted, ", ")
}

// Consumers returns the directory of those who may connect.
func (p *Policy) Consumers() *consumer.Directory { return p.consumers }

// Views returns the views by name. The map must not be changed.
func (p *Policy) Views() map[string]View { return p.views }

// Policy returns the policy in force.
func (l *Listener) Policy() *Policy { return l.policy.Load() }

// Force puts a policy in force for the exchanges that begin from now on.
func (l *Listener) Force(p *Policy) { l.policy.Store(p) }
