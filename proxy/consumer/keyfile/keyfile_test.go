package keyfile

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/veil-proxy/veil/proxy/consumer"
)

func nothing() error { return nil }

// newEntry is an entry of a new key.
func newEntry(name string) Entry {
	_, sum := consumer.NewKey()
	return Entry{Key: consumer.Key{Account: consumer.Account{Name: name}, SHA256: sum}, By: "ops"}
}

// keysFile writes a file of keys.
func keysFile(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "keys.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func text(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// byHand is a file as a person writes one. %s are two hashes.
const byHand = `# Keys of the trial. Ask Dr. Who before you add one.
veil: 1
keys:
    # the notebook
    - {name: notebook, sha256: %s} # until March
    - name: lab
      sha256: %s
      view: cardio   # as agreed
      limits: {ratePerSecond: 2.5, burst: 5}

# the end
`

// TestByHand: a change keeps every line that people have written, and undone it leaves
// the file as it was.
func TestByHand(t *testing.T) {
	t.Parallel()
	before := fmt.Sprintf(byHand, newEntry("a").SHA256, newEntry("b").SHA256)
	path := keysFile(t, before)
	e := newEntry("ann")
	e.View, e.Scopes, e.Limits = "cardio", "system/Patient.rs", consumer.Limits{RatePerSecond: 1, Burst: 2, Concurrent: 3}
	if err := Add(path, e, nothing); err != nil {
		t.Fatal(err)
	}
	all, err := Read(path)
	if err != nil || len(all) != 3 || all[2].Key != e.Key || all[2].By != "ops" || all[2].Made == "" || all[1].Limits.RatePerSecond != 2.5 {
		t.Fatalf("%+v, %v", all, err)
	}
	after := text(t, path)
	for line := range strings.Lines(before) {
		if !strings.Contains(after, line) {
			t.Errorf("%q is gone:\n%s", line, after)
		}
	}
	if err := Revoke(path, Fingerprint(e.SHA256), nothing); err != nil {
		t.Fatal(err)
	}
	if text(t, path) != before {
		t.Errorf("after a key was made and revoked:\n%s", text(t, path))
	}
	if err := Revoke(path, Fingerprint(all[1].SHA256), nothing); err != nil {
		t.Fatal(err)
	}
	if s := text(t, path); strings.Contains(s, "lab") || strings.Contains(s, "2.5") || !strings.Contains(s, "# until March\n") || !strings.Contains(s, "# the end") {
		t.Errorf("%s", s)
	}
	if err := Revoke(path, Fingerprint(e.SHA256), nothing); !errors.Is(err, errUnknown) {
		t.Errorf("a key that is gone: %v", err)
	}
	if err := Revoke(path, Fingerprint(all[0].SHA256), nothing); err != nil {
		t.Errorf("the last key: %v\n%s", err, text(t, path))
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
}

// TestForms: keys are added to and revoked from whatever the file looks like, or the
// change is refused and the file is as it was.
func TestForms(t *testing.T) {
	t.Parallel()
	sum := newEntry("a").SHA256
	for name, before := range map[string]string{
		"empty": "", "a comment": "# nothing yet\n", "no line break": "# nothing yet", "no keys": "veil: 1\n", "an empty list": "veil: 1\nkeys: []\n", "a list to come": "veil: 1\nkeys: # to come\n",
		"not indented": "veil: 1\nkeys:\n- {name: a, sha256: " + sum + "}\n", "no line break at the end": "veil: 1\nkeys:\n  - {name: a, sha256: " + sum + "}",
		"keys first": "keys:\n  - {name: a, sha256: " + sum + "}\nveil: 1\n", "several lines": "veil: 1\nkeys:\n  - name: a\n    sha256: " + sum + "\n",
		"in one line": "{veil: 1, keys: [{name: a, sha256: " + sum + "}]}\n", "a list in one line": "veil: 1\nkeys: [{name: a, sha256: " + sum + "}]\n",
		"a dash alone": "veil: 1\nkeys:\n  -\n    name: a\n    sha256: " + sum + "\n", "Windows": "veil: 1\r\nkeys:\r\n  - {name: a, sha256: " + sum + "}\r\n",
	} {
		path := keysFile(t, before)
		had, err := Read(path)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		e := newEntry("ann")
		switch err := Add(path, e, nothing); {
		case errors.Is(err, errForm):
			if text(t, path) != before {
				t.Errorf("%s: refused and changed:\n%s", name, text(t, path))
			}
			continue
		case err != nil:
			t.Errorf("%s: %v", name, err)
			continue
		}
		if all, err := Read(path); err != nil || len(all) != len(had)+1 || all[len(had)].SHA256 != e.SHA256 {
			t.Errorf("%s: %+v, %v\n%s", name, all, err, text(t, path))
		}
		for _, one := range had {
			if err := Revoke(path, Fingerprint(one.SHA256), nothing); err != nil && !errors.Is(err, errForm) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if all, err := Read(path); err != nil || len(all) == 0 || all[len(all)-1].SHA256 != e.SHA256 {
			t.Errorf("%s: %+v, %v\n%s", name, all, err, text(t, path))
		}
	}
}

// TestTwoOperators: keys that several operators make and revoke at once, while somebody
// else replaces the file, are all there.
func TestTwoOperators(t *testing.T) {
	t.Parallel()
	path := keysFile(t, "")
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			for k := range 5 {
				e := newEntry(fmt.Sprintf("n%d-%d", i, k))
				if err := Add(path, e, nothing); err != nil {
					t.Error(err)
				}
				if k%2 == 1 {
					if err := Revoke(path, Fingerprint(e.SHA256), nothing); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	wg.Wait()
	all, err := Read(path)
	if err != nil || len(all) != 12 {
		t.Errorf("%d keys, %v", len(all), err)
	}
	// Somebody saves the file between the moment it was read and the change.
	hand := newEntry("by-hand")
	edited := false
	err = Add(path, newEntry("last"), func() error { edited = true; return nil })
	if err != nil || !edited {
		t.Fatal(err)
	}
	next := text(t, path) + "  - " + hand.String() + "\n"
	e := newEntry("really-last")
	changed, err := replace(path, []byte("what it was when it was read"), []byte("veil: 1\n"), nothing)
	if changed || err != nil {
		t.Errorf("a file that is another one by now was replaced: %v", err)
	}
	if err := os.WriteFile(path, []byte(next), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := Add(path, e, nothing); err != nil {
		t.Fatal(err)
	}
	if s := text(t, path); !strings.Contains(s, "by-hand") || !strings.Contains(s, "really-last") {
		t.Errorf("%s", s)
	}
}

// TestNothingHalfDone: where the record cannot be written, or the file has a mistake, or
// others may read it, the file stays as it is, and no other file is left.
func TestNothingHalfDone(t *testing.T) {
	t.Parallel()
	before := fmt.Sprintf(byHand, newEntry("a").SHA256, newEntry("b").SHA256)
	path := keysFile(t, before)
	failed := errors.New("not recorded")
	if err := Add(path, newEntry("ann"), func() error { return failed }); !errors.Is(err, failed) || text(t, path) != before {
		t.Errorf("%v:\n%s", err, text(t, path))
	}
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := Add(path, newEntry("ann"), nothing); err == nil || text(t, path) != before {
		t.Errorf("others may read it: %v", err)
	}
	left, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(left) != 1 {
		t.Errorf("%v are left, %v", left, err)
	}
	if err := Add(filepath.Join(t.TempDir(), "none"), newEntry("ann"), nothing); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
}

// TestMistakes: each mistake has its place, and no text of a key.
func TestMistakes(t *testing.T) {
	t.Parallel()
	key, sum := consumer.NewKey()
	for name, c := range map[string]struct{ text, want string }{
		"no YAML":          {"veil: 1\nkeys: [", "f:2:"},
		"unknown key":      {"veil: 1\nkeys:\n  - {name: a, sha265: " + sum + "}\n", `f:3:15: unknown key "sha265" (did you mean "sha256"?)`},
		"a key, no hash":   {"veil: 1\nkeys:\n  - {name: a, sha256: " + key + "}\n", "f:3:6: sha256: this is a key, not its SHA-256"},
		"no name":          {"veil: 1\nkeys:\n  - {sha256: " + sum + "}\n", "f:3:6: name:"},
		"no list":          {"veil: 1\nkeys: a\n", "f:2:7: expected a list"},
		"another version":  {"veil: 2\nkeys: []\n", "f:1:7: unknown value"},
		"a negative limit": {"veil: 1\nkeys:\n  - {name: a, sha256: " + sum + ", limits: {burst: -1}}\n", "expected a number of 0 or more"},
	} {
		_, err := parse("f", []byte(c.text))
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), key) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
