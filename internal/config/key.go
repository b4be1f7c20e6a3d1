package config

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/pflag"

	"github.com/veil-proxy/veil/mask/keys"
)

// Key names a project and the file that has its key. Without a file, $VEIL_KEY_FILE
// names it, or $VEIL_KEY has the key itself.
type Key struct{ File, Project string }

// KeyDoc says where the key of a project is looked for.
const KeyDoc = "file with the project key, mode 0600 (default: $VEIL_KEY_FILE, or the key itself in $VEIL_KEY)"

// AddFlags adds the flags of a key.
func (k *Key) AddFlags(fl *pflag.FlagSet) {
	fl.StringVar(&k.File, "key-file", "", strings.Replace(KeyDoc, "file", "`FILE`", 1))
	fl.StringVar(&k.Project, "project", "default", "`NAME` of the project; pseudonyms of different projects cannot be linked")
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
	return keys.NewKeyring(secret, k.Project)
}
