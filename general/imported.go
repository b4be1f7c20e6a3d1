package general

import (
	"errors"

	"github.com/veil-proxy/veil/mask"
	"github.com/veil-proxy/veil/mask/keys"
)

// imported replaces a value by HMAC-SHA-256 of it under the key of another tool, in 64
// hexadecimal digits: what cryptoHash of Microsoft's Tools for Health Data Anonymization
// gives. Two values fall together with odds of n²/2^257. An empty value is Removed.
type imported struct{ slot keys.Slot }

func newImported(env mask.Env, name string, args mask.Args) (mask.Method, error) {
	if len(args) > 1 {
		return nil, errors.New("importedKey decides how the pseudonym looks: remove shape, length and domain")
	}
	if err := env.Keys.NeedImportedKey(name); err != nil {
		return nil, err
	}
	return imported{env.Keys.ImportedSlot(name)}, nil
}

// Append implements mask.Method.
func (m imported) Append(dst, src []byte, in *mask.Input) ([]byte, mask.Outcome, error) {
	if len(src) == 0 {
		return dst, mask.Removed, nil
	}
	return in.Keys.AppendImported(dst, m.slot, src), mask.Replaced, nil
}
