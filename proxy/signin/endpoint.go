package signin

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"

	"golang.org/x/oauth2"

	"github.com/veil-proxy/veil/internal/loopback"
)

// maxTokenAnswer bounds the response of a token endpoint, in bytes.
const maxTokenAnswer = 64 << 10

// The errors of a token endpoint.
var (
	errTooLarge   = fmt.Errorf("the response of the token endpoint has more than %d bytes", maxTokenAnswer)
	errUnreadable = errors.New("the response of the token endpoint is not a token")
)

// oauthErrors are the error codes of a token endpoint (RFC 6749, 5.2). Other codes, and
// descriptions, are not reported.
var oauthErrors = []string{
	"invalid_request", "invalid_client", "invalid_grant", "unauthorized_client", "unsupported_grant_type", "invalid_scope",
}

// tokenClient returns the client that talks to a token endpoint.
func tokenClient(c *tls.Config) *http.Client {
	t := &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		TLSClientConfig:        c,
		ForceAttemptHTTP2:      true,
		DisableKeepAlives:      true, // it is used seldom
		MaxResponseHeaderBytes: 64 << 10,
	}
	return &http.Client{
		Transport:     bounded{t},
		Timeout:       fetchTimeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// bounded reads responses completely, within maxTokenAnswer.
type bounded struct{ http.RoundTripper }

func (t bounded) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := t.RoundTripper.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxTokenAnswer+1))
	if err != nil {
		return nil, err
	}
	if len(body) > maxTokenAnswer {
		return nil, errTooLarge
	}
	resp.Body = io.NopCloser(bytes.NewReader(body))
	return resp, nil
}

// tokens returns credentials from a token endpoint. fetch requests a token, with the
// client that ctx has for the library; stale causes the secret to be read again for the
// next fetch.
func (b *builder) tokens(where string, t TLS, stale func(), fetch func(ctx context.Context) (*oauth2.Token, error)) Credentials {
	client := tokenClient(b.tls("tokenTLS", t))
	return &bearer{where: where, ctx: b.ctx, log: b.log, stale: stale, fetch: func(ctx context.Context) (*oauth2.Token, error) {
		return fetch(context.WithValue(ctx, oauth2.HTTPClient, client))
	}}
}

// tokenURL checks the address of a token endpoint.
func (b *builder) tokenURL(where, text string) {
	if !isTokenURL(text) {
		b.add(where, "expected an https URL without a user (http only to this machine)")
	}
}

func isTokenURL(text string) bool {
	u, err := url.Parse(text)
	return err == nil && u.Host != "" && u.User == nil && u.Fragment == "" &&
		(u.Scheme == "https" || u.Scheme == "http" && loopback.Is(u.Hostname()))
}

// fetchError says in fixed words why a token could not be fetched. The server's and the
// library's texts are dropped, since they may contain the request or parts of a token.
func fetchError(err error) error {
	var timed interface{ Timeout() bool }
	switch {
	case errors.Is(err, errTooLarge), errors.Is(err, errNotBearer), errors.Is(err, errExpired):
		return err
	case errors.As(err, &timed) && timed.Timeout():
		return errors.New("the token endpoint did not respond in time")
	}
	if refusal, ok := errors.AsType[*oauth2.RetrieveError](err); ok {
		return refused(refusal)
	}
	if setting, ok := errors.AsType[settingError](err); ok { // an error from reading a file again
		return setting
	}
	_, untrusted := errors.AsType[*tls.CertificateVerificationError](err)
	_, unknown := errors.AsType[x509.UnknownAuthorityError](err)
	if untrusted || unknown {
		return errors.New("the certificate of the token endpoint is not valid (see tokenTLS)")
	}
	if _, ok := errors.AsType[*url.Error](err); ok {
		return errors.New("the token endpoint cannot be reached")
	}
	return errUnreadable
}

func refused(e *oauth2.RetrieveError) error {
	if slices.Contains(oauthErrors, e.ErrorCode) {
		return fmt.Errorf("the token endpoint refused: %s", e.ErrorCode)
	}
	return fmt.Errorf("the token endpoint responded with status %d", e.Response.StatusCode)
}
