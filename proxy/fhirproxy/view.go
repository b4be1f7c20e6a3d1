package fhirproxy

import (
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"

	"github.com/veil-proxy/veil/fhir"
	"github.com/veil-proxy/veil/fhir/guard"
	"github.com/veil-proxy/veil/mask"
	"github.com/veil-proxy/veil/mask/keys"
	"github.com/veil-proxy/veil/proxy/consumer"
)

// View is what a consumer may see: a ruleset with the key of a project.
type View struct {
	// Name is what accounts of consumers name; "" is the one of accounts that
	// name none.
	Name      string
	Automaton *fhir.Automaton
	// Detail asks for one audit entry an application.
	Detail bool
	// MinCount is the least number of matches that a search, or a history of a
	// type, may tell of. One that finds fewer is refused, since it could single a
	// person out; so are the filters of exports, whose matches nobody counts.
	// What is reached by the id of one resource is not held against it. Zero
	// tells every number.
	MinCount int
}

// Policy is who may ask, and what each may see. An exchange has one policy from
// its beginning to its end, whatever Reload puts in force meanwhile.
type Policy struct {
	Consumers *consumer.Directory
	Views     []View
}

// view is a View made ready for exchanges.
type view struct {
	name      string
	automaton *fhir.Automaton
	guard     *guard.Guard
	ruleset   string // header value
	detail    bool
	minCount  int
	linkSlot  keys.Slot
	keys      sync.Pool // *mask.Pseudonymizer
	plainPass sync.Pool // *mask.Pass, for records of what was not masked
	maskers   *maskers
	seekers   sync.Pool // *fhir.Walker, for patients of other resources
	metadata  cached
}

// policy is a Policy made ready for exchanges.
type policy struct {
	consumers *consumer.Directory
	views     map[string]*view
}

// newPolicy checks a policy. All problems are reported at once.
func (s *Server) newPolicy(c Policy) (*policy, error) {
	p := &policy{consumers: c.Consumers, views: map[string]*view{}}
	var problems []error
	for i, v := range c.Views {
		switch {
		case v.Automaton == nil:
			problems = append(problems, fmt.Errorf("views[%d] has no compiled ruleset", i))
		case p.views[v.Name] != nil:
			problems = append(problems, fmt.Errorf("views[%d]: there is another view of this name", i))
		case v.MinCount < 0:
			problems = append(problems, fmt.Errorf("views[%d]: the least count is negative", i))
		default:
			p.views[v.Name] = s.newView(v)
		}
	}
	if c.Consumers == nil {
		problems = append(problems, errors.New("the policy has no consumers: nobody could ask"))
	} else if len(problems) == 0 {
		for _, name := range c.Consumers.Views() {
			if p.views[name] == nil {
				problems = append(problems, fmt.Errorf("consumers see view %q, which is not configured: views are %s", name, p.names()))
			}
		}
	}
	return p, errors.Join(problems...)
}

func (p *policy) names() string {
	var names []string
	for name := range p.views {
		names = append(names, fmt.Sprintf("%q", name))
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}

func (s *Server) newView(c View) *view {
	rs := c.Automaton.Policy.Ruleset
	v := &view{
		name:      c.Name,
		automaton: c.Automaton,
		guard:     guard.New(c.Automaton),
		ruleset:   fmt.Sprintf("%s; sha256=%s", rs.Name, rs.SHA256()),
		detail:    c.Detail,
		minCount:  c.MinCount,
		linkSlot:  c.Automaton.Policy.Keys.SealSlot("page"),
		maskers:   newMaskers(runtime.GOMAXPROCS(0)),
	}
	v.keys.New = func() any { return c.Automaton.Policy.Keys.NewPseudonymizer() }
	v.plainPass.New = func() any { return mask.NewPass(c.Automaton.Plan) }
	v.seekers.New = func() any { return fhir.NewWalker(c.Automaton, fhir.RememberNothing) }
	return v
}
