package ruletree

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/veil-proxy/veil/fhir"
	"github.com/veil-proxy/veil/fhir/schema"
	"github.com/veil-proxy/veil/internal/masktest"
	"github.com/veil-proxy/veil/mask"
)

// builder makes resources that have every element, in one type of each choice.
type builder struct{ variant, next int }

// deepest is how many data types are nested into each other.
const deepest = 3

func (b *builder) object(t *schema.Type, depth int) map[string]any {
	o := map[string]any{}
	if t.Kind == schema.ResourceKind {
		o["resourceType"] = t.Name
	}
	for i := range t.Elements {
		e := &t.Elements[i]
		et := e.Types[b.variant%len(e.Types)]
		primitive := et.Type.Kind == schema.PrimitiveKind
		switch {
		case e.Name == "implicitRules", e.Name == "modifierExtension", e.Name == "extension", et.Type.Kind == schema.ResourceKind:
			continue
		case !primitive && depth >= deepest && et.Type.Kind != schema.BackboneKind, depth > 2*deepest:
			continue
		}
		var v any
		if primitive {
			v = b.primitive(e, et.Code)
		} else {
			v = b.object(et.Type, depth+1)
		}
		if e.Max != 1 {
			v = []any{v}
		}
		o[e.JSONName(et)] = v
	}
	return o
}

func (b *builder) primitive(e *schema.Element, code string) any {
	b.next++
	switch code {
	case "boolean":
		return true
	case "integer", "positiveInt", "unsignedInt":
		return float64(b.next%80 + 1)
	case "decimal":
		return float64(b.next%80) + 0.5
	case "date":
		return fmt.Sprintf("2015-03-%02d", b.next%28+1)
	case "dateTime", "instant":
		return fmt.Sprintf("2015-03-%02dT10:20:30Z", b.next%28+1)
	case "time":
		return fmt.Sprintf("10:20:%02d", b.next%60)
	case "uri", "url", "canonical":
		return fmt.Sprintf("http://marker%06d.example/x", b.next)
	case "oid":
		return fmt.Sprintf("urn:oid:1.2.%d", b.next)
	case "uuid":
		return fmt.Sprintf("urn:uuid:00000000-0000-4000-8000-%012d", b.next)
	case "base64Binary":
		return "TUFSS0VS"
	case "code", "id":
		return fmt.Sprintf("marker-%06d", b.next)
	}
	return fmt.Sprintf("MARKER %06d", b.next)
}

// judge compares what the tree says of an object with what masking made of it.
type judge struct {
	t        *testing.T
	a        *fhir.Automaton
	typ      string
	verified map[Word]int
	nodes    map[string]map[string]*Node // children by path and member
}

func (j *judge) object(steps []string, original, masked map[string]any) {
	path := j.typ + "." + strings.Join(steps, ".")
	known := j.nodes[path]
	if known == nil {
		n, err := Open(j.a, j.typ, steps, 1)
		if err != nil {
			j.t.Errorf("%s: %v", path, err)
			return
		}
		known = map[string]*Node{}
		for _, c := range n.Children {
			known[c.Steps[len(c.Steps)-1]] = c
		}
		j.nodes[path] = known
	}
	for member, value := range original {
		if member == "resourceType" {
			continue
		}
		c := known[member]
		if c == nil {
			j.t.Errorf("%s: the tree has no %s", path, member)
			continue
		}
		j.value(c, first(value), first(masked[member]))
	}
}

// first is the value itself, or the first of a list.
func first(v any) any {
	if list, ok := v.([]any); ok {
		if len(list) == 0 {
			return nil
		}
		return list[0]
	}
	return v
}

func (j *judge) value(n *Node, original, masked any) {
	if len(n.Verdicts) == 0 {
		j.t.Errorf("%s has no verdict", n.Path)
		return
	}
	words := map[Word]bool{}
	for _, v := range n.Verdicts {
		words[v.Word] = true
		if v.Rule == "" || v.Effect == "" {
			j.t.Errorf("%s: no reason: %+v", n.Path, v)
		}
	}
	same := reflect.DeepEqual(original, masked)
	object, isObject := original.(map[string]any)
	switch {
	case isObject && n.Below:
		if below, ok := masked.(map[string]any); ok && len(n.Verdicts) == 1 {
			j.object(n.Steps, object, below)
		}
		return
	case words[Code] || words[Parts] || words[Link]:
		return // what passes depends on the value
	case len(words) == 1 && words[Keep]:
		if !same {
			j.t.Errorf("%s is kept, and masking gave %v for %v", n.Path, masked, original)
		}
	case words[Keep] || words[Coarser]:
		return // a condition decides, or a value is coarse already
	default:
		if same {
			j.t.Errorf("%s: %v by %s, and its original passed: %v", n.Path, n.Verdicts[0].Word, n.Verdicts[0].Rule, original)
		}
		if words[Remove] && len(words) == 1 && masked != nil && strings.Contains(fmt.Sprint(masked), fmt.Sprint(original)) {
			j.t.Errorf("%s is removed, and is there: %v", n.Path, masked)
		}
	}
	j.verified[n.Verdicts[0].Word]++
}

