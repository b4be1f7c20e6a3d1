package signed

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"

	"github.com/veil-proxy/veil/internal/veiltest"
)

var page = strings.Join([]string{
	"<!doctype html>", Part("rulesets"), "<h2>Rulesets</h2>", "<p>One.</p>", Part("applications"), "<h2>Applications</h2>", "<table></table>", Part("end"), "</html>", "",
}, "\n")

var document = struct {
	Rulesets     []string `json:"rulesets"`
	Applications int      `json:"applications"`
}{[]string{"safe-harbor"}, 12}

// files are one signed file of each format.
func files(t testing.TB, signer note.Signer) map[string][]byte {
	t.Helper()
	asJSON, err := JSON("evidence", document, signer)
	if err != nil {
		t.Fatal(err)
	}
	asHTML, err := HTML("evidence", []byte(page), signer)
	if err != nil {
		t.Fatal(err)
	}
	return map[string][]byte{"json": asJSON, "html": asHTML}
}

func TestSignedFileOpens(t *testing.T) {
	t.Parallel()
	signer, key := veiltest.Signer(t, "auditor")
	for format, file := range files(t, signer) {
		doc, err := Open(file, key)
		if err != nil {
			t.Fatalf("%s: %v", format, err)
		}
		if doc.Kind != "evidence" || doc.Format != format || !strings.HasPrefix(key, doc.Key) || !bytes.HasPrefix(file, doc.Body) {
			t.Errorf("%s: %+v", format, doc)
		}
	}
	var again map[string]any
	if err := json.Unmarshal(files(t, signer)["json"], &again); err != nil || again["applications"] != 12.0 || again["signature"] == nil {
		t.Errorf("the signed document is %v, %v", again, err)
	}
}

// TestEveryFlippedBitIsFound flips each bit of a file. What is before the signature is named by its part.
func TestEveryFlippedBitIsFound(t *testing.T) {
	t.Parallel()
	signer, key := veiltest.Signer(t, "auditor")
	for format, file := range files(t, signer) {
		doc, err := Open(file, key)
		if err != nil {
			t.Fatal(err)
		}
		for i := range file {
			for bit := range 8 {
				bad := bytes.Clone(file)
				bad[i] ^= 1 << bit
				_, err := Open(bad, key)
				if err == nil {
					t.Fatalf("%s: bit %d of byte %d can be flipped", format, bit, i)
				}
				var change *ChangedError
				if i < len(doc.Body) && (!errors.As(err, &change) || !strings.Contains(err.Error(), "part")) {
					t.Fatalf("%s: bit %d of byte %d: %v", format, bit, i, err)
				}
			}
		}
	}
}

