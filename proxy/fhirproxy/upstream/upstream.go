// Package upstream sends requests to the FHIR server that holds the originals, and
// reads its responses.
//
//	u, err := upstream.New(upstream.Config{Base: "http://fhir.internal/fhir", …})
//	r, problem := u.Get([]byte("/Patient/1"), timeout)
//	defer r.Release()
//	problem = r.Check()
//
// Invariants: a request goes to the configured base or to a configured store of files
// and nowhere else, whatever a response or a link names; redirects are not followed;
// a response is bounded, before and after decompression; no text of a response gets
// into a problem, only the codes of its issues.
//
// Not known here: what a request may ask for (fhir's guard), what becomes of a
// response.
package upstream

import (
	"crypto/tls"
	"fmt"
	"net"
	"net/url"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/valyala/fasthttp"

	"github.com/veil-proxy/veil/fhir/schema"
	"github.com/veil-proxy/veil/proxy/fhirproxy/lend"
	"github.com/veil-proxy/veil/proxy/metrics"
	"github.com/veil-proxy/veil/proxy/signin"
)

// Config says which FHIR server holds the originals, and what may be requested from it.
type Config struct {
	// Base is its base URL, Aliases are others that it writes into its references and
	// links.
	Base    string
	Aliases []string
	// Schema is the schema of its FHIR version.
	Schema *schema.Schema
	// FileHosts are base URLs of stores that serve export files.
	FileHosts []string
	// TLS configures an https server. If it is nil, the system's roots are used.
	TLS *tls.Config
	// Credentials sign in, unless nil.
	Credentials signin.Credentials
	Metrics     *metrics.Listener
	// Connections bounds the connections to it, Timeout a request, and ResponseBytes a
	// response, before and after decompression.
	Connections   int
	Timeout       time.Duration
	ResponseBytes int
}

// Server is the server that holds the originals. All requests to it are reads, except
// the one that ends a bulk export that Veil began itself. Redirects are not followed.
type Server struct {
	config    Config
	client    *fasthttp.HostClient
	streams   *fasthttp.HostClient // for responses that are masked while they arrive
	hosts     []fileHost           // of files that the upstream does not serve itself
	base      string               // without a slash at the end
	Origins   []string             // the base and its aliases
	places    []place              // the same, taken apart
	inflaters sync.Pool            // *inflater
	buffers   sync.Pool            // *[]byte, for bodies
	// converters: one for each processor, since more would only take memory.
	converters *lend.Lender[Converter]
}

// New checks the configuration. It opens no connection.
func New(c Config) (*Server, error) {
	at, err := BaseURL("upstream", c.Base)
	if err != nil {
		return nil, err
	}
	u := &Server{config: c, base: strings.TrimSuffix(c.Base, "/")}
	u.Origins = []string{u.base}
	u.client, u.streams = u.hostClient(at, c.TLS), u.hostClient(at, c.TLS)
	u.client.ReadTimeout = c.Timeout
	u.client.MaxResponseBodySize = c.ResponseBytes
	u.patient(u.streams)
	if err := u.addFileHosts(c.FileHosts); err != nil {
		return nil, err
	}
	for _, alias := range c.Aliases {
		if _, err := BaseURL("alias of the upstream", alias); err != nil {
			return nil, err
		}
		u.Origins = append(u.Origins, strings.TrimSuffix(alias, "/"))
	}
	for _, base := range u.Origins {
		u.places = append(u.places, placeOf(base))
	}
	u.converters = lend.New[Converter](runtime.GOMAXPROCS(0))
	u.inflaters.New = func() any { return new(inflater) }
	u.buffers.New = func() any { return new([]byte) }
	return u, nil
}

// CloseIdle closes idle connections.
func (u *Server) CloseIdle() {
	u.client.CloseIdleConnections()
	u.streams.CloseIdleConnections()
	for i := range u.hosts {
		u.hosts[i].client.CloseIdleConnections()
	}
}

// hostClient returns a client for the host of a URL, and for no other.
func (u *Server) hostClient(at *url.URL, conf *tls.Config) *fasthttp.HostClient {
	addr := at.Host
	if at.Port() == "" {
		addr += map[string]string{"http": ":80", "https": ":443"}[at.Scheme]
	}
	return &fasthttp.HostClient{
		Addr:                      addr,
		IsTLS:                     at.Scheme == "https",
		TLSConfig:                 conf,
		NoDefaultUserAgentHeader:  true,
		MaxConns:                  u.config.Connections,
		MaxConnWaitTimeout:        u.config.Timeout,
		WriteTimeout:              u.config.Timeout,
		ReadBufferSize:            16 << 10,
		DisablePathNormalizing:    true,
		SecureErrorLogMessage:     true,
		MaxIdemponentCallAttempts: 2, // a pooled connection may have been closed
	}
}

// patient adapts a client to responses that are masked while they arrive.
func (u *Server) patient(c *fasthttp.HostClient) {
	c.StreamResponseBody = true
	c.Dial = func(addr string) (net.Conn, error) {
		conn, err := fasthttp.DialDualStackTimeout(addr, u.config.Timeout)
		return &patientConn{conn, u.config.Timeout}, err
	}
}

// patientConn bounds the wait for each piece of a response, not for the whole, since a
// file may take any time.
type patientConn struct {
	net.Conn
	wait time.Duration
}

func (c *patientConn) Read(b []byte) (int, error) {
	if err := c.SetReadDeadline(time.Now().Add(c.wait)); err != nil {
		return 0, err
	}
	return c.Conn.Read(b)
}

// BaseURL checks a base URL. The error names what it is for.
func BaseURL(what, base string) (*url.URL, error) {
	u, err := url.Parse(base)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil {
		return nil, fmt.Errorf("the %s must be an absolute http or https URL without user, query or fragment", what)
	}
	return u, nil
}
