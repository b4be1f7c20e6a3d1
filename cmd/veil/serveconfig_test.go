package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// everySetting is a configuration with a value of its own for each setting.
func everySetting(t testing.TB) string {
	t.Helper()
	text, err := os.ReadFile("../../internal/config/testdata/every.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestPrintConfigCanBeReadBack: what is printed is read as the same, for the
// defaults and for every setting; and so is what is printed as a comment.
func TestPrintConfigCanBeReadBack(t *testing.T) {
	file := filepath.Join(t.TempDir(), "veil.yaml")
	for name, text := range map[string]string{"defaults": "veil: 1\n", "every setting": everySetting(t)} {
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
}

// TestFlagsStandAboveTheFile also where the file has a view of its own.
func TestFlagsStandAboveTheFile(t *testing.T) {
	file := write(t, filepath.Join(t.TempDir(), "veil.yaml"), everySetting(t))
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
		{"nobody may ask", head + fhir, "consumers: no consumer is configured: add keys, issuers, certificates or users, or allow anonymous access"},
		{"anonymous without saying so", head + fhir + "consumers: {anonymous: {view: a}}", "5:25: consumers.anonymous: anonymous access is not allowed: add allow: true"},
		{"no version", fhir + anybody, `1:1: expected "veil: 1"`},
		{"unknown key", head + fhir + anybody + "rulset: x", `6:1: unknown key "rulset" (did you mean "ruleset"?)`},
		{"unknown key of a list", head + fhir + "consumers:\n  keys:\n    - {nmae: x}", `7:8: unknown key "nmae" (did you mean "name"?)`},
		{"not YAML", head + "fhir: {", "4:"},
		{"empty", "", "1:1: want one YAML document"},
		{"not a mapping", "- x", "1:1: want a mapping"},
		{"a half-written file", head + fhir + anybody[:20], "5:"},
		{"a password in a URL", head + "fhir: {upstream: 'http://u:SECRET@x/fhir'}\n" + anybody, "4:18: fhir.upstream: expected an absolute http or https URL without user"},
		{"a key as the file's name", "veil: 1\nkeyFile: veil-key-1:SECRET\n" + fhir, "2:10: keyFile: this is a secret"},
		{"a key as a key", head + fhir + "veil-key-1:SECRET: x\n", "unknown key \"(a secret)"},
		{"an API key as its SHA-256", head + fhir + "consumers: {keys: [{name: a, sha256: " + apikey + "}]}", "5:38: consumers.keys[0].sha256: this is a secret"},
		{"an API key as a name", head + fhir + "consumers: {" + apikey + ": x}", "unknown key \"(a secret)\""},
		{"not a SHA-256", head + fhir + "consumers: {keys: [{name: a, sha256: SECRET}]}", "5:38: consumers.keys[0].sha256: expected the SHA-256 of the key: 64 hex digits"},
		{"one key twice", head + fhir + "consumers:\n  keys:\n" + strings.Repeat("    - {name: a, sha256: "+strings.Repeat("a", 64)+"}\n", 2), "8:25: consumers.keys[1].sha256: keys[0] is the same key"},
		{"one name, two accounts", head + fhir + "consumers:\n  keys:\n    - {name: a, sha256: " + strings.Repeat("a", 64) + "}\n    - {name: a, scopes: system/*.rs, sha256: " + strings.Repeat("b", 64) + "}", "8:14: consumers.keys[1].name: keys[0] has this name with another view"},
		{"an idle scope", head + fhir + "consumers: {anonymous: {allow: true, scopes: patient/*.rs}}", "5:46: consumers.anonymous.scopes: scope 1 grants nothing"},
		{"a view that is not there", head + fhir + "consumers: {anonymous: {allow: true, view: cardo}}\nviews: {cardio: {project: c}}", "5:44: consumers.anonymous.view: unknown view: expected one of cardio"},
		{"a view without a project", head + fhir + anybody + "views: {cardio: {ruleset: research}}", "6:9: views.cardio.project: not set"},
		{"a ruleset that is not there", head + fhir + anybody + "ruleset: safe-habor", "6:10: ruleset: no shipped ruleset is named"},
		{"a ruleset with problems", head + fhir + anybody + "ruleset: " + write(t, filepath.Join(dir, "site.yaml"), "veil: 1\nname: site\nextends: safe-harbor\nfhir:\n  rules:\n    - {id: a, match: Patient.nmae, method: remove}\n"), `site.yaml:6:22: `},
		{"a previous key without an end", head + fhir + anybody + "previousKeyFile: " + key, "6:18: previousKeyFile: previousKeyUntil is not set"},
		{"a previous key that is not there", head + fhir + anybody + "previousKeyFile: " + dir + "/none\npreviousKeyUntil: 2027-01-01", "6:18: previousKeyFile: "},
		{"an end that is no day", head + fhir + anybody + "previousKeyUntil: 2027-02-30", "6:19: previousKeyUntil: want a date as YYYY-MM-DD"},
		{"certificates nobody verifies", head + fhir + "consumers: {certificates: [{name: a, spkiSHA256: " + strings.Repeat("a", 64) + "}]}", "5:27: consumers.certificates: client certificates cannot be verified: set fhir.tls.clientCAFile"},
		{"TLS without a key", head + "fhir: {upstream: http://x/fhir, tls: {certFile: x}}\n" + anybody, "4:39: fhir.tls.keyFile: not set: expected the file with the private key"},
		{"credentials in the configuration", head + "fhir: {upstream: http://x/fhir, credentials: {basic: {user: u, password: SECRET}}}\n" + anybody, "4:74: want a mapping"},
		{"credentials that are not there", head + "fhir: {upstream: http://x/fhir, credentials: {basic: {user: u, password: {file: /none}}}}\n" + anybody, "fhir.credentials.basic.password: there is no such file"},
		{"two kinds of credentials", head + "fhir: {upstream: http://x/fhir, credentials: {basic: {user: u, password: {env: NONE}}, sigV4: {region: x}}}\n" + anybody, "want at most one of them"},
		{"limits out of bounds", head + fhir + "consumers: {anonymous: {allow: true, limits: {burst: 4}}}", "5:54: consumers.anonymous.limits.burst: a burst needs a ratePerSecond"},
		{"no limit at all", head + "fhir: {upstream: http://x/fhir, limits: {exchanges: 0}}\n" + anybody, "4:53: fhir.limits.exchanges: expected a whole number of 1 or more"},
		{"links of no age", head + "fhir: {upstream: http://x/fhir, linkAge: -1h}\n" + anybody, "4:42: fhir.linkAge: expected a duration such as 30s"},
		{"links that end at once", head + "fhir: {upstream: http://x/fhir, linkAge: 1s}\n" + anybody, "4:42: fhir.linkAge: expected 1m or more"},
		{"an origin with a path", head + "fhir: {upstream: http://x/fhir, origins: [https://x/y]}\n" + anybody, "4:43: fhir.origins[0]: expected"},
		{"an operator's address that is none", head + fhir + anybody + "operator: {listen: x}", "6:20: operator.listen: expected an address"},
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
