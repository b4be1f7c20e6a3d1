package fhirsource

import (
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// The least that a code system must have for its codes to be taken for codes rather than
// identifiers: occurrences, and how often a code occurs on average. Of a form, fewest
// that few codes have are left out.
const (
	leastCodes  = 20
	leastRepeat = 3
	mostForms   = 6
)

// WriteOverlay writes an overlay of rules for what is not covered yet: code systems whose
// codes repeat like codes, and profiles. What a person must decide is in comments.
func (r *Report) WriteOverlay(w io.Writer, name string) error {
	var active, inactive strings.Builder
	for i := range r.CodeSystems {
		c := &r.CodeSystems[i]
		if c.Passes {
			continue
		}
		if pattern, ok := c.pattern(); ok {
			fmt.Fprintf(&active, "    - {system: %q, form: pattern, pattern: %q, display: remove} # %d codes\n", c.Name, pattern, len(c.codes))
		} else {
			fmt.Fprintf(&inactive, "#   code system %s: %d codings; its codes hardly repeat, or are few\n", c.Name, c.Count)
		}
	}
	prefixes := map[string]bool{}
	for i := range r.Profiles {
		p := &r.Profiles[i]
		if at := strings.Index(p.Name, "/StructureDefinition/"); !p.Passes && at > 0 && p.Count >= leastCodes/4 {
			prefixes[p.Name[:at]] = true
		}
	}
	for i := range r.Extensions {
		if e := &r.Extensions[i]; !e.Passes {
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
	if len(prefixes) > 0 {
		b.WriteString("  canonicals:\n")
		for _, p := range slices.Sorted(maps.Keys(prefixes)) {
			fmt.Fprintf(&b, "    - %q\n", p)
		}
	}
	if inactive.Len() > 0 {
		b.WriteString("# Not covered, for you to decide:\n" + inactive.String())
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// pattern is a pattern of the codes of a system, by the forms that they have.
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

// expression is a regular expression of a form.
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
