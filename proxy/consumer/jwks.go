package consumer

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"

	"github.com/MicahParks/jwkset"
	"github.com/MicahParks/keyfunc/v3"

	"github.com/veil-proxy/veil/internal/loopback"
	"github.com/veil-proxy/veil/textfile"
)

const (
	// keysFresh is how old a key set may be before it is fetched again.
	keysFresh = 10 * time.Minute
	// keysUsable is how old a key set may be if it cannot be fetched again. It bounds how
	// long a revoked key is trusted.
	keysUsable = 4 * time.Hour
	// fetchPause is the least time between a fetch and the next one for a key
	// that the set did not have; failurePause, between a failure and the next
	// attempt.
	fetchPause   = 30 * time.Second
	failurePause = 5 * time.Second
	fetchTimeout = 5 * time.Second

	maxKeySet = 512 << 10 // bytes
	maxKeys   = 100
	// leastRSA is how many bits an RSA key must have (RFC 7518, 3.3).
	leastRSA = 2048
)

// onlyKey stands for the key of tokens that name none.
const onlyKey = ""

var errKeysUnavailable = errors.New("key set unavailable")

// keySet is the key set of an issuer, as far as it can check tokens. It may be used
// concurrently. Of its methods, keyfunc calls only KeyRead. The request that needs a
// fetch does it, and other requests that need it wait.
type keySet struct {
	jwkset.Storage
	url    string // empty for a file, which is never read again
	client *http.Client
	ctx    context.Context // of fetches
	log    *slog.Logger

	mu       sync.Mutex
	fetched  time.Time     // when the stored keys were fetched; zero for never
	next     time.Time     // no fetch before
	err      error         // of the last fetch
	fetching chan struct{} // closed at the end of the fetch in progress; nil for none
}

// KeyRead returns the key of an id, or the only key for the id onlyKey. The
// error is errKeysUnavailable if the set may have it but cannot be fetched.
func (s *keySet) KeyRead(ctx context.Context, id string) (jwkset.JWK, error) {
	key, age, busy := s.find(ctx, id)
	if age < keysFresh || busy && age < keysUsable {
		return key, nil
	}
	err := s.refresh(ctx)
	key, age, _ = s.find(ctx, id)
	switch {
	case age < keysUsable:
		return key, nil
	case err != nil:
		return key, errKeysUnavailable
	}
	return key, jwkset.ErrKeyNotFound
}

// find looks up a stored key. age is the age of the set, and keysUsable or more if there
// is no such key. busy says whether a fetch is in progress.
func (s *keySet) find(ctx context.Context, id string) (key jwkset.JWK, age time.Duration, busy bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	busy = s.fetching != nil
	if s.url != "" {
		age = time.Since(s.fetched)
	}
	var err error
	if id != onlyKey {
		key, err = s.Storage.KeyRead(ctx, id)
	} else if all, _ := s.KeyReadAll(ctx); len(all) == 1 {
		key = all[0]
	} else {
		err = jwkset.ErrKeyNotFound
	}
	if err != nil {
		age = keysUsable
	}
	return key, age, busy
}

