package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"
	"github.com/spf13/cobra"
	"golang.org/x/mod/sumdb/note"

	"github.com/veil-proxy/veil/audit"
	"github.com/veil-proxy/veil/mask"
	"github.com/veil-proxy/veil/proxy/consumer"
	"github.com/veil-proxy/veil/proxy/fhirdoor"
)

// serveConfig is what veil serve runs with. The YAML file has the same names.
type serveConfig struct {
	FHIR struct {
		// Upstream is the base URL of the FHIR server with the originals.
		Upstream string
		// Listen is the address of the door.
		Listen string
		// BaseURL is the URL that consumers reach it under.
		BaseURL string
		Limits  fhirdoor.Limits
	}
	// Ruleset is a shipped ruleset's name or a file.
	Ruleset string
	KeyFile string
	Project string
	Audit   struct {
		Dir    string
		Detail bool
		// SignerFile has the key that signs checkpoints.
		SignerFile string
	}
}

// setting is one configuration value: its name in the file, its meaning, how to
// read and to print it.
type setting struct {
	name, doc string
	set       func(t mask.Tree, n ast.Node)
	get       func() any
}

// settings are all values of a configuration, in the order they are printed.
func (c *serveConfig) settings() []setting {
	text := func(name, doc string, p *string) setting {
		return setting{name, doc, func(t mask.Tree, n ast.Node) { *p, _ = t.Text(n) }, func() any { return *p }}
	}
	number := func(name, doc string, p *int) setting {
		return setting{name, doc, func(t mask.Tree, n ast.Node) {
			s, ok := t.Text(n)
			if _, err := fmt.Sscanf(s, "%d", p); ok && (err != nil || *p <= 0 || fmt.Sprint(*p) != s) {
				t.Bad(n, "%s: want a whole number above 0", name)
			}
		}, func() any { return *p }}
	}
	duration := func(name, doc string, p *time.Duration) setting {
		return setting{name, doc, func(t mask.Tree, n ast.Node) {
			s, ok := t.Text(n)
			d, err := time.ParseDuration(s)
			if ok && (err != nil || d <= 0) {
				t.Bad(n, "%s: want a duration such as 30s", name)
			}
			*p = d
		}, func() any { return *p }}
	}
	l := &c.FHIR.Limits
	return []setting{
		text("fhir.upstream", "base URL of the FHIR server that has the originals", &c.FHIR.Upstream),
		text("fhir.listen", "address that the FHIR door listens on", &c.FHIR.Listen),
		text("fhir.baseURL", "URL that consumers reach the door under; links carry it (default: http://<listen>)", &c.FHIR.BaseURL),
		number("fhir.limits.headerBytes", "request line and headers together", &l.HeaderBytes),
		number("fhir.limits.requestBytes", "request body", &l.RequestBytes),
		number("fhir.limits.responseBytes", "answer of the upstream, decompressed; held in memory while it is masked", &l.ResponseBytes),
		number("fhir.limits.connections", "connections served at once", &l.Connections),
		number("fhir.limits.exchanges", "requests that are asked of the upstream or masked at once", &l.Exchanges),
		duration("fhir.limits.upstreamTimeout", "for an answer of the upstream, whole", &l.UpstreamTimeout),
		duration("fhir.limits.readyTimeout", "for the question behind /readyz", &l.ReadyTimeout),
		duration("fhir.limits.readTimeout", "for a request, whole", &l.ReadTimeout),
		duration("fhir.limits.writeTimeout", "for an answer to be taken", &l.WriteTimeout),
		duration("fhir.limits.idleTimeout", "for a connection without a request", &l.IdleTimeout),
		text("ruleset", rulesetHelp, &c.Ruleset),
		text("keyFile", "file with the project's key, mode 0600", &c.KeyFile),
		text("project", "name of the project: pseudonyms of two projects cannot be linked", &c.Project),
		text("audit.dir", "folder of the audit log", &c.Audit.Dir),
		{"audit.detail", "one line for each application of a rule", func(t mask.Tree, n ast.Node) { c.Audit.Detail = t.Word(n, "true", "false") == "true" }, func() any { return c.Audit.Detail }},
		text("audit.signerFile", "file with the key that signs checkpoints (optional)", &c.Audit.SignerFile),
	}
}

func defaultServeConfig() *serveConfig {
	c := &serveConfig{Ruleset: "safe-harbor", Project: "default"}
	c.FHIR.Listen = "127.0.0.1:8080"
	c.FHIR.Limits = fhirdoor.DefaultLimits()
	return c
}

