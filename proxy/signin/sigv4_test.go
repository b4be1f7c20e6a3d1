package signin

import (
	"bufio"
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/valyala/fasthttp"
)

const (
	awsID     = "AKIDEXAMPLE"
	awsSecret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
	awsToken  = "AQoDYXdzEPT//////////wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwAeMicRXmxfpSPfIeoIYRqTflfKD8YUuwthAx7mSEI/qkPpKPi/kMcGdQrmGdeehM4IC1NtBmUpp2wUE8phUZampKsburEDy0KPkyQDYwT7WZ0wq5VSXDvp75YU9HFvlRd8Tx6q6fE8YQcHNVXAkiY9q6d+xo0rKwT38xVqr7ZD0u0iPPkUL64lIZbqBAz+scqKmlzm8FDrypNC9Yjc8fPOLn9FX9KSYvKTr4rvx3iSIlTJabIQwj2ICCR/oLxBA=="
)

func sigV4(t testing.TB, service, token string) *signer {
	t.Helper()
	c := SigV4{Region: "us-east-1", Service: service, AccessKeyID: inFile(t, awsID+"\n"), SecretKey: inFile(t, awsSecret+"\n")}
	if token != "" {
		c.SessionToken = inFile(t, token)
	}
	b := builder{}
	s := b.sigV4("sigV4", c).(*signer)
	if len(b.problems) > 0 {
		t.Fatal(b.problems)
	}
	return s
}

// TestSigV4Suite signs requests of AWS's Signature Version 4 test suite.
func TestSigV4Suite(t *testing.T) {
	const unreserved = "-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	at := time.Date(2015, 8, 30, 12, 36, 0, 0, time.UTC)
	for _, tc := range []struct {
		name, method, uri, kind, body, token string
		signed, signature                    string
	}{
		{"get-vanilla", "GET", "/", "", "", "", "host;x-amz-date", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
		{"get-unreserved", "GET", "/" + unreserved, "", "", "", "host;x-amz-date", "07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f"},
		{"get-vanilla-empty-query-key", "GET", "/?Param1=value1", "", "", "", "host;x-amz-date", "a67d582fa61cc504c4bae71f336f98b97f1ea3c7a6bfe1b6e45aec72011b9aeb"},
		{"get-vanilla-query-order-key", "GET", "/?Param1=value2&Param1=Value1", "", "", "", "host;x-amz-date", "eedbc4e291e521cf13422ffca22be7d2eb8146eecf653089df300a15b2382bd1"},
		{"get-vanilla-query-order-key-case", "GET", "/?Param2=value2&Param1=value1", "", "", "", "host;x-amz-date", "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"},
		{"get-vanilla-query-order-value", "GET", "/?Param1=value2&Param1=value1", "", "", "", "host;x-amz-date", "5772eed61e12b33fae39ee5e7012498b51d56abc0abb7c60486157bd471c4694"},
		{"get-vanilla-query-unreserved", "GET", "/?" + unreserved + "=" + unreserved, "", "", "", "host;x-amz-date", "9c3e54bfcdf0b19771a7f523ee5669cdf59bc7cc0884027167c21bb143a40197"},
		{"get-vanilla-utf8-query", "GET", "/?\u1234=bar", "", "", "", "host;x-amz-date", "2cdec8eed098649ff3a119c94853b13c643bcf08f8b0a1d91e12c9027818dd04"},
		{"post-vanilla", "POST", "/", "", "", "", "host;x-amz-date", "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"},
		{"post-vanilla-query", "POST", "/?Param1=value1", "", "", "", "host;x-amz-date", "28038455d6de14eafc1f9222cf5aa6f1a96197d7deb8263271d420d138af7f11"},
		{"post-x-www-form-urlencoded", "POST", "/", "application/x-www-form-urlencoded", "Param1=value1", "", "content-type;host;x-amz-date", "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a"},
		{"post-sts-header-before", "POST", "/", "", "", awsToken, "host;x-amz-date;x-amz-security-token", "85d96828115b5dc0cfc3bd16ad9e210dd772bbebba041836c64533a82be05ead"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			req := newRequest(t, "https://example.amazonaws.com"+tc.uri)
			req.Header.SetMethod(tc.method)
			req.Header.SetContentType(tc.kind)
			req.SetBodyString(tc.body)
			if err := sigV4(t, "service", tc.token).sign(t.Context(), req, at); err != nil {
				t.Fatal(err)
			}
			want := "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders=" + tc.signed + ", Signature=" + tc.signature
			if got := string(req.Header.Peek("Authorization")); got != want {
				t.Errorf("got  %s\nwant %s", got, want)
			}
			if got := string(req.Header.Peek("X-Amz-Date")); got != "20150830T123600Z" {
				t.Errorf("date %s", got)
			}
			// The twin that verifies in the other tests agrees with the suite.
			path, query, _ := strings.Cut(tc.uri, "?")
			got := twin(tc.method, path, query, []string{tc.signed}, map[string]string{
				"host": "example.amazonaws.com", "x-amz-date": "20150830T123600Z", "content-type": tc.kind, "x-amz-security-token": tc.token,
			}, []byte(tc.body), "20150830/us-east-1/service/aws4_request")
			if got != tc.signature {
				t.Errorf("twin: %s", got)
			}
		})
	}
}

