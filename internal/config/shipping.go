package config

import (
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"

	"github.com/veil-proxy/veil/audit"
	"github.com/veil-proxy/veil/audit/ship"
	"github.com/veil-proxy/veil/proxy/signin"
)

// Shipping is a destination for lines of the audit log.
type Shipping struct {
	Name   string
	Folder string
	Syslog *Syslog
	OTLP   *OTLP

	Outcomes, Operations, Views []string
	Details                     bool
}

// Syslog is a syslog server.
type Syslog struct {
	Address   string
	Plaintext bool
	TLS       signin.TLS
}

// OTLP is an OpenTelemetry receiver of logs.
type OTLP struct {
	Endpoint, HeadersFile string
	TLS                   signin.TLS
}

func retentionSettings(r *audit.Retention) []setting {
	return []setting{
		pause("age", "how old the last line of a segment is when it is removed, such as 2160h; 0s for no limit", &r.Age),
		number64("bytes", "how large the log may become; 0 for no limit", &r.Bytes),
	}
}

func shippingSettings(s *Shipping) []setting {
	return []setting{
		text("name", "name of the target in its position file, log lines and metrics: lowercase letters, digits and -", &s.Name),
		text("folder", "folder that lines are copied into; without filters it is a copy that veil audit verify accepts", &s.Folder),
		optional("syslog", "or a syslog server (RFC 5424 over TLS, RFC 5425)", &s.Syslog, func(y *Syslog) []setting {
			return []setting{
				text("address", "such as siem.example:6514", &y.Address),
				boolean("plaintext", "send without TLS (RFC 6587)", &y.Plaintext),
				section("tls", "TLS to it", tlsClientSettings(&y.TLS)...),
			}
		}),
		optional("otlp", "or a receiver of OpenTelemetry logs", &s.OTLP, func(o *OTLP) []setting {
			return []setting{
				text("endpoint", "URL of an OTLP receiver over HTTP, such as http://localhost:4318/v1/logs", &o.Endpoint, collectorURL),
				text("headersFile", "file with headers for it, one per line as Name: value, mode 0600 (optional)", &o.HeadersFile),
				section("tls", "TLS to it, if its URL is https", tlsClientSettings(&o.TLS)...),
			}
		}),
		texts("outcomes", "only records with these outcomes, such as refused", &s.Outcomes, auditOutcome),
		texts("operations", "only records of these operations, such as read or select", &s.Operations),
		texts("views", "only records of these views; \"\" is the one of the settings at the top", &s.Views),
		boolean("details", "also the lines for single applications of a rule, if there are no filters", &s.Details),
	}
}

func auditOutcome(s string) string {
	switch s {
	case "complete", "refused", "failed", "started":
		return ""
	}
	return "expected complete, refused, failed or started"
}

// check notes what is missing or contradictory.
func (a *Audit) check(p *problems, c *Config) {
	if (a.Retention.Age > 0 || a.Retention.Bytes > 0) && a.SignerFile == "" {
		p.add("audit.retention", "audit.signerFile is not set: without signed checkpoints, a log whose beginning was removed cannot be distinguished from one that was cut off")
	}
	names := map[string]bool{}
	for i := range a.Shipping {
		s := &a.Shipping[i]
		at := fmt.Sprintf("audit.shipping[%d]", i)
		switch {
		case s.Name == "" || len(s.Name) > 40 || strings.Trim(s.Name, "abcdefghijklmnopqrstuvwxyz0123456789-") != "":
			p.add(at+".name", "expected 1 to 40 lowercase letters, digits and hyphens")
		case names[s.Name]:
			p.add(at+".name", "two targets have this name")
		}
		names[s.Name] = true
		targets := 0
		for _, has := range []bool{s.Folder != "", s.Syslog != nil, s.OTLP != nil} {
			if has {
				targets++
			}
		}
		if targets != 1 {
			p.add(at, "expected one of folder, syslog and otlp")
		}
		if s.Folder != "" && a.Dir != "" && filepath.Clean(s.Folder) == filepath.Clean(a.Dir) {
			p.add(at+".folder", "it is the directory of the audit log itself")
		}
		if s.OTLP != nil && s.OTLP.Endpoint == "" {
			p.add(at+".otlp.endpoint", "not set: expected the URL of an OTLP receiver, such as http://localhost:4318/v1/logs")
		}
		if y := s.Syslog; y != nil {
			switch _, _, err := splitAddress(y.Address); {
			case err != nil:
				p.add(at+".syslog.address", "expected an address such as siem.example:6514")
			case y.Plaintext && y.TLS != signin.TLS{}:
				p.add(at+".syslog.plaintext", "tls is set, too: remove one of them")
			}
		}
		for _, view := range s.Views {
			if !c.hasView(view) {
				p.add(at+".views", "%q is not a view", view)
			}
		}
	}
}

func (c *Config) hasView(name string) bool {
	for _, v := range c.ServedViews() {
		if v.Name == name {
			return true
		}
	}
	return false
}

// shippedViews are the views as records name them.
func (s *sources) shippedViews() map[string]ship.View {
	out := map[string]ship.View{}
	for _, v := range s.views {
		if v.ruleset != nil {
			out[v.Name] = ship.View{Project: v.Project, Ruleset: v.ruleset.Name}
		}
	}
	return out
}

// ship says what is sent where.
func (a *Audit) ship(p *problems, views map[string]ship.View, log *slog.Logger) (out []ship.Options) {
	for i := range a.Shipping {
		s := &a.Shipping[i]
		at := fmt.Sprintf("audit.shipping[%d]", i)
		o := ship.Options{Log: a.Dir, Name: s.Name, Filter: ship.Filter{Outcomes: s.Outcomes, Operations: s.Operations, Details: s.Details}}
		for _, name := range s.Views {
			o.Filter.Views = append(o.Filter.Views, views[name])
		}
		switch {
		case s.Syslog != nil:
			conf, err := s.Syslog.TLS.Config(log)
			p.takeAll(at+".syslog.tls", err)
			if s.Syslog.Plaintext {
				conf = nil
			}
			o.Target = ship.NewSyslog(s.Syslog.Address, conf)
		case s.OTLP != nil:
			conf, err := s.OTLP.TLS.Config(log)
			p.takeAll(at+".otlp.tls", err)
			o.Target = ship.NewOTLP(s.OTLP.Endpoint, readHeaders(p, at+".otlp.headersFile", s.OTLP.HeadersFile), conf)
		default:
			o.Filter.Whole = len(s.Outcomes)+len(s.Operations)+len(s.Views) == 0
			o.Target = ship.NewFolder(s.Folder, a.Dir, o.Filter.Whole)
		}
		out = append(out, o)
	}
	return out
}
