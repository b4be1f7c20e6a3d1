package fhir

import (
	"regexp"
	"slices"
	"strings"

	"github.com/veil-proxy/veil/fhir/lexical"
	"github.com/veil-proxy/veil/fhir/schema"
	"github.com/veil-proxy/veil/mask"
)

// beyondRules are parameters of all resources that no expression describes, and why
// they are refused.
var beyondRules = map[string]string{
	"_content":       "it tests all texts of a resource, and texts are masked",
	"_text":          "it tests the narrative, which is masked",
	"_filter":        "it chooses by a language of its own, which could test original values; use search parameters",
	"_query":         "it names a search that only the server knows",
	"_list":          "it names a list that only the server knows; read the List instead",
	"_containedType": "contained resources are not searched",
	"_type":          "the type stands in the path",
}

// judge says what the rules say of a parameter of the schema or the ruleset.
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
	root := g.a.roots[typ]
	if root == nil {
		return verdict{reason: "the resource type is unknown"}
	}
	if reason := beyondRules[sp.Name]; reason != "" && sp.Expression == "" {
		return verdict{reason: reason}
	}
	if sp.Name == "_id" {
		if f := root.field("id"); f == nil || f.decision.op != opID {
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
		return g.judgeExistence(root, path)
	}
	var all verdict
	for _, path := range schema.SearchPaths(sp.Expression, typ) {
		if path == "" {
			return verdict{reason: "its expression is more than a path, so what it compares is not known"}
		}
		if sp.Type == "quantity" && strings.HasSuffix(path, ".ofType(SampledData)") {
			continue
		}
		found := g.resolve(root, sp, path)
		if len(found) == 0 {
			return verdict{reason: "its expression leads to no element of " + typ}
		}
		for _, v := range found {
			if v.class == classRefused {
				v.reason += ofExtension(path)
				return v
			}
			if all.class != classRefused && all.class != v.class {
				return verdict{rule: v.rule, reason: "it compares elements that are masked in different ways" + ofExtension(path)}
			}
			if v.class == classReference {
				v.targets = g.targetsOf(typ, path, sp)
				if all.class == classReference {
					v.targets = either(all.targets, v.targets)
				}
			}
			v.text, v.age, v.stamp = sp.Type == "string", v.age || all.age, sp.Name == "_lastUpdated"
			v.values, v.methods = append(all.values, v.values...), append(all.methods, v.methods...)
			all = v
		}
	}
	if all.class == classRefused && all.reason == "" {
		all.reason = "it has no expression that the rules could be held against"
	}
	return all
}

// ofExtension says what to write where an expression leads to the value of an
// extension and does not name its type: any type is possible then, masked ones too.
func ofExtension(path string) string {
	_, rest, found := strings.Cut(path, "extension('")
	if _, rest, _ = strings.Cut(rest, "')"); !found || strings.Contains(rest, ".ofType(") {
		return ""
	}
	return "; an extension's value can be of any type, so name the one that this has, as in extension('…').value.ofType(Coding)"
}

// targetsOf are the types that a reference parameter leads to from resources of a type:
// a parameter that several types share lists those of all of them.
func (g *Guard) targetsOf(typ, path string, sp *schema.SearchParam) []string {
	_, own := g.a.schema.MemberPath(g.a.schema.Type(typ), path)
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
				// HL7's definition of code-value-date spells the type so.
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
	return all
}

// existence matches the one expression of R4 that asks whether an element is
// there and not false, that of Patient.deceased.
func existence(expression, typ string) (element string, ok bool) {
	m := existenceForm.FindStringSubmatch(expression)
	if m == nil || m[1] != typ || m[3] != typ || m[2] != m[4] {
		return "", false
	}
	return m[2], true
}

// judgeExistence lets the question pass where the answer is always seen: the
// element's boolean is kept, and stands in for what else it may be.
func (g *Guard) judgeExistence(root *node, element string) verdict {
	v := verdict{reason: "its expression leads to no element of " + root.typ.Name}
	for i := range root.fields {
		f := &root.fields[i]
		if f.element != element || f.sibling {
			continue
		}
		rule := g.a.Actions[f.decision.action].Rule
		kept := f.code == "boolean" && f.decision.op == opKeep && f.decision.otherwise == nil
		if !kept && f.orTrueName == "" {
			return verdict{rule: rule, reason: f.path + " is masked, so it cannot be searched"}
		}
		v = verdict{class: classBool, rule: rule}
	}
	return v
}

