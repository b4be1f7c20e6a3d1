// Package signin defines how Veil signs in to the FHIR server that holds the originals,
// and how it verifies that server.
//
// New makes Credentials from a Config. A listener adds them to each request as the last
// step before it sends the request:
//
//	credentials, err := signin.New(ctx, config)
//	...
//	err = credentials.Authorize(ctx, request) // then send it
//	...
//	if status == 401 {
//		credentials.Refused()
//	}
//
// Besides fixed headers, a Config has at most one of these kinds: a user and a password
// (RFC 7617); OAuth 2.0 client credentials (RFC 6749, 4.4); SMART Backend Services,
// which authenticate with a signed assertion (SMART App Launch 2.2); AWS Signature
// Version 4 for AWS HealthLake; a Google service account for the Google Cloud
// Healthcare API (RFC 7523, 2.1). TLS says which server certificates Veil accepts and
// which certificate it presents.
//
// Invariants: a secret comes from a file that other users cannot read, or from an
// environment variable, never from the configuration itself; no error and no log line
// contains a secret, a token, a path, or anything that a server sent, only fixed words
// and the name of the setting; a request is never sent with less than was configured:
// without credentials, Authorize fails; tokens are requested only over TLS (or from
// this machine); redirects are not followed; after a failure, a token endpoint is not
// queried again for a while.
//
// Credentials are Veil's own, the same for all consumers. A consumer's credentials
// never reach the upstream: a listener builds its requests anew, and this package sees
// no others.
//
// Not known here: where the upstream is (so whether it is reached over TLS is
// for the listener to settle), what is requested from it, and who the caller is.
package signin

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"

	"github.com/valyala/fasthttp"
)

// errUnavailable says that there are no credentials at the moment, since the token
// endpoint does not give any. It is worth trying again later.
var errUnavailable = errors.New("no credentials for the upstream at the moment")

// Credentials authenticate requests to the upstream. They are safe for concurrent use.
type Credentials interface {
	// Authorize adds them to a request that is otherwise complete, including its URI.
	// Nothing may change the request afterwards. The client that sends it must have
	// DisablePathNormalizing set; otherwise what is signed is not what is sent.
	//
	// It can wait for a token, until ctx ends. The error is that of ctx, or
	// ErrUnavailable, or says that the request cannot be signed; the request
	// must not be sent then.
	Authorize(ctx context.Context, req *fasthttp.Request) error
	// Refused reports that the upstream responded with 401 (or with 403, to SigV4): a new
	// token is fetched and files are read again, unless that was just done. The request
	// may then be built and sent once more.
	Refused()
}

// Config says which credentials to use. The zero value means none.
type Config struct {
	// Headers are added unchanged, in addition to credentials of one of the kinds below.
	Headers []Header

	Basic             *Basic
	ClientCredentials *ClientCredentials
	BackendServices   *BackendServices
	SigV4             *SigV4
	ServiceAccount    *ServiceAccount

	// TokenTLS is the TLS configuration for the token endpoint.
	TokenTLS TLS
	// Logger gets a line if a token cannot be fetched or a file cannot be read again. If
	// it is nil, nothing is logged.
	Logger *slog.Logger
}

// New checks the configuration and returns the credentials. All problems are
// reported at once, each with the setting, such as "basic.password". Files
// are read, but no connection is opened: tokens are fetched when the first
// request needs them, until ctx ends.
func New(ctx context.Context, c Config) (Credentials, error) {
	b := builder{ctx: ctx, log: c.Logger}
	if b.log == nil {
		b.log = slog.New(slog.DiscardHandler)
	}
	var all chain
	for i, h := range c.Headers {
		all = append(all, b.header(fmt.Sprintf("headers[%d]", i), h))
	}
	var kinds []string
	if c.Basic != nil {
		kinds = append(kinds, "basic")
		all = append(all, b.basic("basic", *c.Basic))
	}
	if c.ClientCredentials != nil {
		kinds = append(kinds, "clientCredentials")
		all = append(all, b.clientCredentials("clientCredentials", *c.ClientCredentials, c.TokenTLS))
	}
	if c.BackendServices != nil {
		kinds = append(kinds, "backendServices")
		all = append(all, b.backendServices("backendServices", *c.BackendServices, c.TokenTLS))
	}
	if c.ServiceAccount != nil {
		kinds = append(kinds, "serviceAccount")
		all = append(all, b.serviceAccount("serviceAccount", *c.ServiceAccount, c.TokenTLS))
	}
	if c.SigV4 != nil { // last: it signs the other headers
		kinds = append(kinds, "sigV4")
		all = append(all, b.sigV4("sigV4", *c.SigV4))
	}
	if len(kinds) > 1 {
		b.add(strings.Join(kinds, ", "), "expected at most one of them")
	}
	if c.TokenTLS != (TLS{}) && c.ClientCredentials == nil && c.BackendServices == nil && c.ServiceAccount == nil {
		b.add("tokenTLS", "there is no token endpoint")
	}
	b.conflicts(c.Headers, kinds)
	if err := errors.Join(b.problems...); err != nil {
		return nil, err
	}
	return all, nil
}

// chain adds all of its credentials, in order.
type chain []Credentials

func (c chain) Authorize(ctx context.Context, req *fasthttp.Request) error {
	for _, one := range c {
		if err := one.Authorize(ctx, req); err != nil {
			return err
		}
	}
	return nil
}

func (c chain) Refused() {
	for _, one := range c {
		one.Refused()
	}
}

// builder builds credentials and collects the problems of their configuration.
type builder struct {
	ctx      context.Context
	log      *slog.Logger
	problems []error
}

// add notes a problem. No text may hold a value: an operator may have put a
// secret into the wrong field.
func (b *builder) add(where, format string, args ...any) {
	b.problems = append(b.problems, fmt.Errorf("%s: %s", where, fmt.Sprintf(format, args...)))
}

// conflicts notes fixed headers that are duplicates, or that the kind of credentials sets
// itself.
func (b *builder) conflicts(headers []Header, kinds []string) {
	seen := map[string]int{}
	for i, h := range headers {
		name, where := strings.ToLower(h.Name), fmt.Sprintf("headers[%d].name", i)
		if first, ok := seen[name]; ok {
			b.add(where, "headers[%d] has this name", first)
		}
		seen[name] = i
		if len(kinds) > 0 && (name == "authorization" || strings.HasPrefix(name, "x-amz-")) {
			b.add(where, "this header is that of %s", kinds[0])
		}
	}
}
