package guard_test

import (
	"flag"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/veil-proxy/veil/fhir"
	"github.com/veil-proxy/veil/fhir/guard"
	"github.com/veil-proxy/veil/fhir/schema"
	"github.com/veil-proxy/veil/internal/masktest"
)

var update = flag.Bool("update", false, "write golden files anew")

func resourceTypes() []string {
	var names []string
	for _, typ := range schema.R4().Types() {
		if typ.Kind == schema.ResourceKind && !typ.Abstract {
			names = append(names, typ.Name)
		}
	}
	return names
}

// TestGuardTable holds the verdict on every search parameter of R4 under Safe
// Harbor against a table that people can read. Parameters of all resources stand
// once, unless a type differs.
func TestGuardTable(t *testing.T) {
	const golden = "testdata/guard-safe-harbor.tsv"
	g := guard.New(masktest.Shipped(t, "safe-harbor"))
	var b strings.Builder
	b.WriteString("type\tparameter\tkind\tallowed\twhy\n")
	common := map[string]string{}
	for _, p := range g.SearchParams("Patient") {
		if strings.HasPrefix(p.Name, "_") {
			common[p.Name] = p.Why
			fmt.Fprintf(&b, "Resource\t%s\t%s\t%v\t%s\n", p.Name, p.Type, p.Allowed, p.Why)
		}
	}
	for _, typ := range resourceTypes() {
		if _, rule := g.Type(typ); rule != "" {
			fmt.Fprintf(&b, "%s\t*\t\tfalse\twithheld by rule %q\n", typ, rule)
			for _, p := range g.SearchParams(typ) {
				if p.Allowed {
					t.Errorf("%s.%s is allowed", typ, p.Name)
				}
			}
			continue
		}
		for _, p := range g.SearchParams(typ) {
			if common[p.Name] != p.Why {
				fmt.Fprintf(&b, "%s\t%s\t%s\t%v\t%s\n", typ, p.Name, p.Type, p.Allowed, p.Why)
			}
		}
	}
	if *update {
		if err := os.WriteFile(golden, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if b.String() != string(want) {
		lines, wanted := strings.Split(b.String(), "\n"), strings.Split(string(want), "\n")
		for _, l := range lines {
			if !slices.Contains(wanted, l) {
				t.Errorf("new or other: %s", l)
			}
		}
		for _, l := range wanted {
			if !slices.Contains(lines, l) {
				t.Errorf("gone: %s", l)
			}
		}
		t.Error("the table has changed: look at each line, then run go test ./fhir/guard -run TestGuardTable -update")
	}
}

// comparison says, slowly and from outside, what a parameter compares: the elements of
// its expression, down to the values that a server indexes.
type comparison struct {
	a *fhir.Automaton
}

var (
	twinCast  = regexp.MustCompile(`\(?([A-Za-z.]+) as ([A-Za-z]+)\)?`)
	twinCall  = regexp.MustCompile(`\.as\(([A-Za-z]+)\)`)
	twinWhere = regexp.MustCompile(`\.where\([^()]*(\([^()]*\))?[^()]*\)`)
	twinTail  = regexp.MustCompile(` and .*$|\.exists\(\)`)
)

// elements returns the paths of an expression for a type.
func (comparison) elements(typ, expression string) []string {
	var paths []string
	for _, part := range strings.Split(expression, " | ") {
		part = twinCast.ReplaceAllString(strings.TrimSpace(part), "$1.ofType($2)")
		part = twinCall.ReplaceAllString(part, ".ofType($1)")
		part = twinWhere.ReplaceAllString(part, "")
		part = strings.Trim(twinTail.ReplaceAllString(part, ""), " ")
		part = strings.ReplaceAll(part, "ofType(DateTime)", "ofType(dateTime)")
		for _, base := range []string{"Resource.", "DomainResource."} {
			if rest, ok := strings.CutPrefix(part, base); ok {
				part = typ + "." + rest
			}
		}
		if strings.HasPrefix(part, typ+".") {
			paths = append(paths, part)
		}
	}
	return paths
}

// inside are the values that a server indexes of an object, by parameter type.
var inside = map[string]map[string][]string{
	"token":     {"CodeableConcept": {"coding.system", "coding.code"}, "Coding": {"system", "code"}, "Identifier": {"system", "value"}, "ContactPoint": {"system", "value"}},
	"reference": {"Reference": {"reference"}},
	"date":      {"Period": {"start", "end"}, "Timing": {"event", "repeat.bounds.ofType(Period).start", "repeat.bounds.ofType(Period).end"}},
	"quantity": {"Quantity": {"value", "unit", "system", "code"}, "Age": {"value", "unit", "system", "code"}, "Duration": {"value", "unit", "system", "code"}, "Money": {"value", "currency"},
		"Range": {"low.value", "low.unit", "low.code", "high.value", "high.unit", "high.code"}, "SampledData": {"data"}, "SimpleQuantity": {"value", "unit", "system", "code"}},
	"string": {"HumanName": {"family", "given", "text"}, "Address": {"line", "city", "district", "state", "postalCode", "country", "text"}},
}

// shows are the methods by which a value that a parameter compares is seen for
// what it is compared by, by parameter type.
var shows = map[string][]string{
	"token":     {"keep", "code", "coding", "concept", "resourceId"},
	"reference": {"reference", "canonical"},
	"date":      {"year", "birthYear"},
	"quantity":  {"quantity", "coding", "ageCap"},
	"number":    {"keep", "ageCap"},
	"string":    {"state", "country", "zip3"},
	"uri":       {"canonical"},
}

// check reports elements that a passing parameter compares and that are not seen.
func (w comparison) check(typ, kind, expression, why string, composite bool) (bad []string) {
	paths := w.elements(typ, expression)
	if len(paths) == 0 {
		return []string{"no element"}
	}
	for _, path := range paths {
		seen, err := w.a.Explain(path)
		if err != nil {
			return []string{err.Error()}
		}
		for _, e := range seen {
			members, object := inside[kind][e.Type]
			switch {
			case kind == "date" && slices.Contains([]string{"string", "Age", "Range"}, e.Type), kind == "quantity" && e.Type == "SampledData", kind == "token" && strings.HasSuffix(expression, "!= false"):
				continue // not compared; only the boolean tells
			case e.Type == "instant" && e.Method == "date" && strings.Contains(why, "shifted back"):
				continue // never partial, so the shift is undone
			case composite && kind == "token" && strings.Contains(e.Condition, "in %ages"):
				continue // the other part must be a code that is none of an age
			case !object || !slices.Contains([]string{"descend", "quantity", "coding", "concept"}, e.Method):
				members = []string{""}
			}
			for _, m := range members {
				if m == "" {
					if !slices.Contains(shows[kind], e.Method) {
						bad = append(bad, fmt.Sprintf("%s (%s) is compared, and what is seen is: %s", e.Path, e.Type, e.Effect))
					}
					continue
				}
				from := path
				if strings.Contains(e.Path, ".ofType(") && !strings.Contains(path, ".ofType(") {
					from += e.Path[strings.LastIndex(e.Path, ".ofType("):]
				}
				leaves, err := w.a.Explain(from + "." + m)
				if err != nil {
					bad = append(bad, err.Error())
				}
				for _, l := range leaves {
					if !slices.Contains(shows[kind], l.Method) && !(kind == "quantity" && l.Method == "code") {
						bad = append(bad, fmt.Sprintf("%s.%s is compared, and what is seen is: %s", e.Path, m, l.Effect))
					}
				}
			}
		}
	}
	return bad
}

// TestPassingParametersCompareWhatIsSeen: whatever the ruleset, each parameter
// that passes compares only elements of which Explain says that they are kept,
// opened or cut to what may be requested.
func TestPassingParametersCompareWhatIsSeen(t *testing.T) {
	for _, variant := range []string{
		"extends: safe-harbor",
		"extends: research",
		hides("Observation.status", "Patient.gender", "Condition.subject", "Encounter.period", "Observation.value", "Patient.active"),
		hides("Coding.code", "Period.end", "Reference.reference"),
		hides("nodesByType('CodeableConcept')", "Quantity.unit", "nodesByType('dateTime')"),
		hides("CodeableConcept.coding", "Meta.lastUpdated", "Address.postalCode", "Timing.repeat"),
		hides("Coding.system", "Quantity.code", "Observation.component", "Range.high", "Patient.deceased.ofType(boolean)"),
	} {
		a, err := masktest.Compile(t, "veil: 1\nname: variant\n"+variant+"\n")
		if err != nil {
			t.Fatal(err)
		}
		g, w, passing := guard.New(a), comparison{a}, 0
		for _, typ := range resourceTypes() {
			for _, p := range g.SearchParams(typ) {
				if !p.Allowed || p.Name == "_id" {
					continue
				}
				passing++
				sp, ok := schema.R4().SearchParam(typ, p.Name)
				if !ok {
					t.Fatalf("%s.%s is no parameter", typ, p.Name)
				}
				parts := []schema.SearchParam{*sp}
				if sp.Type == "composite" {
					parts = nil
					for _, c := range sp.Components {
						var full []string
						for _, base := range strings.Split(sp.Expression, " | ") {
							if strings.HasPrefix(base+".", typ+".") {
								for _, rest := range strings.Split(c.Expression, " | ") {
									full = append(full, base+"."+rest)
								}
							}
						}
						parts = append(parts, schema.SearchParam{Type: c.Type, Expression: strings.Join(full, " | ")})
					}
				}
				for _, part := range parts {
					for _, bad := range w.check(typ, part.Type, part.Expression, p.Why, sp.Type == "composite") {
						t.Errorf("%s: %s.%s passes: %s", strings.SplitN(variant, "\n", 2)[0], typ, p.Name, bad)
					}
				}
			}
		}
		t.Logf("%d parameters pass", passing)
		if passing < 100 {
			t.Errorf("only %d parameters pass", passing)
		}
	}
}

// hides is a ruleset that removes more than Safe Harbor does.
func hides(matches ...string) string {
	var b strings.Builder
	b.WriteString("extends: safe-harbor\nfhir:\n  rules:\n")
	for i, m := range matches {
		id := fmt.Sprintf("hidden-%d", i)
		switch m {
		case "nodesByType('CodeableConcept')":
			id = "concepts"
		case "nodesByType('dateTime')":
			id = "dates"
		case "Address.postalCode":
			id = "zip3"
		case "Reference.reference":
			id = "references"
		}
		fmt.Fprintf(&b, "    - {id: %s, match: \"%s\", method: remove}\n", id, m)
	}
	return b.String()
}
