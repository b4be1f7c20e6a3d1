package fhirattack

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/veil-proxy/veil/selftest"
)

// userAgent identifies requests of the self-test in logs.
const userAgent = "veil-selftest"

// Client is a consumer: how it sends requests, and its credentials. Without
// credentials, it is anonymous.
type Client struct {
	HTTP   *http.Client // nil for the default one
	APIKey string       // in X-API-Key
	Token  string       // as a bearer token
}

// Authorize adds the credentials to a request.
func (c *Client) Authorize(req *http.Request) {
	if c.APIKey != "" {
		req.Header.Set("X-API-Key", c.APIKey)
	}
	if c.Token != "" {
		req.Header.Set("Authorization", "Bearer "+c.Token)
	}
}

// target is a FHIR server with the credentials of a consumer.
type target struct {
	base     *url.URL
	consumer *Client
	client   *http.Client
	limits   selftest.Limits
	pace     func(context.Context) error
}

func newTarget(base string, consumer *Client, limits selftest.Limits) (*target, error) {
	u, err := url.Parse(strings.TrimSuffix(base, "/"))
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.RawQuery != "" || u.User != nil {
		return nil, errors.New("expected the base URL of a FHIR server, such as https://fhir.example/fhir")
	}
	own := http.Client{}
	if consumer.HTTP != nil {
		own = *consumer.HTTP
	}
	own.Timeout = limits.Timeout
	own.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &target{base: u, consumer: consumer, client: &own, limits: limits, pace: limits.Pace()}, nil
}

// answer is a response, read up to the limits.
type answer struct {
	status int
	header http.Header
	body   []byte
	late   bool // a timeout ended it, so it says nothing
}

// received is all that was received: headers and body.
func (a *answer) received() []byte {
	var b bytes.Buffer
	_ = a.header.Write(&b) // a buffer does not fail
	b.Write(a.body)
	return b.Bytes()
}

// ok reports whether it is a response with what was requested.
func (a *answer) ok() bool { return a.status >= 200 && a.status < 300 }

// bundle has the parts of a Bundle, or of a single resource, that are compared and
// examined.
type bundle struct {
	ResourceType string
	ID           string
	Total        *int
	Entry        []struct {
		Resource json.RawMessage
		Response *struct{ Status string }
	}
}

func (a *answer) bundle() (b bundle) {
	_ = json.Unmarshal(a.body, &b) // other texts have nothing to compare
	return b
}

// ids are the types and ids of the resources in a response, in order, those inside of
// entries of a batch as well.
func (a *answer) ids() (ids []string) {
	b := a.bundle()
	if b.ResourceType != "Bundle" {
		return []string{b.ResourceType + "/" + b.ID}
	}
	for _, e := range b.Entry {
		inner := (&answer{body: e.Resource}).bundle()
		if inner.ResourceType == "Bundle" {
			ids = append(ids, fmt.Sprint(inner.total()))
			for _, one := range inner.Entry {
				x := (&answer{body: one.Resource}).bundle()
				ids = append(ids, x.ResourceType+"/"+x.ID)
			}
			continue
		}
		if inner.ResourceType == "OperationOutcome" {
			inner.ID = "" // it may be a single resource
		}
		status := ""
		if e.Response != nil {
			status = e.Response.Status
		}
		ids = append(ids, status+inner.ResourceType+"/"+inner.ID)
	}
	return ids
}

func (b *bundle) total() int {
	if b.Total == nil {
		return -1
	}
	return *b.Total
}

// resources reports whether there is a resource in the response other than an outcome.
func (a *answer) resources() bool {
	return slices.ContainsFunc(a.ids(), func(id string) bool {
		return id != "/" && !strings.HasPrefix(id, "OperationOutcome/") && !strings.HasPrefix(id, "CapabilityStatement/")
	})
}

// signature returns what can be compared with another response: the status, the number of
// matches, and which they are. Times, links and texts are left out.
func (a *answer) signature() string {
	b := a.bundle()
	return fmt.Sprintf("%d %d %s", a.status, b.total(), strings.Join(a.ids(), " "))
}

// send sends a request: "GET /Patient?_count=1", below the base URL as it is written.
func (t *target) send(ctx context.Context, request string, headers []string, body string) (*answer, error) {
	if err := t.pace(ctx); err != nil {
		return nil, err
	}
	method, path, _ := strings.Cut(request, " ")
	u := *t.base
	path, query, _ := strings.Cut(path, "?")
	u.RawQuery = query
	// Unchanged: a client that cleaned the path would remove the attack.
	u.Opaque = "//" + t.base.Host + t.base.EscapedPath() + path
	req, err := http.NewRequestWithContext(ctx, method, t.base.String(), strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.URL = &u
	req.Header.Set("User-Agent", userAgent)
	req.Header.Set("Accept", "application/fhir+json")
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		req.Header.Set(name, value)
	}
	t.consumer.Authorize(req)
	resp, err := t.client.Do(req)
	if err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		var netErr net.Error // a closed connection is a response, too
		return &answer{header: http.Header{}, late: errors.As(err, &netErr) && netErr.Timeout()}, nil
	}
	defer func() { _ = resp.Body.Close() }() // it was only read
	text, _ := io.ReadAll(io.LimitReader(resp.Body, int64(t.limits.Bytes)))
	return &answer{status: resp.StatusCode, header: resp.Header, body: text}, nil
}
