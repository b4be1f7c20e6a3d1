package deployment

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/veil-proxy/veil/fhir"
	"github.com/veil-proxy/veil/general"
	"github.com/veil-proxy/veil/internal/config"
	"github.com/veil-proxy/veil/internal/fhirtest"
	"github.com/veil-proxy/veil/internal/pgtest"
	"github.com/veil-proxy/veil/internal/rules"
	"github.com/veil-proxy/veil/internal/serve"
	"github.com/veil-proxy/veil/internal/veiltest"
	"github.com/veil-proxy/veil/mask/keys"
	"github.com/veil-proxy/veil/proxy/consumer"
	"github.com/veil-proxy/veil/safeharbor"
	"github.com/veil-proxy/veil/selftest"
	"github.com/veil-proxy/veil/selftest/fhirattack"
	"github.com/veil-proxy/veil/selftest/sqlattack"
	"github.com/veil-proxy/veil/table"
)

// hospital is the database of the sites.
const hospital = `
CREATE TABLE patients (id text PRIMARY KEY, mrn text, last_name text, email text, birth_date date, zip text, sex text);
CREATE TABLE visits (id int PRIMARY KEY, patient_id text, started_on date, reason text);
INSERT INTO patients SELECT 'p-' || md5('p' || i), 'MRN-' || 4471000 + i, CASE i WHEN 1 THEN 'Qzorvathbaky' ELSE (ARRAY['Smith', 'Johnson', 'Williams', 'Brown', 'Garcia', 'Miller', 'Davis', 'Martinez', 'Wilson', 'Anderson', 'Thompson', 'Moore', 'Martin', 'Nguyen', 'Clark'])[1 + i % 15] END, 'qzorvath' || i || '@example.org', date '1951-03-05' + i * 37, '627' || 10 + i % 80, CASE i % 2 WHEN 0 THEN 'female' ELSE 'male' END FROM generate_series(1, 60) AS i;
INSERT INTO visits SELECT i, 'p-' || md5('p' || 1 + i % 60), date '2019-02-03' + i * 3, (ARRAY['E11.9', 'I10', 'J45.909'])[1 + i % 3] FROM generate_series(1, 200) AS i;
ANALYZE;`

// tableRules are the rules of the sites for it.
const tableRules = `
tables:
  default: refuse
  rules:
    - {id: patient-ids, category: R, match: [{table: patients, column: id}, {column: patient_id}], method: seal, domain: Patient}
    - {id: visit-ids, category: R, match: {table: visits, column: id}, method: seal, domain: Encounter}
    - {id: record-numbers, category: H, match: {table: patients, column: mrn}, method: pseudonym, domain: mrn}
    - {id: families, category: A, match: {table: patients, column: last_name}, method: remove}
    - {id: emails, category: F, match: {table: patients, column: email}, method: remove}
    - {id: births, category: C, match: {table: patients, column: birth_date}, method: year}
    - {id: starts, category: C, match: {column: started_on}, method: year}
    - {id: zips, category: B, match: {table: patients, column: zip}, method: zip3}
    - {id: facts, match: [{table: patients, column: sex}, {table: visits, column: reason}], method: keep}
`

// site is a deployment in this process: its sources, its files and its settings, which a
// case of the table changes.
type site struct {
	t          *testing.T
	dir        string
	db         *pgtest.Database
	role       string // of Veil at the upstream
	population *fhirtest.Population
	fhir       string // upstream
	fhirListen string
	pgListen   string
	operator   string
	keys       string // of consumers at the FHIR listener
	view       string // further settings of the only view
	fhirMore   string
	pgMore     string
	anonymous  bool
	password   string // of the consumer at the PostgreSQL listener
	ruleset    string
	options    Options
	// afterStart changes something under a running process, afterAttacks between the
	// attacks and the checks.
	afterStart, afterAttacks func(s *site)
	stop                     func() // ends the process that was started last
}

const (
	user     = "analyst"
	longWord = "a long password of the tests 9381"
	rolePass = "the password of the upstream role"
)

var (
	sourceOnce   sync.Once
	sourceErr    error
	source       *fhirtest.Server
	sourcePeople *fhirtest.Population
	sites        atomic.Int64
	library      = sync.OnceValues(func() (*rules.Library, error) {
		return rules.New(nil, general.Methods(), safeharbor.Methods(), fhir.Methods(), table.Methods())
	})
)

