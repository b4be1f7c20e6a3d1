package main

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/mod/sumdb/note"

	"github.com/veil-proxy/veil/audit"
	"github.com/veil-proxy/veil/mask"
	"github.com/veil-proxy/veil/proxy/fhirproxy"
	"github.com/veil-proxy/veil/proxy/metrics"
	"github.com/veil-proxy/veil/textfile"
)

// serveFlags is the command line of veil serve.
type serveFlags struct {
	file        string
	printConfig bool
	given       serveConfig // what flags say
}

func newServe() *cobra.Command {
	f := &serveFlags{given: *defaultServeConfig()}
	cmd := &cobra.Command{
		Use: "serve", Short: "Serve a de-identified view of a FHIR server, a PostgreSQL or both",
		Long: `Serves a FHIR server's resources and the rows of a PostgreSQL, de-identified by a
ruleset, to those who may ask.
Flags are enough for one ruleset and one key at the FHIR door, and for anybody who
reaches it; a configuration file has everything else: API keys, tokens, client
certificates, users of the PostgreSQL door, views, TLS, limits, credentials for the
upstream, metrics.

SIGHUP reads the file, the rulesets, the keys and the certificates again. They are
put in force together or not at all: the log says what is wrong. At SIGINT and
SIGTERM /readyz says no for shutdown.delay, then no connection is taken any more, and
requests under way have shutdown.grace to finish. A second signal ends the process.

$VEIL_FHIR_LISTEN, $VEIL_POSTGRES_LISTEN and $VEIL_OPERATOR_LISTEN are addresses
where neither a flag nor the file names one.`,
		Example: `  veil serve --fhir-upstream http://fhir.internal/fhir --ruleset safe-harbor --key-file project.key --audit-dir audit --allow-anonymous
  veil serve --print-config > veil.yaml
  veil serve --config veil.yaml --postgres-upstream 'postgres://veil@db/clinic?sslmode=verify-full' --postgres-listen :6432
  veil serve --config veil.yaml
  veil serve --config veil.yaml --print-config`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if f.printConfig {
				c, err := f.read(cmd)
				if err != nil {
					return err
				}
				if err := c.problems.err(); err != nil {
					return err
				}
				return c.write(cmd.OutOrStdout())
			}
			return f.serve(cmd)
		},
	}
	fl, c := cmd.Flags(), &f.given
	fl.StringVar(&f.file, "config", "", "YAML file; its names are those of --print-config")
	fl.BoolVar(&f.printConfig, "print-config", false, "print the configuration in force with its meaning, and stop")
	fl.StringVar(&c.FHIR.Upstream, "fhir-upstream", "", "base URL of the FHIR server")
	fl.StringVar(&c.FHIR.Listen, "listen", c.FHIR.Listen, "address to listen on")
	fl.StringVar(&c.Postgres.Upstream, "postgres-upstream", "", "connection string of the PostgreSQL, without a password")
	fl.StringVar(&c.Postgres.Listen, "postgres-listen", c.Postgres.Listen, "address of the PostgreSQL door")
	fl.StringVar(&c.FHIR.BaseURL, "base-url", "", "URL that consumers reach the door under (default http://<listen>)")
	fl.StringVar(&c.Ruleset, "ruleset", c.Ruleset, rulesetHelp)
	fl.StringVar(&c.KeyFile, "key-file", "", "file with the project's key, mode 0600 (default: $VEIL_KEY_FILE, or the key itself in $VEIL_KEY)")
	fl.StringVar(&c.Project, "project", c.Project, "name of the project")
	fl.StringVar(&c.Audit.Dir, "audit-dir", "", "folder of the audit log")
	fl.BoolVar(&c.Detail, "detail", false, "one audit line for each application of a rule")
	fl.BoolVar(&c.Consumers.AllowAnonymous, "allow-anonymous", false, "anybody who reaches the door may ask")
	fl.StringVar(&c.Log.Level, "log-level", c.Log.Level, "debug, info, warn or error")
	fl.StringVar(&c.Log.Format, "log-format", c.Log.Format, "text or json")
	fl.StringVar(&c.Operator.Listen, "operator-listen", c.Operator.Listen, "address of /metrics, /healthz and /readyz (default off)")
	return cmd
}

