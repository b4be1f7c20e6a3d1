package main

import (
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/veil-proxy/veil/proxy/consumer"
	"github.com/veil-proxy/veil/proxy/fhirproxy"
	"github.com/veil-proxy/veil/proxy/pgproxy"
	"github.com/veil-proxy/veil/proxy/signin"
)

// everySetting has a value of its own for each setting that can be read without
// its files.
const everySetting = `veil: 1
ruleset: research
project: trial
keyFile: trial.key
previousKeyFile: old.key
previousKeyUntil: 2027-03-01
detail: true
minCount: 5
views:
  cardio: {ruleset: safe-harbor, project: cardio, minCount: 10, sql: {relations: ["clinic.*"], functions: [clinic.age], explain: true, statementTimeout: 30s, rows: 5000}}
  onco: {project: onco, keyFile: onco.key}
fhir:
  upstream: https://fhir.internal/fhir
  upstreamAliases: [https://fhir.example/fhir, http://old.example]
  upstreamTLS: {caFile: ca.pem, serverName: fhir}
  credentials:
    headers: [{name: X-API-Key, value: {env: UPSTREAM_KEY}}]
    clientCredentials: {tokenURL: https://idp/token, clientID: veil, secret: {file: secret}, scopes: [system/*.rs], method: client_secret_post}
  listen: :8443
  baseURL: https://masked.example/fhir
  tls: {certFile: door.pem, keyFile: door.key, clientCAFile: clients.pem}
  origins: [https://notebook.example]
  linkAge: 2h
  limits: {exchanges: 8, upstreamTimeout: 5s}
postgres:
  upstream: postgres://veil@db.internal/clinic?sslmode=verify-full
  passwordFile: db.password
  listen: :6432
  tls: {certFile: pg.pem, keyFile: pg.key}
  plaintext: true
  powerfulRole: true
  searchPath: [clinic, public]
  limits: {upstreamConnections: 7, statementTimeout: 3m}
consumers:
  anonymous: {allow: true, view: cardio, scopes: system/*.rs, limits: {ratePerSecond: 0.5, burst: 3, concurrent: 2}}
  keys:
    - {name: alice, sha256: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa, scopes: system/Patient.rs}
    - name: bob
      view: onco
      sha256: bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb
      limits: {ratePerSecond: 10}
  issuers:
    - {name: idp, url: https://idp.example, audience: veil, jwksURL: https://idp.example/keys, algorithms: [RS256], consumerClaim: client_id, requireScopes: true, leeway: 1m}
  certificates:
    - {name: lab, spkiSHA256: AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=}
  users:
    - {name: ann, user: ann, verifier: "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU="}
audit: {dir: audit, signerFile: signer}
operator: {listen: "9090"}
`

// TestPrintConfigCanBeReadBack: what is printed is read as the same, for the
// defaults and for every setting; and so is what is printed as a comment.
func TestPrintConfigCanBeReadBack(t *testing.T) {
	file := filepath.Join(t.TempDir(), "veil.yaml")
	for name, text := range map[string]string{"defaults": "veil: 1\n", "every setting": everySetting} {
		t.Run(name, func(t *testing.T) {
			first := veil(t, "", "serve", "--print-config", "--config", write(t, file, text))
			if first.code != 0 {
				t.Fatal(first.stderr)
			}
			second := veil(t, "", "serve", "--print-config", "--config", write(t, file, first.stdout))
			if second.code != 0 || second.stdout != first.stdout {
				t.Errorf("read back as\n%s%s", second.stderr, second.stdout)
			}
			without := regexp.MustCompile(`(?m)^# `).ReplaceAllString(first.stdout, "")
			if r := veil(t, "", "serve", "--print-config", "--config", write(t, file, without)); r.code != 0 {
				t.Errorf("what is a comment cannot be read: %s\n%s", r.stderr, without)
			}
		})
	}
	c := defaultServeConfig()
	c.read("veil.yaml", []byte(everySetting))
	var printed strings.Builder
	if err := c.write(&printed); err != nil {
		t.Fatal(err)
	}
	for _, word := range regexp.MustCompile(`[A-Za-z0-9.:/*_=-]{4,}`).FindAllString(everySetting, -1) {
		if !strings.Contains(printed.String(), strings.TrimSuffix(word, ":")) {
			t.Errorf("%s is not printed", word)
		}
	}
}

