package document_test

import (
	"os"
	"strings"
	"testing"

	"github.com/veil-proxy/veil/internal/documenttest"
)

// TestCompileMistakes: every mistake is reported at its place.
func TestCompileMistakes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, section, want string }{
		{"equal paths", `  rules:
    - {id: a, match: $.a, method: keep}
    - {id: b, match: "$['a']", method: remove}
`, `test.yaml:7:22: rules "a" and "b" match equally: $.a and $['a'] can be the same value`},
		{"equal patterns", `  rules:
    - {id: a, match: $.ab*.x, method: keep, keys: keep}
    - {id: b, match: "$.*b.x", method: remove, keys: keep}
`, `7:22: rules "a" and "b" match equally`},
		{"equal descendants", `  rules:
    - {id: a, match: $..a..x, method: keep}
    - {id: b, match: $..b..x, method: remove}
`, `rules "a" and "b" match equally`},
		{"documents that meet", `  rules:
    - {id: a, match: "c*:$.x", method: keep}
    - {id: b, match: "*d:$.x", method: remove}
`, `rules "a" and "b" match equally: c*:$.x and *d:$.x can be the same value`},
		{"keys", `  rules:
    - {id: a, match: "$.x*.a", method: keep, keys: keep}
    - {id: b, match: "$.*x.b", method: keep, keys: pseudonym}
`, `the keys of rules "a" and "b" match equally`},
		{"names that are open", "  rules:\n    - {id: a, match: $.ad*.zip, method: keep}\n", `6:22: rule "a": the names that match "ad*" can be data, so they do not pass: say what happens to them, such as keys: keep, or list the names`},
		{"keys of a path without", "  rules:\n    - {id: a, match: $.a, method: keep, keys: keep}\n", `rule "a": keys is for names that a path leaves open`},
		{"below what is removed", `  rules:
    - {id: a, match: $.a.b, method: remove}
    - {id: b, match: $.a.b.c, method: keep}
`, `7:22: rule "b" can never apply: rule "a" removes $.a.b with everything in it`},
		{"a document without rules", `  files: [{file: "*.json", document: claim}]
  rules:
    - {id: a, match: "claims:$.a", method: keep}
`, `5:12: no rule covers document "claim" (did you mean "claims"?)`},
		{"ageCap", "  rules:\n    - {id: a, match: $.a, method: ageCap}\n", `method "ageCap" needs the unit here`},
		{"surrogate", "  rules:\n    - {id: a, match: $.a, method: surrogate, kind: family}\n", `method "surrogate" needs entity`},
		{"a path beside", "  rules:\n    - {id: a, match: $.a, method: keep, where: {path: '../*', equals: x}}\n", `consists of names only`},
		{"a path beside that selects several", "  rules:\n    - {id: a, match: $.a, method: birthYear, death: '$..x'}\n", `consists of names only`},
		{"a path beside without a name", "  rules:\n    - {id: a, match: $.a, method: birthYear, death: '../..'}\n", `..`},
		{"names of elements", "  rules:\n    - {id: a, match: '/a/*', method: keep, keys: pseudonym}\n", `names of elements and attributes can only be kept`},
		{"a prefix", "  rules:\n    - {id: a, match: '/x:a', method: keep}\n", `6:22: rule "a": unknown prefix "x"`},
		{"namespaces", "  namespaces: {c: urn:c, d: urn:c}\n  rules: []\n", `namespaces: c and d are the same namespace`},
		{"a prefix of XML", "  namespaces: {xmlx: urn:c}\n  rules: []\n", `"xmlx" cannot be a prefix`},
		{"no method", "  rules:\n    - {id: a, match: $.a}\n", `rule "a" has no "method"`},
		{"a method for columns", "  rules:\n    - {id: a, match: $.a, method: hide}\n", `unknown method "hide"`},
		{"a condition without a test", "  rules:\n    - {id: a, match: $.a, method: keep, where: {path: b}}\n", `condition has none of`},
		{"a condition without a path", "  rules:\n    - {id: a, match: $.a, method: keep, where: {equals: b}}\n", `condition has no "path"`},
		{"default", "  default: keep\n  rules: []\n", `unknown value "keep": expected remove`},
		{"a key", "  rule: []\n", `unknown key "rule" (did you mean "rules"?)`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if _, err := documenttest.Compile(t, c.section); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v\nwant %s", err, c.want)
			}
		})
	}
}

// TestDocumentation: the example of the documentation compiles.
func TestDocumentation(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../docs/rulesets.md")
	if err != nil {
		t.Fatal(err)
	}
	_, example, found := strings.Cut(string(text), "```yaml\ndocuments:\n")
	if !found {
		t.Fatal("there is no example")
	}
	example, _, _ = strings.Cut(example, "```")
	if _, err := documenttest.Compile(t, example); err != nil {
		t.Error(err)
	}
}

// TestRulesThatDiffer: none of these is a conflict.
func TestRulesThatDiffer(t *testing.T) {
	t.Parallel()
	for _, section := range []string{
		"  rules:\n    - {id: a, match: 'a:$.x', method: keep}\n    - {id: b, match: 'b:$.x', method: remove}\n",
		"  rules:\n    - {id: a, match: '$.x', method: keep}\n    - {id: b, match: 'b:$.x', method: remove}\n",
		"  rules:\n    - {id: a, match: '$.x', method: keep}\n    - {id: b, match: '/x', method: remove}\n",
		"  rules:\n    - {id: a, match: '$.x', method: keep, where: {path: y, equals: z}}\n    - {id: b, match: '$.x', method: remove}\n",
		"  rules:\n    - {id: a, match: '$.x*.y', method: keep}\n    - {id: b, match: '$.x*', keys: keep}\n",
		"  rules:\n    - {id: a, match: '$.x*.a', method: keep, keys: keep}\n    - {id: b, match: '$.*x.b', method: keep, keys: keep}\n",
		"  rules:\n    - {id: a, match: '$.x', method: remove}\n    - {id: b, match: 'b:$.x.y', method: keep}\n    - {id: c, match: 'b:$.x', method: keep}\n",
	} {
		if _, err := documenttest.Compile(t, section); err != nil {
			t.Errorf("%s\n%v", section, err)
		}
	}
}
