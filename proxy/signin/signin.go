// Package signin says how Veil signs in to the FHIR server that has the
// originals, and how it knows that server.
//
// New makes Credentials of a Config. They are added to each request that a listener
// sends, as its last step:
//
//	credentials, err := signin.New(ctx, config)
//	...
//	err = credentials.Authorize(ctx, request) // then send it
//	...
//	if status == 401 {
//		credentials.Refused()
//	}
//
// There are these kinds, at most one of them besides fixed headers: a user and
// a password (RFC 7617); OAuth 2.0 client credentials (RFC 6749, 4.4); SMART
// Backend Services, which prove themselves by a signed assertion (SMART App
// Launch 2.2); AWS Signature Version 4 for AWS HealthLake; a Google service
// account for the Google Cloud Healthcare API (RFC 7523, 2.1). TLS says which
// certificates a server may have and which one Veil shows.
//
// Invariants: a secret comes from a file that only its owner can read, or from
// an environment variable, never from the configuration itself; no error and no
// line of the log holds a secret, a token, a path, or anything that a server
// said, only fixed words and the name of the setting; a request is never sent
// with less than was configured: without credentials, Authorize fails; tokens are
// asked for over TLS alone (or from this machine), redirects are not followed;
// a token endpoint that fails is left in peace for a while.
//
// Credentials are Veil's own, the same for all consumers. Those of a consumer
// never reach the upstream: a listener builds its requests anew, and this package
// sees no others.
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

// Credentials are what the upstream wants to see. They may be used concurrently.
type Credentials interface {
	// Authorize adds them to a request that is complete otherwise, including
	// its URI, and must be the last to touch it. The client that sends it must
	// have DisablePathNormalizing set, or what is signed is not what is sent.
	//
	// It can wait for a token, until ctx ends. The error is that of ctx, or
	// ErrUnavailable, or says that the request cannot be signed; the request
	// must not be sent then.
	Authorize(ctx context.Context, req *fasthttp.Request) error
	// Refused tells that the upstream responded with 401, or to SigV4 with 403:
	// a token is fetched anew and files are read again, unless that was done a
	// moment ago. The request may be built and sent once more.
	Refused()
}

// Config says which credentials there are. The zero value is none.
type Config struct {
	// Headers are added as they are, besides the credentials of one of the
	// kinds below.
	Headers []Header

	Basic             *Basic
	ClientCredentials *ClientCredentials
	BackendServices   *BackendServices
	SigV4             *SigV4
	ServiceAccount    *ServiceAccount

	// TokenTLS is how the token endpoint is met.
	TokenTLS TLS
	// Logger takes a line when a token could not be fetched or a file not read
	// again. Nothing is logged when it is nil.
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

// chain adds all its credentials, in order.
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

// builder makes credentials and gathers what is wrong with their configuration.
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

// conflicts notes fixed headers that are the same, or that the kind sets itself.
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
