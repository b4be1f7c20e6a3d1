package config

import (
	"io"
	"log/slog"
	"net"
	"net/url"

	"github.com/veil-proxy/veil/internal/loopback"
)

// Log says what is logged, and in which format.
type Log struct{ Level, Format string }

// logLevel and logFormat return what is wrong with a setting.
func logLevel(s string) string {
	switch s {
	case "debug", "info", "warn", "error":
		return ""
	}
	return "expected debug, info, warn or error"
}

func logFormat(s string) string {
	if s == "text" || s == "json" {
		return ""
	}
	return "expected text or json"
}

// Logger returns a logger that writes to w.
func (c *Log) Logger(w io.Writer) *slog.Logger {
	levels := map[string]slog.Level{"debug": slog.LevelDebug, "warn": slog.LevelWarn, "error": slog.LevelError}
	opts := &slog.HandlerOptions{Level: levels[c.Level]} // info is 0
	if c.Format == "json" {
		return slog.New(slog.NewJSONHandler(w, opts))
	}
	return slog.New(slog.NewTextHandler(w, opts))
}

// Warn logs settings that work but may not be what the operator wants.
func (c *Config) Warn(log *slog.Logger) {
	if c.FHIR.Upstream == "" {
		return
	}
	if c.sendsCredentialsInTheClear() {
		log.Warn("credentials are sent to the upstream in plain HTTP, where others can read them", "setting", "fhir.credentials")
	}
	host, _, _ := net.SplitHostPort(c.FHIR.Listen)
	if loopback.Is(host) {
		return
	}
	if !c.FHIR.TLS.IsOn() {
		text := "the listener accepts plain HTTP from other machines: set fhir.tls, or put a TLS proxy in front of it"
		if c.Consumers.AllowAnonymous {
			text = "everyone who can reach this address can read the masked data, in plain HTTP: configure consumers and fhir.tls, or listen on 127.0.0.1"
		}
		log.Warn(text, "door", "fhir", "listen", c.FHIR.Listen)
	}
	if ip := net.ParseIP(host); c.FHIR.BaseURL == "" && (host == "" || ip != nil && ip.IsUnspecified()) {
		log.Warn("fhir.baseURL is not set, so links to further pages point to localhost, which other machines cannot follow", "door", "fhir")
	}
}

// sendsCredentialsInTheClear reports whether Veil sends credentials to an upstream
// on another machine without TLS.
func (c *Config) sendsCredentialsInTheClear() bool {
	u, err := url.Parse(c.FHIR.Upstream)
	if err != nil || u.Scheme != "http" || loopback.Is(u.Hostname()) {
		return false
	}
	k := &c.FHIR.Credentials
	return len(k.Headers) > 0 || k.Basic != nil || k.ClientCredentials != nil || k.BackendServices != nil || k.SigV4 != nil || k.ServiceAccount != nil
}
