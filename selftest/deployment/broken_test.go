package deployment

import (
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/veil-proxy/veil/mask/keys"
	"github.com/veil-proxy/veil/proxy/consumer"
	"github.com/veil-proxy/veil/selftest"
)

// few are attacks that are enough to see that the listeners are there, and masked.
var few = []string{"postgres.read.column", "postgres.read.row", "fhir.read.search"}

// TestGoodSite holds that a site as the documentation recommends has the best grade.
func TestGoodSite(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.options.Replicas = []string{s.another(s.path("key"), s.path("hospital.yaml"))}
	report := s.test()
	for _, p := range report.Failed() {
		t.Errorf("%s %s: %s", p.ID, p.Of, p.Seen)
	}
	for _, p := range report.Probes {
		if p.Outcome == selftest.NotRun {
			t.Errorf("%s %s did not run: %s", p.ID, p.Of, p.Seen)
		}
	}
	if report.Grade != "A" || report.Canaries < 10 {
		t.Errorf("grade %s with %d canaries: %q", report.Grade, report.Canaries, report.Reasons)
	}
}

// broken are deployments that are broken on purpose, each in one way, with the probe that
// must name it, and others that follow from the same fault.
var broken = []struct {
	name   string
	probe  string
	also   []string
	breaks func(s *site)
}{
	{"another ruleset, which keeps names", "ruleset.kept-identifier", []string{"fhir.read.search"}, func(s *site) {
		s.ruleset += "fhir:\n  rules:\n    - {id: human-names-kept, match: Patient.name.family, method: keep}\n    - {id: names-walked, match: Patient.name, method: descend}\n"
	}},
	{"a rule left out", "ruleset.no-rule", []string{"ruleset.kept-column", "postgres.read.column", "postgres.read.row"}, func(s *site) {
		s.ruleset = strings.Replace(strings.Replace(s.ruleset, "default: refuse", "default: keep", 1), "    - {id: families, category: A, match: {table: patients, column: last_name}, method: remove}\n", "", 1)
	}},
	{"keep on a name", "ruleset.kept-column", []string{"postgres.read.column", "postgres.read.row"}, func(s *site) {
		s.ruleset = strings.Replace(s.ruleset, "column: last_name}, method: remove}", "column: last_name}, method: keep}", 1)
	}},
	{"keep on a name, with a canary", "postgres.read.column", []string{"ruleset.kept-column", "postgres.read.row"}, func(s *site) {
		s.ruleset = strings.Replace(s.ruleset, "column: last_name}, method: remove}", "column: last_name}, method: keep}", 1)
	}},
	{"a role that can write", "role.write", nil, func(s *site) {
		s.pgMore = "  powerfulRole: true\n"
		s.db.Exec(s.t, "GRANT UPDATE (sex) ON patients TO "+s.role)
	}},
	{"a role that can make tables", "role.create", nil, func(s *site) {
		s.pgMore = "  powerfulRole: true\n"
		s.db.Exec(s.t, "GRANT CREATE ON SCHEMA public TO "+s.role)
	}},
	{"a role that can make roles", "role.attributes", nil, func(s *site) {
		s.pgMore = "  powerfulRole: true\n"
		s.db.Exec(s.t, "ALTER ROLE "+s.role+" CREATEROLE")
	}},
	{"a superuser upstream", "role.superuser", []string{"role.write", "role.create", "role.files", "role.statistics", "role.settings", "role.temporary"}, func(s *site) {
		s.pgMore = "  powerfulRole: true\n"
		s.db.Exec(s.t, "ALTER ROLE "+s.role+" SUPERUSER")
	}},
	{"a role that reads files", "role.files", nil, func(s *site) {
		s.pgMore = "  powerfulRole: true\n"
		s.db.Exec(s.t, "GRANT pg_read_server_files TO "+s.role)
	}},
	{"statistics of all tables", "role.statistics", nil, func(s *site) { s.db.Exec(s.t, "GRANT pg_read_all_stats TO "+s.role) }},
	{"a view over pg_stats", "role.statistics", nil, func(s *site) {
		s.db.Exec(s.t, "CREATE VIEW common AS SELECT tablename, attname, most_common_vals::text FROM pg_stats; GRANT SELECT ON common TO "+s.role)
	}},
	{"temporary tables", "role.temporary", nil, func(s *site) { s.db.Exec(s.t, "GRANT TEMPORARY ON DATABASE "+s.db.Name+" TO "+s.role) }},
	{"an unmasked view", "view.unmasked", []string{"ruleset.kept-column"}, func(s *site) {
		s.db.Exec(s.t, "CREATE MATERIALIZED VIEW contacts AS SELECT id, email FROM patients; GRANT SELECT ON contacts TO "+s.role)
		s.ruleset = strings.Replace(s.ruleset, "match: [{table: patients, column: sex}", "match: [{schema: public, table: contacts, column: email}, {table: patients, column: sex}", 1)
		s.ruleset = strings.Replace(s.ruleset, "{table: patients, column: id}", "{table: patients, column: id}, {table: contacts, column: id}", 1)
	}},
	{"the audit log on a full disk", "audit.disk", nil, func(s *site) { s.options.MinFree = 1 << 62 }},
	{"an audit log elsewhere", "audit.record", nil, func(s *site) {
		s.afterStart = func(s *site) {
			s.write("veil.yaml", s.config(s.path("audit-other")), 0o600)
			base := s.another(s.path("key"), s.path("hospital.yaml"))
			resp, err := http.Get(base + "/Patient?_count=1")
			if err != nil {
				s.t.Fatal(err)
			}
			_ = resp.Body.Close() // only the record is of interest
			if err := os.Rename(s.path("audit-keyhospital.yaml"), s.path("audit-other")); err != nil {
				s.t.Fatal(err)
			}
		}
	}},
	{"no audit log", "audit.log", nil, func(s *site) {
		s.afterStart = func(s *site) { s.write("veil.yaml", s.config(s.path("no-audit")), 0o600) }
	}},
	{"checkpoints that are not signed", "audit.checkpoint", nil, func(s *site) {
		s.afterStart = func(s *site) {
			s.write("veil.yaml", strings.Replace(s.config(s.path("audit")), ", signerFile: "+fmt.Sprintf("%q", s.path("sign.key")), "", 1), 0o600)
		}
	}},
	{"checkpoints of another key", "audit.checkpoint", nil, func(s *site) {
		verifier, err := keys.CreateSigner(s.path("other.key"), "site")
		if err != nil {
			s.t.Fatal(err)
		}
		s.options.VerifierKey = verifier
		s.afterAttacks = func(s *site) { s.stop() } // which writes a checkpoint
	}},
	{"a log that was changed", "audit.chain", []string{"audit.checkpoint", "audit.record"}, func(s *site) {
		s.afterAttacks = func(s *site) { s.replaceInLog(`"door":"fhir"`, `"door":"FHIR"`) }
	}},
	{"a folder of the log that others can enter", "audit.private", nil, func(s *site) {
		s.afterStart = func(s *site) {
			if err := os.Chmod(s.path("audit"), 0o755); err != nil {
				s.t.Fatal(err)
			}
		}
	}},
	{"a replica with another key", "replica.agree", nil, func(s *site) {
		if err := keys.WriteFile(s.path("key2")); err != nil {
			s.t.Fatal(err)
		}
		s.write("hospital.yaml", s.ruleset, 0o644)
		s.options.Replicas = []string{s.another(s.path("key2"), s.path("hospital.yaml"))}
	}},
	{"a replica with another ruleset", "replica.agree", nil, func(s *site) {
		s.write("other.yaml", strings.Replace(s.ruleset, "name: hospital", "name: other", 1), 0o644)
		s.options.Replicas = []string{s.another(s.path("key"), s.path("other.yaml"))}
	}},
	{"FHIR without TLS", "tls.fhir", nil, func(s *site) {
		s.fhirListen, s.anonymous = everywhere(s.fhirListen), false
		key, sum := consumer.NewKey()
		s.keys, s.options.Consumer.APIKey = "  keys: [{name: analyst, sha256: "+sum+"}]\n", key
	}},
	{"PostgreSQL without TLS", "tls.postgres", nil, func(s *site) {
		s.pgListen, s.pgMore = everywhere(s.pgListen), "  plaintext: true\n"
	}},
	{"TLS that is not required", "tls.required", nil, func(s *site) {
		s.pgListen, s.pgMore = everywhere(s.pgListen), "  plaintext: true\n"+s.certificate(365*24*time.Hour)
	}},
	{"a certificate that ends", "tls.certificate", nil, func(s *site) { s.pgMore = s.certificate(24 * time.Hour) }},
	{"anonymous access for everybody", "consumers.anonymous", []string{"tls.fhir"}, func(s *site) { s.fhirListen = everywhere(s.fhirListen) }},
	{"a default password", "consumers.guessable", nil, func(s *site) {
		s.password, s.pgListen, s.pgMore = "analyst123", everywhere(s.pgListen), s.certificate(365*24*time.Hour)
	}},
	{"a key that others can read", "files.secret", []string{"config.valid"}, func(s *site) {
		s.afterStart = func(s *site) { s.chmod("key", 0o644) }
	}},
	{"a password that others can read", "files.secret", []string{"role.superuser", "config.valid"}, func(s *site) {
		s.afterStart = func(s *site) { s.chmod("upstream-password", 0o644) }
	}},
	{"a ruleset that others can change", "files.writable", nil, func(s *site) {
		s.afterStart = func(s *site) { s.chmod("hospital.yaml", 0o666) }
	}},
	{"a ruleset without its reference date", "config.valid", nil, func(s *site) {
		text, err := os.ReadFile("../../rulesets/safe-harbor.yaml")
		if err != nil {
			s.t.Fatal(err)
		}
		s.afterStart = func(s *site) {
			s.write("hospital.yaml", strings.Replace(string(text), "\nreferenceDate: ", "\n# ", 1), 0o644)
		}
	}},
	{"the FHIR upstream open to everybody", "upstream.open", []string{"upstream.tls"}, func(s *site) {
		s.fhir = strings.Replace(s.fhir, "127.0.0.1", "0.0.0.0", 1)
	}},
	{"consumers with a role at the upstream", "upstream.open", nil, func(s *site) {
		s.db.Exec(s.t, fmt.Sprintf("CREATE ROLE %s LOGIN PASSWORD '%s'; GRANT CONNECT ON DATABASE %s TO %[1]s", user, longWord, s.db.Name))
		s.t.Cleanup(func() { s.db.Exec(s.t, "DROP OWNED BY "+user+"; DROP ROLE "+user) })
	}},
	{"display: trust", "ruleset.display-trust", nil, func(s *site) {
		s.ruleset += "fhir:\n  codeSystems:\n    - {system: \"http://hospital.example/codes\", form: pattern, pattern: \"[A-Z]{3}\", display: trust}\n"
	}},
	{"an attachment kept", "ruleset.kept-content", nil, func(s *site) {
		s.ruleset += "fhir:\n  rules:\n    - {id: attachments, match: Attachment.data, method: keep}\n"
	}},
	{"content types that pass", "ruleset.content-types", nil, func(s *site) {
		s.ruleset += "fhir:\n  contentTypes: [application/pdf]\n"
	}},
	{"no minCount where it is demanded", "view.min-count", nil, func(s *site) {
		s.options.MinCount, s.view = 5, "minCount: 5\n"
	}},
	{"EXPLAIN", "view.explain", nil, func(s *site) { s.view = "sql: {explain: true}\n" }},
	{"a ruleset file that is not in force", "ruleset.in-force", nil, func(s *site) {
		s.afterStart = func(s *site) {
			s.write("hospital.yaml", strings.Replace(s.ruleset, "title: hospital", "title: another", 1), 0o644)
		}
	}},
	{"a key file that is not in force", "key.in-force", nil, func(s *site) {
		s.afterStart = func(s *site) {
			if err := os.Remove(s.path("key")); err != nil {
				s.t.Fatal(err)
			}
			if err := keys.WriteFile(s.path("key")); err != nil {
				s.t.Fatal(err)
			}
		}
	}},
	{"a stale catalog", "ruleset.no-effect", nil, func(s *site) {
		s.afterStart = func(s *site) { s.db.Exec(s.t, "ALTER TABLE patients RENAME COLUMN zip TO postal_code") }
	}},
	{"an operator listener for everybody", "operator.exposed", nil, func(s *site) { s.operator = everywhere(s.operator) }},
}

