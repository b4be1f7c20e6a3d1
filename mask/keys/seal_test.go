package keys

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
)

// testKeys is the keyring of the vectors: the secret 00 01 … 1f.
func testKeys(t testing.TB, project string) *Keyring {
	t.Helper()
	secret := make([]byte, MinSecret)
	for i := range secret {
		secret[i] = byte(i)
	}
	k, err := NewKeyring(secret, project)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

type sealVector struct {
	Name    string `json:"name"`
	Project string `json:"project"`
	Domain  string `json:"domain"`
	ID      string `json:"id"`
	Sealed  string `json:"sealed"`
	// Opens is false for strings that must not open, and for sealed ids that
	// are irreversible.
	Opens bool `json:"opens"`
}

type sealFile struct {
	Comment   string       `json:"comment"`
	SecretHex string       `json:"secretHex"`
	Vectors   []sealVector `json:"vectors"`
}

var updateVectors = flag.Bool("update", false, "write vectors anew")

const sealVectors = "../../testdata/vectors/mask-seal.json"

func sealCases() []sealVector {
	long := strings.Repeat("aB3-x.", 11)
	ids := []struct{ name, id string }{
		{"uuid", "f8cb2d52-c53d-4585-8417-7a1cc1a74377"},
		{"uuid in upper case is text", "F8CB2D52-C53D-4585-8417-7A1CC1A74377"},
		{"decimal", "1234567"}, {"zero", "0"}, {"leading zero is text", "007"},
		{"largest uint64", "18446744073709551615"}, {"one more is text", "18446744073709551616"},
		{"one letter", "a"}, {"short text", "example"}, {"text of 40", long[:40]},
		{"wide of 41", long[:41]}, {"wide of 62", long[:62]}, {"wide of 63", long[:63]},
		{"sha-256 in hex", strings.Repeat("0123456789abcdef", 4)},
	}
	var all []sealVector
	for _, id := range ids {
		all = append(all, sealVector{Name: id.name, Project: "example", Domain: "Patient", ID: id.id, Opens: true})
	}
	all = append(all,
		sealVector{Name: "another type", Project: "example", Domain: "Encounter", ID: "example", Opens: true},
		sealVector{Name: "another project", Project: "other", Domain: "Patient", ID: "example", Opens: true},
		sealVector{Name: "64 characters that are not hex never open", Project: "example", Domain: "Patient", ID: long[:64]},
	)
	return all
}

func TestSealVectors(t *testing.T) {
	if *updateVectors {
		f := sealFile{Comment: "Sealed FHIR ids: see the head of mask/seal.go. Added to, never edited.", SecretHex: hex.EncodeToString(func() []byte {
			b := make([]byte, MinSecret)
			for i := range b {
				b[i] = byte(i)
			}
			return b
		}())}
		for _, v := range sealCases() {
			k := testKeys(t, v.Project)
			sealed, ok := k.NewPseudonymizer().AppendSealed(nil, k.SealSlot(v.Domain), []byte(v.ID))
			if !ok {
				t.Fatal(v.Name)
			}
			v.Sealed = string(sealed)
			f.Vectors = append(f.Vectors, v)
		}
		good := f.Vectors[0].Sealed
		for _, bad := range []struct{ name, sealed string }{
			{"first character changed", "x" + good[1:]}, {"last character changed", good[:len(good)-1] + "-"},
			{"cut short", good[:len(good)-1]}, {"longer", good + "A"}, {"an original id", "f8cb2d52-c53d-4585-8417-7a1cc1a74377"},
			{"empty", ""}, {"outside the alphabet", "_" + good[1:]},
		} {
			f.Vectors = append(f.Vectors, sealVector{Name: bad.name, Project: "example", Domain: "Patient", Sealed: bad.sealed})
		}
		b, err := json.MarshalIndent(f, "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(sealVectors, append(b, '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	b, err := os.ReadFile(sealVectors)
	if err != nil {
		t.Fatal(err)
	}
	var f sealFile
	if err := json.Unmarshal(b, &f); err != nil {
		t.Fatal(err)
	}
	for _, v := range f.Vectors {
		t.Run(v.Name, func(t *testing.T) {
			k := testKeys(t, v.Project)
			p, s := k.NewPseudonymizer(), k.SealSlot(v.Domain)
			if v.ID != "" {
				sealed, ok := p.AppendSealed([]byte("x"), s, []byte(v.ID))
				if !ok || string(sealed) != "x"+v.Sealed {
					t.Errorf("sealed is %q, %v, want %q", sealed, ok, v.Sealed)
				}
			}
			opened, ok := p.AppendOpened([]byte("x"), s, []byte(v.Sealed))
			if ok != v.Opens || ok && string(opened) != "x"+v.ID {
				t.Errorf("opened is %q, %v, want %q, %v", opened, ok, v.ID, v.Opens)
			}
		})
	}
}

func TestSealedIDHasTheFormOfAnID(t *testing.T) {
	k := testKeys(t, "p")
	p, s := k.NewPseudonymizer(), k.SealSlot("Patient")
	for n := 1; n <= 64; n++ {
		id := bytes.Repeat([]byte("z"), n)
		sealed, ok := p.AppendSealed(nil, s, id)
		if !ok || len(sealed) > 64 {
			t.Fatalf("id of %d characters: sealed has %d", n, len(sealed))
		}
		for _, c := range sealed {
			if idValue[c] == 255 {
				t.Fatalf("id of %d characters: sealed has byte %#x", n, c)
			}
		}
	}
	uuid, _ := p.AppendSealed(nil, s, []byte("f8cb2d52-c53d-4585-8417-7a1cc1a74377"))
	if len(uuid) != 44 {
		t.Errorf("a sealed UUID has %d characters, want 44", len(uuid))
	}
	for _, bad := range []string{"", "a b", "a/b", "é", strings.Repeat("a", 65)} {
		if got, ok := p.AppendSealed(nil, s, []byte(bad)); ok || len(got) != 0 {
			t.Errorf("id %q was sealed", bad)
		}
	}
}

// TestNoChangedSealedIDOpens changes every character to every other one.
func TestNoChangedSealedIDOpens(t *testing.T) {
	k := testKeys(t, "p")
	p, s := k.NewPseudonymizer(), k.SealSlot("Patient")
	sealed, _ := p.AppendSealed(nil, s, []byte("12345"))
	for i := range sealed {
		for _, c := range []byte(idSymbols) {
			if c == sealed[i] {
				continue
			}
			changed := bytes.Clone(sealed)
			changed[i] = c
			if got, ok := p.AppendOpened(nil, s, changed); ok {
				t.Fatalf("character %d changed to %c opens to %q", i, c, got)
			}
		}
	}
}

func TestTokens(t *testing.T) {
	k := testKeys(t, "p")
	p, s := k.NewPseudonymizer(), k.SealSlot("page")
	data := []byte("Patient?_count=20&page=2")
	token := p.AppendSealedToken(nil, s, data, []byte("ruleset a"))
	for _, tc := range []struct {
		name, token, ad string
		opens           bool
	}{
		{"as sealed", string(token), "ruleset a", true},
		{"other associated data", string(token), "ruleset b", false},
		{"changed", "A" + string(token[1:]), "ruleset a", false},
		{"cut", string(token[:20]), "ruleset a", false},
		{"empty", "", "ruleset a", false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, ok := p.AppendOpenedToken(nil, s, []byte(tc.token), []byte(tc.ad))
			if ok != tc.opens || ok && !bytes.Equal(got, data) {
				t.Errorf("got %q, %v", got, ok)
			}
		})
	}
}

func TestKeyringSeparatesProjectsPurposesAndDomains(t *testing.T) {
	seen := map[string]string{}
	for _, project := range []string{"p", "pq", "q"} {
		k := testKeys(t, project)
		for _, purpose := range []string{"a", "ab", "qa"} {
			for _, domain := range []string{"", "b", "c"} {
				key, err := k.Derive(purpose, domain, 32)
				if err != nil {
					t.Fatal(err)
				}
				name := fmt.Sprint(project, "/", purpose, "/", domain)
				if other, dup := seen[string(key)]; dup {
					t.Errorf("%s and %s share a key", name, other)
				}
				seen[string(key)] = name
			}
		}
	}
	if a, b := testKeys(t, "p").Fingerprint(), testKeys(t, "q").Fingerprint(); a == b || len(a) != 16 {
		t.Errorf("fingerprints are %q and %q", a, b)
	}
}

func TestLateSlots(t *testing.T) {
	k := testKeys(t, "p")
	p := k.NewPseudonymizer()
	a := *p.MAC1(k.MACSlot("x", "a"), []byte("v"))
	b := *p.MAC1(k.MACSlot("x", "b"), []byte("v"))
	again := *k.NewPseudonymizer().MAC1(k.MACSlot("x", "a"), []byte("v"))
	if a == b || a != again {
		t.Error("slots are not told apart, or not stable")
	}
}

func TestPermuteUUIDIsOneToOne(t *testing.T) {
	k := testKeys(t, "p")
	p, s := k.NewPseudonymizer(), k.PermuteSlot("urn-uuid")
	seen := map[[16]byte]bool{}
	for i := range 10000 {
		b := [16]byte{byte(i), byte(i >> 8)}
		p.PermuteUUID(s, &b)
		if seen[b] {
			t.Fatal("two values fall together")
		}
		seen[b] = true
	}
}

func FuzzOpen(f *testing.F) {
	k := testKeys(f, "p")
	p, s := k.NewPseudonymizer(), k.SealSlot("Patient")
	f.Add([]byte("123"))
	f.Add(bytes.Repeat([]byte("A"), 64))
	f.Fuzz(func(t *testing.T, in []byte) {
		if sealed, ok := p.AppendSealed(nil, s, in); ok {
			if id, ok := p.AppendOpened(nil, s, sealed); ok && !bytes.Equal(id, in) {
				t.Errorf("opens to another id")
			}
		}
		if id, ok := p.AppendOpened(nil, s, in); ok {
			if sealed, ok := p.AppendSealed(nil, s, id); !ok || !bytes.Equal(sealed, in) {
				t.Errorf("two sealed ids open to one id")
			}
		}
	})
}

func BenchmarkPseudonyms(b *testing.B) {
	k := testKeys(b, "p")
	p, s, m, u := k.NewPseudonymizer(), k.SealSlot("Patient"), k.MACSlot("pseudonym", "x"), k.PermuteSlot("u")
	id := []byte("f8cb2d52-c53d-4585-8417-7a1cc1a74377")
	sealed, _ := p.AppendSealed(nil, s, id)
	wide := bytes.Repeat([]byte("a"), 50)
	var dst []byte
	var block [16]byte
	for _, bm := range []struct {
		name string
		run  func()
	}{
		{"MAC", func() { p.MAC1(m, id) }},
		{"Seal", func() { dst, _ = p.AppendSealed(dst[:0], s, id) }},
		{"Open", func() { dst, _ = p.AppendOpened(dst[:0], s, sealed) }},
		{"SealWide", func() { dst, _ = p.AppendSealed(dst[:0], s, wide) }},
		{"PermuteUUID", func() { p.PermuteUUID(u, &block) }},
	} {
		b.Run(bm.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				bm.run()
			}
		})
	}
}
