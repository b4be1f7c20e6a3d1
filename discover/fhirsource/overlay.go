package fhirsource

import (
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// The minimum that a code system must have for its codes to count as codes rather than
// identifiers: occurrences, and average occurrences per code. Forms with fewer than
// fewest codes are left out.
const (
	leastCodes  = 20
	leastRepeat = 3
	mostForms   = 6
)

// Decision says what an overlay lets pass.
type Decision struct {
	// Patterns are patterns of codes, by the name of their code system.
	Patterns map[string]string
	// Canonicals are prefixes of the URLs of profiles.
	Canonicals []string
	// Extensions are the URLs of extensions whose values are masked by the rules of their
	// types instead of being removed.
	Extensions []string
}

// Proposed returns the decision that follows from a report alone: code systems whose codes
// repeat like codes, and profiles.
func (r *Report) Proposed() Decision {
	d := Decision{Patterns: map[string]string{}}
	for i := range r.CodeSystems {
		if c := &r.CodeSystems[i]; !c.Passes && c.Pattern != "" {
			d.Patterns[c.Name] = c.Pattern
		}
	}
	prefixes := map[string]bool{}
	for i := range r.Profiles {
		if p := &r.Profiles[i]; p.Count >= leastCodes/4 && p.Canonical() != "" {
			prefixes[p.Canonical()] = true
		}
	}
	d.Canonicals = slices.Sorted(maps.Keys(prefixes))
	return d
}

// Canonical returns the prefix of the URL of a profile that does not pass, or nothing if it
// passes or its URL does not have the form of a definition's.
func (i *Item) Canonical() string {
	at := strings.Index(i.Name, "/StructureDefinition/")
	if i.Passes || at <= 0 {
		return ""
	}
	return i.Name[:at]
}

// WriteOverlay writes an overlay with rules for what is not covered yet: code systems
// whose codes repeat like codes, and profiles. What a person must decide is in comments.
func (r *Report) WriteOverlay(w io.Writer, name string) error {
	_, err := io.WriteString(w, r.Overlay(name, r.Proposed()))
	return err
}

// Overlay returns the overlay for a decision.
func (r *Report) Overlay(name string, d Decision) string {
	var active, rules, inactive strings.Builder
	for i := range r.CodeSystems {
		c := &r.CodeSystems[i]
		if c.Passes {
			continue
		}
		if pattern, ok := d.Patterns[c.Name]; ok {
			fmt.Fprintf(&active, "    - {system: %q, form: pattern, pattern: %q, display: remove} # %d codes\n", c.Name, pattern, c.Codes)
		} else {
			fmt.Fprintf(&inactive, "#   code system %s: %d codings; its codes hardly repeat, or are few\n", c.Name, c.Count)
		}
	}
	for i := range r.Extensions {
		e := &r.Extensions[i]
		if e.Passes {
			continue
		}
		if slices.Contains(d.Extensions, e.Name) {
			fmt.Fprintf(&rules, "    - {id: extension-%d, match: %q, method: descend} # %d times\n", i+1, "extension('"+e.Name+"')", e.Count)
		} else {
			fmt.Fprintf(&inactive, "#   extension %s: %d times; write a rule with match: extension('%s')\n", e.Name, e.Count, e.Name)
		}
	}
	var b strings.Builder
	fmt.Fprintf(&b, "# Proposed by veil discover fhir. Read it before you use it: the forms are those of a\n# sample. Use it in a ruleset of yours: extends: [safe-harbor, ./%s.yaml]\nveil: 1\nname: %s\noverlay: true\nfhir:\n", name, name)
	if active.Len() == 0 {
		b.WriteString("  codeSystems: []\n")
	} else {
		b.WriteString("  codeSystems:\n" + active.String())
	}
	if len(d.Canonicals) > 0 {
		b.WriteString("  canonicals:\n")
		for _, p := range d.Canonicals {
			fmt.Fprintf(&b, "    - %q\n", p)
		}
	}
	if rules.Len() > 0 {
		b.WriteString("  rules:\n" + rules.String())
	}
	if inactive.Len() > 0 {
		b.WriteString("# Not covered, for you to decide:\n" + inactive.String())
	}
	return b.String()
}

// pattern returns a pattern for the codes of a system, by their forms.
func (i *Item) pattern() (string, bool) {
	if i.Count < leastCodes || len(i.codes)*leastRepeat > i.Count || len(i.forms) > mostForms {
		return "", false
	}
	var parts []string
	for _, f := range slices.Sorted(maps.Keys(i.forms)) {
		if f == "" || strings.Contains(f, "?") || strings.Count(f, "9") > 6 {
			return "", false
		}
		parts = append(parts, expression(f))
	}
	return strings.Join(parts, "|"), true
}

// expression returns a regular expression for a form.
func expression(form string) string {
	var b strings.Builder
	for k := 0; k < len(form); {
		n := 1
		for k+n < len(form) && form[k+n] == form[k] {
			n++
		}
		switch form[k] {
		case '9':
			b.WriteString("[0-9]")
		case 'A':
			b.WriteString("[A-Z]")
		case 'a':
			b.WriteString("[a-z]")
		default:
			b.WriteString(regexp.QuoteMeta(form[k : k+1]))
		}
		if n > 1 {
			fmt.Fprintf(&b, "{%d}", n)
		}
		k += n
	}
	return b.String()
}
