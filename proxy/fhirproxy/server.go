// Package fhirproxy is the FHIR listener: a read-only HTTP server that answers FHIR
// R4 requests with de-identified resources of another FHIR server.
//
// A request is read strictly into parts; the caller is authenticated and gets the view
// that the operator gave them; the search guard opens pseudonyms and refuses what would
// test an original value; the upstream is queried with a request built from those
// parts; its response is masked; the audit record is made durable; and only then does
// the response end. If a step fails, the consumer gets an OperationOutcome that Veil
// wrote: no text, header or URL of the upstream passes.
//
// It serves read, vread, history, search by GET and by POST, compartments, the pages of
// all these, $everything, $lastn, $expand, $lookup, $validate-code, $export with its
// status, files and deletion, batches of reads, and metadata, in JSON and XML; /healthz
// says that the process runs, /readyz that the upstream responds. Everything else is
// refused, and writes never reach the upstream.
//
// Invariants: the path, query and headers that the upstream sees are built anew, and so
// are the body and headers that the consumer sees; a response is held back until its
// record is durable, or, if it is a file or a large Bundle that is masked while it
// arrives, its end is; an exchange has one policy from beginning to end; an id that
// does not open gets the same bytes as one that does not exist. The two differ in time,
// since only the latter queries the upstream: someone who measures it learns that a
// pseudonym was made with this key, which whoever has the pseudonym knows anyway.
//
// Not known here: what a rule means (package fhir), whom a credential identifies
// (package consumer), how Veil signs in to the upstream (the Credentials passed in),
// how the log is kept (the mask.Sink), TLS with consumers (the listener passed in).
package fhirproxy

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/valyala/fasthttp"

	"github.com/veil-proxy/veil/fhir"
	"github.com/veil-proxy/veil/fhir/schema"
	"github.com/veil-proxy/veil/mask"
	"github.com/veil-proxy/veil/proxy"
	"github.com/veil-proxy/veil/proxy/fhirproxy/conns"
	"github.com/veil-proxy/veil/proxy/fhirproxy/cors"
	"github.com/veil-proxy/veil/proxy/fhirproxy/lookup"
	"github.com/veil-proxy/veil/proxy/fhirproxy/upstream"
	"github.com/veil-proxy/veil/proxy/metrics"
	"github.com/veil-proxy/veil/proxy/signin"
	"github.com/veil-proxy/veil/proxy/trace"
)

// Config is what a listener needs.
type Config struct {
	// Upstream is the base URL of the FHIR server.
	Upstream string
	// UpstreamAliases are other base URLs that the FHIR server writes into references and
	// links, such as its public one.
	UpstreamAliases []string
	// FileHosts are base URLs of stores that serve bulk export files if the FHIR server
	// does not serve them itself. Veil requests exactly the URLs that the server names,
	// without Credentials and with the system's roots.
	FileHosts []string
	// SkipInvalidLines omits lines of an export file that are not resources of its type,
	// and reports them, instead of breaking off the file.
	SkipInvalidLines bool
	// UpstreamTLS configures an https upstream. If it is nil, the system's roots are used.
	UpstreamTLS *tls.Config
	// Credentials sign in to the upstream, unless nil. A consumer's own credentials are
	// never passed on.
	Credentials signin.Credentials
	// BaseURL is the URL that consumers reach the listener at. Links and full URLs contain
	// it; the Host header is never trusted.
	BaseURL string
	Policy  Policy
	// Origins are the web origins whose pages may send requests (CORS), such as
	// "https://notebook.example"; "*" is any.
	Origins []string
	// LinkAge is how long the links of a response, to pages and bulk exports, can be
	// followed. Zero means DefaultLinkAge.
	LinkAge time.Duration
	// Sink takes the audit records. No response ends before Sink has its record.
	Sink mask.Sink
	// Logger gets one line per request, without values. If it is nil, nothing is logged.
	Logger *slog.Logger
	// Metrics counts what the listener does, unless nil.
	Metrics *metrics.Listener
	// Tracer makes spans for requests, unless nil.
	Tracer *trace.Tracer
	Limits Limits
	// Ready returns an error, in fixed words, if the process cannot respond whatever the
	// upstream does. It may be nil.
	Ready func() error
}

// DefaultLinkAge is long enough for a slow notebook and a large export.
const DefaultLinkAge = 24 * time.Hour

// Server is a FHIR listener.
type Server struct {
	http    *fasthttp.Server
	up      *upstream.Server
	shared  *proxy.Listener
	site    *fhir.Site // for guards
	limits  Limits
	base    string // public URL without a slash at the end
	root    string // the same before a query: http://host?q has no path, which not every client mends
	baseURL *url.URL
	path    string // its path
	origins cors.Origins
	linkAge time.Duration
	now     func() time.Time
	places  *proxy.Places // of requests in progress
	open    *conns.Open
	skips   bool          // Config.SkipInvalidLines
	streams *proxy.Places // of files being sent
	bundles *proxy.Places // of Bundles that are being sent while they arrive
	lookups *lookup.Server
	unsent  atomic.Int64 // bytes of large responses on their way out
	// metadataSeen and selfSeen: the upstream's own base URL in its metadata and self links
	// was compared.
	metadataSeen, selfSeen atomic.Bool
	foreignSeen            atomic.Bool // references under an unknown base URL were removed
}

// version returns the tables of the version of FHIR that the listener serves: its
// capability statement and the versions in media types are those of R4.
func version() *schema.Schema { return schema.R4() }

