package schema

import (
	"strings"
	"testing"
)

// TestAnotherVersionIsTables: R4B is its tables and nothing else.
func TestAnotherVersionIsTables(t *testing.T) {
	t.Parallel()
	s := R4B()
	if s.Version != "4.3.0" || !s.Is("4.3") || s.Is("4.0.1") || len(s.Compartments) != 5 {
		t.Errorf("version %s, compartments %v", s.Version, s.Compartments)
	}
	for _, name := range []string{"Ingredient", "SubscriptionStatus", "NutritionProduct", "CodeableReference"} {
		if s.Type(name) == nil || R4().Type(name) != nil {
			t.Errorf("%s is not what R4B has and R4 has not", name)
		}
	}
	if s.Type("EffectEvidenceSynthesis") != nil {
		t.Error("R4B has a type that it dropped")
	}
	if paths := s.PatientPaths(); len(paths["Observation"].Direct) == 0 || len(paths["Organization"].Direct) > 0 {
		t.Error("patients are not found by R4B's search parameters")
	}
	if sp, ok := s.SearchParam("Ingredient", "manufacturer"); !ok || sp.Type != "reference" {
		t.Error("a search parameter of R4B is missing")
	}
	if g := s.Type("Patient.contact").OneOfWith("name"); g == nil || g.invariant != "pat-1" {
		t.Error("invariants do not hold in R4B")
	}
}

// TestVersionsByName: a version is found by its name and its number; another one is an
// error that names those there are.
func TestVersionsByName(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"", "R4", "4.0", "4.0.1"} {
		if s, err := Named(name); err != nil || s != R4() {
			t.Errorf("%q: %v", name, err)
		}
	}
	for _, name := range []string{"R4B", "4.3", "4.3.0"} {
		if s, err := Named(name); err != nil || s != R4B() {
			t.Errorf("%q: %v", name, err)
		}
	}
	for _, r := range releases {
		if s := r.schema(); s.Name != r.name || s.Version != r.number {
			t.Errorf("the tables of %s %s are of %s %s", r.name, r.number, s.Name, s.Version)
		}
	}
	for _, name := range []string{"R6", "4", "r4", "4.0.1.1"} {
		if _, err := Named(name); err == nil || !strings.Contains(err.Error(), "expected R4 or R4B") {
			t.Errorf("%q: %v", name, err)
		}
	}
}

// TestInvariantsAreOfR4: every line of the list holds in R4, and a line of another form
// is an error.
func TestInvariantsAreOfR4(t *testing.T) {
	t.Parallel()
	lines := 0
	for _, line := range strings.Split(invariantsText, "\n") {
		if line != "" && line[0] != '#' {
			lines++
		}
	}
	found := 0
	for _, typ := range R4().Types() {
		found += len(typ.oneOf) + len(typ.Needs)
		if typ.ReadAsText != "" {
			found++
		}
	}
	if lines == 0 || found != lines {
		t.Errorf("of %d invariants %d hold in R4", lines, found)
	}
	for _, line := range []string{"one pat-1 Patient.contact name", "some pat-1 Patient.contact name,telecom name"} {
		if err := R4().invariants(line); err == nil {
			t.Errorf("%q is no error", line)
		}
	}
}

func TestR4Version(t *testing.T) {
	if got := R4().Version; got != R4Version {
		t.Errorf("the tables are of %s, R4Version is %s", got, R4Version)
	}
}
