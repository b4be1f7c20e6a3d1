package json

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/veil-proxy/veil/internal/documenttest"
	"github.com/veil-proxy/veil/mask"
)

// maskOne masks a document by a section.
func maskOne(t *testing.T, section, src string) (string, error) {
	t.Helper()
	p := documenttest.Plan(t, section)
	pass := mask.NewPass(p.Actions)
	pass.Begin(mask.Origin{})
	out, err := NewWalker(p, pass).Append(nil, []byte(src))
	if err == nil && !json.Valid(out) {
		t.Fatalf("%s becomes %s, which is not JSON", src, out)
	}
	return string(out), err
}

// rules writes a list of rules, each the members behind its id.
func rules(list ...string) string {
	var b strings.Builder
	b.WriteString("  rules:\n")
	for i, r := range list {
		b.WriteString("    - {id: r" + string(rune('a'+i)) + ", " + r + "}\n")
	}
	return b.String()
}

const keepAll = "match: $..*, method: keep, keys: keep"

func TestWalker(t *testing.T) {
	t.Parallel()
	keepA := rules("match: $.a, method: keep")
	for _, c := range []struct{ name, section, src, want string }{
		{"what no rule covers goes", keepA, `{"a":1,"b":2,"c":{"a":3}}`, `{"a":1}`},
		{"space stays", keepA, " {\n  \"b\": 0,\n  \"a\" : 1 ,\n  \"c\": 2\n} \n", " {\n  \"a\" : 1\n} \n"},
		{"nothing is left", keepA, `{"b":1}`, `{}`},
		{"nothing is left of an array", keepA, `[{"a":1},2]`, `[]`},
		{"nothing is left of a scalar", keepA, `"a"`, `null`},
		{"empty stays", keepA, `{"a":{},"b":{}}`, `{"a":{}}`},
		{"an object is not kept as a whole", keepA, `{"a":{"x":1}}`, `{}`},
		{"an array stands for its elements", keepA, `{"a":[1,[2],{"x":3}]}`, `{"a":[1,[2],null]}`},
		{"null stays", rules("match: $.a, method: pseudonym"), `{"a":null,"b":null}`, `{"a":null}`},
		{"an emptied object goes", rules("match: $.a.b, method: keep"), `{"a":{"c":1}}`, `{}`},
		{"elements keep their places", rules("match: '$.a[*].b', method: keep"), `{"a":[{"c":1},{"b":2},3]}`, `{"a":[null,{"b":2},null]}`},
		{"an index", rules("match: '$.a[1]', method: keep"), `{"a":[1,2,3]}`, `{"a":[null,2,null]}`},
		{"odd names", rules(`match: '$[''odd key''].x', method: keep`), `{"odd key":{"x":1},"odd":2}`, `{"odd key":{"x":1}}`},
		{"escaped names", keepA, `{"\u0061":1}`, `{"\u0061":1}`},
		{"strings stay as written", rules("match: $.a, method: keep"), `{"a":"\u0041\/é"}`, `{"a":"\u0041\/é"}`},
		{"numbers keep their digits", keepA, `{"a":123456789012345678901234567890.10e+5}`, `{"a":123456789012345678901234567890.10e+5}`},
		{"all", rules(keepAll), `{"x":{"y":[1,{"z":null}]},"":"b"}`, `{"x":{"y":[1,{"z":null}]},"":"b"}`},
		{"descendants need named ways", rules("match: $..s, method: keep", "match: $.a.b, method: keep"), `{"s":1,"a":{"s":2,"x":{"s":3}}}`, `{"s":1,"a":{"s":2}}`},
		{"descendants with open ways", rules("match: $..s, method: keep, keys: keep"), `{"a":{"x":{"s":3,"t":4}},"t":5}`, `{"a":{"x":{"s":3}}}`},
		{"patterns", rules("match: $.ad*.zip, method: zip3, keys: keep"), `{"address":{"zip":"12345"},"other":{"zip":"12345"}}`, `{"address":{"zip":"123"}}`},
		{"the last step counts most", rules(keepAll, "match: $..s, method: remove"), `{"s":1,"a":{"s":2,"t":3}}`, `{"a":{"t":3}}`},
		{"a child before a descendant", rules("match: $..s, method: remove", "match: $.a.s, method: keep"), `{"s":1,"a":{"s":2}}`, `{"a":{"s":2}}`},
		{"a document before all", rules("match: $.a, method: keep", "match: 'd:$.a', method: remove"), `{"a":1}`, `{}`},
		{"other documents", rules("match: 'e:$.a', method: keep", "match: 'd*:$.b', method: keep"), `{"a":1,"b":2}`, `{"b":2}`},
		{"a removed object goes with all", rules("match: $.a, method: remove", "match: $.b.c, method: keep"), `{"a":{"b":1},"b":{"c":1}}`, `{"b":{"c":1}}`},
		{"names that are data", rules("match: '$.*.n', method: keep, keys: {method: fixed, value: P}"), `{"Smith":{"n":1}}`, `{"P":{"n":1}}`},
		{"a name that is spelled out among others", rules("match: '$.*', method: keep, keys: {method: fixed, value: P}", "match: $.total, method: keep"), `{"Smith":1,"total":2}`, `{"P":1,"total":2}`},
		{"a removed name", rules("match: '$.*', method: keep, keys: remove"), `{"Smith":1}`, `{}`},
		{"numbers of numbers", rules("match: $.a, method: round, to: 10", "match: $.b, method: ageCap, unit: a", "match: $.c, method: fixed, value: '7'"), `{"a":47,"b":95,"c":5}`, `{"a":50,"b":90,"c":"7"}`},
		{"booleans", rules("match: $.a, method: generalize, cases: {'true': 'false'}", "match: $.b, method: fixed, value: x"), `{"a":true,"b":true}`, `{"a":false,"b":"x"}`},
		{"escaping", rules(`match: $.a, method: fixed, value: 'q"\'`), `{"a":1}`, `{"a":"q\"\\"}`},
		{"a condition", rules("match: $.v, method: keep, where: {path: type, equals: A}"), `[{"type":"A","v":1}]`, `[]`},
		{"conditions", rules("match: '$[*].v', method: keep, where: {path: type, equals: A}", "match: '$[*].v', method: fixed, value: x"), `[{"type":"A","v":1},{"v":2,"type":"b"},{"v":3},{"type":{},"v":4}]`, `[{"v":1},{"v":"x"},{"v":"x"},{"v":"x"}]`},
		{"a value beside that is there twice", rules("match: '$[*].v', method: keep, where: {path: t, equals: A}", "match: '$[*].w', method: surrogate, kind: family, entity: id"), `[{"t":"A","v":1,"\u0074":"B"},{"id":1,"w":"x","id":2},{"t":"A","v":1}]`, `[null,null,{"v":1}]`},
		{"no member is null", rules("match: $.v, method: keep, where: {path: x, isNull: true}"), `{"v":1}`, `{"v":1}`},
		{"a condition further out", rules("match: '$.l[*].v', method: keep, where: {path: ../t.u, in: [A]}"), `{"t.u":"A","l":[{"v":1}]}`, `{"l":[{"v":1}]}`},
		{"a unit", rules("match: $.n, method: ageCap, unit: {path: u, default: a}"), `{"n":95,"u":"kg"}`, `{"n":95}`},
		{"birth and death", rules("match: $.b, method: birthYear, death: ../x, birth: b", "match: $.c, method: deathYear, birth: b"), `{"b":"1930-01-01","c":"1990-05-05"}`, `{"c":"1990"}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got, err := maskOne(t, c.section, c.src)
			if err != nil || got != c.want {
				t.Errorf("%s\n becomes %s (%v)\n    want %s", c.src, got, err, c.want)
			}
		})
	}
}

func TestWalkerMistakes(t *testing.T) {
	t.Parallel()
	section := rules("match: $.a.b, method: keep", "match: '$.m.*', method: keep, keys: {method: substring, from: 0, length: 1}", "match: '$.k.*', method: keep, keys: keep")
	for _, c := range []struct{ src, want string }{
		{``, "unexpected end of input"},
		{`{"a":{"b":1}`, "unexpected end of input inside an object"},
		{`{"a":[1`, "unexpected end of input"},
		{`{"a":{"b":1,"b":2}}`, "a member is given twice"},
		{`{"a":{"b":1,"\u0062":2}}`, "a member is given twice"},
		{`{"k":{"x":1,"\u0078":2}}`, "two members of the object have the same name"},
		{`{"m":{"Smith":1,"Sutter":2}}`, "two members of the object have the same name"},
		{`{"m":{"abc":1}}`, "is a name that a rule uses"},
		{`{"z":{"b":1,}}`, "expected the name of a member"},
		{`{"a":1} {"a":2}`, "unexpected data after the value"},
		{`{"a" 1}`, "expected a colon"},
		{`{"a":` + strings.Repeat("[", 300) + strings.Repeat("]", 300) + `}`, "nested too deep"},
		{`{"a":{"b":"` + "\xff" + `"}}`, "invalid UTF-8"},
		{`{"a":{"b":"\ud800"}}`, "surrogate"},
		{`{"a":tru}`, "not a JSON value"},
	} {
		got, err := maskOne(t, section, c.src)
		if err == nil || !strings.Contains(err.Error(), c.want) || got != "" {
			t.Errorf("%.80q: got %q, %v; want %q", c.src, got, err, c.want)
		}
	}
}
