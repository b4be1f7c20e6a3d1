package keys

import (
	"bytes"
	"strings"
	"testing"
)

// TestImportedKey: pseudonyms under another tool's key are those of that tool (computed with
// Python's hmac), ids among them, and never open.
func TestImportedKey(t *testing.T) {
	t.Parallel()
	ring, err := NewKeyring(bytes.Repeat([]byte{7}, MinSecret), "p")
	if err != nil {
		t.Fatal(err)
	}
	before := ring.Fingerprint()
	if err := ring.ImportKey("other", []byte("legacy secret")); err != nil {
		t.Fatal(err)
	}
	const want = "0195d56a68cedbf52b03af60d023476b8bc591f6dd236a8ec77a0dae1208cb76"
	p := ring.NewPseudonymizer()
	slot := ring.ImportedSlot("other")
	got, ok := p.AppendSealed([]byte("Patient/"), slot, []byte("123"))
	if !ok || string(got) != "Patient/"+want {
		t.Errorf("%s %v, want %s", got, ok, want)
	}
	if out, ok := p.AppendOpened(nil, slot, []byte(want)); ok {
		t.Errorf("the pseudonym opens: %s", out)
	}
	sealed, _ := p.AppendSealed(nil, ring.SealSlot("Patient"), []byte("123"))
	if out, ok := p.AppendOpened(nil, slot, sealed); ok {
		t.Errorf("a sealed id opens under an imported key: %s", out)
	}
	if _, ok := p.AppendSealed(nil, slot, []byte("no id")); ok {
		t.Error("what is no id has a pseudonym")
	}
	if ring.Fingerprint() != before {
		t.Error("the fingerprint changed")
	}
	for name, secret := range map[string]string{"other": "again", "empty": ""} {
		if err := ring.ImportKey(name, []byte(secret)); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v, want an error that names it", name, err)
		}
	}
	if err := ring.NeedImportedKey("third"); err == nil || !strings.Contains(err.Error(), "third=FILE") {
		t.Errorf("a key that was not imported: %v", err)
	}
}