// New checks the configuration and returns a listener. It opens no connection.
func New(c Config) (*Server, error) {
	limits, err := c.Limits.complete()
	if err != nil {
		return nil, err
	}
	up, err := upstream.New(upstream.Config{
		Schema: version(), Base: c.Upstream, Aliases: c.UpstreamAliases, FileHosts: c.FileHosts, TLS: c.UpstreamTLS, Credentials: c.Credentials, Metrics: c.Metrics,
		Connections: limits.Exchanges + lookup.Places(limits.Exchanges) + 2, // metadata and readiness
		Timeout:     limits.UpstreamTimeout, ResponseBytes: limits.ResponseBytes,
	})
	if err != nil {
		return nil, err
	}
	base, err := upstream.BaseURL("base URL", c.BaseURL)
	if err != nil {
		return nil, err
	}
	s := &Server{
		up:      up,
		limits:  limits,
		base:    strings.TrimSuffix(c.BaseURL, "/"),
		baseURL: base,
		path:    strings.TrimSuffix(base.Path, "/"),
		linkAge: c.LinkAge,
		now:     time.Now,
		open:    conns.New(),
		places:  proxy.NewPlaces(limits.Exchanges),
		skips:   c.SkipInvalidLines,
		streams: proxy.NewPlaces(limits.Streams),
		bundles: proxy.NewPlaces(limits.Exchanges),
	}
	if s.root = s.base; s.path == "" {
		s.root += "/"
	}
	s.site = &fhir.Site{Upstream: up.Origins, Base: s.base}
	if s.shared, err = proxy.New(proxy.Config{
		Name: "fhir", Event: "request", Sink: c.Sink, Logger: c.Logger, Metrics: c.Metrics, Tracer: c.Tracer,
		Process: c.Ready, Full: s.full, Upstream: s.upstreamReady,
	}); err != nil {
		return nil, err
	}
	if s.origins, err = cors.New(c.Origins); err != nil {
		return nil, err
	}
	switch {
	case s.linkAge == 0:
		s.linkAge = DefaultLinkAge
	case s.linkAge < time.Minute:
		return nil, errors.New("links must be valid for a minute or more")
	}
	if s.lookups, err = lookup.New(lookup.Config{
		Upstream: up, Base: s.base, Timeout: limits.UpstreamTimeout, Places: lookup.Places(limits.Exchanges), Log: s.shared.Log,
	}); err != nil {
		return nil, err
	}
	s.http = s.server(s.serve)
	if err := s.Reload(c.Policy); err != nil {
		return nil, err
	}
	return s, nil
}

// Reload puts a policy in force for exchanges that begin from now on. If it returns an
// error, the previous policy stays in force.
func (s *Server) Reload(c Policy) error {
	force, err := s.Prepare(c)
	if err == nil {
		force()
	}
	return err
}

// Prepare checks a policy and returns a function that puts it in force, so that several
// listeners change together or not at all.
func (s *Server) Prepare(c Policy) (force func(), err error) {
	p, err := s.newPolicy(c)
	if err != nil {
		return nil, err
	}
	return func() { s.shared.Force(p) }, nil
}

// server is the HTTP server in front of a handler.
func (s *Server) server(h fasthttp.RequestHandler) *fasthttp.Server {
	return &fasthttp.Server{
		Handler:                      compressed(h),
		ConnState:                    s.open.Note,
		ErrorHandler:                 s.malformed,
		NoDefaultServerHeader:        true,
		NoDefaultContentType:         true,
		Concurrency:                  s.limits.Connections,
		ReadBufferSize:               s.limits.HeaderBytes,
		MaxRequestBodySize:           s.limits.RequestBytes,
		ReadTimeout:                  s.limits.ReadTimeout,
		WriteTimeout:                 s.limits.WriteTimeout,
		IdleTimeout:                  s.limits.IdleTimeout,
		ReduceMemoryUsage:            true, // a waiting connection holds no buffers
		DisablePreParseMultipartForm: true,
		SecureErrorLogMessage:        true,
		CloseOnShutdown:              true,
		Logger:                       discard{},
	}
}

// compressed compresses the responses of a handler if the consumer accepts it. Streams
// are not compressed here: fasthttp would end an interrupted stream as if it were
// complete.
func compressed(h fasthttp.RequestHandler) fasthttp.RequestHandler {
	compress := fasthttp.CompressHandlerLevel(func(*fasthttp.RequestCtx) {}, fasthttp.CompressBestSpeed)
	return func(ctx *fasthttp.RequestCtx) {
		h(ctx)
		if !ctx.Response.IsBodyStream() {
			compress(ctx)
		}
	}
}

// discard drops fasthttp's own log lines, since they may quote a request.
type discard struct{}

func (discard) Printf(string, ...any) {}

// Connections returns how many consumer connections are open.
func (s *Server) Connections() int { return int(s.http.GetOpenConnectionsCount()) }

// Serve handles requests until Shutdown or an error of the listener. After Shutdown it
// closes the listener and returns.
func (s *Server) Serve(l net.Listener) error {
	if !s.shared.Open(l) {
		return nil
	}
	err := s.http.Serve(l)
	if s.shared.Draining() {
		return nil
	}
	return err
}

// farewell is the time for interrupted requests to finish, such as for the record of a
// file that was not delivered completely.
const farewell = 2 * time.Second

// Shutdown stops accepting connections and waits until requests in progress are
// finished. When the context ends, it stops waiting and closes their connections.
func (s *Server) Shutdown(ctx context.Context) error {
	s.shared.Drain()
	err := s.http.ShutdownWithContext(ctx)
	// fasthttp does not know the listener yet if Serve has not passed it on.
	s.shared.CloseSockets()
	if ctx.Err() != nil {
		s.open.Cut()
		s.open.Wait(farewell)
	}
	s.up.CloseIdle()
	s.lookups.Close()
	return err
}
