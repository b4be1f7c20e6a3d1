package guard

import (
	"regexp"
	"slices"
	"strings"

	"github.com/veil-proxy/veil/fhir"
	"github.com/veil-proxy/veil/fhir/lexical"
	"github.com/veil-proxy/veil/fhir/schema"
	"github.com/veil-proxy/veil/mask"
)

// beyondRules has the parameters of all resources that no expression describes, with the
// reason for refusing them.
var beyondRules = map[string]string{
	"_content":       "it tests all texts of a resource, and texts are masked",
	"_text":          "it tests the narrative, which is masked",
	"_filter":        "its expressions could test original values; use search parameters",
	"_query":         "it names a search that only the server knows",
	"_list":          "it names a list that only the server knows; read the List instead",
	"_containedType": "contained resources are not searched",
	"_type":          "the type is part of the path",
}

// judge returns what the rules say about a parameter of the schema or the ruleset.
func (g *Guard) judge(typ string, sp *schema.SearchParam) verdict {
	key := judged{typ, sp}
	if v, ok := g.verdicts.Load(key); ok {
		return v.(verdict)
	}
	v := g.judgeAnew(typ, sp)
	if v.class == classShifted && !g.anchored(typ) {
		v = verdict{rule: v.rule, reason: "times are shifted by patient, and no search of " + typ + " names the one that a resource is about"}
	}
	g.verdicts.Store(key, v)
	return v
}

// judgeAnew resolves a search parameter's expression against the rules.
func (g *Guard) judgeAnew(typ string, sp *schema.SearchParam) verdict {
	root, known := g.a.Resource(typ)
	if !known {
		return verdict{reason: "the resource type is unknown"}
	}
	if reason := beyondRules[sp.Name]; reason != "" && sp.Expression == "" {
		return verdict{reason: reason}
	}
	if sp.Name == "_id" {
		if id, ok := treated(root, "id"); !ok || id.Effect() != fhir.SealsID {
			return verdict{reason: "ids are not sealed by this ruleset, so they cannot be opened"}
		}
		return verdict{class: classID, targets: []string{typ}}
	}
	switch sp.Type {
	case "token", "reference", "date", "number", "uri", "string", "quantity":
	case "composite":
		return g.judgeComposite(typ, sp)
	default:
		return g.refusedBy(typ, sp, "parameters of type "+sp.Type+" could test original values")
	}
	if path, ok := existence(sp.Expression, typ); ok && sp.Type == "token" {
		return judgeExistence(root, path)
	}
	j := judgement{g: g, typ: typ, sp: sp}
	for _, path := range schema.SearchPaths(sp.Expression, typ) {
		if path == "" {
			return verdict{reason: "its expression is more than a path, so what it compares is not known"}
		}
		if sp.Type == "quantity" && strings.HasSuffix(path, ".ofType(SampledData)") {
			continue
		}
		found := resolve(root, sp, path)
		if len(found) == 0 {
			return verdict{reason: "its expression selects no element of " + typ}
		}
		for _, v := range found {
			if refused := j.add(path, v); refused != nil {
				return *refused
			}
		}
	}
	if j.all.class == classRefused && j.all.reason == "" {
		j.all.reason = "it has no expression that the rules could be checked against"
	}
	j.all.noAge = j.noAge
	return j.all
}

// judgement combines the findings about the elements that a search parameter compares.
type judgement struct {
	g     *Guard
	typ   string
	sp    *schema.SearchParam
	all   verdict
	noAge bool
}

// add adds the verdict on an element at a path, or returns why that refuses the
// parameter.
func (j *judgement) add(path string, v verdict) (refused *verdict) {
	switch {
	case v.noAge && j.sp.Name == "": // the code is another part of the composite
		j.noAge = true
		return nil
	case v.class == classRefused:
		v.reason += ofExtension(path)
		return &v
	case j.all.class != classRefused && j.all.class != v.class:
		return &verdict{rule: v.rule, reason: "it compares elements that are masked in different ways" + ofExtension(path)}
	case v.class == classReference:
		v.targets = j.g.targetsOf(j.typ, path, j.sp)
		if j.all.class == classReference {
			v.targets = either(j.all.targets, v.targets)
		}
	}
	v.text, v.age, v.stamp = j.sp.Type == "string", v.age || j.all.age, j.sp.Name == "_lastUpdated"
	v.values, v.methods = append(j.all.values, v.values...), append(j.all.methods, v.methods...)
	j.all = v
	return nil
}

