package consumer

import (
	"bytes"
	"context"
	"crypto/ecdh"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/MicahParks/jwkset"
)

// published is a key set that an issuer serves, and how often it was requested.
type published struct {
	mu    sync.Mutex
	body  []byte
	fails bool
	asked int
}

func (p *published) set(body []byte, fails bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.body, p.fails = body, fails
}

func (p *published) count() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.asked
}

// RoundTrip answers without a network, so that time can be made up.
func (p *published) RoundTrip(r *http.Request) (*http.Response, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asked++
	if p.fails {
		return nil, errors.New("no route to host")
	}
	return &http.Response{StatusCode: 200, Body: io.NopCloser(bytes.NewReader(p.body)), Request: r}, nil
}

// fetching is a directory with one issuer whose key set is fetched.
func fetching(t *testing.T, url string, client *http.Client) *Directory {
	t.Helper()
	return directory(t, Config{httpClient: client, Anonymous: &Account{}, Issuers: []Issuer{{
		Account: Account{Name: "idp"}, URL: testIssuer, Audience: testAudience, JWKSURL: url,
	}}})
}

func TestKeySetServer(t *testing.T) {
	s := newSigner(t, "RS256", "k")
	set := jwks(t, s)
	serve := func(f http.HandlerFunc) http.Handler { return f }
	plain := serve(func(w http.ResponseWriter, r *http.Request) { _, _ = w.Write(set) })
	for _, c := range []struct {
		name    string
		handler http.Handler
		err     error
	}{
		{name: "key set", handler: plain},
		{name: "status 500", handler: serve(func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(500); _, _ = w.Write(set) }), err: ErrUnavailable},
		{name: "status 204", handler: serve(func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(204) }), err: ErrUnavailable},
		{name: "redirect", handler: serve(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/jwks" {
				http.Redirect(w, r, "/elsewhere", http.StatusFound)
				return
			}
			_, _ = w.Write(set)
		}), err: ErrUnavailable},
		{name: "not JSON", handler: serve(func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, "<html>") }), err: ErrUnavailable},
		{name: "no keys", handler: serve(func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, `{"keys":[]}`) }), err: ErrUnavailable},
		{name: "too large", handler: serve(func(w http.ResponseWriter, r *http.Request) {
			_, _ = w.Write(set)
			_, _ = io.WriteString(w, strings.Repeat(" ", maxKeySet))
		}), err: ErrUnavailable},
		{name: "cut off", handler: serve(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Length", fmt.Sprint(len(set)+1))
			_, _ = w.Write(set)
		}), err: ErrUnavailable},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, secure := range []bool{false, true} {
				server := httptest.NewUnstartedServer(c.handler)
				if secure {
					server.StartTLS()
				} else {
					server.Start()
				}
				defer server.Close()
				who, err := ask(t, fetching(t, server.URL+"/jwks", server.Client()), s.token(t, claims()))
				if err != c.err || err == nil && who.Name != "idp:alice" {
					t.Errorf("TLS %t: got %v, %v", secure, who, err)
				}
			}
		})
	}
}

func TestKeySetUnreachable(t *testing.T) {
	s := newSigner(t, "ES256", "k")
	server := httptest.NewServer(http.NotFoundHandler())
	url := server.URL
	server.Close()
	var log bytes.Buffer
	d := directory(t, Config{Logger: slog.New(slog.NewTextHandler(&log, nil)), Anonymous: &Account{}, Issuers: []Issuer{{
		Account: Account{Name: "idp"}, URL: testIssuer, Audience: testAudience, JWKSURL: url + "/jwks?apikey=hunter2",
	}}})
	token := s.token(t, claims())
	for range 3 {
		if who, err := ask(t, d, token); who != nil || err != ErrUnavailable {
			t.Fatalf("got %v, %v", who, err)
		}
	}
	if n := strings.Count(log.String(), "\n"); n != 1 {
		t.Errorf("%d lines logged, want 1", n)
	}
	if !strings.Contains(log.String(), "issuer=idp") || strings.Contains(log.String(), "hunter2") || strings.Contains(log.String(), token) {
		t.Errorf("log: %s", log.String())
	}
}

