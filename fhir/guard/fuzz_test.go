package guard_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/veil-proxy/veil/fhir/guard"
	"github.com/veil-proxy/veil/fhir/schema"
	"github.com/veil-proxy/veil/internal/masktest"
)

// form is what values that go upstream look like, by how the parameter is
// treated: from outside, and not by how the guard reads them.
var form = map[string]*regexp.Regexp{
	"pseudonyms are opened":        regexp.MustCompile(`^([A-Z][A-Za-z]+/)?(1|veil\.no\.such\.id)$`),
	"codes of the bound value set": regexp.MustCompile(`^[A-Za-z0-9<>=.*+/-]{1,60}$`),
	"true or false":                regexp.MustCompile(`^(true|false)$`),
	"numbers":                      regexp.MustCompile(`^(eq|ne|gt|ge|lt|le|sa|eb|ap)?-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?$`),
	"whole years (YYYY)": regexp.MustCompile(strings.ReplaceAll(`^((eq|ne)?Y|(gt|sa)Y-12-31|(lt|eb)Y-01-01|(ge|lt)Y-01-01T00:00:00)$`,
		"Y", "(193[6-9]|19[4-9][0-9]|[2-9][0-9]{3})")),
	"numbers up to 89, or with a UCUM unit that measures no time": regexp.MustCompile(`^(eq|ne|gt|ge|lt|le|sa|eb|ap)?-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?(\|(http://unitsofmeasure\.org)?\|[^| ]+)?$`),
	"values that the rule lets pass":                              regexp.MustCompile(`^ *[0-9]{3} *$`),
	"values that the rule lets pass, compared exactly":            regexp.MustCompile(`^[A-Za-z().' ,&-]{2,64}$`),
}

// results are the parameters that choose nothing.
var results = map[string]*regexp.Regexp{
	"_count": regexp.MustCompile(`^[0-9]{1,4}$`), "_total": regexp.MustCompile(`^(none|estimate|accurate)$`), "_contained": regexp.MustCompile(`^false$`),
	"_summary": regexp.MustCompile(`^(count|false)$`), "_sort": regexp.MustCompile(`^-?[a-z_-]+(,-?[a-z_-]+)*$`),
	"_include": regexp.MustCompile(`^[A-Za-z]+:[a-z*-]+(:[A-Za-z]+)?$`), "_revinclude": regexp.MustCompile(`^[A-Za-z]+:[a-z*-]+(:[A-Za-z]+)?$`),
}

// asJudged reports whether a parameter that goes upstream is one that may pass with
// that value.
func asJudged(g *guard.Guard, how map[string]map[string]string, typ string, p guard.Param) bool {
	name := p.Name
	types := []string{typ}
	for {
		if rest, ok := strings.CutPrefix(name, "_has:"); ok {
			parts := strings.SplitN(rest, ":", 3)
			types, name = parts[:1], parts[2]
			continue
		}
		link, rest, ok := strings.Cut(name, ".")
		if !ok {
			break
		}
		reference, target, typed := strings.Cut(link, ":")
		var next []string
		for _, t := range types {
			if how[t][reference] != "pseudonyms are opened" {
				return false
			}
			if sp, ok := schema.R4().SearchParam(t, reference); ok && !typed {
				next = append(next, sp.Targets...)
			}
		}
		if types = next; typed {
			types = []string{target}
		}
		name = rest
	}
	name, modifier, _ := strings.Cut(name, ":")
	if re := results[name]; re != nil {
		return name == p.Name && re.MatchString(p.Value) || modifier == "iterate" && re.MatchString(p.Value)
	}
	if modifier == "missing" {
		return p.Value == "true" || p.Value == "false"
	}
	for _, t := range types {
		why, known := how[t][name]
		if !known {
			return false
		}
		for _, item := range strings.Split(p.Value, ",") {
			parts, hows := strings.Split(item, "$"), strings.Split(why, " $ ")
			if len(parts) != len(hows) {
				return false
			}
			for i, part := range parts {
				switch re := form[hows[i]]; {
				case re != nil && !re.MatchString(part):
					return false
				case re != nil:
				case hows[i] == "system|code of a known code system":
					system, code, ok := strings.Cut(part, "|")
					if !ok || !(g.Code(system, code) || code == "" && g.Code(system, anyCode[system])) {
						return false
					}
				case strings.HasPrefix(hows[i], "URLs"):
					if !g.Canonical(part) {
						return false
					}
				default:
					return false
				}
			}
		}
	}
	return len(types) > 0
}

// anyCode is a code of systems that are searched without one.
var anyCode = map[string]string{"http://loinc.org": "8480-6", "http://snomed.info/sct": "22298006"}

