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
// Served are read, search by GET and by POST, the pages of a search, and
// metadata; /healthz says that the process runs, /readyz that the upstream
// answers. Everything else is refused, writes before the upstream is touched.
//
// Invariants: what the upstream sees is built anew, path, query and headers;
// what the consumer sees is built anew, body and headers; an answer is held
// back until its record is durable; an id that does not open is answered as one
// that does not exist, with the same bytes. The two differ in time, since only
// the latter asks the upstream: whoever measures it learns that a pseudonym was
// made with this key, which the one who has it knows.
//
// Not known here: what a rule means (package fhir), how the log is kept (the
// mask.Sink that is handed in), TLS towards consumers (the listener that is
// handed in).
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

	"github.com/valyala/fasthttp"

	"github.com/veil-proxy/veil/fhir"
	"github.com/veil-proxy/veil/mask"
)

// Config is what a door needs.
type Config struct {
	// Upstream is the base URL of the FHIR server.
	Upstream string
	// UpstreamAliases are other base URLs that the FHIR server writes into its
	// references and links, such as its public one.
	UpstreamAliases []string
	// BaseURL is the URL that consumers reach the door under. Links and full
	// URLs carry it; the Host header is never believed.
	BaseURL   string
	Automaton *fhir.Automaton
	// Sink takes the audit records. No answer leaves before its record is in.
	Sink mask.Sink
	// Consumer names who asks; "anonymous" when it is empty.
	Consumer string
	// Detail asks for one audit entry an application.
	Detail bool
	// Logger takes one line a request, without values. Nothing is logged when
	// it is nil.
	Logger *slog.Logger
	Limits Limits
}

// Server is a FHIR door.
type Server struct {
	http      *fasthttp.Server
	up        *upstream
	automaton *fhir.Automaton
	guard     *fhir.Guard
	site      *fhir.Site // for the guard
	sink      mask.Sink
	log       *slog.Logger
	limits    Limits
	base      string   // public URL without a slash at the end
	path      string   // its path
	origins   []string // base URLs of the upstream, without a slash at the end
	consumer  string
	ruleset   string // header value
	detail    bool
	pageSlot  mask.Slot
	pageScope []byte
	keys      sync.Pool // *mask.Pseudonymizer
	plainPass sync.Pool // *mask.Pass, for records of what was not masked
	slots     chan struct{}
	maskers   chan *masker
	metadata  cached
	ready     cached
}

// New checks the configuration and returns a door. It opens no connection.
func New(c Config) (*Server, error) {
	if c.Automaton == nil || c.Sink == nil {
		return nil, errors.New("the FHIR door needs a compiled ruleset and an audit log")
	}
	limits, err := c.Limits.complete()
	if err != nil {
		return nil, err
	}
	up, err := newUpstream(c.Upstream, limits)
	if err != nil {
		return nil, err
	}
	base, err := baseURL("base URL", c.BaseURL)
	if err != nil {
		return nil, err
	}
	rs := c.Automaton.Policy.Ruleset
	s := &Server{
		up:        up,
		automaton: c.Automaton,
		guard:     fhir.NewGuard(c.Automaton),
		sink:      c.Sink,
		log:       c.Logger,
		limits:    limits,
		base:      strings.TrimSuffix(c.BaseURL, "/"),
		path:      strings.TrimSuffix(base.Path, "/"),
		origins:   []string{up.base},
		consumer:  c.Consumer,
		ruleset:   fmt.Sprintf("%s; sha256=%s", rs.Name, rs.SHA256()),
		detail:    c.Detail,
		pageSlot:  c.Automaton.Policy.Keys.SealSlot("page"),
		slots:     make(chan struct{}, limits.Exchanges),
		maskers:   make(chan *masker, runtime.GOMAXPROCS(0)),
	}
	for _, alias := range c.UpstreamAliases {
		if _, err := baseURL("alias of the upstream", alias); err != nil {
			return nil, err
		}
		s.origins = append(s.origins, strings.TrimSuffix(alias, "/"))
	}
	s.site = &fhir.Site{Upstream: s.origins, Base: s.base}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	if s.consumer == "" {
		s.consumer = "anonymous"
	}
	s.pageScope = []byte(rs.SHA256() + "\x00" + s.consumer)
	s.keys.New = func() any { return c.Automaton.Policy.Keys.NewPseudonymizer() }
	s.plainPass.New = func() any { return mask.NewPass(c.Automaton.Plan) }
	// Masking is bound by processors: more maskers than those would only hold
	// memory.
	for range cap(s.maskers) {
		s.maskers <- newMasker(s)
	}
	s.http = s.server(s.serve)
	return s, nil
}

// server is the HTTP server in front of a handler.
func (s *Server) server(h fasthttp.RequestHandler) *fasthttp.Server {
	return &fasthttp.Server{
		Handler:                      fasthttp.CompressHandlerLevel(h, fasthttp.CompressBestSpeed),
		ErrorHandler:                 s.malformed,
		NoDefaultServerHeader:        true,
		NoDefaultContentType:         true,
		Concurrency:                  s.limits.Connections,
		ReadBufferSize:               s.limits.HeaderBytes,
		MaxRequestBodySize:           s.limits.RequestBytes,
		ReadTimeout:                  s.limits.ReadTimeout,
		WriteTimeout:                 s.limits.WriteTimeout,
		IdleTimeout:                  s.limits.IdleTimeout,
		DisablePreParseMultipartForm: true,
		SecureErrorLogMessage:        true,
		CloseOnShutdown:              true,
		Logger:                       discard{},
	}
}

// baseURL checks a base URL. The error names what it is for.
func baseURL(what, base string) (*url.URL, error) {
	u, err := url.Parse(base)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil {
		return nil, fmt.Errorf("the %s must be an absolute http or https URL without user, query or fragment", what)
	}
	return u, nil
}

// discard drops fasthttp's own log lines: they can quote a request.
type discard struct{}

func (discard) Printf(string, ...any) {}

// Serve answers requests until Shutdown or an error of the listener.
func (s *Server) Serve(l net.Listener) error { return s.http.Serve(l) }

// Shutdown stops taking connections and waits until the requests under way are
// answered, or the context ends.
func (s *Server) Shutdown(ctx context.Context) error {
	err := s.http.ShutdownWithContext(ctx)
	s.up.client.CloseIdleConnections()
	return err
}