// ofExtension says what to write when an expression leads to the value of an extension
// without naming its type: any type is possible then, including masked ones.
func ofExtension(path string) string {
	_, rest, found := strings.Cut(path, "extension('")
	if _, rest, _ = strings.Cut(rest, "')"); !found || strings.Contains(rest, ".ofType(") {
		return ""
	}
	return "; an extension's value can be of any type, so name the one that this has, as in extension('…').value.ofType(Coding)"
}

// targetsOf returns the types that a reference parameter leads to from resources of a
// type: a parameter that several types share lists those of all of them.
func (g *Guard) targetsOf(typ, path string, sp *schema.SearchParam) []string {
	_, own := g.a.Schema().MemberPath(g.a.Schema().Type(typ), path)
	if len(own) == 0 || slices.Contains(own, "Resource") {
		return sp.Targets
	}
	if len(sp.Targets) == 0 {
		return own
	}
	var both []string
	for _, t := range sp.Targets {
		if slices.Contains(own, t) {
			both = append(both, t)
		}
	}
	if len(both) == 0 {
		return sp.Targets
	}
	return both
}

// either joins the targets of two references; none means any.
func either(a, b []string) []string {
	if len(a) == 0 || len(b) == 0 {
		return nil
	}
	all := slices.Clone(a)
	for _, t := range b {
		if !slices.Contains(all, t) {
			all = append(all, t)
		}
	}
	return all
}

// judgeComposite judges each component where it goes on from the composite's
// own expression.
func (g *Guard) judgeComposite(typ string, sp *schema.SearchParam) verdict {
	all := verdict{class: classComposite}
	for _, c := range sp.Components {
		var paths []string
		for _, base := range strings.Split(sp.Expression, " | ") {
			if head, _, _ := strings.Cut(base, "."); head != typ {
				continue
			}
			for _, rest := range strings.Split(c.Expression, " | ") {
				// HL7's definition of code-value-date spells the type like this.
				paths = append(paths, base+"."+strings.ReplaceAll(rest, "as(DateTime)", "as(dateTime)"))
			}
		}
		v := g.judgeAnew(typ, &schema.SearchParam{Type: c.Type, Expression: strings.Join(paths, " | ")})
		switch {
		case v.class == classRefused:
			return verdict{rule: v.rule, reason: "of its parts: " + v.reason}
		case v.class == classID, v.class == classShifted, v.class == classExact && v.text: // no part takes :exact
			return verdict{rule: v.rule, reason: "of its parts, one cannot be compared exactly"}
		}
		all.parts = append(all.parts, v)
	}
	if len(all.parts) < 2 {
		return verdict{reason: "its parts are not known"}
	}
	if slices.ContainsFunc(all.parts[1:], func(v verdict) bool { return v.noAge }) && all.parts[0].class != classCoded {
		return verdict{reason: "its first part is not a code that shows whether the other is an age"}
	}
	return all
}

// existence matches the one expression of R4 that tests whether an element exists and is
// not false, that of Patient.deceased.
func existence(expression, typ string) (element string, ok bool) {
	m := existenceForm.FindStringSubmatch(expression)
	if m == nil || m[1] != typ || m[3] != typ || m[2] != m[4] {
		return "", false
	}
	return m[2], true
}

// judgeExistence allows the search where the consumer always sees the result: the
// element's boolean is kept, and replaces the other types that it may have.
func judgeExistence(root fhir.Object, element string) verdict {
	v := verdict{reason: "its expression selects no element of " + root.Type().Name}
	for e := range root.Elements() {
		if e.Name() != element {
			continue
		}
		t := e.Treatment()
		kept := e.Type() == "boolean" && t.Effect() == fhir.Keeps && t.Always()
		if !kept && !e.LeavesFact() {
			return verdict{rule: t.Rule(), reason: e.Path() + " is masked, so it cannot be searched"}
		}
		v = verdict{class: classBool, rule: t.Rule()}
	}
	return v
}

