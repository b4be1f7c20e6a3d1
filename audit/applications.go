package audit

import (
	"bytes"

	"github.com/veil-proxy/veil/mask"
)

// Application is what stands in many records: a rule that was applied at a path. A follower
// returns the same one each time.
type Application struct {
	Rule, Category, Path, Method string
	// Number is one of its own, from 0 in the order in which a follower met them; -1 for one
	// that is not remembered, since there were too many.
	Number int

	next *Application // the one that stood behind it last
}

// Use says how often a rule was applied in a record.
type Use struct {
	*Application
	N uint64
}

// applications are those that were read so far, by their text in a line up to their count. As
// records have them in the order of their ruleset, the next one is mostly the one that came
// next before, and then only its text is compared.
type applications struct {
	known map[string]*Application
	texts []string    // by number
	start Application // its next one is the first of a record
}

const beforeCount = `,"n":`

// uses reads the applications of a record behind their bracket.
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
	n := bytes.Index(s.b, []byte(beforeCount)) // quotes in a text would have a backslash
	if n < 0 {
		return nil
	}
	text := s.b[:n+len(beforeCount)]
	if a := all.known[string(text)]; a != nil {
		s.b = s.b[len(text):]
		return a
	}
	a := &Application{Rule: s.must(`{"rule":`), Category: s.text(`,"category":`), Path: s.must(`,"path":`), Method: s.must(`,"method":`)}
	if !s.skip(beforeCount) {
		return nil
	}
	all.keep(a, string(text))
	return a
}

// keep remembers an application.
func (all *applications) keep(a *Application, text string) {
	if a.Number = -1; len(all.texts) >= mostTexts {
		return
	}
	a.Number = len(all.texts)
	all.texts = append(all.texts, text)
	all.known[text] = a
}

// usesOf are the applications of a line that was not scanned.
func (p *parser) usesOf(dst []Use, applied []mask.Applied) []Use {
	for i := range applied {
		text := string(appendApplication(nil, &applied[i]))
		a := p.applications.known[text]
		if a == nil {
			a = &Application{Rule: applied[i].Rule, Category: applied[i].Category, Path: applied[i].Path, Method: applied[i].Method}
			p.applications.keep(a, text)
		}
		dst = append(dst, Use{a, applied[i].N})
	}
	return dst
}
