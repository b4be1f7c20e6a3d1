package signin

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/valyala/fasthttp"
)

// inFile puts a secret into a file of mode 0600.
func inFile(t testing.TB, text string) Secret {
	t.Helper()
	path := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return Secret{File: path}
}

// credentials makes credentials that must be valid.
func credentials(t testing.TB, c Config) Credentials {
	t.Helper()
	made, err := New(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	return made
}

// newRequest is a request as a listener would make it.
func newRequest(t testing.TB, uri string) *fasthttp.Request {
	t.Helper()
	req := &fasthttp.Request{}
	req.SetRequestURI(uri)
	return req
}

// authorization is the header that credentials make.
func authorization(t testing.TB, c Credentials) (string, error) {
	t.Helper()
	req := newRequest(t, "https://fhir.example.org/fhir/Patient/1")
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	err := c.Authorize(ctx, req)
	return string(req.Header.Peek("Authorization")), err
}

// asked is what a token endpoint was asked.
type asked struct {
	form          url.Values
	user, secret  string
	authenticated bool
}

// endpoint is a token endpoint that answers what answer writes.
type endpoint struct {
	*httptest.Server
	mu    sync.Mutex
	asked []asked
}

func newEndpoint(t testing.TB, answer http.HandlerFunc) *endpoint {
	t.Helper()
	e := &endpoint{}
	e.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost || r.Header.Get("Content-Type") != "application/x-www-form-urlencoded" {
			t.Errorf("asked with %s and content type %q", r.Method, r.Header.Get("Content-Type"))
		}
		body, _ := io.ReadAll(r.Body)
		form, err := url.ParseQuery(string(body))
		if err != nil || r.URL.RawQuery != "" {
			t.Errorf("form %q, query %q", body, r.URL.RawQuery)
		}
		user, secret, ok := r.BasicAuth()
		e.mu.Lock()
		e.asked = append(e.asked, asked{form, user, secret, ok})
		e.mu.Unlock()
		answer(w, r)
	}))
	t.Cleanup(e.Close)
	return e
}

func (e *endpoint) last(t testing.TB) asked {
	t.Helper()
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(e.asked) == 0 {
		t.Fatal("the token endpoint was not asked")
	}
	return e.asked[len(e.asked)-1]
}

func (e *endpoint) count() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return len(e.asked)
}

// gives answers with a token.
func gives(token string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, `{"access_token":%q,"token_type":"bearer","expires_in":300,"scope":"system/*.rs"}`, token)
	}
}

func TestNoCredentials(t *testing.T) {
	c := credentials(t, Config{})
	req := newRequest(t, "https://fhir.example.org/fhir/Patient/1")
	before := req.String()
	if err := c.Authorize(t.Context(), req); err != nil || req.String() != before {
		t.Errorf("%v, %s", err, req)
	}
	c.Refused()
}