// refresh fetches the key set, or waits for a fetch in progress. If it is too early for
// another fetch, it returns the result of the last one.
func (s *keySet) refresh(ctx context.Context) error {
	s.mu.Lock()
	done, early, err := s.fetching, time.Now().Before(s.next), s.err
	if s.url == "" || done == nil && early {
		s.mu.Unlock()
		return err
	}
	if done == nil {
		s.fetching = make(chan struct{})
		s.mu.Unlock()
		return s.replace(ctx)
	}
	s.mu.Unlock()
	select {
	case <-done:
	case <-ctx.Done():
		return ctx.Err()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

// replace fetches the key set and stores it. Whatever happens, waiting requests are
// released.
func (s *keySet) replace(ctx context.Context) (err error) {
	var keys []jwkset.JWK
	err = errKeysUnavailable // if the fetch panics
	defer func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		pause := fetchPause
		if err != nil {
			pause = failurePause
		} else {
			s.fetched = time.Now()
			_ = s.KeyReplaceAll(ctx, keys) // in memory: never fails
		}
		s.err, s.next = err, time.Now().Add(pause)
		close(s.fetching)
		s.fetching = nil
	}()
	if keys, err = s.fetch(); err != nil {
		s.log.Warn("key set could not be fetched", "error", err)
	}
	return err
}

// fetch fetches the key set. It does not end with the request that started it, since
// others wait for it.
func (s *keySet) fetch() ([]jwkset.JWK, error) {
	ctx, cancel := context.WithTimeout(s.ctx, fetchTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url, nil)
	if err != nil {
		return nil, errors.New("the URL is not valid")
	}
	req.Header.Set("Accept", "application/jwk-set+json, application/json")
	resp, err := s.client.Do(req)
	if err != nil {
		if wrapped, ok := errors.AsType[*url.Error](err); ok {
			err = wrapped.Err // without the URL
		}
		return nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("the response has status %d", resp.StatusCode)
	}
	return readKeySet(resp.Body)
}

// readKeySet reads a JWK set (RFC 7517, 5) and returns its keys that can check
// tokens. Others are left out: symmetric and encryption keys, unknown kinds and
// curves, RSA keys that are too short. Private members are ignored.
func readKeySet(r io.Reader) ([]jwkset.JWK, error) {
	text, err := io.ReadAll(io.LimitReader(r, maxKeySet+1))
	if err != nil {
		return nil, errors.New("it could not be read to its end")
	}
	if len(text) > maxKeySet {
		return nil, fmt.Errorf("it has more than %d bytes", maxKeySet)
	}
	var set struct{ Keys []json.RawMessage }
	if json.Unmarshal(text, &set) != nil || set.Keys == nil {
		return nil, errors.New("it is not a JWK set")
	}
	if len(set.Keys) > maxKeys {
		return nil, fmt.Errorf("it has more than %d keys", maxKeys)
	}
	var keys []jwkset.JWK
	for _, raw := range set.Keys {
		if key, ok := readKey(raw); ok {
			keys = append(keys, key)
		}
	}
	if len(keys) == 0 {
		return nil, errors.New("it has no key that can check a token")
	}
	return keys, nil
}

// readKey reads one key; ok is false if it cannot verify tokens.
func readKey(raw []byte) (key jwkset.JWK, ok bool) {
	var m jwkset.JWKMarshal
	if json.Unmarshal(raw, &m) != nil ||
		m.USE != "" && m.USE != jwkset.UseSig ||
		len(m.KEYOPS) > 0 && !slices.Contains(m.KEYOPS, jwkset.KeyOpsVerify) {
		return key, false
	}
	// The set is trusted because of its source; certificates add nothing.
	m.X5U, m.X5C, m.X5T, m.X5TS256 = "", nil, "", ""
	key, err := jwkset.NewJWKFromMarshal(m, jwkset.JWKMarshalOptions{}, jwkset.JWKValidateOptions{SkipKeyOps: true})
	if err != nil {
		return key, false
	}
	switch k := key.Key().(type) {
	case *rsa.PublicKey:
		return key, k.N.BitLen() >= leastRSA
	case *ecdsa.PublicKey, ed25519.PublicKey:
		return key, true
	}
	return key, false
}

// fetchClient returns the client that fetches key sets, made from the given one
// if there is one.
func fetchClient(given *http.Client) *http.Client {
	client := &http.Client{}
	if given != nil {
		*client = *given
	} else if t, ok := http.DefaultTransport.(*http.Transport); ok {
		t = t.Clone()
		t.DisableKeepAlives = true // it is used seldom
		t.MaxResponseHeaderBytes = 64 << 10
		client.Transport = t
	}
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return client
}

// keySet checks the source of an issuer's keys, and reads it if it is a file.
func (b *builder) keySet(where string, c Issuer) keyfunc.Keyfunc {
	s := &keySet{Storage: jwkset.NewMemoryStorage(), url: c.JWKSURL, client: b.client, ctx: b.ctx, log: b.log.With("issuer", c.Name)}
	switch {
	case (c.JWKSURL == "") == (c.JWKSFile == ""):
		b.add(where, "expected either jwksURL or jwksFile")
	case c.JWKSURL != "":
		u, err := url.Parse(c.JWKSURL)
		if err != nil || u.Host == "" || u.User != nil || u.Fragment != "" || u.Scheme != "https" && !(u.Scheme == "http" && loopback.Is(u.Hostname())) {
			b.add(where+".jwksURL", "expected an https URL without a user (http only to this machine)")
		}
	default:
		keys, err := readKeyFile(c.JWKSFile)
		if err != nil {
			b.add(where+".jwksFile", "%v", err)
		}
		_ = s.KeyReplaceAll(b.ctx, keys) // in memory: never fails
	}
	f, err := keyfunc.New(keyfunc.Options{Ctx: b.ctx, Storage: s})
	if err != nil {
		b.add(where, "its keys cannot be used: %v", err)
	}
	return f
}

func readKeyFile(path string) ([]jwkset.JWK, error) {
	text, err := textfile.Read(path)
	if err != nil {
		return nil, err
	}
	keys, err := readKeySet(bytes.NewReader(text))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return keys, nil
}