func TestKeySetOfAnUntrustedServer(t *testing.T) {
	s := newSigner(t, "ES256", "k")
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = w.Write(jwks(t, s)) }))
	server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, 0)
	defer server.Close()
	if _, err := ask(t, fetching(t, server.URL, nil), s.token(t, claims())); err != ErrUnavailable {
		t.Errorf("got %v", err)
	}
}

// fetched runs a test in made-up time, with an issuer whose keys are old.
func fetched(t *testing.T, f func(t *testing.T, p *published, d *Directory, old, other signer)) {
	synctest.Test(t, func(t *testing.T) {
		old, other := newSigner(t, "ES256", "old"), newSigner(t, "ES256", "new")
		p := &published{body: jwks(t, old)}
		f(t, p, fetching(t, "https://id.example/jwks", &http.Client{Transport: p}), old, other)
	})
}

// expect asks with a new token and says what must come of it, and of how many
// fetches until now.
func expect(t *testing.T, p *published, d *Directory, s signer, want error, fetches int) {
	t.Helper()
	if _, err := ask(t, d, s.token(t, claims())); err != want {
		t.Errorf("%s: got %v, want %v", s.kid, err, want)
	}
	if n := p.count(); n != fetches {
		t.Errorf("%d fetches, want %d", n, fetches)
	}
}

func TestKeySetIsFetchedWhenNeeded(t *testing.T) {
	fetched(t, func(t *testing.T, p *published, d *Directory, old, other signer) {
		if p.count() != 0 {
			t.Error("fetched before it is needed")
		}
		expect(t, p, d, old, nil, 1)
		expect(t, p, d, old, nil, 1)
		time.Sleep(keysFresh - time.Second)
		expect(t, p, d, old, nil, 1)
		time.Sleep(2 * time.Second)
		expect(t, p, d, old, nil, 2)
	})
}

func TestKeyRotation(t *testing.T) {
	fetched(t, func(t *testing.T, p *published, d *Directory, old, other signer) {
		expect(t, p, d, old, nil, 1)
		// The new key is published while the old one is good.
		p.set(jwks(t, old, other), false)
		expect(t, p, d, other, ErrBadCredentials, 1) // too early to ask again
		time.Sleep(fetchPause)
		expect(t, p, d, other, nil, 2)
		expect(t, p, d, old, nil, 2)
		// The old one is taken back.
		p.set(jwks(t, other), false)
		time.Sleep(keysFresh)
		expect(t, p, d, old, ErrBadCredentials, 3)
		expect(t, p, d, other, nil, 3)
	})
}

func TestUnknownKidsDoNotFlood(t *testing.T) {
	fetched(t, func(t *testing.T, p *published, d *Directory, old, other signer) {
		expect(t, p, d, old, nil, 1)
		for i := range 100 {
			other.kid = fmt.Sprint("made-up-", i)
			if _, err := ask(t, d, other.token(t, claims())); err != ErrBadCredentials {
				t.Fatal(err)
			}
			time.Sleep(time.Second)
		}
		if n := p.count(); n > 1+100/int(fetchPause/time.Second)+1 {
			t.Errorf("%d fetches", n)
		}
	})
}

func TestKeySetOutage(t *testing.T) {
	fetched(t, func(t *testing.T, p *published, d *Directory, old, other signer) {
		p.set(jwks(t, old), true)
		expect(t, p, d, old, ErrUnavailable, 1)
		expect(t, p, d, old, ErrUnavailable, 1)
		p.set(jwks(t, old), false)
		expect(t, p, d, old, ErrUnavailable, 1)
		time.Sleep(failurePause)
		expect(t, p, d, old, nil, 2)
		// Keys that were fetched stay good for a while.
		p.set(nil, true)
		time.Sleep(keysFresh)
		expect(t, p, d, old, nil, 3)
		expect(t, p, d, old, nil, 3)
		expect(t, p, d, other, ErrUnavailable, 3) // it may have been published
		time.Sleep(keysUsable - keysFresh - time.Second)
		expect(t, p, d, old, nil, 4)
		time.Sleep(failurePause)
		expect(t, p, d, old, ErrUnavailable, 5)
		p.set(jwks(t, old), false)
		time.Sleep(failurePause)
		expect(t, p, d, old, nil, 6)
	})
}

