package config

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/veil-proxy/veil/internal/lazyregexp"
	"github.com/veil-proxy/veil/internal/strictyaml"
)

// Problem is one problem of a configuration, and what to do about it.
type Problem struct {
	strictyaml.Position        // in a file; zero if it is in none
	Flag                string // of the command line, if the value comes from there
	Setting             string // its path, such as consumers.keys[0].sha256; may be empty
	What                string
}

// Error returns the place, the setting, and the problem.
func (p Problem) Error() string {
	switch {
	case p.Flag != "":
		return "--" + p.Flag + ": " + p.What
	case p.Line > 0 && p.Setting == "":
		return p.Position.String() + ": " + p.What
	case p.Line > 0:
		return p.Position.String() + ": " + p.Setting + ": " + p.What
	case p.File != "":
		return p.File + ": " + p.Setting + ": " + p.What
	}
	return p.Setting + ": " + p.What
}

// Problems are all problems of a configuration. Problems in files come first, in the
// order of their lines.
type Problems []Problem

func (ps Problems) Error() string {
	lines := make([]string, len(ps))
	for i, p := range ps {
		lines[i] = p.Error()
	}
	return strings.Join(lines, "\n")
}

// InFiles reports whether all problems are in files, and none in flags or in what
// is missing on a command line without a file.
func (ps Problems) InFiles() bool {
	return !slices.ContainsFunc(ps, func(p Problem) bool { return p.File == "" })
}

// problems gathers what is wrong with a configuration while it is read and checked.
type problems struct {
	file  string
	at    map[string]strictyaml.Position // of the file's settings, by path
	flags map[string]string              // flags that take precedence over the file, by path
	bad   map[string]bool                // settings whose flag cannot be read
	// misspelt are sections with unknown names. A setting that seems to be missing there may
	// only be misspelled.
	misspelt map[string]bool
	unknown  int                 // unknown names so far
	tree     strictyaml.Problems // from reading the file
	all      Problems
}

// add notes a problem with a setting, in the file or in the flag that sets it.
func (p *problems) add(path, format string, args ...any) {
	if p.unread(path) {
		return // a value that could not be read is not checked
	}
	one := Problem{Setting: path, What: fmt.Sprintf(format, args...), Flag: p.flags[path]}
	if one.Flag == "" {
		one.Position = strictyaml.Position{File: p.file}
		for at := path; at != ""; at = parent(at) {
			if place, ok := p.at[at]; ok {
				if at != path && p.misspelt[at] {
					return
				}
				one.Position = place
				break
			}
		}
	}
	p.all = append(p.all, one)
}

// unread reports whether a setting was given but could not be read, or seems to be in the
// file under a misspelled name. Such a setting is reported by itself, and is not missing.
func (p *problems) unread(path string) bool {
	if p.flags[path] != "" {
		return p.bad[path]
	}
	place, ok := p.at[path]
	if !ok {
		if up := parent(path); up != "" && p.unread(up) {
			return true
		}
		// A misspelled name is reported by itself, too.
		meant := fmt.Sprintf("did you mean %q", path[strings.LastIndexByte(path, '.')+1:])
		return slices.ContainsFunc(p.tree, func(q strictyaml.Problem) bool { return strings.Contains(q.Message, meant) })
	}
	return slices.ContainsFunc(p.tree, func(q strictyaml.Problem) bool { return q.Position == place })
}

// parent is the path of the section that a setting is in.
func parent(path string) string { return path[:max(0, strings.LastIndexAny(path, ".["))] }

// attribute notes that the unknown names found since the last call are in a section.
func (p *problems) attribute(section string) {
	n := 0
	for _, q := range p.tree {
		if strings.HasPrefix(q.Message, "unknown key") {
			n++
		}
	}
	if n > p.unknown {
		p.unknown = n
		p.misspelt[section] = true
	}
}

// unreadable reports whether nothing could be read from the file.
func (p *problems) unreadable() bool { return p.file != "" && len(p.at) == 0 }

// take notes the problems of a ruleset, which have their own positions, or another
// problem with a setting.
func (p *problems) take(path string, err error) {
	var written strictyaml.Problems
	switch {
	case err == nil:
	case errors.As(err, &written):
		for _, one := range written {
			p.all = append(p.all, Problem{Position: one.Position, What: one.Message})
		}
	default:
		p.add(path, "%v", err)
	}
}

// takeAll notes the problems that another package found in a section. Each of
// them begins with the path of a setting in it.
func (p *problems) takeAll(section string, err error) {
	if err == nil {
		return
	}
	if all, ok := err.(interface{ Unwrap() []error }); ok {
		for _, one := range all.Unwrap() {
			p.takeAll(section, one)
		}
		return
	}
	if path, message, ok := strings.Cut(err.Error(), ": "); ok {
		p.add(section+"."+path, "%s", message)
		return
	}
	p.add(section, "%v", err)
}

// err returns all problems, or nil. None of them shows a secret that was written in the
// wrong place.
func (p *problems) err() error {
	var out Problems
	for _, one := range p.tree {
		out = append(out, Problem{Position: one.Position, What: one.Message})
	}
	out = append(out, p.all...)
	for i := range out {
		out[i].What = withoutSecrets(out[i].What)
		out[i].Setting = withoutSecrets(out[i].Setting)
	}
	slices.SortStableFunc(out, func(a, b Problem) int {
		return cmp.Or(-cmp.Compare(min(a.Line, 1), min(b.Line, 1)), cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	if out = slices.Compact(out); len(out) == 0 {
		return nil
	}
	return out
}

// secretForm is what Veil's own secrets, and private keys in PEM, look like.
var secretForm = lazyregexp.New(`veil-key-1:[A-Za-z0-9+/_-][^\s"']*|veil_[A-Za-z0-9_-]{43}|-----BEGIN [A-Z ]*PRIVATE KEY-----`)

const belongsInFile = "the value is a secret, which must not be here: name the file that contains it, or use the SHA-256 of an API key"

func isSecret(s string) bool { return secretForm().MatchString(s) }

func withoutSecrets(message string) string {
	return secretForm().ReplaceAllString(message, "(a secret)")
}