// read reads the configuration: the defaults, the file above them, and the given
// flags above that. The error says that the file cannot be read; what is wrong
// with what it says is in the problems.
func (f *serveFlags) read(cmd *cobra.Command) (*serveConfig, error) {
	c := defaultServeConfig()
	if f.file != "" {
		src, err := textfile.Read(f.file)
		if err != nil {
			return nil, err
		}
		c.read(f.file, src)
	}
	f.override(cmd, c)
	c.complete()
	return c, nil
}

// override puts the values of given flags above those of the file.
func (f *serveFlags) override(cmd *cobra.Command, c *serveConfig) {
	g := &f.given
	c.problems.flags = map[string]string{}
	for _, o := range []struct {
		flag, path string
		from, to   *string
		check      func(string) string
	}{
		{"fhir-upstream", "fhir.upstream", &g.FHIR.Upstream, &c.FHIR.Upstream, baseURL},
		{"listen", "fhir.listen", &g.FHIR.Listen, &c.FHIR.Listen, nil},
		{"base-url", "fhir.baseURL", &g.FHIR.BaseURL, &c.FHIR.BaseURL, baseURL},
		{"postgres-upstream", "postgres.upstream", &g.Postgres.Upstream, &c.Postgres.Upstream, connectionString},
		{"postgres-listen", "postgres.listen", &g.Postgres.Listen, &c.Postgres.Listen, nil},
		{"ruleset", "ruleset", &g.Ruleset, &c.Ruleset, nil},
		{"key-file", "keyFile", &g.KeyFile, &c.KeyFile, nil},
		{"project", "project", &g.Project, &c.Project, nil},
		{"audit-dir", "audit.dir", &g.Audit.Dir, &c.Audit.Dir, nil},
		{"operator-listen", "operator.listen", &g.Operator.Listen, &c.Operator.Listen, nil},
		{"log-level", "log.level", &g.Log.Level, &c.Log.Level, logLevel},
		{"log-format", "log.format", &g.Log.Format, &c.Log.Format, logFormat},
	} {
		if !cmd.Flags().Changed(o.flag) {
			continue
		}
		c.problems.flags[o.path] = o.flag
		problem := ""
		if o.check != nil {
			problem = o.check(*o.from)
		}
		if isSecret(*o.from) {
			problem = secretInConfig
		}
		if problem != "" {
			c.problems.add(o.path, "%s", problem)
		}
		*o.to = *o.from
	}
	if cmd.Flags().Changed("detail") {
		c.Detail = g.Detail
	}
	if cmd.Flags().Changed("allow-anonymous") {
		c.Consumers.AllowAnonymous = g.Consumers.AllowAnonymous
	}
}

