package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/veil-proxy/veil/audit"
)

// TestLossesAreReported: what masking leaves out as a whole is on standard error,
// by reason and type, in a pipe too; what is delivered, or reported with its place,
// is not.
func TestLossesAreReported(t *testing.T) {
	t.Parallel()
	key := newKey(t)
	const modifier = `{"resourceType":"Patient","contact":[{"modifierExtension":[{"url":"http://x.example/y","valueString":"SECRET"}]}]}`
	const implicit = `{"resourceType":"Patient","implicitRules":"http://x.example/SECRET"}`
	bundle := func(entries ...string) string {
		return `{"resourceType":"Bundle","type":"collection","entry":[{"resource":` + strings.Join(entries, `},{"resource":`) + `}]}`
	}
	for _, tc := range []struct {
		name, in string
		code     int
		want     []string
	}{
		{"none", twoPatients, 0, nil},
		{"a type", `{"resourceType":"Person","id":"SECRET"}`, 0, []string{`left out 1 × Person: withheld by rule "withheld-resources"`}},
		{"a modifier", modifier, 0, []string{`left out 1 × unknown modifierExtension: withheld by rule "fhir.unknown"`}},
		{"implicit rules", implicit + "\n" + implicit, 0, []string{`left out 2 × Patient.implicitRules: withheld by rule "rules-beyond-fhir"`}},
		{"in a Bundle", bundle(`{"resourceType":"Foo"}`, `{"resourceType":"Person"}`, implicit), 0, []string{
			"left out 1 × unknown resource type", `left out 1 × Patient.implicitRules: withheld by rule "rules-beyond-fhir"`, `left out 1 × Person: withheld by rule "withheld-resources"`}},
		{"elements of an older release", `{"resourceType":"Patient","active":true,"animal":{"species":{}},"careProvider":[{"display":"SECRET"}]}`, 0, []string{"left out 2 × unknown element"}},
		{"a line that is reported", `{"resourceType":"Bundle","type":"collection","entry":[{"resource":{"resourceType":"Person"}},{"resource":`, 1, []string{":1:106: "}},
		{"no resource", `{"resourceType":"Foo"}`, 1, []string{":1:1: expected a FHIR 4.0.1 resource"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			for _, workers := range []string{"1", "3"} {
				r := veil(t, tc.in, "mask", "--key-file", key, "--workers", workers)
				lines := strings.Split(strings.TrimSuffix(r.stderr, "\n"), "\n")
				if r.stderr == "" {
					lines = nil
				}
				ok := r.code == tc.code && len(lines) == len(tc.want)
				for i := range lines {
					ok = ok && strings.HasPrefix(lines[i], "veil: standard input") && strings.Contains(lines[i], tc.want[i])
				}
				if !ok || strings.Contains(r.stderr, "SECRET") {
					t.Errorf("exit %d\n%s\nwant %q", r.code, r.stderr, tc.want)
				}
			}
		})
	}
}

// TestRecordNamesFiles: the record of a file has a pseudonym of its name and the
// digests of input and output, and is found by either.
func TestRecordNamesFiles(t *testing.T) {
	t.Parallel()
	key, dir := newKey(t), t.TempDir()
	in := write(t, filepath.Join(dir, "smith-anna.ndjson"), twoPatients)
	log, out := filepath.Join(dir, "log"), filepath.Join(dir, "out")
	if r := veil(t, "", "mask", "--key-file", key, "--audit-dir", log, "--out", out, in); r.code != 0 {
		t.Fatal(r.stderr)
	}
	if r := veil(t, `{"resourceType":"Person"}`, "mask", "--key-file", key, "--audit-dir", log); r.code != 0 {
		t.Fatal(r.stderr)
	}
	masked, err := os.ReadFile(filepath.Join(out, "smith-anna.ndjson"))
	if err != nil {
		t.Fatal(err)
	}
	sum, plain := sha256.Sum256(masked), sha256.Sum256([]byte(twoPatients))
	for file, flags := range map[string][]string{filepath.Join(out, "smith-anna.ndjson"): nil, in: {"--key-file", key}} {
		r := veil(t, "", append([]string{"audit", "show", log, "--format", "json", "--file", file}, flags...)...)
		var l audit.Line
		if err := json.Unmarshal([]byte(r.stdout), &l); err != nil || r.code != 0 {
			t.Fatalf("%s: %v\n%s%s", file, err, r.stdout, r.stderr)
		}
		if l.OutputDigest != "sha256:"+hex.EncodeToString(sum[:]) || !strings.HasPrefix(l.InputDigest, "hmac-sha256:") || !strings.HasPrefix(l.File, "file-") {
			t.Errorf("%s: %+v", file, l)
		}
		if strings.Contains(r.stdout, "smith") || strings.Contains(r.stdout, hex.EncodeToString(plain[:])) {
			t.Error("the record shows a name, or a digest that could be tried out")
		}
	}
	if r := veil(t, "", "audit", "show", log, "--file", in); r.stdout != "" {
		t.Errorf("an input is found without the key: %s", r.stdout)
	}
	r := veil(t, "", "audit", "show", log, "--operation", "mask", "--last", "1", "--format", "json")
	if !strings.Contains(r.stdout, `"reason":"resources or elements were left out"`) {
		t.Errorf("the record of a file that lost all: %s", r.stdout)
	}
}
