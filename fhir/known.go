package fhir

import (
	"github.com/veil-proxy/veil/fhir/people"
	"github.com/veil-proxy/veil/mask"
	"github.com/veil-proxy/veil/text"
)

// peopleState is what is known of the people whom the resources being walked may name. It is
// collected when the first text needs it, of everything at hand: of a Bundle all entries.
type peopleState struct {
	collected bool
	known     *text.Known
}

// mostResources bounds how many resources a text's people are looked up in, beside those at
// hand. A text of more people is removed.
const mostResources = 1000

// known returns what is known of the people whom a text may name, or nil where it could not
// be had.
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
	if w.site.of == nil || w.site.of.People == nil {
		return c.Known()
	}
	// What a resource of a role refers to is a person: references are followed twice.
	for asked, hops := 0, 0; hops < 2; hops++ {
		for _, ref := range c.References() {
			typ, id, ok := w.a.splitTarget([]byte(ref))
			if !ok {
				continue
			}
			if asked++; asked > mostResources {
				return nil
			}
			facts, err := w.site.of.People(typ.typ.Name, string(id))
			if err != nil {
				return nil
			}
			c.AddFacts(facts)
		}
	}
	return c.Known()
}

func (ix *siteIndex) relativeText(url string) (string, bool) {
	rel, ok := ix.relative([]byte(url))
	return string(rel), ok
}

// later is Site.Later, if there is one.
func (ix *siteIndex) later() mask.Later {
	if ix.of == nil {
		return nil
	}
	return ix.of.Later
}

// Relative returns what takes the base of the original server off an absolute URL; it
// reports whether the URL has one.
func (s *Site) Relative() func(url string) (string, bool) { return newSiteIndex(s).relativeText }

// ScrubsTexts reports whether a rule needs what is known of people beyond the resource that
// has the text: Site.People is asked, and a Bundle is masked as a whole.
func (a *Automaton) ScrubsTexts() bool { return a.scrubs }
