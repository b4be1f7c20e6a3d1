// Package fhirdoor is the FHIR door: a read-only HTTP server that answers FHIR
// R4 requests with de-identified resources of another FHIR server.
//
// A request is read strictly into parts; the search guard opens pseudonyms and
// refuses what would test an original value; the upstream is asked with a
// request built from those parts; its answer is masked; the audit record is
// made durable; and only then does the first byte of the answer leave. Whatever
// fails on the way, the consumer gets an OperationOutcome that Veil wrote: no
// text, header or URL of the upstream passes.
//
// Not known here: what a rule means (package fhir), how the log is kept (the
// mask.Sink that is handed in).
package fhirdoor

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/valyala/fasthttp"

	"github.com/veil-proxy/veil/fhir"
	"github.com/veil-proxy/veil/mask"
)

// Config is what a door needs.
type Config struct {
	// Upstream is the base URL of the FHIR server.
	Upstream string
	// BaseURL is the URL that consumers reach the door under. Links and full
	// URLs carry it; the Host header is never believed.
	BaseURL   string
	Automaton *fhir.Automaton
	// Sink takes the audit records. No answer leaves before its record is in.
	Sink mask.Sink
	// Consumer names who asks.
	Consumer string
	// Detail asks for one audit entry an application.
	Detail bool
	Logger *slog.Logger
	Limits Limits
}

// Limits bound what one consumer can make the door do. Zero fields take the
// values of DefaultLimits.
type Limits struct {
	// HeaderBytes bounds the request line and headers together.
	HeaderBytes int
	// RequestBytes bounds a request body.
	RequestBytes int
	// ResponseBytes bounds an upstream answer, before and after decompression.
	// An answer is held in memory while it is masked.
	ResponseBytes int
	// Connections bounds the connections served at once.
	Connections         int
	UpstreamConnections int
	UpstreamTimeout     time.Duration
	ReadTimeout         time.Duration
	WriteTimeout        time.Duration
	IdleTimeout         time.Duration
}

// DefaultLimits are safe for a department's server.
func DefaultLimits() Limits {
	return Limits{
		HeaderBytes: 16 << 10, RequestBytes: 64 << 10, ResponseBytes: 64 << 20,
		Connections: 1024, UpstreamConnections: 128,
		UpstreamTimeout: 30 * time.Second, ReadTimeout: 15 * time.Second, WriteTimeout: 60 * time.Second, IdleTimeout: 60 * time.Second,
	}
}

func (l Limits) withDefaults() Limits {
	d := DefaultLimits()
	for _, f := range []struct{ v, def *int }{
		{&l.HeaderBytes, &d.HeaderBytes}, {&l.RequestBytes, &d.RequestBytes}, {&l.ResponseBytes, &d.ResponseBytes},
		{&l.Connections, &d.Connections}, {&l.UpstreamConnections, &d.UpstreamConnections},
	} {
		if *f.v == 0 {
			*f.v = *f.def
		}
	}
	for _, f := range []struct{ v, def *time.Duration }{
		{&l.UpstreamTimeout, &d.UpstreamTimeout}, {&l.ReadTimeout, &d.ReadTimeout}, {&l.WriteTimeout, &d.WriteTimeout}, {&l.IdleTimeout, &d.IdleTimeout},
	} {
		if *f.v == 0 {
			*f.v = *f.def
		}
	}
	return l
}

// Server is a FHIR door.
type Server struct {
	http      *fasthttp.Server
	up        *upstream
	automaton *fhir.Automaton
	guard     *fhir.Guard
	sink      mask.Sink
	log       *slog.Logger
	base      string // public URL without a slash at the end
	path      string // its path
	consumer  string
	ruleset   string // header value
	pageSlot  mask.Slot
	keys      sync.Pool // *mask.Pseudonymizer
	plainPass sync.Pool // *mask.Pass, for records of what was not masked
	maskers   chan *masker
	metadata  cached
	ready     cached
}

// New checks the configuration and returns a door. It opens no connection.
func New(c Config) (*Server, error) {
	if c.Automaton == nil || c.Sink == nil {
		return nil, errors.New("the FHIR door needs a compiled ruleset and an audit log")
	}
	limits := c.Limits.withDefaults()
	up, err := newUpstream(c.Upstream, limits)
	if err != nil {
		return nil, err
	}
	base, err := url.Parse(c.BaseURL)
	if err != nil || base.Scheme != "http" && base.Scheme != "https" || base.Host == "" || base.RawQuery != "" || base.Fragment != "" {
		return nil, errors.New("the base URL must be an absolute http or https URL without query or fragment")
	}
	rs := c.Automaton.Policy.Ruleset
	s := &Server{
		up:        up,
		automaton: c.Automaton,
		guard:     fhir.NewGuard(c.Automaton),
		sink:      c.Sink,
		log:       c.Logger,
		base:      strings.TrimSuffix(c.BaseURL, "/"),
		path:      strings.TrimSuffix(base.Path, "/"),
		consumer:  c.Consumer,
		ruleset:   fmt.Sprintf("%s; sha256=%s", rs.Name, rs.SHA256()),
		pageSlot:  c.Automaton.Policy.Keys.SealSlot("page"),
		maskers:   make(chan *masker, runtime.GOMAXPROCS(0)),
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	if s.consumer == "" {
		s.consumer = "anonymous"
	}
	s.keys.New = func() any { return c.Automaton.Policy.Keys.NewPseudonymizer() }
	s.plainPass.New = func() any { return mask.NewPass(c.Automaton.Plan) }
	// Masking is bound by processors: more maskers than those would only hold
	// memory.
	for range cap(s.maskers) {
		s.maskers <- newMasker(s, c.Detail)
	}
	s.http = &fasthttp.Server{
		Handler:                       fasthttp.CompressHandler(s.serve),
		ErrorHandler:                  s.malformed,
		Name:                          "veil",
		NoDefaultServerHeader:         true,
		Concurrency:                   limits.Connections,
		ReadBufferSize:                limits.HeaderBytes,
		MaxRequestBodySize:            limits.RequestBytes,
		ReadTimeout:                   limits.ReadTimeout,
		WriteTimeout:                  limits.WriteTimeout,
		IdleTimeout:                   limits.IdleTimeout,
		DisablePreParseMultipartForm:  true,
		DisableHeaderNamesNormalizing: false,
		CloseOnShutdown:               true,
		Logger:                        discard{},
	}
	return s, nil
}

// discard drops fasthttp's own log lines: they can quote a request.
type discard struct{}

func (discard) Printf(string, ...any) {}

// Serve answers requests until Shutdown or an error of the listener.
func (s *Server) Serve(l net.Listener) error { return s.http.Serve(l) }

// Shutdown stops taking connections and waits until the requests under way are
// answered, or the context ends.
func (s *Server) Shutdown(ctx context.Context) error { return s.http.ShutdownWithContext(ctx) }

// cached is a value that is asked for again after some time.
type cached struct {
	mu    sync.Mutex
	until time.Time
	body  []byte
	err   *problem
}

// get returns the value, or makes it when it is too old. Failures are kept for a
// second only.
func (c *cached) get(age time.Duration, fetch func() ([]byte, *problem)) ([]byte, *problem) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if time.Now().Before(c.until) {
		return c.body, c.err
	}
	c.body, c.err = fetch()
	if c.err != nil {
		age = time.Second
	}
	c.until = time.Now().Add(age)
	return c.body, c.err
}
