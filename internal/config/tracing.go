package config

import (
	"crypto/tls"
	"log/slog"
	"net/http"
	"net/url"
	"strings"

	"golang.org/x/net/http/httpguts"

	"github.com/veil-proxy/veil/proxy/signin"
	"github.com/veil-proxy/veil/textfile"
)

// Tracing says where traces are sent, and how many.
type Tracing struct {
	Endpoint, HeadersFile string
	SampleRatio           float64
	TLS                   signin.TLS
}

func (t *Tracing) setDefaults() { t.SampleRatio = 1 }

func tracingSettings(t *Tracing) []setting {
	return []setting{
		text("endpoint", "URL of an OTLP receiver over HTTP, such as http://localhost:4318/v1/traces", &t.Endpoint, collectorURL),
		text("headersFile", "file with headers for it, one per line as Name: value, mode 0600 (optional)", &t.HeadersFile),
		decimal("sampleRatio", "share of traces that are sampled, from 0 to 1", &t.SampleRatio),
		section("tls", "TLS to it, if its URL is https", tlsClientSettings(&t.TLS)...),
	}
}

func collectorURL(s string) string {
	u, err := url.Parse(s)
	switch {
	case baseURL(s) != "":
		return baseURL(s)
	case err == nil && strings.Trim(u.Path, "/") == "":
		return "the URL has no path: expected one such as http://localhost:4318/v1/traces"
	}
	return ""
}

// Traces says where traces are sent, and how many. A nil TLS configuration stands for the
// system's roots.
type Traces struct {
	Endpoint    string
	Headers     map[string]string
	TLS         *tls.Config
	SampleRatio float64
}

// prepare reads what the exporter of traces needs.
func (t *Tracing) prepare(p *problems, log *slog.Logger) *Traces {
	if t == nil || p.unread("tracing") {
		return nil
	}
	if t.Endpoint == "" {
		p.add("tracing.endpoint", "not set: expected the URL of an OTLP receiver, such as http://localhost:4318/v1/traces")
	}
	if t.SampleRatio > 1 {
		p.add("tracing.sampleRatio", "expected a number from 0 to 1")
	}
	out := &Traces{Endpoint: t.Endpoint, SampleRatio: t.SampleRatio}
	out.Headers = readHeaders(p, "tracing.headersFile", t.HeadersFile)
	var err error
	out.TLS, err = t.TLS.Config(log)
	p.takeAll("tracing.tls", err)
	return out
}

// readHeaders reads a file of headers; nil for none.
func readHeaders(p *problems, setting, path string) map[string]string {
	if path == "" {
		return nil
	}
	text, err := textfile.ReadSecret(path, largestSecret)
	if err != nil {
		p.add(setting, "%s: %v", path, err)
		return nil
	}
	out := map[string]string{}
	n := 0
	for line := range strings.Lines(string(text)) {
		n++
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		name, value, ok := strings.Cut(line, ":")
		value = strings.TrimSpace(value)
		if !ok || !httpguts.ValidHeaderFieldName(name) || !httpguts.ValidHeaderFieldValue(value) {
			p.add(setting, "%s:%d: expected a header such as Authorization: Bearer …", path, n)
			return nil
		}
		out[http.CanonicalHeaderKey(name)] = value
	}
	return out
}