// TestNewReportsEveryProblem at once, each with its setting.
func TestNewReportsEveryProblem(t *testing.T) {
	open := inFile(t, "x")
	if err := os.Chmod(open.File, 0o644); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		name   string
		config Config
		want   []string
	}{
		{"two kinds", Config{Basic: &Basic{"u", inFile(t, "p")}, SigV4: &SigV4{Region: "us-east-1", AccessKeyID: inFile(t, "a"), SecretKey: inFile(t, "b")}},
			[]string{"basic, sigV4: expected at most one of them"}},
		{"headers", Config{Headers: []Header{{"", Secret{}}, {"Host", inFile(t, "x")}, {"X-Key", inFile(t, "a\nb")}, {"x-key", inFile(t, "ü")}}},
			[]string{"headers[0].name: expected the name", "headers[0].value: expected either file or env", "headers[1].name: expected the name", "headers[2].value: expected printable", "headers[3].value: expected printable", "headers[3].name: headers[2] has this name"}},
		{"header of the kind", Config{Headers: []Header{{"Authorization", inFile(t, "x")}}, Basic: &Basic{"u", inFile(t, "p")}},
			[]string{"headers[0].name: this header is that of basic"}},
		{"basic", Config{Basic: &Basic{"a:b", Secret{File: "/none", Env: "X"}}},
			[]string{"basic.user: expected a user", "basic.password: expected either file or env"}},
		{"file that others can read", Config{Basic: &Basic{"u", open}}, []string{"basic.password: others can read the file"}},
		{"no file", Config{Basic: &Basic{"u", Secret{File: "/none/there"}}}, []string{"basic.password: there is no such file"}},
		{"a folder", Config{Basic: &Basic{"u", Secret{File: t.TempDir()}}}, []string{"basic.password: this is a folder"}},
		{"an empty file", Config{Basic: &Basic{"u", inFile(t, "\n")}}, []string{"basic.password: the secret is empty"}},
		{"a large file", Config{Basic: &Basic{"u", inFile(t, strings.Repeat("x", maxSecret+1))}}, []string{"basic.password: the file is too large"}},
		{"no variable", Config{Basic: &Basic{"u", Secret{Env: "VEIL_TEST_UNSET"}}}, []string{"basic.password: the environment variable is not set"}},
		{"client credentials", Config{ClientCredentials: &ClientCredentials{TokenURL: "http://idp.example.org/token", Scopes: []string{"a b"}, Method: "x"}},
			[]string{"clientCredentials.tokenURL: expected an https URL", "clientCredentials.clientID: expected", "clientCredentials.secret: expected either", "clientCredentials.scopes: expected scopes", "clientCredentials.method: expected client_secret_basic"}},
		{"token URL with a user", Config{ClientCredentials: &ClientCredentials{TokenURL: "https://u:p@idp.example.org/token", ClientID: "c", Secret: inFile(t, "s")}},
			[]string{"clientCredentials.tokenURL: expected an https URL"}},
		{"backend services", Config{BackendServices: &BackendServices{TokenURL: "ftp://localhost/x", Key: inFile(t, "x")}},
			[]string{"backendServices.tokenURL: expected", "backendServices.clientID: expected", "backendServices.scopes: expected at least one", "backendServices.key: expected a private key"}},
		{"service account", Config{ServiceAccount: &ServiceAccount{Key: inFile(t, `{"type":"authorized_user"}`), Scopes: []string{""}}},
			[]string{"serviceAccount.scopes: expected", "serviceAccount.key: expected the JSON key"}},
		{"SigV4", Config{SigV4: &SigV4{Region: "US", Service: "a b", AccessKeyID: inFile(t, "a b"), SessionToken: Secret{Env: "VEIL_TEST_UNSET"}}},
			[]string{"sigV4.region: expected", "sigV4.service: expected", "sigV4.accessKeyID: expected printable", "sigV4.secretKey: expected either", "sigV4.sessionToken: the environment variable is not set"}},
		{"TLS", Config{ClientCredentials: &ClientCredentials{TokenURL: "https://idp.example.org/", ClientID: "c", Secret: inFile(t, "s")}, TokenTLS: TLS{CAFile: "/none/there", CertFile: "x"}},
			[]string{"tokenTLS.caFile: there is no such file", "tokenTLS.keyFile: expected"}},
		{"TLS for nothing", Config{TokenTLS: TLS{CAFile: "x"}}, []string{"tokenTLS: there is no token endpoint"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c, err := New(t.Context(), tc.config)
			if err == nil || c != nil {
				t.Fatal("no problem")
			}
			lines := strings.Split(err.Error(), "\n")
			for _, want := range tc.want {
				if n := strings.Count("\n"+err.Error(), "\n"+want); n != 1 {
					t.Errorf("%q is there %d times", want, n)
				}
			}
			if len(lines) != len(tc.want) {
				t.Errorf("%d problems, want %d:\n%v", len(lines), len(tc.want), err)
			}
		})
	}
}

