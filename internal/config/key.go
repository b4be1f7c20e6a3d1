package config

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/pflag"

	"github.com/veil-proxy/veil/mask/keys"
	"github.com/veil-proxy/veil/textfile"
)

// Key names a project and the file with its key. Without a file, $VEIL_KEY_FILE names
// it, or $VEIL_KEY contains the key itself.
type Key struct {
	File, Project string
	// Imported are keys of other tools, as NAME=FILE.
	Imported []string
}

// KeyDoc says where the key of a project is looked for.
const KeyDoc = "file with the project key, mode 0600 (default: $VEIL_KEY_FILE, or the key itself in $VEIL_KEY)"

// AddFlags adds the flags of a key.
func (k *Key) AddFlags(fl *pflag.FlagSet) {
	fl.StringVar(&k.File, "key-file", "", strings.Replace(KeyDoc, "file", "`FILE`", 1))
	fl.StringVar(&k.Project, "project", "default", "`NAME` of the project; pseudonyms of different projects cannot be linked")
}

// AddImportedFlag adds the flag for keys of other tools.
func (k *Key) AddImportedFlag(fl *pflag.FlagSet) {
	fl.StringArrayVar(&k.Imported, "imported-key", nil, "key of another tool, `NAME=FILE`: its name in the ruleset, and a file of mode 0600 that contains only the key (repeatable)")
}

// ErrNoKey says that there is no key, neither in a file nor in the environment.
var ErrNoKey = errors.New("no key is configured: use --key-file FILE (create a key with: veil keys new FILE)")

// Path returns the file of the key; empty if the environment has the key itself.
func (k Key) Path(env func(string) string) string {
	if k.File != "" || env == nil {
		return k.File
	}
	return env("VEIL_KEY_FILE")
}

// Keyring reads the key.
func (k Key) Keyring(env func(string) string) (*keys.Keyring, error) {
	var secret []byte
	var err error
	switch file := k.Path(env); {
	case file != "":
		secret, err = keys.ReadFile(file)
	case env != nil && env("VEIL_KEY") != "":
		if secret, err = keys.Parse([]byte(env("VEIL_KEY"))); err != nil {
			err = fmt.Errorf("$VEIL_KEY: %w", err)
		}
	default:
		return nil, ErrNoKey
	}
	if err != nil {
		return nil, err
	}
	ring, err := keys.NewKeyring(secret, k.Project)
	if err != nil {
		return nil, err
	}
	for _, arg := range k.Imported {
		name, file, ok := strings.Cut(arg, "=")
		if !ok || name == "" || file == "" {
			return nil, errors.New("--imported-key: expected NAME=FILE")
		}
		text, err := textfile.ReadSecret(file, largestImported)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		if err := ring.ImportKey(name, bytes.TrimRight(text, "\r\n")); err != nil {
			return nil, err
		}
	}
	return ring, nil
}

// largestImported bounds the file of another tool's key, in bytes.
const largestImported = 4096