// newSite makes a good site. Its database and role are its own, so that sites can be
// broken side by side.
func newSite(t *testing.T) *site {
	t.Helper()
	pg := pgtest.Start(t)
	sourceOnce.Do(func() {
		sourcePeople = fhirtest.Generate(3, 6)
		source, sourceErr = fhirtest.NewServer(sourcePeople)
	})
	if sourceErr != nil {
		t.Fatal(sourceErr)
	}
	name := fmt.Sprintf("selftest_site_%d", sites.Add(1))
	s := &site{t: t, dir: t.TempDir(), db: pg.CreateDatabase(t, name), role: name, population: sourcePeople, fhir: source.URL, fhirListen: veiltest.FreeAddress(t), pgListen: veiltest.FreeAddress(t), operator: veiltest.FreeAddress(t), anonymous: true, password: longWord}
	s.ruleset = "veil: 1\nname: hospital\ntitle: hospital\nextends: safe-harbor\n" + tableRules
	s.db.Exec(t, hospital)
	s.db.Exec(t, fmt.Sprintf(`CREATE ROLE %s LOGIN PASSWORD '%s'; REVOKE ALL ON DATABASE %[1]s FROM PUBLIC; REVOKE ALL ON SCHEMA public FROM PUBLIC;
		GRANT CONNECT ON DATABASE %[1]s TO %[1]s; GRANT USAGE ON SCHEMA public TO %[1]s; GRANT SELECT ON ALL TABLES IN SCHEMA public TO %[1]s`, name, rolePass))
	s.write("upstream-password", rolePass, 0o600)
	if err := keys.WriteFile(s.path("key")); err != nil {
		t.Fatal(err)
	}
	if _, err := keys.CreateSigner(s.path("sign.key"), "site"); err != nil {
		t.Fatal(err)
	}
	s.options = Options{Limits: selftest.Limits{Timeout: veiltest.Patience, Bytes: 1 << 20}, Consumer: &fhirattack.Client{}}
	return s
}

func (s *site) path(name string) string { return filepath.Join(s.dir, name) }

func (s *site) write(name, text string, mode os.FileMode) {
	s.t.Helper()
	if err := os.WriteFile(s.path(name), []byte(text), mode); err != nil {
		s.t.Fatal(err)
	}
	if err := os.Chmod(s.path(name), mode); err != nil {
		s.t.Fatal(err)
	}
}

// config is the text of the configuration.
func (s *site) config(auditDir string) string {
	verifier, err := consumer.NewVerifier(s.password)
	if err != nil {
		s.t.Fatal(err)
	}
	upstream := fmt.Sprintf("postgres://%s@%s/%s?sslmode=disable", s.role, net.JoinHostPort(s.db.Server.Host, fmt.Sprint(s.db.Server.Port)), s.db.Name)
	anonymous := ""
	if s.anonymous {
		anonymous = "  anonymous: {allow: true}\n"
	}
	return fmt.Sprintf(`veil: 1
ruleset: %q
project: site
keyFile: %q
%saudit: {dir: %q, signerFile: %q}
operator: {listen: %q}
fhir:
  upstream: %q
  listen: %q
%spostgres:
  upstream: %q
  passwordFile: %q
  listen: %q
%sconsumers:
%s%s  users: [{name: %s, user: %[16]s, verifier: %[17]q}]
`, s.path("hospital.yaml"), s.path("key"), s.view, auditDir, s.path("sign.key"), s.operator, s.fhir, s.fhirListen, s.fhirMore, upstream, s.path("upstream-password"), s.pgListen, s.pgMore, anonymous, s.keys, user, verifier.String())
}

// start starts the site, and returns the source of its configuration.
func (s *site) start() *config.Source {
	s.t.Helper()
	lib, err := library()
	if err != nil {
		s.t.Fatal(err)
	}
	s.write("hospital.yaml", s.ruleset, 0o644)
	s.write("veil.yaml", s.config(s.path("audit")), 0o600)
	src := &config.Source{File: s.path("veil.yaml"), Rules: lib, Env: func(string) string { return "" }}
	s.serve(src)
	return src
}

// serve runs a configuration until the test ends.
func (s *site) serve(src *config.Source) {
	s.t.Helper()
	log := &veiltest.Buffer{}
	server, err := serve.Open(s.t.Context(), src, serve.Options{Log: log})
	if err != nil {
		s.t.Fatalf("%v\n%s", err, log)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = server.Run(ctx) // a site may be broken so that it ends badly
	}()
	s.stop = func() { cancel(); <-done }
	s.t.Cleanup(s.stop)
}

