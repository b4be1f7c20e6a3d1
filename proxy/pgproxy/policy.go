package pgproxy

import (
	"crypto/tls"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/veil-proxy/veil/mask"
	"github.com/veil-proxy/veil/mask/ruleset"
	"github.com/veil-proxy/veil/postgres/analysis"
	"github.com/veil-proxy/veil/proxy"
	"github.com/veil-proxy/veil/proxy/consumer"
)

// Policy says who may log in, and what each consumer may see. When another policy is
// put in force, a session ends before its next statement.
type Policy struct {
	// Consumers are the accounts that may log in.
	Consumers *consumer.Directory
	// Views are what consumers see, by the name that their accounts give; "" is the view
	// of accounts that name none.
	Views map[string]View
	// TLS configures encrypted connections; nil for none. If it has exactly one
	// certificate, clients can bind their login to the connection.
	TLS *tls.Config
}

// View is what a consumer sees, and how much of it.
type View struct {
	Policy  *ruleset.Policy
	Options analysis.Options
	// Detail requests one audit entry per application of a rule.
	Detail bool
	// StatementTimeout bounds a statement. If it is zero, Limits.StatementTimeout does.
	StatementTimeout time.Duration
	// Rows bounds the rows of a statement; zero means no bound.
	Rows uint64
}

// encryption is the listener's configuration of encrypted connections.
type encryption struct {
	tls     *tls.Config       // nil: none
	binding *consumer.Binding // nil: none
}

// view is a View in force.
type view struct {
	policy  *analysis.Policy
	plain   *mask.Plan // of statements in which nothing is masked
	detail  bool
	timeout time.Duration
	rows    uint64
}

// Plan is proxy.View's.
func (v *view) Plan() *mask.Plan { return v.plain }

// newPolicy checks a policy. All problems with its views are reported at once.
func newPolicy(c Policy, limits Limits) (*proxy.Policy, error) {
	views := map[string]proxy.View{}
	var problems []error
	// Sorted, so that the list of problems is deterministic.
	for _, name := range slices.Sorted(maps.Keys(c.Views)) {
		v := c.Views[name]
		if v.Policy == nil {
			problems = append(problems, fmt.Errorf("view %q has no ruleset", name))
			continue
		}
		if v.StatementTimeout < 0 {
			problems = append(problems, fmt.Errorf("view %q: the statement timeout is negative", name))
		}
		if v.StatementTimeout == 0 {
			v.StatementTimeout = limits.StatementTimeout
		}
		flow, err := analysis.NewPolicy(v.Policy, v.Options)
		if err != nil {
			problems = append(problems, fmt.Errorf("view %q: %w", name, err))
		}
		views[name] = &view{policy: flow, plain: v.Policy.NewPlan(), detail: v.Detail, timeout: v.StatementTimeout, rows: v.Rows}
	}
	if err := errors.Join(problems...); err != nil {
		return nil, err
	}
	return proxy.NewPolicy(c.Consumers, views)
}

// Reload puts another policy in force. If it returns an error, the previous policy
// stays in force.
func (s *Server) Reload(c Policy) error {
	force, err := s.Prepare(c)
	if err == nil {
		force()
	}
	return err
}

// ofProtocol returns the configuration that all connections share, for PostgreSQL's
// protocol, without session tickets, which its clients do not use.
func ofProtocol(config *tls.Config) *tls.Config {
	if config == nil {
		return nil
	}
	config = config.Clone()
	config.NextProtos, config.SessionTicketsDisabled = []string{protocolName}, true
	return config
}

// Prepare checks a policy and returns a function that puts it in force, so that several
// listeners change together or not at all.
func (s *Server) Prepare(c Policy) (force func(), err error) {
	p, err := newPolicy(c, s.limits)
	if err != nil {
		return nil, err
	}
	bound, err := binding(c.TLS)
	if err != nil {
		return nil, err
	}
	return func() {
		s.encryption.Store(&encryption{ofProtocol(c.TLS), bound})
		s.shared.Force(p)
		s.mu.Lock()
		defer s.mu.Unlock()
		for x := range s.open {
			x.stopWaiting()
		}
	}, nil
}

// View returns the policy in force for the statements of a view, and how long they may take,
// or nil if there is no such view. It is meant for callers that show what consumers see.
func (s *Server) View(name string) (policy *analysis.Policy, timeout time.Duration) {
	v, ok := s.shared.Policy().Views()[name].(*view)
	if !ok {
		return nil, 0
	}
	return v.policy, v.timeout
}

// outdated reports whether the session must end since another policy is in force. A
// transaction may finish first.
func (x *session) outdated() bool {
	return x.login.Policy != x.s.shared.Policy() && x.status == 'I' && len(x.expected) == 0
}
