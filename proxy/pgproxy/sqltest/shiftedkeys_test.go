package sqltest

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/veil-proxy/veil/internal/masktest"
	"github.com/veil-proxy/veil/internal/pgtest"
	"github.com/veil-proxy/veil/mask/ruleset"
	"github.com/veil-proxy/veil/postgres/analysis"
)

// secretForms are the keys of SQL's hashes, as a client, a plan or a log could have them.
func secretForms(t *testing.T, p *ruleset.Policy) (forms [][]byte) {
	t.Helper()
	policy, err := analysis.NewPolicy(p, analysis.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var secrets [][]byte
	for _, value := range policy.SessionKeys() {
		block, err := hex.DecodeString(strings.TrimPrefix(value, `\x`))
		if err != nil {
			t.Fatal(err)
		}
		secrets = append(secrets, block)
	}
	secrets = append(secrets, p.Keys.MACKey("date-shift", ""), p.Keys.MACKey("date-shift", "weeks"))
	for _, s := range secrets {
		// Some bytes of it would do, from anywhere.
		for at := 0; at+12 <= 64; at += 12 {
			part := s[at : at+12]
			h := hex.EncodeToString(part)
			forms = append(forms, part, []byte(h), []byte(strings.ToUpper(h)), []byte(base64.StdEncoding.EncodeToString(part)))
		}
	}
	for _, value := range policy.SessionKeys() {
		if !slices.ContainsFunc(forms, func(f []byte) bool { return strings.Contains(value, string(f)) }) {
			t.Fatal("a key would not be found")
		}
	}
	return forms
}

// seedCalls are what computes a seed of Veil's own order, with the number that it is for.
var seedCalls = regexp.MustCompile(`hashtextextended\((?:pg_catalog\.)?current_setting\('(veilkey\.[a-z0-9_]+)'(?:::text)?\), '(-?[0-9]+)'`)

// seedsIn are the seeds that statements in a text compute, in digits.
func seedsIn(t *testing.T, owner *session, p *ruleset.Policy, said []byte) (seeds [][]byte) {
	t.Helper()
	policy, err := analysis.NewPolicy(p, analysis.Options{})
	if err != nil {
		t.Fatal(err)
	}
	done := map[string]bool{}
	for _, m := range seedCalls.FindAllSubmatch(said, -1) {
		if done[string(m[2])] {
			continue
		}
		done[string(m[2])] = true
		key := policy.SessionKeys()[string(m[1])]
		a := owner.run(modes[0], "SELECT hashtextextended('"+key+"', '"+string(m[2])+"')", nil)
		if a.err != nil || key == "" {
			t.Fatalf("a seed by %s: %s", m[1], a.said())
		}
		seeds = append(seeds, a.rows[0][0])
	}
	if len(seeds) < 10 {
		t.Fatalf("%d seeds: nothing was tested", len(seeds))
	}
	return seeds
}

// keyAttacks try to read a key, or what a session has of it.
var keyAttacks = []string{
	"SHOW ALL",
	"SELECT * FROM pg_settings",
	"SELECT name, setting, reset_val, source FROM pg_settings WHERE name LIKE 'veil%'",
	"SELECT current_setting('veilkey')",
	"SELECT current_setting(p, true) FROM unnest(ARRAY['veilkey.k', 'veil.k', 'key.k', 'role']) p",
	"SELECT set_config('veilkey.x', 'y', false)",
	"SELECT * FROM pg_show_all_settings()",
	"SELECT query FROM pg_stat_activity",
	"SELECT statement FROM pg_prepared_statements",
	"SELECT statement FROM pg_cursors",
	"SELECT query_to_xml('SHOW ALL', true, true, '')",
	"SELECT dblink('SHOW ALL')",
	"EXPLAIN SELECT admitted FROM s.by_text WHERE admitted > '2020-01-01'",
	"EXPLAIN (VERBOSE, SETTINGS) SELECT admitted FROM s.by_text WHERE admitted > '2020-01-01'",
	"SELECT (admitted::text || 'x')::int FROM s.by_text WHERE patient IS NOT NULL",
	"SELECT convert_from(admitted::text::bytea, 'EUC_JP'), 1 / (n - n) FROM s.by_text",
	"SELECT pg_typeof(admitted), pg_column_size(admitted), to_json(admitted) FROM s.by_text",
	"SELECT t FROM s.by_text t",
	"SELECT t.* FROM (SELECT admitted FROM s.by_text OFFSET 0) t",
	"SELECT row_to_json(x) FROM (SELECT admitted, n FROM s.by_text) x",
	"COPY (SELECT admitted FROM s.by_text) TO STDOUT",
	"WITH a AS MATERIALIZED (SELECT * FROM s.by_text) SELECT a.admitted, $1::text FROM a",
	"SELECT sha512(admitted::text::bytea) FROM s.by_text",
	"PREPARE a AS SELECT admitted FROM s.by_text WHERE admitted > $1; EXECUTE a ('2020-01-01')",
	"SELECT n, patient FROM s.by_text LIMIT 3 OFFSET 2",
	"SELECT patient, string_agg(n::text, ',') FROM s.by_text GROUP BY 1",
	"SELECT DISTINCT patient FROM s.by_text ORDER BY patient",
	"SELECT row_number() OVER (), n FROM s.by_text TABLESAMPLE BERNOULLI (50) REPEATABLE (1)",
	"EXPLAIN SELECT n, patient FROM s.by_text ORDER BY patient",
	"DECLARE c CURSOR WITH HOLD FOR SELECT admitted FROM s.by_text WHERE admitted > '2020-01-01'; FETCH ALL c",
}

// TestKeysStayInTheSession holds that no key of SQL's hashes is in anything that a client
// receives, that PostgreSQL logs where it logs all, or that its views show others; and that
// a client can neither lose nor change it.
func TestKeysStayInTheSession(t *testing.T) {
	p := masktest.Policy(t, shiftRules)
	pg := pgtest.Start(t)
	db := pg.CreateDatabase(t, "shift_keys")
	db.Exec(t, shiftedSchema())
	secrets := secretForms(t, p)
	holds := func(where string, said []byte) {
		t.Helper()
		for _, s := range secrets {
			if bytes.Contains(said, s) {
				t.Errorf("%s has a part of a key", where)
				return
			}
		}
	}
	for name, value := range map[string]string{
		"log_statement": "all", "log_min_duration_statement": "0", "log_parameter_max_length": "-1", "log_parameter_max_length_on_error": "-1",
		"log_error_verbosity": "verbose", "debug_print_plan": "on", "debug_print_rewritten": "on", "session_preload_libraries": "auto_explain",
	} {
		db.Exec(t, "ALTER DATABASE shift_keys SET "+name+" = '"+value+"'")
	}
	db.Exec(t, `LOAD 'auto_explain'; ALTER DATABASE shift_keys SET auto_explain.log_min_duration = 0;
		ALTER DATABASE shift_keys SET auto_explain.log_verbose = on; ALTER DATABASE shift_keys SET auto_explain.log_analyze = on`)
	if pg.Counts() {
		db.Exec(t, "CREATE EXTENSION pg_stat_statements; SELECT pg_stat_statements_reset()")
	}
	before := len(pg.Log(t))
	d := openListener(t, db.DSN(pgtest.Owner), p, nil, func(o *analysis.Options) { o.Explain = true })
	s, owner := connect(t, d.dsn()), connect(t, db.DSN(pgtest.Owner))
	defer s.close()
	defer owner.close()
	const shifted = "SELECT n, admitted, at FROM s.by_text WHERE admitted > '2019-01-01' OR at > now() ORDER BY n"
	want := s.run(modes[1], shifted, nil)
	if want.err != nil || len(want.rows) < 20 {
		t.Fatal(want.said(), len(want.rows))
	}
	for _, m := range modes {
		for _, sql := range keyAttacks {
			var params []string
			if strings.Contains(sql, "$1::") {
				params = []string{"a"}
			}
			a := s.run(m, sql, params)
			holds(sql, s.received())
			_ = a // whether it is refused is not the question
			if strings.HasPrefix(sql, "DECLARE") || strings.HasPrefix(sql, "PREPARE") {
				s.run(modes[0], "CLOSE ALL", nil)
				s.run(modes[0], "DEALLOCATE ALL", nil)
			}
		}
	}
	// A cheap condition of the client's is judged behind the one that hides the keys' settings.
	for _, sql := range []string{"EXPLAIN SELECT name FROM pg_settings WHERE setting ~ 'a'", "EXPLAIN SELECT s.name FROM pg_show_all_settings() s WHERE 'a' ~ setting"} {
		if plan := s.run(modes[0], sql, nil); plan.err != nil || !strings.Contains(lines(plan)[0], "Subquery Scan") {
			t.Errorf("%s: %s: %q", sql, plan.said(), lines(plan))
		}
	}
	for _, reset := range []string{"RESET ALL", "DISCARD ALL", "SET SESSION AUTHORIZATION DEFAULT", "BEGIN; SET LOCAL timezone = 'UTC'; ROLLBACK", "RESET timezone"} {
		if a := s.run(modes[0], reset, nil); a.err != nil {
			t.Errorf("%s: %s", reset, a.said())
		}
		for _, m := range []mode{modes[1], modes[0]} {
			if got := s.run(m, shifted, nil); got.err != nil || !slices.Equal(lines(got), lines(want)) {
				t.Errorf("other dates after %s: %s", reset, got.said())
			}
		}
	}
	seen := owner.run(modes[0], "SELECT string_agg(query, ' ') FROM pg_stat_activity", nil)
	if seen.err != nil || !bytes.Contains(seen.rows[0][0], []byte("CASE WHEN admitted BETWEEN")) {
		t.Fatalf("the session's statement is not seen upstream: %v", seen.err)
	}
	log := pg.Log(t)[before:]
	secrets = append(secrets, seedsIn(t, owner, p, log)...)
	holds("pg_stat_activity", seen.rows[0][0])
	for _, part := range []string{"sha512", "Query Text", "{PLANNEDSTMT"} {
		if !bytes.Contains(log, []byte(part)) {
			t.Errorf("the log has no %q: nothing was tested", part)
		}
	}
	holds("the upstream's log", log)
	if pg.Counts() {
		counted := owner.run(modes[0], "SELECT string_agg(query, ' ') FROM pg_stat_statements", nil)
		if counted.err != nil || !bytes.Contains(counted.rows[0][0], []byte("hashtidextended")) {
			t.Fatalf("no statement of Veil's is counted: %v", counted.err)
		}
		holds("pg_stat_statements", counted.rows[0][0])
	}
	d.quiet(t)
}
