package fhirproxy

import (
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/veil-proxy/veil/fhir"
	"github.com/veil-proxy/veil/fhir/guard"
	"github.com/veil-proxy/veil/fhir/inparts"
	"github.com/veil-proxy/veil/mask"
	"github.com/veil-proxy/veil/mask/keys"
	"github.com/veil-proxy/veil/proxy"
	"github.com/veil-proxy/veil/proxy/consumer"
	"github.com/veil-proxy/veil/proxy/fhirproxy/lend"
	"github.com/veil-proxy/veil/proxy/fhirproxy/lookup"
)

// View is what a consumer may see: a ruleset and the key of a project.
type View struct {
	// Name is the name by which consumer accounts refer to the view; "" is the view of
	// accounts that name none.
	Name      string
	Automaton *fhir.Automaton
	// Detail requests one audit entry per application of a rule.
	Detail bool
	// MinCount is the least number of matches that a search, or the history of a type, may
	// reveal. One with fewer matches is refused, since it could single out a person; so
	// are filters of exports, whose matches are not counted. Requests by the id of one
	// resource are exempt. Zero means no minimum.
	MinCount int
}

// Policy says who has access, and what each consumer may see. An exchange has one
// policy from beginning to end, whatever Reload puts in force meanwhile.
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
	// maskers: one for each processor, since more would only take memory.
	maskers  *lend.Lender[masker]
	lookups  *lookup.Rules
	metadata cached
	bundles  *inparts.Rules
	// unstreamed: the rules turned out not to allow masking Bundles in parts; unstreamedXML:
	// nor does the order in which the upstream sends them, for consumers of XML.
	unstreamed, unstreamedXML atomic.Bool
}

// Plan is proxy.View's.
func (v *view) Plan() *mask.Plan { return v.automaton.Plan }

// newPolicy checks a policy. All problems are reported at once.
func (s *Server) newPolicy(c Policy) (*proxy.Policy, error) {
	views := map[string]proxy.View{}
	var problems []error
	for i, v := range c.Views {
		switch {
		case v.Automaton == nil:
			problems = append(problems, fmt.Errorf("views[%d] has no compiled ruleset", i))
		case v.Automaton.Schema() != version():
			problems = append(problems, fmt.Errorf("views[%d]: the ruleset is for FHIR %s; the listener serves FHIR %s", i, v.Automaton.Schema().Name, version().Name))
		case views[v.Name] != nil:
			problems = append(problems, fmt.Errorf("views[%d]: another view has this name", i))
		case v.MinCount < 0:
			problems = append(problems, fmt.Errorf("views[%d]: minCount is negative", i))
		default:
			views[v.Name] = s.newView(v)
		}
	}
	if err := errors.Join(problems...); err != nil {
		return nil, err
	}
	return proxy.NewPolicy(c.Consumers, views)
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
		maskers:   lend.New[masker](runtime.GOMAXPROCS(0)),
		bundles:   inparts.NewRules(c.Automaton),
		lookups:   s.lookups.Rules(c.Automaton),
	}
	v.keys.New = func() any { return c.Automaton.Policy.Keys.NewPseudonymizer() }
	return v
}
