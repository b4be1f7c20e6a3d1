package fhirfile

import (
	"fmt"
	"slices"
	"strings"

	"github.com/veil-proxy/veil/fhir"
	"github.com/veil-proxy/veil/fhir/guard"
	"github.com/veil-proxy/veil/file"
	"github.com/veil-proxy/veil/mask"
)

// loss is an action that leaves out something as a whole: a resource that a rule
// withholds, or something unknown to the schema. What a rule removes from a resource is
// not a loss: that is its purpose.
type loss struct {
	action int
	what   string
}

func lossesOf(a *fhir.Automaton) []loss {
	types := guard.New(a).Types()
	var out []loss
	for i := range a.Actions {
		act := &a.Actions[i]
		what := strings.Trim(act.Path, "()")
		switch {
		case act.Path == fhir.UnknownResource, act.Path == fhir.UnknownElement:
		case act.Path == fhir.UnknownBase:
			what += " (name it with --upstream-base if it is the same server)"
		case a.Withholds(i), slices.Contains(types, act.Path):
			what += fmt.Sprintf(": withheld by rule %q", act.Rule)
		default:
			continue
		}
		out = append(out, loss{i, what})
	}
	return out
}

// tally counts losses in what is delivered. Resources reported as bad do not count.
type tally struct {
	losses []loss
	before []uint64 // counts before the resource in progress
}

// add adds the losses of a resource to a result, or ignores them if the result is nil.
func (t *tally) add(pass *mask.Pass, r *file.Result) {
	for i, l := range t.losses {
		n := pass.Counts[l.action]
		if r != nil && n > t.before[i] {
			if r.Lost == nil {
				r.Lost = make([]uint64, len(t.losses))
			}
			r.Lost[i] += n - t.before[i]
		}
		t.before[i] = n
	}
}