// twin computes a signature from what arrived, step by step as AWS describes
// ("Create a signed AWS API request"), slowly.
func twin(method, path, query string, signed []string, headers map[string]string, body []byte, scope string) string {
	encode := func(s string) string {
		var b strings.Builder
		for i := range len(s) {
			if c := s[i]; strings.IndexByte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~", c) >= 0 {
				b.WriteByte(c)
			} else {
				fmt.Fprintf(&b, "%%%02X", c)
			}
		}
		return b.String()
	}
	mac := func(key []byte, text string) []byte {
		h := hmac.New(sha256.New, key)
		h.Write([]byte(text))
		return h.Sum(nil)
	}
	sum := func(b []byte) string { s := sha256.Sum256(b); return hex.EncodeToString(s[:]) }
	segments := strings.Split(path, "/") // as sent; encoded once more
	for i := range segments {
		segments[i] = encode(segments[i])
	}
	var pairs []string
	for pair := range strings.SplitSeq(query, "&") {
		if pair == "" {
			continue
		}
		name, value, _ := strings.Cut(pair, "=")
		name, err1 := url.QueryUnescape(name)
		value, err2 := url.QueryUnescape(value)
		if err1 != nil || err2 != nil {
			return "malformed query"
		}
		pairs = append(pairs, encode(name)+"="+encode(value))
	}
	slices.SortFunc(pairs, func(a, b string) int {
		x, y := strings.SplitN(a, "=", 2), strings.SplitN(b, "=", 2)
		return slices.Compare(x, y)
	})
	canonical := method + "\n" + strings.Join(segments, "/") + "\n" + strings.Join(pairs, "&") + "\n"
	for _, name := range strings.Split(strings.Join(signed, ";"), ";") {
		canonical += name + ":" + strings.Join(strings.Fields(headers[name]), " ") + "\n"
	}
	canonical += "\n" + strings.Join(signed, ";") + "\n" + sum(body)
	part := strings.Split(scope, "/")
	key := mac(mac(mac(mac([]byte("AWS4"+awsSecret), part[0]), part[1]), part[2]), part[3])
	return hex.EncodeToString(mac(key, "AWS4-HMAC-SHA256\n"+headers["x-amz-date"]+"\n"+scope+"\n"+sum([]byte(canonical))))
}

// awsServer verifies requests as they arrive. It tells what is wrong with them.
func awsServer(t testing.TB) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if problem := verify(r); problem != "" {
			w.WriteHeader(http.StatusForbidden)
			_, _ = io.WriteString(w, problem)
			return
		}
		_, _ = io.WriteString(w, r.RequestURI)
	}))
	t.Cleanup(s.Close)
	return s
}

// verify returns why a request is not signed, or nothing.
func verify(r *http.Request) string {
	fields, ok := strings.CutPrefix(r.Header.Get("Authorization"), "AWS4-HMAC-SHA256 Credential="+awsID+"/")
	part := strings.Split(fields, ", ")
	if !ok || len(part) != 3 || len(r.Header.Values("Authorization")) != 1 {
		return "no signature"
	}
	date := r.Header.Get("X-Amz-Date")
	at, err := time.Parse("20060102T150405Z", date)
	if err != nil || time.Since(at).Abs() > 5*time.Minute || part[0] != date[:8]+"/us-east-1/healthlake/aws4_request" {
		return "wrong time or scope"
	}
	signed := strings.Split(strings.TrimPrefix(part[1], "SignedHeaders="), ";")
	headers := map[string]string{"host": r.Host}
	for name, values := range r.Header {
		name = strings.ToLower(name)
		headers[name] = strings.Join(values, ",")
		if must := name == "content-type" || strings.HasPrefix(name, "x-amz-"); must && !slices.Contains(signed, name) {
			return name + " is not signed"
		}
	}
	if !slices.Contains(signed, "host") {
		return "host is not signed"
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return "no body"
	}
	path, query, _ := strings.Cut(r.RequestURI, "?")
	if want := twin(r.Method, path, query, []string{strings.Join(signed, ";")}, headers, body, part[0]); part[2] != "Signature="+want {
		return "wrong signature"
	}
	return ""
}

