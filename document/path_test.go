package document

import (
	"strings"
	"testing"
)

var spaces = Namespaces{"c": "urn:c", "d": "urn:d", "xsi": knownNamespaces["xsi"]}

func parsePath(s string) (*Path, error) {
	if strings.HasPrefix(s, "/") {
		return parseXPath(s, spaces)
	}
	return parseJSONPath(s)
}

func TestPaths(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]string{
		"$": "$", "$.a.b": "$.a.b", "$.a[*].b": "$.a[*].b", "$.a.*": "$.a[*]", "$..a": "$..a", "$..*": "$..*", "$..[*]": "$..*", "$..['a b']": "$..['a b']",
		"$['a'].b": "$.a.b", `$["a"]`: "$.a", "$['a.b']": "$['a.b']", `$['it\'s']`: `$['it\'s']`, `$["\u00e9\ud83d\ude00\n"]`: "$['é😀\n']", "$.é": "$.é",
		"$.a*.b": "$.a*.b", "$.*_id": "$.*_id", "$.a?": "$.a?", "$[0].a": "$[0].a", "$['']": "$['']",
		"/a/b": "/a/b", "/a//@id": "/a//@id", "//a/text()": "//a/text()", "/c:a/@c:b": "/{urn:c}a/@{urn:c}b", "/c:*/x*": "/{urn:c}*/x*", "//*": "//*", "/a/@*": "/a/@*", "/a-b.c": "/a-b.c",
	} {
		p, err := parsePath(path)
		if err != nil || p.String() != want {
			t.Errorf("%s: got %v, %v; want %s", path, p, err, want)
		}
	}
}

func TestPathMistakes(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]string{
		"$.": "expected a name after the dot (at character 3 of the path)", "$a": "expected . or [", "$.a.": "expected a name", "$.a b": "is not allowed in a name after a dot: write ['name']",
		"$.first-name": "write ['name']", "$.1a": "cannot begin with a digit: write ['1a']", "$[?(@.a==1)]": "filters [?…] are not supported: use where", "$[(@.length-1)]": "scripts", "$[-1]": "indexes from the end",
		"$[1:2]": "slices", "$[:2]": "slices", "$['a','b']": "several selectors", "$[0,1]": "several selectors", "$[a]": "expected ['name'], [*] or [0]", "$['a": "the name is not closed", `$['\x']`: "unknown escape",
		"$.a.length()": "the function length() is not supported", "$.a^": "^", "$[01]": "expected", "$[0": "expected ]", "$...a": "expected a name", `$['\ud800']`: "unknown escape", "$['\n']": "control character",
		"$." + strings.Repeat("a", 300): "more than 255 bytes", "$" + strings.Repeat(".a", 300): "more than 200 steps",
		"/": "expected a name after the slash", "/a/": "expected a name", "///a": "expected a name", "/@a": "begins with an element", "/text()": "begins with an element", "/a/@b/c": "has nothing below it", "/a/text()/b": "has nothing below it",
		"/a[1]": "predicates […] are not supported: use where", "/a/..": ".. is not supported", "/a/.": ". is not supported", "/child::a": "the axis child:: is not supported", "/a/comment()": "always removed", "/a|b": "alternatives",
		"/e:a": `unknown prefix "e"`, "/xs:a": `did you mean "xsi"?`, "/1": "is not a name of XML", "/a b": "is not a name of XML", "/a/@c:b:d": "is not a name of XML",
	} {
		if p, err := parsePath(path); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.50s: got %v, %v; want %q", path, p, err, want)
		}
	}
}

// TestCompare: each path is more specific than those behind it.
func TestCompare(t *testing.T) {
	t.Parallel()
	for _, order := range [][]string{
		{"$.a.b.c", "$..b.c", "$.a..c", "$..c", "$.a.c*", "$.a.*", "$..*"},
		{"$.a.s", "$.*.s", "$..s", "$.a.*"},
		{"$.a[0]", "$.a[*]", "$..*"},
		{"/c:a/b/@id", "/a/b/@id", "/a//@id", "//@id", "//@*"},
		{"/a/b/text()", "//b/text()", "//text()"},
	} {
		for i, a := range order {
			for k, b := range order {
				p, err1 := parsePath(a)
				o, err2 := parsePath(b)
				if err1 != nil || err2 != nil {
					t.Fatal(err1, err2)
				}
				if got := p.compare(o); (got > 0) != (i < k) || (got == 0) != (i == k) {
					t.Errorf("%s, %s: got %d", a, b, got)
				}
			}
		}
	}
}

func TestOverlap(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{"$.a.b", "$.a.b", true},
		{"$.a.b", "$.a.c", false},
		{"$.a", "$.a.b", false},
		{"$..b", "$.a.b", true},
		{"$..a..c", "$..b..c", true},
		{"$..a.c", "$..b.c", false},
		{"$.ab*.x", "$.*bc.x", true},
		{"$.ab*.x", "$.b*.x", false},
		{"$.a?c", "$.ab*", true},
		{"$.a?", "$.a", false},
		{"$.*", "$.a*", true},
		{"$.a[*]", "$.a[3]", true},
		{"$.a[2]", "$.a[3]", false},
		{"$.a[2]", "$.a.b", false},
		{"/a/@id", "/a/id", false},
		{"//@id", "/a/b/@id", true},
		{"//id", "/a/@id", false},
		{"/c:a", "/d:a", false},
		{"/c:a", "/a", true},
		{"//text()", "/a/text()", true},
		{"//*", "/a/text()", false},
		{"/a/b", "/a//text()", false},
	} {
		p, err1 := parsePath(c.a)
		o, err2 := parsePath(c.b)
		if err1 != nil || err2 != nil {
			t.Fatal(err1, err2)
		}
		if got, back := overlap(p.steps, o.steps), overlap(o.steps, p.steps); got != c.want || back != c.want {
			t.Errorf("%s, %s: got %t and %t, want %t", c.a, c.b, got, back, c.want)
		}
	}
}

// FuzzPath: a path that is read is written as one that reads as the same.
func FuzzPath(f *testing.F) {
	for _, s := range []string{"$.a[*]..b['c']", "//a/@b", `$["\u00e9"][0].x*`, "$..*", "/c:a//text()"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		p, err := parsePath(s)
		if err != nil {
			return
		}
		if !overlap(p.steps, p.steps) || p.compare(p) != 0 {
			t.Errorf("%q does not meet itself", s)
		}
		if p.xml { // which is written with namespaces
			return
		}
		again, err := parsePath(p.String())
		if err != nil || again.compare(p) != 0 || again.String() != p.String() {
			t.Errorf("%q is written as %q, which reads as %v, %v", s, p, again, err)
		}
	})
}