// read takes the values of a YAML file. Every problem is reported at once.
func (c *serveConfig) read(file string, src []byte) error {
	var problems mask.Problems
	t, root := mask.ParseYAML(file, src, &problems)
	version := false
	if root != nil {
		tree := map[string]any{"veil": mask.Field(func(n ast.Node) { version = t.Word(n, "1") != "" })}
		for _, s := range c.settings() {
			parts := strings.Split(s.name, ".")
			at := tree
			for _, p := range parts[:len(parts)-1] {
				if at[p] == nil {
					at[p] = map[string]any{}
				}
				at = at[p].(map[string]any)
			}
			at[parts[len(parts)-1]] = mask.Field(func(n ast.Node) { s.set(t, n) })
		}
		readSection(t, root, tree)
		if !version {
			problems.Add(mask.Position{File: file, Line: 1, Column: 1}, `want "veil: 1", the version of the configuration`)
		}
	}
	return problems.Err()
}

// readSection reads a mapping of settings and further sections.
func readSection(t mask.Tree, n ast.Node, tree map[string]any) {
	fields := map[string]mask.Field{}
	for name, v := range tree {
		switch v := v.(type) {
		case mask.Field:
			fields[name] = v
		case map[string]any:
			fields[name] = func(n ast.Node) { readSection(t, n, v) }
		}
	}
	t.Mapping(n, fields, nil)
}

// check reports everything that is missing.
func (c *serveConfig) check() error {
	var missing []error
	for _, m := range []struct{ value, name, flag string }{
		{c.FHIR.Upstream, "fhir.upstream", "--fhir-upstream URL"},
		{c.Audit.Dir, "audit.dir", "--audit-dir DIR"},
	} {
		if m.value == "" {
			missing = append(missing, usagef("%s is not set: give %s or a configuration file", m.name, m.flag))
		}
	}
	return errors.Join(missing...)
}

func newServe() *cobra.Command {
	c := defaultServeConfig()
	var file string
	var printConfig bool
	cmd := &cobra.Command{
		Use: "serve", Short: "Serve a de-identified view of a FHIR server",
		Example: `  veil serve --fhir-upstream http://fhir.internal/fhir --listen :8080 --ruleset safe-harbor --key-file project.key --audit-dir audit
  veil serve --config veil.yaml
  veil serve --config veil.yaml --print-config`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if file != "" {
				src, err := os.ReadFile(file)
				if err != nil {
					return err
				}
				// Flags that were given stand above the file.
				given := *c
				if err := c.read(file, src); err != nil {
					return err
				}
				c.override(cmd, &given)
			}
			if printConfig {
				fmt.Fprintln(cmd.OutOrStdout(), "veil: 1")
				c.print(cmd)
				return nil
			}
			if err := c.check(); err != nil {
				return err
			}
			return c.run(cmd)
		},
	}
	fl := cmd.Flags()
	fl.StringVar(&file, "config", "", "YAML file; its names are those of --print-config")
	fl.BoolVar(&printConfig, "print-config", false, "print the configuration in force, and stop")
	fl.StringVar(&c.FHIR.Upstream, "fhir-upstream", "", "base URL of the FHIR server")
	fl.StringVar(&c.FHIR.Listen, "listen", c.FHIR.Listen, "address to listen on")
	fl.StringVar(&c.FHIR.BaseURL, "base-url", "", "URL that consumers reach the door under (default http://<listen>)")
	fl.StringVar(&c.Ruleset, "ruleset", c.Ruleset, rulesetHelp)
	fl.StringVar(&c.KeyFile, "key-file", "", "file with the project's key, mode 0600 (default: $VEIL_KEY_FILE, or the key itself in $VEIL_KEY)")
	fl.StringVar(&c.Project, "project", c.Project, "name of the project")
	fl.StringVar(&c.Audit.Dir, "audit-dir", "", "folder of the audit log")
	fl.BoolVar(&c.Audit.Detail, "detail", false, "one audit line for each application of a rule")
	return cmd
}