// serve serves until the context of the command ends.
func (f *serveFlags) serve(cmd *cobra.Command) (err error) {
	// Before anything else, since a SIGHUP ends a process that does not expect it.
	hup := make(chan os.Signal, 1)
	signal.Notify(hup, syscall.SIGHUP)
	defer signal.Stop(hup)
	surviveFileSizeLimit()

	ctx := cmd.Context()
	p, err := f.prepare(cmd, (&logConfig{}).logger(cmd.ErrOrStderr()))
	if err != nil {
		return err
	}
	c := p.config
	logger := c.Log.logger(cmd.ErrOrStderr())
	log, err := c.auditLog()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, log.Close()) }()
	r := &reloader{flags: f, cmd: cmd, config: c, log: logger, metrics: metrics.New(), self: &readiness{log: log}}
	var doors []served
	defer func() {
		for _, d := range doors {
			_ = d.listener.Close() // closed already when the door was shut down
		}
	}()
	if c.FHIR.Upstream != "" {
		d, err := r.openFHIR(p, log)
		if err != nil {
			return err
		}
		doors = append(doors, d)
	}
	if c.Postgres.Upstream != "" {
		d, err := r.openPostgres(ctx, p, log)
		if err != nil {
			return err
		}
		doors = append(doors, d)
	}
	r.metrics.Loaded(time.Now())
	closeOperator, err := c.operate(r.metrics, r.ready, logger)
	if err != nil {
		return err
	}
	defer closeOperator()
	r.gauges()
	defer r.follow(hup)()
	p.describe(logger)
	c.warn(logger)
	return serveAll(ctx, doors, c.Shutdown.Grace, func() {
		r.self.draining.Store(true)
		logger.Info("shutting down", "delay", c.Shutdown.Delay.String())
		time.Sleep(c.Shutdown.Delay)
	})
}

// openFHIR listens for the FHIR door.
func (r *reloader) openFHIR(p *prepared, sink mask.Sink) (served, error) {
	c := p.config
	l, err := net.Listen("tcp", c.FHIR.Listen)
	if err != nil {
		return served{}, err
	}
	base := c.FHIR.BaseURL
	if base == "" {
		base = defaultBase(c.FHIR.TLS.scheme(), l.Addr())
	}
	r.door, err = fhirproxy.New(fhirproxy.Config{
		Upstream: c.FHIR.Upstream, UpstreamAliases: c.FHIR.UpstreamAliases, FileHosts: c.FHIR.FileHosts, SkipInvalidLines: c.FHIR.SkipInvalidLines,
		UpstreamTLS: p.upstreamTLS, Credentials: p.credentials,
		BaseURL: base, Policy: p.policy, Origins: c.FHIR.Origins, LinkAge: c.FHIR.LinkAge,
		Sink: sink, Logger: r.log, Metrics: r.metrics.Listener("fhir"), Limits: c.FHIR.Limits, Ready: r.self.check,
	})
	if err != nil {
		return served{}, errors.Join(err, l.Close())
	}
	if p.tls != nil {
		l = r.tls.listen(l, p.tls)
	}
	r.log.Info("serving", "door", "fhir", "base", base, "upstream", c.FHIR.Upstream, "try", "curl "+base+"/metadata")
	// Asked once here, so that the log has what is wrong with the upstream's own
	// name before the first consumer meets it.
	if err := r.door.Ready(); err != nil {
		r.log.Warn("the upstream does not answer yet", "door", "fhir", "reason", err.Error())
	}
	if c.sendsCredentialsInTheClear() {
		r.log.Warn("the upstream is http: what Veil signs in with can be read on the way", "setting", "fhir.credentials")
	}
	return served{r.door, l}, nil
}

// auditLog opens the log that a configuration names.
func (c *serveConfig) auditLog() (*audit.Log, error) {
	opts := audit.Options{}
	if c.Audit.SignerFile != "" {
		text, err := readSecretFile("audit.signerFile", c.Audit.SignerFile)
		if err != nil {
			return nil, err
		}
		if opts.Signer, err = note.NewSigner(strings.TrimSpace(string(text))); err != nil {
			return nil, fmt.Errorf("audit.signerFile: %s has no key that signs (make one with: veil keys sign FILE)", c.Audit.SignerFile)
		}
	}
	return audit.Open(c.Audit.Dir, opts)
}

// defaultBase is the URL of a listener as this machine reaches it.
func defaultBase(scheme string, addr net.Addr) string {
	host, port, err := net.SplitHostPort(addr.String())
	if ip := net.ParseIP(host); err == nil && ip != nil && ip.IsUnspecified() {
		return scheme + "://" + net.JoinHostPort("localhost", port)
	}
	return scheme + "://" + addr.String()
}
