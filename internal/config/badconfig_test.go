package config

import (
	"flag"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/veil-proxy/veil/fhir"
	"github.com/veil-proxy/veil/general"
	"github.com/veil-proxy/veil/internal/rules"
	"github.com/veil-proxy/veil/mask/keys"
	"github.com/veil-proxy/veil/safeharbor"
)

var update = flag.Bool("update", false, "write the messages in testdata/badconfig.txt")

// TestBadConfigurations reads each file of testdata/badconfig, which has one mistake.
// It gives one message of one line, which says where it is, what is wrong, and what to
// do; testdata/badconfig.txt has the text. No message shows a secret that a file has
// where it does not belong.
func TestBadConfigurations(t *testing.T) {
	t.Parallel()
	const golden = "testdata/badconfig.txt"
	text, err := os.ReadFile(golden)
	if err != nil && !*update {
		t.Fatal(err)
	}
	want := map[string]string{}
	for _, line := range strings.Split(strings.TrimSpace(string(text)), "\n") {
		name, message, _ := strings.Cut(line, "\t")
		want[name] = message
	}
	files, err := filepath.Glob("testdata/badconfig/*.yaml")
	if err != nil || len(files) < 80 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	// A small ruleset in the place of the default: what is tested is not the ruleset.
	lib, err := rules.New(map[string][]byte{"safe-harbor": []byte("veil: 1\nname: safe-harbor\ntitle: small\nreferenceDate: 2026-12-31\n")}, general.Methods(), safeharbor.Methods(), fhir.Methods())
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, path := range files {
		name := strings.TrimSuffix(filepath.Base(path), ".yaml")
		dir := t.TempDir()
		key, file := filepath.Join(dir, "project.key"), filepath.Join(dir, "veil.yaml")
		if err := keys.WriteFile(key); err != nil {
			t.Fatal(err)
		}
		src, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		write(t, file, strings.NewReplacer("KEY", key, "DIR", dir, "FILE", file).Replace(string(src)))
		_, err = (&Source{File: file, Rules: lib}).Prepare(t.Context(), slog.New(slog.DiscardHandler))
		if err == nil {
			t.Errorf("%s is valid", name)
			continue
		}
		message := strings.NewReplacer(file, "veil.yaml", key, "KEY", dir, "DIR").Replace(err.Error())
		all = append(all, name+"\t"+message)
		if strings.Contains(message, "\n") {
			t.Errorf("%s: more than one line:\n%s", name, message)
		}
		if !strings.HasPrefix(message, "veil.yaml:") {
			t.Errorf("%s: does not say where: %s", name, message)
		}
		if strings.Contains(message, "SECRET") || isSecret(message) {
			t.Errorf("%s: shows a secret: %s", name, message)
		}
		if !*update && message != want[name] {
			t.Errorf("%s:\n%s\nwant\n%s", name, message, want[name])
		}
		delete(want, name)
		if _, err := os.Stat(filepath.Join(dir, "audit")); err == nil {
			t.Errorf("%s: the audit log was opened for a configuration that is not valid", name)
		}
	}
	if *update {
		if err := os.WriteFile(golden, []byte(strings.Join(all, "\n")+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	for name := range want {
		t.Errorf("there is no %s.yaml", name)
	}
}
