package main

import (
	"bytes"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"reflect"
	"strings"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"

	"github.com/veil-proxy/veil/proxy/fhirproxy"
	"github.com/veil-proxy/veil/proxy/metrics"
	"github.com/veil-proxy/veil/proxy/pgproxy"
	"github.com/veil-proxy/veil/textfile"
)

// reloader puts a changed configuration in force: rulesets, keys, views,
// consumers and certificates, all together or none of them.
type reloader struct {
	flags    *serveFlags
	cmd      *cobra.Command
	config   *serveConfig      // in force
	door     *fhirproxy.Server // nil: none
	postgres *pgproxy.Server   // nil: none
	tls      reloadableTLS
	self     *readiness
	// postgresTLS is in force at the PostgreSQL listener; nil for none.
	postgresTLS atomic.Pointer[tls.Config]
	metrics     *metrics.Set
	log         *slog.Logger
}

// force puts a policy in force at all doors, or at none.
func (r *reloader) force(p *prepared) error {
	then := func() {}
	if r.postgres != nil {
		var err error
		if then, err = r.postgres.Prepare(p.postgres); err != nil {
			return err
		}
	}
	if r.door != nil {
		if err := r.door.Reload(p.policy); err != nil {
			return err
		}
	}
	then()
	return nil
}

// follow reloads at each signal until the returned function is called, which
// waits for a reload under way.
func (r *reloader) follow(signals <-chan os.Signal) (stop func()) {
	end, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for {
			select {
			case <-signals:
				r.reload()
			case <-end:
				return
			}
		}
	}()
	return func() { close(end); <-done }
}

// reload reads everything again and puts it in force, or logs every problem and
// changes nothing.
func (r *reloader) reload() {
	p, err := r.next()
	if err == nil {
		err = r.force(p)
	}
	if err != nil {
		r.metrics.Reload("refused")
		for line := range strings.Lines(err.Error()) {
			r.log.Error("not reloaded: what was in force stays", "problem", strings.TrimSpace(line))
		}
		return
	}
	if p.tls != nil {
		r.tls.current.Store(p.tls)
	}
	r.postgresTLS.Store(p.postgres.TLS)
	r.config = p.config
	r.metrics.Reload("applied")
	r.metrics.Loaded(time.Now())
	r.log.Info("reloaded")
	p.describe(r.log)
}

// next prepares what the files say now.
func (r *reloader) next() (*prepared, error) {
	s, err := r.settled()
	if err != nil {
		return nil, err
	}
	p, err := s.compile(r.cmd.Context(), r.log)
	if err != nil {
		return nil, err
	}
	return p, r.config.sameUntilRestart(p.config)
}

const (
	// settlePause is how long files must stay the same to be taken as written to
	// their end. The beginning of a configuration can be a valid one that allows
	// more.
	settlePause = 200 * time.Millisecond
	settleTries = 20
)

// settled reads until two readings agree.
func (r *reloader) settled() (*sources, error) {
	before, seen, err := r.look()
	for range settleTries {
		time.Sleep(settlePause)
		s, again, e := r.look()
		if bytes.Equal(seen, again) {
			return before, err
		}
		before, seen, err = s, again, e
	}
	return nil, errors.New("the configuration or a ruleset is still being written")
}

// look reads the sources, and says what was seen of them.
func (r *reloader) look() (s *sources, seen []byte, err error) {
	if r.flags.file != "" {
		if seen, err = textfile.Read(r.flags.file); err != nil {
			return nil, nil, err
		}
	}
	if s, err = r.flags.sources(r.cmd); err != nil {
		return nil, nil, err
	}
	for _, v := range s.views {
		if v.ruleset != nil && v.keys != nil {
			seen = fmt.Appendf(seen, "\n%s %s %s", v.Name, v.ruleset.SHA256(), v.keys.Fingerprint())
		}
	}
	return s, fmt.Appendf(seen, "\n%v", s.config.problems.err()), nil
}

// sameUntilRestart names what cannot change while Veil serves. It is refused as
// a whole: what is in force is always what one file said.
func (c *serveConfig) sameUntilRestart(next *serveConfig) error {
	var problems []error
	for _, s := range []struct {
		name string
		of   func(*serveConfig) any
	}{
		{"fhir.upstream", func(c *serveConfig) any { return c.FHIR.Upstream }},
		{"fhir.upstreamAliases", func(c *serveConfig) any { return c.FHIR.UpstreamAliases }},
		{"fhir.fileHosts", func(c *serveConfig) any { return c.FHIR.FileHosts }},
		{"fhir.skipInvalidLines", func(c *serveConfig) any { return c.FHIR.SkipInvalidLines }},
		{"fhir.upstreamTLS", func(c *serveConfig) any { return c.FHIR.UpstreamTLS }},
		{"fhir.credentials", func(c *serveConfig) any { return c.FHIR.Credentials }},
		{"fhir.listen", func(c *serveConfig) any { return c.FHIR.Listen }},
		{"fhir.baseURL", func(c *serveConfig) any { return c.FHIR.BaseURL }},
		{"fhir.tls, on or off,", func(c *serveConfig) any { return c.FHIR.TLS.isOn() }},
		{"fhir.origins", func(c *serveConfig) any { return c.FHIR.Origins }},
		{"fhir.linkAge", func(c *serveConfig) any { return c.FHIR.LinkAge }},
		{"fhir.limits", func(c *serveConfig) any { return c.FHIR.Limits }},
		{"postgres.upstream", func(c *serveConfig) any { return c.Postgres.Upstream }},
		{"postgres.passwordFile", func(c *serveConfig) any { return c.Postgres.PasswordFile }},
		{"postgres.listen", func(c *serveConfig) any { return c.Postgres.Listen }},
		{"postgres.plaintext", func(c *serveConfig) any { return c.Postgres.Plaintext }},
		{"postgres.powerfulRole", func(c *serveConfig) any { return c.Postgres.PowerfulRole }},
		{"postgres.searchPath", func(c *serveConfig) any { return c.Postgres.SearchPath }},
		{"postgres.limits", func(c *serveConfig) any { return c.Postgres.Limits }},
		{"audit.dir", func(c *serveConfig) any { return c.Audit.Dir }},
		{"audit.signerFile", func(c *serveConfig) any { return c.Audit.SignerFile }},
		{"log", func(c *serveConfig) any { return c.Log }},
		{"operator.listen", func(c *serveConfig) any { return c.Operator.Listen }},
	} {
		if !reflect.DeepEqual(s.of(c), s.of(next)) {
			problems = append(problems, fmt.Errorf("%s changed, which takes a restart", s.name))
		}
	}
	return errors.Join(problems...)
}