// FuzzGuard: no query over any type panics or sends upstream what was not judged,
// and never a value that could be a person's.
func FuzzGuard(f *testing.F) {
	a := masktest.Shipped(f, "safe-harbor")
	g := guard.New(a)
	keys := a.Policy.Keys.NewPseudonymizer()
	sealed, _ := keys.AppendSealed(nil, a.Policy.Keys.SealSlot("Patient"), []byte("1"))
	types := resourceTypes()
	how := map[string]map[string]string{}
	for _, typ := range types {
		how[typ] = map[string]string{}
		for _, p := range g.SearchParams(typ) {
			if p.Allowed {
				how[typ][p.Name] = p.Why
			}
		}
	}
	at := func(typ string) uint8 { return uint8(slices.Index(types, typ)) }
	for _, s := range []struct{ typ, name, value string }{
		{"Patient", "_id", string(sealed)}, {"Patient", "name:exact", "Smith"}, {"Patient", "birthdate", "ge1980"}, {"Patient", "address-state", "MA"},
		{"Observation", "code", "http://loinc.org|8480-6,http://snomed.info/sct|"}, {"Observation", "subject:Patient.gender:not", "female"},
		{"Observation", "code-value-quantity", "http://loinc.org|8480-6$gt140|http://unitsofmeasure.org|mm[Hg]"}, {"Patient", "_has:Observation:patient:_has:Provenance:target:recorded", "2024"},
		{"Patient", "_has:Observation:patient:code", "http://loinc.org|8480-6"}, {"Observation", "_include:iterate", "Observation:subject:Patient"}, {"Patient", "_sort", "-gender,active"},
		{"Observation", "subject.name", "x"}, {"Condition", "onset-age", "gt0.9|http://unitsofmeasure.org|ha"}, {"Patient", "_elements", "gender"}, {"Patient", "_profile", "http://hl7.org/fhir/StructureDefinition/Patient"},
		{"Encounter", "length", "5||d"}, {"Observation", "encounter:missing", "true"}, {"Condition", "code:below", "http://snomed.info/sct|22298006"}, {"Patient", "general-practitioner:identifier", "x|y"},
	} {
		f.Add(at(s.typ), s.name, s.value, false)
		f.Add(at(s.typ), s.name, s.value, true)
	}
	f.Fuzz(func(t *testing.T, index uint8, name, value string, lenient bool) {
		typ := types[int(index)%len(types)]
		handling := guard.Unstated
		if lenient {
			handling = guard.Lenient
		}
		for _, v := range []string{value, "Zzqsmith", "1931-02-03", value + ",Zzqsmith"} {
			q, err := g.Search(keys, nil, typ, []guard.Param{{Name: name, Value: v}}, handling)
			if err != nil {
				if strings.Contains(err.Error(), "Zzq") && !strings.Contains(name, "Zzq") || strings.Contains(err.Error(), "1931-") && !strings.Contains(name, "1931-") {
					t.Errorf("the refusal shows the value: %v", err)
				}
				continue
			}
			for _, p := range q.Upstream {
				if strings.Contains(p.Value, "Zzq") || strings.Contains(strings.ReplaceAll(p.Value, "|1931-", ""), "1931-") || !asJudged(g, how, typ, p) {
					t.Errorf("%s?%s=%q goes upstream as %+v", typ, name, v, p)
				}
			}
			for _, typ := range q.Types {
				if known, withheld := g.Type(typ); !known || withheld != "" {
					t.Errorf("%s?%s looks into %s", typ, name, typ)
				}
			}
		}
		for op, on := range map[string]string{"$export": "", "$everything": "Patient", "$lastn": "Observation", "$lookup": "CodeSystem", "$expand": "ValueSet"} {
			for _, params := range [][]guard.Param{{{Name: name, Value: "Zzqsmith"}}, {{Name: "_typeFilter", Value: typ + "?" + name + "=Zzqsmith"}}, {{Name: "_typeFilter", Value: value + "?name=Zzqsmith"}}} {
				if q, err := g.Operation(keys, nil, op, on, params, handling); err == nil && strings.Contains(written(q.Upstream), "Zzq") && name != "property" {
					t.Errorf("%s sends %+v", op, q.Upstream)
				}
			}
		}
	})
}

// TestEveryParameterWithOddValues tries odd names and values on every parameter of
// every type: what goes upstream is as judged, and never a value of a person.
func TestEveryParameterWithOddValues(t *testing.T) {
	a := masktest.Shipped(t, "safe-harbor")
	g, keys := guard.New(a), a.Policy.Keys.NewPseudonymizer()
	values := []string{"", ",", "Smith", "smith*", "Patient/1", "1", "true", "2024", "1930", "1980-03-05", "ge2024-01", "90", "gt89.01", "1e2", "95|http://unitsofmeasure.org|a", "0.95|http://unitsofmeasure.org|ha",
		"http://loinc.org|Smith", "|8480-6", "8480-6", "urn:oid:1.2|x", "http://loinc.org|8480-6$Smith", "http://loinc.org|8480-6$1930", "a$b$c", "02115", "036", "941", "M", "MA,Smith", `a\,b`, "http://hospital/x", "#1", "male|Smith"}
	modifiers := []string{":missing", ":exact", ":contains", ":text", ":code-text", ":not", ":above", ":below", ":in", ":not-in", ":identifier", ":of-type", ":iterate", ":recurse", ":Patient", ":missing:not", ":", ".name", ":Patient.name", ":Patient.birthdate"}
	passed := 0
	for _, typ := range resourceTypes() {
		how := map[string]map[string]string{}
		for _, target := range []string{typ, "Patient"} {
			how[target] = map[string]string{}
			for _, p := range g.SearchParams(target) {
				if p.Allowed {
					how[target][p.Name] = p.Why
				}
			}
		}
		try := func(name, value string) {
			q, err := g.Search(keys, nil, typ, []guard.Param{{Name: name, Value: value}}, guard.Strict)
			if err != nil {
				return
			}
			for _, p := range q.Upstream {
				passed++
				if strings.Contains(strings.ToLower(p.Value), "smith") || !asJudged(g, how, typ, p) {
					t.Errorf("%s?%s=%s goes upstream as %+v", typ, name, value, p)
				}
			}
		}
		for _, p := range g.SearchParams(typ) {
			for _, v := range values {
				try(p.Name, v)
			}
			for _, m := range modifiers {
				for _, v := range []string{"Smith", "true", "1980-03-05", "2024", "http://loinc.org|8480-6"} {
					try(p.Name+m, v)
				}
			}
		}
	}
	if passed < 1000 {
		t.Errorf("only %d pass", passed)
	}
}
