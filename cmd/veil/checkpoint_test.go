package main

import (
	"os"
	"strings"
	"testing"
)

// TestCheckpointsFromNothing makes signed checkpoints with commands alone, and
// finds with them that the log's end was cut off.
func TestCheckpointsFromNothing(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	signer := s.path("audit.key")
	if r := veil(t, "", "keys", "sign", signer); r.code != 0 || !strings.Contains(r.stdout, "veil-audit+") {
		t.Fatalf("%s%s", r.stdout, r.stderr)
	}
	config := s.config(t, "", anybody)
	text, err := os.ReadFile(config)
	if err != nil {
		t.Fatal(err)
	}
	write(t, config, strings.Replace(string(text), "audit: {dir: ", "audit: {signerFile: "+signer+", dir: ", 1))
	b := s.serve(t, config)
	for range 3 {
		s.ask(t, "/Patient?name=x")
	}
	b.stop(t)
	log := s.path("audit")
	verify := func() result { return veil(t, "", "audit", "verify", log, "--verifier-key", signer+".pub") }
	if r := verify(); r.code != 0 || !strings.Contains(r.stdout, "ok: signed checkpoint at line") {
		t.Fatalf("%s%s", r.stdout, r.stderr)
	}
	segment := log + "/veil-00000000000000000001.jsonl"
	lines, err := os.ReadFile(segment)
	if err != nil {
		t.Fatal(err)
	}
	whole := strings.SplitAfter(string(lines), "\n")
	write(t, segment, strings.Join(whole[:3], ""))
	if r := veil(t, "", "audit", "verify", log); r.code != 0 {
		t.Errorf("a log that ends early verifies without the key: %s", r.stderr)
	}
	if r := verify(); r.code != 1 || !strings.Contains(r.stderr, "its end was removed") {
		t.Errorf("exit %d: %s%s", r.code, r.stdout, r.stderr)
	}
}
