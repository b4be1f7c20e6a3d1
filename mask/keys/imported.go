package keys

import (
	"encoding/hex"
	"fmt"
)

// purposeImported marks the slots of keys that ImportKey named.
const purposeImported = "imported"

// ImportKey adds the key of another tool under a name, so that its pseudonyms can be
// reproduced: HMAC-SHA-256 over the value alone, in hexadecimal, as cryptoHash of Microsoft's
// Tools for Health Data Anonymization computes them. Nothing else is derived from it, and the
// fingerprint does not change. It must be called before the keyring is used. The error says
// that the key is empty or the name taken.
func (k *Keyring) ImportKey(name string, secret []byte) error {
	if len(secret) == 0 {
		return fmt.Errorf("imported key %q is empty", name)
	}
	if k.imported[name] != nil {
		return fmt.Errorf("imported key %q is given twice", name)
	}
	if k.imported == nil {
		k.imported = map[string][]byte{}
	}
	k.imported[name] = append([]byte(nil), secret...)
	return nil
}

// ImportAny makes any name an imported key. It is for keyrings that protect nothing:
// those of commands that explain and check rulesets.
func (k *Keyring) ImportAny() { k.importsAny = true }

func (k *Keyring) importedKey(name string) []byte {
	if secret := k.imported[name]; secret != nil {
		return secret
	}
	return []byte(name) // ImportAny
}

// NeedImportedKey returns an error if there is no imported key of that name.
func (k *Keyring) NeedImportedKey(name string) error {
	if k.importsAny || k.imported[name] != nil {
		return nil
	}
	return fmt.Errorf("imported key %q is missing: use veil mask --imported-key %s=FILE; the proxies accept none, since its pseudonyms cannot be opened", name, name)
}

// ImportedSlot returns the slot of an imported key; see NeedImportedKey.
func (k *Keyring) ImportedSlot(name string) Slot { return k.slot(slotKey{purposeImported, name}) }

// AppendImported appends the pseudonym of a value under an imported key: 64 hexadecimal digits.
func (p *Pseudonymizer) AppendImported(dst []byte, s Slot, value []byte) []byte {
	st := p.state(s)
	st.mac.Reset()
	st.mac.Write(value)
	return hex.AppendEncode(dst, st.mac.Sum(p.sum[:0]))
}
