package fhirproxy

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/url"
	"runtime"
	"strings"
	"sync"
	"time"

	models "github.com/samply/golang-fhir-models/fhir-models/fhir"
	"github.com/valyala/fasthttp"

	"github.com/veil-proxy/veil/fhir"
	"github.com/veil-proxy/veil/proxy"
	"github.com/veil-proxy/veil/proxy/metrics"
	"github.com/veil-proxy/veil/proxy/signin"
)

// upstreamConfig says which FHIR server has the originals, and what may be asked of
// it.
type upstreamConfig struct {
	// Base is its base URL, Aliases are others that it writes into its references and
	// links.
	Base    string
	Aliases []string
	// FileHosts are base URLs of stores of the files of exports.
	FileHosts []string
	// TLS is for a server of https; the system's roots when it is nil.
	TLS *tls.Config
	// Credentials sign in; none when it is nil.
	Credentials signin.Credentials
	Metrics     *metrics.Listener
	// Connections bounds the connections to it, Timeout a request, and ResponseBytes a
	// response, before and after decompression.
	Connections   int
	Timeout       time.Duration
	ResponseBytes int
}

// upstreamServer is the server that has the originals. What is sent to it reads, but
// for the end of a bulk export that Veil began itself; redirects are not followed.
type upstreamServer struct {
	config     upstreamConfig
	client     *fasthttp.HostClient
	streams    *fasthttp.HostClient // for responses that are masked while they arrive
	hosts      []fileHost           // of files that the upstream does not serve itself
	base       string               // without a slash at the end
	origins    []string             // the base and its aliases
	places     []place              // the same, taken apart
	inflaters  sync.Pool            // *inflater
	converters chan struct{}
}

func newUpstreamServer(c upstreamConfig) (*upstreamServer, error) {
	at, err := baseURL("upstream", c.Base)
	if err != nil {
		return nil, err
	}
	u := &upstreamServer{config: c, base: strings.TrimSuffix(c.Base, "/")}
	u.origins = []string{u.base}
	u.client, u.streams = u.hostClient(at, c.TLS), u.hostClient(at, c.TLS)
	u.client.ReadTimeout = c.Timeout
	u.client.MaxResponseBodySize = c.ResponseBytes
	u.patient(u.streams)
	if err := u.addFileHosts(c.FileHosts); err != nil {
		return nil, err
	}
	for _, alias := range c.Aliases {
		if _, err := baseURL("alias of the upstream", alias); err != nil {
			return nil, err
		}
		u.origins = append(u.origins, strings.TrimSuffix(alias, "/"))
	}
	for _, base := range u.origins {
		u.places = append(u.places, placeOf(base))
	}
	u.converters = make(chan struct{}, runtime.GOMAXPROCS(0))
	u.inflaters.New = func() any { return new(inflater) }
	return u, nil
}

// closeIdle closes the connections that no request uses.
func (u *upstreamServer) closeIdle() {
	u.client.CloseIdleConnections()
	u.streams.CloseIdleConnections()
	for i := range u.hosts {
		u.hosts[i].client.CloseIdleConnections()
	}
}

// hostClient is a client of the host of a URL, and of no other.
func (u *upstreamServer) hostClient(at *url.URL, conf *tls.Config) *fasthttp.HostClient {
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
		MaxIdemponentCallAttempts: 2, // a pooled connection may have been closed meanwhile
	}
}

// patient makes a client one of answers that are masked while they arrive.
func (u *upstreamServer) patient(c *fasthttp.HostClient) {
	c.StreamResponseBody = true
	c.Dial = func(addr string) (net.Conn, error) {
		conn, err := fasthttp.DialDualStackTimeout(addr, u.config.Timeout)
		return &patientConn{conn, u.config.Timeout}, err
	}
}

// patientConn bounds the wait for each piece of an answer, not the whole: a file
// takes as long as it takes.
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

// converting takes one of the places for what turns XML into JSON or back, and
// returns what gives it back. It is work for processors, and more at once than
// those would only take memory.
func (u *upstreamServer) converting() (done func()) {
	u.converters <- struct{}{}
	return func() { <-u.converters }
}

// upstreamRequest is what is asked of the upstream. Nothing else of a consumer's request
// reaches it.
type upstreamRequest struct {
	path   string // and query, below the base; of a stream also a URL at a file host
	method string // GET when it is empty
	accept string // FHIR when it is empty
	async  bool   // Prefer: respond-async
	stream bool
	// timeout bounds the answer, of a stream its beginning.
	timeout time.Duration
}

