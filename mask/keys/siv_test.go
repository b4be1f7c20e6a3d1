package keys

import (
	"bytes"
	"encoding/hex"
	"testing"
)

func unhex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestSIVAgreesWithRFC5297 runs the vectors of the RFC's appendix A.
func TestSIVAgreesWithRFC5297(t *testing.T) {
	for _, tc := range []struct {
		name, key, plain, out string
		ads                   []string
	}{
		{
			"A.1 deterministic", "fffefdfcfbfaf9f8f7f6f5f4f3f2f1f0f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff",
			"112233445566778899aabbccddee", "85632d07c6e8f37f950acd320a2ecc9340c02b9690c4dc04daef7f6afe5c",
			[]string{"101112131415161718191a1b1c1d1e1f2021222324252627"},
		},
		{
			"A.2 nonce-based", "7f7e7d7c7b7a79787776757473727170404142434445464748494a4b4c4d4e4f",
			"7468697320697320736f6d6520706c61696e7465787420746f20656e6372797074207573696e67205349562d414553",
			"7bdb6e3b432667eb06f4d14bff2fbd0fcb900f2fddbe404326601965c889bf17dba77ceb094fa663b7a3f748ba8af829ea64ad544a272e9c485b62a3fd5c0d",
			[]string{"00112233445566778899aabbccddeeffdeaddadadeaddadaffeeddccbbaa99887766554433221100", "102030405060708090a0", "09f911029d74e35bd84156c5635688c0"},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			key := unhex(t, tc.key)
			var fixed [][]byte
			for _, ad := range tc.ads {
				fixed = append(fixed, unhex(t, ad))
			}
			plain, want := unhex(t, tc.plain), unhex(t, tc.out)
			last := fixed[len(fixed)-1]
			s := newSIV(newAES(key[:16]), newAES(key[16:]), fixed[:len(fixed)-1]...)
			got := make([]byte, sivTag+len(plain))
			if n := s.seal(got, plain, last); n != len(want) || !bytes.Equal(got, want) {
				t.Errorf("sealed is %x, want %x", got, want)
			}
			opened, ok := s.open(bytes.Clone(want), last)
			if !ok || !bytes.Equal(opened, plain) {
				t.Errorf("opened is %x, %v", opened, ok)
			}
			for i := range want {
				bad := bytes.Clone(want)
				bad[i] ^= 1
				if _, ok := s.open(bad, last); ok {
					t.Errorf("byte %d changed still opens", i)
				}
			}
		})
	}
}