// refusedBy refuses a parameter and names the rule that masks what it compares,
// where it can be found.
func (g *Guard) refusedBy(typ string, sp *schema.SearchParam, reason string) verdict {
	root, known := g.a.Resource(typ)
	for _, path := range schema.SearchPaths(sp.Expression, typ) {
		if path == "" || !known {
			continue
		}
		for _, v := range resolve(root, sp, path) {
			if v.class == classRefused && v.rule != "" {
				return v
			}
		}
	}
	return verdict{reason: reason}
}

var existenceForm = regexp.MustCompile(`^([A-Za-z]+)\.([A-Za-z]+)\.exists\(\) and ([A-Za-z]+)\.([A-Za-z]+) != false$`)

// comparedAsDate has the types that a date parameter compares (FHIR R4,
// search.html#date). A choice may have others, such as a text, which the parameter
// ignores.
var comparedAsDate = lexical.Words(`date dateTime instant Period Timing`)

// resolve judges every element that a path leads to. A quantity is never compared with
// SampledData, which has none, though parameters of R4 name it. Elements masked on the
// way count too: the upstream compares what is below them.
func resolve(root fhir.Object, sp *schema.SearchParam, path string) []verdict {
	var out []verdict
	err := root.Follow(path, func(e fhir.Element, t fhir.Treatment, last bool) {
		if last && (sp.Type == "date" && !comparedAsDate[e.Type()] || sp.Type == "quantity" && e.Type() == "SampledData") {
			return
		}
		v := judgeElement(e, t, sp)
		if last && v.class == classRefused && t.OfAges() {
			v.noAge, v.reason = true, e.Path()+" is masked next to a code of an age; search it together with a code, by a parameter such as code-value-concept"
		}
		out = append(out, v)
	})
	if err != nil {
		return []verdict{{reason: "its expression is not known"}}
	}
	return out
}

// judgeElement judges an element that a parameter compares.
func judgeElement(e fhir.Element, t fhir.Treatment, sp *schema.SearchParam) verdict {
	rule := t.Rule()
	masked := verdict{rule: rule, reason: e.Path() + " is masked, so it cannot be searched"}
	texts := sp.Type == "string" || sp.Type == "token" || sp.Type == "uri"
	switch t.Effect() {
	case fhir.ShowsCode:
		return verdict{class: classCode, values: []*schema.ValueSet{t.ValueSet()}, rule: rule}
	case fhir.Keeps:
		switch {
		case e.Type() == "boolean":
			return verdict{class: classBool, rule: rule}
		case t.Kind() == schema.JSONNumber && sp.Type == "number":
			return verdict{class: classNumber, rule: rule}
		case t.Kind() == schema.JSONString && texts:
			return verdict{class: classText, rule: rule}
		}
	case fhir.ShowsCanonical:
		return verdict{class: classCanonical, rule: rule}
	case fhir.ByMethod:
		switch {
		case sp.Type == "date" && showsYear(t):
			return verdict{class: classYear, rule: rule}
		case sp.Type == "date" && shifts(t):
			if e.Type() == "instant" {
				return verdict{class: classShifted, rule: rule, methods: []mask.Method{t.Method()}}
			}
			masked.reason = e.Path() + " is shifted and may be a month or a year, whose comparison would reveal the shift"
		case sp.Type == "number" && t.Search() == mask.SearchAmount:
			return verdict{class: classAmount, rule: rule}
		case sp.Type == "string" && t.Search() == mask.SearchPrefix:
			return verdict{class: classPrefix, rule: rule, methods: []mask.Method{t.Method()}}
		case t.Search() == mask.SearchExact && texts:
			return verdict{class: classExact, rule: rule, methods: []mask.Method{t.Method()}}
		}
	case fhir.Walks:
		return judgeObject(e, t, sp, masked)
	}
	return masked
}

