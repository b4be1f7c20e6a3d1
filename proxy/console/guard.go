package console

import (
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"mime"
	"net/http"
	"slices"
	"strings"
)

// policy is the Content-Security-Policy of every response: only files of the console are
// loaded, and pages of other sites cannot embed it.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// harden sets the headers of every response.
func (c *Console) harden(h http.Header) {
	h.Set("Content-Security-Policy", policy)
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Cross-Origin-Embedder-Policy", "require-corp")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
	h.Set("Cache-Control", "no-store")
	if c.secure {
		h.Set("Strict-Transport-Security", "max-age=31536000")
	}
}

// defaultBytes bounds the body of a request.
const defaultBytes = 1 << 20

// TokenField is the form field, and tokenHeader the header, that can carry the token of
// a session's forms.
const (
	TokenField  = "csrf"
	tokenHeader = "X-CSRF-Token" //nolint:gosec // a name
)

// onceField is the form field that distinguishes a form from earlier ones.
const onceField = "once"

var errForeign = &Problem{Status: http.StatusForbidden, Reason: "origin", Text: "The request came from another site, and nothing was changed."}

// foreign reports whether a request that changes something may come from another site.
// Browsers say where a request comes from.
func foreign(r *http.Request) bool {
	if r.Header.Get("Origin") == "" && r.Header.Get("Sec-Fetch-Site") == "" {
		return true
	}
	return new(http.CrossOriginProtection).Check(r) != nil
}

// readForm reads the body of a form into memory, never into a file, since it may contain
// what must not be stored.
func readForm(w http.ResponseWriter, r *http.Request, most int64) error {
	if most == 0 {
		most = defaultBytes
	}
	r.Body = http.MaxBytesReader(w, r.Body, most)
	var err error
	switch kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); kind {
	case "multipart/form-data":
		err = r.ParseMultipartForm(most) //nolint:gosec // the body is bounded
	case "application/x-www-form-urlencoded":
		err = r.ParseForm()
	}
	if large := (*http.MaxBytesError)(nil); errors.As(err, &large) {
		return &Problem{Status: http.StatusRequestEntityTooLarge, Reason: "size", Text: "The request is too large."}
	}
	if err != nil {
		return &Problem{Status: http.StatusBadRequest, Reason: "form", Text: "The form could not be read."}
	}
	return nil
}

// checkPost refuses requests that do not come from a form of the session.
func (c *Console) checkPost(w http.ResponseWriter, r *Request, route *Route) error {
	if foreign(r.Request) {
		return errForeign
	}
	if err := readForm(w, r.Request, route.Bytes); err != nil {
		return err
	}
	token := r.Header.Get(tokenHeader)
	if token == "" {
		token = r.PostForm.Get(TokenField)
	}
	if subtle.ConstantTimeCompare([]byte(token), []byte(r.session.token)) != 1 {
		return &Problem{Status: http.StatusForbidden, Reason: "token", Text: "The form belongs to another session, and nothing was changed. Open its page again, and submit it there.", form: typed(r.Request)}
	}
	if !route.Once {
		return nil
	}
	first, err := c.store.Once(r.Context(), sha256.Sum256([]byte("form "+r.session.token+" "+r.PostForm.Get(onceField))), c.limitsInForce().Lifetime)
	switch {
	case err != nil:
		return errNoSessions
	case !first:
		return &Problem{Status: http.StatusConflict, Reason: "twice", Text: "The form was submitted twice, and the second submission was ignored. The page of the form shows what the first one did."}
	}
	return nil
}

// field is a field of a form that was not processed, as it was filled in.
type field struct{ Name, Value string }

// typed returns the fields of a form that somebody may have filled in, so that their
// input is not lost. The page shows them to whoever sent them; they are not stored.
func typed(r *http.Request) (fields []field) {
	for name, values := range r.PostForm {
		for _, value := range values {
			if name != TokenField && name != onceField && strings.TrimSpace(value) != "" {
				fields = append(fields, field{name, value})
			}
		}
	}
	slices.SortStableFunc(fields, func(a, b field) int { return strings.Compare(a.Name, b.Name) })
	return fields
}