// TestVerdictsAreWhatMaskingDoes masks resources that have every element, by the compiled
// rules, and compares each value with the verdict that the tree has for its element.
func TestVerdictsAreWhatMaskingDoes(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"safe-harbor", "research", "limited-dataset"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := masktest.Shipped(t, name)
			w, pass := fhir.NewWalker(a, fhir.RememberNothing), mask.NewPass(a.Plan)
			verified := map[Word]int{}
			withheld := 0
			for _, typ := range a.ResourceTypes() {
				root, err := Open(a, typ, nil, 0)
				if err != nil {
					t.Fatal(err)
				}
				nodes := map[string]map[string]*Node{}
				for variant := range 3 {
					b := builder{variant: variant}
					original := b.object(a.Schema().Type(typ), 0)
					src, _ := json.Marshal(original) // maps of strings and numbers
					pass.Begin(mask.Origin{})
					out, err := w.AppendJSON(nil, src, pass, &fhir.Site{})
					if len(root.Verdicts) == 1 && root.Verdicts[0].Word == Withhold {
						withheld++
						if err == nil {
							t.Errorf("%s is withheld, and passed", typ)
						}
						continue
					}
					if err != nil { // an element withholds the resource
						continue
					}
					var masked map[string]any
					if err := json.Unmarshal(out, &masked); err != nil {
						t.Fatal(err)
					}
					(&judge{t, a, typ, verified, nodes}).object(nil, original, masked)
				}
			}
			t.Logf("%v, %d withheld", verified, withheld)
			for word, least := range map[Word]int{Keep: 300, Remove: 1000, Date: 200, Pseudonym: 100} {
				if verified[word] < least && (word != Date || name != "limited-dataset") { // which keeps them
					t.Errorf("%d values of %s were compared, want %d", verified[word], word, least)
				}
			}
		})
	}
}

// TestOpen follows paths to conditions and extensions, and refuses what is not there.
func TestOpen(t *testing.T) {
	t.Parallel()
	a := masktest.Shipped(t, "safe-harbor")
	extensions, err := Open(a, "Patient", []string{"extension"}, 1)
	if err != nil || len(extensions.Children) == 0 {
		t.Fatalf("extensions of a Patient: %v", err)
	}
	for _, x := range extensions.Children {
		if n, err := Open(a, "Patient", x.Steps, 1); err != nil || n.Path != x.Path || n.Below && len(n.Children) == 0 {
			t.Errorf("%q: %v", x.Steps, err)
		}
	}
	for _, tc := range []struct {
		typ   string
		steps []string
	}{
		{"Patiant", nil}, {"Patient", []string{"nothing"}}, {"Patient", []string{"birthDate", "x"}}, {"Patient", []string{"meta~1"}},
		{"Patient", []string{"meta~-1"}}, {"Patient", []string{"extension", "extension:http://example.org/none"}}, {"Patient", make([]string, MostSteps+1)},
	} {
		if n, err := Open(a, tc.typ, tc.steps, 1); err == nil {
			t.Errorf("%s %q is %+v", tc.typ, tc.steps, n)
		}
	}
	words := map[Word]bool{}
	for _, w := range Words() {
		words[w.Word] = true
	}
	for _, e := range []struct {
		path string
		want Word
	}{{"birthDate", Date}, {"name", Remove}, {"id", Pseudonym}, {"active", Keep}, {"gender", Code}, {"deceasedDateTime", Date}, {"implicitRules", Withhold}} {
		n, err := Open(a, "Patient", []string{e.path}, 0)
		if err != nil || n.Verdicts[0].Word != e.want || !words[e.want] {
			t.Errorf("%s: %+v %v", e.path, n, err)
		}
	}
}
