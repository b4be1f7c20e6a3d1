package audit

import (
	"bytes"
	"encoding/json"

	"github.com/veil-proxy/veil/mask"
)

// Application is a rule applied at a path. Many records have the same one, and a follower
// returns the same pointer each time.
type Application struct {
	Rule, Category, Path, Method string
	// Number is unique, counted from 0 in the order in which a follower met them. It is -1
	// for an application that is not remembered, because there were too many.
	Number int

	next *Application // the one that followed it last
}

// Use says how often an application occurs in a record.
type Use struct {
	*Application
	N uint64
}

// applications are those read so far, by their text in a line up to their count. Since
// records list them in the order of their ruleset, the next one is usually the one that
// followed last time, and then only its text is compared.
type applications struct {
	known map[string]*Application
	list  []*Application // by number
	texts []string       // by number
	start Application    // its next one is the first of a record
}

const beforeCount = `,"n":`

// uses reads the applications of a record after the opening bracket.
func (s *scan) uses(dst []Use) []Use {
	all := &s.p.applications
	last := &all.start
	for more := true; more && !s.bad; more = s.more() {
		a := last.next
		if a == nil || !s.skip(all.texts[a.Number]) {
			if a = s.application(all); a == nil {
				s.bad = true
				break
			}
			if a.Number >= 0 {
				last.next = a
			}
		}
		last = a
		dst = append(dst, Use{a, s.number()})
		s.bad = s.bad || !s.skip(`}`)
	}
	return dst
}

// application reads an application up to its count; nil if there is none.
func (s *scan) application(all *applications) *Application {
	n := bytes.Index(s.b, []byte(beforeCount)) // quotes in a text are escaped
	if n < 0 {
		return nil
	}
	text := s.b[:n+len(beforeCount)]
	if a := all.known[string(text)]; a != nil {
		s.b = s.b[len(text):]
		return a
	}
	of := mask.Applied{Rule: s.must(`{"rule":`), Category: s.text(`,"category":`), Path: s.must(`,"path":`), Method: s.must(`,"method":`)}
	if !s.skip(beforeCount) {
		return nil
	}
	a := all.application(of) // since another line may write it with other escapes
	if len(all.known) < 2*mostTexts {
		all.known[string(text)] = a
	}
	return a
}

// keep remembers an application.
func (all *applications) keep(a *Application, text string) {
	if a.Number = -1; len(all.texts) >= mostTexts {
		return
	}
	a.Number = len(all.texts)
	all.texts, all.list = append(all.texts, text), append(all.list, a)
	all.known[text] = a
}

// ofAction returns the application of an action.
func (all *applications) ofAction(action *mask.Action) *Application {
	of := mask.Applied{Rule: action.Rule, Category: action.Category, Path: action.Path, Method: action.Method}
	text := append(appendApplication(nil, &of), "0}"...)
	_ = json.Unmarshal(text, &of) // as a reader of the line gets it: with U+FFFD for invalid UTF-8
	return all.application(of)
}

// application returns the Application for one in a record.
func (all *applications) application(of mask.Applied) *Application {
	text := string(appendApplication(nil, &of))
	a := all.known[text]
	if a == nil {
		a = &Application{Rule: of.Rule, Category: of.Category, Path: of.Path, Method: of.Method}
		all.keep(a, text)
	}
	return a
}

func newApplications() applications {
	return applications{known: map[string]*Application{}}
}

// marked appends the uses in the line's mark.
func (p *parser) marked(dst []Use) []Use {
	plan := p.mark.plan
	known := p.plans[plan]
	if known == nil {
		if len(p.plans) >= mostPlans {
			clear(p.plans)
		}
		known = make([]*Application, len(plan.Actions))
		p.plans[plan] = known
	}
	for _, u := range p.mark.uses {
		a := known[u.action]
		if a == nil {
			a = p.applications.ofAction(&plan.Actions[u.action])
			if a.Number >= 0 {
				known[u.action] = a
			}
		}
		dst = append(dst, Use{a, uint64(u.n)})
	}
	return dst
}

// usesOf returns the applications of a line that was not scanned.
func (p *parser) usesOf(dst []Use, applied []mask.Applied) []Use {
	for i := range applied {
		dst = append(dst, Use{p.applications.application(applied[i]), applied[i].N})
	}
	return dst
}