// upstreamResponse is an answer of the upstream with its body decoded. It is valid until
// release.
type upstreamResponse struct {
	up     *upstreamServer
	resp   *fasthttp.Response
	flated *inflater
	status int
	body   []byte
}

func (r *upstreamResponse) release() {
	if r.resp != nil {
		if r.resp.IsBodyStream() {
			_ = r.resp.CloseBodyStream() // a connection that is not read to its end is closed
		}
		fasthttp.ReleaseResponse(r.resp)
	}
	if r.flated != nil && cap(r.flated.out) <= largestInflater {
		r.up.inflaters.Put(r.flated)
	}
	r.resp, r.flated, r.body = nil, nil, nil
}

// get asks for a path under the base, such as "/Patient/1".
func (u *upstreamServer) get(path []byte, timeout time.Duration) (*upstreamResponse, *problem) {
	return u.request(&upstreamRequest{path: string(path), timeout: timeout})
}

// request asks, once more if the credentials were not taken.
func (u *upstreamServer) request(q *upstreamRequest) (*upstreamResponse, *problem) {
	r, p := u.once(q)
	if p == nil && (r.status == 401 || r.status == 403) && u.config.Credentials != nil && u.hostOf(q.path) == nil {
		r.release()
		u.config.Credentials.Refused()
		r, p = u.once(q)
	}
	return r, p
}

const fhirMimes = "application/fhir+json, application/fhir+xml;q=0.5"

func (u *upstreamServer) once(q *upstreamRequest) (*upstreamResponse, *problem) {
	req := fasthttp.AcquireRequest()
	defer fasthttp.ReleaseRequest(req)
	host := u.hostOf(q.path)
	if host != nil {
		req.SetRequestURI(q.path)
	} else {
		req.SetRequestURI(u.base + q.path)
	}
	req.Header.SetMethod(fasthttp.MethodGet)
	if q.method != "" {
		req.Header.SetMethod(q.method)
	}
	req.Header.Set("Accept", fhirMimes)
	if q.accept != "" {
		req.Header.Set("Accept", q.accept)
	}
	req.Header.Set("Accept-Encoding", "gzip")
	if q.async {
		req.Header.Set("Prefer", "respond-async")
	}
	if u.config.Credentials != nil && host == nil {
		ctx, cancel := context.WithTimeout(context.Background(), q.timeout)
		defer cancel()
		if u.config.Credentials.Authorize(ctx, req) != nil {
			return nil, failed(502, models.IssueTypeSecurity, "upstream credentials", "Veil could not get what it signs in to the FHIR server with")
		}
	}
	client := u.client
	if q.stream {
		client = u.streams
	}
	if host != nil {
		client = host.client
	}
	r := &upstreamResponse{up: u, resp: fasthttp.AcquireResponse()}
	asked := time.Now()
	if err := client.DoTimeout(req, r.resp, q.timeout); err != nil {
		u.config.Metrics.Upstream(0, time.Since(asked))
		r.release()
		return nil, u.unreachable(err)
	}
	r.status = r.resp.StatusCode()
	u.config.Metrics.Upstream(r.status, time.Since(asked))
	if q.stream {
		return r, nil
	}
	if p := u.decode(r); p != nil {
		r.release()
		return nil, p
	}
	return r, nil
}

// unreachable says what kept an answer away. The error itself can name
// addresses, so it stays here.
func (u *upstreamServer) unreachable(err error) *problem {
	var timed interface{ Timeout() bool }
	switch {
	case errors.Is(err, fasthttp.ErrBodyTooLarge):
		return u.tooLarge()
	case errors.Is(err, fasthttp.ErrNoFreeConns):
		return failed(503, models.IssueTypeThrottled, "upstream busy", "too many requests are under way to the FHIR server")
	case errors.As(err, &timed) && timed.Timeout():
		return failed(504, models.IssueTypeTimeout, "upstream timeout", "the FHIR server did not answer in time")
	}
	return failed(502, models.IssueTypeTransient, "upstream "+proxy.Cause(err), "the FHIR server could not be reached or did not complete its answer")
}

