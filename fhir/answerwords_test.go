package fhir_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"github.com/veil-proxy/veil/fhir"
	"github.com/veil-proxy/veil/internal/masktest"
	"github.com/veil-proxy/veil/rulesets"
)

// answerWords are those that safe-harbor lets pass.
func answerWords(t *testing.T) []string {
	t.Helper()
	_, text, err := rulesets.Open("safe-harbor")
	if err != nil {
		t.Fatal(err)
	}
	var rs struct {
		FHIR struct {
			Rules []struct {
				ID     string
				Values []string
			}
		}
	}
	if err := yaml.Unmarshal(text, &rs); err != nil {
		t.Fatal(err)
	}
	for _, r := range rs.FHIR.Rules {
		if r.ID == "answer-words" {
			return r.Values
		}
	}
	t.Fatal("there is no rule answer-words")
	return nil
}

// TestAnswerWords: a result that is nothing but a word of laboratories passes, in any
// case; a text that has more, or is a name, does not.
func TestAnswerWords(t *testing.T) {
	t.Parallel()
	words := answerWords(t)
	if len(words) < 30 {
		t.Fatalf("%d words", len(words))
	}
	files, err := filepath.Glob("../general/names/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("no names", err)
	}
	names := map[string]bool{}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(strings.ToLower(string(b))) {
			names[strings.TrimSpace(line)] = true
		}
	}
	m := masktest.NewMasker(masktest.Shipped(t, "safe-harbor"), fhir.RememberAlways)
	for _, word := range words {
		if strings.ContainsAny(word, "0123456789") || names[strings.ToLower(word)] {
			t.Errorf("%q can be a name or a number", word)
		}
		for text, passes := range map[string]bool{word: true, strings.ToUpper(word): true, " " + strings.ToLower(word): true,
			word + " Smith": false, word + ".": false, "Smith": false, word + " 2": false, "Low": false} {
			for _, place := range []string{
				`{"resourceType":"Observation","status":"final","valueString":"%"}`,
				`{"resourceType":"Observation","status":"final","component":[{"code":{"coding":[{"system":"http://loinc.org","code":"8867-4"}]},"valueString":"%"}]}`,
				`{"resourceType":"QuestionnaireResponse","status":"completed","item":[{"linkId":"1","answer":[{"valueString":"%"}]}]}`,
			} {
				src := strings.ReplaceAll(place, "%", text)
				out, err := m.Mask([]byte(src))
				if err != nil || strings.Contains(string(out), `"`+text+`"`) != passes {
					t.Errorf("%s becomes %s, %v", src, out, err)
				}
			}
		}
		out, err := m.Mask([]byte(`{"resourceType":"Observation","status":"final","note":[{"text":"` + word + `"}],"code":{"text":"` + word + `"}}`))
		if err != nil || strings.Contains(string(out), word) {
			t.Errorf("elsewhere: %s, %v", out, err)
		}
	}
}