// TestEverythingCanBeConfigured: each field that the door, the consumers and the
// upstream's credentials have is a setting.
func TestEverythingCanBeConfigured(t *testing.T) {
	var printed strings.Builder
	if err := defaultServeConfig().write(&printed); err != nil {
		t.Fatal(err)
	}
	names := strings.ToLower(printed.String())
	var walk func(typ reflect.Type)
	walk = func(typ reflect.Type) {
		switch typ.Kind() {
		case reflect.Slice, reflect.Pointer:
			walk(typ.Elem())
			return
		case reflect.Struct:
		default:
			return
		}
		for f := range typ.Fields() {
			if f.Type == reflect.TypeFor[*slog.Logger]() || f.Type == reflect.TypeFor[*http.Client]() || !f.IsExported() {
				continue
			}
			if !f.Anonymous && !strings.Contains(names, strings.ToLower(f.Name)+":") {
				t.Errorf("%s.%s cannot be set", typ, f.Name)
			}
			walk(f.Type)
		}
	}
	for _, typ := range []reflect.Type{reflect.TypeFor[fhirproxy.Limits](), reflect.TypeFor[consumer.Config](), reflect.TypeFor[signin.Config](), reflect.TypeFor[signin.TLS](), reflect.TypeFor[pgproxy.Limits](), reflect.TypeFor[postgresConfig](), reflect.TypeFor[postgresView]()} {
		walk(typ)
	}
}