// everywhere is the address on all interfaces.
func everywhere(address string) string { return strings.Replace(address, "127.0.0.1:", "0.0.0.0:", 1) }

func (s *site) chmod(name string, mode os.FileMode) {
	s.t.Helper()
	if err := os.Chmod(s.path(name), mode); err != nil {
		s.t.Fatal(err)
	}
}

// TestBrokenSites holds that each fault is named by its probe, and by no other than those
// that follow from it.
func TestBrokenSites(t *testing.T) {
	t.Parallel()
	for _, b := range broken {
		t.Run(b.name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t)
			b.breaks(s)
			report := s.test(few...)
			named := map[string]bool{}
			for _, p := range report.Failed() {
				named[p.ID] = true
				if p.ID != b.probe && !slices.ContainsFunc(b.also, func(id string) bool {
					return p.ID == id
				}) {
					t.Errorf("%s %s fails, too: %s", p.ID, p.Of, p.Seen)
				}
				if p.Seen == "" || p.Do == "" {
					t.Errorf("%s does not say what was seen and what to do", p.ID)
				}
			}
			if !named[b.probe] {
				t.Errorf("%s is not named; grade %s, failed: %v", b.probe, report.Grade, named)
			}
			if report.Grade == "A" {
				t.Error("grade A")
			}
		})
	}
}
