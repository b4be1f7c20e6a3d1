package main

import (
	"io"
	"log/slog"
	"net"
)

// logConfig says what is logged, and in which form.
type logConfig struct{ Level, Format string }

// logLevel and logFormat say what is wrong with a setting.
func logLevel(s string) string {
	switch s {
	case "debug", "info", "warn", "error":
		return ""
	}
	return "want debug, info, warn or error"
}

func logFormat(s string) string {
	if s == "text" || s == "json" {
		return ""
	}
	return "want text or json"
}

// logger makes the logger of a configuration.
func (c *logConfig) logger(w io.Writer) *slog.Logger {
	levels := map[string]slog.Level{"debug": slog.LevelDebug, "warn": slog.LevelWarn, "error": slog.LevelError}
	opts := &slog.HandlerOptions{Level: levels[c.Level]} // info is 0
	if c.Format == "json" {
		return slog.New(slog.NewJSONHandler(w, opts))
	}
	return slog.New(slog.NewTextHandler(w, opts))
}

// warn says what works, and may not be what the operator wants.
func (c *serveConfig) warn(log *slog.Logger) {
	if c.FHIR.Upstream == "" {
		return
	}
	host, _, _ := net.SplitHostPort(c.FHIR.Listen)
	ip := net.ParseIP(host)
	if host == "localhost" || ip != nil && ip.IsLoopback() {
		return
	}
	if !c.FHIR.TLS.isOn() {
		text := "the listener takes plain HTTP from other machines: set fhir.tls, or put a proxy with TLS before it"
		if c.Consumers.AllowAnonymous {
			text = "whoever reaches this address may read the masked data, by plain HTTP: set consumers, fhir.tls, or an address of this machine alone"
		}
		log.Warn(text, "door", "fhir", "listen", c.FHIR.Listen)
	}
	if c.FHIR.BaseURL == "" && (host == "" || ip != nil && ip.IsUnspecified()) {
		log.Warn("fhir.baseURL is not set: links to next pages name localhost, which other machines cannot follow", "door", "fhir")
	}
}