// refusedBy refuses a parameter and names the rule that masks what it compares,
// where it can be found.
func (g *Guard) refusedBy(typ string, sp *schema.SearchParam, reason string) verdict {
	for _, path := range schema.SearchPaths(sp.Expression, typ) {
		if path == "" {
			continue
		}
		for _, v := range g.resolve(g.a.roots[typ], sp, path) {
			if v.class == classRefused && v.rule != "" {
				return v
			}
		}
	}
	return verdict{reason: reason}
}

var existenceForm = regexp.MustCompile(`^([A-Za-z]+)\.([A-Za-z]+)\.exists\(\) and ([A-Za-z]+)\.([A-Za-z]+) != false$`)

// comparedAsDate are the types that a date parameter compares (FHIR R4,
// search.html#date). A choice may have others, such as a text, which it passes by.
var comparedAsDate = lexical.Words(`date dateTime instant Period Timing`)

// resolve judges every element that a path leads to. A quantity is never compared with
// SampledData, which has none, though parameters of R4 name it.
func (g *Guard) resolve(root *node, sp *schema.SearchParam, path string) []verdict {
	p, err := parseMatch(path)
	if err != nil {
		return []verdict{{reason: "its expression is not known"}}
	}
	nodes := []*node{root}
	// What is masked on the way counts too: the upstream compares what is below.
	var out []verdict
	for i, st := range p.steps {
		last := i == len(p.steps)-1
		var next []*node
		for _, n := range nodes {
			if st.kind == stepExtension {
				if d := n.extensions[st.name]; d != nil && d.child != nil {
					next = append(next, d.child)
				}
				continue
			}
			for k := range n.fields {
				f := &n.fields[k]
				if f.sibling || f.element != st.name || st.ofType != "" && f.code != st.ofType {
					continue
				}
				if last && (sp.Type == "date" && !comparedAsDate[f.code] || sp.Type == "quantity" && f.code == "SampledData") {
					continue
				}
				for d := &f.decision; d != nil; d = d.otherwise {
					if last || d.child == nil && d.op != opResource {
						out = append(out, g.judgeField(f, d, sp))
					} else if d.child != nil {
						next = append(next, d.child)
					}
				}
			}
		}
		nodes = next
	}
	return out
}

// judgeField judges an element that a parameter compares.
func (g *Guard) judgeField(f *field, d *decision, sp *schema.SearchParam) verdict {
	rule := ""
	if d.op != opDescend && d.op != opMeta || d.rule != nil {
		rule = g.a.Actions[d.action].Rule
	}
	masked := verdict{rule: rule, reason: f.path + " is masked, so it cannot be searched"}
	switch d.op {
	case opCode:
		return verdict{class: classCode, values: []*schema.ValueSet{d.values}, rule: rule}
	case opKeep:
		switch {
		case f.code == "boolean":
			return verdict{class: classBool, rule: rule}
		case d.kind == schema.JSONNumber && sp.Type == "number":
			return verdict{class: classNumber, rule: rule}
		case d.kind == schema.JSONString && (sp.Type == "string" || sp.Type == "token" || sp.Type == "uri"):
			return verdict{class: classText, rule: rule}
		}
	case opCanonical:
		return verdict{class: classCanonical, rule: rule}
	case opMethod:
		switch {
		case sp.Type == "date" && g.yearSearch(d):
			return verdict{class: classYear, rule: rule}
		case sp.Type == "date" && g.shifts(d):
			if f.code == "instant" {
				return verdict{class: classShifted, rule: rule, methods: []mask.Method{d.method}}
			}
			masked.reason = f.path + " is shifted and may be a month or a year, whose comparison would tell the shift"
		case sp.Type == "number" && d.search == mask.SearchAmount:
			return verdict{class: classAmount, rule: rule}
		case sp.Type == "string" && d.search == mask.SearchPrefix:
			return verdict{class: classPrefix, rule: rule, methods: []mask.Method{d.method}}
		case d.search == mask.SearchExact && (sp.Type == "string" || sp.Type == "token" || sp.Type == "uri"):
			return verdict{class: classExact, rule: rule, methods: []mask.Method{d.method}}
		}
	case opDescend:
		return g.judgeObject(f, d, sp, masked)
	}
	return masked
}

