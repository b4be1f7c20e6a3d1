package consumer

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func ExampleNew() {
	key, sum := NewKey()
	d, err := New(context.Background(), Config{Keys: []Key{{
		Account: Account{
			Name:   "sepsis-study",
			View:   "research",
			Limits: Limits{RatePerSecond: 10, Concurrent: 4},
			Scopes: "system/Patient.r system/Observation.rs",
		},
		SHA256: sum,
	}}})
	if err != nil {
		panic(err)
	}
	who, err := d.Authenticate(context.Background(), Request{Authorization: []string{"Bearer " + key}})
	if err != nil {
		panic(err)
	}
	release, _, ok := who.Admit()
	defer release()
	fmt.Println(who.Name, who.View, ok)
	fmt.Println(who.Scopes.MayRead("Patient"), who.Scopes.MaySearch("Patient"), who.Scopes.MayRead("Condition"))

	_, err = d.Authenticate(context.Background(), Request{})
	fmt.Println(err)
	// Output:
	// sepsis-study research true
	// true false false
	// credentials are required
}

// directory makes a directory or ends the test.
func directory(t *testing.T, c Config) *Directory {
	t.Helper()
	d, err := New(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestAuthenticate(t *testing.T) {
	key, sum := NewKey()
	other, _ := NewKey()
	signer := newSigner(t, "ES256", "k1")
	known, unknown := certificate(t, time.Hour), certificate(t, time.Hour)
	full := Config{
		Anonymous:    &Account{View: "public"},
		Keys:         []Key{{Account: Account{Name: "lab", View: "research"}, SHA256: sum}},
		Issuers:      []Issuer{{Account: Account{Name: "idp"}, URL: testIssuer, Audience: testAudience, JWKSFile: jwksFile(t, signer)}},
		Certificates: []Certificate{{Account: Account{Name: "etl"}, SPKISHA256: spki(known)}},
	}
	token := signer.token(t, claims())
	closed := full
	closed.Anonymous = nil
	for _, c := range []struct {
		name   string
		closed bool
		r      Request
		want   string
		err    error
	}{
		{name: "nothing", r: Request{}, want: "anonymous"},
		{name: "nothing, closed", closed: true, r: Request{}, err: ErrNoCredentials},
		{name: "key as bearer", r: Request{Authorization: []string{"Bearer " + key}}, want: "lab"},
		{name: "key as bearer in other case", r: Request{Authorization: []string{"bEARER   " + key}}, want: "lab"},
		{name: "key in its header", closed: true, r: Request{APIKey: []string{key}}, want: "lab"},
		{name: "token", r: Request{Authorization: []string{"Bearer " + token}}, want: "idp:alice"},
		{name: "certificate", r: Request{Certificates: peer(known)}, want: "etl"},
		{name: "header before a known certificate", r: Request{APIKey: []string{key}, Certificates: peer(known)}, want: "lab"},
		{name: "header before an unknown certificate", r: Request{Authorization: []string{"Bearer " + token}, Certificates: peer(unknown)}, want: "idp:alice"},

		{name: "bad header beside a known certificate", r: Request{APIKey: []string{other}, Certificates: peer(known)}, err: ErrBadCredentials},
		{name: "unknown certificate", r: Request{Certificates: peer(unknown)}, err: ErrBadCredentials},
		{name: "chain without a leaf", r: Request{Certificates: peer(nil)}, err: ErrBadCredentials},
		{name: "unknown key", r: Request{APIKey: []string{other}}, err: ErrBadCredentials},
		{name: "unknown key as bearer", r: Request{Authorization: []string{"Bearer " + other}}, err: ErrBadCredentials},
		{name: "key cut short", r: Request{APIKey: []string{key[:len(key)-1]}}, err: ErrBadCredentials},
		{name: "key with more", r: Request{APIKey: []string{key + "A"}}, err: ErrBadCredentials},
		{name: "sum instead of the key", r: Request{APIKey: []string{sum}}, err: ErrBadCredentials},
		{name: "key in other case", r: Request{APIKey: []string{strings.ToUpper(key)}}, err: ErrBadCredentials},
		{name: "two keys in one header", r: Request{APIKey: []string{key + ", " + key}}, err: ErrBadCredentials},
		{name: "token in the header of keys", r: Request{APIKey: []string{token}}, err: ErrBadCredentials},
		{name: "empty header of keys", r: Request{APIKey: []string{""}}, err: ErrBadCredentials},
		{name: "both headers", r: Request{Authorization: []string{"Bearer " + key}, APIKey: []string{key}}, err: ErrBadCredentials},
		{name: "Authorization twice", r: Request{Authorization: []string{"Bearer " + key, "Bearer " + key}}, err: ErrBadCredentials},
		{name: "X-API-Key twice", r: Request{APIKey: []string{key, key}}, err: ErrBadCredentials},
		{name: "empty Authorization", r: Request{Authorization: []string{""}}, err: ErrBadCredentials},
		{name: "scheme alone", r: Request{Authorization: []string{"Bearer"}}, err: ErrBadCredentials},
		{name: "scheme and space", r: Request{Authorization: []string{"Bearer "}}, err: ErrBadCredentials},
		{name: "padding alone", r: Request{Authorization: []string{"Bearer =="}}, err: ErrBadCredentials},
		{name: "key without a scheme", r: Request{Authorization: []string{key}}, err: ErrBadCredentials},
		{name: "Basic", r: Request{Authorization: []string{"Basic YTpi"}}, err: ErrBadCredentials},
		{name: "DPoP", r: Request{Authorization: []string{"DPoP " + token}}, err: ErrBadCredentials},
		{name: "two in one header", r: Request{Authorization: []string{"Bearer " + key + ", Bearer " + key}}, err: ErrBadCredentials},
		{name: "tab as separator", r: Request{Authorization: []string{"Bearer\t" + key}}, err: ErrBadCredentials},
		{name: "space at the end", r: Request{Authorization: []string{"Bearer " + key + " "}}, err: ErrBadCredentials},
		{name: "control character", r: Request{Authorization: []string{"Bearer " + key + "\x00"}}, err: ErrBadCredentials},
		{name: "not a token", r: Request{Authorization: []string{"Bearer abc"}}, err: ErrBadCredentials},
	} {
		t.Run(c.name, func(t *testing.T) {
			config := full
			if c.closed {
				config = closed
			}
			got, err := directory(t, config).Authenticate(t.Context(), c.r)
			if err != c.err {
				t.Fatalf("error %v, want %v", err, c.err)
			}
			if err == nil && got.Name != c.want {
				t.Errorf("got %s, want %s", got.Name, c.want)
			}
			if err != nil && got != nil {
				t.Error("a consumer and an error")
			}
		})
	}
}

func TestOneConsumerForOneName(t *testing.T) {
	account := Account{Name: "lab", Limits: Limits{Concurrent: 1}}
	first, sum1 := NewKey()
	second, sum2 := NewKey()
	leaf := certificate(t, time.Hour)
	d := directory(t, Config{
		Keys:         []Key{{account, sum1}, {account, sum2}},
		Certificates: []Certificate{{account, spki(leaf)}},
	})
	var who []*Consumer
	for _, r := range []Request{{APIKey: []string{first}}, {APIKey: []string{second}}, {Certificates: peer(leaf)}} {
		c, err := d.Authenticate(t.Context(), r)
		if err != nil {
			t.Fatal(err)
		}
		who = append(who, c)
	}
	release, _, ok := who[0].Admit()
	if !ok {
		t.Fatal("first request refused")
	}
	for _, c := range who {
		if _, _, ok := c.Admit(); ok {
			t.Error("admitted beside another request of the consumer")
		}
	}
	release()
	if _, _, ok := who[2].Admit(); !ok {
		t.Error("refused with nothing under way")
	}
}

func TestChallenge(t *testing.T) {
	d := directory(t, Config{Anonymous: &Account{}})
	if got := d.Challenge(); got != `Bearer realm="veil"` {
		t.Errorf("got %s", got)
	}
}

func TestNewProblems(t *testing.T) {
	key, sum := NewKey()
	_, sum2 := NewKey()
	jwks := jwksFile(t, newSigner(t, "ES256", "k1"))
	empty := filepath.Join(t.TempDir(), "empty.json")
	if err := os.WriteFile(empty, []byte(`{"keys":[]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	issuer := func(change func(*Issuer)) Config {
		is := Issuer{Account: Account{Name: "idp"}, URL: testIssuer, Audience: testAudience, JWKSFile: jwks}
		change(&is)
		return Config{Issuers: []Issuer{is}}
	}
	account := func(a Account) Config { return Config{Anonymous: &a} }
	for _, c := range []struct {
		name   string
		config Config
		want   string // part of each line of the error, by "|"; empty for none
	}{
		{name: "nothing", want: "consumers: no consumer is configured: add anonymous"},
		{name: "anonymous alone", config: account(Account{})},
		{name: "name with a colon", config: account(Account{Name: "a:b"}), want: "anonymous.name: "},
		{name: "name not ASCII", config: account(Account{Name: "ä"}), want: "anonymous.name: "},
		{name: "longest name", config: account(Account{Name: strings.Repeat("a", 128)})},
		{name: "name too long", config: account(Account{Name: strings.Repeat("a", 129)}), want: "anonymous.name: "},
		{name: "view with a space", config: account(Account{View: "a b"}), want: "anonymous.view: "},
		{name: "negative rate", config: account(Account{Limits: Limits{RatePerSecond: -1}}), want: "anonymous.limits.ratePerSecond: "},
		{name: "rate not a number", config: account(Account{Limits: Limits{RatePerSecond: math.NaN()}}), want: "anonymous.limits.ratePerSecond: "},
		{name: "infinite rate", config: account(Account{Limits: Limits{RatePerSecond: math.Inf(1)}}), want: "anonymous.limits.ratePerSecond: "},
		{name: "rate too small", config: account(Account{Limits: Limits{RatePerSecond: 1e-9}}), want: "anonymous.limits.ratePerSecond: "},
		{name: "negative burst", config: account(Account{Limits: Limits{RatePerSecond: 1, Burst: -1}}), want: "anonymous.limits.burst: "},
		{name: "burst without rate", config: account(Account{Limits: Limits{Burst: 5}}), want: "anonymous.limits.burst: "},
		{name: "negative concurrency", config: account(Account{Limits: Limits{Concurrent: -1}}), want: "anonymous.limits.concurrent: "},
		{name: "concurrency too large", config: account(Account{Limits: Limits{Concurrent: math.MaxInt}}), want: "anonymous.limits.concurrent: "},
		{name: "scopes", config: account(Account{Scopes: "system/Patient.rs system/*.read"})},
		{name: "scope that grants nothing", config: account(Account{Scopes: "system/Patient.rs patient/*.read"}), want: "anonymous.scopes: scope 2 grants nothing"},
		{name: "blank scopes", config: account(Account{Scopes: " "}), want: "anonymous.scopes: it contains no scope"},

		{name: "key without a name", config: Config{Keys: []Key{{SHA256: sum}}}, want: "keys[0].name: "},
		{name: "key instead of its sum", config: Config{Keys: []Key{{Account{Name: "a"}, key}}}, want: "keys[0].sha256: this is a key"},
		{name: "sum cut short", config: Config{Keys: []Key{{Account{Name: "a"}, sum[2:]}}}, want: "keys[0].sha256: expected"},
		{name: "sum not hex", config: Config{Keys: []Key{{Account{Name: "a"}, strings.Repeat("g", 64)}}}, want: "keys[0].sha256: expected"},
		{name: "same key twice", config: Config{Keys: []Key{{Account{Name: "a"}, sum}, {Account{Name: "b"}, strings.ToUpper(sum)}}}, want: "keys[1].sha256: keys[0] is the same key"},
		{name: "one name, one account", config: Config{Keys: []Key{{Account{Name: "a"}, sum}, {Account{Name: "a"}, sum2}}}},
		{name: "one name, two accounts", config: Config{Keys: []Key{{Account{Name: "a"}, sum}, {Account{Name: "a", View: "v"}, sum2}}}, want: "keys[1].name: keys[0] has this name"},
		{name: "the name of anonymous", config: Config{Anonymous: &Account{}, Keys: []Key{{Account{Name: "anonymous", View: "v"}, sum}}}, want: "keys[0].name: anonymous has this name"},

		{name: "certificate in hex", config: Config{Certificates: []Certificate{{Account{Name: "a"}, sum}}}},
		{name: "certificate not a sum", config: Config{Certificates: []Certificate{{Account{Name: "a"}, "AAAA"}}}, want: "certificates[0].spkiSHA256: expected"},
		{name: "same certificate twice", config: Config{Certificates: []Certificate{{Account{Name: "a"}, sum}, {Account{Name: "b"}, sum}}}, want: "certificates[1].spkiSHA256: certificates[0] has the same"},

		{name: "issuer", config: issuer(func(*Issuer) {})},
		{name: "issuer without URL", config: issuer(func(i *Issuer) { i.URL = "" }), want: "issuers[0].url: "},
		{name: "issuer's URL without scheme", config: issuer(func(i *Issuer) { i.URL = "id.example" }), want: "issuers[0].url: "},
		{name: "issuer without audience", config: issuer(func(i *Issuer) { i.Audience = "" }), want: "issuers[0].audience: "},
		{name: "no key set", config: issuer(func(i *Issuer) { i.JWKSFile = "" }), want: "issuers[0]: expected either"},
		{name: "two key sets", config: issuer(func(i *Issuer) { i.JWKSURL = "https://id.example/jwks" }), want: "issuers[0]: expected either"},
		{name: "key set over http", config: issuer(func(i *Issuer) { i.JWKSFile, i.JWKSURL = "", "http://id.example/jwks" }), want: "issuers[0].jwksURL: "},
		{name: "key set over http from a name like this machine's", config: issuer(func(i *Issuer) { i.JWKSFile, i.JWKSURL = "", "http://localhost.example/jwks" }), want: "issuers[0].jwksURL: "},
		{name: "key set from a file URL", config: issuer(func(i *Issuer) { i.JWKSFile, i.JWKSURL = "", "file:///jwks" }), want: "issuers[0].jwksURL: "},
		{name: "key set URL with a password", config: issuer(func(i *Issuer) { i.JWKSFile, i.JWKSURL = "", "https://a:hunter2@id.example/" }), want: "issuers[0].jwksURL: "},
		{name: "key set over https", config: issuer(func(i *Issuer) { i.JWKSFile, i.JWKSURL = "", "https://id.example/jwks" })},
		{name: "key set from this machine", config: issuer(func(i *Issuer) { i.JWKSFile, i.JWKSURL = "", "http://127.0.0.1:8080/jwks" })},
		{name: "key set from this machine, IPv6", config: issuer(func(i *Issuer) { i.JWKSFile, i.JWKSURL = "", "http://[::1]/jwks" })},
		{name: "key file that is not there", config: issuer(func(i *Issuer) { i.JWKSFile += ".gone" }), want: "issuers[0].jwksFile: "},
		{name: "key file without keys", config: issuer(func(i *Issuer) { i.JWKSFile = empty }), want: "issuers[0].jwksFile: "},
		{name: "algorithms", config: issuer(func(i *Issuer) { i.Algorithms = []string{"PS256", "EdDSA"} })},
		{name: "algorithm none", config: issuer(func(i *Issuer) { i.Algorithms = []string{"RS256", "none"} }), want: "issuers[0].algorithms[1]: "},
		{name: "algorithm HS256", config: issuer(func(i *Issuer) { i.Algorithms = []string{"HS256"} }), want: "issuers[0].algorithms[0]: "},
		{name: "most leeway", config: issuer(func(i *Issuer) { i.Leeway = 5 * time.Minute })},
		{name: "too much leeway", config: issuer(func(i *Issuer) { i.Leeway = 5*time.Minute + 1 }), want: "issuers[0].leeway: "},
		{name: "negative leeway", config: issuer(func(i *Issuer) { i.Leeway = -1 }), want: "issuers[0].leeway: "},
		{name: "issuer twice", config: Config{Issuers: append(issuer(func(*Issuer) {}).Issuers, issuer(func(*Issuer) {}).Issuers...)},
			want: "issuers[1].name: issuers[0] has this name|issuers[1].url: issuers[0] has this URL"},
		{name: "all at once", config: Config{
			Anonymous: &Account{View: "?"},
			Keys:      []Key{{Account{Name: "a"}, sum}, {Account{Name: "b"}, ""}, {Account{Name: ""}, sum2}},
			Issuers:   []Issuer{{Account: Account{Name: "x", Limits: Limits{Burst: -3}}}},
		}, want: "anonymous.view|keys[1].sha256|keys[2].name|issuers[0].limits.burst|issuers[0].url|issuers[0].audience|issuers[0]: expected either"},
	} {
		t.Run(c.name, func(t *testing.T) {
			d, err := New(t.Context(), c.config)
			if c.want == "" {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			if err == nil || d != nil {
				t.Fatal("no error")
			}
			lines, want := strings.Split(err.Error(), "\n"), strings.Split(c.want, "|")
			if len(lines) != len(want) {
				t.Fatalf("got %d problems, want %d:\n%v", len(lines), len(want), err)
			}
			for i := range want {
				if !strings.HasPrefix(lines[i], want[i]) {
					t.Errorf("got %q, want %q…", lines[i], want[i])
				}
			}
			for _, secret := range []string{key, sum, sum2, "hunter2"} {
				if strings.Contains(err.Error(), secret) {
					t.Errorf("the error holds a value: %v", err)
				}
			}
		})
	}
}

func TestErrorsAreThreeAndPlain(t *testing.T) {
	for _, err := range []error{ErrNoCredentials, ErrBadCredentials, ErrUnavailable} {
		if errors.Unwrap(err) != nil || strings.ContainsAny(err.Error(), `"%:`) {
			t.Errorf("%v tells more than it may", err)
		}
	}
}
