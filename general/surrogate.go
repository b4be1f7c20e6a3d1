package general

import (
	"embed"
	"encoding/binary"
	"fmt"
	"slices"
	"sort"
	"strings"
	"sync"

	"github.com/veil-proxy/veil/mask"
	"github.com/veil-proxy/veil/mask/keys"
)

//go:embed names/*.txt
var nameFiles embed.FS

// names are the lists of a locale.
type names struct {
	given, family, city, street [][]byte
	female, male                [][]byte // given names that are common for one sex
}

// locale has the lists of each locale, read when they are first used.
var locale = func() map[string]func() *names {
	m := map[string]func() *names{}
	for _, l := range locales() {
		m[l] = sync.OnceValue(func() *names { return readNames(l) })
	}
	return m
}()

func locales() []string { return []string{"en-US", "de-DE", "es-ES", "fr-FR", "nl-NL"} }

func readNames(name string) *names {
	text, err := nameFiles.ReadFile("names/" + name + ".txt")
	if err != nil {
		panic("general: " + err.Error()) // cannot fail: embedded, for fixed locales
	}
	n := &names{}
	var list *[][]byte
	for _, line := range strings.Split(string(text), "\n") {
		switch {
		case line == "" || line[0] == '#':
		case line[0] == '[':
			list = map[string]*[][]byte{"[given]": &n.given, "[family]": &n.family, "[city]": &n.city, "[street]": &n.street, "[female]": &n.female, "[male]": &n.male}[line]
		default:
			*list = append(*list, []byte(line))
		}
	}
	return n
}

func surrogateKinds() []string {
	kinds := []string{"person", "given", "givenFemale", "givenMale", "family", "prefix", "suffix", "street", "city", "phone", "email", "organization", "username", "url"}
	sort.Strings(kinds)
	return kinds
}

// surrogate puts an invented value in the place of a real one: a name from the
// locale's list, a street with a number, a telephone number of the range kept
// for fiction (555-01xx), an e-mail address or URL under example.org (RFC 2606).
// It is chosen by HMAC-SHA-512 over the person and the value: the same value of
// the same person gets the same surrogate, equal values of two persons get
// different ones, so the commonest name does not show. Where the person is not
// known the value is Removed, unless perValue says to key by the value alone,
// which lets frequencies show. Two values of one person fall together with odds
// of one in the length of the list, 100 to 300. An empty value is Removed.
type surrogate struct {
	slot     keys.Slot
	kind     string
	names    *names
	locale   string
	perValue bool
}

func newSurrogate(env mask.Env, args mask.Args) (mask.Method, error) {
	name := args.String("locale", "en-US")
	load, ok := locale[name]
	if !ok {
		return nil, fmt.Errorf("unknown locale %q", name)
	}
	kind := args.String("kind", "")
	return &surrogate{
		slot: env.Keys.MACSlot("surrogate", kind), kind: kind, names: load(), locale: name, perValue: args.Bool("perValue", false),
	}, nil
}

// Append implements mask.Method.
func (s *surrogate) Append(dst, src []byte, in *mask.Input) ([]byte, mask.Outcome, error) {
	if !s.acts(src, in) {
		return dst, mask.Removed, nil
	}
	sum := in.Keys.MAC2(s.slot, in.Entity, src)
	pick := func(n int, list [][]byte) []byte { return list[number(sum, n, len(list))] }
	switch s.kind {
	case "given":
		dst = append(dst, pick(0, s.names.given)...)
	case "givenFemale":
		dst = append(dst, pick(0, s.names.female)...)
	case "givenMale":
		dst = append(dst, pick(0, s.names.male)...)
	case "family":
		dst = append(dst, pick(0, s.names.family)...)
	case "person":
		dst = append(append(append(dst, pick(0, s.names.given)...), ' '), pick(1, s.names.family)...)
	case "prefix":
		dst = append(dst, [...]string{"Mx.", "M.", "Dr."}[number(sum, 0, 3)]...)
	case "suffix":
		dst = append(dst, [...]string{"II", "III", "Jr."}[number(sum, 0, 3)]...)
	case "city":
		dst = append(dst, pick(0, s.names.city)...)
	case "street":
		dst = s.street(dst, sum, pick)
	case "phone":
		dst = fmt.Appendf(dst, "(%d%02d) 555-01%02d", 2+number(sum, 0, 8), number(sum, 1, 100), number(sum, 2, 100))
	case "email":
		dst = fmt.Appendf(dst, "user%010d@example.org", number(sum, 0, 1e10))
	case "username":
		dst = fmt.Appendf(dst, "user%010d", number(sum, 0, 1e10))
	case "url":
		dst = fmt.Appendf(dst, "https://www.example.org/%010d", number(sum, 0, 1e10))
	case "organization":
		dst = append(append(append(dst, pick(0, s.names.family)...), ' '), [...]string{"Clinic", "Hospital", "Medical Center", "Practice", "Health Group", "Laboratory"}[number(sum, 1, 6)]...)
	}
	return dst, mask.Replaced, nil
}

// acts reports whether a value gets a surrogate.
func (s *surrogate) acts(src []byte, in *mask.Input) bool {
	return len(src) > 0 && (len(in.Entity) > 0 || s.perValue)
}

// Queue implements mask.Queuer.
func (s *surrogate) Queue(src []byte, in *mask.Input) {
	if s.acts(src, in) {
		in.Keys.Queue2(s.slot, in.Entity, src)
	}
}

// street writes a street and a number in the locale's order.
func (s *surrogate) street(dst []byte, sum *[64]byte, pick func(int, [][]byte) []byte) []byte {
	house := 1 + number(sum, 1, 998)
	switch s.locale {
	case "de-DE":
		return fmt.Appendf(dst, "%s %d", pick(0, s.names.street), house%200+1)
	case "nl-NL":
		return fmt.Appendf(dst, "%sstraat %d", pick(0, s.names.family), house%200+1)
	case "es-ES":
		return fmt.Appendf(dst, "Calle %s, %d", pick(0, s.names.family), house%200+1)
	case "fr-FR":
		return fmt.Appendf(dst, "%d rue %s", house%200+1, pick(0, s.names.family))
	}
	return fmt.Appendf(dst, "%d %s", house, pick(0, s.names.street))
}

// number returns the n-th number of a hash, from 0 to size-1. Its bias is below
// size/2^64.
func number(sum *[64]byte, n, size int) int {
	return int(binary.BigEndian.Uint64(sum[8*n:]) % uint64(size))
}

// IsSurrogate reports whether the method surrogate writes a text for a name, a city or
// a street, or as a word of one. If so, the text can be in masked data by chance.
func IsSurrogate(text string) bool {
	words := surrogateWords()
	return words[strings.ToLower(text)] || slices.ContainsFunc(strings.Fields(text), func(word string) bool { return words[strings.ToLower(word)] })
}

// surrogateWords are the names of all locales in lower case.
var surrogateWords = sync.OnceValue(func() map[string]bool {
	words := map[string]bool{}
	for _, l := range locales() {
		n := locale[l]()
		for _, list := range [][][]byte{n.given, n.family, n.city, n.street} {
			for _, name := range list {
				words[strings.ToLower(string(name))] = true
			}
		}
	}
	return words
})