// TestSigV4OverTheWire sends signed requests with the client of the listener to a
// server that verifies them.
func TestSigV4OverTheWire(t *testing.T) {
	s := awsServer(t)
	host := strings.TrimPrefix(s.URL, "http://")
	client := &fasthttp.HostClient{Addr: host, DisablePathNormalizing: true, NoDefaultUserAgentHeader: true}
	const base = "/datastore/0123456789abcdef/r4"
	type change func(*fasthttp.Request)
	for _, tc := range []struct {
		name, path string
		change     change
		token      string
		sent       string // the request line's target, if another
	}{
		{"read", "/Patient/1", nil, "", ""},
		{"with a session token", "/Patient/1", nil, awsToken, ""},
		{"search", "/Patient?_count=10&_id=1", nil, "", ""},
		{"repeated parameter", "/Observation?date=ge2020&date=lt2021&_sort=-date", nil, "", base + "/Observation?_sort=-date&date=ge2020&date=lt2021"},
		{"percent-encoded query", "/Patient?identifier=http%3A%2F%2Facme.org%7C12%203&name%3Aexact=J%C3%BCrgen", nil, "", ""},
		{"literal FHIR characters", "/Patient?identifier=http://acme.org|12&name:exact=a+b,c$d", nil, "", base + "/Patient?identifier=http%3A%2F%2Facme.org%7C12&name%3Aexact=a%20b%2Cc%24d"},
		{"no value", "/Patient?active&name=", nil, "", base + "/Patient?active=&name="},
		{"plus sign and slashes", "/Patient?x=a%2Bb/c-d_e~f.g&x=a-b", nil, "", base + "/Patient?x=a%2Bb%2Fc-d_e~f.g&x=a-b"},
		{"semicolon", "/Patient?x=1;y=2", nil, "", base + "/Patient?x=1%3By%3D2"},
		{"operation", "/Patient/1/$everything", nil, "", ""},
		{"percent-encoded path", "/Patient/a%2Fb%20c%25", nil, "", ""},
		{"POST with an empty body", "/Patient/_search", func(r *fasthttp.Request) {
			r.Header.SetMethod("POST")
			r.Header.SetContentType("application/x-www-form-urlencoded")
		}, "", ""},
		{"POST with a form", "/Patient/_search?_count=5", func(r *fasthttp.Request) {
			r.Header.SetMethod("POST")
			r.Header.SetContentType("application/x-www-form-urlencoded")
			r.SetBodyString("name=M%C3%BCller&birthdate=1980")
		}, awsToken, ""},
		{"POST without a content type", "/Patient/_search", func(r *fasthttp.Request) {
			r.Header.SetMethod("POST")
			r.SetBodyString("name=x")
		}, "", ""},
		{"POST of nothing at all", "/Patient/_search", func(r *fasthttp.Request) { r.Header.SetMethod("POST") }, "", ""},
		{"GET with a content type", "/Patient/1", func(r *fasthttp.Request) { r.Header.SetContentType("application/fhir+json") }, "", ""},
		{"POST with arguments", "/Patient/_search", func(r *fasthttp.Request) {
			r.Header.SetMethod("POST")
			r.Header.SetContentType("application/x-www-form-urlencoded")
			r.PostArgs().Set("name", "Müller & Sohn")
		}, "", ""},
		{"other headers", "/Patient/1", func(r *fasthttp.Request) {
			r.Header.Set("Accept", "application/fhir+json;  fhirVersion=4.0")
			r.Header.Set("Accept-Encoding", "gzip")
			r.Header.Set("X-Amz-Meta", "a  b ")
			r.Header.Set("Prefer", "handling=strict")
		}, "", ""},
		{"a signature that is there already", "/Patient/1", func(r *fasthttp.Request) {
			r.Header.Set("Authorization", "Bearer of-the-consumer")
			r.Header.Set("X-Amz-Date", "20000101T000000Z")
		}, "", ""},
		{"arguments that were set", "/Patient", func(r *fasthttp.Request) {
			r.URI().QueryArgs().Set("name", "a b&c")
		}, "", base + "/Patient?name=a%20b%26c"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			req := newRequest(t, s.URL+base+tc.path)
			if tc.change != nil {
				tc.change(req)
			}
			c := sigV4(t, "", tc.token)
			want := tc.sent
			if want == "" {
				want = base + tc.path
			}
			for _, again := range []string{"first", "signed anew"} {
				if err := c.Authorize(t.Context(), req); err != nil {
					t.Fatal(err)
				}
				var resp fasthttp.Response
				if err := client.DoTimeout(req, &resp, 2*time.Minute); err != nil {
					t.Fatal(err)
				}
				if resp.StatusCode() != 200 || string(resp.Body()) != want {
					t.Errorf("%s: got %d %s, want %s", again, resp.StatusCode(), resp.Body(), want)
				}
			}
		})
	}
}