// another starts a second process with a key or ruleset of its own, and returns its
// base URL.
func (s *site) another(key, ruleset string) string {
	s.t.Helper()
	if _, err := os.Stat(s.path("hospital.yaml")); err != nil {
		s.write("hospital.yaml", s.ruleset, 0o644)
	}
	t := *s
	t.fhirListen, t.pgListen, t.operator = veiltest.FreeAddress(s.t), veiltest.FreeAddress(s.t), veiltest.FreeAddress(s.t)
	text := strings.ReplaceAll(t.config(s.path("audit-"+filepath.Base(key)+filepath.Base(ruleset))), s.path("key"), key)
	text = strings.ReplaceAll(text, s.path("hospital.yaml"), ruleset)
	s.write("another.yaml", text, 0o600)
	lib, err := library()
	if err != nil {
		s.t.Fatal(err)
	}
	s.serve(&config.Source{File: s.path("another.yaml"), Rules: lib, Env: func(string) string { return "" }})
	return "http://" + t.fhirListen
}

// dsn is how the consumer reaches the PostgreSQL listener.
func (s *site) dsn() string {
	u := url.URL{Scheme: "postgres", User: url.UserPassword(user, s.password), Host: reachable(s.pgListen), Path: "/" + s.db.Name, RawQuery: "sslmode=prefer"}
	return u.String()
}

// test starts the site and tests it as veil selftest does. Only has the attacks that run.
func (s *site) test(only ...string) *selftest.Report {
	s.t.Helper()
	src := s.start()
	if s.afterStart != nil {
		s.afterStart(s)
	}
	s.options.DSN = s.dsn()
	s.options.Limits.Only = only
	d, err := Open(s.t.Context(), src, s.options)
	if err != nil {
		s.t.Fatal(err)
	}
	canaries, _ := d.Canaries(s.t.Context())
	canaries.Postgres = append(canaries.Postgres, selftest.Canary{Schema: "public", Table: "patients", Column: "last_name", Value: "Qzorvathbaky", Absent: "Dmbeingunonx"})
	report := selftest.NewReport("test")
	report.Canaries = len(canaries.Values())
	statements, err := sqlattack.Run(s.t.Context(), s.options.DSN, canaries, s.options.Limits, report)
	if err != nil {
		s.t.Fatal(err)
	}
	requests, err := fhirattack.Run(s.t.Context(), d.FHIR(), s.options.Consumer, canaries, s.options.Limits, report)
	if err != nil {
		s.t.Fatal(err)
	}
	if s.afterAttacks != nil {
		s.afterAttacks(s)
	}
	d.Attacked(statements, requests)
	d.Check(s.t.Context(), report)
	report.Finish()
	return report
}

// certificate writes a certificate that signs itself, and its key.
func (s *site) certificate(valid time.Duration) (settings string) {
	s.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		s.t.Fatal(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "localhost"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(valid), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	der, err := x509.CreateCertificate(rand.Reader, c, c, &key.PublicKey, key)
	if err != nil {
		s.t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		s.t.Fatal(err)
	}
	s.write("tls.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})), 0o644)
	s.write("tls.key", string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})), 0o600)
	return fmt.Sprintf("  tls: {certFile: %q, keyFile: %q}\n", s.path("tls.pem"), s.path("tls.key"))
}

// replaceInLog changes bytes of the audit log, as somebody would who hides something.
func (s *site) replaceInLog(old, with string) {
	s.t.Helper()
	files, err := filepath.Glob(s.path("audit/veil-*.jsonl"))
	if err != nil || len(files) == 0 {
		s.t.Fatalf("no log: %v", err)
	}
	text, err := os.ReadFile(files[0])
	if err != nil {
		s.t.Fatal(err)
	}
	at := bytes.Index(text, []byte(old))
	if at < 0 {
		s.t.Fatalf("the log has no %q", old)
	}
	f, err := os.OpenFile(files[0], os.O_WRONLY, 0)
	if err != nil {
		s.t.Fatal(err)
	}
	if _, err := f.WriteAt([]byte(with), int64(at)); err != nil {
		s.t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		s.t.Fatal(err)
	}
}
