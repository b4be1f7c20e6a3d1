package config

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/veil-proxy/veil/internal/rules"
	"github.com/veil-proxy/veil/internal/strictyaml"
	"github.com/veil-proxy/veil/text/scrub"
	"github.com/veil-proxy/veil/textfile"
)

// Source is where a configuration comes from. Flags take precedence over the file, the
// file over the environment, and the environment over the defaults.
type Source struct {
	File  string            // YAML; empty for none
	Flags map[string]string // values by the names of their flags
	Env   func(string) string
	Rules *rules.Library
	// Recognizer receives the external recognizer of the configuration; it may be nil.
	Recognizer *scrub.External

	// wait waits for settlePause; in tests, it writes files instead. If nil, the clock is
	// used.
	wait func(context.Context) error
}

// Read reads and returns the configuration, without the files that it names. The error
// is Problems if the configuration itself is wrong.
func (s *Source) Read() (*Config, error) {
	c, err := s.read()
	if err != nil {
		return nil, err
	}
	return c, c.problems.err()
}

// read reads the configuration. It returns an error if the file cannot be read; mistakes
// in the file are added to the problems of the configuration.
func (s *Source) read() (*Config, error) {
	c := Default(s.Env)
	if s.File != "" {
		src, err := textfile.Read(s.File)
		if err != nil {
			return nil, err
		}
		c.parse(s.File, src)
	}
	c.override(s.Flags)
	c.complete()
	return c, nil
}

// Parse parses the text of a configuration file.
func Parse(file string, src []byte) (*Config, error) {
	c := Default(nil)
	c.parse(file, src)
	return c, c.problems.err()
}

// parse takes the values of a YAML file. Problems are noted.
func (c *Config) parse(file string, src []byte) {
	c.text = src
	p := &c.problems
	p.file, p.at, p.misspelt = file, map[string]strictyaml.Position{}, map[string]bool{}
	t, root := strictyaml.Parse(file, src, &p.tree)
	if root.IsZero() {
		return
	}
	version := setting{name: "veil", read: func(r *reading, _ string, n strictyaml.Node) { r.Word(n, "1") }}
	r := &reading{t, p}
	r.section("", root, append(c.settings(), version))
	if _, ok := p.at["veil"]; !ok && root.IsMapping() {
		p.tree.Add(strictyaml.Position{File: file, Line: 1, Column: 1}, `expected "veil: 1", the version of the configuration format`)
	}
}

// complete fills in settings that depend on others.
func (c *Config) complete() {
	for i := range c.Views {
		if v := &c.Views[i]; v.KeyFile == "" {
			v.KeyFile = c.KeyFile
			if v.PreviousKeyFile == "" {
				v.PreviousKeyFile, v.PreviousKeyUntil = c.PreviousKeyFile, c.PreviousKeyUntil
			}
		}
	}
}

const (
	// settlePause is how long files must stay the same to be taken as complete. The
	// beginning of a configuration can be a valid one that allows more.
	settlePause = 200 * time.Millisecond
	settleTries = 20
)

// PrepareNext is like Prepare, for a running Veil in which current is in force: files
// that are still being written, and changes that need a restart, are errors.
func (s *Source) PrepareNext(ctx context.Context, current *Config, log *slog.Logger) (*Prepared, error) {
	src, err := s.settled(ctx)
	if err != nil {
		return nil, err
	}
	p, err := src.compile(ctx, log)
	if err != nil {
		return nil, err
	}
	// The change is refused as a whole: what is in force always comes from one version of
	// the file.
	var changed []error
	for _, setting := range current.needsRestart(p.Config) {
		changed = append(changed, fmt.Errorf("%s cannot be changed without a restart", setting))
	}
	return p, errors.Join(changed...)
}

// settled reads until two readings agree.
func (s *Source) settled(ctx context.Context) (*sources, error) {
	wait := s.wait
	if wait == nil {
		wait = pauseToSettle
	}
	before, seen, err := s.look()
	for range settleTries {
		if err := wait(ctx); err != nil {
			return nil, err
		}
		next, again, e := s.look()
		if bytes.Equal(seen, again) {
			return before, err
		}
		before, seen, err = next, again, e
	}
	return nil, errors.New("the configuration or a ruleset is still being written")
}

func pauseToSettle(ctx context.Context) error {
	select {
	case <-time.After(settlePause):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// look reads the sources, and returns what they contained.
func (s *Source) look() (src *sources, seen []byte, err error) {
	if s.File != "" {
		if seen, err = textfile.Read(s.File); err != nil {
			return nil, nil, err
		}
	}
	if src, err = s.sources(); err != nil {
		return nil, nil, err
	}
	for _, v := range src.views {
		if v.ruleset != nil && v.keys != nil {
			seen = fmt.Appendf(seen, "\n%s %s %s", v.Name, v.ruleset.SHA256(), v.keys.Fingerprint())
		}
	}
	seen = fmt.Appendf(seen, "\n%v\n%v", src.config.Consumers.filed, src.config.Operator.filed)
	return src, fmt.Appendf(seen, "\n%v", src.config.problems.err()), nil
}
