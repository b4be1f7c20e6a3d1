package keys

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestKeyFile(t *testing.T) {
	dir := t.TempDir()
	good := filepath.Join(dir, "good.key")
	if err := WriteFile(good); err != nil {
		t.Fatal(err)
	}
	if info, _ := os.Stat(good); info.Mode().Perm() != 0o600 {
		t.Errorf("mode is %v, want 0600", info.Mode().Perm())
	}
	secret, err := ReadFile(good)
	if err != nil || len(secret) != MinSecret {
		t.Fatalf("%d bytes, %v", len(secret), err)
	}
	if err := WriteFile(good); err == nil || !strings.Contains(err.Error(), "will not be overwritten") {
		t.Errorf("second write: %v", err)
	}
	if again, _ := ReadFile(good); string(again) != string(secret) {
		t.Error("the refused write changed the key")
	}

	const text = "veil-key-1:c2VjcmV0LXRoYXQtbXVzdC1ub3Qtc2hvdy11cA=="
	for _, tc := range []struct {
		name, text string
		mode       os.FileMode
		want       string
	}{
		{"readable by the group", "veil-key-1:" + strings.Repeat("AAAA", 11) + "\n", 0o660, "others can read the file"},
		{"readable by all", "veil-key-1:" + strings.Repeat("AAAA", 11) + "\n", 0o604, "others can read the file"},
		{"too short", text, 0o600, "key is too short"},
		{"no head", "c2VjcmV0LXRoYXQtbXVzdC1ub3Qtc2hvdy11cA==", 0o600, "not a key"},
		{"not base 64", "veil-key-1:secret that must not show up!", 0o600, "not base 64"},
		{"too large", "veil-key-1:" + strings.Repeat("AAAA", 2000), 0o600, "too large"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			path := filepath.Join(dir, "bad.key")
			if err := os.WriteFile(path, []byte(tc.text), 0o600); err != nil {
				t.Fatal(err)
			}
			if err := os.Chmod(path, tc.mode); err != nil {
				t.Fatal(err)
			}
			_, err := ReadFile(path)
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Fatalf("got %v, want %q", err, tc.want)
			}
			if strings.Contains(err.Error(), "c2Vj") || strings.Contains(err.Error(), "must not show") {
				t.Errorf("the error shows the key: %v", err)
			}
		})
	}
	if _, err := ReadFile(dir); err == nil {
		t.Error("a folder was read as a key")
	}
	if _, err := NewKeyring(make([]byte, 31), "p"); err == nil {
		t.Error("a secret of 31 bytes was taken")
	}
	if _, err := NewKeyring(make([]byte, 32), ""); err == nil {
		t.Error("a project without a name was taken")
	}
}
