package textfile

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestReadTakesAByteOrderMark(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ name, text, want, problem string }{
		{"none", "veil: 1\n", "veil: 1\n", ""},
		{"UTF-8", "\xef\xbb\xbfveil: 1\r\n", "veil: 1\r\n", ""},
		{"only a mark", "\xef\xbb\xbf", "", ""},
		{"a mark inside stays", "a\xef\xbb\xbfb", "a\xef\xbb\xbfb", ""},
		{"UTF-16, little end first", "\xff\xfev\x00", "", "save it as UTF-8"},
		{"UTF-16, big end first", "\xfe\xff\x00v", "", "save it as UTF-8"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "file")
			if err := os.WriteFile(path, []byte(tc.text), 0o600); err != nil {
				t.Fatal(err)
			}
			for what, read := range map[string]func() ([]byte, error){
				"Read":       func() ([]byte, error) { return Read(path) },
				"ReadSecret": func() ([]byte, error) { return ReadSecret(path, 100) },
			} {
				got, err := read()
				if tc.problem != "" {
					if err == nil || !strings.Contains(err.Error(), tc.problem) {
						t.Errorf("%s: %q, %v", what, got, err)
					}
				} else if err != nil || string(got) != tc.want {
					t.Errorf("%s: %q, %v", what, got, err)
				}
			}
		})
	}
}

// TestPermitted is PostgreSQL's rule: 0600 of any owner, 0640 of root.
func TestPermitted(t *testing.T) {
	t.Parallel()
	for mode := range fs.FileMode(0o1000) {
		if got, want := permitted(mode, false), mode&0o077 == 0; got != want {
			t.Errorf("%04o of a user: %v", mode, got)
		}
		if got, want := permitted(mode, true), mode&0o007 == 0 && mode&0o030 == 0; got != want {
			t.Errorf("%04o of root: %v", mode, got)
		}
	}
}

// TestReadSecretMounts reads files as Kubernetes mounts them: a symbolic link to a
// file in a folder that is a symbolic link too.
func TestReadSecretMounts(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("only root can give files away")
	}
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "..2026"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("..2026", filepath.Join(dir, "..data")); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		name    string
		mode    os.FileMode
		uid     int
		problem string
	}{
		{"fsGroup", 0o440, 0, ""},
		{"defaultMode 0400", 0o400, 0, ""},
		{"owner and group may write for root", 0o640, 0, ""},
		{"group may write", 0o660, 0, "its mode is 0660"},
		{"everybody", 0o444, 0, "its mode is 0444"},
		{"a user's group", 0o440, 65532, "its mode is 0440"},
		{"a user's own", 0o400, 65532, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			file := filepath.Join(dir, "..2026", tc.name)
			if err := os.WriteFile(file, []byte("secret"), 0o600); err != nil {
				t.Fatal(err)
			}
			if err := os.Chown(file, tc.uid, 65532); err != nil {
				t.Fatal(err)
			}
			if err := os.Chmod(file, tc.mode); err != nil {
				t.Fatal(err)
			}
			link := filepath.Join(dir, tc.name)
			if err := os.Symlink(filepath.Join("..data", tc.name), link); err != nil {
				t.Fatal(err)
			}
			text, err := ReadSecret(link, 100)
			switch {
			case tc.problem == "" && (err != nil || string(text) != "secret"):
				t.Errorf("%q, %v", text, err)
			case tc.problem != "" && (err == nil || !strings.Contains(err.Error(), tc.problem)):
				t.Errorf("%q, %v", text, err)
			}
		})
	}
}

func TestReadSecretRefuses(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	long := filepath.Join(dir, "long")
	if err := os.WriteFile(long, []byte("secret!"), 0o600); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{dir: "a folder", filepath.Join(dir, "none"): "no such file", long: "too large"} {
		if _, err := ReadSecret(path, 6); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), dir) {
			t.Errorf("%s: %v, want %q", path, err, want)
		}
	}
}
