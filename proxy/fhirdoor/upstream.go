package fhirdoor

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	models "github.com/samply/golang-fhir-models/fhir-models/fhir"
	"github.com/valyala/fasthttp"
)

// upstream is the server that has the originals. Only GET requests are ever
// sent to it, and redirects are not followed.
type upstream struct {
	client    *fasthttp.HostClient
	base      string // without a slash at the end
	limits    Limits
	inflaters sync.Pool // *inflater
}

func newUpstream(base string, limits Limits) (*upstream, error) {
	u, err := baseURL("upstream", base)
	if err != nil {
		return nil, err
	}
	addr := u.Host
	if u.Port() == "" {
		addr += map[string]string{"http": ":80", "https": ":443"}[u.Scheme]
	}
	up := &upstream{
		base:   strings.TrimSuffix(base, "/"),
		limits: limits,
		client: &fasthttp.HostClient{
			Addr:                      addr,
			IsTLS:                     u.Scheme == "https",
			NoDefaultUserAgentHeader:  true,
			MaxConns:                  limits.Exchanges + 2, // metadata and readiness
			MaxConnWaitTimeout:        limits.UpstreamTimeout,
			ReadTimeout:               limits.UpstreamTimeout,
			WriteTimeout:              limits.UpstreamTimeout,
			MaxResponseBodySize:       limits.ResponseBytes,
			ReadBufferSize:            16 << 10,
			DisablePathNormalizing:    true,
			SecureErrorLogMessage:     true,
			MaxIdemponentCallAttempts: 2, // a pooled connection may have been closed meanwhile
		},
	}
	up.inflaters.New = func() any { return new(inflater) }
	return up, nil
}

// answer is a response of the upstream with its body decoded. It is valid until
// release.
type answer struct {
	up     *upstream
	resp   *fasthttp.Response
	flated *inflater
	status int
	body   []byte
}

func (a *answer) release() {
	if a.resp != nil {
		fasthttp.ReleaseResponse(a.resp)
	}
	if a.flated != nil && cap(a.flated.out) <= largestKept {
		a.up.inflaters.Put(a.flated)
	}
	a.resp, a.flated, a.body = nil, nil, nil
}

// get asks for a path under the base, such as "/Patient/1". The request has
// nothing of the consumer's request but what is in path.
func (u *upstream) get(path []byte, timeout time.Duration) (*answer, *problem) {
	req := fasthttp.AcquireRequest()
	defer fasthttp.ReleaseRequest(req)
	req.SetRequestURI(u.base + string(path))
	req.Header.SetMethod(fasthttp.MethodGet)
	req.Header.Set("Accept", "application/fhir+json")
	req.Header.Set("Accept-Encoding", "gzip")
	a := &answer{up: u, resp: fasthttp.AcquireResponse()}
	if err := u.client.DoTimeout(req, a.resp, timeout); err != nil {
		a.release()
		return nil, u.unreachable(err)
	}
	a.status = a.resp.StatusCode()
	if p := u.decode(a); p != nil {
		a.release()
		return nil, p
	}
	return a, nil
}

// unreachable says what kept an answer away. The error itself can name
// addresses, so it stays here.
func (u *upstream) unreachable(err error) *problem {
	var timed interface{ Timeout() bool }
	switch {
	case errors.Is(err, fasthttp.ErrBodyTooLarge):
		return u.tooLarge()
	case errors.Is(err, fasthttp.ErrNoFreeConns):
		return failed(503, models.IssueTypeThrottled, "upstream busy", "too many requests are under way to the FHIR server")
	case errors.As(err, &timed) && timed.Timeout():
		return failed(504, models.IssueTypeTimeout, "upstream timeout", "the FHIR server did not answer in time")
	}
	return failed(502, models.IssueTypeTransient, "upstream unreachable", "the FHIR server could not be reached or did not complete its answer")
}

func (u *upstream) tooLarge() *problem {
	return failed(502, models.IssueTypeTooLong, "response too large",
		fmt.Sprintf("the FHIR server's answer is larger than %d bytes, or compressed more than %d-fold; ask for fewer resources with _count", u.limits.ResponseBytes, maxGzipRatio))
}

// decode takes the content encoding off a body, within limits.
func (u *upstream) decode(a *answer) *problem {
	switch string(a.resp.Header.ContentEncoding()) {
	case "", "identity":
		a.body = a.resp.Body()
		return nil
	case "gzip":
	default:
		return failed(502, models.IssueTypeStructure, "content encoding", "the FHIR server used a content encoding that was not asked for")
	}
	a.flated = u.inflaters.Get().(*inflater)
	err := a.flated.inflate(a.resp.Body(), u.limits.ResponseBytes)
	switch {
	case errors.Is(err, errInflated):
		return u.tooLarge()
	case err != nil:
		return failed(502, models.IssueTypeStructure, "content encoding", "the FHIR server's compressed answer cannot be read")
	}
	a.body = a.flated.out
	return nil
}

// check turns an answer that is not a FHIR resource into a problem. Texts of
// the upstream are dropped.
func (a *answer) check() *problem {
	mime, _, _ := strings.Cut(string(a.resp.Header.ContentType()), ";")
	mime = strings.ToLower(strings.TrimSpace(mime))
	isFHIR := mime == "application/fhir+json" || mime == "application/json" || mime == "application/json+fhir"
	switch a.status {
	case 200:
		if !isFHIR {
			return failed(502, models.IssueTypeStructure, "upstream content type", "the FHIR server answered with something that is not FHIR JSON")
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
	p := failed(502, models.IssueTypeProcessing, "upstream error", fmt.Sprintf("the FHIR server answered with status %d", a.status))
	if a.status == 400 || a.status == 422 {
		p.status = 400
	}
	if isFHIR {
		p.more = upstreamIssues(a.body)
	}
	return p
}