// TestNoSecretIsTold provokes the errors of all kinds, with secrets in the right
// and in the wrong fields and with answers that send them back, and looks for
// the secrets in errors and in the log.
func TestNoSecretIsTold(t *testing.T) {
	const secret = "hunter2"
	key := rsaPEM(t)
	planted := []string{secret, base64.StdEncoding.EncodeToString([]byte("user:" + secret)), key[100:140]}
	var log bytes.Buffer
	logger := slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	look := func(t *testing.T, err error) {
		t.Helper()
		for _, p := range planted {
			if strings.Contains(log.String(), p) || err != nil && strings.Contains(fmt.Sprintf("%v %+v %#v", err, err, err), p) {
				t.Errorf("%q is told: %v, log %s", p, err, log.String())
			}
		}
		log.Reset()
	}
	echo := func(status int) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Location", "/"+secret)
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(status)
			fmt.Fprintf(w, `{"error":%q,"error_description":%q,"access_token":"","x":%q}`, secret, secret, key)
		}
	}
	kinds := func(tokenURL string) map[string]Config {
		return map[string]Config{
			"client credentials": {ClientCredentials: &ClientCredentials{TokenURL: tokenURL, ClientID: "c", Secret: inFile(t, secret)}},
			"post":               {ClientCredentials: &ClientCredentials{TokenURL: tokenURL, ClientID: "c", Secret: inFile(t, secret), Method: "client_secret_post"}},
			"backend services":   {BackendServices: &BackendServices{TokenURL: tokenURL, ClientID: "c", KeyID: "k", Key: inFile(t, key), Scopes: []string{"s"}}},
			"service account":    {ServiceAccount: &ServiceAccount{Key: inFile(t, accountJSON(t, key, tokenURL))}},
		}
	}
	bad := map[string]http.HandlerFunc{
		"status 400": echo(400), "status 500": echo(500), "redirect": echo(307), "error with status 200": echo(200),
		"not JSON": func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, secret) },
		"not bearer": func(w http.ResponseWriter, _ *http.Request) {
			fmt.Fprintf(w, `{"access_token":%q,"token_type":%q}`, secret, secret)
		},
		"line break": gives(secret + "\r\nX: y"),
		"cut off": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "1000")
			fmt.Fprintf(w, `{"access_token":%q`, secret)
		},
		"not HTTP": func(w http.ResponseWriter, _ *http.Request) {
			conn, buf, err := http.NewResponseController(w).Hijack()
			if err == nil {
				_, _ = buf.WriteString("HTTP/1.1 " + secret + "\r\n\r\n")
				_ = buf.Flush()
				conn.Close()
			}
		},
	}
	for name, answer := range bad {
		e := newEndpoint(t, answer)
		for kind, c := range kinds(e.URL + "/token/" + secret) {
			t.Run(kind+" "+name, func(t *testing.T) {
				c.Logger = logger
				header, err := authorization(t, credentials(t, c))
				if !errors.Is(err, errUnavailable) || header != "" {
					t.Errorf("got %q, %v", header, err)
				}
				if !strings.Contains(log.String(), "token could not be fetched") {
					t.Errorf("not logged: %s", log.String())
				}
				look(t, err)
			})
		}
	}
	gone := newEndpoint(t, gives("x"))
	gone.Close()
	for kind, c := range kinds(gone.URL + "/" + secret) {
		t.Run(kind+" unreachable", func(t *testing.T) {
			c.Logger = logger
			_, err := authorization(t, credentials(t, c))
			if !errors.Is(err, errUnavailable) {
				t.Errorf("got %v", err)
			}
			look(t, err)
		})
	}
	wrong := Secret{File: secret}
	unset := Secret{Env: secret}
	for name, c := range map[string]Config{
		"secret as file":      {Basic: &Basic{"user", wrong}},
		"secret as variable":  {Basic: &Basic{"user", unset}},
		"secret in the user":  {Basic: &Basic{"user:" + secret, inFile(t, "x")}},
		"secret in a header":  {Headers: []Header{{"X: " + secret, wrong}}},
		"multi-line header":   {Headers: []Header{{"X-Key", inFile(t, secret+"\n"+secret)}}},
		"secret as token URL": {ClientCredentials: &ClientCredentials{TokenURL: "http://" + secret, ClientID: secret + "\n", Secret: wrong, Scopes: []string{secret + " "}, Method: secret}},
		"broken PEM":          {BackendServices: &BackendServices{TokenURL: "https://" + secret + ":x", Key: inFile(t, key[:1200])}},
		"broken JWK":          {BackendServices: &BackendServices{Key: inFile(t, `{"kty":"`+secret+`"}`)}},
		"not quite JSON":      {BackendServices: &BackendServices{Key: inFile(t, `{`+secret)}},
		"key as file":         {BackendServices: &BackendServices{Key: Secret{File: key}}},
		"service account":     {ServiceAccount: &ServiceAccount{Key: inFile(t, accountJSON(t, key, "http://"+secret+"/"))}},
		"broken account":      {ServiceAccount: &ServiceAccount{Key: inFile(t, accountJSON(t, key[:1200], "https://x/"))}},
		"SigV4":               {SigV4: &SigV4{Region: secret + "!", Service: secret + "!", AccessKeyID: inFile(t, secret+" "+secret), SecretKey: wrong, SessionToken: unset}},
		"TLS":                 {ClientCredentials: &ClientCredentials{}, TokenTLS: TLS{CAFile: secret, CertFile: secret, KeyFile: inFile(t, key).File}},
	} {
		t.Run(name, func(t *testing.T) {
			c.Logger = logger
			_, err := New(t.Context(), c)
			if err == nil {
				t.Error("no problem")
			}
			look(t, err)
		})
	}
	t.Run("file that cannot be read again", func(t *testing.T) {
		from := inFile(t, secret)
		c := credentials(t, Config{Basic: &Basic{"user", from}, Logger: logger})
		if err := os.Rename(from.File, from.File+secret); err != nil {
			t.Fatal(err)
		}
		time.Sleep(secretPause)
		c.Refused()
		if header, err := authorization(t, c); err != nil || header != "Basic "+planted[1] {
			t.Errorf("got %q, %v", header, err)
		}
		if !strings.Contains(log.String(), "read again") {
			t.Error("not logged")
		}
		look(t, nil)
	})
	t.Run("request that cannot be signed", func(t *testing.T) {
		c := credentials(t, Config{SigV4: &SigV4{Region: "us-east-1", AccessKeyID: inFile(t, secret), SecretKey: inFile(t, secret)}, Logger: logger})
		err := c.Authorize(t.Context(), newRequest(t, "https://x/?a="+secret+"%zz"))
		if err == nil {
			t.Error("signed")
		}
		look(t, err)
	})
}
