package signin

import (
	"bytes"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// TestTokenEndpoint: what it can answer, and what the operator sees.
func TestTokenEndpoint(t *testing.T) {
	writes := func(status int, kind, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", kind)
			w.WriteHeader(status)
			fmt.Fprint(w, body)
		}
	}
	const token = `{"access_token":"t-1","token_type":"Bearer","expires_in":"300"}`
	for _, tc := range []struct {
		name   string
		answer http.HandlerFunc
		told   string // empty: a token
	}{
		{"token", writes(200, "application/json", token), ""},
		{"form", writes(200, "application/x-www-form-urlencoded", "access_token=t-1&token_type=bearer&expires_in=300"), ""},
		{"as long as may be", writes(200, "application/json", token+strings.Repeat(" ", maxTokenAnswer-len(token))), ""},
		{"too long", writes(200, "application/json", token+strings.Repeat(" ", maxTokenAnswer-len(token)+1)), "more than 65536 bytes"},
		{"never ending", func(w http.ResponseWriter, r *http.Request) {
			for r.Context().Err() == nil {
				fmt.Fprint(w, strings.Repeat(" ", 1<<16))
			}
		}, "more than 65536 bytes"},
		{"large headers", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("X", strings.Repeat("x", 1<<20))
			fmt.Fprint(w, token)
		}, "cannot be reached"},
		{"refused", writes(400, "application/json", `{"error":"invalid_client","error_description":"PLANTED"}`), "refused: invalid_client"},
		{"refused with 200", writes(200, "application/json", `{"error":"invalid_scope"}`), "refused: invalid_scope"},
		{"refused in own words", writes(401, "application/json", `{"error":"PLANTED"}`), "status 401"},
		{"not JSON", writes(503, "text/html", "<html>PLANTED"), "status 503"},
		{"not a token", writes(200, "application/json", `{"PLANTED":1}`), "not a token"},
		{"expired", writes(200, "application/json", `{"access_token":"t-1","expires_in":-1}`), "has expired"},
		{"another kind", writes(200, "application/json", `{"access_token":"t-1","token_type":"PLANTED"}`), "not a bearer token"},
		{"redirect", func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != "/token" {
				t.Error("followed")
			}
			http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
		}, "status 307"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			e := newEndpoint(t, tc.answer)
			var log bytes.Buffer
			c := credentials(t, Config{
				ClientCredentials: &ClientCredentials{TokenURL: e.URL + "/token", ClientID: "c", Secret: inFile(t, "s")},
				Logger:            slog.New(slog.NewTextHandler(&log, nil)),
			})
			header, err := authorization(t, c)
			if tc.told == "" {
				if err != nil || header != "Bearer t-1" {
					t.Errorf("got %q, %v, log %s", header, err, log.String())
				}
				return
			}
			if err != errUnavailable || header != "" || !strings.Contains(log.String(), tc.told) || strings.Contains(log.String(), "PLANTED") {
				t.Errorf("got %q, %v, log %s", header, err, log.String())
			}
			if !strings.Contains(log.String(), "setting=clientCredentials") {
				t.Errorf("log %s", log.String())
			}
		})
	}
}

func TestTokenEndpointOverTLS(t *testing.T) {
	e := httptest.NewTLSServer(gives("t-1"))
	defer e.Close()
	e.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, 0)
	authority := inFile(t, certificatePEM(e.Certificate()))
	for _, tc := range []struct {
		name string
		tls  TLS
		told string
	}{
		{"its authority is known", TLS{CAFile: authority.File}, ""},
		{"by another name", TLS{CAFile: authority.File, ServerName: "example.com"}, ""},
		{"by a wrong name", TLS{CAFile: authority.File, ServerName: "fhir.example.org"}, "is not valid"},
		{"its authority is not known", TLS{}, "is not valid"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var log bytes.Buffer
			c := credentials(t, Config{
				ClientCredentials: &ClientCredentials{TokenURL: e.URL, ClientID: "c", Secret: inFile(t, "s")},
				TokenTLS:          tc.tls,
				Logger:            slog.New(slog.NewTextHandler(&log, nil)),
			})
			header, err := authorization(t, c)
			if got := err == nil && header == "Bearer t-1"; got != (tc.told == "") || !strings.Contains(log.String(), tc.told) {
				t.Errorf("got %q, %v, log %s", header, err, log.String())
			}
		})
	}
}

func TestIsTokenURL(t *testing.T) {
	for _, tc := range []struct {
		url  string
		want bool
	}{
		{"https://idp.example.org/token", true},
		{"https://idp.example.org:8443/token?tenant=1", true},
		{"http://localhost:8080/token", true},
		{"http://127.0.0.1/token", true},
		{"http://[::1]:8080/token", true},
		{"http://idp.example.org/token", false},
		{"http://localhost.example.org/token", false},
		{"http://127.0.0.1.example.org/token", false},
		{"https://user:password@idp.example.org/token", false},
		{"https://idp.example.org/token#x", false},
		{"https:///token", false},
		{"idp.example.org/token", false},
		{"", false},
	} {
		t.Run(tc.url, func(t *testing.T) {
			if isTokenURL(tc.url) != tc.want {
				t.Errorf("want %t", tc.want)
			}
		})
	}
}