func TestBadKeySetKeepsTheOldOne(t *testing.T) {
	fetched(t, func(t *testing.T, p *published, d *Directory, old, other signer) {
		expect(t, p, d, old, nil, 1)
		p.set([]byte(`{"keys":[]}`), false)
		time.Sleep(keysFresh)
		expect(t, p, d, old, nil, 2)
	})
}

// hanging responds when it is let go.
type hanging struct {
	published
	let     chan struct{}
	started atomic.Int32
	panics  bool
}

func (h *hanging) RoundTrip(r *http.Request) (*http.Response, error) {
	h.started.Add(1)
	select {
	case <-h.let:
	case <-r.Context().Done():
		return nil, r.Context().Err()
	}
	if h.panics {
		panic("transport")
	}
	return h.published.RoundTrip(r)
}

func TestOneFetchForAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSigner(t, "ES256", "k")
		h := &hanging{published: published{body: jwks(t, s)}, let: make(chan struct{})}
		d := fetching(t, "https://id.example/jwks", &http.Client{Transport: h})
		token := s.token(t, claims())
		var wg sync.WaitGroup
		for range 20 {
			wg.Go(func() {
				if _, err := ask(t, d, token); err != nil {
					t.Error(err)
				}
			})
		}
		synctest.Wait()
		// Who cannot wait does not end the fetch of the others.
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := d.Authenticate(ctx, Request{Authorization: []string{"Bearer " + token}}); err != ErrUnavailable {
			t.Errorf("got %v", err)
		}
		close(h.let)
		wg.Wait()
		if n := h.started.Load(); n != 1 {
			t.Errorf("%d fetches", n)
		}
	})
}

func TestFetchEndsInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSigner(t, "ES256", "k")
		h := &hanging{let: make(chan struct{})}
		d := fetching(t, "https://id.example/jwks", &http.Client{Transport: h})
		began := time.Now()
		if _, err := ask(t, d, s.token(t, claims())); err != ErrUnavailable {
			t.Errorf("got %v", err)
		}
		if took := time.Since(began); took != fetchTimeout {
			t.Errorf("took %v", took)
		}
	})
}

func TestNobodyWaitsForARefreshOfUsableKeys(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSigner(t, "ES256", "k")
		h := &hanging{published: published{body: jwks(t, s)}, let: make(chan struct{}, 2)}
		d := fetching(t, "https://id.example/jwks", &http.Client{Transport: h})
		h.let <- struct{}{}
		if _, err := ask(t, d, s.token(t, claims())); err != nil {
			t.Fatal(err)
		}
		time.Sleep(keysFresh)
		token := s.token(t, claims())
		go func() {
			if _, err := ask(t, d, token); err != nil {
				t.Error(err)
			}
		}()
		synctest.Wait()
		began := time.Now()
		if _, err := ask(t, d, token); err != nil || time.Since(began) != 0 {
			t.Errorf("got %v after %v", err, time.Since(began))
		}
		h.let <- struct{}{}
		synctest.Wait()
	})
}

func TestPanicInAFetchLetsOthersGo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSigner(t, "ES256", "k")
		h := &hanging{let: make(chan struct{}), panics: true}
		d := fetching(t, "https://id.example/jwks", &http.Client{Transport: h})
		token := s.token(t, claims())
		go func() {
			defer func() { _ = recover() }()
			_, _ = ask(t, d, token)
		}()
		synctest.Wait()
		go func() {
			if _, err := ask(t, d, token); err != ErrUnavailable {
				t.Errorf("got %v", err)
			}
		}()
		synctest.Wait()
		close(h.let)
		synctest.Wait()
	})
}

