package main

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

// everySetting is a configuration with a value of its own for each setting.
func everySetting(t testing.TB) string {
	t.Helper()
	text, err := os.ReadFile("../../internal/config/testdata/every.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestPrintConfigCanBeReadBack: what is printed is read as the same, for the
// defaults and for every setting; and so is what is printed as a comment.
func TestPrintConfigCanBeReadBack(t *testing.T) {
	file := filepath.Join(t.TempDir(), "veil.yaml")
	for name, text := range map[string]string{"defaults": "veil: 1\n", "every setting": everySetting(t)} {
		t.Run(name, func(t *testing.T) {
			first := veil(t, "", "serve", "--print-config", "--config", write(t, file, text))
			if first.code != 0 {
				t.Fatal(first.stderr)
			}
			second := veil(t, "", "serve", "--print-config", "--config", write(t, file, first.stdout))
			if second.code != 0 || second.stdout != first.stdout {
				t.Errorf("read back as\n%s%s", second.stderr, second.stdout)
			}
			without := regexp.MustCompile(`(?m)^# `).ReplaceAllString(first.stdout, "")
			if r := veil(t, "", "serve", "--print-config", "--config", write(t, file, without)); r.code != 0 {
				t.Errorf("what is a comment cannot be read: %s\n%s", r.stderr, without)
			}
		})
	}
}