func TestChangesAreNamed(t *testing.T) {
	t.Parallel()
	signer, key := veiltest.Signer(t, "auditor")
	stranger, _ := veiltest.Signer(t, "auditor")
	all, others := files(t, signer), files(t, stranger)
	replace := func(old, by string) func([]byte) []byte {
		return func(b []byte) []byte {
			if !bytes.Contains(b, []byte(old)) {
				t.Errorf("the file has no %q", old)
			}
			return bytes.Replace(b, []byte(old), []byte(by), 1)
		}
	}
	for name, c := range map[string]struct {
		format string
		change func([]byte) []byte
		want   []string
	}{
		"a number of JSON":     {"json", replace("12", "13"), []string{`the part "applications" was changed: line 5`}},
		"a word of JSON":       {"json", replace("safe-harbor", "none"), []string{`the part "rulesets" was changed`, "were signed"}},
		"a member of JSON":     {"json", replace("  \"rulesets\": [\n    \"safe-harbor\"\n  ],\n", ""), []string{`the part "rulesets" was removed`}},
		"a member added":       {"json", replace("{\n", "{\n  \"more\": 1,\n"), []string{"a part was added at line 2"}},
		"a cell of HTML":       {"html", replace("One.", "Two."), []string{`the part "rulesets" was changed: lines 2 to 4`}},
		"a part of HTML":       {"html", replace(Part("applications"), "<!-- gone -->"), []string{`the part "applications" was removed`}},
		"parts moved":          {"html", func([]byte) []byte { return move(t, all["html"]) }, []string{"were moved"}},
		"bytes at the end":     {"html", func(b []byte) []byte { return append(b, "<p>More</p>"...) }, []string{"11 bytes were added after"}},
		"cut off":              {"json", func(b []byte) []byte { return b[:len(b)-9] }, []string{"cut off"}},
		"no signature":         {"json", func(b []byte) []byte { return b[:bytes.Index(b, []byte(jsonFormat.head))] }, []string{"no signature"}},
		"empty":                {"json", func([]byte) []byte { return nil }, []string{"no signature"}},
		"signed by another":    {"html", func([]byte) []byte { return others["html"] }, []string{"signed with another key"}},
		"signature of another": {"html", func(b []byte) []byte { return graft(b, others["html"]) }, []string{"signed with another key"}},
		"line ends of Windows": {"html", func(b []byte) []byte { return bytes.ReplaceAll(b, []byte("\n"), []byte("\r\n")) }, []string{"no signature"}},
	} {
		_, err := Open(c.change(bytes.Clone(all[c.format])), key)
		if err == nil {
			t.Errorf("%s: opens", name)
			continue
		}
		for _, want := range c.want {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}

// move swaps two parts of the page.
func move(t *testing.T, file []byte) []byte {
	t.Helper()
	i, j := bytes.Index(file, []byte(Part("rulesets"))), bytes.Index(file, []byte(Part("applications")))
	k := bytes.Index(file, []byte(Part("end")))
	if i < 0 || j < i || k < j {
		t.Fatal("the page has not the parts")
	}
	return slices.Concat(file[:i], file[j:k], file[i:j], file[k:])
}

// graft puts the signature of one file behind the body of another.
func graft(body, signature []byte) []byte {
	return slices.Concat(body[:bytes.LastIndex(body, []byte(htmlFormat.head))], signature[bytes.LastIndex(signature, []byte(htmlFormat.head)):])
}

// TestSignatureHasOneForm writes valid signatures in other ways than Veil does.
func TestSignatureHasOneForm(t *testing.T) {
	t.Parallel()
	signer, key := veiltest.Signer(t, "auditor")
	second, _ := veiltest.Signer(t, "second")
	file := files(t, signer)["html"]
	at := bytes.LastIndex(file, []byte(htmlFormat.head)) + len(htmlFormat.head)
	text := strings.TrimSuffix(string(file[at:]), htmlFormat.foot)
	verifier, err := note.NewVerifier(key)
	if err != nil {
		t.Fatal(err)
	}
	n, err := note.Open([]byte(text), note.VerifierList(verifier))
	if err != nil {
		t.Fatal(err)
	}
	twice, err := note.Sign(n, second)
	if err != nil {
		t.Fatal(err)
	}
	bad := append(bytes.Clone(file[:at]), string(twice)+htmlFormat.foot...)
	if _, err := Open(bad, key); err == nil {
		t.Error("a file with a second signature opens")
	}
	// A checkpoint is a valid note of the same key, and no report.
	checkpoint, err := note.Sign(&note.Note{Text: "veil-audit\n3\nAAAA\n"}, signer)
	if err != nil {
		t.Fatal(err)
	}
	bad = append(bytes.Clone(file[:at]), string(checkpoint)+htmlFormat.foot...)
	if _, err := Open(bad, key); err == nil || !strings.Contains(err.Error(), "is not a report") {
		t.Errorf("a checkpoint as a signature: %v", err)
	}
}

func TestResult(t *testing.T) {
	t.Parallel()
	signer, key := veiltest.Signer(t, "auditor")
	r := &Result{
		Kind: "selftest", Version: "1.2.3", Time: time.Date(2026, 11, 30, 7, 0, 0, 5, time.UTC), Grade: "A",
		Inputs:  []Input{{"configuration", digest(nil)}},
		Figures: []Figure{{Name: "probes", Value: 40}}, Findings: []Finding{{Name: "TLS", Outcome: Pass}},
	}
	for _, s := range []note.Signer{nil, signer} {
		file, err := r.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		back, err := ParseResult(file, "selftest")
		if err != nil || back.Grade != "A" || back.Figures[0] != r.Figures[0] || back.Findings[0] != r.Findings[0] || back.Time.Nanosecond() != 0 {
			t.Errorf("read back: %+v, %v", back, err)
		}
		if _, err := Open(file, key); (err == nil) != (s != nil) || err != nil && !errors.Is(err, ErrUnsigned) {
			t.Errorf("opening it: %v", err)
		}
		for name, bad := range map[string][]byte{"empty": nil, "cut off": file[:len(file)/2], "of no kind": []byte("{}"), "a list": []byte("[]"), "bad outcome": bytes.Replace(file, []byte(`"pass"`), []byte(`"fine"`), 1)} {
			if _, err := ParseResult(bad, "selftest"); err == nil {
				t.Errorf("a result that is %s is read", name)
			}
		}
		if _, err := ParseResult(file, "risk"); err == nil || !strings.Contains(err.Error(), "selftest") {
			t.Errorf("a result of another kind: %v", err)
		}
	}
}

func FuzzOpen(f *testing.F) {
	signer, key := veiltest.Signer(f, "auditor")
	for _, file := range files(f, signer) {
		f.Add(file)
	}
	f.Add([]byte(jsonFormat.head + jsonFormat.foot))
	whole := files(f, signer)
	f.Fuzz(func(t *testing.T, file []byte) {
		if doc, err := Open(file, key); err == nil && !bytes.Equal(file, whole[doc.Format]) {
			t.Error("a file opens that was not signed")
		}
	})
}
