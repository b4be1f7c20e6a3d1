package main

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/veil-proxy/veil/mask"
)

// configProblems gathers everything that is wrong with a configuration, each
// with the place of its setting: in the file, or the flag.
type configProblems struct {
	file    string
	at      map[string]mask.Position // of the file's settings, by path
	flags   map[string]string        // flags that stand above the file, by path
	located mask.Problems
	read    int // how many of located are of reading the file
	others  []error
}

// add notes a problem with a setting.
func (p *configProblems) add(path, format string, args ...any) {
	message := withoutSecrets(fmt.Sprintf(format, args...))
	if flag := p.flags[path]; flag != "" {
		p.others = append(p.others, usagef("--%s: %s", flag, message))
		return
	}
	for at := path; at != ""; at = parent(at) {
		place, ok := p.at[at]
		if !ok {
			continue
		}
		// What could not be read is not judged as well.
		unread := func(q mask.Problem) bool { return q.Position == place }
		if at != path || !slices.ContainsFunc(p.located[:p.read], unread) {
			p.located.Add(place, "%s: %s", path, message)
		}
		return
	}
	if p.file != "" {
		p.others = append(p.others, fmt.Errorf("%s: %s: %s", p.file, path, message))
	} else {
		p.others = append(p.others, usagef("%s: %s", path, message))
	}
}

// unread reports whether a setting stands in the file and could not be read: that
// was noted, and it is not missing.
func (p *configProblems) unread(path string) bool {
	place, ok := p.at[path]
	return ok && slices.ContainsFunc(p.located[:p.read], func(q mask.Problem) bool { return q.Position == place })
}

// parent is the path of the section that a setting is in.
func parent(path string) string { return path[:max(0, strings.LastIndexAny(path, ".["))] }

// unreadable reports whether there is a file of which nothing could be read.
func (p *configProblems) unreadable() bool { return p.file != "" && len(p.at) == 0 }

// take notes the problems of a ruleset, which have places of their own, or else
// one with a setting.
func (p *configProblems) take(path string, err error) {
	var written mask.Problems
	switch {
	case err == nil:
	case errors.As(err, &written):
		p.located = append(p.located, written...)
	default:
		p.add(path, "%v", err)
	}
}

// takeAll notes the problems that another package found in a section. Each of
// them begins with the path of a setting in it.
func (p *configProblems) takeAll(section string, err error) {
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

// err returns all problems, in the order of the lines, or nil. None of them
// shows a secret that stands where it does not belong.
func (p *configProblems) err() error {
	var located mask.Problems
	for _, one := range p.located {
		one.Message = withoutSecrets(one.Message)
		if !slices.Contains(located, one) {
			located = append(located, one)
		}
	}
	return errors.Join(append([]error{located.Err()}, p.others...)...)
}

// secretForm is what Veil's own secrets, and private keys in PEM, look like.
var secretForm = regexp.MustCompile(`veil-key-1:[A-Za-z0-9+/_-]\S*|veil_[A-Za-z0-9_-]{43}|-----BEGIN [A-Z ]*PRIVATE KEY-----`)

const secretInConfig = "this is a secret, which does not belong here: give the file that has it, or the SHA-256 of an API key"

func isSecret(s string) bool { return secretForm.MatchString(s) }

func withoutSecrets(message string) string {
	return secretForm.ReplaceAllString(message, "(a secret)")
}
