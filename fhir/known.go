package fhir

import (
	"github.com/veil-proxy/veil/fhir/people"
	"github.com/veil-proxy/veil/mask"
	"github.com/veil-proxy/veil/text"
)

// peopleState is what is known about the people whom the resources being walked may name.
// It is collected when the first text needs it, from everything available: all entries of
// a Bundle.
type peopleState struct {
	collected bool
	known     *text.Known
}

// mostResources bounds how many further resources are read to learn about the people in a
// text. A text that needs more is removed.
const mostResources = 1000

// known returns what is known about the people whom a text may name, or nil if that could
// not be determined.
func (w *Walker) known() *text.Known {
	if !w.people.collected {
		w.people.collected = true
		w.people.known = w.collectPeople()
	}
	return w.people.known
}

func (w *Walker) collectPeople() *text.Known {
	c := people.New(w.a.schema)
	c.Relative = w.site.relativeText
	c.Add(w.src)
	if w.site.of == nil {
		return c.Known()
	}
	asked, complete := 0, true
	ask := func(ref string, facts func(typ, id string) (people.Facts, error)) {
		typ, id, ok := w.a.splitTarget([]byte(ref))
		if !ok || facts == nil {
			return
		}
		if asked++; asked > mostResources {
			complete = false
			return
		}
		f, err := facts(typ.typ.Name, string(id))
		if err != nil {
			complete = false // whatever else is missing is requested in the same walk
			return
		}
		c.AddFacts(f)
	}
	// A resource of a role refers to a person: references are followed twice.
	for range 2 {
		for _, ref := range c.References() {
			ask(ref, w.site.of.People)
		}
	}
	if w.site.of.Relatives != nil {
		for _, patient := range c.Patients() {
			ask(patient, func(_, id string) (people.Facts, error) { return w.site.of.Relatives(id) })
		}
	}
	if !complete {
		return nil
	}
	return c.Known()
}

// later is Site.Later, if there is one.
func (ix *siteIndex) later() mask.Later {
	if ix.of == nil {
		return nil
	}
	return ix.of.Later
}

// Relative returns a function that removes the base of the original server from an
// absolute URL, and reports whether the URL has one.
func (s *Site) Relative() func(url string) (string, bool) { return newSiteIndex(s).relativeText }

// ScrubsTexts reports whether a rule needs known values of people from other resources than
// that of the text. If so, Site.People is called, and a Bundle is masked as a whole.
func (a *Automaton) ScrubsTexts() bool { return a.scrubs }

func (ix *siteIndex) relativeText(url string) (string, bool) {
	rel, ok := ix.relative([]byte(url))
	return string(rel), ok
}
