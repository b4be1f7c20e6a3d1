// Package rules finds, reads and compiles rulesets.
//
//	lib, err := rules.New(nil, general.Methods(), safeharbor.Methods(), fhir.Methods())
//	rs, err := lib.Load("safe-harbor")
//	automaton, err := lib.Compile(rs, keys)
//
// A name without a slash, a backslash or a dot is that of a shipped ruleset or of
// one that the program adds; any other is the path of a file. Overlays are joined to a
// named ruleset by a plus sign: safe-harbor+us-core. A Library is immutable and can be
// used from concurrent goroutines.
package rules

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/veil-proxy/veil/fhir"
	"github.com/veil-proxy/veil/mask"
	"github.com/veil-proxy/veil/mask/keys"
	"github.com/veil-proxy/veil/mask/ruleset"
	"github.com/veil-proxy/veil/rulesets"
	"github.com/veil-proxy/veil/textfile"
)

// Library knows the masking methods of a program, and where to find rulesets.
type Library struct {
	methods mask.Methods
	extra   map[string][]byte
}

// New returns a library of the shipped rulesets and of extra ones, by name, with
// the given groups of methods.
func New(extra map[string][]byte, methods ...[]mask.Definition) (*Library, error) {
	all, err := mask.NewMethods(methods...)
	if err != nil {
		return nil, err
	}
	return &Library{all, extra}, nil
}

// Summary returns what a method does, or nothing if it is unknown.
func (l *Library) Summary(method string) string { return l.methods[method].Summary }

// Methods returns the methods that rulesets may name.
func (l *Library) Methods() []mask.Definition {
	var list []mask.Definition
	for _, name := range slices.Sorted(maps.Keys(l.methods)) {
		list = append(list, l.methods[name])
	}
	return list
}

// Open returns the text of a ruleset and the name of its file.
func (l *Library) Open(name string) (file string, src []byte, err error) {
	if src, ok := l.extra[name]; ok {
		return name + ".yaml", src, nil
	}
	if !isPath(name) {
		return rulesets.Open(name)
	}
	src, err = textfile.Read(name)
	return name, src, err
}

// composed is like Open, but also accepts names joined by plus signs, for which it
// returns a ruleset that extends them.
func (l *Library) composed(name string) (file string, src []byte, err error) {
	parts := strings.Split(name, "+")
	if _, _, err := l.Open(parts[0]); len(parts) == 1 || isPath(parts[0]) || err != nil {
		file, src, err = l.Open(name)
		if errors.Is(err, fs.ErrNotExist) && len(parts) > 1 {
			err = fmt.Errorf("%w: a file names the overlays itself, as extends: [safe-harbor, %s]", err, strings.Join(parts[1:], ", "))
		}
		return file, src, err
	}
	var names []string
	list := ""
	for _, p := range parts {
		names = append(names, strings.TrimSuffix(filepath.Base(p), ".yaml"))
		list += "  - " + strconv.Quote(p) + "\n"
	}
	whole := strings.Join(names, "_")
	return whole + ".yaml", []byte("veil: 1\nname: " + whole + "\nextends:\n" + list), nil
}

func isPath(name string) bool { return strings.ContainsAny(name, "./\\") }

// Load reads and checks a ruleset. A ruleset that it extends is looked up among the
// named ones, or, where it is given as a path, relative to the file that extends it.
func (l *Library) Load(name string) (*ruleset.Ruleset, error) {
	return l.LoadFiles(name, func(string, []byte) {})
}

// LoadFiles is like Load, and passes the text of each file of the ruleset to a function.
func (l *Library) LoadFiles(name string, read func(file string, src []byte)) (*ruleset.Ruleset, error) {
	file, src, err := l.composed(name)
	if err != nil {
		return nil, err
	}
	if whole, _, err := l.Open(name); err == nil && whole == file {
		read(file, src)
	}
	return l.parse(file, src, read)
}

// parse reads a ruleset from its text.
func (l *Library) parse(file string, src []byte, read func(file string, src []byte)) (*ruleset.Ruleset, error) {
	dir := filepath.Dir(file)
	return ruleset.Parse(file, src, l.methods, func(base string) (string, []byte, error) {
		if isPath(base) && !filepath.IsAbs(base) {
			base = filepath.Join(dir, base)
		}
		file, src, err := l.Open(base)
		if err == nil {
			read(file, src)
		}
		return file, src, err
	})
}

// Compile compiles a ruleset for FHIR with a key. Its rules for documents are checked,
// too.
func (l *Library) Compile(rs *ruleset.Ruleset, keys *keys.Keyring) (*fhir.Automaton, error) {
	policy, err := ruleset.NewPolicy(rs, l.methods, keys)
	if err != nil {
		return nil, err
	}
	s, err := fhir.SchemaOf(rs)
	if err != nil {
		return nil, err
	}
	compiled, err := fhir.Compile(policy, s)
	if derr := checkDocuments(policy); derr != nil {
		return nil, errors.Join(err, derr)
	}
	return compiled, err
}

// Public compiles a ruleset with a publicly known key, for commands that explain and
// test rules. Its pseudonyms protect nothing. An overlay is compiled on safe-harbor.
func (l *Library) Public(name string) (*fhir.Automaton, error) {
	rs, err := l.Load(name)
	if err == nil && rs.Overlay {
		rs, err = l.Load("safe-harbor+" + name)
	}
	if err != nil {
		return nil, err
	}
	return l.public(rs)
}

// PublicText is like Public, for a ruleset in memory. Errors refer to it by the given
// file name.
func (l *Library) PublicText(file string, src []byte) (*fhir.Automaton, error) {
	rs, err := l.parse(file, src, func(string, []byte) {})
	if err != nil {
		return nil, err
	}
	return l.public(rs)
}

func (l *Library) public(rs *ruleset.Ruleset) (*fhir.Automaton, error) {
	ring, err := keys.NewKeyring([]byte("a public key that masks nothing."), "explain")
	if err != nil {
		return nil, err
	}
	ring.ImportAny()
	return l.Compile(rs, ring)
}
