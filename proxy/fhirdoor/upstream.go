package fhirdoor

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"

	"github.com/klauspost/compress/gzip"
	models "github.com/samply/golang-fhir-models/fhir-models/fhir"
	"github.com/valyala/fasthttp"
)

// maxGzipRatio is how much larger a compressed body may become.
const maxGzipRatio = 200

// upstream is the server that has the originals. Only GET requests are ever
// sent to it.
type upstream struct {
	client *fasthttp.HostClient
	base   string // without a slash at the end
	host   string
	limits Limits
}

func newUpstream(base string, limits Limits) (*upstream, error) {
	u, err := url.Parse(base)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil {
		return nil, errors.New("the upstream must be an absolute http or https URL without user, query or fragment")
	}
	addr := u.Host
	if u.Port() == "" {
		addr += map[string]string{"http": ":80", "https": ":443"}[u.Scheme]
	}
	return &upstream{
		base:   strings.TrimSuffix(base, "/"),
		host:   u.Host,
		limits: limits,
		client: &fasthttp.HostClient{
			Addr:                          addr,
			IsTLS:                         u.Scheme == "https",
			NoDefaultUserAgentHeader:      true,
			MaxConns:                      limits.UpstreamConnections,
			MaxConnWaitTimeout:            limits.UpstreamTimeout,
			ReadTimeout:                   limits.UpstreamTimeout,
			WriteTimeout:                  limits.UpstreamTimeout,
			MaxResponseBodySize:           limits.ResponseBytes,
			ReadBufferSize:                16 << 10,
			DisablePathNormalizing:        true,
			DisableHeaderNamesNormalizing: false,
			MaxIdemponentCallAttempts:     2, // a pooled connection may have been closed meanwhile
		},
	}, nil
}

// answer is a response of the upstream with its body decoded. It is valid until
// release.
type answer struct {
	resp   *fasthttp.Response
	status int
	body   []byte
}

func (a *answer) release() {
	if a.resp != nil {
		fasthttp.ReleaseResponse(a.resp)
		a.resp = nil
	}
}

// get asks for a path under the base, such as "/Patient/1". Redirects are not
// followed.
func (u *upstream) get(path []byte) (answer, *problem) {
	req := fasthttp.AcquireRequest()
	defer fasthttp.ReleaseRequest(req)
	req.SetRequestURI(u.base + string(path))
	req.Header.SetMethod(fasthttp.MethodGet)
	req.Header.Set("Accept", "application/fhir+json")
	req.Header.Set("Accept-Encoding", "gzip")
	resp := fasthttp.AcquireResponse()
	a := answer{resp: resp}
	if err := u.client.DoTimeout(req, resp, u.limits.UpstreamTimeout); err != nil {
		a.release()
		switch {
		case errors.Is(err, fasthttp.ErrTimeout), errors.Is(err, fasthttp.ErrDialTimeout):
			return a, failed(504, models.IssueTypeTimeout, "upstream timeout", "the FHIR server did not answer in time")
		case errors.Is(err, fasthttp.ErrBodyTooLarge):
			return a, u.tooLarge()
		case errors.Is(err, fasthttp.ErrNoFreeConns):
			return a, failed(503, models.IssueTypeThrottled, "upstream busy", "too many requests are under way to the FHIR server")
		}
		return a, failed(502, models.IssueTypeTransient, "upstream unreachable", "the FHIR server could not be reached or ended the connection")
	}
	a.status = resp.StatusCode()
	body, p := u.decode(resp)
	if p != nil {
		a.release()
		return a, p
	}
	a.body = body
	return a, nil
}

func (u *upstream) tooLarge() *problem {
	return failed(502, models.IssueTypeTooLong, "response too large",
		fmt.Sprintf("the FHIR server's answer is larger than %d bytes; ask for fewer resources with _count", u.limits.ResponseBytes))
}

// decode takes the content encoding off a body, within limits.
func (u *upstream) decode(resp *fasthttp.Response) ([]byte, *problem) {
	encoding := resp.Header.ContentEncoding()
	switch {
	case len(encoding) == 0 || string(encoding) == "identity":
		return resp.Body(), nil
	case string(encoding) != "gzip":
		return nil, failed(502, models.IssueTypeStructure, "content encoding", "the FHIR server used a content encoding that was not asked for")
	}
	z, err := gzip.NewReader(bytes.NewReader(resp.Body()))
	if err != nil {
		return nil, badGzip()
	}
	limit := int64(min(u.limits.ResponseBytes, maxGzipRatio*len(resp.Body())+4096))
	body, err := io.ReadAll(io.LimitReader(z, limit+1))
	switch {
	case err != nil:
		return nil, badGzip()
	case int64(len(body)) > limit:
		return nil, u.tooLarge()
	}
	return body, nil
}

func badGzip() *problem {
	return failed(502, models.IssueTypeStructure, "content encoding", "the FHIR server's compressed answer cannot be read")
}

// check turns an answer that is not a FHIR resource into a problem. Texts of
// the upstream are dropped.
func (a *answer) check() *problem {
	mime, _, _ := strings.Cut(string(a.resp.Header.ContentType()), ";")
	mime = strings.ToLower(strings.TrimSpace(mime))
	isFHIR := mime == "application/fhir+json" || mime == "application/json" || mime == "application/json+fhir"
	switch {
	case a.status == 200 && isFHIR:
		return nil
	case a.status == 404 || a.status == 410:
		return notFound()
	case a.status == 200:
		return failed(502, models.IssueTypeStructure, "upstream content type", "the FHIR server answered with something that is not FHIR JSON")
	case a.status >= 300 && a.status < 400:
		return failed(502, models.IssueTypeProcessing, "upstream redirect", "the FHIR server answered with a redirect, which is not followed")
	case a.status == 401 || a.status == 403:
		return failed(502, models.IssueTypeSecurity, "upstream authorization", "the FHIR server did not let Veil in")
	case a.status == 429 || a.status == 503:
		return failed(503, models.IssueTypeThrottled, "upstream busy", "the FHIR server is busy")
	}
	p := failed(502, models.IssueTypeProcessing, "upstream error", fmt.Sprintf("the FHIR server answered with status %d", a.status))
	if a.status >= 400 && a.status < 500 {
		p.status = 400
	}
	if isFHIR {
		p.more = upstreamIssues(a.body)
	}
	return p
}