// override puts the values of given flags above those of the file.
func (c *serveConfig) override(cmd *cobra.Command, given *serveConfig) {
	for flag, set := range map[string]func(){
		"fhir-upstream": func() { c.FHIR.Upstream = given.FHIR.Upstream },
		"listen":        func() { c.FHIR.Listen = given.FHIR.Listen },
		"base-url":      func() { c.FHIR.BaseURL = given.FHIR.BaseURL },
		"ruleset":       func() { c.Ruleset = given.Ruleset },
		"key-file":      func() { c.KeyFile = given.KeyFile },
		"project":       func() { c.Project = given.Project },
		"audit-dir":     func() { c.Audit.Dir = given.Audit.Dir },
		"detail":        func() { c.Audit.Detail = given.Audit.Detail },
	} {
		if cmd.Flags().Changed(flag) {
			set()
		}
	}
}

// print writes the configuration as a file that can be read again.
func (c *serveConfig) print(cmd *cobra.Command) {
	out := cmd.OutOrStdout()
	var open []string
	for _, s := range c.settings() {
		parts := strings.Split(s.name, ".")
		for i, p := range parts[:len(parts)-1] {
			if i >= len(open) || open[i] != p {
				open = append(open[:i:i], p)
				fmt.Fprintf(out, "%s%s:\n", strings.Repeat("  ", i), p)
			}
		}
		open = open[:len(parts)-1]
		value := fmt.Sprint(s.get())
		if v, ok := s.get().(string); ok {
			value = fmt.Sprintf("%q", v)
		}
		fmt.Fprintf(out, "%s%s: %s # %s\n", strings.Repeat("  ", len(parts)-1), parts[len(parts)-1], value, s.doc)
	}
}

// auditLog opens the log that a configuration names.
func (c *serveConfig) auditLog() (*audit.Log, error) {
	opts := audit.Options{}
	if c.Audit.SignerFile != "" {
		text, err := os.ReadFile(c.Audit.SignerFile)
		if err != nil {
			return nil, err
		}
		if opts.Signer, err = note.NewSigner(strings.TrimSpace(string(text))); err != nil {
			return nil, fmt.Errorf("%s is not a signer's key", c.Audit.SignerFile)
		}
	}
	return audit.Open(c.Audit.Dir, opts)
}

func (c *serveConfig) run(cmd *cobra.Command) error {
	a, err := loadAutomaton(c.Ruleset, keyFlags{c.KeyFile, c.Project})
	if err != nil {
		return err
	}
	log, err := c.auditLog()
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", c.FHIR.Listen)
	if err != nil {
		return errors.Join(err, log.Close())
	}
	base := c.FHIR.BaseURL
	if base == "" {
		base = defaultBase(l.Addr())
	}
	logger := slog.New(slog.NewTextHandler(cmd.ErrOrStderr(), nil))
	anybody, err := consumer.New(cmd.Context(), consumer.Config{Anonymous: &consumer.Account{}})
	if err != nil {
		return errors.Join(err, l.Close(), log.Close())
	}
	door, err := fhirdoor.New(fhirdoor.Config{
		Upstream: c.FHIR.Upstream, BaseURL: base, Sink: log, Logger: logger, Limits: c.FHIR.Limits,
		Policy: fhirdoor.Policy{Consumers: anybody, Views: []fhirdoor.View{{Automaton: a, Detail: c.Audit.Detail}}},
	})
	if err != nil {
		return errors.Join(err, l.Close(), log.Close())
	}
	logger.Info("serving", "door", "fhir", "base", base, "ruleset", a.Policy.Ruleset.Name, "sha256", a.Policy.Ruleset.SHA256(), "key", a.Policy.Keys.Fingerprint())
	return errors.Join(serveUntil(cmd.Context(), door, l), log.Close())
}

// defaultBase is the URL of a listener as this machine reaches it.
func defaultBase(addr net.Addr) string {
	host, port, err := net.SplitHostPort(addr.String())
	if ip := net.ParseIP(host); err == nil && ip != nil && ip.IsUnspecified() {
		return "http://" + net.JoinHostPort("localhost", port)
	}
	return "http://" + addr.String()
}

// shutdownGrace is how long requests under way may take once the command is told
// to stop.
const shutdownGrace = 20 * time.Second

// serveUntil serves until the context ends, then lets the requests under way
// finish.
func serveUntil(ctx context.Context, door *fhirdoor.Server, l net.Listener) error {
	failed := make(chan error, 1)
	go func() { failed <- door.Serve(l) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownGrace)
	defer cancel()
	if err := door.Shutdown(ctx); err != nil {
		return fmt.Errorf("requests under way did not end in time: %w", err)
	}
	return <-failed
}