// judgeObject judges an element that is an object by the members that a search
// compares.
func (g *Guard) judgeObject(f *field, d *decision, sp *schema.SearchParam, masked verdict) verdict {
	n := d.child
	switch {
	case n.typ.Name == "Reference" && sp.Type == "reference":
		if r := n.field("reference"); r != nil && r.decision.op == opReference && r.decision.otherwise == nil {
			return verdict{class: classReference, rule: g.a.Actions[r.decision.action].Rule}
		}
	case n.typ.Name == "Coding" && sp.Type == "token":
		if showsCode(n) {
			return verdict{class: classCoded, values: []*schema.ValueSet{f.values}, rule: masked.rule}
		}
	case n.typ.Name == "CodeableConcept" && sp.Type == "token":
		c := n.field("coding")
		if c != nil && c.decision.otherwise == nil && c.decision.child != nil && showsCode(c.decision.child) {
			return verdict{class: classCoded, values: []*schema.ValueSet{f.values}, rule: masked.rule}
		}
	case sp.Type == "quantity" && g.showsAmount(n):
		return verdict{class: classAmount, rule: masked.rule, age: n.coded != nil && len(n.coded.unit) > 0 && d.when == nil}
	case sp.Type == "date" && (n.typ.Name == "Period" && g.showsYears(n) || n.typ.Name == "Timing" && g.showsTimingYears(n)):
		return verdict{class: classYear, rule: masked.rule}
	}
	// What is inside decides, so a rule inside is the one to name.
	for i := range n.fields {
		if in := &n.fields[i]; !in.sibling && in.decision.op == opRemove && in.element != "id" {
			masked.rule = g.a.Actions[in.decision.action].Rule
			break
		}
	}
	return masked
}

// showsCode reports whether system and code of a Coding or Quantity are decided
// together, and no rule takes one of them out.
func showsCode(n *node) bool {
	for _, part := range []string{"system", "code"} {
		if f := n.field(part); n.coded == nil || f == nil || f.decision.op != opCoded || f.decision.otherwise != nil {
			return false
		}
	}
	return true
}

// showsAmount reports whether the number and unit of a quantity, or of both ends
// of a range, are shown but for ages over 89.
func (g *Guard) showsAmount(n *node) bool {
	if n.typ.Name == "Range" {
		for _, end := range []string{"low", "high"} {
			f := n.field(end)
			if f == nil || f.decision.child == nil || f.decision.otherwise != nil || !g.showsAmount(f.decision.child) {
				return false
			}
		}
		return true
	}
	f, unit := n.field("value"), n.field("unit")
	return showsCode(n) && unit != nil && unit.decision.op == opCoded && unit.decision.otherwise == nil &&
		f != nil && f.decision.op == opCoded && f.decision.otherwise == nil &&
		(f.decision.method == nil || f.decision.search == mask.SearchAmount)
}

// showsYears reports whether the start and end of a Period are shown as years.
func (g *Guard) showsYears(n *node) bool {
	for _, end := range []string{"start", "end"} {
		if f := n.field(end); f == nil || !g.yearSearch(&f.decision) {
			return false
		}
	}
	return true
}

// showsTimingYears reports whether all of a Timing that servers compare with
// dates is shown as years: its events and the period that bounds it.
func (g *Guard) showsTimingYears(n *node) bool {
	event, repeat := n.field("event"), n.field("repeat")
	if event == nil || !g.yearSearch(&event.decision) || repeat == nil || repeat.decision.otherwise != nil || repeat.decision.child == nil {
		return false
	}
	for i := range repeat.decision.child.fields {
		f := &repeat.decision.child.fields[i]
		if f.element == "bounds" && f.code == "Period" && !f.sibling {
			return f.decision.otherwise == nil && f.decision.child != nil && g.showsYears(f.decision.child)
		}
	}
	return false
}

func (g *Guard) yearSearch(d *decision) bool {
	for ; d != nil; d = d.otherwise {
		if d.op != opMethod || d.search != mask.SearchYear {
			return false
		}
	}
	return true
}

func (n *node) field(element string) *field {
	for i := range n.fields {
		if f := &n.fields[i]; f.element == element && !f.sibling {
			return f
		}
	}
	return nil
}
