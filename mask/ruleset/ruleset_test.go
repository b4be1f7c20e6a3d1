package ruleset

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/veil-proxy/veil/internal/suggest"
	"github.com/veil-proxy/veil/internal/veiltest"
	"github.com/veil-proxy/veil/mask"
)

var update = flag.Bool("update", false, "write golden files and vectors anew")

// testMethods are two methods that only have a form.
func testMethods(t testing.TB) mask.Methods {
	t.Helper()
	ms, err := mask.NewMethods([]mask.Definition{
		{Name: "drop", Label: mask.LabelRedacted, New: func(mask.Env, mask.Args) (mask.Method, error) { return nil, nil }},
		{Name: "swap", Label: mask.LabelMasked, Params: []mask.Param{
			{Name: "kind", Type: mask.StringParam, Required: true, OneOf: []string{"family", "given"}},
			{Name: "size", Type: mask.IntParam, Min: 1, Max: 10},
		}, New: func(mask.Env, mask.Args) (mask.Method, error) { return nil, nil }},
	})
	if err != nil {
		t.Fatal(err)
	}
	return ms
}

func openTestdata(name string) (string, []byte, error) {
	file := name + ".yaml"
	if _, err := os.Stat(filepath.Join("testdata/rulesets", file)); err != nil {
		file = name + ".good.yaml"
	}
	src, err := os.ReadFile(filepath.Join("testdata/rulesets", file))
	return file, src, err
}

// TestRulesetFiles fixes what a good file means and what is said of a bad one.
func TestRulesetFiles(t *testing.T) {
	files, err := filepath.Glob("testdata/rulesets/*.yaml")
	if err != nil || len(files) < 8 {
		t.Fatalf("found %d rulesets: %v", len(files), err)
	}
	for _, path := range files {
		name := filepath.Base(path)
		if !strings.Contains(name, ".good.") && !strings.Contains(name, ".bad.") {
			continue // what the others extend
		}
		t.Run(name, func(t *testing.T) {
			src, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			rs, err := Parse(name, src, testMethods(t), openTestdata)
			var got string
			if strings.Contains(name, ".good.") {
				if err != nil {
					t.Fatal(err)
				}
				got = rs.SHA256() + "\n" + string(rs.Canonical(true))
			} else {
				if err == nil {
					t.Fatal("a bad ruleset was accepted")
				}
				got = err.Error() + "\n"
			}
			golden := strings.TrimSuffix(path, ".yaml") + ".golden"
			veiltest.Golden(t, golden, got, *update)
		})
	}
}

func TestRulesetIdentityIgnoresLayout(t *testing.T) {
	a := "veil: 1\nname: x\nreferenceDate: 2026-12-31\nfhir:\n  rules:\n    - {id: a, match: Patient.name, method: drop}\n"
	b := "# a comment\nname: x\nveil: 1\n\nfhir:\n  rules:\n  - method: drop\n    match: [Patient.name]\n    id: a\nreferenceDate: 2026-12-31\n"
	c := strings.Replace(a, "Patient.name", "Patient.photo", 1)
	hash := func(src string) string {
		rs, err := Parse("x.yaml", []byte(src), testMethods(t), nil)
		if err != nil {
			t.Fatal(err)
		}
		return rs.SHA256()
	}
	if hash(a) != hash(b) {
		t.Error("layout, comments and key order change the identity")
	}
	if hash(a) == hash(c) {
		t.Error("another match has the same identity")
	}
}

func TestDidYouMean(t *testing.T) {
	names := []string{"pseudonym", "remove", "keep"}
	for _, tc := range []struct{ name, got, want string }{
		{"one letter off", "pseudonim", ` (did you mean "pseudonym"?)`},
		{"other case", "Keep", ` (did you mean "keep"?)`},
		{"nothing near", "surrogate", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := suggest.DidYouMean(tc.got, names); got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}

// FuzzParseRuleset: no text makes the reader panic, and what it accepts it
// accepts again.
func FuzzParseRuleset(f *testing.F) {
	files, _ := filepath.Glob("testdata/rulesets/*.yaml")
	for _, path := range files {
		if src, err := os.ReadFile(path); err == nil {
			f.Add(src)
		}
	}
	ms := testMethods(f)
	f.Fuzz(func(t *testing.T, src []byte) {
		rs, err := Parse("fuzz.yaml", src, ms, nil)
		if err != nil {
			return
		}
		again, err := Parse("fuzz.yaml", src, ms, nil)
		if err != nil || again.SHA256() != rs.SHA256() {
			t.Errorf("second reading differs: %v", err)
		}
	})
}
