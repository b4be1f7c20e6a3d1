// Package cors lets web pages from configured origins read the responses of the FHIR
// listener.
package cors

import (
	"errors"
	"net/url"
	"slices"

	"github.com/valyala/fasthttp"
)

// Origins are the web origins whose pages may read responses (Fetch Standard, 3.2).
// Cookies are not used: credentials are in headers that the page sets itself.
type Origins struct {
	any     bool
	origins []string
}

// New parses origins: "*", or scheme and host. Without any, no page may read responses.
func New(origins []string) (Origins, error) {
	c := Origins{any: slices.Contains(origins, "*"), origins: origins}
	for _, o := range origins {
		u, err := url.Parse(o)
		if o != "*" && (err != nil || u.Scheme != "http" && u.Scheme != "https" || o != u.Scheme+"://"+u.Host) {
			return c, errors.New(`an origin is "*", or scheme and host such as https://notebook.example`)
		}
	}
	return c, nil
}

// Allow sets the headers that let a page of an allowed origin read the response,
// and reports whether the request comes from one.
func (c *Origins) Allow(ctx *fasthttp.RequestCtx) bool {
	if len(c.origins) == 0 {
		return false
	}
	h := &ctx.Response.Header
	h.Set("Vary", "Origin")
	origin := string(ctx.Request.Header.Peek("Origin"))
	if origin == "" || !c.any && !slices.Contains(c.origins, origin) {
		return false
	}
	if c.any {
		origin = "*"
	}
	h.Set("Access-Control-Allow-Origin", origin)
	h.Set("Access-Control-Expose-Headers", "Content-Location, ETag, Retry-After, X-Progress, X-Request-Id, X-Veil-Left-Out, X-Veil-Ruleset")
	return true
}

// Preflight answers a preflight request, for an actual request with one of the given
// methods.
func (c *Origins) Preflight(ctx *fasthttp.RequestCtx, methods string) {
	if len(ctx.Request.Header.Peek("Access-Control-Request-Method")) == 0 || len(ctx.Response.Header.Peek("Access-Control-Allow-Origin")) == 0 {
		return
	}
	h := &ctx.Response.Header
	h.Set("Access-Control-Allow-Methods", methods)
	h.Set("Access-Control-Allow-Headers", "Accept, Authorization, Content-Type, If-None-Match, Prefer, X-API-Key")
	h.Set("Access-Control-Max-Age", "600")
}
