package main

import (
	"crypto/tls"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/veil-proxy/veil/internal/pgtest"
	"github.com/veil-proxy/veil/internal/veiltest"
)

// planted stands in files that are broken.
const plantedInFile = "QZRELOADPLANTED"

// The ways in which a file is broken: what it has then. Secret files are in danger, too, where
// others can read them.
var breaks = map[string]func(text string) string{
	"garbage": func(string) string { return plantedInFile + ": [" + plantedInFile },
	"half":    func(text string) string { return text[:len(text)/2] },
	"empty":   func(string) string { return "" },
}

// manyFiles is a site whose configuration names a file in each setting that can name one, and
// what is broken of each: its setting, as messages have it, and the ways.
func manyFiles(t *testing.T) (s *site, operator, key string, config func() string, named []namedFile) {
	s = newSite(t)
	const all, secret, opaque = "garbage half empty missing", "garbage half empty missing open", "missing open"
	file := func(name, setting, text, ways string) string {
		path := write(t, s.path(name), text)
		if err := os.Chmod(path, 0o600); err != nil {
			t.Fatal(err)
		}
		named = append(named, namedFile{path, setting, ways})
		return path
	}
	made := func(path string) string {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	ca := newAuthority(t)
	pair := func(name, at string) string {
		cert, key, _ := ca.pair(t, s, name)
		return fmt.Sprintf("certFile: %s, keyFile: %s", file(name+".pem", at+".certFile", made(cert), all), file(name+".key", at+".", made(key), secret))
	}
	authority := func(name, at string) string {
		return "caFile: " + file(name+"-ca.pem", at+".caFile", encode("CERTIFICATE", ca.cert.Raw), all)
	}
	if r := veil(t, "", "keys", "sign", s.path("audit.key")); r.code != 0 {
		t.Fatal(r.stderr)
	}
	key, line := apiKey("alice", "")
	_, other := apiKey("bob", "")
	keysFile := func(name, setting, lines string) string {
		return file(name, name, "veil: 1\nkeys:\n"+lines, "garbage half missing open")
	}
	dsn, err := url.Parse(pgtest.Start(t).Clinic(t).DSN(pgtest.Reader))
	if err != nil {
		t.Fatal(err)
	}
	dsn.User = url.User(pgtest.Reader.Name)
	jobs := *dsn
	jobs.Path = "/none"
	rules := "veil: 1\nname: %s\nextends: %s\nfhir:\n  rules:\n    - {id: flags, match: Patient.active, method: remove}\n"
	file("base.yaml", "base.yaml", fmt.Sprintf(rules, "base", "safe-harbor"), all)
	account := veil(t, "correct horse\n", "keys", "password", "ann")
	user := veil(t, "correct horse\n", "keys", "postgres", "ann", "--password-stdin")
	operator = veiltest.FreeAddress(t)
	s.base = "https://" + s.addr + "/fhir"
	text := fmt.Sprintf(`veil: 1
ruleset: %s
project: trial
keyFile: %s
previousKeyFile: %s
previousKeyUntil: %s
views:
  two: {ruleset: %s, project: two, keyFile: %s}
`, file("site.yaml", "site.yaml", fmt.Sprintf(rules, "site", "./base.yaml"), all), file("project.key", "keyFile", made(s.key), secret), file("old.key", "previousKeyFile", made(newKey(t)), secret),
		time.Now().AddDate(0, 0, 9).Format(time.DateOnly), file("two.yaml", "two.yaml", fmt.Sprintf(rules, "two", "research"), all), file("two.key", "views.two.keyFile", made(newKey(t)), secret)) +
		fmt.Sprintf(`fhir:
  upstream: %s
  listen: %s
  baseURL: %s
  tls: {%s, clientCAFile: %s}
  upstreamTLS: {%s, %s}
  credentials:
    basic: {user: veil, password: {file: %s}}
`, s.source.URL, s.addr, s.base, pair("fhir", "fhir.tls"), file("clients.pem", "fhir.tls.clientCAFile", encode("CERTIFICATE", ca.cert.Raw), all),
			authority("upstream", "fhir.upstreamTLS"), pair("upstream", "fhir.upstreamTLS"), file("basic", "fhir.credentials.basic.password", "secret-of-veil", opaque)) +
		fmt.Sprintf(`postgres:
  upstream: %s
  passwordFile: %s
  listen: %s
  tls: {%s}
`, dsn, file("pg.password", "postgres.passwordFile", pgtest.Reader.Password, opaque), veiltest.FreeAddress(t), pair("postgres", "postgres.tls")) +
		fmt.Sprintf(`consumers:
  keysFile: %s
  users:
    - %s
  issuers:
    - {name: idp, url: "https://idp.example", audience: veil, jwksFile: %s}
audit:
  dir: %s
  signerFile: %s
  shipping:
    - {name: siem, syslog: {address: "%s", tls: {%s, %s}}}
    - {name: otel, otlp: {endpoint: "http://%s/v1/logs", headersFile: %s}}
tracing: {endpoint: "http://%s/v1/traces", headersFile: %s}
`, keysFile("consumers.keys.yaml", "consumers.keysFile", line), strings.TrimPrefix(lastLine(user.stdout), "- "), file("jwks.json", "consumers.issuers[0]", `{"keys":[{"kty":"EC","crv":"P-256","use":"sig","kid":"1","x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4","y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"}]}`, "garbage half missing"),
			s.path("audit"), file("audit.key", "audit.signerFile", made(s.path("audit.key")), secret),
			veiltest.FreeAddress(t), authority("siem", "audit.shipping[0].syslog.tls"), pair("siem", "audit.shipping[0].syslog.tls"), veiltest.FreeAddress(t), file("otel.headers", "audit.shipping", "X-Key: abc\n", "half missing open"),
			veiltest.FreeAddress(t), file("trace.headers", "tracing", "X-Key: abc\n", "half missing open")) +
		fmt.Sprintf(`operator:
  listen: %s
  tls: {%s}
  keysFile: %s
  darts: {project: darts, keyFile: %s}
  console:
    users:
      - %s
    passwordFile: %s
    url: https://%s/console
    oidc: {name: hospital, issuer: "https://login.example", clientID: veil, subjects: [s1], secretFile: %s, %s}
  jobs: {database: "%s", passwordFile: %s, views: [two]}
`, operator, pair("operator", "operator.tls"), keysFile("operator.keys.yaml", "operator.keysFile", other), file("darts.key", "operator.darts.keyFile", made(newKey(t)), secret),
			strings.TrimPrefix(lastLine(account.stdout), "- "), file("sessions.password", "operator.console.passwordFile", "none", opaque), operator, file("client.secret", "operator.console", "secret-of-client", opaque), authority("login", "operator.console.oidc"), &jobs, file("jobs.password", "operator.jobs.passwordFile", "none", opaque))
	return s, operator, key, func() string { return file("veil.yaml", "veil.yaml", text, all) }, named
}

func lastLine(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return lines[len(lines)-1]
}

// namedFile is a file that a configuration names.
type namedFile struct{ path, setting, ways string }

// TestReloadEveryFile breaks each file that a configuration names, in one of the ways.
func TestReloadEveryFile(t *testing.T) {
	t.Parallel()
	reloadEveryFile(t, func(i int, ways []string) []string { return ways[i%len(ways):][:1] })
}

// TestRealReloadEveryFile does in each of the ways.
func TestRealReloadEveryFile(t *testing.T) {
	if os.Getenv("VEIL_TEST_ALL") != "1" {
		t.Skip("set VEIL_TEST_ALL=1 to break each file in each way")
	}
	reloadEveryFile(t, func(_ int, ways []string) []string { return ways })
}

// reloadEveryFile breaks each file that a configuration names. Whatever it is, the state before
// stays in force, one message says where, and none has a value; metrics count it, and a later
// reload works.
func reloadEveryFile(t *testing.T, choose func(i int, ways []string) []string) {
	s, operator, key, config, named := manyFiles(t)
	main := config()
	named = append(named, namedFile{main, "veil.yaml", "garbage half empty missing"})
	// Certificates do not matter here.
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}}
	p := s.process(t, main)
	path := s.base + s.patient(t, "trial")
	before := ask(t, client, path, "X-API-Key", key)
	if before.status != http.StatusOK {
		t.Fatalf("%d: %s\n%s", before.status, before.body, p.out)
	}
	refused := 0
	for i, f := range named {
		text, err := os.ReadFile(f.path)
		if err != nil {
			t.Fatal(err)
		}
		for _, way := range choose(i, strings.Fields(f.ways)) {
			err := os.Chmod(f.path, 0o600)
			switch way {
			case "missing":
				err = os.Remove(f.path)
			case "open":
				err = os.Chmod(f.path, 0o644)
			default:
				write(t, f.path, breaks[way](string(text)))
			}
			if err != nil {
				t.Fatal(err)
			}
			log := p.reload(t)
			refused++
			if n := strings.Count(log, "not reloaded"); n == 0 || n > 1 && f.path != main || strings.Contains(log, "msg=reloaded") || !strings.Contains(log, f.setting) {
				t.Errorf("%s, %s: %d messages:\n%s", filepath.Base(f.path), way, n, log)
			}
			if strings.Contains(log, plantedInFile) || strings.Contains(log, "PRIVATE KEY") || strings.Contains(log, "secret-of") {
				t.Errorf("%s, %s: a value is in the log:\n%s", filepath.Base(f.path), way, log)
			}
			if a := ask(t, client, path, "X-API-Key", key); a.status != http.StatusOK || a.body != before.body || a.header.Get("X-Veil-Ruleset") != before.header.Get("X-Veil-Ruleset") {
				t.Errorf("%s, %s: %d: %s", filepath.Base(f.path), way, a.status, a.body)
			}
			if err := os.RemoveAll(f.path); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(f.path, text, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	if log := p.reload(t); !strings.Contains(log, "msg=reloaded") {
		t.Errorf("all files are whole again: %s", log)
	}
	metrics := ask(t, client, "https://"+operator+"/metrics").body
	for _, want := range []string{fmt.Sprintf(`veil_reloads_total{result="refused"} %d`, refused), `veil_reloads_total{result="applied"} 1`} {
		if !strings.Contains(metrics, want+"\n") {
			t.Errorf("no %s in the metrics", want)
		}
	}
	p.stop(t)
}
