package sqlattack

import (
	"context"
	"net"
	"net/url"
	"testing"
	"time"

	"github.com/veil-proxy/veil/internal/masktest"
	"github.com/veil-proxy/veil/internal/pgtest"
	"github.com/veil-proxy/veil/internal/veiltest"
	"github.com/veil-proxy/veil/mask"
	"github.com/veil-proxy/veil/mask/ruleset"
	"github.com/veil-proxy/veil/postgres/analysis"
	"github.com/veil-proxy/veil/proxy/consumer"
	"github.com/veil-proxy/veil/proxy/pgproxy"
	"github.com/veil-proxy/veil/selftest"
	"github.com/veil-proxy/veil/selftest/suite"
)

type discard struct{}

func (discard) Append(context.Context, *mask.Record) error { return nil }

// known reads canaries of the clinic.
func known(t *testing.T, db *pgtest.Database) *selftest.Canaries {
	t.Helper()
	c := &selftest.Canaries{}
	for _, at := range [][3]string{{"clinic", "patients", "last_name"}, {"clinic", "patients", "ssn"}, {"clinic", "patients", "birth_date"}, {"clinic", "encounters", "attending"}, {"clinic", "patients", "mrn"}} {
		s, err := newTarget(db.DSN(pgtest.Owner), selftest.Limits{Timeout: veiltest.Patience, Bytes: 1 << 20})
		if err != nil {
			t.Fatal(err)
		}
		a, err := s.run(t.Context(), []string{"SELECT " + quote(at[2]) + "::text FROM " + quote(at[0]) + "." + quote(at[1]) + " WHERE " + quote(at[2]) + " IS NOT NULL LIMIT 1"}, nil)
		s.close(t.Context())
		if err != nil || a.failed || len(a.rows) != 1 {
			t.Fatalf("%v: %v, %+v", at, err, a)
		}
		v := string(a.rows[0])
		c.Postgres = append(c.Postgres, selftest.Canary{Schema: at[0], Table: at[1], Column: at[2], Value: v, Absent: selftest.Absent(v)})
	}
	return c
}

func attack(t *testing.T, dsn string, c *selftest.Canaries) *selftest.Report {
	t.Helper()
	report := selftest.NewReport("test")
	if _, err := Run(t.Context(), dsn, c, selftest.Limits{Timeout: veiltest.Patience, Bytes: 1 << 20}, report); err != nil {
		t.Fatal(err)
	}
	report.Finish()
	return report
}

// TestControlsSucceedOverOriginals holds that each attack that is called a control finds
// something where nothing is masked: what it does not find elsewhere is not there.
func TestControlsSucceedOverOriginals(t *testing.T) {
	t.Parallel()
	pg := pgtest.Start(t)
	db := pg.Clinic(t)
	db.Exec(t, "ANALYZE clinic.patients")
	report := attack(t, db.DSN(pgtest.Owner), known(t, db))
	if report.Grade != "F" {
		t.Errorf("grade %s", report.Grade)
	}
	found := map[string]bool{}
	for _, p := range report.Failed() {
		found[p.ID] = true
	}
	for _, a := range suite.Postgres().Attacks {
		if a.Control && !found[prefix+a.ID] {
			t.Errorf("%s finds nothing over originals", a.ID)
		}
	}
}

// serve starts Veil before a database, and returns how a consumer connects to it.
func serve(t *testing.T, upstream string, p *ruleset.Policy, database string) (dsn string) {
	t.Helper()
	const password = "a password of the tests"
	verifier, err := consumer.NewVerifier(password)
	if err != nil {
		t.Fatal(err)
	}
	who, err := consumer.New(t.Context(), consumer.Config{Users: []consumer.User{{Account: consumer.Account{Name: "analyst"}, User: "analyst", Verifier: verifier.String()}}})
	if err != nil {
		t.Fatal(err)
	}
	server, err := pgproxy.New(pgproxy.Config{
		Upstream: upstream, PowerfulRole: true, Sink: discard{},
		Policy: pgproxy.Policy{Consumers: who, Views: map[string]pgproxy.View{"": {Policy: p, Options: analysis.Options{}, StatementTimeout: veiltest.Patience}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Warm(t.Context()); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = server.Serve(l) }() // ends with Shutdown
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		_ = server.Shutdown(ctx)
	})
	u := url.URL{Scheme: "postgres", User: url.UserPassword("analyst", password), Host: l.Addr().String(), Path: "/" + database, RawQuery: "sslmode=disable"}
	return u.String()
}

// TestVeilWithstands holds that no attack finds anything at Veil, with a superuser's
// rights upstream.
func TestVeilWithstands(t *testing.T) {
	t.Parallel()
	pg := pgtest.Start(t)
	db := pg.Clinic(t)
	report := attack(t, serve(t, db.DSN(pgtest.Owner), masktest.Policy(t, string(pgtest.ReadTestdata(t, "sql", "ruleset.yaml"))), db.Name), known(t, db))
	for _, p := range report.Failed() {
		t.Errorf("%s %s: %s", p.ID, p.Of, p.Seen)
	}
	if report.Grade != "A" || len(report.Probes) < 400 {
		t.Errorf("grade %s of %d probes: %q", report.Grade, len(report.Probes), report.Reasons)
	}
}

// TestTimeout: a statement that a timeout ends says nothing, and the next one runs.
func TestTimeout(t *testing.T) {
	t.Parallel()
	pg := pgtest.Start(t)
	s, err := newTarget(pg.Clinic(t).DSN(pgtest.Owner), selftest.Limits{Timeout: 200 * time.Millisecond, Bytes: 1 << 20})
	if err != nil {
		t.Fatal(err)
	}
	defer s.close(t.Context())
	if a, err := s.run(t.Context(), []string{"SELECT pg_sleep(600)"}, nil); err != nil || !a.failed || !a.late {
		t.Errorf("%+v, %v", a, err)
	}
	s.limits.Timeout = veiltest.Patience
	if a, err := s.run(t.Context(), []string{"SELECT 1"}, nil); err != nil || a.failed || len(a.rows) != 1 {
		t.Errorf("%+v, %v", a, err)
	}
}