// TestDocumentedConfigurations: what docs/operate.md shows can be read.
func TestDocumentedConfigurations(t *testing.T) {
	text, err := os.ReadFile("../../docs/operate.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllStringSubmatch(string(text), -1)
	if len(blocks) < 3 {
		t.Fatalf("%d configurations", len(blocks))
	}
	for _, b := range blocks {
		whole := "veil: 1\n" + strings.TrimPrefix(b[1], "veil: 1\n")
		whole = regexp.MustCompile(`[0-9a-f]{4}…`).ReplaceAllString(whole, strings.Repeat("a", 64))
		c := defaultServeConfig()
		c.read("operate.md", []byte(whole))
		if err := c.problems.err(); err != nil {
			t.Errorf("%v\n%s", err, whole)
		}
	}
}

// FuzzServeConfig: a configuration that has no problems is printed as one that
// is read as the same, and nothing that looks like a secret is told.
func FuzzServeConfig(f *testing.F) {
	f.Add(everySetting)
	f.Add("veil: 1\nviews: {a: {}, a: {}}\n")
	f.Add("veil: 1\nfhir: {origins: x, limits: [], credentials: {basic: null}}\n")
	f.Add("veil: 1\nconsumers: {keys: [{name: veil_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa}]}\n")
	f.Add("veil: 1\nproject: \"\\x01\\u00e9'\\\"# x\"\nkeyFile: |\n  a\n  b\n")
	f.Fuzz(func(t *testing.T, text string) {
		read := func(text string) (*serveConfig, string) {
			c := defaultServeConfig()
			c.read("veil.yaml", []byte(text))
			if err := c.problems.err(); err != nil {
				return nil, err.Error()
			}
			var printed strings.Builder
			if err := c.write(&printed); err != nil {
				t.Fatal(err)
			}
			return c, printed.String()
		}
		c, told := read(text)
		if isSecret(told) {
			t.Errorf("a secret is told: %s", told)
		}
		if c == nil {
			return
		}
		if _, again := read(told); again != told {
			t.Errorf("printed as\n%s\nread back as\n%s", told, again)
		}
	})
}

// TestFlagsStandAboveTheFile also where the file has a view of its own.
func TestFlagsStandAboveTheFile(t *testing.T) {
	file := write(t, filepath.Join(t.TempDir(), "veil.yaml"), everySetting)
	r := veil(t, "", "serve", "--print-config", "--config", file, "--listen", "127.0.0.1:1", "--key-file", "flag.key", "--ruleset", "safe-harbor", "--allow-anonymous=false")
	for _, line := range []string{`  listen: "127.0.0.1:1"`, `keyFile: "flag.key"`, `ruleset: "safe-harbor"`, `    allow: false`} {
		if !strings.Contains(r.stdout, "\n"+line+" ") {
			t.Errorf("no %s in\n%s%s", line, r.stdout, r.stderr)
		}
	}
}

// TestServeConfigProblems: each problem with its place and its setting, and all
// of them at once.
func TestServeConfigProblems(t *testing.T) {
	dir, key := t.TempDir(), newKey(t)
	head := "veil: 1\nkeyFile: " + key + "\naudit: {dir: " + dir + "/audit}\n"
	fhir := "fhir: {upstream: http://127.0.0.1:1/fhir}\n"
	anybody := "consumers: {anonymous: {allow: true}}\n"
	apikey := "veil_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	for _, tc := range []struct{ name, text, want string }{
		{"nobody may ask", head + fhir, "consumers: nobody may ask: add keys, issuers, certificates or users, or let anybody ask"},
		{"anonymous without saying so", head + fhir + "consumers: {anonymous: {view: a}}", "5:25: consumers.anonymous: anonymous access is not allowed: add allow: true"},
		{"no version", fhir + anybody, `1:1: want "veil: 1"`},
		{"unknown key", head + fhir + anybody + "rulset: x", `6:1: unknown key "rulset" (did you mean "ruleset"?)`},
		{"unknown key of a list", head + fhir + "consumers:\n  keys:\n    - {nmae: x}", `7:8: unknown key "nmae" (did you mean "name"?)`},
		{"not YAML", head + "fhir: {", "4:"},
		{"empty", "", "1:1: want one YAML document"},
		{"not a mapping", "- x", "1:1: want a mapping"},
		{"a half-written file", head + fhir + anybody[:20], "5:"},
		{"a password in a URL", head + "fhir: {upstream: 'http://u:SECRET@x/fhir'}\n" + anybody, "4:18: fhir.upstream: want an absolute http or https URL without user"},
		{"a key as the file's name", "veil: 1\nkeyFile: veil-key-1:SECRET\n" + fhir, "2:10: keyFile: this is a secret"},
		{"a key as a key", head + fhir + "veil-key-1:SECRET: x\n", "unknown key \"(a secret)"},
		{"an API key as its SHA-256", head + fhir + "consumers: {keys: [{name: a, sha256: " + apikey + "}]}", "5:38: consumers.keys[0].sha256: this is a secret"},
		{"an API key as a name", head + fhir + "consumers: {" + apikey + ": x}", "unknown key \"(a secret)\""},
		{"not a SHA-256", head + fhir + "consumers: {keys: [{name: a, sha256: SECRET}]}", "5:38: consumers.keys[0].sha256: want the SHA-256 of the key: 64 hex digits"},
		{"one key twice", head + fhir + "consumers:\n  keys:\n" + strings.Repeat("    - {name: a, sha256: "+strings.Repeat("a", 64)+"}\n", 2), "8:25: consumers.keys[1].sha256: keys[0] is the same key"},
		{"one name, two accounts", head + fhir + "consumers:\n  keys:\n    - {name: a, sha256: " + strings.Repeat("a", 64) + "}\n    - {name: a, scopes: system/*.rs, sha256: " + strings.Repeat("b", 64) + "}", "8:14: consumers.keys[1].name: keys[0] has this name with another view"},
		{"an idle scope", head + fhir + "consumers: {anonymous: {allow: true, scopes: patient/*.rs}}", "5:46: consumers.anonymous.scopes: scope 1 grants nothing"},
		{"a view that is not there", head + fhir + "consumers: {anonymous: {allow: true, view: cardo}}\nviews: {cardio: {project: c}}", "5:44: consumers.anonymous.view: there is no view of this name: views are cardio"},
		{"a view without a project", head + fhir + anybody + "views: {cardio: {ruleset: research}}", "6:9: views.cardio.project: it is not set"},
		{"a ruleset that is not there", head + fhir + anybody + "ruleset: safe-habor", "6:10: ruleset: no shipped ruleset is named"},
		{"a ruleset with problems", head + fhir + anybody + "ruleset: " + write(t, filepath.Join(dir, "site.yaml"), "veil: 1\nname: site\nextends: safe-harbor\nfhir:\n  rules:\n    - {id: a, match: Patient.nmae, method: remove}\n"), `site.yaml:6:22: `},
		{"a previous key without an end", head + fhir + anybody + "previousKeyFile: " + key, "6:18: previousKeyFile: previousKeyUntil is not set"},
		{"a previous key that is not there", head + fhir + anybody + "previousKeyFile: " + dir + "/none\npreviousKeyUntil: 2027-01-01", "6:18: previousKeyFile: "},
		{"an end that is no day", head + fhir + anybody + "previousKeyUntil: 2027-02-30", "6:19: previousKeyUntil: want a date as YYYY-MM-DD"},
		{"certificates nobody verifies", head + fhir + "consumers: {certificates: [{name: a, spkiSHA256: " + strings.Repeat("a", 64) + "}]}", "5:27: consumers.certificates: fhir.tls.clientCAFile is not set"},
		{"TLS without a key", head + "fhir: {upstream: http://x/fhir, tls: {certFile: x}}\n" + anybody, "4:39: fhir.tls.keyFile: want the private key"},
		{"credentials in the configuration", head + "fhir: {upstream: http://x/fhir, credentials: {basic: {user: u, password: SECRET}}}\n" + anybody, "4:74: want a mapping"},
		{"credentials that are not there", head + "fhir: {upstream: http://x/fhir, credentials: {basic: {user: u, password: {file: /none}}}}\n" + anybody, "fhir.credentials.basic.password: there is no such file"},
		{"two kinds of credentials", head + "fhir: {upstream: http://x/fhir, credentials: {basic: {user: u, password: {env: NONE}}, sigV4: {region: x}}}\n" + anybody, "want at most one of them"},
		{"limits out of bounds", head + fhir + "consumers: {anonymous: {allow: true, limits: {burst: 4}}}", "5:54: consumers.anonymous.limits.burst: a burst needs a ratePerSecond"},
		{"no limit at all", head + "fhir: {upstream: http://x/fhir, limits: {exchanges: 0}}\n" + anybody, "4:53: fhir.limits.exchanges: want a whole number of 1 or more"},
		{"links of no age", head + "fhir: {upstream: http://x/fhir, linkAge: -1h}\n" + anybody, "4:42: fhir.linkAge: want a duration such as 30s"},
		{"links that end at once", head + "fhir: {upstream: http://x/fhir, linkAge: 1s}\n" + anybody, "4:42: fhir.linkAge: want 1m or more"},
		{"an origin with a path", head + "fhir: {upstream: http://x/fhir, origins: [https://x/y]}\n" + anybody, "4:43: fhir.origins[0]: want"},
		{"an operator's address that is none", head + fhir + anybody + "operator: {listen: x}", "6:20: operator.listen: want an address"},
		{"an issuer without keys", head + fhir + "consumers: {issuers: [{name: i, url: https://i, audience: a}]}", "consumers.issuers[0]: want either jwksURL or jwksFile"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			file := write(t, filepath.Join(dir, "veil.yaml"), tc.text)
			r := veil(t, "", "serve", "--config", file)
			if r.code != 1 || !strings.Contains(r.stderr, tc.want) {
				t.Errorf("exit %d: %s\nwant %s", r.code, r.stderr, tc.want)
			}
			printed := veil(t, "", "serve", "--config", file, "--print-config")
			for _, secret := range []string{"SECRET", apikey} {
				if strings.Contains(r.stderr+printed.stdout+printed.stderr, secret) {
					t.Errorf("shows %s: %s%s%s", secret, r.stderr, printed.stdout, printed.stderr)
				}
			}
		})
	}
	if _, err := os.Stat(filepath.Join(dir, "audit")); err == nil {
		t.Error("the audit log was opened for a configuration that is not valid")
	}
	all := veil(t, "", "serve", "--config", write(t, filepath.Join(dir, "veil.yaml"), "veil: 2\nrulset: x\nfhir: {listen: x, limits: {exchanges: none}}\nconsumers: {anonymous: {view: y}}\n"))
	if n := strings.Count(all.stderr, "\n"); n != 7 {
		t.Errorf("%d problems are told, want 7:\n%s", n, all.stderr)
	}
}

func TestOperatorAddress(t *testing.T) {
	for listen, want := range map[string]string{"": "", "9090": "127.0.0.1:9090", ":9090": "127.0.0.1:9090", "0.0.0.0:9090": "0.0.0.0:9090", "[::1]:9090": "[::1]:9090"} {
		if got, err := operatorAddress(listen); err != nil || got != want {
			t.Errorf("%q is %q, %v; want %q", listen, got, err, want)
		}
	}
}