// TestSigV4HoldsTheRequest: a signed request that is changed on the way is
// refused, so the twin is no yes-man.
func TestSigV4HoldsTheRequest(t *testing.T) {
	s := awsServer(t)
	client := &fasthttp.HostClient{Addr: strings.TrimPrefix(s.URL, "http://"), DisablePathNormalizing: true}
	for _, tc := range []struct {
		name   string
		change func(*fasthttp.Request)
	}{
		{"method", func(r *fasthttp.Request) { r.Header.SetMethod("PUT") }},
		{"path", func(r *fasthttp.Request) { r.SetRequestURI(s.URL + "/Patient/2?a=1") }},
		{"query", func(r *fasthttp.Request) { r.URI().SetQueryString("a=2") }},
		{"body", func(r *fasthttp.Request) { r.SetBodyString("name=x") }},
		{"content type", func(r *fasthttp.Request) { r.Header.SetContentType("text/plain") }},
		{"date", func(r *fasthttp.Request) {
			r.Header.Set("X-Amz-Date", time.Now().Add(2*time.Second).UTC().Format("20060102T150405Z"))
		}},
		{"token", func(r *fasthttp.Request) { r.Header.Set("X-Amz-Security-Token", "x") }},
	} {
		t.Run(tc.name, func(t *testing.T) {
			req := newRequest(t, s.URL+"/Patient/1?a=1")
			req.Header.SetMethod("POST")
			req.Header.SetContentType("application/x-www-form-urlencoded")
			if err := sigV4(t, "", awsToken).Authorize(t.Context(), req); err != nil {
				t.Fatal(err)
			}
			tc.change(req)
			var resp fasthttp.Response
			if err := client.DoTimeout(req, &resp, 2*time.Minute); err != nil || resp.StatusCode() != 403 {
				t.Errorf("got %d, %v", resp.StatusCode(), err)
			}
		})
	}
}

// TestSigV4Host: the host is signed as it is sent, without the scheme's own port.
func TestSigV4Host(t *testing.T) {
	for _, tc := range []struct{ uri, host string }{
		{"https://healthlake.us-east-1.amazonaws.com/x", "healthlake.us-east-1.amazonaws.com"},
		{"https://HealthLake.us-east-1.amazonaws.com:443/x", "healthlake.us-east-1.amazonaws.com"},
		{"https://localhost:8443/x", "localhost:8443"},
		{"http://localhost:80/x", "localhost"},
		{"https://[::1]:8443/x", "[::1]:8443"},
	} {
		t.Run(tc.uri, func(t *testing.T) {
			req := newRequest(t, tc.uri)
			if err := sigV4(t, "", "").Authorize(t.Context(), req); err != nil {
				t.Fatal(err)
			}
			var wire bytes.Buffer
			if _, err := req.WriteTo(&wire); err != nil {
				t.Fatal(err)
			}

			r, err := http.ReadRequest(bufio.NewReader(&wire))
			if err != nil {
				t.Fatal(err)
			}
			if problem := verify(r); problem != "" || r.Host != tc.host {
				t.Errorf("host %s: %s", r.Host, problem)
			}
		})
	}
}

func TestSigV4RefusesWhatItWouldReadOtherwise(t *testing.T) {
	for _, uri := range []string{"/Patient?a=%zz", "/Patient/%zz", "/Patient/a b", "/Patient/ü", "/Patient/a\"b"} {
		t.Run(uri, func(t *testing.T) {
			req := newRequest(t, "https://example.org"+uri)
			if err := sigV4(t, "", "").Authorize(t.Context(), req); err != errUnsignable || len(req.Header.Peek("Authorization")) > 0 {
				t.Errorf("got %v", err)
			}
		})
	}
}

// TestSigV4KeysAreReadAgain, as temporary keys must be.
func TestSigV4KeysAreReadAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := sigV4(t, "", "old")
		loaded := 0
		load := s.keys.load
		s.keys.load = func() (k aws.Credentials, err error) {
			loaded++
			k, err = load()
			k.SessionToken = "new"
			return k, err
		}
		token := func() string {
			req := newRequest(t, "https://example.org/")
			if err := s.Authorize(context.Background(), req); err != nil {
				t.Fatal(err)
			}
			return string(req.Header.Peek("X-Amz-Security-Token"))
		}
		if got := token(); got != "old" {
			t.Errorf("got %s", got)
		}
		time.Sleep(secretPause)
		for range 10 {
			s.Refused()
			if got := token(); got != "new" || loaded != 1 {
				t.Errorf("got %s, read %d times", got, loaded)
			}
		}
	})
}