// judgeObject judges an element that is an object by the members that a search
// compares.
func judgeObject(e fhir.Element, t fhir.Treatment, sp *schema.SearchParam, masked verdict) verdict {
	o, _ := t.Object()
	name := o.Type().Name
	switch {
	case name == "Reference" && sp.Type == "reference":
		if r, ok := treated(o, "reference"); ok && r.Effect() == fhir.SealsReference && r.Always() {
			return verdict{class: classReference, rule: r.Rule()}
		}
	case name == "Coding" && sp.Type == "token":
		if showsCode(o) {
			return verdict{class: classCoded, values: []*schema.ValueSet{e.ValueSet()}, rule: masked.rule}
		}
	case name == "CodeableConcept" && sp.Type == "token":
		if c, ok := inner(o, "coding"); ok && showsCode(c) {
			return verdict{class: classCoded, values: []*schema.ValueSet{e.ValueSet()}, rule: masked.rule}
		}
	case sp.Type == "quantity" && showsAmount(o):
		return verdict{class: classAmount, rule: masked.rule, age: o.IsAge() && !t.Conditional()}
	case sp.Type == "date" && (name == "Period" && showsYears(o) || name == "Timing" && showsTimingYears(o)):
		return verdict{class: classYear, rule: masked.rule}
	}
	// What is inside decides, so the rule to name is one inside.
	for in := range o.Elements() {
		if in.Treatment().Effect() == fhir.Removes && in.Name() != "id" {
			masked.rule = in.Treatment().Rule()
			break
		}
	}
	return masked
}

// treated returns what is done with an element of an object.
func treated(o fhir.Object, element string) (t fhir.Treatment, ok bool) {
	e, ok := o.Element(element)
	if !ok {
		return t, false
	}
	return e.Treatment(), true
}

// inner returns the object of an element that is always walked.
func inner(o fhir.Object, element string) (in fhir.Object, ok bool) {
	t, ok := treated(o, element)
	if !ok || !t.Always() {
		return in, false
	}
	return t.Object()
}

// showsCode reports whether system and code of a Coding or Quantity are decided
// together, and no rule takes one of them out.
func showsCode(o fhir.Object) bool { return alwaysCoded(o, "system") && alwaysCoded(o, "code") }

func alwaysCoded(o fhir.Object, element string) bool {
	t, ok := treated(o, element)
	return ok && t.Effect() == fhir.ShowsCoded && t.Always()
}

// showsAmount reports whether the number and unit of a quantity, or of both ends of a
// range, are shown except for ages over 89.
func showsAmount(o fhir.Object) bool {
	if o.Type().Name == "Range" {
		for _, end := range []string{"low", "high"} {
			if q, ok := inner(o, end); !ok || !showsAmount(q) {
				return false
			}
		}
		return true
	}
	if !showsCode(o) || !alwaysCoded(o, "unit") || !alwaysCoded(o, "value") {
		return false
	}
	value, _ := treated(o, "value")
	return value.Method() == nil || value.Search() == mask.SearchAmount
}

// showsYears reports whether the start and end of a Period are shown as years.
func showsYears(o fhir.Object) bool {
	for _, end := range []string{"start", "end"} {
		if t, ok := treated(o, end); !ok || !showsYear(t) {
			return false
		}
	}
	return true
}

// showsTimingYears reports whether all of a Timing that servers compare with
// dates is shown as years: its events and the period that bounds it.
func showsTimingYears(o fhir.Object) bool {
	event, timed := treated(o, "event")
	repeat, repeated := inner(o, "repeat")
	if !timed || !showsYear(event) || !repeated {
		return false
	}
	for e := range repeat.Elements() {
		if e.Name() == "bounds" && e.Type() == "Period" {
			period, ok := e.Treatment().Object()
			return ok && e.Treatment().Always() && showsYears(period)
		}
	}
	return false
}

// showsYear reports whether a date is shown as its year, under each condition.
func showsYear(t fhir.Treatment) bool {
	for more := true; more; t, more = t.Otherwise() {
		if t.Effect() != fhir.ByMethod || t.Search() != mask.SearchYear {
			return false
		}
	}
	return true
}
