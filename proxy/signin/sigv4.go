package signin

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/valyala/fasthttp"
)

// SigV4 signs each request with AWS Signature Version 4.
type SigV4 struct {
	// Region is the AWS region, such as us-east-1.
	Region string
	// Service is the name of the service in the signature; healthlake if empty.
	Service     string
	AccessKeyID Secret
	SecretKey   Secret
	// SessionToken is for temporary keys; the zero value means none.
	SessionToken Secret
}

// signer signs the method, the path, the query, the body, the host, the content type and
// the x-amz headers. Proxies on the way may change other headers.
type signer struct {
	region, service string
	keys            *kept[aws.Credentials]
	signer          *v4.Signer
}

func (b *builder) sigV4(where string, c SigV4) Credentials {
	if c.Service == "" {
		c.Service = "healthlake"
	}
	if !isAWSName(c.Region) {
		b.add(where+".region", "expected a region, such as us-east-1")
	}
	if !isAWSName(c.Service) {
		b.add(where+".service", "expected the name of a service, such as healthlake")
	}
	return &signer{c.Region, c.Service, keep(b, where, c.read), v4.NewSigner()}
}

// read reads all keys together.
func (c SigV4) read() (aws.Credentials, error) {
	var keys aws.Credentials
	var problems []error
	for _, one := range []struct {
		part string
		from Secret
		to   *string
	}{
		{"accessKeyID", c.AccessKeyID, &keys.AccessKeyID},
		{"secretKey", c.SecretKey, &keys.SecretAccessKey},
		{"sessionToken", c.SessionToken, &keys.SessionToken},
	} {
		if one.part == "sessionToken" && one.from.isZero() {
			continue
		}
		text, err := one.from.read()
		if err == nil && (!printable(text) || strings.Contains(text, " ")) {
			err = errors.New("expected printable ASCII without spaces")
		}
		if err != nil {
			problems = append(problems, settingError{one.part, err})
		}
		*one.to = text
	}
	return keys, errors.Join(problems...)
}

func (s *signer) Refused() { s.keys.stale() }

func (s *signer) Authorize(ctx context.Context, req *fasthttp.Request) error {
	return s.sign(ctx, req, time.Now())
}

// sign signs a request. It rewrites the query in AWS's canonical form, which has the same
// meaning, so that what is sent is byte for byte what is signed.
func (s *signer) sign(ctx context.Context, req *fasthttp.Request, now time.Time) error {
	uri := req.URI()
	uri.DisablePathNormalizing = true
	wire := string(uri.RequestURI())
	target, err := url.ParseRequestURI(wire)
	if err != nil {
		return errUnsignable
	}
	// The library interprets some requests differently from how they are sent: a path with
	// bytes that should be escaped, or a query with invalid parts, which it leaves out, so
	// that the signed query would select more.
	path, _, _ := strings.Cut(wire, "?")
	target.RawQuery = strings.ReplaceAll(target.RawQuery, ";", "%3B") // it would misread this, too
	if _, err := url.ParseQuery(target.RawQuery); err != nil || target.EscapedPath() != path {
		return errUnsignable
	}
	target.Scheme, target.Host = string(uri.Scheme()), string(uri.Host())
	body := req.Body()
	if len(body) == 0 {
		body = req.PostArgs().QueryString() // sent instead
	}
	sum := sha256.Sum256(body)
	plain := &http.Request{Method: string(req.Header.Method()), URL: target, Header: http.Header{}}
	req.Header.SetNoDefaultContentType(true) // it would be sent unsigned
	if kind := req.Header.ContentType(); len(kind) > 0 {
		plain.Header.Set("Content-Type", string(kind))
	}
	for name, value := range req.Header.All() {
		if n := string(name); len(n) > 6 && strings.EqualFold(n[:6], "x-amz-") {
			plain.Header.Add(n, string(value))
		}
	}
	if err := s.signer.SignHTTP(ctx, s.keys.get(), plain, hex.EncodeToString(sum[:]), s.service, s.region, now); err != nil {
		return errUnsignable
	}
	if plain.Host != "" { // without the port, which is the scheme's own
		uri.SetHost(plain.Host)
	}
	uri.SetQueryString(target.RawQuery)
	for name, values := range plain.Header {
		if name != "Content-Type" {
			req.Header.Set(name, values[0])
		}
	}
	return nil
}

var errUnsignable = errors.New("the request to the upstream cannot be signed")

// isAWSName reports whether s is [a-z0-9-]+.
func isAWSName(s string) bool {
	for i := range len(s) {
		if c := s[i]; !(c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '-') {
			return false
		}
	}
	return s != ""
}
