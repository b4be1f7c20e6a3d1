package signin

import (
	"context"
	"encoding/base64"
	"errors"
	"slices"
	"strings"

	"github.com/valyala/fasthttp"
)

// Header is a fixed header of every request, such as X-API-Key.
type Header struct {
	Name  string
	Value Secret
}

// Basic is a user name and a password (RFC 7617), sent as UTF-8.
type Basic struct {
	User     string
	Password Secret
}

// fixed sets one header to a value that changes only when its file does.
type fixed struct {
	name  string
	value *kept[string]
}

func (f *fixed) Authorize(_ context.Context, req *fasthttp.Request) error {
	req.Header.Del(f.name) // Set would append to cookies
	req.Header.Set(f.name, f.value.get())
	return nil
}

func (f *fixed) Refused() { f.value.stale() }

// notCredentials are the headers that the listener sets itself: they concern framing,
// interpretation, routing or the request.
var notCredentials = []string{
	"accept", "accept-charset", "accept-encoding", "connection", "content-encoding", "content-length", "content-type",
	"date", "expect", "host", "if-match", "if-modified-since", "if-none-match", "if-unmodified-since", "keep-alive",
	"prefer", "proxy-authorization", "proxy-connection", "range", "te", "trailer", "transfer-encoding", "upgrade",
	"x-http-method-override",
}

func (b *builder) header(where string, c Header) Credentials {
	name := strings.ToLower(c.Name)
	if !isToken(name) || slices.Contains(notCredentials, name) {
		b.add(where+".name", "expected the name of a header that has credentials, such as X-API-Key")
	}
	return &fixed{c.Name, keep(b, where+".value", func() (string, error) {
		value, err := c.Value.read()
		if err != nil {
			return "", err
		}
		if strings.TrimSpace(value) != value || !printable(value) {
			return "", errors.New("expected printable ASCII without spaces at its ends")
		}
		return value, nil
	})}
}

func (b *builder) basic(where string, c Basic) Credentials {
	// A colon would end the user name.
	if c.User == "" || strings.Contains(c.User, ":") || hasControl(c.User) {
		b.add(where+".user", "expected a user without colons and control characters")
	}
	return &fixed{"Authorization", keep(b, where+".password", func() (string, error) {
		password, err := c.Password.read()
		if err != nil {
			return "", err
		}
		if hasControl(password) {
			return "", errors.New("expected a password without control characters")
		}
		return "Basic " + base64.StdEncoding.EncodeToString([]byte(c.User+":"+password)), nil
	})}
}

// isToken reports whether s can be the name of a header (RFC 9110, 5.6.2).
func isToken(s string) bool {
	for i := range len(s) {
		if c := s[i]; c <= ' ' || c >= 0x7f || strings.IndexByte(`"(),/:;<=>?@[\]{}`, c) >= 0 {
			return false
		}
	}
	return s != ""
}

// printable reports whether s has only ASCII that is allowed in a header.
func printable(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] >= 0x7f {
			return false
		}
	}
	return true
}

func hasControl(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f })
}