func TestReadKeySet(t *testing.T) {
	es, ed := newSigner(t, "ES256", "es"), newSigner(t, "EdDSA", "ed")
	member := func(change func(*jwkset.JWKMarshal)) string {
		m := es.jwk(t)
		change(&m)
		text, err := json.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	good := member(func(*jwkset.JWKMarshal) {})
	x25519, err := ecdh.X25519().GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	agreement, err := jwkset.NewJWKFromKey(x25519.PublicKey(), jwkset.JWKOptions{})
	if err != nil {
		t.Fatal(err)
	}
	agreementText, err := json.Marshal(agreement.Marshal())
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, text string
		keys       int // 0: an error
	}{
		{"one", `{"keys":[` + good + `]}`, 1},
		{"two kinds", string(jwks(t, es, ed)), 2},
		{"key_ops verify", `{"keys":[` + member(func(m *jwkset.JWKMarshal) { m.KEYOPS = []jwkset.KEYOPS{"verify"} }) + `]}`, 1},
		{"key_ops of something new beside verify", `{"keys":[` + member(func(m *jwkset.JWKMarshal) { m.KEYOPS = []jwkset.KEYOPS{"new", "verify"} }) + `]}`, 1},
		{"broken certificate beside a good key", `{"keys":[` + member(func(m *jwkset.JWKMarshal) { m.X5C = []string{"?"} }) + `]}`, 1},
		{"good key among others", `{"keys":[7,{"kty":"new"},{"kty":"EC","crv":"secp256k1","x":"AA","y":"AA"},` + good + `]}`, 1},
		{"for encryption", `{"keys":[` + member(func(m *jwkset.JWKMarshal) { m.USE = "enc" }) + `]}`, 0},
		{"key_ops sign", `{"keys":[` + member(func(m *jwkset.JWKMarshal) { m.KEYOPS = []jwkset.KEYOPS{"sign"} }) + `]}`, 0},
		{"symmetric", `{"keys":[{"kty":"oct","kid":"k","k":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}]}`, 0},
		{"key agreement", `{"keys":[` + string(agreementText) + `]}`, 0},
		{"RSA of 1024 bits", `{"keys":[{"kty":"RSA","kid":"k","e":"AQAB","n":"` + strings.Repeat("_", 170) + `w"}]}`, 0},
		{"point not on the curve", `{"keys":[` + member(func(m *jwkset.JWKMarshal) { m.X = m.Y }) + `]}`, 0},
		{"empty", `{"keys":[]}`, 0},
		{"no member keys", `{}`, 0},
		{"array", `[` + good + `]`, 0},
		{"cut", `{"keys":[` + good, 0},
		{"too many", `{"keys":[` + strings.Repeat(good+",", maxKeys) + good + `]}`, 0},
		{"most", `{"keys":[` + strings.Repeat(good+",", maxKeys-1) + good + `]}`, maxKeys},
		{"too large", `{"keys":[` + good + `]}` + strings.Repeat(" ", maxKeySet), 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			keys, err := readKeySet(strings.NewReader(c.text))
			if len(keys) != c.keys || (err == nil) != (c.keys > 0) {
				t.Errorf("got %d keys, %v", len(keys), err)
			}
		})
	}
}

func TestPrivateKeysOfASetAreNotKept(t *testing.T) {
	s := newSigner(t, "EdDSA", "k")
	key, err := jwkset.NewJWKFromKey(s.key, jwkset.JWKOptions{Marshal: jwkset.JWKMarshalOptions{Private: true}, Metadata: jwkset.JWKMetadataOptions{KID: "k"}})
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(jwkset.JWKSMarshal{Keys: []jwkset.JWKMarshal{key.Marshal()}})
	if err != nil {
		t.Fatal(err)
	}
	keys, err := readKeySet(bytes.NewReader(text))
	if err != nil || len(keys) != 1 || keys[0].Marshal().D != "" {
		t.Errorf("got %d keys, %v", len(keys), err)
	}
}
