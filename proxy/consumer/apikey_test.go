package consumer

import (
	"crypto/sha256"
	"encoding/hex"
	"regexp"
	"testing"
)

func TestNewKey(t *testing.T) {
	form := regexp.MustCompile(`^veil_[A-Za-z0-9_-]{43}$`)
	seen := map[string]bool{}
	for range 100 {
		key, sum := NewKey()
		want := sha256.Sum256([]byte(key))
		if !form.MatchString(key) || sum != hex.EncodeToString(want[:]) {
			t.Fatal("not a key and its sum")
		}
		if seen[key] {
			t.Fatal("the same key twice")
		}
		seen[key] = true
	}
}

func TestKeysAreToldApart(t *testing.T) {
	var c Config
	var keys []string
	for _, name := range []string{"a", "b", "c"} {
		key, sum := NewKey()
		keys = append(keys, key)
		c.Keys = append(c.Keys, Key{Account{Name: name}, sum})
	}
	d := directory(t, c)
	for i, key := range keys {
		who, err := d.Authenticate(t.Context(), Request{APIKey: []string{key}})
		if err != nil || who.Name != c.Keys[i].Name {
			t.Errorf("keys[%d]: got %v, %v", i, who, err)
		}
	}
}