func (u *upstreamServer) tooLarge() *problem {
	return failed(502, models.IssueTypeTooLong, "response too large",
		fmt.Sprintf("the FHIR server's answer is larger than %d bytes (in XML, than an eighth of that), or compressed more than %d-fold; ask for fewer resources with _count", u.config.ResponseBytes, maxGzipRatio))
}

// decode takes the content encoding off a body, within limits.
func (u *upstreamServer) decode(r *upstreamResponse) *problem {
	switch string(r.resp.Header.ContentEncoding()) {
	case "", "identity":
		r.body = r.resp.Body()
		return nil
	case "gzip":
	default:
		return unknownCoding()
	}
	r.flated = u.inflaters.Get().(*inflater)
	err := r.flated.inflate(r.resp.Body(), u.config.ResponseBytes)
	switch {
	case errors.Is(err, errInflated):
		return u.tooLarge()
	case err != nil:
		return failed(502, models.IssueTypeStructure, "content encoding", "the FHIR server's compressed answer cannot be read")
	}
	r.body = r.flated.out
	return nil
}

func unknownCoding() *problem {
	return failed(502, models.IssueTypeStructure, "content encoding", "the FHIR server used a content encoding that was not asked for")
}

// header returns a field of the response.
func (r *upstreamResponse) header(name string) string { return string(r.resp.Header.Peek(name)) }

// mime is the media type of the body.
func (r *upstreamResponse) mime() string {
	mime, _, _ := strings.Cut(string(r.resp.Header.ContentType()), ";")
	return strings.ToLower(strings.TrimSpace(mime))
}

func (r *upstreamResponse) isJSON() bool {
	switch r.mime() {
	case "application/fhir+json", "application/json", "application/json+fhir":
		return true
	}
	return false
}

func (r *upstreamResponse) isXML() bool {
	switch r.mime() {
	case "application/fhir+xml", "application/xml", "application/xml+fhir", "text/xml":
		return true
	}
	return false
}

// xmlShare is the part of Limits.ResponseBytes that an answer in XML may have: its
// tree takes up to 60 times as much memory as its text.
const xmlShare = 8

// toJSON turns a body of FHIR XML into JSON, which is what the rules act on.
func (r *upstreamResponse) toJSON() *problem {
	if !r.isXML() {
		return nil
	}
	if len(r.body) > r.up.config.ResponseBytes/xmlShare {
		return r.up.tooLarge()
	}
	defer r.up.converting()()
	out, err := fhir.R4().AppendJSONFromXML(nil, r.body)
	if err != nil {
		return failed(502, models.IssueTypeStructure, "upstream syntax", "the FHIR server's answer is not valid FHIR XML")
	}
	r.body = out
	return nil
}

// check turns an answer that is not a FHIR resource into a problem. Texts of
// the upstream are dropped.
func (r *upstreamResponse) check() *problem {
	switch r.status {
	case 200:
		if !r.isJSON() && !r.isXML() {
			return failed(502, models.IssueTypeStructure, "upstream content type", "the FHIR server answered with something that is not FHIR JSON or XML")
		}
		return nil
	case 404, 410:
		return notFound()
	case 401, 403:
		return failed(502, models.IssueTypeSecurity, "upstream authorization", "the FHIR server did not let Veil in")
	case 301, 302, 303, 307, 308:
		return failed(502, models.IssueTypeProcessing, "upstream redirect", "the FHIR server answered with a redirect, which is not followed")
	case 429, 503:
		return failed(503, models.IssueTypeThrottled, "upstream busy", "the FHIR server is busy; try again later")
	case 408, 504:
		return failed(504, models.IssueTypeTimeout, "upstream timeout", "the FHIR server did not answer in time")
	}
	p := failed(502, models.IssueTypeProcessing, "upstream error", fmt.Sprintf("the FHIR server answered with status %d", r.status))
	if r.status == 400 || r.status == 422 {
		p.status = 400
	}
	if r.isXML() && r.toJSON() != nil {
		return p
	}
	p.more = upstreamIssues(r.body)
	return p
}

// baseURL checks a base URL. The error names what it is for.
func baseURL(what, base string) (*url.URL, error) {
	u, err := url.Parse(base)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil {
		return nil, fmt.Errorf("the %s must be an absolute http or https URL without user, query or fragment", what)
	}
	return u, nil
}

// failure is check for an answer whose body is not read.
func (r *upstreamResponse) failure() *problem {
	r.body = nil
	return r.check()
}
